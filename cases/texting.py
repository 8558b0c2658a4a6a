"""What a citizen texts (SMS, WhatsApp, Telegram): an order, an answer to a survey, more of a case, a new case."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from cases import attachments, consent, lifecycle, loops, status
from cases.arriving import open_from
from cases.contacts import HELP_WORDS, find_or_make, word_of
from channels.values import Channel
from core.ids import find_reference
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.states import OPEN_STATES, Purpose
from nlp import language as languages
from notifications import compose, outbox
from surveys.answers import take as take_answer

FOLLOW_UP = timedelta(minutes=30)
"""A message this soon after opening a case adds to it; people send one story in several messages."""
CONVERSATION = timedelta(days=7)
"""A message this soon after our answer continues that case."""


def take(session: Session, row: InboundMessage, now: datetime) -> str:
    """Do what one message asks for; gives in a word what that was."""
    if row.details.get("group"):
        return "group"
    known = find_or_make(session, Channel(row.channel), row.sender, now)
    contact = known.contact
    if contact.language is None:
        contact.language = _hinted_language(row)
    if done := consent.take(session, row, contact, word_of(row.text), now):
        return done
    if known.existed and loops.is_loop(session, row, now):
        return loops.LOOP
    if command := _command(session, row, contact, now):
        return command
    # only now: in a command the letters of a reference would decide
    contact.language = languages.detect(row.text, settings().languages) or contact.language
    continued = _continued(session, row, contact, now) if known.existed else None
    if continued is None:
        open_from(session, row, contact, now, existed=known.existed)
    return continued or "case"


def _hinted_language(row: InboundMessage) -> str:
    spoken = settings().languages
    hint = str(row.details.get("language") or "")[:2]
    return hint if hint in spoken else status.language_of(row.text, spoken) or spoken[0]


def _command(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str | None:
    """What is an order and not a message."""
    word = word_of(row.text)
    if reference := status.asked_for(row.text):
        return status.answer(session, row, contact, reference, now)
    start = row.details.get("start")
    if start is not None or (not row.text and not row.details.get("attachments")) or word in HELP_WORDS:
        office = catalogue(session).office_by_code.get(str(start or "").upper())
        if office is not None:
            contact.poster_office_id, contact.poster_at = office.id, now
        _say(session, row, contact, "help", Purpose.help, now)
        return "help"
    return None


def _say(
    session: Session, row: InboundMessage, contact: ContactPoint, name: str, purpose: Purpose, now: datetime
) -> None:
    spoken = contact.language or settings().languages[0]
    outbox.enqueue(
        session,
        purpose=purpose,
        contact=contact,
        language=spoken,
        body=compose.compose(name, spoken),
        dedupe_key=f"{name}:{row.id}",
        now=now,
        sender=row.recipient or None,
    )


def _continued(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str | None:
    """An answer to a survey, or more of a case that is already there."""
    if reference := find_reference(row.text):
        case = session.exec(
            select(Case)
            .where(col(Case.reference) == reference, col(Case.contact_point_id) == contact.id)
            .with_for_update()
        ).first()
        if case is not None:
            lifecycle.citizen_wrote(session, case, row.text, now)
            attachments.expect(session, row, case, now)
            row.case_id = case.id
            return "continued"
    taken = take_answer(session, contact, row.text, now)
    if taken is not None:
        if taken.opens_case:
            open_from(session, row, contact, now, taken=taken)
        return "survey_answer"
    case = session.exec(
        select(Case)
        .where(col(Case.contact_point_id) == contact.id, col(Case.state).in_(OPEN_STATES))
        .order_by(col(Case.updated_at).desc())
        .limit(1)
        .with_for_update()
    ).first()
    if case is None:
        return None
    answered_lately = case.state in ("answered", "waiting") and now - case.updated_at <= CONVERSATION
    if answered_lately or now - case.opened_at <= FOLLOW_UP:
        lifecycle.citizen_wrote(session, case, row.text, now)
        attachments.expect(session, row, case, now)
        row.case_id = case.id
        return "continued"
    return None
