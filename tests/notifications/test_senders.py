"""Which adapter sends what, made once and only when needed."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from channels.errors import Failure, SendFailed
from channels.values import Channel, Outgoing, Sent
from core.ids import new_id
from core.settings import Settings, settings
from notifications.senders import Senders, close_senders, senders
from notifications.sending import NoLookUp

HELLO = Outgoing(id=new_id(), to="+355691234567", text="Hello")


@pytest.mark.parametrize("channel", [Channel.web, Channel.kiosk, Channel.api, Channel.assisted])
def test_what_cannot_be_sent_is_said(channel: Channel) -> None:
    with pytest.raises(SendFailed) as refused:
        Senders(settings()).send(HELLO, channel)
    assert refused.value.failure is Failure.not_configured


@pytest.mark.parametrize(
    "how", [{"environment": "production"}, {"smtp_url": "mail.example"}, {"imap_url": "imaps://a"}]
)
def test_email_that_is_not_set_up(how: dict[str, str]) -> None:
    with pytest.raises(SendFailed) as refused:
        Senders(Settings(**how)).send(HELLO, Channel.email)  # type: ignore[arg-type]
    assert refused.value.failure is Failure.not_configured


@pytest.mark.parametrize("off", [{"telegram_mode": "off"}, {"telegram_token": ""}])
def test_telegram_switched_off(off: dict[str, str]) -> None:
    with pytest.raises(SendFailed) as refused:
        Senders(Settings(**off)).send(HELLO, Channel.telegram)  # type: ignore[arg-type]
    assert refused.value.failure is Failure.not_configured


def test_adapters_are_made_once_from_the_settings() -> None:
    ours = Senders(Settings(port=9999, twilio_from="+355600", twilio_account_sid="AC1"))
    assert ours.twilio() is ours.twilio()
    assert ours.telegram is ours.telegram
    assert (ours.twilio().sender, ours.twilio().account_sid) == ("+355600", "AC1")
    assert ours.twilio().api_url == "http://127.0.0.1:9999/simulator/twilio"
    assert ours.twilio(Channel.whatsapp).channel is Channel.whatsapp
    ours.close()


def test_receipts_come_back_to_the_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, sent = Senders(Settings(public_url="https://ombud.example")), []

    def keep(_: object, outgoing: Outgoing) -> Sent:
        sent.append(outgoing)
        raise SendFailed(Failure.provider_down)

    monkeypatch.setattr("channels.sms.Sms.send", keep)
    with pytest.raises(SendFailed):
        ours.send(HELLO, Channel.sms)
    assert [one.receipt_url for one in sent] == [f"https://ombud.example/webhooks/twilio/status?message={HELLO.id}"]


def test_only_twilio_can_look_up() -> None:
    with pytest.raises(NoLookUp):
        Senders(settings()).find_sent(HELLO, Channel.telegram, datetime.now(UTC))


def test_one_set_per_process_and_closing_starts_anew() -> None:
    close_senders()
    first = senders()
    assert senders() is first
    close_senders()
    assert senders() is not first
    close_senders()


def test_importing_loads_no_provider_library() -> None:
    heavy = ("twilio", "telegram", "spacy", "sklearn", "scipy")
    look = f"import sys, notifications.senders, routing.service; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
