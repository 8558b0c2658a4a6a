"""Receipts come late, twice and in any order; what is known never goes backwards."""

from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.errors import Failure, SendFailed
from channels.values import Channel, DeliveryStatus, Receipt, Sent
from core.database import database
from domain.states import OUTBOX_TRANSITIONS, OutboxState, Purpose
from notifications.deliver import deliver_due
from notifications.results import apply_receipt
from tests.conftest import Installation
from tests.notifications.world import NOW, Provider, Told, citizen, contact_of, one_message, queue, row, state

RANK = {DeliveryStatus.accepted: 0, DeliveryStatus.sent: 1, DeliveryStatus.failed: 2, DeliveryStatus.delivered: 3}


@pytest.fixture(autouse=True)
def settled(installation: Installation) -> Installation:
    return installation


def apply(receipt: Receipt, told: Told | None = None, after: float = 60) -> bool:
    with database().write() as session:
        return apply_receipt(session, receipt, NOW + timedelta(seconds=after), told or Told()) is not None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(statuses=st.lists(st.sampled_from(DeliveryStatus), min_size=1, max_size=7), noted=st.booleans())
def test_any_order_ends_the_same_and_never_goes_back(statuses: list[DeliveryStatus], noted: bool) -> None:
    told = Told()
    with database().write() as session:
        message = queue(citizen(session), session, str(uuid4()))
    if noted:
        deliver_due(NOW, send=Provider().send, on_result=told)
    else:  # the request is still under way: only our own id is known
        deliver_due(NOW, send=_lost)
        assert state(message) == OutboxState.sending
    path = [state(message)]
    for status in statuses:
        assert apply(Receipt(Channel.sms, "AC1", f"SM{message.hex}", status, message_id=message), told)
        path.append(state(message))
    steps = [(a, b) for a, b in pairwise(path) if a != b]
    assert all(step in OUTBOX_TRANSITIONS for step in steps)
    assert path[-1].value == max(statuses, key=RANK.__getitem__).value
    assert len(told.states) == len(steps) + noted  # told of each change once, of repeats never
    assert (row(message).delivered_at is not None) == (path[-1] is OutboxState.delivered)


def _lost(*_: object) -> Sent:
    raise SendFailed(Failure.outcome_unknown)


def test_it_is_found_by_the_providers_id_alone() -> None:
    message = one_message()
    deliver_due(NOW, send=Provider().send)
    assert apply(Receipt(Channel.sms, "AC1", f"SM{message.hex}", DeliveryStatus.sent))
    assert state(message) == OutboxState.sent


def test_a_receipt_of_nothing_we_know_is_left_for_later() -> None:
    message = one_message()
    assert not apply(Receipt(Channel.sms, "AC1", f"SM{message.hex}", DeliveryStatus.sent))
    assert not apply(Receipt(Channel.sms, "AC1", "SM0", DeliveryStatus.sent, message_id=uuid4()))
    assert state(message) == OutboxState.queued


def test_a_receipt_of_another_message_is_not_taken_for_ours() -> None:
    message = one_message()
    deliver_due(NOW, send=Provider().send)
    assert not apply(Receipt(Channel.sms, "AC1", "SMother", DeliveryStatus.failed, message_id=message))
    assert not apply(Receipt(Channel.sms, "AC2", f"SM{message.hex}x", DeliveryStatus.failed))
    assert state(message) == OutboxState.accepted


@pytest.mark.parametrize("failure", [None, *Failure])
def test_a_failed_receipt_closes_the_address_when_it_says_so(failure: Failure | None) -> None:
    message, told = one_message(), Told()
    deliver_due(NOW, send=Provider().send)
    assert apply(Receipt(Channel.sms, "AC1", f"SM{message.hex}", DeliveryStatus.failed, failure, "Twilio 1"), told)
    contact = contact_of(message)
    assert (state(message), told.states) == (OutboxState.failed, ["failed"])
    assert row(message).failure == (failure or Failure.unreachable).value
    assert row(message).last_error == "Twilio 1"
    assert bool(contact.opted_out_at or contact.unreachable_at) == bool(failure and failure.closes_contact)


def test_delivered_after_all_opens_the_address_again() -> None:
    message = one_message(Purpose.answer)
    deliver_due(NOW, send=Provider().send)
    name = f"SM{message.hex}"
    apply(Receipt(Channel.sms, "AC1", name, DeliveryStatus.failed, Failure.invalid_address))
    assert contact_of(message).unreachable_why
    apply(Receipt(Channel.sms, "AC1", name, DeliveryStatus.delivered))
    assert (state(message), row(message).failure, contact_of(message).unreachable_at) == ("delivered", None, None)
    apply(Receipt(Channel.sms, "AC1", name, DeliveryStatus.failed, Failure.opted_out))
    assert state(message) == OutboxState.delivered
    assert contact_of(message).opted_out_at is None


@pytest.mark.parametrize(("at", "kept"), [(-3600, 0), (30, 30), (None, 60), (3600, 60)])
def test_the_carriers_time_counts_within_reason(at: float | None, kept: float) -> None:
    message = one_message()
    deliver_due(NOW, send=Provider().send)
    when = None if at is None else NOW + timedelta(seconds=at)
    apply(Receipt(Channel.sms, "AC1", f"SM{message.hex}", DeliveryStatus.delivered, at=when))
    assert row(message).delivered_at == NOW + timedelta(seconds=kept)
