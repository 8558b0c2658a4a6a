"""Telegram without a public address: one thread polls, and confirms what it got only once that is stored."""

import threading
import time
from datetime import UTC, datetime

from cases.inbox import receive
from channels.errors import SendFailed
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


def announce_webhook() -> None:
    """Tell Telegram where its webhook is; tried a few times, since this very process may still be starting."""
    current = settings()
    if current.environment == "demo" and current.telegram_api_url is None:
        return  # our own simulator delivers from its start
    for pause in (0.5, 1, 2, 5, 15, 60):
        time.sleep(pause)
        try:
            senders().telegram.start_webhook(current.site_url, current.telegram_webhook_secret)
        except SendFailed as error:
            log.warning("telegram_webhook_not_set", why=error.failure.value)
        else:
            return
