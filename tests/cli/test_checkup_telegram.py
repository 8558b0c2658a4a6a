"""`ombud doctor` on Telegram, against what the Bot API may answer."""

import time

import httpx
import pytest

from cli.checkup_telegram import known
from core.settings import Settings

NOW = int(time.time())
URL = "https://ombud.example/webhooks/telegram"


def answers(me: int = 200, hook: object = None, commands: object = (1,)) -> object:
    """What each method answers."""

    def ask(url: str, *, params: dict[str, str] | None = None) -> httpx.Response | str:
        method = url.rpartition("/")[2]
        given: dict[str, tuple[int, object]] = {
            "getMe": (me, {"username": "town_bot"}),
            "getWebhookInfo": (200, {"url": URL} if hook is None else hook),
            "getMyCommands": (200, list(commands)),  # type: ignore[call-overload]
        }
        status, result = given[method]
        return httpx.Response(status, json={"ok": status == 200, "result": result})

    return ask


@pytest.mark.parametrize(
    ("mode", "ask", "state", "words"),
    [
        ("webhook", answers(), "good", "@town_bot is known, messages arrive by webhook, its commands are set"),
        ("off", answers(), "off", "switched off"),
        ("webhook", answers(me=401), "bad", "does not know this bot"),
        ("webhook", answers(me=502), "bad", "answers 502"),
        ("webhook", answers(hook={"url": ""}), "bad", "no webhook is set"),
        ("webhook", answers(hook={"url": "https://old.example/x"}), "bad", "messages go to https://old.example/x"),
        (
            "webhook",
            answers(hook={"url": URL, "last_error_date": NOW, "last_error_message": "403", "pending_update_count": 4}),
            "bad",
            "a delivery failed within the hour: 403; 4 messages wait",
        ),
        ("webhook", answers(hook={"url": URL, "last_error_date": NOW - 9000}), "good", "is known"),
        ("webhook", answers(commands=()), "bad", "shows no commands"),
        ("polling", answers(hook={"url": ""}), "good", "messages arrive by polling"),
        ("polling", answers(), "bad", "so polling gets none"),
    ],
)
def test_what_is_wrong_is_said(mode: str, ask: object, state: str, words: str) -> None:
    current = Settings(telegram_mode=mode, public_url="https://ombud.example")
    seen = known(current, ask)  # type: ignore[arg-type]
    assert not isinstance(seen, str)
    assert seen[0] == state
    assert words in seen[1]
    assert bool(seen[2]) == (state == "bad")
    assert "demo-telegram-token" not in "".join(seen)
