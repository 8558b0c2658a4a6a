"""The other ways to reach the government, as this installation has them set up."""

import threading
import time

from channels.errors import SendFailed
from channels.phones import readable
from core.logs import logger
from core.settings import Settings, settings
from notifications.senders import Senders

log = logger("api.ways")

PATIENCE = 300.0
"""Seconds before Telegram is asked for the bot's name again, after it did not answer."""


class _Bot:
    """The bot's name: as set, else as Telegram says, which is asked beside the requests since no page waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}
        self._next = 0.0

    def name(self) -> str:
        """The name without its @; empty while it is not known, or the bot is off."""
        now = settings()
        if now.telegram_mode == "off" or not now.telegram_token:
            return ""
        if now.telegram_name:
            return now.telegram_name.removeprefix("@")
        known = self._names.get(now.telegram_token, "")
        if not known:
            self._ask(now)
        return known

    def _ask(self, current: Settings) -> None:
        with self._lock:
            if time.monotonic() < self._next:
                return
            self._next = time.monotonic() + PATIENCE

        def ask() -> None:
            asking = Senders(current)
            try:
                self._names[current.telegram_token] = asking.telegram.username()
            except SendFailed as error:
                log.info("bot_name_unknown", detail=str(error))  # asked again in a while
            finally:
                asking.close()

        threading.Thread(target=ask, name="bot-name", daemon=True).start()


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
