"""Offices as CSV lines, a line an office; a parent may stand below its children."""

from dataclasses import replace
from functools import partial

from sqlmodel import Session, col, select

from cases.closing import office_closed
from cases.office_tree import faults_of
from cases.sheets.csvs import Line, Unusable, by_language, yes
from cases.sheets.job import Job
from core.errors import BadInput
from core.ids import new_id
from domain.catalogue import catalogue
from domain.office import Office
from domain.policy import Calendar
from domain.states import OfficeFunction, Tier


def rows(session: Session) -> list[dict[str, str]]:
    """Every office."""
    offices = session.exec(select(Office).order_by(col(Office.code))).all()
    codes = {office.id: office.code for office in offices}
    calendars = {calendar.id: calendar.name for calendar in session.exec(select(Calendar))}
    return [
        {
            "id": str(office.id),
            "code": office.code,
            "tier": office.tier,
            "parent": codes[office.parent_id] if office.parent_id else "",
            "function": office.function,
            "calendar": calendars[office.calendar_id] if office.calendar_id else "",
            "active": yes(office.active),
            "places": ";".join(office.places),
            **by_language(office.names),
        }
        for office in offices
    ]


def put(job: Job) -> None:
    """Add offices, and change those of the same code; what an office had that is closed by it goes up.

    Raises BadInput for a tree that could not be made in the browser either."""
    session, lines, complaints = job.session, job.lines, job.complaints
    snapshot = catalogue(session)
    known = {office.code: office for office in session.exec(select(Office))}
    calendars = {calendar.name: calendar for calendar in session.exec(select(Calendar))}

    open_before = {office.id for office in known.values() if office.active}

    def use(line: Line) -> None:
        code = line.needed("code", 32)
        if not all(c.isalnum() or c == "-" for c in code):
            raise Unusable(f"the code {code!r} may have letters, digits and hyphens only")
        tier, names = line.choice("tier", Tier), line.names()
        function = line.choice("function", OfficeFunction, OfficeFunction.service)
        calendar, active = line.text("calendar"), line.yes("active")
        if calendar and calendar not in calendars:
            raise Unusable(f"there is no calendar {calendar!r}")
        office = known.get(code)
        if office is None:
            office = known[code] = Office(id=new_id(), code=code, names=names, tier=tier)
            session.add(office)
        office.names, office.tier, office.function, office.active = names, tier, function, active
        office.calendar_id = calendars[calendar].id if calendar else None
        office.places = line.parts("places")

    complaints.each(lines, use)
    session.flush()  # so that a parent further down the file is there
    by_id = {office.id: office for office in known.values()}

    def hang(line: Line) -> None:
        parent, office = line.text("parent"), known.get(line.text("code", 32))
        if office is None:
            return
        if parent and parent not in known:
            raise Unusable(f"its parent {parent!r} is neither in this file nor an office already")
        office.parent_id = known[parent].id if parent else None

    complaints.each(lines, hang)

    def climb(line: Line) -> None:
        office, seen = known.get(line.text("code", 32)), set()
        while office is not None and office.parent_id is not None:
            if office.id in seen:
                raise Unusable("it is above itself in the tree")
            seen.add(office.id)
            office = by_id.get(office.parent_id)

    complaints.each(lines, climb)
    complaints.check()
    unsound = faults_of(replace(snapshot, offices=by_id))
    if new := [fault for key, fault in unsound.items() if key not in faults_of(snapshot)]:
        raise BadInput(f"{new[0]} Nothing was changed.", mend="Mend the file and import it again.")
    closed = [office.id for office in known.values() if office.id in open_before and not office.active]
    job.afterwards += [partial(office_closed, session, office_id, job.now) for office_id in closed]
