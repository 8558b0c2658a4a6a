"""Whom an action may be given to."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from domain.case import Case
from domain.catalogue import catalogue
from domain.staff import Staff, StaffRole, in_force
from domain.visibility import viewer, visible


def people(session: Session, office_id: UUID, now: datetime) -> list[Staff]:
    """Active staff of an office, of those below and of those above it, by name: who may be given an action."""
    known = catalogue(session)
    near = known.subtree(office_id) | {office.id for office in known.chain(office_id)}
    return list(
        session.exec(
            select(Staff)
            .where(
                col(Staff.active).is_(True),
                col(Staff.id).in_(select(StaffRole.staff_id).where(col(StaffRole.office_id).in_(near), in_force(now))),
            )
            .order_by(col(Staff.name), col(Staff.id))
        )
    )


def may_own(session: Session, owner_id: UUID, office_id: UUID, case_id: UUID | None, now: datetime) -> bool:
    """Whether an action of an office may be given to somebody: active, near it, and not shut out from its case."""
    if all(person.id != owner_id for person in people(session, office_id, now)):
        return False
    if case_id is None:
        return True
    theirs = visible(viewer(session, owner_id, now=now))
    return session.exec(select(Case.id).where(col(Case.id) == case_id, theirs)).first() is not None
