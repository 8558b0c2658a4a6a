"""A reply to "is it solved?" by SMS, WhatsApp or Telegram: a number, a word, a button."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from cases import solved
from cases.arriving import belongs_apart
from cases.conversation import language_of, our_message
from cases.people import theirs
from cases.replies import Step, number_in
from cases.solved_words import says_more
from cases.solved_words import solved as read
from core.ids import find_reference
from domain.case import Case
from domain.citizen import ContactPoint
from domain.closing import SolvedQuestion, SolvedState
from domain.conversation import Conversation
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.states import Purpose
from notifications import outbox
from surveys import conversation as surveying

SOON = timedelta(days=3)
"""Words that begin with a no, and go on, answer the question only this soon after it; later they may begin a matter."""
DONE = "solved"
"""What `texting` calls a message that was taken for an answer."""


def press(session: Session, row: InboundMessage, contact: ContactPoint, value: str, now: datetime) -> str:
    """A button under the question; it means the same at any time, as far as the question still is one."""
    which, _, said = value.partition(":")
    try:
        question = session.get(SolvedQuestion, UUID(which))
    except ValueError:
        question = None
    case = _theirs(session, contact, question.case_id) if question is not None else None
    if question is None or case is None:
        return _say(session, row, contact, None, solved.After.over, now)
    if not solved.still_closed(session, case, question):
        return _say(session, row, contact, case, solved.After.over, now)
    after = solved.answer(session, case, said == "yes", "", now, how=str(contact.channel))
    return _say(session, row, contact, case, after, now)


def take(
    session: Session, row: InboundMessage, contact: ContactPoint, talk: Conversation | None, now: datetime
) -> str | None:
    """A message as the answer to the newest question about a closed case; None where it is none."""
    if row.details.get("button") or row.details.get("attachments") or row.details.get("location"):
        return None
    said = read(row.text)
    question = _newest(session, contact, now) if said is not None else None
    if question is None or said is None or not _meant(session, row, contact, talk, question, now):
        return None
    case = _theirs(session, contact, question.case_id)
    if case is None or not solved.still_closed(session, case, question):
        return None
    words = row.text if says_more(row.text) and not said else ""
    if words and belongs_apart(case, words):
        return None
    after = solved.answer(session, case, said, words, now, how=str(contact.channel))
    return _say(session, row, contact, case, after, now)


def _newest(session: Session, contact: ContactPoint, now: datetime) -> SolvedQuestion | None:
    return session.exec(
        select(SolvedQuestion)
        .where(
            col(SolvedQuestion.contact_point_id) == contact.id,
            col(SolvedQuestion.asked_at).is_not(None),
            col(SolvedQuestion.until) > now,
            col(SolvedQuestion.state).in_((SolvedState.asked, SolvedState.yes)),
        )
        .order_by(col(SolvedQuestion.asked_at).desc())
        .limit(1)
    ).first()


def _theirs(session: Session, contact: ContactPoint, case_id: UUID) -> Case | None:
    """A case of this citizen, locked."""
    query = select(Case).where(theirs(contact), col(Case.id) == case_id).with_for_update()
    return session.exec(query, execution_options={"populate_existing": True}).first()


def _meant(
    session: Session,
    row: InboundMessage,
    contact: ContactPoint,
    talk: Conversation | None,
    question: SolvedQuestion,
    now: datetime,
) -> bool:
    """Whether nothing that was asked or said later is more likely to be what this answers."""
    asked_at = question.asked_at or now
    if talk is not None and talk.state != Step.lapsed and talk.updated_at > asked_at:
        return False
    if surveying.awaits(session, contact, row.text, asked_at):
        return False
    named = find_reference(row.text)
    if named is not None and named != session.get_one(Case, question.case_id).reference:
        return False
    if question.state == SolvedState.yes and not says_more(row.text) and number_in(row.text) != 2:
        return False  # they said yes before: a thank-you is none again
    if number_in(row.text) is not None:
        return True
    last = session.exec(
        select(OutboundMessage.purpose)
        .where(col(OutboundMessage.contact_point_id) == contact.id)
        .order_by(col(OutboundMessage.created_at).desc(), col(OutboundMessage.id).desc())
        .limit(1)
    ).first()
    return last == Purpose.solved and (not says_more(row.text) or now - asked_at <= SOON)


def _say(
    session: Session,
    row: InboundMessage,
    contact: ContactPoint,
    case: Case | None,
    after: solved.After,
    now: datetime,
) -> str:
    language = language_of(contact)
    outbox.enqueue(
        session,
        purpose=Purpose.aftercare,
        contact=contact,
        language=language,
        body=solved.told(session, case, after, language),
        dedupe_key=f"aftercare:{row.id}",
        now=now,
        case=case,
        replaces=our_message(session, None, row),
        sender=row.recipient or None,
    )
    if case is not None:
        row.case_id = case.id
    return DONE
