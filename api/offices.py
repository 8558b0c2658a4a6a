"""Staff's pages of the government tree: every office, and the form that adds or changes one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, func, select

from api.administration import change_lines, flash_said, languages_offered, names_of, read_id
from api.auth import SignedIn, Staffed
from api.finding import find_offices, matches, office_meant, shown, suggestions
from api.forms import Filled
from api.pages import render
from cases import administration, office_tree
from cases.office_tree import Given
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.ids import new_id
from domain.catalogue import Catalogue, catalogue, name_of
from domain.office import Office
from domain.service import Jurisdiction
from domain.staff import StaffRole, in_force
from domain.states import OfficeFunction, Tier
from domain.visibility import Viewer

router = APIRouter(include_in_schema=False)

WHOLE_TREE = 300
"""Offices up to which the whole tree is on one page; beyond, it is opened level by level."""
FOUND = 50


@router.get("/staff/offices")
def show_offices(request: Request, staff: Staffed, q: str = "", under: str = "", said: str = "") -> Response:
    """The tree of offices, or those that were searched for."""
    administration.check_reader(staff.viewer)
    flash_said(request, said)
    with database().read() as session:
        known = catalogue(session)
        top = _by_code(known, under) if under else None
        if under and top is None:
            raise NotFound("There is no such office.", mend="Choose one from the list.")
        whole = len(known.offices) <= WHOLE_TREE
        if q.strip():
            rows = [_row(office, 0) for office in find_offices(known, q, FOUND)]
        else:
            rows = _tree(known, top.id if top else None, whole)
        _add_facts(session, known, rows, staff.viewer)
    context = {
        "rows": rows,
        "q": q[:200],
        "whole": whole,
        "trail": [{"code": one.code, "name": name_of(one, "en")} for one in reversed(list(known.chain(top.id)))]
        if top
        else [],
        "total": len(known.offices),
        "may_add": bool(administration.offices_of(known, staff.viewer)),
    }
    return render(request, "staff/offices.html", context)


@router.get("/staff/offices/new")
def show_new(request: Request, staff: Staffed, under: str = "") -> Response:
    """An empty form, under an office if one is named."""
    return _page(request, staff, None, given=Given(parent=under[: office_tree.LONGEST_CODE]))


@router.post("/staff/offices/new")
def add(request: Request, staff: Staffed, form: Filled) -> Response:
    """A new office."""
    given = _given(form)
    try:
        with database().write() as session:
            given = _meant(catalogue(session), staff.viewer, given, form)
            office = office_tree.add(session, staff.viewer, read_id(form), given, datetime.now(UTC))
            code = office.code
    except BadInput as error:
        return _page(request, staff, None, given=given, problem=error, form=form)
    return RedirectResponse(f"/staff/offices/{code}?said=office-added", 303)


@router.get("/staff/offices/{office_code}")
def show_office(request: Request, staff: Staffed, office_code: str, said: str = "") -> Response:
    """One office: what it is, who works there, what leads to it, and who changed it."""
    flash_said(request, said)
    return _page(request, staff, office_code)


@router.post("/staff/offices/{office_code}")
def change(request: Request, staff: Staffed, form: Filled, office_code: str) -> Response:
    """Save what was typed, close the office, or open it again."""
    given, go, seen, now = _given(form), form.get("go", ""), form.get("seen", ""), datetime.now(UTC)
    try:
        with database().write() as session:
            if go == "close":
                office_tree.close(session, staff.viewer, office_code, seen, now)
            elif go == "reopen":
                office_tree.reopen(session, staff.viewer, office_code, seen, now)
            else:
                given = _meant(catalogue(session), staff.viewer, given, form)
                office_tree.change(session, staff.viewer, office_code, given, seen, now)
    except (BadInput, Conflict) as error:
        typed = None if go in ("close", "reopen") else given
        return _page(request, staff, office_code, given=typed, problem=error, form=form)
    said = {"close": "office-closed", "reopen": "office-open"}.get(go, "saved")
    return RedirectResponse(f"/staff/offices/{office_code}?said={said}", 303)


def _given(form: Mapping[str, str]) -> Given:
    return Given(
        code=form.get("code", ""),
        names=names_of(form),
        tier=form.get("tier", ""),
        function=form.get("function", "") or OfficeFunction.service,
        parent=form.get("parent-pick", "") or form.get("parent", ""),
        calendar=form.get("calendar", ""),
        places=form.get("places", ""),
    )


def _meant(known: Catalogue, who: Viewer, given: Given, form: Mapping[str, str]) -> Given:
    """With the code of the office above that was typed as a name. Raises BadInput where it is not plain which."""
    if not given.parent.strip():
        return given
    office = office_meant(known, given.parent)
    if office is None:
        several = bool(matches(known, given.parent, administration.offices_of(known, who)))
        why = "Several offices may be meant: choose one." if several else "No open office is called so."
        raise BadInput("Which office stands above it is not clear.", fields={"parent": why})
    return Given(given.code, given.names, given.tier, given.function, office.code, given.calendar, given.places)


def _page(
    request: Request,
    staff: SignedIn,
    code: str | None,
    *,
    given: Given | None = None,
    problem: OmbudError | None = None,
    form: Mapping[str, str] | None = None,
) -> Response:
    administration.check_reader(staff.viewer)
    with database().read() as session:
        known = catalogue(session)
        mine = administration.offices_of(known, staff.viewer)
        office = _by_code(known, code) if code is not None else None
        if code is not None and office is None:
            raise NotFound("There is no such office.", mend="Choose one from the list.")
        if office is None and not mine:
            raise NotAllowed("Only administrators add offices.", mend="Tell yours what is missing.")
        values = _typed(known, office) if given is None else given
        changes = administration.changes(session, row_id=office.id, limit=5)[0] if office else []
        context = {
            "code": office.code if office else "",
            "title": name_of(office, "en") if office else "",
            "open": office.active if office else True,
            "given": values,
            "seen": administration.stamp(office_tree.values_of(known, office)) if office else "",
            "id": (form or {}).get("id", "") or str(new_id()),
            "editable": bool(mine) if office is None else office.id in mine,
            "whole": administration.wide(known, staff.viewer),
            "names": languages_offered(),
            "tiers": [str(tier) for tier in Tier],
            "functions": [str(function) for function in OfficeFunction],
            "calendars": sorted(calendar.name for calendar in known.calendars.values()),
            "offices": suggestions(known, mine or None),
            "parents": matches(known, values.parent, mine) if "parent" in _fields(problem) else [],
            "facts": _facts(session, known, office) if office else None,
            "changes": change_lines(changes),
            "errors": _fields(problem),
        }
    if problem is not None and not context["errors"]:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    return render(request, "staff/office.html", context, status=problem.status if problem else 200)


def _fields(problem: OmbudError | None) -> dict[str, str]:
    return dict(problem.fields) if isinstance(problem, BadInput) else {}


def _typed(known: Catalogue, office: Office | None) -> Given:
    if office is None:
        return Given()
    above = known.offices.get(office.parent_id) if office.parent_id else None
    calendar = known.calendars.get(office.calendar_id) if office.calendar_id else None
    return Given(
        office.code,
        office.names,
        office.tier,
        office.function,
        shown(above) if above else "",
        calendar.name if calendar else "",
        "\n".join(office.places),
    )


def _facts(session: Session, known: Catalogue, office: Office) -> dict[str, object]:
    calendar = known.calendar(office.id)
    people = session.exec(
        select(StaffRole.role, func.count(func.distinct(StaffRole.staff_id)))
        .where(col(StaffRole.office_id) == office.id, in_force(datetime.now(UTC)))
        .group_by(col(StaffRole.role))
    ).all()
    rules = [line for line in known.jurisdictions if line.office_id == office.id]
    return {
        "people": [{"role": str(role), "count": count} for role, count in sorted(people)],
        "calendar": calendar.name if calendar else "",
        "own_calendar": office.calendar_id is not None,
        "below": [
            {"code": child.code, "name": name_of(child, "en"), "open": child.active}
            for child in known.children.get(office.id, ())
        ],
        "rules": len(_coming(rules)),
    }


def _coming(rules: list[Jurisdiction]) -> list[Jurisdiction]:
    """Rules that are valid or will be."""
    today = datetime.now(UTC).date()
    return [rule for rule in rules if rule.valid_to is None or rule.valid_to > today]


def _by_code(known: Catalogue, code: str) -> Office | None:
    wanted = code.strip().upper()
    return next((office for office in known.offices.values() if office.code.upper() == wanted), None)


def _row(office: Office, depth: int) -> dict[str, object]:
    return {
        "id": office.id,
        "depth": min(depth, 6),
        "code": office.code,
        "name": name_of(office, "en"),
        "open": office.active,
        "tier": str(office.tier),
        "function": str(office.function),
    }


def _tree(known: Catalogue, top: UUID | None, whole: bool) -> list[dict[str, object]]:
    """Offices below one, each under its parent; only the next level where they are many."""
    rows: list[dict[str, object]] = []

    def walk(parent: UUID | None, depth: int) -> None:
        for office in known.children.get(parent, ()):
            rows.append(_row(office, depth))
            if whole or (parent is None and len(rows) < FOUND):
                walk(office.id, depth + 1)

    walk(top, 0)
    return rows


def _add_facts(session: Session, known: Catalogue, rows: list[dict[str, object]], who: Viewer) -> None:
    mine = administration.offices_of(known, who)
    counted = select(StaffRole.office_id, func.count(func.distinct(StaffRole.staff_id)))
    counted = counted.where(in_force(datetime.now(UTC)))
    if len(rows) <= WHOLE_TREE:
        counted = counted.where(col(StaffRole.office_id).in_([row["id"] for row in rows]))
    people = dict(session.exec(counted.group_by(col(StaffRole.office_id))).all())
    for row in rows:
        office_id = row["id"]
        assert isinstance(office_id, UUID)  # noqa: S101  (put there by _row)
        calendar = known.calendar(office_id)
        office = known.offices[office_id]
        row |= {
            "people": people.get(office_id, 0),
            "calendar": calendar.name if calendar else "",
            "own_calendar": office.calendar_id is not None,
            "places": len(office.places),
            "below": len(known.children.get(office_id, ())),
            "editable": office_id in mine,
        }
