"""Telegram without a public address: one thread polls, and confirms what it got only once that is stored."""

import threading
import time
from datetime import UTC, datetime

from cases.inbox import receive
from channels.errors import SendFailed
from channels.telegram_menu import menus
from channels.values import ContactChange, Inbound
from core.logs import logger
from core.settings import settings
from notifications.senders import senders

log = logger("worker.listen")


class Listener:
    """Long polling on a thread of its own. One per bot: two pollers of one bot disturb each other."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telegram-polling", daemon=True)

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def stop(self) -> None:
        """End polling; what was not confirmed is delivered again next time."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        senders().telegram.poll(_keep, self._stop)


def _keep(arrivals: list[Inbound | ContactChange]) -> None:
    receive(arrivals, datetime.now(UTC))


def wanted() -> bool:
    """Whether this installation polls."""
    current = settings()
    return current.telegram_mode == "polling" and bool(current.telegram_token)


def introduce() -> None:
    """Tell Telegram the bot's commands, and where its webhook is unless it polls; tried a few times, since this very
    process may still be starting.
    """
    current = settings()
    # in the demo our own simulator delivers from its start
    hook = current.telegram_mode == "webhook" and not (current.environment == "demo" and not current.telegram_api_url)
    for pause in (0.5, 1, 2, 5, 15, 60):
        time.sleep(pause)
        try:
            if hook:
                senders().telegram.start_webhook(current.site_url, current.telegram_webhook_secret)
                hook = False
            senders().telegram.set_menu(menus(current.languages))
        except SendFailed as error:
            log.warning("telegram_not_introduced", why=error.failure.value)
        else:
            return
