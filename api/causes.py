"""The catalogue of causes: how often each was found, what waits for a second pair of eyes, and what is like what is
being typed."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlmodel import Session, col, or_, select

from api import cause_part
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import STAFF_LANGUAGES, choose_language, render
from cases import history
from core.database import database
from core.errors import BadInput, NotAllowed, NotFound, OmbudError
from core.i18n import Translator, format_number, translator
from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue, catalogue, name_of
from domain.review import Action, unfinished
from domain.staff import Staff
from domain.visibility import visible
from reports.weeks import monday_of, start_of
from reviews import cause_figures, cause_keeping, causes
from reviews.cause_figures import Line, Table, Window

router = APIRouter(include_in_schema=False)

READERS = frozenset({"operator", "officer", "supervisor", "head", "reviewer", "leadership", "auditor", "admin"})
PERIODS = (4, 13, 52)
USUAL = 13
SAID = {
    "added": "Added. It is offered to everybody from now on.",
    "there": "This cause was there already. Everybody is offered it from now on.",
}


@router.get("/staff/causes")
def show_causes(
    request: Request, staff: Staffed, office: str = "", service: str = "", weeks: str = "", said: str = ""
) -> Response:
    """The causes of the complaints one may see, as a tree with counts."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _page(request, staff, {"office": office, "service": service, "weeks": weeks})


@router.get("/staff/causes/suggest")
def suggest(request: Request, staff: Staffed, q: str = "") -> Response:
    """Causes like what is being typed, with the wider one each stands under."""
    check_reader(staff)
    lang, _ = choose_language(request, staff)
    with database().read() as session:
        known = causes.causes(session, staff.viewer)
        found = causes.suggest(session, staff.viewer, q[: causes.LONGEST])
    above = {one.id: known.parent(one.id) for one in found}
    names = [
        {
            "name": causes.name_of(one, lang),
            "above": known.name(parent, lang) if (parent := above[one.id]) else "",
        }
        for one in found
    ]
    return JSONResponse(names, headers={"Cache-Control": "no-store, private"})


@router.post("/staff/causes")
def add_cause(request: Request, staff: Staffed, form: Filled) -> Response:
    """Add a cause for everybody."""
    now = datetime.now(UTC)
    try:
        with database().write() as session:
            if not cause_keeping.keeps(staff.viewer):
                raise NotAllowed("Causes are added here by those who hold reviews.")
            row = causes.named(
                session,
                staff.viewer,
                form.get("cause", ""),
                staff.language,
                now,
                parent_id=uuid_of(form.get("under", "")),
                sure=form.get(cause_part.ANOTHER) == "yes",
            )
            cause_keeping.share(session, staff.viewer, row.id, now)
            fresh = row.created_at == now
    except BadInput as error:
        return _page(request, staff, {}, problem=error, typed=form)
    return RedirectResponse(f"/staff/causes?{urlencode({'said': 'added' if fresh else 'there'})}", status_code=303)


@router.post("/staff/cases/{reference}/cause")
def name_cause(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Say which cause a case has, or take it back."""
    now = datetime.now(UTC)
    try:
        with database().write() as session:
            case = history.load(session, staff.viewer, reference)
            chosen = cause_part.typed(session, staff, form, now)
            if chosen is None:
                causes.clear(session, staff.viewer, case.id, now)
            else:
                causes.choose(session, staff.viewer, case.id, chosen, now)
    except BadInput as error:
        with database().read() as session:
            context = {
                "reference": history.load(session, staff.viewer, reference).reference,
                "typed": {"cause": form.get("cause", "")},
                "errors": error.fields,
                "ask": cause_part.asks(error.fields),
                "offered": cause_part.offered(session, staff.viewer, choose_language(request, staff)[0]),
            }
        return render(request, "staff/cause_ask.html", context, status=422)
    return RedirectResponse(f"/staff/cases/{case.reference}", status_code=303)


def check_reader(staff: SignedIn) -> None:
    """Raise NotAllowed for who has nothing to do with causes."""
    if not READERS & staff.roles:
        raise NotAllowed("Causes are for those who answer complaints and hold reviews.")


def window_of(
    known: Catalogue, staff: SignedIn, asked: dict[str, str], now: datetime
) -> tuple[Window, dict[str, object]]:
    """What is looked at, and the same for the page's form. Raises NotFound for an office that is not theirs to see."""
    who = staff.viewer
    chosen = known.office_by_code.get(asked.get("office", "").strip().upper())
    if asked.get("office") and (chosen is None or (who.offices is not None and chosen.id not in who.offices)):
        raise NotFound("There is no such office for you to look into.", mend="Go back and choose one of the list.")
    about = known.service_by_code.get(asked.get("service", "").strip())
    if asked.get("service") and about is None:
        raise NotFound("There is no such service.", mend="Go back and choose one of the list.")
    weeks = next((one for one in PERIODS if asked.get("weeks") == str(one)), USUAL)
    zone = settings().zone
    since = start_of(monday_of(now, zone) - timedelta(weeks=weeks - 1), zone)
    window = Window(since, now, known.subtree(chosen.id) if chosen else None, about.id if about else None)
    lang = staff.language if staff.language in STAFF_LANGUAGES else STAFF_LANGUAGES[0]
    offices = [one for one in known.offices.values() if one.active and (who.offices is None or one.id in who.offices)]
    return window, {
        "weeks": weeks,
        "office": chosen.code if chosen else "",
        "service": about.code if about else "",
        "periods": PERIODS,
        "offices": sorted(
            ({"code": one.code, "name": name_of(one, lang)} for one in offices), key=lambda one: one["name"]
        ),
        "services": sorted(
            ({"code": one.code, "name": name_of(one, lang)} for one in known.services.values() if one.active),
            key=lambda one: one["name"],
        ),
    }


def uuid_of(text: str) -> UUID | None:
    """An id, or None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _page(
    request: Request,
    staff: SignedIn,
    asked: dict[str, str],
    *,
    problem: OmbudError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    check_reader(staff)
    now, words = datetime.now(UTC), translator(choose_language(request, staff)[0])
    lang = words.language
    with database().read() as session:
        known = catalogue(session)
        window, form = window_of(known, staff, asked, now)
        table = cause_figures.table(session, staff.viewer, window)
        every = causes.causes(session, staff.viewer)
        waiting = _waiting(session, staff, every, lang)
        open_actions = _open_actions(session, staff, every)
    errors = dict(problem.fields) if isinstance(problem, BadInput) else {}
    context = form | {
        "headline": headline(table, words),
        "months": table.months,
        "rows": [row(line, lang, open_actions.get(line.cause.id, 0)) for line in table.lines],
        "waiting": waiting,
        "may_keep": cause_keeping.keeps(staff.viewer),
        "under": choices(every, lang),
        "typed": {name: (typed or {}).get(name, "") for name in ("cause", "under")},
        "ask": cause_part.asks(errors),
        "errors": errors,
    }
    return render(request, "staff/causes.html", context, status=422 if problem else 200)


def headline(table: Table, words: Translator) -> str:
    """What the table says, in one sentence."""
    _, lang = words.gettext, words.language
    if not table.received:
        return _("Nothing came in that you may see.")
    if not table.looked_at:
        return _("No case of this time has a cause yet. Meetings and officers give them.")
    top = next((line for line in table.lines if line.depth == 0), None)
    looked = _("%(count)s of %(all)s cases have a cause") % {
        "count": format_number(table.looked_at, lang),
        "all": format_number(table.received, lang),
    }
    if top is None:
        return f"{looked}."
    most = _("most often: %(name)s (%(count)s)") % {
        "name": causes.name_of(top.cause, lang),
        "count": format_number(top.all, lang),
    }
    return f"{looked}; {most}."


def row(line: Line, lang: str, open_actions: int) -> dict[str, object]:
    """A cause as the table shows it."""
    return {
        "id": str(line.cause.id),
        "name": causes.name_of(line.cause, lang),
        "depth": line.depth,
        "own": line.own,
        "all": line.all,
        "months": line.months,
        "weeks": line.weeks,
        "retired": line.cause.retired_at is not None,
        "shared": line.cause.shared,
        "actions": open_actions,
    }


def choices(every: causes.Causes, lang: str) -> list[dict[str, str]]:
    """Causes to choose from, each with the wider ones before it, by name."""
    named = [
        {"id": str(one.id), "name": " › ".join(every.name(above, lang) for above in reversed(every.chain(one.id)))}
        for one in every.active()
    ]
    return sorted(named, key=lambda one: one["name"].casefold())


def _waiting(session: Session, staff: SignedIn, every: causes.Causes, lang: str) -> list[dict[str, object]]:
    """Merges that wait for a second person."""
    asked = [one for one in every.by_id.values() if one.into_id in every.by_id and one.merged_at is None]
    ids = [one.asked_by_id for one in asked]
    people = dict(session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(ids))).all()) if ids else {}
    return [
        {
            "id": str(one.id),
            "name": causes.name_of(one, lang),
            "into": every.name(one.into_id, lang) if one.into_id else "",
            "by": people.get(one.asked_by_id, "") if one.asked_by_id else "",
            "mine": one.asked_by_id == staff.viewer.staff_id,
        }
        for one in asked
    ]


def _open_actions(session: Session, staff: SignedIn, every: causes.Causes) -> dict[UUID, int]:
    """Actions to do against each cause and those below it."""
    found: dict[UUID, int] = {}
    rows = session.exec(
        select(Action.cause_id)
        .join(Case, col(Case.id) == col(Action.case_id), isouter=True)
        .where(
            col(Action.cause_id).is_not(None), unfinished(), or_(col(Action.case_id).is_(None), visible(staff.viewer))
        )
    )
    for cause_id in rows:
        if cause_id is not None and cause_id in every.by_id:
            for one in every.chain(cause_id):
                found[one] = found.get(one, 0) + 1
    return found
