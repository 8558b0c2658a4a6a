"""The doctor on Twilio: the account, its numbers, and where their messages go; against the simulated API."""

from collections.abc import Iterator
from typing import Any

import pytest

from channels.values import Channel
from cli import checkup, checkup_twilio
from core.settings import Settings, settings
from domain.sender import Sender
from tests.conftest import Installation
from tests.simulators.world import ACCOUNT, NUMBER, TWILIO_TOKEN, World, world


@pytest.fixture(scope="module")
def net() -> Iterator[World]:
    with world() as made:
        yield made


def told(net: World, monkeypatch: pytest.MonkeyPatch, **more: str) -> checkup.Finding:
    given = {
        "TWILIO_API_URL": f"{net.url}/simulator/twilio",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
        "TWILIO_FROM": NUMBER,
        "PUBLIC_URL": net.public_url,
    } | more
    for name, value in given.items():
        monkeypatch.setenv(f"OMBUD_{name}", value)
    settings.cache_clear()
    return checkup._twilio(settings())


@pytest.mark.parametrize(
    ("more", "state", "words"),
    [
        ({}, "good", "is known"),
        ({"TWILIO_FROM": "MG" + "1" * 32}, "good", "is known"),
        ({"TWILIO_FROM": "55512"}, "good", "is known"),
        ({"TWILIO_AUTH_TOKEN": "wrong"}, "bad", "OMBUD_TWILIO_AUTH_TOKEN"),
        ({"TWILIO_FROM": "+355690000009"}, "bad", "no number of this account"),
        (
            {"PUBLIC_URL": "https://elsewhere.example"},
            "bad",
            "https://elsewhere.example/webhooks/twilio/messages#rc=3&rp=all",
        ),
    ],
)
def test_each_thing_that_can_be_wrong_is_told_with_how_to_mend_it(
    net: World,
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    more: dict[str, str],
    state: str,
    words: str,
) -> None:
    found = told(net, monkeypatch, **more)
    assert found.state == state
    assert words in found.seen + found.mend
    assert TWILIO_TOKEN not in found.seen + found.mend


def test_the_senders_of_offices_are_looked_at_too(
    net: World, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation.database.write() as session:
        session.add(Sender(channel=Channel.sms, address="+355690000001"))
    assert "2 senders" in told(net, monkeypatch).seen
    with installation.database.write() as session:
        session.add(Sender(channel=Channel.sms, address="+355690000008"))
    assert "+355690000008 is no number" in told(net, monkeypatch).mend


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ({"sms_url": ""}, "goes to nowhere"),
        ({"sms_url": "https://old.example/sms"}, "goes to https://old.example/sms"),
        ({"sms_url": "https://ombud.example/webhooks/twilio/messages"}, "tries"),
        ({"sms_url": "https://ombud.example/webhooks/twilio/messages#rc=3&rp=all"}, ""),
        ({"capabilities": {"sms": False}}, "cannot send SMS"),
    ],
)
def test_where_messages_go(monkeypatch: pytest.MonkeyPatch, number: dict[str, Any], words: str) -> None:
    monkeypatch.setattr(checkup_twilio, "_get", lambda *_: {"incoming_phone_numbers": [number]})
    said = checkup_twilio.faults(Settings(public_url="https://ombud.example"), "+355690000000")
    assert words in said
    assert bool(said) == bool(words)
