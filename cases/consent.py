"""STOP and START: whether a citizen wants our messages, before anything else a message may mean.

An opt-out holds for the citizen's address on that channel and all our senders: to a citizen the government is one.
Twilio's own block holds for the pair of numbers, or for the whole messaging service; it is mirrored from `OptOutType`
and from error 21610 (`notifications.results`). What Twilio does not know of, it does not confirm; then we do, once.
"""

from datetime import datetime

from sqlmodel import Session

from cases import outcomes
from cases.contacts import START_WORDS, STOP_WORDS, TWILIO_STARTS, TWILIO_STOPS
from channels.values import Channel
from core.settings import settings
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.states import Purpose
from notifications import compose, outbox

SHORT_CODE = 6
"""Most digits of a short code, for which Twilio by itself keeps no opt-outs and confirms none."""


def take(session: Session, row: InboundMessage, contact: ContactPoint, word: str, now: datetime) -> str | None:
    """Do what a message says about our writing to its sender, if it says anything; gives in a word what that was."""
    said = str(row.details.get("opt_out") or "")
    if word in STOP_WORDS or said == "STOP":
        return _stop(session, row, contact, word, now)
    if contact.opted_out_at is not None:
        # on Telegram whoever writes to a bot has opened the channel again; elsewhere it takes the word
        asked = word in START_WORDS or word in TWILIO_STARTS or said == "START"
        if asked or row.channel == Channel.telegram:
            contact.opted_out_at = None
        if asked:
            say(session, row, contact, "resumed", Purpose.resumed, f"resumed:{row.id}", now)
            return "resumed"
    elif word in START_WORDS or said == "START":
        say(session, row, contact, "help", Purpose.help, f"help:{row.id}", now)
        return "help"
    if said == "HELP":  # answered by Twilio, in the words the messaging service was given
        return "help"
    return None


def _stop(session: Session, row: InboundMessage, contact: ContactPoint, word: str, now: datetime) -> str:
    first = contact.opted_out_at is None
    contact.opted_out_at = contact.opted_out_at or now
    outbox.cancel_queued(session, contact, now, outcomes.on_result)
    if first and not _confirmed_by_twilio(row, word):
        say(session, row, contact, "stopped", Purpose.stopped, f"stopped:{row.id}", now)
    return "opted_out"


def _confirmed_by_twilio(row: InboundMessage, word: str) -> bool:
    """Whether Twilio answers this opt-out, and lets nothing of ours pass any more.

    With Advanced Opt-Out it says so. Without, it knows its English words on ordinary numbers, not on short codes and
    not on WhatsApp.
    """
    if row.details.get("opt_out"):
        return True
    ordinary = len(row.recipient.lstrip("+")) > SHORT_CODE
    return row.channel == Channel.sms and word in TWILIO_STOPS and ordinary


def say(
    session: Session, row: InboundMessage, contact: ContactPoint, name: str, purpose: Purpose, key: str, now: datetime
) -> None:
    """Answer a message with one of our own, in the language its citizen speaks; once for a key."""
    spoken = contact.language or settings().languages[0]
    outbox.enqueue(
        session,
        purpose=purpose,
        contact=contact,
        language=spoken,
        body=compose.compose(name, spoken),
        dedupe_key=key,
        now=now,
        sender=row.recipient or None,
    )
