"""The other ways to reach the government, as this installation has them set up."""

import threading
import time

from channels.errors import SendFailed
from channels.phones import readable
from core.logs import logger
from core.settings import settings
from reports.posters import PATIENCE, bot_name

log = logger("api.ways")


class _Bot:
    """The bot's name, asked of Telegram beside the requests: no page waits for it, the first ones go without."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._name = ""
        self._next = 0.0

    def name(self) -> str:
        """The name without its @; empty while it is not known, or the bot is off."""
        now = settings()
        if now.telegram_mode == "off" or not now.telegram_token:
            return ""
        if now.telegram_name:
            return bot_name()
        with self._lock:
            due = not self._name and time.monotonic() >= self._next
            self._next = time.monotonic() + PATIENCE if due else self._next
        if due:
            threading.Thread(target=self._ask, name="bot-name", daemon=True).start()
        return self._name

    def _ask(self) -> None:
        try:
            self._name = bot_name()
        except SendFailed as error:
            log.info("bot_name_unknown", detail=str(error))  # asked again in a while


_bot = _Bot()


def ways() -> list[dict[str, str]]:
    """Channels that are connected: code, what to show, and the address that opens it ("" for none)."""
    now = settings()
    found: list[dict[str, str]] = []
    if now.twilio_from.startswith("+"):
        found.append({"channel": "sms", "name": readable(now.twilio_from), "url": f"sms:{now.twilio_from}"})
    if now.twilio_whatsapp_from:
        number = now.twilio_whatsapp_from.removeprefix("whatsapp:")
        found.append({"channel": "whatsapp", "name": readable(number), "url": f"https://wa.me/{number.lstrip('+')}"})
    if name := _bot.name():
        found.append({"channel": "telegram", "name": f"@{name}", "url": f"https://t.me/{name}"})
    if now.mail_from and now.imap_url:
        found.append({"channel": "email", "name": now.mail_from, "url": f"mailto:{now.mail_from}"})
    if now.voice_number:
        found.append({"channel": "voice", "name": readable(now.voice_number), "url": f"tel:{now.voice_number}"})
    return found
