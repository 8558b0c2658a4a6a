"""A citizen with a phone, messages to them, and a provider that can be told how to behave."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session

from channels.errors import SendFailed
from channels.values import Channel, DeliveryStatus, Outgoing, Sent
from core.database import database
from core.ids import new_id
from domain.citizen import Citizen, ContactPoint
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from notifications.outbox import enqueue
from notifications.sending import NoLookUp

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def citizen(session: Session, channel: Channel = Channel.sms, address: str = "+355691234567") -> ContactPoint:
    person = Citizen(id=new_id(), created_at=NOW)
    session.add(person)
    session.flush()
    contact = ContactPoint(
        id=new_id(),
        citizen_id=person.id,
        channel=channel,
        address=address,
        address_index=str(new_id()),
        hint="…567",
        created_at=NOW,
    )
    session.add(contact)
    session.flush()
    return contact


def queue(
    contact: ContactPoint, session: Session, key: str = "k", purpose: Purpose = Purpose.answer, body: str = "Hello"
) -> UUID:
    message = enqueue(session, purpose=purpose, contact=contact, language="en", body=body, dedupe_key=key, now=NOW)
    assert message is not None
    return message.id


def one_message(purpose: Purpose = Purpose.answer, channel: Channel = Channel.sms) -> UUID:
    """A citizen with one message waiting."""
    with database().write() as session:
        return queue(citizen(session, channel), session, str(new_id()), purpose)


def row(message_id: UUID) -> OutboundMessage:
    with database().read() as session:
        return session.get_one(OutboundMessage, message_id)


def contact_of(message_id: UUID) -> ContactPoint:
    with database().read() as session:
        return session.get_one(ContactPoint, session.get_one(OutboundMessage, message_id).contact_point_id)


def state(message_id: UUID) -> OutboxState:
    return OutboxState(row(message_id).state)


class Killed(BaseException):
    """The process died here."""


class Provider:
    """Takes messages, remembers each, and fails as told: before taking it (`refuse`) or after (`cut_after`)."""

    def __init__(self, status: DeliveryStatus = DeliveryStatus.accepted, *, can_look_up: bool = True) -> None:
        self.status = status
        self.can_look_up = can_look_up
        self.taken: list[Outgoing] = []
        self.refuse: SendFailed | None = None
        self.cut_before: BaseException | None = None
        self.cut_after: BaseException | None = None
        self.look_up_fails: SendFailed | None = None
        self.during: Callable[[Outgoing], None] = lambda outgoing: None
        self._lock = threading.Lock()

    @property
    def times(self) -> Counter[UUID]:
        return Counter(outgoing.id for outgoing in self.taken)

    def send(self, outgoing: Outgoing, channel: Channel) -> Sent:
        if self.refuse is not None:
            raise self.refuse
        if self.cut_before is not None:
            raise self.cut_before
        with self._lock:
            self.taken.append(outgoing)
        self.during(outgoing)
        if self.cut_after is not None:
            raise self.cut_after
        return self._sent(outgoing)

    def find_sent(self, outgoing: Outgoing, channel: Channel, since: datetime) -> Sent | None:
        if not self.can_look_up:
            raise NoLookUp(channel.value)
        if self.look_up_fails is not None:
            raise self.look_up_fails
        same = next((one for one in self.taken if (one.to, one.text) == (outgoing.to, outgoing.text)), None)
        return self._sent(same) if same else None

    def _sent(self, outgoing: Outgoing) -> Sent:
        return Sent(provider_id=f"SM{outgoing.id.hex}", account="AC1", status=self.status)


class Told:
    """An `on_result` that remembers the states it was told of."""

    def __init__(self) -> None:
        self.states: list[str] = []

    def __call__(self, session: Session, message: OutboundMessage, now: datetime) -> None:
        assert now.tzinfo is not None
        self.states.append(str(message.state))
