"""What sending and reconciling share: the channel's two calls, and a row as a worker holds it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from channels.values import Button, Channel, Outgoing, Sent
from core.settings import settings
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import Purpose
from notifications import letters

Send = Callable[[Outgoing, Channel], Sent]
"""Hands a message to its channel. Raises SendFailed. Called from several threads."""

FindSent = Callable[[Outgoing, Channel, datetime], Sent | None]
"""Looks for a message at the provider, made at or after a moment; None when it certainly is not there. Raises
NoLookUp, or SendFailed when the provider cannot be asked now."""

PARALLEL = 16
"""Requests under way at once; each waits for a provider, so there may be more of them than processors."""


class NoLookUp(Exception):
    """The channel has no way to ask whether a message was sent."""


def lease() -> timedelta:
    """Longer than any channel's time-out, so that nobody looks for a message that is still on its way."""
    return timedelta(seconds=settings().lease_seconds)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One row as this worker holds it; `outgoing` and `since` are known from the moment before the request, `moment` is
    when it may leave, at most `patience` later, and `message` the row as it was begun."""

    id: UUID
    channel: Channel
    outgoing: Outgoing
    since: datetime
    moment: datetime | None = None
    patience: timedelta = timedelta(0)
    message: OutboundMessage | None = None


class Running:
    """`now` as given, moved on by the time that passed since."""

    def __init__(self, now: datetime) -> None:
        self._start, self._now = time.monotonic(), now

    def __call__(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._start)


def outgoing_of(message: OutboundMessage, contact: ContactPoint) -> Outgoing:
    """The message as its channel takes it."""
    unasked = message.channel == Channel.email and message.purpose in (Purpose.survey, Purpose.reminder)
    return Outgoing(
        id=message.id,
        to=contact.address,
        text=message.body,
        sender=message.sender,
        subject=message.subject,
        reply_to=message.reply_to,
        automatic=message.purpose not in letters.BY_A_PERSON,
        unsubscribe_url=letters.unsubscribe_url(contact.id) if unasked else None,
        buttons=tuple(tuple(button_of(button) for button in row) for row in message.buttons),
        replaces=message.replaces,
        in_place=message.case_id is None,  # what is about a case stays as the citizen got it
    )


def button_of(stored: dict[str, str]) -> Button:
    """A choice as it stands in the outbox."""
    asked = stored.get("asks")
    asks: Literal["", "location", "contact"] = (
        "location" if asked == "location" else "contact" if asked == "contact" else ""
    )
    return Button(stored["text"], stored["data"], asks)
