"""Who in an office takes a new case."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func
from sqlmodel import Session, col, select

from domain.case import Case
from domain.catalogue import catalogue
from domain.staff import Staff, StaffRole
from domain.states import CaseState, OfficeFunction, Role

_NEVER = datetime.min.replace(tzinfo=UTC)
_LOAD = (CaseState.triage, CaseState.open, CaseState.waiting)
_ROLES = {OfficeFunction.integrity: Role.integrity}


def assign(
    session: Session,
    office_id: UUID,
    now: datetime,
    *,
    not_staff: Collection[UUID] = (),
    about_office_id: UUID | None = None,
) -> UUID | None:
    """The officer of the office with the fewest open cases; of equals the one whose last case is oldest.

    Officers whose sign-in is locked at `now` come last. `not_staff` are people the case is about; whoever answers for
    `about_office_id` (holds a role there or above) is left out as well. None at the triage desk, where a person first
    says whose the case is, and where there is nobody. Cases just made that are not in the database yet count as well.
    """
    known = catalogue(session)
    office = known.offices.get(office_id)
    if office is None or office.function == OfficeFunction.triage:
        return None
    open_cases = (
        select(func.count())
        .where(col(Case.assignee_id) == col(Staff.id), col(Case.state).in_(_LOAD))
        .correlate(Staff)
        .scalar_subquery()
    )
    last_case = (
        select(func.max(col(Case.opened_at))).where(col(Case.assignee_id) == col(Staff.id)).correlate(Staff)
    ).scalar_subquery()
    locked = and_(col(Staff.locked_until).is_not(None), col(Staff.locked_until) > now)
    officers = (
        select(Staff.id, locked.label("locked"), open_cases.label("open"), last_case.label("last"))
        .join(StaffRole, and_(col(StaffRole.staff_id) == col(Staff.id), col(StaffRole.office_id) == office_id))
        .where(
            col(StaffRole.role) == _ROLES.get(OfficeFunction(office.function), Role.officer),
            col(Staff.active).is_(True),
        )
    )
    if not_staff:
        officers = officers.where(col(Staff.id).not_in(not_staff))
    if about_office_id is not None:
        accused = [above.id for above in known.chain(about_office_id)]
        answering = select(StaffRole.staff_id).where(col(StaffRole.office_id).in_(accused))
        officers = officers.where(col(Staff.id).not_in(answering))
    made = _just_made(session)
    with session.no_autoflush:
        found = session.execute(officers).all()

    def turn(officer: Any) -> tuple[bool, int, datetime, UUID]:
        theirs = [case for case in made if case.assignee_id == officer.id]
        load = officer.open + sum(case.state in _LOAD for case in theirs)
        last = max((case.opened_at for case in theirs), default=_NEVER)
        return bool(officer.locked), load, max(officer.last or _NEVER, last), officer.id

    return min(found, key=turn).id if found else None


def _just_made(session: Session) -> list[Case]:
    """New cases that wait to be written. Where anything else that decides waits too, all of it is written first."""
    waiting = [row for row in session.new if isinstance(row, Case | Staff | StaffRole)]
    if not all(isinstance(row, Case) for row in waiting) or any(
        isinstance(row, Case | Staff | StaffRole) for row in session.dirty
    ):
        session.flush()
        return []
    return [row for row in waiting if isinstance(row, Case)]
