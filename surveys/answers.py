"""What citizens answer, written once per question, and what it comes to.

A survey never opens a case. `Taken` says what was found; `cases` opens the case.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from channels.values import Channel
from core.settings import settings
from core.texts import clean
from domain.catalogue import catalogue
from domain.states import InvitationState
from domain.survey import Answer, Invitation, Transaction
from nlp import integrity
from surveys import consent, ledger
from surveys.flow import MONEY, RATING, WORDS
from surveys.money import denies_money
from surveys.parser import Parsed, parse
from surveys.reading import is_complaint

__all__ = ["Parsed", "Taken", "parse", "write", "write_all"]

TEXT_LIMIT = 2_000
MIDDLING = 3
"""A rating above it is a good one."""
TELLING = 3
"""Fewer words than this tell nothing that only the recogniser would see."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One answer that was understood.

    `office` and `service` are codes, for the case that `opens_case` asks for; its text is `words`. `case_id` is the
    case this survey led to before: it is never opened a second time. `repeat`: nothing new was said. `said` is what
    was said in words just now, `complains` that it tells of something to put right, and `money_now` that money was
    reported just now and not before.
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
    said: str = ""
    complains: bool = False
    money_now: bool = False


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
    """Write a rating, words and whether money was asked for. What is None or empty is left as it was."""
    values: dict[str, tuple[int | None, str | None]] = {}
    if rating is not None:
        values[RATING] = (rating, raw)
    if money is not None:
        values[MONEY] = (int(money), None)
    return write_all(session, invitation, channel, now, values=values, words=words)


def write_all(
    session: Session,
    invitation: Invitation,
    channel: Channel,
    now: datetime,
    *,
    values: Mapping[str, tuple[int | None, str | None]],
    words: str = "",
    passed: Collection[str] = (),
) -> Taken:
    """Write the answers of an invitation, which the caller holds locked: by question a number, or a text.

    One answer per question: another value corrects it and stays in its history. Further words are added to those that
    were said before. Questions in `passed` are noted as passed over.
    """
    transaction = session.get_one(Transaction, invitation.transaction_id)
    source_id = f"invitation:{invitation.id}"
    before = ledger.said(session, source_id)
    rows = {code: (value, clean(text or "", TEXT_LIMIT) or None) for code, (value, text) in values.items()}
    if words := clean(words, TEXT_LIMIT):
        rows[WORDS] = (None, _added(before.get(WORDS), words))
    rows |= {code: (None, None) for code in passed if code not in rows}
    changed = {
        question
        for question, (value, text) in rows.items()
        if ledger.put(
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
    }
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
        said_now=words if WORDS in changed else "",
        repeat=not changed,
        money_now=MONEY in changed and rows[MONEY][0] == 1,
    )


def _added(before: Answer | None, words: str) -> str:
    """Words behind those that were said before; the same again adds nothing."""
    said = (before.text if before is not None else None) or ""
    if words in said.split("\n") or words == said:
        return said
    return clean(f"{said}\n{words}", TEXT_LIMIT)


def conclude(
    session: Session,
    source_id: str,
    office: str,
    service: str | None,
    invitation_id: UUID | None,
    *,
    said_now: str,
    repeat: bool,
    money_now: bool = False,
) -> Taken:
    """What all answers of one source come to. A complaint in words beside any rating becomes a case, once; money asked
    for, or a low rating, where the citizen says that somebody may write to them (`surveys.consent`)."""
    answers = ledger.said(session, source_id)
    rating = _value(answers.get(RATING))
    money = _value(answers.get(MONEY)) == 1
    kept = answers.get(WORDS)
    words = (kept.text if kept is not None else None) or said_now
    case_id = consent.case_of(session, invitation_id) if invitation_id else None
    complains = _complains(said_now or words, rating)
    low = rating is not None and rating <= consent.LOW
    if invitation_id is None:  # at a door nobody is named who does not leave a number to be called at
        wanted = money or complains or (low and bool(words))
    else:
        wanted = complains or ((money or low) and _value(answers.get(consent.CONTACT)) == 1)
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
        said=said_now,
        complains=complains,
        money_now=money_now,
    )


def _complains(text: str, rating: int | None) -> bool:
    """Whether words are a complaint: by rule, or by what the recogniser of accusations has learnt and is sure of.

    It has learnt from complaints, and takes praise of somebody for one; so with a good rating only the rules are asked.
    """
    if is_complaint(text):
        return True
    good = rating is not None and rating > MIDDLING
    if good or len(text.split()) < TELLING or denies_money(text):
        return False
    learnt = integrity.recognise(text, settings().models_dir)
    return learnt is not None and learnt.sure


def _value(answer: Answer | None) -> int | None:
    return None if answer is None else answer.value


def office_name(session: Session, taken: Taken, language: str) -> str:
    """The office an answer is about, as its citizens know it."""
    known = catalogue(session)
    office = known.office_by_code.get(taken.office.upper())
    return known.name(office.id, language) if office else taken.office
