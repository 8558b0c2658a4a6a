"""Pace: no second holds more than a sender may send, whoever sends and whatever breaks."""

import threading
import time
from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlmodel import col, select

from channels.errors import Failure, SendFailed
from channels.values import Channel, DeliveryStatus, Outgoing, Sent
from core.database import database
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.sender import Sender
from domain.states import OutboxState, Purpose
from notifications import pacing
from notifications.deliver import deliver_due
from notifications.outbox import enqueue
from tests.builders import government
from tests.conftest import Installation
from tests.notifications.world import Provider, citizen, row

RATE = 40.0


LATE, CHAT_GAP = pacing.LATE, dict(pacing.CHAT_GAP)


@pytest.fixture(autouse=True)
def settled(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """With the pace of real life."""
    monkeypatch.setattr(pacing, "LATE", LATE)
    monkeypatch.setattr(pacing, "CHAT_GAP", CHAT_GAP)
    return installation


TRIES = 3
"""A busy machine may hold up a thread just before it looks at the clock, but not in every run."""


def crowd(count: int, sender: str = "+3551", rate: float = RATE, channel: Channel = Channel.sms) -> list[ContactPoint]:
    """Messages due now by one sender, each to a citizen of its own."""
    now, contacts = datetime.now(UTC), []
    with database().write() as session:
        session.add(Sender(channel=channel, address=sender, per_second=rate))
        session.flush()
        pacing.forget()
        for number in range(count):
            contact = citizen(session, channel, f"+35569{sender[-2:]}{number:05}")
            contacts.append(contact)
            enqueue(
                session, purpose=Purpose.status, contact=contact, language="en", body=f"{sender} {number}",
                dedupe_key=f"{sender}{number}", now=now, sender=sender,
            )  # fmt: skip
    return contacts


class Clock:
    """A provider that notes when each message of a sender came."""

    def __init__(self, refuse: Callable[[int], SendFailed | None] = lambda number: None) -> None:
        self.times: dict[str, list[float]] = {}
        self.refuse, self.asked, self._lock = refuse, 0, threading.Lock()

    def send(self, outgoing: Outgoing, channel: Channel) -> Sent:
        with self._lock:
            self.times.setdefault(outgoing.sender or "", []).append(time.monotonic())
            self.asked += 1
            error = self.refuse(self.asked)
        if error is not None:
            raise error
        return Sent(f"SM{outgoing.id.hex}", "AC1", DeliveryStatus.accepted)

    def most(self, sender: str, seconds: float = 1.0) -> int:
        times = sorted(self.times[sender])
        return max(bisect_left(times, at + seconds) - place for place, at in enumerate(times))


def work_until_empty(send: Callable[[Outgoing, Channel], Sent], workers: int = 3, seconds: float = 20) -> None:
    end = time.monotonic() + seconds

    def work() -> None:
        while time.monotonic() < end and left():
            deliver_due(datetime.now(UTC), send=send, limit=17)
            time.sleep(0.01)  # as a worker between two rings

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def left() -> bool:
    with database().read() as session:
        undone = col(OutboundMessage.state).in_([OutboxState.queued, OutboxState.sending])
        return session.exec(select(OutboundMessage.id).where(undone).limit(1)).first() is not None


def test_two_senders_keep_their_pace_with_three_workers() -> None:
    crowd(60, "+3551")
    crowd(20, "+3552", 10.0)
    clock = Clock()
    work_until_empty(clock.send)
    assert not left()
    assert {sender: len(times) for sender, times in clock.times.items()} == {"+3551": 60, "+3552": 20}
    assert clock.most("+3551") <= RATE
    assert clock.most("+3552") <= 10


def test_a_429_holds_all_of_the_sender_for_as_long_as_asked() -> None:
    crowd(30)
    clock = Clock(lambda number: SendFailed(Failure.rate_limited, retry_after=1.2) if number == 5 else None)
    work_until_empty(clock.send)
    times = sorted(clock.times["+3551"])
    assert len(times) == 31
    assert clock.most("+3551") <= RATE
    assert max(after - before for before, after in pairwise(times)) >= 1.0  # but for what was under way


def test_an_answer_that_comes_late_costs_a_moment_where_others_send_too() -> None:
    now, way = datetime.now(UTC), (Channel.sms, "+3551")
    with database().write() as session:
        session.add(Sender(channel=Channel.sms, address="+3551", per_second=10.0, next_at=now))
        session.flush()
        moments = pacing.take_moments(session, [way], now)[way]
        assert moments.take() == now
        gap, gate = moments.next - now, pacing.gate(way)
        assert gap == timedelta(seconds=pacing.SHARED / 10)
        entered = gate.enter()
        gate.leave(entered, asked=True, late=-1.0)
        assert pacing.take_moments(session, [way], now)[way].next == now + 2 * gap
        assert pacing.take_moments(session, [way], now)[way].next == now + 2 * gap  # once


def test_who_joins_comes_after_what_another_may_still_send_late() -> None:
    now, way = datetime.now(UTC), (Channel.sms, "+3551")
    crowd(0, rate=10.0)
    with database().write() as session:
        first = pacing.take_moments(session, [way], now)[way]
        first.take()
        assert first.patience == pacing.TAIL
        assert pacing.take_moments(session, [way], now)[way].next == first.next  # our own may be nearer
        pacing.begin_anew()  # as another process sees it
        assert pacing.take_moments(session, [way], now)[way].next == first.next + pacing.TAIL


def test_what_has_no_room_stays_in_the_queue_untouched_and_others_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "LATE", timedelta(minutes=1))  # not asked here
    crowd(40, "+3551", 0.05)
    crowd(3, "+3552", 1000)
    clock, now = Clock(), datetime.now(UTC)
    deliver_due(now, send=clock.send)
    deliver_due(now + timedelta(milliseconds=10), send=clock.send)
    assert len(clock.times["+3551"]) == 1
    assert len(clock.times["+3552"]) == 3
    with database().read() as session:
        waiting = session.exec(select(OutboundMessage).where(col(OutboundMessage.state) == OutboxState.queued)).all()
    assert {(message.attempts, message.leased_until) for message in waiting} == {(0, None)}
    assert len(waiting) == 39


def test_a_whole_cap_is_held_by_one_worker_and_never_passed() -> None:
    """The first second but for what starting takes; each second's window by what really left."""
    crowd(130, "+3551", 50.0)
    clock = Clock()
    deliver_due(datetime.now(UTC), send=clock.send, limit=30, keep_on=20)
    times = sorted(clock.times["+3551"])
    assert len(times) == 130
    assert clock.most("+3551") <= 50
    assert 129 / (times[-1] - times[0]) > 50 * 0.9  # 48.5 on a machine that does nothing else


def test_answers_overtake_what_nobody_waits_for() -> None:
    contacts = crowd(30, "+3551", 1000)
    now = datetime.now(UTC)
    with database().write() as session:
        for message in session.exec(select(OutboundMessage)):
            message.bulk = True
            session.add(message)
    with database().write() as session:
        enqueue(
            session, purpose=Purpose.answer, contact=session.get_one(ContactPoint, contacts[-1].id), language="en",
            body="The answer", dedupe_key="late", now=now, sender="+3551",
        )  # fmt: skip
    provider = Provider()
    deliver_due(now + timedelta(seconds=1), send=provider.send, limit=5, parallel=1)
    assert provider.taken[0].text == "The answer"
    assert len(provider.taken) == 5


def test_a_chat_gets_one_message_a_second() -> None:
    least = []
    for run in range(TRIES):
        with database().write() as session:
            contact = citizen(session, Channel.telegram, f"710000010{run}")
            for number in range(3):
                enqueue(
                    session, purpose=Purpose.status, contact=contact, language="en", body=f"part {number}",
                    dedupe_key=f"p{run}{number}", now=datetime.now(UTC),
                )  # fmt: skip
        clock = Clock()
        work_until_empty(clock.send, workers=2)
        (times,) = clock.times.values()
        assert len(times) == 3
        least.append(min(after - before for before, after in pairwise(times)))
        if least[-1] >= 0.85:
            return
    raise AssertionError(f"shortest time between two, run by run: {least}")


def test_a_message_that_waits_holds_no_connection_and_is_looked_at_again() -> None:
    """Opting out between the claim and the moment counts."""
    contacts = crowd(12, "+3551", 10.0)

    def stop() -> None:
        time.sleep(0.3)  # some have left by now
        with database().write() as session:
            for contact in contacts:
                session.get_one(ContactPoint, contact.id).opted_out_at = datetime.now(UTC)

    stopper, clock = threading.Thread(target=stop), Clock()
    stopper.start()
    work_until_empty(clock.send, workers=1)
    stopper.join()
    assert 1 <= len(clock.times["+3551"]) <= 9
    with database().read() as session:
        states = {row.state for row in session.exec(select(OutboundMessage))}
    assert states == {OutboxState.accepted, OutboxState.cancelled}


@pytest.mark.parametrize(("office", "address"), [("WAT1", "+3551"), ("WATER", "+3551"), ("CIV1", "+355690000000")])
def test_the_nearest_office_up_the_tree_lends_its_sender(office: str, address: str) -> None:
    with database().write() as session:
        known = government(session)
        session.add(Sender(channel=Channel.sms, address="+3551", office_id=known.office["WATER"]))
        session.add(Sender(channel=Channel.sms, address="+3552", office_id=known.office["WAT2"], active=False))
        session.add(Sender(channel=Channel.whatsapp, address="+3553", office_id=known.office["CIV1"]))
        session.flush()
        pacing.forget()
        assert pacing.address_for(session, Channel.sms, known.office[office]) == address
        assert pacing.address_for(session, Channel.sms, known.office["WAT2"]) == "+3551"
        assert pacing.address_for(session, Channel.sms, known.office[office], "+3551") == "+3551"
        assert pacing.address_for(session, Channel.sms, None, "not ours") == "+355690000000"
        assert pacing.address_for(session, Channel.whatsapp, known.office["CIV1"]) == "+3553"
        assert pacing.address_for(session, Channel.web, None) is None


def test_segments_and_sender_are_noted_with_the_message() -> None:
    now = datetime.now(UTC)
    with database().write() as session:
        contact = citizen(session)
        message = enqueue(
            session, purpose=Purpose.answer, contact=contact, language="en", body="ы" * 71, dedupe_key="s", now=now
        )
        assert message is not None
        assert (message.segments, message.sender) == (2, "+355690000000")
    provider = Provider()
    deliver_due(now, send=provider.send)
    assert provider.taken[0].sender == "+355690000000"
    assert row(message.id).state == OutboxState.accepted
