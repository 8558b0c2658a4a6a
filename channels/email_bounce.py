"""Bounces: which of our messages did not arrive, and why. A bounce is believed only where it carries our Message-ID.

Anybody can write a mail that says "no such user"; our ids are random, so only who got the message knows one.
"""

import re
from dataclasses import dataclass
from email.message import Message
from typing import Any
from uuid import UUID

from channels.email import message_of
from channels.email_codes import bounce_failure, enhanced_code
from channels.email_text import header, raw_header
from channels.errors import Failure
from channels.values import DeliveryStatus
from core.logs import logger

log = logger("channels")

_ID = rb"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_OURS = (
    re.compile(rb"X-Ombud-Message:\s{0,4}" + _ID, re.IGNORECASE),
    re.compile(rb"Message-ID:\s{0,4}<?" + _ID, re.IGNORECASE),
)
_LETTERBOX = re.compile(r"^(?:mailer-?daemon|postmaster|mail-?daemon|postmast|mdaemon)\b", re.IGNORECASE)
_SAYS_SO = re.compile(
    r"undeliver|returned mail|delivery (?:status|failure|has failed|incomplete)|failure notice|mail delivery failed|"
    r"could not be delivered|не доставлено|недоставлен|u kthye|nuk u dorëzua",
    re.IGNORECASE,
)
READ = 200_000
"""Bytes looked through for our id; returned headers come early."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a mail server reports: `accepted` while it still tries. `message` is the outbox row, if it names one."""

    message: UUID | None
    status: DeliveryStatus
    failure: Failure | None
    detail: str


def looks_like_bounce(mail: Message, sender: str) -> bool:
    """Whether a mail server wrote this to say what became of another mail."""
    if mail.get_content_type() == "multipart/report":
        return "delivery-status" in raw_header(mail, "Content-Type").lower() or _has_status(mail)
    machine = bool(_LETTERBOX.match(sender)) or raw_header(mail, "Return-Path").strip() == "<>"
    return machine and bool(
        _SAYS_SO.search(header(mail, "Subject")) or _has_status(mail) or raw_header(mail, "X-Failed-Recipients")
    )


def read_bounce(mail: Message, raw: bytes) -> Bounce:
    """What a bounce says."""
    fields = _status_fields(mail)
    action = fields.get("action", "").lower()
    status = enhanced_code(fields.get("status", "")) or enhanced_code(fields.get("diagnostic-code", ""))
    words = " ".join(fields.get("diagnostic-code", "").split())[:300]
    what = DeliveryStatus.failed
    if action:
        what = _ACTIONS.get(action.split()[0].strip("();,"), what)
    else:
        delayed, failed = _by_wording(mail)
        words = words or _first_line(mail)
        status = status or enhanced_code(words)
        what = DeliveryStatus.accepted if delayed and not failed else what
    failure = bounce_failure(status, words) if what is DeliveryStatus.failed else None
    detail = " ".join(filter(None, ["" if status in words else status, words]))[:300]
    return Bounce(_about(mail, raw), what, failure, detail or header(mail, "Subject", 200))


_ACTIONS = {
    "delayed": DeliveryStatus.accepted,
    "relayed": DeliveryStatus.accepted,
    "expanded": DeliveryStatus.accepted,
    "delivered": DeliveryStatus.delivered,
}


def _about(mail: Message, raw: bytes) -> UUID | None:
    # not in its own headers: some servers give their reports ids of the same shape
    end = re.search(rb"\r?\n\r?\n", raw[:READ])
    if (found := _named(raw[end.end() : READ] if end else b"")) is not None:
        return found
    for name in ("In-Reply-To", "References"):
        if (named := message_of(header(mail, name))) is not None:
            return named
    for part in mail.walk():  # the returned mail may be encoded
        if not part.is_multipart() and part.get_content_type() in ("text/rfc822-headers", "text/plain"):
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes) and (found := _named(payload[:READ])) is not None:
                return found
    return None


def _named(text: bytes) -> UUID | None:
    match = next((found for pattern in _OURS if (found := pattern.search(text))), None)
    return UUID(match.group(1).decode("ascii")) if match else None


def _has_status(mail: Message) -> bool:
    return any(part.get_content_type() == "message/delivery-status" for part in mail.walk())


def _status_fields(mail: Message) -> dict[str, str]:
    """The fields of the first recipient in a delivery report (RFC 3464); the last said of a field counts."""
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        found: dict[str, str] = {}
        for block in blocks if isinstance(blocks, list) else []:
            if isinstance(block, Message) and raw_header(block, "Action"):
                return {name.lower(): str(value) for name, value in block.raw_items()}
            if isinstance(block, Message):
                found |= {name.lower(): str(value) for name, value in block.raw_items()}
        return found
    return {}


def _by_wording(mail: Message) -> tuple[frozenset[Any], frozenset[Any]]:
    """Addresses that are delayed and that failed, by what servers write that know no delivery report."""
    from flufl.bounce import all_failures

    try:
        delayed, failed = all_failures(mail)
    except Exception as error:  # noqa: BLE001  (its detectors read free text; a strange one must not hold up the mailbox)
        log.warning("bounce_not_read", error=type(error).__name__)
        return frozenset(), frozenset()
    return frozenset(delayed), frozenset(failed)


def _first_line(mail: Message) -> str:
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
            coded = [
                line.strip() for line in text.splitlines()[:80] if re.search(r"\b[45]\d\d[ -]|\b[45]\.\d\.\d", line)
            ]
            return coded[0][:300] if coded else ""
    return ""
