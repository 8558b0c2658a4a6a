"""Who has a case before them now, so that two people who work on one see each other.

A presence is a lease: whoever closes the page is gone after a minute. It locks nothing; what is sent is still checked
against what its writer had seen (`cases.acting.begin`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import case as either
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, or_, select

from cases import history
from cases.rights import works_on
from core.database import database
from core.ids import new_id
from domain.answer import CasePresence
from domain.case import Case
from domain.staff import Staff
from domain.states import Doing
from domain.visibility import Viewer

LEASE = timedelta(seconds=60)


def mark(session: Session, case: Case, who: Viewer, doing: Doing, now: datetime) -> None:
    """This person has the case before them for another minute. For people who work on it."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    news = or_(col(CasePresence.until) <= now, col(CasePresence.doing) != doing)
    session.execute(
        dialect.insert(CasePresence)
        .values(id=new_id(), case_id=case.id, staff_id=who.staff_id, doing=doing, changed_at=now, until=now + LEASE)
        .on_conflict_do_update(
            index_elements=["case_id", "staff_id"],
            set_={
                "doing": doing,
                "until": now + LEASE,
                # others are told of a change, not of every beat
                "changed_at": either((news, now), else_=CasePresence.__table__.c.changed_at),  # type: ignore[attr-defined]
            },
        )
    )


def look_in(who: Viewer, reference: str, now: datetime) -> None:
    """This person opened a case; what they are not there to work on is left as it is."""
    with database().read() as session:
        case = history.load(session, who, reference)
        there = session.exec(
            select(CasePresence.until).where(
                col(CasePresence.case_id) == case.id, col(CasePresence.staff_id) == who.staff_id
            )
        ).first()
    if works_on(case, who) and (there is None or there < now + LEASE / 2):
        with database().write() as session:
            mark(session, case, who, Doing.reading, now)


def leave(session: Session, case: Case, who: Viewer, now: datetime) -> None:
    """This person has closed the case, as far as their browser could say."""
    row = session.exec(
        select(CasePresence).where(col(CasePresence.case_id) == case.id, col(CasePresence.staff_id) == who.staff_id)
    ).first()
    if row is not None and row.until > now:
        row.until = row.changed_at = now


def others(session: Session, case: Case, who: Viewer, now: datetime) -> Sequence[tuple[str, Doing]]:
    """Who else has the case before them, and what they do; writers first."""
    found = session.exec(
        select(Staff.name, CasePresence.doing)
        .join(CasePresence, col(CasePresence.staff_id) == col(Staff.id))
        .where(
            col(CasePresence.case_id) == case.id,
            col(CasePresence.until) > now,
            col(CasePresence.staff_id) != who.staff_id,
        )
        .order_by(col(CasePresence.doing).desc(), col(Staff.name))
    ).all()
    return [(name, Doing(doing)) for name, doing in found]
