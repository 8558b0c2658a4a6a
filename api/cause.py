"""One cause: its cases by office, service and month, what is done against it, and how the catalogue keeps it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api.auth import SignedIn, Staffed
from api.causes import check_reader, choices, uuid_of, window_of
from api.forms import Filled
from api.pages import choose_language, render
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.i18n import language_name, translator
from core.settings import settings
from core.texts import shorten
from domain.catalogue import catalogue, name_of
from domain.cause import Cause, CauseAct
from domain.staff import Staff
from domain.visibility import Viewer
from reviews import actions, cause_figures, cause_keeping, causes, effects

router = APIRouter(include_in_schema=False)

SAID = {
    "names": "Kept.",
    "under": "Moved.",
    "share": "Everybody is offered it from now on.",
    "retire": "It is offered no more. Cases that have it keep it.",
    "back": "It is offered again.",
    "merge": "Proposed. Somebody else who holds reviews decides.",
    "agree": "Merged. What it had is counted with the other from now on.",
    "refuse": "Not merged.",
    "unmerge": "Taken back. It stands for itself again.",
}
UNDO = {"retire": "back", "back": "retire", "agree": "unmerge", "merge": "refuse"}
ACTS: dict[CauseAct, str] = {
    CauseAct.added: "added",
    CauseAct.renamed: "renamed from “{before}” to “{after}”",
    CauseAct.moved: "moved under “{after}”",
    CauseAct.shared: "offered to everybody",
    CauseAct.retired: "retired",
    CauseAct.brought_back: "in use again",
    CauseAct.merge_asked: "proposed to be merged into “{after}”",
    CauseAct.merge_refused: "not merged into “{after}”",
    CauseAct.merged: "merged into “{after}”",
    CauseAct.unmerged: "no longer merged into “{before}”",
}


@router.get("/staff/causes/{cause_id}")
def show_cause(
    request: Request,
    staff: Staffed,
    cause_id: str,
    office: str = "",
    service: str = "",
    weeks: str = "",
    said: str = "",
) -> Response:
    """One cause with its figures and its cases."""
    if said in SAID:
        undo = f"/staff/causes/{cause_id}/{UNDO[said]}" if said in UNDO and uuid_of(cause_id) else ""
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": undo}
    return _page(request, staff, cause_id, {"office": office, "service": service, "weeks": weeks})


Act = Callable[[Session, SignedIn, Cause, dict[str, str], datetime], object]


def _names(session: Session, staff: SignedIn, row: Cause, form: dict[str, str], now: datetime) -> object:
    names = {code: form.get(f"name-{code}", "") for code in settings().languages}
    language = row.language if row.language in names else settings().languages[0]
    return cause_keeping.rename(session, staff.viewer, row.id, names, language, now)


def _under(session: Session, staff: SignedIn, row: Cause, form: dict[str, str], now: datetime) -> object:
    return cause_keeping.move(session, staff.viewer, row.id, uuid_of(form.get("under", "")), now)


def _merge(session: Session, staff: SignedIn, row: Cause, form: dict[str, str], now: datetime) -> object:
    into = uuid_of(form.get("into", ""))
    if into is None:
        raise BadInput("Nothing is chosen.", mend="Choose a cause.", fields={"into": "Choose the one that stays."})
    return cause_keeping.ask_merge(session, staff.viewer, row.id, into, now)


Keep = Callable[[Session, Viewer, UUID, datetime], Cause]


def _plain(keep: Keep) -> Act:
    """An act that asks for nothing more."""
    return lambda session, staff, row, form, now: keep(session, staff.viewer, row.id, now)


def _agree(session: Session, who: Viewer, cause_id: UUID, now: datetime) -> Cause:
    return cause_keeping.decide_merge(session, who, cause_id, True, now)


def _refuse(session: Session, who: Viewer, cause_id: UUID, now: datetime) -> Cause:
    return cause_keeping.decide_merge(session, who, cause_id, False, now)


DO: dict[str, Act] = {
    "names": _names,
    "under": _under,
    "merge": _merge,
    "share": _plain(cause_keeping.share),
    "retire": _plain(cause_keeping.retire),
    "back": _plain(cause_keeping.bring_back),
    "agree": _plain(_agree),
    "refuse": _plain(_refuse),
    "unmerge": _plain(cause_keeping.unmerge),
}


@router.post("/staff/causes/{cause_id}/{act}")
def keep_cause(request: Request, staff: Staffed, form: Filled, cause_id: str, act: str) -> Response:
    """Change a cause: its names, its place, whether it is used; merge it, in two steps by two people."""
    wanted, do = uuid_of(cause_id), DO.get(act)
    if wanted is None or do is None:
        raise NotFound("There is no such cause.", mend="Look in the list of causes.")
    try:
        with database().write() as session:
            do(session, staff, causes.cause(session, staff.viewer, wanted), form, datetime.now(UTC))
    except (BadInput, Conflict, NotAllowed) as error:
        return _page(request, staff, cause_id, {}, problem=error, typed=form)
    return RedirectResponse(f"/staff/causes/{wanted}?{urlencode({'said': act})}", status_code=303)


def _page(
    request: Request,
    staff: SignedIn,
    cause_id: str,
    asked: dict[str, str],
    *,
    problem: OmbudError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    check_reader(staff)
    now, lang, who = datetime.now(UTC), translator(choose_language(request, staff)[0]).language, staff.viewer
    wanted = uuid_of(cause_id)
    if wanted is None:
        raise NotFound("There is no such cause.", mend="Look in the list of causes.")
    errors = dict(problem.fields) if isinstance(problem, BadInput) else {}
    if problem is not None and not errors:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    with database().read() as session:
        known = catalogue(session)
        row = causes.cause(session, who, wanted)
        every = causes.causes(session, who)
        window, form = window_of(known, staff, asked, now)
        found = cause_figures.split(session, who, row.id, window)
        own = every.below(row.id)
        context = form | {
            "cause": _cause(session, row, every, lang),
            "may_keep": cause_keeping.keeps(who),
            "mine": row.asked_by_id == who.staff_id,
            "count": found.count,
            "by_office": [
                {"name": known.name(one, lang), "code": known.offices[one].code, "count": number}
                for one, number in found.offices
            ],
            "by_service": [
                {"name": name_of(known.services[one], lang) if one else "", "count": number}
                for one, number in found.services
            ],
            "months": [{"month": month, "count": number} for month, number in found.months],
            "cases": [
                {
                    "reference": case.reference,
                    "title": shorten(case.text, 120),
                    "language": case.language,
                    "at": case.received_at,
                    "office": known.name(case.office_id, lang),
                }
                for case in found.cases
            ],
            "actions": _actions(session, staff, row, now),
            "decisions": [
                {
                    "id": str(finding.id),
                    "reference": case.reference,
                    "why": finding.why,
                    "decision": finding.decision,
                    "week": review.week,
                    "from": _from(finding.at, now),
                }
                for finding, case, review in cause_figures.findings_of(session, who, row.id)
            ],
            "changes": [
                {
                    "at": change.at,
                    "by": _by(session, change.staff_id),
                    "text": ACTS[CauseAct(change.act)].format(before=change.before, after=change.after or "nothing"),
                }
                for change in cause_keeping.changes(session, who, row.id)
            ],
            "languages_of": [{"code": code, "name": language_name(code)} for code in settings().languages],
            "under": [one for one in choices(every, lang) if uuid_of(one["id"]) not in own],
            "typed": typed or {},
            "errors": errors,
        }
    return render(request, "staff/cause.html", context, status=problem.status if problem else 200)


def _cause(session: Session, row: Cause, every: causes.Causes, lang: str) -> dict[str, object]:
    parent = every.parent(row.id)
    into = row.into_id if row.into_id in every.by_id else None
    return {
        "id": str(row.id),
        "name": causes.name_of(row, lang),
        "names": {row.language or settings().languages[0]: row.name} | row.names,
        "above": [
            {"id": str(one), "name": every.name(one, lang)} for one in reversed(every.chain(row.id)) if one != row.id
        ]
        if row.merged_at is None
        else [],
        "parent": str(parent) if parent else "",
        "retired": row.retired_at is not None,
        "shared": row.shared,
        "merged": row.merged_at is not None,
        "into": {"id": str(into), "name": every.name(into, lang)} if into is not None else None,
        "asked_by": _by(session, row.asked_by_id),
    }


def _actions(session: Session, staff: SignedIn, row: Cause, now: datetime) -> list[dict[str, object]]:
    """What is done against a cause; with a way to those that one may read."""
    today = now.astimezone(settings().zone).date()
    against = cause_figures.actions_against(session, staff.viewer, row.id)
    return [
        {
            "id": str(one.action.id),
            "what": one.action.what,
            "owner": one.owner,
            "due_on": one.action.due_on,
            "done_at": one.action.done_at,
            "dropped": one.action.dropped_at is not None,
            "late": one.late(today),
            "readable": actions.readable(session, staff.viewer, one.action),
            "from": _from(one.action.done_at, now) if one.action.done_at else None,
        }
        for one in actions.promises(session, staff.viewer, against)
    ]


def _from(at: datetime, now: datetime) -> date | None:
    """From when on it can be told whether something helped; None where it can be by now."""
    day = effects.tellable_on(at)
    return day if day > now.astimezone(settings().zone).date() else None


def _by(session: Session, staff_id: UUID | None) -> str:
    person = session.get(Staff, staff_id) if staff_id is not None else None
    return person.name if person is not None else ""
