"""The real twilio library against the simulated Twilio: every failure it can answer with, and what became of a send."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from channels.errors import Failure, SendFailed
from channels.sms import Sms
from channels.sms_codes import receipt_failure, send_failure
from channels.values import Channel, DeliveryStatus, Outgoing, Receipt
from tests.simulators.world import ACCOUNT, CITIZEN, NUMBER, TWILIO_TOKEN, World, until


@pytest.fixture
def sms(net: World) -> Iterator[Sms]:
    made = Sms(ACCOUNT, TWILIO_TOKEN, NUMBER, f"{net.url}/simulator/twilio", timeout=5)
    yield made
    made.close()


def outgoing(net: World, to: str = CITIZEN, text: str = "We have your message.", sender: str | None = None) -> Outgoing:
    number = uuid4()
    return Outgoing(number, to, text, sender, receipt_url=f"{net.public_url}/webhooks/twilio/status?message={number}")


def arrived(net: World, count: int) -> list[Receipt]:
    until(lambda: len(net.receipts()) == count)
    return net.receipts()


def failed(sms: Sms, message: Outgoing) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        sms.send(message)
    return caught.value


def test_a_send_and_its_signed_receipts(net: World, sms: Sms) -> None:
    message = outgoing(net, text="Uji kthehet sot. 🚰")
    sent = sms.send(message)
    assert (sent.account, sent.status) == (ACCOUNT, DeliveryStatus.accepted)
    receipts = arrived(net, 2)
    assert [(r.status, r.provider_id, r.message_id) for r in receipts] == [
        (DeliveryStatus.sent, sent.provider_id, message.id),
        (DeliveryStatus.delivered, sent.provider_id, message.id),
    ]
    assert receipts[1].at is not None


def test_another_sender_and_a_messaging_service(net: World, sms: Sms) -> None:
    assert failed(sms, outgoing(net, sender="+355690000009")).failure is Failure.not_configured
    assert sms.send(outgoing(net, sender="MG" + "1" * 32)).provider_id


def test_whatsapp(net: World) -> None:
    whatsapp = Sms(ACCOUNT, TWILIO_TOKEN, NUMBER, f"{net.url}/simulator/twilio", channel=Channel.whatsapp)
    whatsapp.send(outgoing(net))
    receipts = arrived(net, 2)
    assert {r.channel for r in receipts} == {Channel.whatsapp}
    whatsapp.close()


@pytest.mark.parametrize(
    ("to", "failure"),
    [
        ("+15005550001", Failure.invalid_address),
        ("+15005550009", Failure.invalid_address),
        ("not a number", Failure.invalid_address),
        ("", Failure.invalid_address),
        ("+15005550002", Failure.unreachable),
        ("+15005550003", Failure.not_configured),
        ("+15005550004", Failure.opted_out),
    ],
)
def test_numbers_that_cannot_be_written_to(net: World, sms: Sms, to: str, failure: Failure) -> None:
    assert failed(sms, outgoing(net, to)).failure is failure


def test_stop_and_start(net: World, sms: Sms) -> None:
    citizen = "+355690000177"
    net.http.post(f"{net.url}/simulator/phone/sms", data={"number": citizen, "text": " Stop "})
    error = failed(sms, outgoing(net, citizen))
    assert error.failure is Failure.opted_out
    assert error.failure.closes_contact
    assert "21610" in error.detail
    net.http.post(f"{net.url}/simulator/phone/sms", data={"number": citizen, "text": "START"})
    assert sms.send(outgoing(net, citizen)).provider_id


def test_words_that_are_refused(net: World, sms: Sms) -> None:
    assert failed(sms, outgoing(net, text="x" * 1601)).failure is Failure.too_long
    assert failed(sms, outgoing(net, text="")).failure is Failure.content_refused


@pytest.mark.parametrize(
    ("kind", "how", "failure"),
    [
        ("unauthorized", {}, Failure.credentials),
        ("server_error", {}, Failure.provider_down),
        ("server_error", {"status": 503}, Failure.provider_down),
        ("server_error", {"status": 504}, Failure.outcome_unknown),  # a gateway lost the answer
        ("refused", {"code": 21408}, Failure.not_configured),
        ("refused", {"code": 21611}, Failure.rate_limited),
        ("refused", {"code": 63016}, Failure.window_closed),
        ("refused", {"code": 12345}, Failure.content_refused),
    ],
)
def test_a_bad_day(net: World, sms: Sms, kind: str, how: dict[str, int], failure: Failure) -> None:
    net.fault("twilio", kind, **how)
    assert failed(sms, outgoing(net)).failure is failure
    assert sms.send(outgoing(net)).provider_id  # and a good one after it


def test_too_many_at_once(net: World, sms: Sms) -> None:
    net.fault("twilio", "rate_limited", seconds=2.5)
    error = failed(sms, outgoing(net))
    assert (error.failure, error.retry_after) == (Failure.rate_limited, 2.5)


def test_wrong_token_and_nothing_set(net: World) -> None:
    url = f"{net.url}/simulator/twilio"
    assert failed(Sms(ACCOUNT, "wrong", NUMBER, url), outgoing(net)).failure is Failure.credentials
    assert failed(Sms("AC" + "0" * 32, TWILIO_TOKEN, NUMBER, url), outgoing(net)).failure is Failure.credentials
    assert failed(Sms("", "", NUMBER, url), outgoing(net)).failure is Failure.not_configured


def test_nobody_there(net: World) -> None:
    gone = Sms(ACCOUNT, TWILIO_TOKEN, NUMBER, "http://127.0.0.1:9", timeout=2)
    error = failed(gone, outgoing(net))
    assert error.failure is Failure.provider_down
    assert error.failure.retry
    lost = Sms(ACCOUNT, TWILIO_TOKEN, NUMBER, "http://nowhere.invalid", timeout=2)
    assert failed(lost, outgoing(net)).failure is Failure.provider_down


def test_a_line_that_breaks_after_asking(net: World) -> None:
    """A server that takes the request and hangs up: it may have been sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        broken = Sms(ACCOUNT, TWILIO_TOKEN, NUMBER, f"http://127.0.0.1:{server.getsockname()[1]}", timeout=2)
        assert failed(broken, outgoing(net)).failure is Failure.outcome_unknown
        thread.join()


def test_a_time_out_after_accepting_is_found_again(net: World) -> None:
    hasty = Sms(ACCOUNT, TWILIO_TOKEN, NUMBER, f"{net.url}/simulator/twilio", timeout=0.3)
    began, message = datetime.now(UTC), outgoing(net, text="Only once, please.")
    net.fault("twilio", "accepted_then_silent", seconds=0.6)
    error = failed(hasty, message)
    assert error.failure is Failure.outcome_unknown
    assert not error.failure.retry
    found = hasty.find_sent(message, began)
    assert found is not None
    receipt = until(net.receipts)[0]
    assert (receipt.provider_id, receipt.message_id) == (found.provider_id, message.id)
    hasty.close()


def test_a_time_out_before_accepting_is_not_found(net: World) -> None:
    hasty = Sms(ACCOUNT, TWILIO_TOKEN, NUMBER, f"{net.url}/simulator/twilio", timeout=0.3)
    message = outgoing(net, text="Never taken.")
    net.fault("twilio", "silent", seconds=0.5)
    assert failed(hasty, message).failure is Failure.outcome_unknown
    assert hasty.find_sent(message, datetime.now(UTC)) is None
    hasty.close()


def test_finding_is_exact(net: World, sms: Sms) -> None:
    message = outgoing(net, text="Exactly these words.")
    sent = sms.send(message)
    now = datetime.now(UTC)
    found = sms.find_sent(message, now)
    assert found is not None
    assert found.provider_id == sent.provider_id
    assert sms.find_sent(outgoing(net, text="Exactly these words"), now) is None
    assert sms.find_sent(outgoing(net, "+355690000188", text=message.text), now) is None
    assert sms.find_sent(message, now + timedelta(minutes=5)) is None


def test_finding_when_twilio_cannot_be_asked(net: World, sms: Sms) -> None:
    wrong = Sms(ACCOUNT, "wrong", NUMBER, f"{net.url}/simulator/twilio")
    with pytest.raises(SendFailed) as caught:
        wrong.find_sent(outgoing(net), datetime.now(UTC))
    assert caught.value.failure is Failure.credentials


@pytest.mark.parametrize(
    ("to", "failure"),
    [
        ("+15005553003", Failure.unreachable),
        ("+15005553004", Failure.blocked),
        ("+15005553007", Failure.content_refused),
    ],
)
def test_receipts_that_fail(net: World, sms: Sms, to: str, failure: Failure) -> None:
    sms.send(outgoing(net, to))
    receipts = arrived(net, 2)
    assert [r.status for r in receipts] == [DeliveryStatus.sent, DeliveryStatus.failed]
    assert receipts[1].failure is failure


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        ("receipts_twice", ["sent", "sent", "delivered", "delivered"]),
        ("receipts_reordered", ["delivered", "sent"]),
    ],
)
def test_receipts_twice_and_out_of_order(net: World, sms: Sms, kind: str, statuses: list[str]) -> None:
    net.fault("twilio", kind)
    sms.send(outgoing(net))
    receipts = arrived(net, len(statuses))
    assert [r.status.value for r in receipts] == statuses
    status = DeliveryStatus.accepted
    for receipt in receipts:
        status = status.moved_to(receipt.status)
    assert status is DeliveryStatus.delivered


def test_receipts_lost(net: World, sms: Sms) -> None:
    net.fault("twilio", "receipts_lost")
    message = outgoing(net, text="Delivered in silence.")
    sms.send(message)
    until(lambda: (found := sms.find_sent(message, datetime.now(UTC))) and found.status is DeliveryStatus.delivered)
    net.quiet()
    assert net.receipts() == []


def test_one_client_for_many_threads(net: World, sms: Sms) -> None:
    ids: list[str] = []
    threads = [threading.Thread(target=lambda: ids.append(sms.send(outgoing(net)).provider_id)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 12


def test_a_slow_twilio_is_given_up_in_time(net: World) -> None:
    hasty = Sms(ACCOUNT, TWILIO_TOKEN, NUMBER, f"{net.url}/simulator/twilio", timeout=0.2)
    net.fault("twilio", "silent", seconds=1.5)
    began = time.monotonic()
    failed(hasty, outgoing(net))
    assert time.monotonic() - began < 1.2
    hasty.close()


def test_every_failure_has_a_sentence_and_only_unsent_ones_are_tried_again() -> None:
    assert all(failure.__doc__ and failure.__doc__.endswith(".") for failure in Failure)
    assert {failure.value for failure in Failure if failure.retry} == {"rate_limited", "provider_down", "credentials"}
    assert {failure.value for failure in Failure if failure.closes_contact} == {
        "opted_out",
        "invalid_address",
        "blocked",
    }


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        (400, 21211, Failure.invalid_address),
        (400, 21614, Failure.invalid_address),
        (400, 21217, Failure.invalid_address),
        (400, 21407, Failure.invalid_address),
        (400, 21610, Failure.opted_out),
        (400, 21612, Failure.unreachable),
        (400, 21605, Failure.too_long),
        (400, 21617, Failure.too_long),
        (401, 20003, Failure.credentials),
        (403, None, Failure.credentials),
        (404, None, Failure.credentials),
        (429, None, Failure.rate_limited),
        (429, 20429, Failure.rate_limited),
        (500, None, Failure.provider_down),
        (503, None, Failure.provider_down),
        (502, None, Failure.outcome_unknown),
        (504, None, Failure.outcome_unknown),
        (400, None, Failure.content_refused),
    ],
)
def test_codes(status: int, code: int | None, failure: Failure) -> None:
    assert send_failure(status, code) is failure


def test_receipt_codes() -> None:
    assert [receipt_failure(code) for code in (30003, 30005, 30006, 30007, 30034, 21610, None, 1)] == [
        *[Failure.unreachable] * 3,
        *[Failure.content_refused] * 2,
        Failure.opted_out,
        *[Failure.unreachable] * 2,
    ]
