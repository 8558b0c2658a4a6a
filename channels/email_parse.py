"""A raw mail as values: what a citizen wrote, or what became of a message of ours.

Whatever bytes arrive, a value comes out: a mail nobody can read still has a sender to tell so.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final, cast
from urllib.parse import unquote

from channels.email import message_of, normalise_address
from channels.email_bounce import looks_like_bounce, read_bounce
from channels.email_quotes import own_words
from channels.email_text import header, part_text, raw_header, words
from channels.forms import N_
from channels.values import JSON, Channel, Inbound, Receipt
from core.texts import clean

TEXT_LIMIT = 20_000
FILES = 20
"""Most files kept of one mail."""
REFERENCES = 20
OUTLOOKS_OWN: Final = N_("This is Outlook's own format. Please send the files as PDF or as pictures.")
TOO_MANY: Final = N_("That is more files than fit in one mail. Please send the rest in another one.")
TOO_LARGE: Final = N_("The mail was too large, so we read only its beginning. Please send smaller files, one by one.")
_ICON = 6_000  # bytes; smaller pictures inside the text are logos of signatures and counters of openings
_NAME = 120
_ID = re.compile(r"<[^<>\s]{3,250}>")
_IGNORED = frozenset(
    {
        "application/pgp-signature",
        "application/pgp-encrypted",
        "application/pgp-keys",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/ms-tnef",
        "application/vnd.ms-tnef",
        "text/calendar",
        "application/ics",
        "text/x-amp-html",
        "text/rfc822-headers",
        "message/delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
    }
)
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_SAID_BESIDES = re.compile(r'\([^()]*\)|"(?:[^"\\]|\\.)*"')
_VERDICT = re.compile(r"(?:^|;)\s*(dmarc|spf|dkim)\s*=\s*(\w+)", re.IGNORECASE)
_NO_REPLY = re.compile(
    r"^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|donotreply|mailer-?daemon|postmaster|bounces?|listserv|majordomo|"
    r"notifications?|auto-?reply)(?:[-+_.].*)?$",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"^\s*(?:auto(?:matic|mated)?[- ]?(?:reply|response|antwort)|out of (?:the )?office|vacation|away from|"
    r"автоответ|автоматический ответ|я в отпуске|вне офиса|отсутствую|"
    r"përgjigje automatike|pergjigje automatike|jashtë zyre|jashte zyre|me pushime|"
    r"স্বয়ংক্রিয় (?:উত্তর|জবাব)|স্বয়ংক্রিয় (?:উত্তর|জবাব)|অফিসের বাইরে|ছুটিতে আছি|"
    r"automatische antwort|abwesenheit|risposta automatica|réponse automatique|respuesta automática)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with a mail."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail holds. `refused` names files that are not kept, and in words why."""

    value: Inbound | Receipt
    files: tuple[File, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def parse_mail(raw: bytes, *, address: str, size: int | None = None, now: datetime | None = None) -> Mail:
    """Read a mail of the mailbox whose own address is `address`; `size` in bytes where `raw` is only its beginning."""
    mail = message_from_bytes(raw, policy=policy.compat32)
    cut = size is not None and size > len(raw)
    listed = _addresses(mail, "From")
    sender = next((found for found in listed if found), "")
    provider_id = _fingerprint(mail, raw, whole=not cut)
    if looks_like_bounce(mail, sender or header(mail, "From").lower().strip("<> \"'")):
        bounce = read_bounce(mail, raw)
        if bounce.message is not None:
            receipt = Receipt(
                channel=Channel.email,
                account=address,
                provider_id=str(bounce.message),
                status=bounce.status,
                failure=bounce.failure,
                detail=bounce.detail,
                message_id=bounce.message,
                at=_sent_at(mail, now),
            )
            return Mail(receipt)
    automatic = _automatic(mail, sender, address)
    details: dict[str, JSON] = {}
    if doubt := _doubt(mail):
        details["held"] = doubt
    if automatic == "" and _NO_REPLY.match(sender.partition("@")[0]):
        # a form of somebody's website: the citizen is whom it says to answer
        answers = [one for one in _addresses(mail, "Reply-To") if not _NO_REPLY.match(one.partition("@")[0])]
        sender = answers[0] if answers else ""
        details["on_behalf"] = True
    subject = header(mail, "Subject", 300)
    body, files, refused = _content(mail)
    text = clean(own_words(body, subject))
    details["subject"] = subject
    if body and text != clean(body):
        details["whole"] = clean(body)[:TEXT_LIMIT]
    if automatic:
        details["automatic"] = automatic
    if named := [key for name in ("References", "In-Reply-To") for key in _ids(mail, name)]:
        details["references"] = list[JSON](dict.fromkeys(named))[-REFERENCES:]
    if language := _language(mail):
        details["language"] = language
    if cut:
        refused = (*refused, ("", TOO_LARGE))
    own_ids, answered = _ids(mail, "Message-ID"), _ids(mail, "In-Reply-To")
    value = Inbound(
        channel=Channel.email,
        account=address,
        provider_id=provider_id,
        sender=sender,
        recipient=address,
        text=_shortened(text),
        sent_at=_sent_at(mail, now),
        reply_to=answered[-1] if answered else None,
        message_key=own_ids[0] if own_ids else None,
        details=details,
    )
    return Mail(value, files if not automatic else (), refused if not automatic else ())


def _doubt(mail: Message) -> str:
    """Why somebody else may have written a mail, as the server that took it for us found; empty where it does not say.

    Only the topmost Authentication-Results counts: that server wrote it last, and whoever sent the mail could have
    written those below (RFC 8601). SPF alone says little of mails that were forwarded, so DKIM or DMARC outweigh it.
    """
    said = _SAID_BESIDES.sub(" ", " ".join(raw_header(mail, "Authentication-Results").split()))
    found = [(method.lower(), verdict.lower()) for method, verdict in _VERDICT.findall(said)]
    forged = ("spf", "fail") in found and not {("dkim", "pass"), ("dmarc", "pass")} & set(found)
    which = "DMARC" if ("dmarc", "fail") in found else "SPF" if forged else ""
    return f"The mail server says that somebody else may have written this mail ({which} failed)." if which else ""


def _fingerprint(mail: Message, raw: bytes, *, whole: bool) -> str:
    """What makes a mail the same one: all its writer sent, but not the way it came. A Message-ID may be reused."""
    end = re.search(rb"\r?\n\r?\n", raw)
    body = b"".join(raw[end.end() :].split()) if end and whole else b""
    said = [header(mail, name) for name in ("Message-ID", "From", "Date", "Subject")]
    return hashlib.sha256("\0".join(said).encode("utf-8", "surrogatepass") + b"\0" + body).hexdigest()


def _addresses(mail: Message, name: str) -> list[str]:
    """The usable addresses of a header, in their normal form."""
    raw = raw_header(mail, name)
    try:
        pairs = getaddresses([raw if raw.isascii() else words(raw)])
    except (ValueError, IndexError, AttributeError, TypeError):
        pairs = [("", raw)]
    found = [normalise_address(address) for _, address in pairs]
    if not any(found) and (written := re.search(r"[^\s<>()\[\]:;,\"]{1,64}@[^\s<>()\[\]:;,\"]{3,253}", raw)):
        found = [normalise_address(written.group())]
    return [address for address in found if address]


def _automatic(mail: Message, sender: str, address: str) -> str:
    """Why nobody waits for an answer to this mail, in a word; empty for a mail that a person wrote to us."""
    if sender == address or raw_header(mail, "X-Ombud-Message").strip():
        return "ours"
    submitted = header(mail, "Auto-Submitted").lower().partition(";")[0].strip()
    if submitted and submitted != "no":
        return "auto_reply"
    if mail.get_content_type() == "multipart/report" or looks_like_bounce(mail, sender):
        return "report"
    answered = any(raw_header(mail, name) for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponse"))
    precedence = header(mail, "Precedence").lower()
    if answered or precedence in ("auto_reply", "auto-reply") or _AWAY.match(header(mail, "Subject")):
        return "auto_reply"
    if raw_header(mail, "Return-Path").strip() == "<>":
        return "report"
    listed = header(mail, "List-Id") or header(mail, "List-Unsubscribe") or header(mail, "List-Post")
    if (listed or precedence in ("bulk", "junk", "list")) and not _through_our_list(mail, address):
        return "list"
    return ""


def _through_our_list(mail: Message, address: str) -> bool:
    """Whether the list is how mail gets to us: many offices' address is a group that leads to the mailbox."""
    local, _, domain = address.partition("@")
    list_id = header(mail, "List-Id").lower()
    posted = header(mail, "List-Post").lower()
    if f"{local}.{domain}" in list_id or f"mailto:{address}" in posted:
        return True
    precedence = header(mail, "Precedence").lower()
    return not list_id and precedence == "list" and address in _addresses(mail, "To")


def _ids(mail: Message, name: str) -> list[str]:
    raw = raw_header(mail, name)
    found = _ID.findall(raw)
    if not found and (bare := raw.strip()) and "@" in bare and " " not in bare and len(bare) < 250:
        found = [f"<{bare.strip('<>')}>"]  # some programs forget the brackets
    return [clean(key) for key in found]


def _sent_at(mail: Message, now: datetime | None) -> datetime | None:
    try:
        at = parsedate_to_datetime(raw_header(mail, "Date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return None if now is not None and at > now else at


def _language(mail: Message) -> str:
    tag = header(mail, "Content-Language", 40) or header(mail, "Accept-Language", 40)
    match = re.match(r"[a-zA-Z]{2}(?![a-zA-Z])", tag)
    return match.group().lower() if match else ""


def _content(mail: Message) -> tuple[str, tuple[File, ...], tuple[tuple[str, str], ...]]:
    """The words, the files, and the files that are not kept."""
    plain: list[str] = []
    html: list[str] = []
    forwarded: list[str] = []
    files: list[File] = []
    refused: list[tuple[str, str]] = []
    for part, nested in _parts(mail):
        kind = part.get_content_type()
        name = _file_name(part)
        if kind in _TNEF or name.lower() == "winmail.dat":
            refused.append((name or "winmail.dat", OUTLOOKS_OWN))
        elif kind in _IGNORED:
            continue
        elif kind in ("text/plain", "text/html") and not name and _disposition(part) != "attachment":
            found = html if kind == "text/html" else plain
            (forwarded if nested else found).append(part_text(part))
        elif len(files) + len(refused) >= FILES:
            refused.append((name, TOO_MANY))
        elif (file := _file(part, kind, name)) is not None:
            files.append(file)
    text = next((found for found in (_joined(plain), _joined(html), _joined(forwarded)) if found), "")
    return text, tuple(files), tuple(refused)


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _parts(mail: Message, *, nested: bool = False, depth: int = 0) -> list[tuple[Message, bool]]:
    """All leaves; those of a mail inside the mail are marked. A nest too deep to be honest is not followed."""
    if depth > 20:
        return []
    found: list[tuple[Message, bool]] = []
    if not mail.is_multipart():  # asked first: without parts the payload is decoded, by a charset that may be none
        return [(mail, nested)]
    inner = cast("list[object]", mail.get_payload())
    inside = nested or mail.get_content_type() == "message/rfc822"
    for part in inner[:200]:
        if isinstance(part, Message):
            found += _parts(part, nested=inside, depth=depth + 1)
    return found


def _file_name(part: Message) -> str:
    try:
        raw = part.get_filename("") or ""
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        raw = ""
    name = words(raw, 300)
    if re.search(r"%[0-9A-Fa-f]{2}", name):
        name = unquote(name)
    name = re.split(r"[\\/]", clean(name))[-1].replace("\n", " ").strip(". ")
    if len(name) > _NAME:
        stem, dot, ending = name.rpartition(".")
        name = stem[: _NAME - len(ending) - 1] + dot + ending if dot and len(ending) < 10 else name[:_NAME]
    return name


def _disposition(part: Message) -> str:
    return raw_header(part, "Content-Disposition").partition(";")[0].strip().lower()


def _file(part: Message, kind: str, name: str) -> File | None:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        return None
    if not isinstance(payload, bytes) or not payload:
        return None
    inside = raw_header(part, "Content-ID") != "" and _disposition(part) != "attachment"
    if inside and kind.startswith("image/") and len(payload) < _ICON:
        return None
    return File(name or kind.replace("/", "."), kind, payload)


def _shortened(text: str) -> str:
    if len(text) <= TEXT_LIMIT:
        return text
    return text[: TEXT_LIMIT - 2].rstrip() + " …"


__all__ = ["File", "Mail", "message_of", "parse_mail"]
