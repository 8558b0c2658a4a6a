"""Offers that nobody answered: an office that neither accepts nor refuses cannot keep a case hanging.

The acceptance clock's ladder tells the office and those above it. Once twice its target has passed, triage decides;
until then, as ever, the office that offered the case stays accountable.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases import handover, telling
from core.database import database
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.clock import Clock
from domain.states import ClockKind, ClockState, EntryKind
from domain.timeline import append
from escalation.terms import calendar_of

PATIENCE = 2
"""An offer lapses when this many times the target has passed, in working time of the office that offered it."""
BATCH = 100
TOLD = "{reference}: {office} neither accepted nor refused it in time. It is no longer offered there."


def sweep(now: datetime, limit: int = BATCH) -> int:
    """Give to triage what was offered and not answered; returns how many cases."""
    with database().read() as session:
        due = _due(session, now)[:limit]
    return sum(_lapse(case_id, now) for case_id in due)


def _due(session: Session, now: datetime) -> list[UUID]:
    known = catalogue(session)
    clocks = session.exec(
        select(Clock)
        .where(
            col(Clock.state) == ClockState.running,
            col(Clock.deadline_at) <= now,
            col(Clock.kind) == ClockKind.acceptance,
        )
        .order_by(col(Clock.deadline_at))
    )
    return [clock.case_id for clock in clocks if lapses_at(known, clock) <= now]


def lapses_at(known: Catalogue, clock: Clock) -> datetime:
    """When the offer that this acceptance clock measures comes to nothing."""
    return calendar_of(known, clock.office_id).add(clock.started_at, PATIENCE * clock.target_seconds)


def _lapse(case_id: UUID, now: datetime) -> int:
    """One case in a transaction of its own; one that somebody works on waits for the next sweep."""
    with database().write() as session:
        case = session.exec(select(Case).where(col(Case.id) == case_id).with_for_update(skip_locked=True)).first()
        if case is None or case.pending_office_id is None or case_id not in _due(session, now):
            return 0
        known = catalogue(session)
        office = known.offices[case.pending_office_id]
        people = telling.answering(session, case, now)
        append(
            session,
            case,
            EntryKind.lapsed,
            now,
            office_id=office.id,
            body={"office": office.code} | handover.left_to(session, case),
        )
        # not tied to the case: the office may not see it any more, and is to know why
        key = f"lapsed:{case.id}:{case.timeline_length}"
        telling.tell(session, people, key, TOLD.format(reference=case.reference, office=office.code), now)
        handover.give_to_triage(session, case, now)
    return 1
