"""Mail in: a folder read by IMAP. A mail is marked as read only after it is stored, so a crash in between repeats it.

What tells mails apart is their content, not their number in the folder: a folder that was restored or moved, and
numbers its mails anew, brings nothing twice.
"""

import imaplib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from channels.email import Server, server_of, tls_context
from channels.errors import Failure, SendFailed
from core.errors import Misconfigured
from core.logs import logger

if TYPE_CHECKING:
    from imap_tools import BaseMailBox

HEAD = 300_000
"""Bytes read of a mail that is larger than the limit: its headers, and the words, which come first."""
BATCH = 50
FAILURES = 3
"""Mails in a row that cannot be stored, before the rest of this round is left to the next one."""
LONGEST_PAUSE = 120.0
_SLICE = 1.0  # seconds; how soon a wait notices that it should end

log = logger("channels")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as the server gave it; `size` is its full size in bytes, and `raw` may be only the beginning."""

    raw: bytes
    size: int


Keep = Callable[[Fetched], None]
"""Stores one mail for good. It is marked as read when this returns; if it raises, it is offered again."""


class Mailbox:
    """One folder. `url`: imaps://user:password@host/FOLDER?processed=FOLDER&sent=FOLDER.

    With `processed`, mails that were stored are moved there, and whatever is still in the folder is new; else they are
    marked as read, and what is unread is new. `sent` is the folder where the server keeps what was sent, for looking up
    whether a mail left. `limit` is the largest mail read whole, in bytes.
    """

    def __init__(self, url: str, *, limit: int = 25_000_000, timeout: float = 30.0) -> None:
        self.server: Server = server_of(url)
        if self.server.scheme not in ("imap", "imaps"):
            raise Misconfigured(
                "The mailbox's address does not start with imaps://.",
                mend="Set OMBUD_IMAP_URL, as imaps://user:password@host/INBOX.",
            )
        more = parse_qs(urlsplit(url).query)
        self.processed = next(iter(more.get("processed", [])), "")
        self.sent = next(iter(more.get("sent", [])), "")
        self.limit = limit
        self.timeout = timeout

    @property
    def new(self) -> str:
        """Which mails were not stored yet, as IMAP asks."""
        return "UNDELETED" if self.processed else "UNSEEN UNDELETED"

    def look(self, folder: str = "") -> int:
        """Sign in, open the folder (or another one), and count what is new: whether it works. Raises SendFailed."""
        with self._open(folder) as box:
            return len(box.uids(self.new, charset=None))

    def read(self, keep: Keep) -> int:
        """Offer every unread mail to `keep` once; gives how many were stored. Raises SendFailed."""
        with self._open() as box:
            return _round(self, box, keep)

    def has_sent(self, message_id: str) -> bool:
        """Whether the folder of sent mail has a mail whose Message-ID holds these words. Raises SendFailed."""
        with self._open(self.sent) as box:
            return bool(box.uids(f'HEADER Message-ID "{message_id}"', charset=None))

    def watch(self, keep: Keep, stop: threading.Event, seconds: float) -> None:
        """Read what is unread, and then what arrives, until `stop` is set.

        Where the server can tell of new mail (IDLE) it is read at once, and every `seconds` in any case. Call it on a
        thread of its own. A line that breaks is dialled again, after pauses that grow.
        """
        pause = 1.0
        while not stop.is_set():
            try:
                with self._open() as box:
                    while not stop.is_set():
                        stored = _round(self, box, keep)
                        pause = 1.0
                        if stored < BATCH:
                            _wait(box, stop, seconds)
            except SendFailed as error:
                log.warning("mailbox_not_read", failure=error.failure.value, detail=error.detail, pause=pause)
            except _Unstorable:
                log.warning("mails_not_stored", pause=pause)
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    @contextmanager
    def _open(self, folder: str = "") -> "Iterator[BaseMailBox]":
        """The folder, signed in. Whatever IMAP brings up comes out as SendFailed."""
        from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

        name = folder or self.server.folder
        try:
            box = self._dialled()
            try:
                box.login(self.server.user, self.server.password, initial_folder=None)
                box.folder.set(name)
                yield box
            finally:
                with suppress(imaplib.IMAP4.error, ImapToolsError, OSError):  # only a farewell
                    box.logout()
        except MailboxLoginError as error:
            raise SendFailed(Failure.credentials, "The mailbox does not know this user and password") from error
        except MailboxFolderSelectError as error:
            raise SendFailed(Failure.not_configured, f"There is no folder {name}") from error
        except (imaplib.IMAP4.error, ImapToolsError, OSError, ValueError) as error:
            raise SendFailed(Failure.provider_down, f"{type(error).__name__}: {str(error)[:200]}") from error

    def _dialled(self) -> "BaseMailBox":
        from imap_tools import MailBox, MailBoxStartTls, MailBoxUnencrypted

        server = self.server
        if server.encrypted:
            return MailBox(server.host, server.port, timeout=self.timeout, ssl_context=tls_context(server))
        if server.local:
            return MailBoxUnencrypted(server.host, server.port, timeout=self.timeout)
        return MailBoxStartTls(server.host, server.port, timeout=self.timeout, ssl_context=tls_context(server))


class _Unstorable(Exception):
    """Several mails in a row could not be stored: the fault is not in the mails."""


def _round(mailbox: Mailbox, box: "BaseMailBox", keep: Keep) -> int:
    """Every unread mail once. One that cannot be stored is left unread, and does not keep the others from it."""
    stored = failed = 0
    for uid in box.uids(mailbox.new, charset=None)[:BATCH]:
        fetched = _fetch(mailbox, box, uid)
        if fetched is None:
            continue  # somebody else took it out of the folder meanwhile
        try:
            keep(fetched)
        except Exception as error:  # whatever it is, this mail stays where it is and is offered again
            failed += 1
            log.error("mail_not_stored", uid=uid, size=fetched.size, error=type(error).__name__)  # noqa: TRY400
            if failed >= FAILURES:
                raise _Unstorable from error
            continue
        failed = 0
        stored += 1
        if mailbox.processed:
            box.move(uid, mailbox.processed)
        else:
            box.flag(uid, "\\Seen", True)
    return stored


def _fetch(mailbox: Mailbox, box: "BaseMailBox", uid: str) -> Fetched | None:
    """One mail, without marking it; of one that is too large, the beginning."""
    known, answer = box.client.uid("fetch", uid, "(RFC822.SIZE)")
    found = re.search(rb"RFC822\.SIZE (\d+)", b" ".join(part for part in answer if isinstance(part, bytes)))
    if known != "OK" or found is None:
        return None
    size = int(found.group(1))
    what = "(BODY.PEEK[])" if size <= mailbox.limit else f"(BODY.PEEK[]<0.{HEAD}>)"
    known, answer = box.client.uid("fetch", uid, what)
    if known != "OK":
        raise imaplib.IMAP4.error(f"The mail {uid} cannot be fetched")
    raw = next((part[1] for part in answer if isinstance(part, tuple) and len(part) > 1), None)
    return Fetched(raw, max(size, len(raw))) if isinstance(raw, bytes) else None


def _wait(box: "BaseMailBox", stop: threading.Event, seconds: float) -> None:
    """Until there may be new mail."""
    if "IDLE" not in box.client.capabilities:
        stop.wait(seconds)
        return
    left = seconds
    with box.idle as idle:
        while left > 0 and not stop.is_set():
            if any(b"EXISTS" in told for told in idle.poll(timeout=min(_SLICE, left))):
                return
            left -= _SLICE
