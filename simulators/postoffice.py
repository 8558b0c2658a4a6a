"""All mail of the simulated world: the government's mailbox, and what its citizens got and wrote."""

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from simulators.exchange import Exchange
from simulators.faults import Fault, FaultKind
from simulators.people import Person

INBOX = "INBOX"
KEPT = 500
DAEMON = "MAILER-DAEMON@mail.example"


@dataclass(slots=True)
class Letter:
    """One mail in one folder of the government's mailbox."""

    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Slip:
    """One mail as a citizen's mail program shows it; `note` is what came of it."""

    id: int
    mine: bool
    raw: bytes
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a citizen's mail."""

    name: str
    content_type: str
    data: bytes


class PostOffice:
    """Takes mails both ways. Thread-safe; whoever waits for new mail registers a `listener`."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.lock = threading.RLock()
        self.folders: dict[str, list[Letter]] = {INBOX: []}
        self.uid_validity = 1
        self.slips: dict[str, list[Slip]] = {}
        self.listeners: set[Callable[[], None]] = set()
        self._uid = 0
        self._slip = 0

    # -- the government's mailbox --------------------------------------------------------------------------------

    def put(self, raw: bytes, folder: str = INBOX) -> Letter:
        """A mail arrives in a folder of the government's mailbox."""
        with self.lock:
            self._uid += 1
            letter = Letter(self._uid, raw)
            self.folders.setdefault(folder, []).append(letter)
            listeners = list(self.listeners)
        for told in listeners:
            told()
        self.exchange.changed()
        return letter

    def renumber(self) -> None:
        """The mailbox is restored from a backup: other numbers, and nothing is marked as read."""
        with self.lock:
            self.uid_validity += 1
            for letters in self.folders.values():
                for letter in letters:
                    self._uid += 7
                    letter.uid, letter.flags = self._uid, set()

    # -- citizens ------------------------------------------------------------------------------------------------

    def slips_of(self, address: str) -> list[Slip]:
        """What a citizen's mail program shows, oldest first."""
        with self.lock:
            return list(self.slips.get(address.lower(), []))

    def slip(self, address: str, slip_id: int) -> Slip | None:
        """One of them."""
        return next((slip for slip in self.slips_of(address) if slip.id == slip_id), None)

    def as_json(self, slip: Slip) -> dict[str, object]:
        """For scripts."""
        headers = ("From", "To", "Subject", "Message-ID", "In-Reply-To", "Auto-Submitted", "List-Unsubscribe")
        said = {name.lower().replace("-", "_"): _header(slip.raw, name) for name in headers}
        return (
            {"id": slip.id, "mine": slip.mine, "at": slip.at.isoformat(), "note": slip.note}
            | said
            | {"text": words_of(slip.raw)}
        )

    def write(
        self,
        person: Person,
        subject: str,
        text: str,
        *,
        answers: Slip | None = None,
        files: Sequence[Enclosure] = (),
        headers: Sequence[tuple[str, str]] = (),
        quoted: bool = True,
    ) -> bytes:
        """A citizen writes to the government, or answers a mail of it, the old words quoted below as programs do."""
        mail = EmailMessage(policy=policy.SMTP)
        local, _, domain = person.email.partition("@")
        mail["From"] = Address(person.name, local, domain)
        mail["To"] = self.exchange.config.mail_address
        mail["Subject"] = " ".join(subject.split())
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = make_msgid(domain=domain)
        if answers is not None:
            before = message_from_bytes(answers.raw)
            named = str(before.get("Message-ID", "")).strip()
            mail["In-Reply-To"] = named
            mail["References"] = " ".join(f"{before.get('References', '')} {named}".split())
            if quoted:
                text = f"{text}\n\n{_quote(answers)}"
        for name, value in headers:
            mail[name] = value
        mail.set_content(text)
        for file in files:
            kind, _, detail = file.content_type.partition("/")
            mail.add_attachment(file.data, maintype=kind, subtype=detail or "octet-stream", filename=file.name)
        return self.send_in(person.email, mail.as_bytes())

    def send_in(self, address: str, raw: bytes) -> bytes:
        """Any mail of a citizen's, as raw bytes."""
        self._shown(address, mine=True, raw=raw)
        twice = self.exchange.faults.take("email", address, FaultKind.delivered_twice)
        for _ in range(2 if twice else 1):
            self.put(raw)
        self.exchange.record("email", True, "MAIL", f"{address} → the mailbox", 250, 0.0, "not signed", raw)
        return raw

    def taken(self, address: str, raw: bytes) -> Slip:
        """The government's server handed over a mail for a citizen. A fault may let it bounce afterwards."""
        slip = self._shown(address, mine=False, raw=raw)
        if fault := self.exchange.faults.take("email", address, FaultKind.receipt_fails):
            self.bounce(address, slip, fault)
        return slip

    def bounce(self, address: str, slip: Slip, fault: Fault | None = None) -> None:
        """The citizen's server gives a mail up (or, with status 4xx, still tries) and says so (RFC 3464)."""
        code = fault.status if fault is not None and fault.status else 550
        words = (fault.words if fault is not None else "") or "5.1.1 User unknown"
        slip.note = "Bounced: " + words if code >= 500 else "Delayed: " + words
        self.put(report(address, self.exchange.config.mail_address, slip.raw, code, words))

    def answer_by_machine(self, person: Person, slip: Slip) -> None:
        """The citizen is away, and their program says so (RFC 3834)."""
        slip.note = "Answered by an out-of-office reply"
        subject = f"Automatic reply: {_header(slip.raw, 'Subject')}"
        text = "I am away until Monday and will read your mail then."
        self.write(person, subject, text, answers=slip, headers=[("Auto-Submitted", "auto-replied")], quoted=False)

    def _shown(self, address: str, *, mine: bool, raw: bytes) -> Slip:
        with self.lock:
            self._slip += 1
            slip = Slip(self._slip, mine, raw, datetime.now(UTC))
            shelf = self.slips.setdefault(address.lower(), [])
            shelf.append(slip)
            del shelf[:-KEPT]
        self.exchange.changed()
        return slip


def report(address: str, to: str, raw: bytes, code: int, words: str) -> bytes:
    """A delivery report about a mail, as Postfix writes it."""
    failed = code >= 500
    status = next(iter(re.findall(r"\b[45]\.\d+\.\d+", words)), "5.0.0" if failed else "4.0.0")
    headers = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0].decode("utf-8", "replace")
    text = f"""Return-Path: <>
From: Mail Delivery System <{DAEMON}>
To: {to}
Subject: {"Undelivered Mail Returned to Sender" if failed else "Delayed Mail (still being retried)"}
Date: {format_datetime(datetime.now(UTC))}
Message-ID: {make_msgid(domain="mail.example")}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=report"

--=report
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.example.

<{address}>: host mail.example said: {code} {words}

--=report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; {address}
Action: {"failed" if failed else "delayed"}
Status: {status}
Diagnostic-Code: smtp; {code} {words}

--=report
Content-Type: text/rfc822-headers

{headers}

--=report--
"""
    return re.sub(r"\r?\n", "\r\n", text).encode()


def words_of(raw: bytes) -> str:
    """The plain text of a mail."""
    mail = message_from_bytes(raw, policy=policy.default)
    body = mail.get_body(("plain", "html")) if isinstance(mail, EmailMessage) else None
    try:
        return str(body.get_content()).replace("\r\n", "\n").strip() if body is not None else ""
    except (LookupError, ValueError, KeyError):
        return ""


def _header(raw: bytes, name: str) -> str:
    return str(message_from_bytes(raw, policy=policy.default).get(name, ""))


def _quote(slip: Slip) -> str:
    sender = _header(slip.raw, "From")
    lines = "\n".join(f"> {line}".rstrip() for line in words_of(slip.raw).split("\n"))
    return f"On {slip.at:%a, %d %b %Y at %H:%M}, {sender} wrote:\n{lines}"
