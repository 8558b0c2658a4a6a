"""Sending what is due, and finding out about what was cut off.

No database connection is held while a provider is asked. A row goes `queued → sending` (claimed) and gets `sending_at`
in a commit of its own just before the request; so after a crash a row without `sending_at` certainly was not sent, and
one with it is looked up at the provider, or left to a person. It is never blindly sent again.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlmodel import Session, col, select

from channels.errors import SendFailed
from channels.values import Button, Channel, Outgoing, Sent
from core.claims import claim
from core.database import database
from core.logs import logger
from core.settings import settings
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from notifications import results
from notifications.outbox import may_send
from notifications.results import OnResult, apply_receipt, nothing_more

Send = Callable[[Outgoing, Channel], Sent]
"""Hands a message to its channel. Raises SendFailed. Called from several threads."""

FindSent = Callable[[Outgoing, Channel, datetime], Sent | None]
"""Looks for a message at the provider, made at or after a moment; None when it certainly is not there. Raises
NoLookUp, or SendFailed when the provider cannot be asked now."""


def lease() -> timedelta:
    """Longer than any channel's time-out, so that nobody looks for a message that is still on its way."""
    return timedelta(seconds=settings().lease_seconds)


GIVE_UP_LOOKING = timedelta(hours=24)

__all__ = ["FindSent", "NoLookUp", "Send", "apply_receipt", "deliver_due", "reconcile_due"]

log = logger("notifications")


class NoLookUp(Exception):
    """The channel has no way to ask whether a message was sent."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    """One row as this worker holds it; `outgoing` and `since` are known from the moment before the request."""

    id: UUID
    channel: Channel
    outgoing: Outgoing
    since: datetime


class _Running:
    """`now` as given, moved on by the time that passed since."""

    def __init__(self, now: datetime) -> None:
        self._start, self._now = time.monotonic(), now

    def __call__(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._start)


def deliver_due(
    now: datetime, *, send: Send, limit: int = 100, on_result: OnResult = nothing_more, parallel: int = 4
) -> int:
    """Send up to `limit` messages that are due, `parallel` at a time; gives how many were claimed.

    Whoever opted out since the message was written gets nothing: it is cancelled. What `send` raises besides SendFailed
    is raised here after the others are through; such a row is reconciled when its lease ends.
    """
    with database().write() as session:
        ids = claim(session, OutboundMessage, now, state="queued", becomes="sending", limit=limit, lease=lease())
    running = _Running(now)

    def one(message_id: UUID) -> None:
        claimed = _begin(message_id, now + lease(), running(), on_result)
        if claimed is None:
            return
        try:
            outcome: Sent | SendFailed = send(claimed.outgoing, claimed.channel)
        except SendFailed as error:
            outcome = error
        _record(claimed, outcome, running(), on_result)

    _each(one, ids, parallel)
    return len(ids)


def reconcile_due(
    now: datetime, *, find_sent: FindSent, limit: int = 100, on_result: OnResult = nothing_more, parallel: int = 4
) -> int:
    """Find out what became of messages whose sending was cut off; gives how many were looked at.

    Found at the provider: accepted. Certainly not there, or never asked: queued again. No way to look: `unknown`, for
    a person to decide. A provider that cannot be asked now is asked again when the lease ends, for a day at most.
    """
    with database().write() as session:
        ids = claim(session, OutboundMessage, now, state="sending", limit=limit, lease=lease())
    running = _Running(now)

    def one(message_id: UUID) -> None:
        claimed = _cut_off(message_id, now + lease(), now)
        if claimed is None:
            return
        why = "The channel cannot say whether it was sent."
        found: Sent | SendFailed | NoLookUp | None
        try:
            found = find_sent(claimed.outgoing, claimed.channel, claimed.since)
        except (NoLookUp, SendFailed) as error:
            found = error
        if isinstance(found, SendFailed):
            log.warning("look_up_failed", message=str(message_id), failure=found.failure.value)
            if running() - claimed.since < GIVE_UP_LOOKING:
                return
            why = "The provider could not be asked for a day whether it was sent."
        with database().write() as session:
            message = _held(session, message_id, claimed.since)
            if message is None:
                return
            if found is None:
                results.queue_again(message, running())
            elif isinstance(found, Sent) and not _taken(session, found, message_id):
                results.record_sent(session, message, found, running(), on_result)
            else:
                results.record_unknown(session, message, why, running(), on_result)

    _each(one, ids, parallel)
    return len(ids)


def _begin(message_id: UUID, lease_end: datetime, at: datetime, on_result: OnResult) -> _Claimed | None:
    """Look once more whether the message is wanted, and note that the provider is about to be asked."""
    with database().write() as session:
        message = results.locked(session, message_id)
        if message is None or message.state != OutboxState.sending or message.leased_until != lease_end:
            return None
        if at >= lease_end:  # this worker was held up; the row goes back unsent when it is reconciled
            return None
        contact = session.get_one(ContactPoint, message.contact_point_id)
        if not may_send(contact, Purpose(message.purpose)):
            results.record_cancelled(session, message, "The citizen takes no more messages.", at, on_result)
            return None
        message.sending_at = at
        message.leased_until = at + lease()
        return _Claimed(message_id, Channel(message.channel), _outgoing(message, contact), at)


def _record(claimed: _Claimed, outcome: Sent | SendFailed, now: datetime, on_result: OnResult) -> None:
    with database().write() as session:
        message = results.locked(session, claimed.id)
        if message is None:
            return
        if isinstance(outcome, Sent):
            results.record_sent(session, message, outcome, now, on_result)
        elif message.sending_at == claimed.since:  # else the row has moved on, and this failure is old news
            results.record_failure(session, message, outcome, now, on_result)


def _cut_off(message_id: UUID, lease_end: datetime, now: datetime) -> _Claimed | None:
    with database().write() as session:
        message = results.locked(session, message_id)
        if message is None or message.state != OutboxState.sending or message.leased_until != lease_end:
            return None
        message.attempts -= 1  # looking is no try
        if message.sending_at is None:
            results.queue_again(message, now)
            return None
        contact = session.get_one(ContactPoint, message.contact_point_id)
        return _Claimed(message_id, Channel(message.channel), _outgoing(message, contact), message.sending_at)


def _held(session: Session, message_id: UUID, since: datetime) -> OutboundMessage | None:
    message = results.locked(session, message_id)
    held = message is not None and message.state == OutboxState.sending and message.sending_at == since
    return message if held else None


def _taken(session: Session, found: Sent, message_id: UUID) -> bool:
    """Whether what the provider found is another message of ours with the same words."""
    return (
        session.exec(
            select(OutboundMessage.id).where(
                col(OutboundMessage.provider_id) == found.provider_id,
                col(OutboundMessage.account) == found.account,
                col(OutboundMessage.id) != message_id,
            )
        ).first()
        is not None
    )


def _outgoing(message: OutboundMessage, contact: ContactPoint) -> Outgoing:
    return Outgoing(
        id=message.id,
        to=contact.address,
        text=message.body,
        buttons=tuple(tuple(_button(button) for button in row) for row in message.buttons),
        replaces=message.replaces,
        in_place=message.case_id is None,  # what is about a case stays as the citizen got it
    )


def _button(stored: dict[str, str]) -> Button:
    asks: Literal["", "location"] = "location" if stored.get("asks") == "location" else ""
    return Button(stored["text"], stored["data"], asks)


def _each(action: Callable[[UUID], None], ids: list[UUID], parallel: int) -> None:
    if len(ids) < 2 or parallel < 2:
        for message_id in ids:
            action(message_id)
        return
    with ThreadPoolExecutor(min(parallel, len(ids)), thread_name_prefix="ombud-send") as pool:
        for future in [pool.submit(action, message_id) for message_id in ids]:
            future.result()
