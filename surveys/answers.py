"""What citizens answer: a reply on the channel they were asked on, or a press on the survey's page.

A survey never opens a case. `Taken` says what was found; `cases.intake` opens the case.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from channels.values import Channel
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.states import InvitationState, Purpose
from domain.survey import Answer, Invitation, Transaction
from nlp.courtesy import is_only_thanks
from notifications import compose, outbox
from surveys import ledger
from surveys.parser import Parsed, parse
from surveys.schedule import REPLY_TIME

__all__ = ["Parsed", "Taken", "parse", "take", "write"]

LOW = 2
"""A rating up to this, with words, becomes a case; without words, we ask for them once."""
LATE = timedelta(days=60)
"""An answer and nothing else still counts this long after the survey was sent."""
WORDS_WITHIN = timedelta(hours=24)
"""After a low rating, words that come this soon belong to it."""
TEXT_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class Taken:
    """One answer that was understood.

    `office` and `service` are codes, for the case that `opens_case` asks for; its text is `words`. `case_id` is the
    case this survey led to before: it is never opened a second time. `repeat`: nothing new was said.
    """

    source_id: str
    invitation_id: UUID | None
    office: str
    service: str | None
    rating: int | None
    words: str
    money: bool
    opens_case: bool
    case_id: UUID | None = None
    repeat: bool = False


def take(session: Session, contact: ContactPoint, text: str, now: datetime) -> Taken | None:
    """Take a message for the answer to the latest open survey of its sender; None when it is none.

    Thanks the citizen once, and asks for words when the rating is low and came without.
    """
    invitation = session.exec(
        select(Invitation)
        .where(
            col(Invitation.contact_point_id) == contact.id,
            col(Invitation.state).in_((InvitationState.sent, InvitationState.answered, InvitationState.expired)),
            col(Invitation.sent_at) >= now - LATE,
        )
        .order_by(col(Invitation.sent_at).desc(), col(Invitation.id).desc())
        .limit(1)
        .with_for_update()
    ).first()
    if invitation is None:
        return None
    found = parse(text, settings().languages)
    late = invitation.sent_at is None or invitation.sent_at < now - REPLY_TIME
    if late and (found.rest or not found.answers):  # by now only an answer and nothing else is taken for one
        return None
    if found.answers:
        taken = write(
            session,
            invitation,
            Channel(contact.channel),
            now,
            rating=found.rating,
            words=found.rest,
            money=True if found.money else None,
            raw=text,
        )
    elif clean(text) and not is_only_thanks(text) and _awaits_words(session, invitation, now):
        taken = write(session, invitation, Channel(contact.channel), now, words=text, money=found.money or None)
    elif invitation.state == InvitationState.answered and is_only_thanks(text):
        return write(session, invitation, Channel(contact.channel), now)
    else:
        return None
    if not taken.opens_case:
        _thank(session, invitation, contact, taken, now)
    return taken


def write(
    session: Session,
    invitation: Invitation,
    channel: Channel,
    now: datetime,
    *,
    rating: int | None = None,
    words: str = "",
    money: bool | None = None,
    raw: str = "",
) -> Taken:
    """Write the answers of an invitation, which the caller holds locked. What is None or empty is left as it was.

    One answer per question: another value corrects it and stays in its history.
    """
    transaction = session.get_one(Transaction, invitation.transaction_id)
    source_id = f"invitation:{invitation.id}"
    values: dict[str, tuple[int | None, str | None]] = {}
    if rating is not None:
        values["rating"] = (rating, clean(raw, TEXT_LIMIT) or None)
    if words := clean(words, TEXT_LIMIT):
        values["words"] = (None, words)
    if money is not None:
        values["money"] = (int(money), None)
    changed = [
        ledger.put(
            session,
            source_id=source_id,
            question=question,
            value=value,
            text=text,
            office_id=transaction.office_id,
            service_id=transaction.service_id,
            channel=channel,
            now=now,
            invitation_id=invitation.id,
        )
        for question, (value, text) in values.items()
    ]
    invitation.state = InvitationState.answered
    invitation.answered_at = invitation.answered_at or now
    session.add(invitation)
    known = catalogue(session)
    return conclude(
        session,
        source_id,
        known.offices[transaction.office_id].code,
        known.services[transaction.service_id].code,
        invitation.id,
        said_now=words,
        repeat=not any(changed),
    )


def conclude(
    session: Session,
    source_id: str,
    office: str,
    service: str | None,
    invitation_id: UUID | None,
    *,
    said_now: str,
    repeat: bool,
) -> Taken:
    """What all answers of one source come to: money asked, or a low rating with words, becomes a case, once."""
    answers = ledger.said(session, source_id)
    rating = _value(answers.get("rating"))
    money = _value(answers.get("money")) == 1
    kept = answers.get("words")
    words = said_now or (kept.text if kept is not None and kept.text else "")
    case_id = (
        session.exec(select(Case.id).where(col(Case.invitation_id) == invitation_id).limit(1)).first()
        if invitation_id
        else None
    )
    wanted = money or (rating is not None and rating <= LOW and bool(words))
    return Taken(
        source_id=source_id,
        invitation_id=invitation_id,
        office=office,
        service=service,
        rating=rating,
        words=words,
        money=money,
        opens_case=wanted and case_id is None and not repeat,
        case_id=case_id,
        repeat=repeat,
    )


def _value(answer: Answer | None) -> int | None:
    return None if answer is None else answer.value


def _awaits_words(session: Session, invitation: Invitation, now: datetime) -> bool:
    """Whether we just asked what went wrong and have not been told yet."""
    if invitation.answered_at is None or now - invitation.answered_at > WORDS_WITHIN:
        return False
    answers = ledger.said(session, f"invitation:{invitation.id}")
    rating = _value(answers.get("rating"))
    return rating is not None and rating <= LOW and "words" not in answers


def _thank(session: Session, invitation: Invitation, contact: ContactPoint, taken: Taken, now: datetime) -> None:
    known = catalogue(session)
    office = known.office_by_code.get(taken.office.upper())
    language = invitation.language
    outbox.enqueue(
        session,
        purpose=Purpose.survey_thanks,
        contact=contact,
        language=language,
        body=compose.compose(
            "survey_thanks",
            language,
            office=known.name(office.id, language) if office else taken.office,
            ask_why=taken.rating is not None and taken.rating <= LOW and not taken.words,
        ),
        dedupe_key=f"survey_thanks:{invitation.id}",
        now=now,
        invitation=invitation,
    )
