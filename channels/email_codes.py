"""What a mail server's answer means: SMTP reply codes (RFC 5321) and enhanced status codes (RFC 3463), as `Failure`."""

import re
from enum import StrEnum

from channels.errors import Failure

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_SPAM = re.compile(r"spam|block|black|reputation|policy|virus|content|banned|rbl|unsolicited", re.IGNORECASE)
_RATE = re.compile(r"rate|too many|too fast|limit|throttl|concurrent|quota exceeded for", re.IGNORECASE)
_RELAY = re.compile(r"relay|authenticat|not (?:permitted|allowed|authori[sz]ed) to send|send as", re.IGNORECASE)
_FULL = re.compile(r"full|quota|over ?limit|storage", re.IGNORECASE)
_NOBODY = re.compile(r"unknown|no such|not exist|doesn.t exist|not found|invalid|disabled|unavailable", re.IGNORECASE)


class Stage(StrEnum):
    """Which command was refused: the same code means another thing at another one."""

    greeting = "greeting"
    sign_in = "sign_in"
    sender = "sender"
    recipient = "recipient"
    content = "content"


# enhanced code without its class → meaning of a permanent failure; an entry of two numbers beats one of the first alone
_PERMANENT: dict[str, Failure] = {
    "1": Failure.invalid_address,
    "1.7": Failure.not_configured,  # our own address is refused
    "1.8": Failure.not_configured,
    "2": Failure.unreachable,
    "2.1": Failure.invalid_address,  # the mailbox is shut
    "2.2": Failure.unreachable,  # the mailbox is full
    "2.3": Failure.too_long,
    "3": Failure.unreachable,
    "3.4": Failure.too_long,
    "4": Failure.unreachable,
    "4.1": Failure.invalid_address,  # how Exchange says that there is no such recipient
    "5": Failure.content_refused,
    "6": Failure.content_refused,
    "7": Failure.content_refused,
    "7.8": Failure.credentials,
    "7.9": Failure.credentials,
    "7.13": Failure.invalid_address,  # RFC 5248: the account is disabled
    # our domain's SPF, reverse DNS or DMARC does not hold
    "7.23": Failure.not_configured,
    "7.25": Failure.not_configured,
    "7.26": Failure.not_configured,
    "7.60": Failure.not_configured,  # Exchange: not allowed to send as this address
}
_SIGN_IN = frozenset({530, 534, 535, 538})


def enhanced_code(text: str) -> str:
    """The first enhanced status code in an answer, such as 5.1.1; empty where it has none."""
    match = _ENHANCED.search(text)
    return match.group(0) if match else ""


def failure_of(code: int, words: str, stage: Stage, enhanced: str = "") -> Failure:
    """What a refusal means. `code` is the three-digit reply, `words` the server's own, `enhanced` from a bounce."""
    status = enhanced or enhanced_code(words)
    if stage is Stage.sign_in or code in _SIGN_IN:
        return Failure.credentials if code >= 500 else Failure.provider_down
    if code < 500 and not status.startswith("5"):
        return Failure.rate_limited if _RATE.search(words) or code in (432, 452) else Failure.provider_down
    if stage is Stage.greeting:
        return Failure.provider_down  # "no service here": it may be another tomorrow
    if stage is Stage.sender:
        return Failure.credentials if _RELAY.search(words) else Failure.not_configured
    if status.startswith("5.") and status != "5.0.0":
        return _by_status(status.removeprefix("5."), words, stage)
    return _by_code(code, words, stage)


def bounce_failure(status: str, words: str) -> Failure:
    """What the bounce of a message the server had taken means. One given up after tries (4.x.x) is `unreachable`."""
    if status.startswith("4"):
        return Failure.unreachable
    found = re.search(r"\b([45]\d\d)[ -]", words)
    code = int(found.group(1)) if found else 550
    known = "" if status == "5.0.0" else status
    failure = failure_of(max(code, 500), words, Stage.recipient, known)
    return Failure.unreachable if failure.retry else failure


def _by_status(detail: str, words: str, stage: Stage) -> Failure:
    if detail.startswith("7.") and _RELAY.search(words) and detail in ("7.0", "7.1"):
        return Failure.credentials
    if detail == "7.1" and stage is Stage.recipient and _NOBODY.search(words) and not _SPAM.search(words):
        return Failure.invalid_address
    if detail == "2.0" and _NOBODY.search(words):
        return Failure.invalid_address
    return _PERMANENT.get(detail) or _PERMANENT.get(detail.partition(".")[0], Failure.content_refused)


def _by_code(code: int, words: str, stage: Stage) -> Failure:
    if _RELAY.search(words):
        return Failure.credentials
    if code == 552:
        return Failure.unreachable if stage is Stage.recipient or _FULL.search(words) else Failure.too_long
    if stage is Stage.content or code == 554:
        return Failure.content_refused
    if code in (550, 551, 553) or (code == 501 and stage is Stage.recipient):
        refused = _SPAM.search(words) and not _NOBODY.search(words)
        full = _FULL.search(words) and not _NOBODY.search(words)
        return Failure.content_refused if refused else Failure.unreachable if full else Failure.invalid_address
    return Failure.content_refused
