"""`ombud doctor` on Telegram: is the bot known, do its messages come to us, does it show its commands."""

import time
from typing import Literal, Protocol
from urllib.parse import urlsplit

import httpx

from core.settings import Settings

Seen = tuple[Literal["good", "bad", "off"], str, str]
"""How it is, in words, and how to mend it."""
_LATELY = 3600  # seconds after which a webhook's last error is old news


class Ask(Protocol):
    """Asks an address; gives the answer, or in words why there is none."""

    def __call__(self, url: str, *, params: dict[str, str] | None = None) -> httpx.Response | str: ...


def known(current: Settings, ask: Ask) -> Seen | str:
    """What was found; a text where Telegram cannot be reached."""
    if not current.telegram_token or current.telegram_mode == "off":
        return "off", "switched off", ""
    bot = f"{current.telegram_url or 'https://api.telegram.org'}/bot{current.telegram_token}"
    answer = ask(f"{bot}/getMe")
    if isinstance(answer, str):
        return answer
    if answer.status_code in (401, 404):
        return "bad", "Telegram does not know this bot", "Copy OMBUD_TELEGRAM_TOKEN from BotFather."
    if answer.status_code != 200:
        return "bad", f"Telegram answers {answer.status_code}", "Try again in a minute."
    name = str(_result(answer).get("username") or "?")
    wrong = _arriving(current, ask(f"{bot}/getWebhookInfo"))
    if wrong is not None:
        return "bad", f"@{name}: {wrong[0]}", wrong[1]
    commands = ask(f"{bot}/getMyCommands", params={"scope": '{"type": "all_private_chats"}'})
    if isinstance(commands, str) or not commands.json().get("result"):
        return "bad", f"@{name} shows no commands", "Start `ombud serve`: it sets them, and says in its log why not."
    return "good", f"@{name} is known, messages arrive by {current.telegram_mode}, its commands are set", ""


def _arriving(current: Settings, answer: httpx.Response | str) -> tuple[str, str] | None:
    """What is wrong with the way messages arrive, and how to mend it."""
    if isinstance(answer, str) or answer.status_code != 200:
        return "Telegram does not say where messages go", "Try again in a minute."
    hook = _result(answer)
    url, ours = str(hook.get("url") or ""), f"{current.site_url}/webhooks/telegram"
    another = "Does another installation use this token?"
    if current.telegram_mode == "polling":
        where, mend = urlsplit(url).hostname, f"Start `ombud serve`: it takes the webhook away. {another}"
        return (f"messages go to a webhook at {where}, so polling gets none", mend) if url else None
    if not url:
        return "no webhook is set, so messages wait at Telegram", "Start `ombud serve`: it sets the webhook."
    if url != ours:
        return f"messages go to {url}, not to {ours}", f"Set OMBUD_PUBLIC_URL and restart. {another}"
    failed_at = hook.get("last_error_date")
    if isinstance(failed_at, int) and time.time() - failed_at < _LATELY:
        said, waiting = hook.get("last_error_message") or "an error", hook.get("pending_update_count", 0)
        mend = "Check the proxy, its certificate, and that OMBUD_TELEGRAM_WEBHOOK_SECRET is the same everywhere."
        return f"a delivery failed within the hour: {said}; {waiting} messages wait", mend
    return None


def _result(answer: httpx.Response) -> dict[str, object]:
    found = answer.json().get("result")
    return found if isinstance(found, dict) else {}
