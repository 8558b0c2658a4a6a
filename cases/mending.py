"""What staff decide about messages that need a person: a send nobody can vouch for, and an arrival that broke.

Each decision is a form with a reason, done once, on the timeline of its case. A second copy leaves only because a
person asked for it, and never twice for the same message.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from cases import fallback, outcomes
from core import doorbell
from core.database import after_commit
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.texts import clean
from domain.case import Case
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.states import EntryKind, InboxState, OutboxState, Role
from domain.timeline import append
from domain.visibility import Viewer, visible
from notifications import results

LOOKING_AFTER = frozenset({Role.admin, Role.supervisor, Role.head})
"""Roles that look after messages."""


def looked_after(who: Viewer) -> ColumnElement[bool]:
    """SQL predicate over `OutboundMessage`: those about cases the viewer may see, and for administrators those about
    none."""
    seen = col(OutboundMessage.case_id).in_(select(Case.id).where(visible(who)))
    return or_(seen, col(OutboundMessage.case_id).is_(None)) if who.has(Role.admin) else seen


def check(who: Viewer) -> None:
    """Raise NotAllowed for whoever does not look after messages."""
    if not who.has(*LOOKING_AFTER):
        raise NotAllowed("Messages are looked after by administrators and heads.", mend="Ask the head of your office.")


def arrived(session: Session, who: Viewer, message_id: UUID, why: str, now: datetime) -> None:
    """A person knows that an unknown send arrived, and says how: it counts as delivered now, not earlier."""
    message, words = _unknown(session, who, message_id), _reason(why)
    _noted(session, who, message, f"A message nobody could vouch for did arrive: {words}", now)
    results.record_decided(session, message, OutboxState.delivered, f"{who.name}: {words}", now, outcomes.on_result)


def give_up(session: Session, who: Viewer, message_id: UUID, why: str, now: datetime) -> None:
    """A person gives an unknown send up: it counts as failed, with all that follows from a failure."""
    message, words = _unknown(session, who, message_id), _reason(why)
    _noted(session, who, message, f"A message nobody could vouch for was given up: {words}", now)
    results.record_decided(session, message, OutboxState.failed, f"{who.name}: {words}", now, outcomes.on_result)


def send_again(session: Session, who: Viewer, message_id: UUID, why: str, now: datetime) -> None:
    """A person takes the risk that the citizen reads an unknown send twice: one more copy leaves, once."""
    message, words = _unknown(session, who, message_id), _reason(why)
    _noted(session, who, message, f"A message nobody could vouch for is sent again: {words}", now)
    if fallback.send_again(session, message, now, who.name) is None:
        raise Conflict("Another message stands for this one already, or the citizen takes no more.", mend="Reload.")
    results.record_decided(session, message, OutboxState.failed, f"{who.name}: {words}", now, outcomes.on_result)


def try_again(session: Session, who: Viewer, row_id: UUID, now: datetime) -> None:
    """Process an inbox row again that was given up; it is tried as often as at first."""
    if not who.has(Role.admin):
        raise NotAllowed("Only administrators do this.", mend="Ask yours.")
    row = session.get(InboundMessage, row_id, with_for_update=True)
    if row is None or row.state != InboxState.failed:
        raise Conflict("It is not among those that failed any more.", mend="Reload the page.")
    row.state, row.due_at, row.leased_until, row.attempts = InboxState.received, now, None, 0
    session.add(row)
    after_commit(session, lambda: doorbell.ring(doorbell.INBOX))


def _unknown(session: Session, who: Viewer, message_id: UUID) -> OutboundMessage:
    check(who)
    query = select(OutboundMessage).where(col(OutboundMessage.id) == message_id, looked_after(who)).with_for_update()
    message = session.exec(query).first()
    if message is None:
        raise NotFound("There is no such message.", mend="Reload the page.")
    if message.state != OutboxState.unknown:
        raise Conflict(f"It is {message.state} by now, so there is nothing to decide.", mend="Reload the page.")
    return message


def _reason(why: str) -> str:
    words = clean(why, 500)
    if not words:
        raise BadInput("Say how you know, or why.", fields={"why": "Say how you know, or why."})
    return words


def _noted(session: Session, who: Viewer, message: OutboundMessage, text: str, now: datetime) -> None:
    if message.case_id is not None:
        case = session.get_one(Case, message.case_id, with_for_update=True)
        append(session, case, EntryKind.noted, now, actor=str(who.staff_id), body={"text": text, "by": who.name})
