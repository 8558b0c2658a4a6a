"""Who in an office takes a new case."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func
from sqlmodel import Session, col, select

from domain.case import Case
from domain.catalogue import catalogue
from domain.staff import Staff, StaffRole
from domain.states import CaseState, OfficeFunction, Role

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
    says whose the case is, and where there is nobody.
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
        select(Staff.id)
        .join(StaffRole, and_(col(StaffRole.staff_id) == col(Staff.id), col(StaffRole.office_id) == office_id))
        .where(
            col(StaffRole.role) == _ROLES.get(OfficeFunction(office.function), Role.officer),
            col(Staff.active).is_(True),
        )
        .order_by(locked, open_cases, last_case.is_not(None), last_case, col(Staff.id))
        .limit(1)
    )
    if not_staff:
        officers = officers.where(col(Staff.id).not_in(not_staff))
    if about_office_id is not None:
        accused = [above.id for above in known.chain(about_office_id)]
        answering = select(StaffRole.staff_id).where(col(StaffRole.office_id).in_(accused))
        officers = officers.where(col(Staff.id).not_in(answering))
    return session.exec(officers).first()
