"""Reading the mailbox: one thread stores what arrives, and only then marks it as read."""

import threading
from datetime import UTC, datetime

from cases import mail
from channels.mailbox import Fetched, Mailbox
from core.errors import Misconfigured
from core.logs import logger
from core.settings import settings

OVERHEAD = 1.4
"""Files in a mail are a third longer than their bytes."""
WORDS = 2_000_000

log = logger("worker.mailroom")


class Mailroom:
    """The mailbox on a thread of its own. Several of these harm nothing: a mail is stored once, whoever reads it."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mailbox", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End reading; what was not marked is read again next time, and known."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        try:
            mailbox().watch(_keep, self._stop, settings().mail_seconds)
        except Misconfigured as error:
            log.error("no_mailbox", why=error.message, mend=error.mend)  # noqa: TRY400  (the settings' fault, not ours)


def mailbox() -> Mailbox:
    """The mailbox of this installation. Raises Misconfigured."""
    current = settings()
    whole = round(current.attachment_limit_bytes * OVERHEAD) * max(current.attachment_count, 1) + WORDS
    return Mailbox(current.mailbox_url, limit=whole)


def _keep(fetched: Fetched) -> None:
    mail.keep(fetched, datetime.now(UTC))


def wanted() -> bool:
    """Whether this installation reads a mailbox."""
    return bool(settings().mailbox_url)
