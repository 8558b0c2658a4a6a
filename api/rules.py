"""Staff's pages of the routing table: which office answers for which service in which place, from day to day."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import UTC, date, datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, func, select

from api import choices
from api.administration import change_lines, flash_said, read_id
from api.auth import SignedIn, Staffed
from api.finding import matches, office_meant, shown, suggestions
from api.forms import Filled
from api.pages import render
from api.rule_rows import WHEN, Asked, filtered, row_of, title_of
from api.words import GROUPS
from cases import administration, routing_table
from cases.routing_table import ALL, GROUP, SERVICE, Given
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.ids import new_id
from core.sets import one_of
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.catalogue import Catalogue, catalogue, name_of
from domain.service import Jurisdiction
from domain.states import OPEN_STATES
from domain.visibility import countable
from routing.places import index_of
from routing.preview import moves, services_of, unknown_places
from routing.rules import choose
from routing.service import gather

router = APIRouter(include_in_schema=False)

PAGE = 100
LONGEST_TEST = 2000


@router.get("/staff/rules")
def show_rules(
    request: Request,
    staff: Staffed,
    service: str = "",
    office: str = "",
    place: str = "",
    when: str = "",
    page: str = "",
    said: str = "",
) -> Response:
    """The rules that fit the filter; without one those that count now or will."""
    administration.check_reader(staff.viewer)
    flash_said(request, said)
    asked = Asked(service[:100], office[:200], place[:200], when if when in WHEN else "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 0
    with database().read() as session:
        known = catalogue(session)
        today = _today()
        found = filtered(known, asked, today)
        rows = [row_of(known, rule, today) for rule in found[number * PAGE : (number + 1) * PAGE]]
        context = {
            "rows": rows,
            "total": len(found),
            "all": len(known.jurisdictions),
            "services": choices.services(known, "en"),
            "offices": suggestions(known),
            "asked": asked,
            "newer": _address(asked, number - 1) if number else "",
            "older": _address(asked, number + 1) if (number + 1) * PAGE < len(found) else "",
            "may_add": bool(administration.offices_of(known, staff.viewer)),
        }
    return render(request, "staff/rules.html", context)


@router.get("/staff/rules/new")
def show_new(request: Request, staff: Staffed, service: str = "", office: str = "", place: str = "") -> Response:
    """An empty form, about a service, for an office or in a place if these are named."""
    given = Given(
        topic=f"{SERVICE}{service[:100]}" if service else "",
        office=office[:200],
        where="places" if place else "everywhere",
        places=place[:200],
        begins=_today().isoformat(),
    )
    return _page(request, staff, None, given=given)


@router.post("/staff/rules/new")
def add(request: Request, staff: Staffed, form: Filled) -> Response:
    """A new rule, or a look at what it would come to."""
    given = _given(form)
    try:
        rule_id = read_id(form)
        with database().write() as session:
            given = _meant(catalogue(session), given)
            if form.get("go") == "look":
                return _page(request, staff, None, given=given, form=form, look=True)
            routing_table.add(session, staff.viewer, rule_id, given, datetime.now(UTC))
    except BadInput as error:
        return _page(request, staff, None, given=given, problem=error, form=form)
    return RedirectResponse(f"/staff/rules/{rule_id}?said=rule-added", 303)


@router.get("/staff/rules/{rule_id}")
def show_rule(request: Request, staff: Staffed, rule_id: str, said: str = "") -> Response:
    """One rule, and how it may be changed from a day on."""
    flash_said(request, said)
    return _page(request, staff, rule_id)


@router.post("/staff/rules/{rule_id}")
def change(request: Request, staff: Staffed, form: Filled, rule_id: str) -> Response:
    """Another rule in its place from a day on, its end, or a look at what the change would come to."""
    given, go, now = _given(form), form.get("go", ""), datetime.now(UTC)
    known_id, said = _uuid(rule_id), "saved"
    try:
        with database().write() as session:
            if go == "end":
                rule = routing_table.end(
                    session, staff.viewer, known_id, form.get("end_day", ""), form.get("seen", ""), now
                )
                said = "rule-ended"
            else:
                given = _meant(catalogue(session), given)
                if go == "look":
                    return _page(request, staff, rule_id, given=given, form=form, look=True)
                rule = routing_table.change(
                    session, staff.viewer, known_id, read_id(form), given, form.get("seen", ""), now
                )
            target = rule.id
    except (BadInput, Conflict) as error:
        return _page(request, staff, rule_id, given=None if go == "end" else given, problem=error, form=form)
    return RedirectResponse(f"/staff/rules/{target}?said={said}", 303)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such rule.", mend="Choose one from the list.") from error


def _today() -> date:
    return datetime.now(UTC).astimezone(settings().zone).date()


def _given(form: Mapping[str, str]) -> Given:
    return Given(
        topic=form.get("topic", ""),
        where=form.get("where", ""),
        places=form.get("places", ""),
        area=form.get("area", ""),
        within=form.get("within-pick", "") or form.get("within", ""),
        office=form.get("office-pick", "") or form.get("office", ""),
        begins=form.get("begins", ""),
        ends=form.get("ends", ""),
        note=form.get("note", ""),
    )


def _meant(known: Catalogue, given: Given) -> Given:
    """With the codes of the offices that were typed as names. Raises BadInput where it is not plain which are meant."""
    faults: dict[str, str] = {}
    codes: dict[str, str] = {}
    for field, text in (("office", given.office), ("within", given.within if given.where == "within" else "")):
        office = office_meant(known, text) if text.strip() else None
        if office is not None:
            codes[field] = office.code
        elif text.strip():
            several = matches(known, text)
            faults[field] = "Several offices may be meant: choose one." if several else "No open office is called so."
    administration.check(faults)
    return changed(given, **codes)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A rule as its page begins with it."""

    rule: Jurisdiction | None
    given: Given
    over: bool


def _page(
    request: Request,
    staff: SignedIn,
    rule_id: str | None,
    *,
    given: Given | None = None,
    problem: OmbudError | None = None,
    form: Mapping[str, str] | None = None,
    look: bool = False,
) -> Response:
    administration.check_reader(staff.viewer)
    form, today = form or {}, _today()
    errors = dict(problem.fields) if isinstance(problem, BadInput) else {}
    with database().read() as session:
        known = catalogue(session)
        mine = administration.offices_of(known, staff.viewer)
        seen = _seen(known, rule_id, given, today)
        if seen.rule is None and not mine:
            raise NotAllowed("Only administrators add rules.", mend="Tell yours what is missing.")
        preview = None
        if look:
            try:
                preview = _preview(session, known, seen, form, today)
            except BadInput as error:
                problem, errors = error, dict(error.fields)
        changes = administration.changes(session, row_id=seen.rule.id, limit=5)[0] if seen.rule else []
        context = {
            "id": str(seen.rule.id) if seen.rule else "",
            "new_id": form.get("id", "") or str(new_id()),
            "title": title_of(known, seen.rule) if seen.rule else "",
            "row": row_of(known, seen.rule, today) if seen.rule else None,
            "over": seen.over,
            "today": today.isoformat(),
            "given": seen.given,
            "seen": administration.stamp(routing_table.values_of(known, seen.rule)) if seen.rule else "",
            "editable": bool(mine) and not seen.over,
            "topics": _topics(known),
            "areas": sorted(
                ({"code": a.code, "name": name_of(a, "en")} for a in known.areas.values()), key=lambda a: a["name"]
            ),
            "offices": suggestions(known),
            "office_matches": matches(known, seen.given.office) if "office" in errors else [],
            "within_matches": matches(known, seen.given.within) if "within" in errors else [],
            "preview": preview,
            "test": {"text": form.get("test", "")[:LONGEST_TEST], "place": form.get("test_place", "")[:200]},
            "end_day": form.get("end_day", "") or today.isoformat(),
            "changes": change_lines(changes),
            "errors": errors,
        }
    if problem is not None and not errors:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    return render(request, "staff/rule.html", context, status=problem.status if problem else 200)


def _seen(known: Catalogue, rule_id: str | None, given: Given | None, today: date) -> _Seen:
    if rule_id is None:
        return _Seen(None, given or Given(), False)
    found = next((one for one in known.jurisdictions if str(one.id) == rule_id), None)
    if found is None:
        raise NotFound("There is no such rule.", mend="Choose one from the list.")
    over = found.valid_to is not None and found.valid_to <= today
    shown_as = routing_table.typed(known, found)
    if found.valid_from < today:
        shown_as = changed(shown_as, begins=today.isoformat())
    return _Seen(found, given or shown_as, over)


def _preview(
    session: Session, known: Catalogue, seen: _Seen, form: Mapping[str, str], today: date
) -> dict[str, object]:
    """What saving would come to: who answers in place of whom, what stays, and where a message typed would go."""
    rule = routing_table.draft(known, seen.given, new_id(), today, seen.rule)
    then = routing_table.after(known, rule, seen.rule)
    found = moves(known, then, rule, rule.valid_from)
    moved = [move for move in found if move.moved]
    return {
        "day": rule.valid_from,
        "moves": [
            {
                "topics": move.topics,
                "place": move.place,
                "before": shown(move.before) if move.before else "",
                "after": shown(move.after) if move.after else "",
            }
            for move in moved
        ],
        "same": len(found) - len(moved),
        "staying": _staying(session, known, rule, {move.before.id for move in moved if move.before}),
        "unknown": unknown_places(known, rule),
        "test": _tested(session, known, then, rule, form),
    }


def _staying(session: Session, known: Catalogue, rule: Jurisdiction, offices: set[UUID]) -> int:
    """Open cases about the same that stay where they are."""
    services = [service.id for service in services_of(known, rule)]
    if not offices or not services:
        return 0
    query = select(func.count()).where(
        countable(),
        col(Case.state).in_(OPEN_STATES),
        one_of(Case.office_id, offices),
        col(Case.service_id).in_(services),
    )
    if rule.places:
        index = index_of(known)
        named = {place.name for one in rule.places if (place := index.places.get(index.key(one))) is not None}
        query = query.where(col(Case.place).in_({*named, *rule.places}))
    return session.exec(query).one()


def _tested(
    session: Session, known: Catalogue, then: Catalogue, rule: Jurisdiction, form: Mapping[str, str]
) -> dict[str, str] | None:
    text = clean(form.get("test", ""), LONGEST_TEST)
    if not text:
        return None
    place = clean(form.get("test_place", ""), 200) or None
    asked, _, day = gather(session, text=text, place=place, now=datetime.now(UTC))
    now, later = choose(asked, known, day), choose(asked, then, max(day, rule.valid_from))
    return {
        "before": shown(known.offices[now.office_id]),
        "after": shown(then.offices[later.office_id]),
        "reason": later.reason,
    }


def _topics(known: Catalogue) -> list[dict[str, object]]:
    groups = sorted({service.group for service in known.service_by_code.values() if service.group})
    services: list[dict[str, object]] = []
    for group in choices.services(known, "en"):
        label, options = str(group["label"]), group["options"]
        coded = [{"code": f"{SERVICE}{one['code']}", "name": one["name"]} for one in options]  # type: ignore[attr-defined]
        services.append({"label": GROUPS.get(label, label), "options": coded})
    whole = [{"code": f"{GROUP}{group}", "name": f"All of “{GROUPS.get(group, group)}”"} for group in groups]
    every: dict[str, object] = {"label": "", "options": [{"code": ALL, "name": "Every topic"}]}
    return [every, {"label": "A whole group", "options": whole}, *services]


def _areas(known: Catalogue) -> list[dict[str, str]]:
    found = [{"code": area.code, "name": name_of(area, "en")} for area in known.areas.values()]
    return sorted(found, key=lambda area: area["name"])


def _address(asked: Asked, page: int) -> str:
    query = {"service": asked.service, "office": asked.office, "place": asked.place, "when": asked.when, "page": page}
    return f"/staff/rules?{urlencode(query)}"
