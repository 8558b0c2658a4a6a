"""Sending: once, whoever races and whatever breaks."""

import threading
from datetime import timedelta

import pytest
from sqlmodel import col, select

from channels.errors import Failure, SendFailed
from channels.values import Channel, DeliveryStatus, Outgoing, Receipt
from core.claims import BACKOFF
from core.database import database
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from notifications import results
from notifications.deliver import deliver_due, reconcile_due
from notifications.reconcile import GIVE_UP_LOOKING
from notifications.results import JITTER, MAX_ATTEMPTS, apply_receipt
from tests.conftest import Installation
from tests.notifications.world import (
    NOW,
    Killed,
    Provider,
    Told,
    citizen,
    contact_of,
    one_message,
    queue,
    row,
    state,
)

LEASE = timedelta(seconds=120)
"""The default of OMBUD_LEASE_SECONDS."""
pytestmark = pytest.mark.usefixtures("installation")


@pytest.fixture(autouse=True)
def settled(installation: Installation) -> Installation:
    return installation


def test_a_message_goes_out_and_is_noted() -> None:
    message, provider, told = one_message(), Provider(), Told()
    assert deliver_due(NOW, send=provider.send, on_result=told) == 1
    sent = row(message)
    assert (sent.state, sent.provider_id, sent.account) == (OutboxState.accepted, f"SM{message.hex}", "AC1")
    assert (sent.due_at, sent.leased_until, sent.attempts, sent.last_error) == (None, None, 1, None)
    assert sent.sending_at is not None
    assert sent.accepted_at is not None
    assert [(one.to, one.text) for one in provider.taken] == [("+355691234567", "Hello")]
    assert told.states == ["accepted"]
    assert deliver_due(NOW + timedelta(days=1), send=provider.send) == 0


def test_what_is_not_due_waits() -> None:
    one_message()
    assert deliver_due(NOW - timedelta(seconds=1), send=Provider().send) == 0


def test_workers_that_race_send_each_message_once() -> None:
    provider = Provider()
    with database().write() as session:
        ids = {
            queue(citizen(session, address=f"+35569{number:07}"), session, f"k{number}", body=f"Hello {number}")
            for number in range(40)
        }
    together = threading.Barrier(2)

    def work() -> None:
        together.wait()
        while deliver_due(NOW, send=provider.send, limit=7):
            pass

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(provider.times) == ids
    assert set(provider.times.values()) == {1}
    assert {state(message) for message in ids} == {OutboxState.accepted}


def test_calls_run_side_by_side_and_hold_no_connection(settled: Installation) -> None:
    provider, inside = Provider(), threading.Barrier(4, timeout=10)

    def wait(outgoing: Outgoing) -> None:
        inside.wait()  # breaks unless four are under way at once
        with database().write() as session:  # would wait for ever on SQLite if a sender held the write lock
            session.get_one(OutboundMessage, outgoing.id)

    provider.during = wait
    with database().write() as session:
        for number in range(8):
            queue(citizen(session, address=f"+35569123456{number}"), session, f"k{number}", body=f"Hello {number}")
    assert deliver_due(NOW, send=provider.send, parallel=4) == 8
    assert len(provider.taken) == 8


@pytest.mark.parametrize("when", ["before the claim", "between claim and request"])
def test_opting_out_after_it_was_written_stops_it(when: str) -> None:
    provider, told = Provider(), Told()
    with database().write() as session:
        contact = citizen(session)
        first, second = queue(contact, session, "a"), queue(contact, session, "b")

    def stop(outgoing: Outgoing | None = None) -> None:
        with database().write() as session:
            session.get_one(ContactPoint, contact.id).opted_out_at = NOW

    if when == "before the claim":
        stop()
    else:
        provider.during = stop  # the citizen's STOP arrives while the first one is being sent
    deliver_due(NOW, send=provider.send, on_result=told, parallel=1)
    unsent = [first, second] if when == "before the claim" else [second]
    assert not {one.id for one in provider.taken} & set(unsent)
    assert {state(message) for message in unsent} == {OutboxState.cancelled}
    assert told.states.count("cancelled") == len(unsent)
    assert reconcile_due(NOW + timedelta(days=1), find_sent=provider.find_sent) == 0


def test_an_unreachable_address_gets_answers_but_no_surveys() -> None:
    answer, survey, provider = one_message(), one_message(Purpose.survey), Provider()
    with database().write() as session:
        for contact in session.exec(select(ContactPoint)):
            contact.unreachable_at = NOW
    deliver_due(NOW, send=provider.send)
    assert (state(answer), state(survey)) == (OutboxState.accepted, OutboxState.cancelled)


@pytest.mark.parametrize("failure", Failure)
def test_every_failure_ends_where_it_should(failure: Failure) -> None:
    message, provider, told = one_message(), Provider(), Told()
    provider.refuse = SendFailed(failure, "the provider's words")
    deliver_due(NOW, send=provider.send, on_result=told)
    after, contact = row(message), contact_of(message)
    assert "the provider's words" in (after.last_error or "")
    if failure is Failure.outcome_unknown:
        assert (after.state, told.states) == (OutboxState.sending, [])
        assert after.leased_until is not None
    elif failure.retry:
        assert (after.state, told.states, after.leased_until) == (OutboxState.queued, [], None)
        assert after.due_at is not None
        wait = (after.due_at - NOW).total_seconds()
        assert BACKOFF[0] <= wait <= BACKOFF[0] * (1 + JITTER) + 5
    else:
        assert (after.state, after.failure, told.states) == (OutboxState.failed, failure.value, ["failed"])
        assert after.failed_at is not None
    assert (contact.opted_out_at is not None) == (failure in (Failure.opted_out, Failure.blocked))
    assert (contact.unreachable_at is not None) == (failure is Failure.invalid_address)
    assert bool(contact.opted_out_at or contact.unreachable_at) == failure.closes_contact


def test_the_providers_own_wish_is_waited_for() -> None:
    message, provider = one_message(), Provider()
    provider.refuse = SendFailed(Failure.rate_limited, retry_after=90)
    deliver_due(NOW, send=provider.send)
    due = row(message).due_at
    assert due is not None
    assert 90 <= (due - NOW).total_seconds() <= 90 * (1 + JITTER) + 5
    assert deliver_due(NOW + timedelta(seconds=60), send=provider.send) == 0


def test_attempts_are_bounded() -> None:
    message, provider, told, now = one_message(), Provider(), Told(), NOW
    provider.refuse = SendFailed(Failure.provider_down)
    tries = 0
    while deliver_due(now, send=provider.send, on_result=told):
        tries += 1
        now += timedelta(hours=6)
    assert tries == MAX_ATTEMPTS
    assert (state(message), row(message).failure, told.states) == (OutboxState.failed, "provider_down", ["failed"])


def test_it_recovers_when_the_provider_does() -> None:
    message, provider = one_message(), Provider()
    provider.refuse = SendFailed(Failure.provider_down)
    deliver_due(NOW, send=provider.send)
    provider.refuse = None
    deliver_due(NOW + timedelta(minutes=1), send=provider.send)
    assert (state(message), provider.times[message]) == (OutboxState.accepted, 1)
    assert row(message).last_error is None


@pytest.mark.parametrize("cut", ["before it left", "after it left"])
@pytest.mark.parametrize("how", ["killed", "line broke"])
def test_a_cut_off_send_is_looked_up_and_never_sent_twice(cut: str, how: str) -> None:
    message, provider, told = one_message(), Provider(), Told()
    blow: BaseException = Killed() if how == "killed" else SendFailed(Failure.outcome_unknown)
    if cut == "before it left":
        provider.cut_before = blow
    else:
        provider.cut_after = blow
    if how == "killed":
        with pytest.raises(Killed):
            deliver_due(NOW, send=provider.send)
    else:
        deliver_due(NOW, send=provider.send)
    provider.cut_before = provider.cut_after = None
    assert state(message) == OutboxState.sending
    assert deliver_due(NOW + timedelta(days=1), send=provider.send) == 0  # never blindly
    assert reconcile_due(NOW + LEASE / 2, find_sent=provider.find_sent) == 0  # it may still be on its way
    later = NOW + LEASE + timedelta(seconds=30)
    assert reconcile_due(later, find_sent=provider.find_sent, on_result=told) == 1
    assert state(message) == (OutboxState.queued if cut == "before it left" else OutboxState.accepted)
    deliver_due(later + timedelta(seconds=30), send=provider.send, on_result=told)
    assert provider.times[message] == 1
    assert (state(message), told.states) == (OutboxState.accepted, ["accepted"])
    assert row(message).provider_id == f"SM{message.hex}"


def test_a_result_that_could_not_be_written_is_found_again() -> None:
    message, provider = one_message(), Provider()

    def breaks(*_: object) -> None:
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        deliver_due(NOW, send=provider.send, on_result=breaks)
    assert state(message) == OutboxState.sending
    reconcile_due(NOW + LEASE * 2, find_sent=provider.find_sent)
    assert (state(message), provider.times[message]) == (OutboxState.accepted, 1)


def test_one_that_was_claimed_but_never_asked_goes_back() -> None:
    message, provider = one_message(), Provider(can_look_up=False)
    with database().write() as session:  # a worker that died right after its claim
        held = session.get_one(OutboundMessage, message)
        held.state, held.leased_until, held.attempts = OutboxState.sending, NOW + LEASE, 1
    reconcile_due(NOW + LEASE * 2, find_sent=provider.find_sent)
    assert (state(message), row(message).attempts) == (OutboxState.queued, 1)
    deliver_due(NOW + LEASE * 2 + timedelta(seconds=5), send=provider.send)
    assert provider.times[message] == 1


def test_a_channel_that_cannot_look_leaves_it_to_a_person() -> None:
    message, provider, told = one_message(channel=Channel.telegram), Provider(can_look_up=False), Told()
    provider.cut_after = SendFailed(Failure.outcome_unknown)
    deliver_due(NOW, send=provider.send)
    reconcile_due(NOW + LEASE * 2, find_sent=provider.find_sent, on_result=told)
    assert (state(message), row(message).failure, told.states) == (OutboxState.unknown, "outcome_unknown", ["unknown"])
    assert reconcile_due(NOW + LEASE * 9, find_sent=provider.find_sent) == 0
    assert deliver_due(NOW + LEASE * 9, send=provider.send) == 0
    assert provider.times[message] == 1


def test_a_provider_that_cannot_be_asked_is_asked_again_for_a_day() -> None:
    message, provider = one_message(), Provider()
    provider.cut_after = SendFailed(Failure.outcome_unknown)
    provider.look_up_fails = SendFailed(Failure.provider_down)
    deliver_due(NOW, send=provider.send)
    reconcile_due(NOW + LEASE * 2, find_sent=provider.find_sent)
    assert state(message) == OutboxState.sending
    reconcile_due(NOW + GIVE_UP_LOOKING + LEASE, find_sent=provider.find_sent)
    assert (state(message), row(message).attempts) == (OutboxState.unknown, 1)


def test_equal_words_of_another_message_are_not_taken_for_this_one() -> None:
    provider = Provider()
    with database().write() as session:
        contact = citizen(session)
        first = queue(contact, session, "a")
    deliver_due(NOW, send=provider.send)
    with database().write() as session:
        second = queue(session.get_one(ContactPoint, contact.id), session, "b")
    provider.cut_before = SendFailed(Failure.outcome_unknown)
    deliver_due(NOW, send=provider.send)
    reconcile_due(NOW + LEASE * 2, find_sent=provider.find_sent)
    assert (state(first), state(second)) == (OutboxState.accepted, OutboxState.unknown)


def test_a_worker_that_was_held_up_does_not_send_what_it_no_longer_holds() -> None:
    provider = Provider()
    with database().write() as session:
        contact = citizen(session)
        first, second = queue(contact, session, "a"), queue(contact, session, "b")

    def slow(outgoing: Outgoing) -> None:
        with database().write() as session:  # meanwhile its lease ended and another worker took the rest
            for other in session.exec(select(OutboundMessage).where(col(OutboundMessage.id) != outgoing.id)):
                results.queue_again(other, NOW + timedelta(hours=1))

    provider.during = slow
    deliver_due(NOW, send=provider.send, parallel=1)
    assert sorted(str(state(message)) for message in (first, second)) == ["accepted", "queued"]
    assert len(provider.taken) == 1


def test_a_late_answer_of_the_provider_stops_a_second_try() -> None:
    message, provider = one_message(), Provider()

    def reconciled_too_early(outgoing: Outgoing) -> None:
        with database().write() as session:
            results.queue_again(session.get_one(OutboundMessage, message), NOW)

    provider.during = reconciled_too_early
    deliver_due(NOW, send=provider.send)
    provider.during = lambda outgoing: None
    assert state(message) == OutboxState.accepted
    assert deliver_due(NOW + timedelta(days=1), send=provider.send) == 0
    assert provider.times[message] == 1


def test_a_receipt_may_be_quicker_than_the_reply() -> None:
    message, provider, told = one_message(), Provider(), Told()

    def receipt(outgoing: Outgoing) -> None:
        early = Receipt(Channel.sms, "AC1", f"SM{outgoing.id.hex}", DeliveryStatus.delivered, message_id=outgoing.id)
        with database().write() as session:
            assert apply_receipt(session, early, NOW + timedelta(seconds=1), told) is not None

    provider.during = receipt
    deliver_due(NOW, send=provider.send, on_result=told)
    assert (state(message), told.states) == (OutboxState.delivered, ["delivered"])
    assert row(message).delivered_at == NOW + timedelta(seconds=1)
    assert row(message).accepted_at is not None


def test_accepted_is_delivered_where_the_channel_says_so() -> None:
    message, told = one_message(channel=Channel.telegram), Told()
    deliver_due(NOW, send=Provider(DeliveryStatus.delivered).send, on_result=told)
    assert (state(message), told.states) == (OutboxState.delivered, ["delivered"])
    assert row(message).delivered_at is not None
