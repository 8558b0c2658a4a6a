"""Closing is not the end: the citizen is asked whether it is solved, and a no has consequences.

    closed ── some hours, by day ── "is it solved?" ─┬─ yes ──────────── stays closed; some are checked by a call
                                                     ├─ no ───────────── opened again, once, and a reply is due
                                                     ├─ no, once more ── an appeal: the office above decides
                                                     └─ nothing, in time: silent; some are checked by a call

Once for each closing; never to whom takes no messages; where nobody can be asked, the tracking page takes the answer.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session, col, func, select

from cases import afterwards, appeals, lifecycle, solved_words
from cases.naming import called
from cases.people import address_of
from cases.solved_token import token_of
from channels.values import Button, Channel
from core.claims import claim, retry_at
from core.database import database
from core.errors import Conflict
from core.i18n import translator
from core.logs import logger
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.clock import Clock
from domain.closing import SolvedQuestion, SolvedState
from domain.states import CaseState, ClockKind, ClockState, EntryKind, Purpose
from domain.timeline import append
from domain.trial import Moment
from escalation.values import SILENCES
from notifications import compose, outbox
from surveys import trials
from surveys.trial_arms import Subject

BATCH = 50
APART = timedelta(hours=24)
"""A citizen with several closed cases is asked about one at a time."""
PRESS = "solved"
"""Data of a button under the question begins with it, then comes the question, then yes or no."""


def N_(message: str) -> str:  # noqa: N802  (gettext's own name for it)
    """Mark a message for translation without translating it yet."""
    return message


YES, NO = N_("Yes, it is solved"), N_("No, it is not solved")
log = logger("cases.solved")


class After(StrEnum):
    """What an answer led to."""

    yes = "yes"
    no = "no"
    appeal = "appeal"
    over = "over"


# -- asking --------------------------------------------------------------------------------------------------------


def sweep(now: datetime, limit: int = BATCH) -> int:
    """Ask what is due, and end what nobody answered; returns how many questions were looked at."""
    done = 0
    for state in (SolvedState.waiting, SolvedState.asked):
        with database().write() as session:
            ids = claim(session, SolvedQuestion, now, state=state, limit=limit)
        for one in ids:
            try:
                with database().write() as session:
                    _settle(session, one, state, now)
            except Exception as error:  # noqa: BLE001  (one that cannot be asked must not keep the others waiting)
                log.error("solved_not_asked", question=str(one), error=type(error).__name__, detail=str(error)[:300])  # noqa: TRY400
                _put_off(one, f"{type(error).__name__}: {error}", now)
        done += len(ids)
    return done


def _put_off(question_id: UUID, why: str, now: datetime) -> None:
    with database().write() as session:
        row = session.get_one(SolvedQuestion, question_id, with_for_update=True)
        row.last_error, row.due_at, row.leased_until = why[:500], retry_at(now, row.attempts), None


def _settle(session: Session, question_id: UUID, state: SolvedState, now: datetime) -> None:
    """Do what is due about one question; the case is locked before its question, as whoever answers it does."""
    seen = session.get_one(SolvedQuestion, question_id)
    case = locked(session, seen.case_id)
    question = session.get_one(SolvedQuestion, question_id, with_for_update=True, populate_existing=True)
    if question.state != state or question.due_at is None or question.due_at > now:
        return
    question.leased_until = question.last_error = None
    if not still_closed(session, case, question):
        question.state, question.due_at = SolvedState.void, None
    elif state is SolvedState.waiting:
        _ask(session, case, question, now)
    else:
        question.state, question.due_at = SolvedState.silent, None
        afterwards.draw(session, question, now)


def still_closed(session: Session, case: Case, question: SolvedQuestion) -> bool:
    """Whether a question is about how things stand: the case is closed, and was not closed again since."""
    if case.state != CaseState.closed:
        return False
    newer = select(func.count()).select_from(SolvedQuestion).where(
        col(SolvedQuestion.case_id) == case.id, col(SolvedQuestion.entry) > question.entry
    )  # fmt: skip
    return session.exec(newer).one() == 0


def _ask(session: Session, case: Case, question: SolvedQuestion, now: datetime) -> None:
    contact = address_of(session, case, Purpose.solved)
    if contact is None or not outbox.may_send(contact, Purpose.solved):
        question.why = "nobody to ask" if contact is None else "takes no such messages"
        question.state, question.due_at = SolvedState.unasked, None
        return
    if now >= question.until:
        question.why = "too late to ask"
        question.state, question.due_at = SolvedState.unasked, None
        return
    moment = max(afterwards.daytime(contact, now), _free_from(session, contact, now))
    if moment > now:
        question.due_at = afterwards.daytime(contact, moment)
        return
    language = contact.language or case.language
    chat = contact.channel == Channel.telegram
    say = translator(language).gettext
    link = f"{settings().site_url}/solved/{token_of(question.id)}" if contact.channel == Channel.email else None
    own = _by_trial(session, case, question, contact, language, now)
    row = tuple(Button(say(text), f"{PRESS}:{question.id}:{value}") for text, value in ((YES, "yes"), (NO, "no")))
    outbox.enqueue(
        session,
        purpose=Purpose.solved,
        contact=contact,
        language=language,
        body=trials.words(own, language, reference=case.reference, link=link, pressed=chat)
        or compose.compose("solved", language, reference=case.reference, link=link, pressed=chat),
        dedupe_key=f"solved:{question.id}",
        now=now,
        case=case,
        buttons=(row,) if chat else (),
    )
    append(session, case, EntryKind.asked_solved, now, body={"closing": question.entry})
    question.state, question.asked_at, question.due_at = SolvedState.asked, now, question.until
    question.contact_point_id = contact.id


def _by_trial(
    session: Session, case: Case, question: SolvedQuestion, contact: ContactPoint, language: str, now: datetime
) -> trials.Treatment | None:
    """The arm of a trial that this citizen is asked by. Cases that are shut to somebody enter none: their number must
    not be read off a result."""
    if case.integrity or case.about_office_id is not None or case.about_staff_id is not None:
        return None
    tier = str(catalogue(session).offices[case.office_id].tier)
    channel = Channel(contact.channel)
    one = Subject(question.id, contact.citizen_id, case.service_id, case.office_id, tier, language, channel)
    return trials.Dealing(session, now, {contact.citizen_id}).treat(Moment.solved, one)


def _free_from(session: Session, contact: ContactPoint, now: datetime) -> datetime:
    """From when this citizen may be asked about one more case."""
    last = session.exec(
        select(func.max(SolvedQuestion.asked_at)).where(
            col(SolvedQuestion.contact_point_id) == contact.id, col(SolvedQuestion.state) == SolvedState.asked
        )
    ).one()
    return last + APART if last is not None else now


# -- answers -------------------------------------------------------------------------------------------------------


def locked(session: Session, case_id: UUID) -> Case:
    """A case as it is now, held until the transaction ends."""
    query = select(Case).where(col(Case.id) == case_id).with_for_update()
    return session.exec(query, execution_options={"populate_existing": True}).one()


def open_question(session: Session, case: Case, now: datetime) -> SolvedQuestion | None:
    """The question that the citizen of a closed case (locked) may still answer."""
    question = afterwards.latest(session, case) if case.state == CaseState.closed else None
    if question is None or question.until <= now or question.state in (SolvedState.no, SolvedState.void):
        return None
    return question


def answer(session: Session, case: Case, is_solved: bool, words: str, now: datetime, *, how: str) -> After:
    """The citizen of a case (locked) says whether it is solved; `how` is the channel. Who says so twice changes
    nothing. A yes may still turn into a no, which opens the case; a no into nothing.

    Nothing is told to the citizen here: the caller does, where they are.
    """
    question = open_question(session, case, now)
    if question is None:
        return After.over
    if not is_solved:
        return say_no(session, case, words, now, how=how)
    if question.state != SolvedState.yes:
        question.state, question.answered_at, question.due_at = SolvedState.yes, now, None
        append(session, case, EntryKind.solved, now, actor="citizen", public=True, body={"how": how})
        afterwards.draw(session, question, now)
    return After.yes


def read_reply(session: Session, case: Case, said: str, words: str, now: datetime) -> After | None:
    """A mail on a case (locked) as the answer to the question that was mailed: by what it `said`, without a signature;
    None where nothing was asked or it says neither plainly, so that it is a message like any."""
    question = open_question(session, case, now)
    if question is None or question.asked_at is None or (answered := solved_words.solved(said)) is None:
        return None
    more = not answered and solved_words.says_more(words)
    return answer(session, case, answered, words if more else "", now, how="email")


def say_no(session: Session, case: Case, words: str, now: datetime, *, how: str, appeal: bool = False) -> After:
    """It is not solved (case locked, its question open): opened again the first time, an appeal from then on, or where
    the citizen wants one at once.

    The no is a further message of the citizen: a reply is due from this moment, unless they still wait for an answer.
    """
    text = words or translator(case.language).gettext(NO)
    if appeal or afterwards.refused(session, case):
        if case.appealed_at is not None:
            raise Conflict("The appeal was decided, and that decision is final.", mend="Write a message instead.")
        afterwards.went_on(session, case, now)
        appeals.lodge(session, case, text, now, how=how)
        return After.appeal
    lifecycle.citizen_wrote(session, case, text, now, why="not solved")
    return After.no


def told(session: Session, case: Case | None, after: After, language: str) -> str:
    """What the citizen is told of it, in words."""
    due = _due(session, case, after) if case is not None else None
    return compose.compose(
        "aftercare",
        language,
        step=str(after),
        reference=case.reference if case is not None else "",
        office=called(catalogue(session), case, language) if case is not None else "",
        due=due,
    )


def _due(session: Session, case: Case, after: After) -> datetime | None:
    kinds = (ClockKind.appeal,) if after is After.appeal else SILENCES
    running = select(func.min(Clock.deadline_at)).where(
        col(Clock.case_id) == case.id, col(Clock.state) == ClockState.running, col(Clock.kind).in_(kinds)
    )
    return session.exec(running).one()
