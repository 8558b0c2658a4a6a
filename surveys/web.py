"""The page behind a survey's link, `/s/{token}`: which question it shows, and taking each answer at once.

What was passed over stands in the page's own address and form, never in the database: somebody who comes back is asked
again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from channels.values import Channel
from core.errors import BadInput, Conflict, NotFound
from core.texts import clean, latin_digits
from domain.catalogue import catalogue, name_of
from domain.states import InvitationState
from domain.survey import Answer, Invitation, Survey, Transaction
from surveys import consent, ledger, reach
from surveys.answers import TEXT_LIMIT, Taken, conclude
from surveys.exit import N_, read_rating
from surveys.flow import MONEY, RATING, Given, Kind, Question, following, read
from surveys.money import tells_of_money
from surveys.schedule import REPLY_TIME

__all__ = ["Opened", "Taken", "answer", "finish", "given_of", "look", "read_answer"]


MOST = 100_000
"""No number that is an answer is larger."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What the page shows: `asked` is the question, None at the end, and `given` what was answered, on any channel.

    `number` is the place of the question among those put to this citizen and `most` how many these can become; `before`
    is the code of the one to go back to. `passed` are the questions that were passed over.
    """

    token: str
    language: str
    office: str
    service: str
    completed_at: datetime
    over: bool
    questions: tuple[Question, ...]
    given: Given
    passed: tuple[str, ...]
    asked: Question | None
    number: int
    most: int
    before: str

    @property
    def rating(self) -> int:
        """The rating given, 0 for none yet."""
        rating = self.given.get(RATING)
        return rating if isinstance(rating, int) else 0


def look(
    session: Session,
    token: str,
    now: datetime,
    language: str | None = None,
    *,
    want: str = "",
    passed: Collection[str] = (),
) -> Opened:
    """The survey of a link; looking changes nothing, since mail programs and previews open links too.

    `want` is the code of a question to see again; else the next one is shown. Raises NotFound for a token nobody was
    given.
    """
    invitation, transaction = _find(session, token, lock=False)
    said = ledger.said(session, f"invitation:{invitation.id}")
    questions = (*read(session.get_one(Survey, invitation.survey_id).questions), consent.QUESTION)
    given = given_of(questions, said)
    has_case = consent.calls(given) and consent.case_of(session, invitation.id) is not None
    questions = consent.with_consent(questions[:-1], given, has_case=has_case, last=True)
    left = tuple(one.code for one in questions if one.code in passed and one.code not in given)
    gone = {**given, **dict.fromkeys(left)}
    asked = next((one for one in questions if one.code == want and one.applies(given)), None) or following(
        questions, gone
    )
    put = [one for one in questions if one.code in gone and one.applies(gone) and one is not asked]
    before = [one for one in put if asked is None or questions.index(one) < questions.index(asked)]
    known = catalogue(session)
    spoken = language or invitation.language
    return Opened(
        token=token,
        language=spoken,
        office=known.name(transaction.office_id, spoken),
        service=name_of(known.services[transaction.service_id], spoken),
        completed_at=transaction.completed_at,
        over=_over(invitation, now),
        questions=questions,
        given=given,
        passed=left,
        asked=asked,
        number=len(before) + 1,
        most=max(len(before) + 1, len(_all_that_may_come(questions, gone))),
        before=before[-1].code if before else "",
    )


def _all_that_may_come(questions: tuple[Question, ...], gone: Given) -> list[Question]:
    """What was put and answered, and the longest way on from there."""
    return [one for one in questions if one.code in gone and one.applies(gone)] + reach.longest(questions, gone)


def given_of(questions: Collection[Question], answers: Mapping[str, Answer]) -> dict[str, int | str | None]:
    """Stored answers as the flow takes them: words for choices and texts, numbers for all others."""
    wordy = {one.code for one in questions if one.kind in (Kind.choice, Kind.text)}
    return {
        code: (answer.text or None) if code in wordy else answer.value
        for code, answer in answers.items()
        if any(one.code == code for one in questions)
    }


def answer(session: Session, token: str, code: str, given: object, now: datetime) -> Taken:
    """Write the answer to one question; pressed twice it counts once, and another value corrects the first.

    The caller opens the case when `opens_case` says so, in the same transaction, once the citizen had the chance to say
    in their own words what happened.

    Raises:
        NotFound: no such link, or the survey does not ask this.
        Conflict: it is too late to answer.
        BadInput: it is no answer to this question.
    """
    invitation, transaction = _find(session, token, lock=True)
    if _over(invitation, now):
        raise Conflict("This survey is over.", mend="You can still write to the office: start at the front page.")
    questions = (*read(session.get_one(Survey, invitation.survey_id).questions), consent.QUESTION)
    question = next((one for one in questions if one.code == code), None)
    if question is None:
        raise NotFound("This survey does not ask that.", mend="Open the link from the message again, in full.")
    value, text = read_answer(question, given)
    found = {code: (value, text)}
    if text and question.kind is Kind.text and tells_of_money(text):
        found[MONEY] = (1, None)
    changed = {
        name
        for name, (number, words) in found.items()
        if ledger.put(
            session,
            source_id=f"invitation:{invitation.id}",
            question=name,
            value=number,
            text=words,
            office_id=transaction.office_id,
            service_id=transaction.service_id,
            channel=Channel.web,
            now=now,
            invitation_id=invitation.id,
        )
    }
    invitation.state = InvitationState.answered
    invitation.answered_at = invitation.answered_at or now
    session.add(invitation)
    reported = MONEY in changed and found[MONEY][0] == 1
    said = text if text and question.kind is Kind.text and code in changed else ""
    return _concluded(session, invitation, transaction, said=said, repeat=not changed, money_now=reported)


def finish(session: Session, token: str, now: datetime) -> Taken | None:
    """What a survey comes to whose last question was passed over; None where nothing was answered or it is too late."""
    invitation, transaction = _find(session, token, lock=True)
    if _over(invitation, now) or invitation.answered_at is None:
        return None
    return _concluded(session, invitation, transaction, repeat=False)


def _concluded(
    session: Session,
    invitation: Invitation,
    transaction: Transaction,
    *,
    said: str = "",
    repeat: bool,
    money_now: bool = False,
) -> Taken:
    known = catalogue(session)
    return conclude(
        session,
        f"invitation:{invitation.id}",
        known.offices[transaction.office_id].code,
        known.services[transaction.service_id].code,
        invitation.id,
        said_now=said,
        repeat=repeat,
        money_now=money_now,
    )


def read_answer(question: Question, given: object) -> tuple[int | None, str | None]:
    """An answer from a form as it is stored: (number, None), or (None, code or words). Raises BadInput."""
    text = clean(str(given or ""), TEXT_LIMIT)
    match question.kind:
        case Kind.rating:
            return read_rating(text), None
        case Kind.choice:
            if text not in {option.code for option in question.options}:
                raise _wrong(question, N_("Choose one of these, or go on without."))
            return None, text
        case Kind.yes_no:
            if text not in reach.YES_NO:
                raise _wrong(question, N_("Choose yes or no, or go on without."))
            return int(text), None
        case Kind.number:
            number = latin_digits(text).replace(" ", "")
            if not (number.isascii() and number.isdigit()) or int(number) > MOST:
                raise _wrong(question, N_("Write a number, such as 20, or go on without."))
            return int(number), None
        case Kind.text:
            if not text:
                raise _wrong(question, N_("Write a few words, or go on without."))
            return None, text


def _wrong(question: Question, sentence: str) -> BadInput:
    return BadInput("This is no answer to the question.", mend=sentence, fields={question.code: sentence})


def _find(session: Session, token: str, *, lock: bool) -> tuple[Invitation, Transaction]:
    query = select(Invitation).where(col(Invitation.token) == clean(token, 200))
    invitation = session.exec(query.with_for_update() if lock else query).first()
    if invitation is None:
        raise NotFound("There is no survey behind this link.", mend="Open the link from the message again, in full.")
    return invitation, session.get_one(Transaction, invitation.transaction_id)


def _over(invitation: Invitation, now: datetime) -> bool:
    """Too late, or withdrawn; one not sent yet may be answered by whoever was handed its link."""
    if invitation.state in (InvitationState.suppressed, InvitationState.expired):
        return True
    return invitation.sent_at is not None and now - invitation.sent_at > REPLY_TIME
