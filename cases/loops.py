"""The loop brake on what arrives: two machines that answer each other must not go on for a night.

The same words from one address more often than `OMBUD_LOOP_MESSAGES` within `OMBUD_LOOP_MINUTES` are kept and marked,
but open no case and get no reply. What leaves is braked in `notifications.brake`. Staff are told once for each loop.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from cases.telling import tell_administrators
from core.settings import settings
from core.texts import clean
from domain.inbox import InboundMessage, InboxKind

LOOP = "loop"
MOST_READ = 200
"""Rows of one address that are looked at; a machine may send thousands."""


def is_loop(session: Session, row: InboundMessage, now: datetime) -> bool:
    """Whether a message repeats itself too often. The first one that does is told to staff."""
    words = _words(row.text)
    if not words or not row.sender_index:
        return False
    recent = session.exec(
        select(InboundMessage)
        .where(
            col(InboundMessage.sender_index) == row.sender_index,
            col(InboundMessage.received_at) > row.received_at - timedelta(minutes=settings().loop_minutes),
            col(InboundMessage.received_at) <= row.received_at,
            col(InboundMessage.kind) == InboxKind.message,
            col(InboundMessage.channel) == row.channel,
            col(InboundMessage.id) != row.id,
        )
        .order_by(col(InboundMessage.received_at).desc())
        .limit(MOST_READ)
    ).all()
    before = [other for other in recent if other.outcome is not None and _words(other.text) == words]
    if len(before) < settings().loop_messages:
        return False
    if not any(other.outcome == LOOP for other in before):
        text = "The same words keep arriving from one address, so no more cases are opened of them. See Messages."
        tell_administrators(session, f"loop:{row.id}", text, now)
    return True


def _words(text: str) -> str:
    return " ".join(clean(text).casefold().split())
