"""The loop brake on what leaves: the same words to one address again and again are stopped, and a person looks."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from core.sets import among
from core.settings import settings
from domain.outbox import OutboundMessage
from domain.states import OutboxState

LOOP = "The same words went to this address again and again: it looks like a loop, so this one was stopped."
_LEFT = (OutboxState.sending, OutboxState.accepted, OutboxState.sent, OutboxState.delivered, OutboxState.unknown)


def repeats(session: Session, messages: Sequence[OutboundMessage], now: datetime) -> set[UUID]:
    """Those whose words went to the same address `OMBUD_LOOP_MESSAGES` times within `OMBUD_LOOP_MINUTES` already."""
    if not messages:
        return set()
    most, ours = settings().loop_messages, {message.id for message in messages}
    rows = session.exec(
        select(OutboundMessage.id, OutboundMessage.contact_point_id, OutboundMessage.body).where(
            among(session, OutboundMessage.contact_point_id, {message.contact_point_id for message in messages}),
            col(OutboundMessage.created_at) > now - timedelta(minutes=settings().loop_minutes),
            col(OutboundMessage.state).in_(_LEFT),
        )
    ).all()
    left = Counter((contact, body) for message_id, contact, body in rows if message_id not in ours)
    found: set[UUID] = set()
    for message in messages:
        key = (message.contact_point_id, message.body)
        if left[key] >= most:
            found.add(message.id)
        left[key] += 1
    return found
