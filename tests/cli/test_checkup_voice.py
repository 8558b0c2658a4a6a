"""What `ombud doctor` says of the hotline."""

from typing import Any

import httpx
import pytest

from cli import checkup
from core.settings import Settings

NUMBER = "+35542000000"
SITE = "https://ombud.example"
GOOD = {
    "voice_url": f"{SITE}/webhooks/twilio/voice#rc=3&rp=all",
    "voice_method": "POST",
    "status_callback": f"{SITE}/webhooks/twilio/voice/status",
}
RECORDED = {"sq": "https://files.example/sq"}
CASES: dict[str, tuple[dict[str, Any] | int | str, str, str]] = {
    "good": (GOOD, "good", "leads here"),
    "an office's number": (GOOD | {"voice_url": f"{SITE}/webhooks/twilio/voice?office=WAT2"}, "good", "leads here"),
    "leads elsewhere": (GOOD | {"voice_url": "https://demo.twilio.com/welcome/voice/"}, "bad", "calls lead to"),
    "leads nowhere": (GOOD | {"voice_url": ""}, "bad", "nowhere"),
    "by GET": (GOOD | {"voice_method": "GET"}, "bad", "calls lead to"),
    "no end": (GOOD | {"status_callback": ""}, "bad", "when a call ends"),
    "not ours": ({}, "bad", "no number of this account"),
    "refused": (401, "bad", "answers 401"),
    "away": ("ConnectError", "bad", "ConnectError"),
}


def examined(monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any] | int | str, **more: Any) -> checkup.Finding:
    def ask(url: str, **_: object) -> httpx.Response | str:
        assert "PhoneNumber=%2B35542000000" in url, "a plus in an address is a space"
        if isinstance(answer, str):
            return answer
        if isinstance(answer, int):
            return httpx.Response(answer)
        return httpx.Response(200, json={"incoming_phone_numbers": [answer] if answer else []})

    monkeypatch.setattr(checkup, "_ask", ask)
    known = {"voice_number": NUMBER, "public_url": SITE, "twilio_api_url": "https://api.twilio.com"}
    return checkup._voice(Settings.model_validate({**known, "voice_audio": RECORDED, **more}))


@pytest.mark.parametrize("name", CASES)
def test_where_the_number_leads(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    answer, state, seen = CASES[name]
    found = examined(monkeypatch, answer)
    assert (found.state, seen in found.seen) == (state, True), found
    assert bool(found.mend) is (state == "bad")


def test_a_language_without_a_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(monkeypatch, GOOD, voice_audio={})
    assert (found.state, found.seen) == ("bad", "no voice speaks sq, so it is left out")
    assert "OMBUD_VOICE_AUDIO" in found.mend


def test_no_number_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examined(monkeypatch, GOOD, voice_number="").state == "off"
