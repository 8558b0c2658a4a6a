"""LINK, a code, UNLINK, PREFER, BOTH, ONLY: how a citizen says by text that two contact points are theirs."""

from datetime import datetime

from sqlmodel import Session, col, select

from cases import labels, people
from cases.contacts import find_or_make, word_of
from cases.people import Tried
from channels.email import normalise_address
from channels.phones import read_phone
from channels.values import Button, Channel
from core.crypto import decrypt
from core.errors import Tampered
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.states import Purpose
from notifications import compose, outbox


def _words(text: str) -> frozenset[str]:
    return frozenset(clean(word).casefold() for word in text.split("|"))


LINK = _words("link|/link|lidh|связать|связь|যুক্ত|যোগ")
UNLINK = _words("unlink|/unlink|zgjidh|отвязать|আলাদা")
PREFER = _words("prefer|here first|preferoj|këtu|ketu|сюда|এখানে")
BOTH = _words("both|të dyja|te dyja|оба|উভয়")
ONLY = _words("only|only here|vetëm këtu|vetem ketu|только сюда|শুধু এখানে")
EVERYDAY = PREFER | BOTH | ONLY
"""Orders that are everyday words: they mean something only to whoever has joined two."""
LONGEST = 120
"""Characters of the longest order; a longer message that begins like one is a story."""


def take(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str | None:
    """Do what a message says about a citizen's contact points, if it says anything; gives in a word what that was."""
    if row.details.get("contact"):
        return _shared(session, row, contact, now)
    text = clean(row.text)
    if code := people.code_of(text):
        if people.awaits_code(session, contact, now):
            return _code(session, row, contact, code, now)
        return None
    word, _, rest = text.partition(" ")
    if word.casefold().rstrip(":") in LINK and len(text) <= LONGEST:
        return _link(session, row, contact, rest.strip(" :"), now)
    order = word_of(text)
    if order in UNLINK:
        undone = people.split(session, contact, "the citizen asked", now)
        return _say(session, row, contact, "left" if undone else "alone", now)
    if order not in EVERYDAY or not people.others(session, contact):
        return None
    if order in PREFER:
        people.prefer(session, contact)
        return _say(session, row, contact, "preferred", now)
    people.allow_fallback(session, contact, order in BOTH)
    return _say(session, row, contact, "both" if order in BOTH else "only", now)


def target_of(session: Session, written: str, now: datetime) -> ContactPoint | None:
    """The contact point of a number or e-mail address as somebody wrote it; None when it is neither."""
    if "@" in written:
        address = normalise_address(written)
        return find_or_make(session, Channel.email, address, now).contact if address else None
    number = read_phone(written, settings().region).number
    return find_or_make(session, Channel.sms, number, now).contact if number else None


def _link(session: Session, row: InboundMessage, contact: ContactPoint, written: str, now: datetime) -> str | None:
    target = target_of(session, written, now) if any(c.isdigit() or c == "@" for c in written) else None
    if target is None:
        if written and not any(c.isdigit() for c in written):
            return None  # "Link road flooded" is a report
        return explain(session, row, contact, now)
    if target.id == contact.id:
        return _say(session, row, contact, "already", now)
    asked = people.ask_proof(session, contact, target, now)
    return _say(session, row, contact, str(asked), now, hint=target.hint)


def explain(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str:
    """Say how two contact points are joined; in Telegram with a key that shares the citizen's own number."""
    keys: tuple[tuple[Button, ...], ...] = ()
    if contact.channel == Channel.telegram:
        keys = ((Button(labels.say(labels.CONNECT, _language(contact)), "", asks="contact"),),)
    return _say(session, row, contact, "how", now, keys=keys)


def _code(session: Session, row: InboundMessage, contact: ContactPoint, code: str, now: datetime) -> str:
    tried, target = people.prove(session, contact, code, now)
    if tried is not Tried.right or target is None:
        return _say(session, row, contact, str(tried), now)
    people.join(session, contact, target, f"code to {target.channel}", now)
    return _say(session, row, contact, "joined", now, hint=target.hint)


def _shared(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str | None:
    """Telegram vouches that a number is the sender's own: enough for a number nobody ever wrote from.

    Numbers change hands, and Telegram asks for the SIM only once. So one with a history is sent a code like any other.
    """
    try:
        number = read_phone(decrypt(str(row.details["contact"])), settings().region).number
    except Tampered:
        return None
    if number is None:
        return _say(session, row, contact, "how", now)
    target = find_or_make(session, Channel.sms, number, now).contact
    if target.citizen_id == contact.citizen_id:
        return _say(session, row, contact, "already", now)
    session.flush()
    history = session.exec(select(Case.id).where(col(Case.contact_point_id) == target.id).limit(1)).first()
    if history is None and not people.others(session, target):
        people.join(session, contact, target, "shared by Telegram", now)
        return _say(session, row, contact, "joined", now, hint=target.hint)
    asked = people.ask_proof(session, contact, target, now)
    return _say(session, row, contact, str(asked), now, hint=target.hint)


def _language(contact: ContactPoint) -> str:
    return contact.language or settings().languages[0]


def _say(
    session: Session,
    row: InboundMessage,
    contact: ContactPoint,
    step: str,
    now: datetime,
    *,
    hint: str = "",
    keys: tuple[tuple[Button, ...], ...] = (),
) -> str:
    language = _language(contact)
    outbox.enqueue(
        session,
        purpose=Purpose.conversation,
        contact=contact,
        language=language,
        body=compose.compose("link", language, step=step, hint=hint, minutes=settings().proof_minutes),
        dedupe_key=f"link:{row.id}",
        now=now,
        sender=row.recipient or None,
        buttons=keys,
    )
    return "link"
