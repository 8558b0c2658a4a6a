"""Telling staff, inside the program, what went wrong with messages."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from domain.case import Case
from domain.clock import Notice
from domain.staff import Staff, StaffRole, in_force
from domain.states import Role


def tell(session: Session, people: Iterable[UUID], key: str, text: str, now: datetime, case: Case | None = None) -> int:
    """A notice for each of them who was not told of `key` yet; gives how many were."""
    wanted = sorted(set(people))
    if not wanted:
        return 0
    told = set(
        session.exec(
            select(Notice.staff_id).where(col(Notice.staff_id).in_(wanted), col(Notice.dedupe_key) == key)
        ).all()
    )
    fresh = [staff_id for staff_id in wanted if staff_id not in told]
    session.add_all(
        Notice(staff_id=staff_id, case_id=case.id if case else None, dedupe_key=key, text=text, at=now)
        for staff_id in fresh
    )
    return len(fresh)


def tell_administrators(session: Session, key: str, text: str, now: datetime) -> int:
    """Tell triage and the administrators, whoever's case it may be: the words name nobody and no case."""
    return tell(session, _holding(session, now, (Role.triage, Role.admin)), key, text, now)


def tell_office(session: Session, case: Case, key: str, text: str, now: datetime) -> int:
    """Tell whoever has a case; where nobody does, those who lead its office. Who may not see it reads nothing of it."""
    return tell(session, answering(session, case, now), key, text, now, case)


def answering(session: Session, case: Case, now: datetime) -> list[UUID]:
    """Whoever has a case; where nobody does, those who lead its office."""
    if case.assignee_id is not None:
        return [case.assignee_id]
    return _holding(session, now, (Role.head, Role.supervisor), case.office_id)


def leading(session: Session, office_id: UUID, now: datetime) -> set[UUID]:
    """Those who lead an office."""
    return set(_holding(session, now, (Role.head, Role.supervisor), office_id))


def _holding(session: Session, now: datetime, roles: tuple[Role, ...], office_id: UUID | None = None) -> list[UUID]:
    query = (
        select(StaffRole.staff_id)
        .join(Staff, col(Staff.id) == col(StaffRole.staff_id))
        .where(col(StaffRole.role).in_(roles), col(Staff.active).is_(True), in_force(now))
        .distinct()
    )
    if office_id is not None:
        query = query.where(col(StaffRole.office_id) == office_id)
    return list(session.exec(query).all())
