"""Who in an office takes a new case."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Subquery, Text, and_, cast, func, literal, select
from sqlmodel import Session, col

from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.citizen import ContactPoint
from domain.staff import Absence, Staff, StaffRole, in_force
from domain.states import CaseState, OfficeFunction, Role

KNOWN_FOR = timedelta(days=90)
"""An officer knows a citizen whose case they had in this time."""
MORE_FOR_KNOWN = 3
"""Open cases an officer may have more than the least loaded one and still get those of citizens they know."""

_NEVER = datetime.min.replace(tzinfo=UTC)
LOAD = (CaseState.triage, CaseState.open, CaseState.waiting)
"""States of a case that is work for whoever has it."""
_ROLES = {OfficeFunction.integrity: Role.integrity}


def assign(
    session: Session,
    office_id: UUID,
    now: datetime,
    *,
    not_staff: Collection[UUID] = (),
    about_office_id: UUID | None = None,
    citizen_id: UUID | None = None,
) -> UUID | None:
    """The officer who is there and knows the citizen, else the one with the fewest open cases; of equals the one whose
    last case is oldest. One statement.

    Who is away on the office's calendar day gets nothing; where all are, their stand-in does. Officers whose sign-in is
    locked at `now` come last. `citizen_id` None: nobody is to be known (written in confidence, anonymous). `not_staff`
    are people the case is about; whoever answers for `about_office_id` (holds a role there or above) is left out as
    well. None at the triage desk, where a person first says whose the case is, and where there is nobody. Cases just
    made that are not in the database yet count as well.
    """
    known = catalogue(session)
    office = known.offices.get(office_id)
    if office is None or office.function == OfficeFunction.triage:
        return None
    open_cases = (
        select(func.count())
        .where(col(Case.assignee_id) == col(Staff.id), col(Case.state).in_(LOAD))
        .correlate(Staff)
        .scalar_subquery()
    )
    last_case = (
        select(func.max(col(Case.opened_at))).where(col(Case.assignee_id) == col(Staff.id)).correlate(Staff)
    ).scalar_subquery()
    locked = and_(col(Staff.locked_until).is_not(None), col(Staff.locked_until) > now)
    officers: Select[Any] = (
        select(col(Staff.id), locked.label("locked"), open_cases.label("open"), last_case.label("last"))
        .join(StaffRole, and_(col(StaffRole.staff_id) == col(Staff.id), col(StaffRole.office_id) == office_id))
        .where(
            col(StaffRole.role) == _ROLES.get(OfficeFunction(office.function), Role.officer),
            col(Staff.active).is_(True),
            in_force(now),
        )
    )
    day = local_day(known, office_id, now)
    today = _today(day)
    officers = officers.outerjoin(today, today.c.staff_id == col(Staff.id))
    officers = officers.add_columns(today.c.staff_id.label("away"), today.c.stand_in_id.label("stand_in"))
    if citizen_id is None:
        officers = officers.add_columns(literal(None).label("knows"))
    else:
        knows = _knows(citizen_id, office_id, now)
        officers = officers.outerjoin(knows, knows.c.assignee_id == col(Staff.id))
        officers = officers.add_columns(knows.c.assignee_id.label("knows"))
    if not_staff:
        officers = officers.where(col(Staff.id).not_in(not_staff))
    if about_office_id is not None:
        accused = [above.id for above in known.chain(about_office_id)]
        # roles that have ended count here: who answered for it until yesterday is no stranger to what is said about it
        answering = select(col(StaffRole.staff_id)).where(col(StaffRole.office_id).in_(accused))
        officers = officers.where(col(Staff.id).not_in(answering))
    made = _just_made(session)
    with session.no_autoflush:
        found = session.execute(officers).all()
    # of a stand-in it is not known whether they answer for the office that the case is about
    return _choose(found, made, citizen_id, None if about_office_id is not None else not_staff)


def local_day(known: Catalogue, office_id: UUID, now: datetime) -> date:
    """The day it is at an office, by its own calendar."""
    return now.astimezone(zone_of(known, office_id)).date()


def zone_of(known: Catalogue, office_id: UUID) -> ZoneInfo:
    """The time zone of an office, by its own calendar."""
    calendar = known.calendar(office_id)
    return ZoneInfo(calendar.time_zone) if calendar else settings().zone


def _choose(
    found: Sequence[Any], made: Sequence[Case], citizen_id: UUID | None, not_staff: Collection[UUID] | None
) -> UUID | None:
    """`not_staff` None: no stand-in comes in."""
    loads: dict[UUID, int] = {}
    turns: dict[UUID, tuple[bool, int, datetime, UUID]] = {}
    familiar: set[UUID] = set()
    for officer in found:
        theirs = [case for case in made if case.assignee_id == officer.id]
        loads[officer.id] = officer.open + sum(case.state in LOAD for case in theirs)
        last = max((case.opened_at for case in theirs), default=_NEVER)
        turns[officer.id] = (bool(officer.locked), loads[officer.id], max(officer.last or _NEVER, last), officer.id)
        if officer.knows or any(_tells(case, citizen_id) for case in theirs):
            familiar.add(officer.id)
    present: list[UUID] = [officer.id for officer in found if officer.away is None]
    if not present:
        away = {officer.id for officer in found}
        order = sorted(found, key=lambda officer: turns[officer.id])
        named = [UUID(one.stand_in) for one in order if one.stand_in and not_staff is not None]
        return next((one for one in named if one not in away and one not in (not_staff or ())), None)
    least = min(loads[staff_id] for staff_id in present)
    room = least + MORE_FOR_KNOWN
    bearable = [one for one in present if one in familiar and not turns[one][0] and loads[one] <= room]
    return min(bearable or present, key=lambda staff_id: turns[staff_id])


def _tells(case: Case, citizen_id: UUID | None) -> bool:
    """Whether having this case makes one know the citizen."""
    return citizen_id is not None and case.citizen_id == citizen_id and not case.confidential and not case.integrity


def _today(day: date) -> Subquery:
    """Who is away on a day, each once, with a stand-in if one is named."""
    stand_in = func.min(cast(col(Absence.stand_in_id), Text))  # as text: PostgreSQL knows no least UUID
    return (
        select(col(Absence.staff_id), stand_in.label("stand_in_id"))
        .where(col(Absence.first_day) <= day, col(Absence.last_day) >= day)
        .group_by(col(Absence.staff_id))
        .subquery("today")
    )


def _knows(citizen_id: UUID, office_id: UUID, now: datetime) -> Subquery:
    """Who had a case of a citizen at an office lately; nothing that was written in confidence tells of anybody."""
    points = select(col(ContactPoint.id)).where(col(ContactPoint.citizen_id) == citizen_id)
    return (
        select(col(Case.assignee_id))
        .where(
            col(Case.contact_point_id).in_(points),
            col(Case.opened_at) >= now - KNOWN_FOR,
            col(Case.office_id) == office_id,
            col(Case.confidential).is_(False),
            col(Case.integrity).is_(False),
            col(Case.assignee_id).is_not(None),
        )
        .distinct()
        .subquery("knows")
    )


def _just_made(session: Session) -> list[Case]:
    """New cases that wait to be written. Where anything else that decides waits too, all of it is written first."""
    waiting = [row for row in session.new if isinstance(row, Case | Staff | StaffRole | Absence)]
    if not all(isinstance(row, Case) for row in waiting) or any(
        isinstance(row, Case | Staff | StaffRole | Absence) for row in session.dirty
    ):
        session.flush()
        return []
    return [row for row in waiting if isinstance(row, Case)]
