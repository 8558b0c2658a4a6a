"""The real twilio library against the simulated Twilio: every failure of the closed vocabulary ends where it should.

What may pass is tried again, later and not all at once; what cannot stops the contact, tells the office, or goes
another way; what nobody knows is asked for and never sent again by itself.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlmodel import col, select

from cases import lifecycle, opening, outcomes
from cases.acting import Form
from channels.errors import Failure
from channels.sms import Sms
from channels.values import Channel, DeliveryStatus, Outgoing, Sent
from core.claims import BACKOFF
from core.crypto import blind_index
from core.ids import new_id
from core.settings import settings
from domain.case import Case
from domain.citizen import Citizen, ContactPoint
from domain.clock import Notice
from domain.outbox import OutboundMessage
from domain.sender import Sender
from domain.states import OutboxState, Purpose
from notifications import deliver, pacing, reconcile
from notifications.results import JITTER, MAX_ATTEMPTS
from tests.builders import Government, government
from tests.conftest import Installation
from tests.simulators.world import ACCOUNT, CITIZEN, NUMBER, TWILIO_TOKEN, World, world

PROVOKED = {
    Failure.opted_out: {"kind": "refused", "code": 21610},
    Failure.invalid_address: {"kind": "refused", "code": 21211},
    Failure.unreachable: {"kind": "refused", "code": 21612},
    Failure.blocked: {"kind": "refused", "code": 30004},
    Failure.too_long: {"kind": "refused", "code": 21617},
    Failure.content_refused: {"kind": "refused", "code": 30007},
    Failure.window_closed: {"kind": "refused", "code": 63016},
    Failure.rate_limited: {"kind": "rate_limited", "seconds": 30},
    Failure.provider_down: {"kind": "server_error", "status": 503},
    Failure.credentials: {"kind": "unauthorized"},
    Failure.not_configured: {"kind": "refused", "code": 21606},
    Failure.outcome_unknown: {"kind": "accepted_then_silent", "seconds": 0.8},
}
CHAT = "7100000101"


@pytest.fixture(scope="module")
def live() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture
def net(live: World) -> Iterator[World]:
    live.reset()
    yield live
    live.reset()


class Desk:
    """A case whose answer is sent by SMS through the real library; Telegram is only noted."""

    def __init__(self, installation: Installation, net: World) -> None:
        self.database, self.now = installation.database, datetime.now(UTC)
        self.sms = Sms(ACCOUNT, TWILIO_TOKEN, NUMBER, f"{net.url}/simulator/twilio", timeout=0.4)
        self.chats: list[str] = []
        with self.database.write() as session:
            self.known: Government = government(session)
            person = Citizen(id=new_id(), fallback=True, created_at=self.now)
            session.add(person)
            session.flush()
            for channel, address in ((Channel.sms, CITIZEN), (Channel.telegram, CHAT)):
                session.add(
                    ContactPoint(
                        id=new_id(),
                        citizen_id=person.id,
                        channel=channel,
                        address=address,
                        hint="…",
                        address_index=blind_index(str(channel), address),
                        created_at=self.now,
                    )
                )
        with self.database.write() as session:
            phone = session.exec(select(ContactPoint).where(col(ContactPoint.channel) == Channel.sms)).one()
            heard = opening.Opening(
                Channel.sms, "No water", "en", self.now - timedelta(hours=1), contact=phone, office_code="WAT1"
            )
            self.case_id = opening.open_case(session, heard, self.now).id
        self.deliver()  # the acknowledgement, on a good day
        with self.database.write() as session:
            who = self.known.viewer(session, "officer1")
            lifecycle.reply(session, self.case_id, who, "The pump is mended.", self.now, Form(99, "t"))

    def send(self, outgoing: Outgoing, channel: Channel) -> Sent:
        if channel is Channel.telegram:
            self.chats.append(outgoing.text)
            return Sent("T1", "bot", DeliveryStatus.delivered)
        return self.sms.send(outgoing)

    def deliver(self, **later: float) -> int:
        self.now += timedelta(**later)
        return deliver.deliver_due(self.now, send=self.send, on_result=outcomes.on_result)

    def answer(self) -> OutboundMessage:
        with self.database.read() as session:
            query = select(OutboundMessage).where(
                col(OutboundMessage.purpose) == Purpose.answer, col(OutboundMessage.fallback_of).is_(None)
            )
            return session.exec(query).one()

    def contact(self) -> ContactPoint:
        with self.database.read() as session:
            return session.exec(select(ContactPoint).where(col(ContactPoint.channel) == Channel.sms)).one()

    def answered(self) -> bool:
        with self.database.read() as session:
            return session.get_one(Case, self.case_id).first_response_at is not None

    def told(self) -> int:
        with self.database.read() as session:
            return len(session.exec(select(Notice).where(col(Notice.staff_id) == self.known.staff["officer1"])).all())


@pytest.fixture
def desk(installation: Installation, net: World) -> Iterator[Desk]:
    made = Desk(installation, net)
    yield made
    made.sms.close()


def test_every_failure_is_provoked() -> None:
    assert set(PROVOKED) == set(Failure)


@pytest.mark.parametrize("failure", Failure)
def test_a_failure_ends_where_it_should(desk: Desk, net: World, failure: Failure) -> None:
    net.fault("twilio", **PROVOKED[failure])  # type: ignore[arg-type]
    desk.deliver()
    sent, contact = desk.answer(), desk.contact()
    if failure is Failure.outcome_unknown:
        assert sent.state == OutboxState.sending
        assert desk.deliver(days=1) == 0  # never blindly
        late = desk.now + timedelta(minutes=5)
        reconcile.reconcile_due(late, find_sent=lambda o, _, since: desk.sms.find_sent(o, since))
        assert desk.answer().provider_id
        texts = net.http.get(f"{net.url}/simulator/control/sms").json()
        assert len([text for text in texts if text["body"] == sent.body]) == 1
        return
    if failure.retry:
        assert sent.state == OutboxState.queued
        assert sent.due_at is not None
        wait, asked = (sent.due_at - desk.now).total_seconds(), 30 if failure is Failure.rate_limited else BACKOFF[0]
        assert asked <= wait <= asked * (1 + JITTER) + 2
        assert contact.opted_out_at is None
        desk.deliver(seconds=60)
        assert desk.answer().state == OutboxState.accepted  # a good day again
        assert desk.told() == 0
        return
    assert (sent.state, sent.failure) == (OutboxState.failed, failure.value)
    assert bool(contact.opted_out_at or contact.unreachable_at) == failure.closes_contact
    assert desk.told() == 1
    desk.deliver(seconds=5)
    falls = failure not in (Failure.opted_out, Failure.blocked)
    assert len(desk.chats) == falls
    assert desk.answered() == falls


@pytest.mark.parametrize("failure", [failure for failure in Failure if failure.retry])
def test_what_does_not_pass_fails_in_the_end_and_goes_another_way(desk: Desk, net: World, failure: Failure) -> None:
    net.fault("twilio", **PROVOKED[failure], times=MAX_ATTEMPTS)  # type: ignore[arg-type]
    waits = []
    for _ in range(MAX_ATTEMPTS):
        desk.deliver(hours=6)
        if due := desk.answer().due_at:
            waits.append((due - desk.now).total_seconds())
    assert desk.answer().state == OutboxState.failed
    if failure is not Failure.rate_limited:  # where the provider's own wish goes first
        assert all(later > sooner for sooner, later in pairwise(waits[:5]))
    desk.deliver(seconds=5)
    assert len(desk.chats) == 1
    assert desk.answered()


def test_a_429_quiets_the_whole_sender_and_no_other(desk: Desk, net: World) -> None:
    with desk.database.write() as session:
        contact = session.exec(select(ContactPoint).where(col(ContactPoint.channel) == Channel.sms)).one()
        for sender in (NUMBER, "+355690000001"):
            session.add(
                OutboundMessage(
                    dedupe_key=sender,
                    purpose=Purpose.status,
                    channel=Channel.sms,
                    contact_point_id=contact.id,
                    language="en",
                    body=f"By {sender}",
                    sender=sender,
                    due_at=desk.now + timedelta(seconds=2),
                    created_at=desk.now,
                )
            )
        session.merge(Sender(channel=Channel.sms, address="+355690000001"))
    net.fault("twilio", "rate_limited", seconds=45)
    desk.deliver()
    assert desk.answer().state == OutboxState.queued
    desk.deliver(seconds=10)

    def states() -> dict[str, str]:
        with desk.database.read() as session:
            rows = session.exec(select(OutboundMessage).where(col(OutboundMessage.purpose) == Purpose.status)).all()
            return {str(row.sender): str(row.state) for row in rows}

    assert states() == {NUMBER: "queued", "+355690000001": "accepted"}
    desk.deliver(seconds=40)
    assert states()[NUMBER] == "accepted"
    assert pacing.default_address(Channel.sms) == settings().twilio_from == NUMBER
