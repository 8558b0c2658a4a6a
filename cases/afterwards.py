"""What a closing leaves to be done: a row that asks its citizen later whether it is solved, and the draw of those that
a call checks.
"""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select, update

from channels.phone_zones import zone_of
from channels.values import Channel
from core.crypto import cipher
from core.ids import new_id
from core.settings import settings
from domain.case import Case
from domain.citizen import ContactPoint
from domain.closing import Appeal, SolvedCheck, SolvedQuestion, SolvedState
from domain.states import AUDIT_SOURCES, LeadLink
from surveys.schedule import into_daytime

PHONES = frozenset({Channel.sms, Channel.whatsapp})
OPEN = (SolvedState.waiting, SolvedState.asked, SolvedState.unasked)
"""States in which the citizen may still say whether it is solved."""


def expect(session: Session, case: Case, entry: int, closed_by: UUID | None, now: datetime) -> None:
    """A case (locked) was closed by this entry of its timeline: its citizen is asked later, once for this closing.

    A part is between offices, and a visit of our own has no citizen.
    """
    if case.lead_link in (LeadLink.part, LeadLink.merged) or case.source in AUDIT_SOURCES:
        return
    session.flush()
    session.add(
        SolvedQuestion(
            id=new_id(),
            case_id=case.id,
            entry=entry,
            office_id=case.office_id,
            closed_by=closed_by,
            contact_point_id=case.contact_point_id,
            closed_at=now,
            until=now + timedelta(days=settings().solved_days),
            due_at=now + timedelta(hours=settings().solved_hours),
        )
    )


def daytime(contact: ContactPoint, moment: datetime) -> datetime:
    """The moment, or the next morning where its citizen is: by their phone's country, else by the government's zone."""
    current, zone = settings(), None
    if contact.channel in PHONES:
        zone = ZoneInfo(zone_of(contact.address, current.time_zone))
    return into_daytime(moment, current, zone)


def latest(session: Session, case: Case) -> SolvedQuestion | None:
    """The question about the newest closing of a case, locked (the case is)."""
    return session.exec(
        select(SolvedQuestion)
        .where(col(SolvedQuestion.case_id) == case.id)
        .order_by(col(SolvedQuestion.entry).desc())
        .limit(1)
        .with_for_update()
    ).first()


def went_on(session: Session, case: Case, now: datetime) -> None:
    """The citizen of a closed case (locked) wrote again, which says no to "is it solved?" whether asked or not,
    and whatever they said before."""
    session.exec(
        update(SolvedQuestion)
        .where(
            col(SolvedQuestion.case_id) == case.id,
            col(SolvedQuestion.state).in_((*OPEN, SolvedState.yes, SolvedState.silent)),
        )
        .values(state=SolvedState.no, answered_at=now, due_at=None)
        .execution_options(synchronize_session="fetch")
    )


def no_longer(session: Session, case: Case) -> None:
    """Nobody asks about this case (locked) any more."""
    session.exec(
        update(SolvedQuestion)
        .where(col(SolvedQuestion.case_id) == case.id, col(SolvedQuestion.state).in_(OPEN))
        .values(state=SolvedState.void, due_at=None)
        .execution_options(synchronize_session="fetch")
    )


def refused(session: Session, case: Case) -> bool:
    """Whether the citizen said of an earlier closing that it did not solve the matter."""
    said = select(SolvedQuestion.id).where(
        col(SolvedQuestion.case_id) == case.id, col(SolvedQuestion.state) == SolvedState.no
    )
    return session.exec(said.limit(1)).first() is not None


def appeal_of(session: Session, case: Case) -> Appeal | None:
    """The appeal of a case; without a query for one that has none."""
    if case.appealed_at is None:
        return None
    return session.exec(select(Appeal).where(col(Appeal.case_id) == case.id)).first()


def on_appeal(session: Session, case: Case) -> bool:
    """Whether an appeal still waits to be decided."""
    appeal = appeal_of(session, case)
    return appeal is not None and appeal.outcome is None


def draw(session: Session, question: SolvedQuestion, now: datetime) -> bool:
    """Whether a call checks this one, which is said to be solved or not said not to be (locked).

    The number is made from the question's id under the installation's key: nobody can foresee it, drawing again gives
    the same, and it is kept with the share it was measured by, so that anybody with the key can draw it again.
    """
    question.draw = drawn(question.id)
    question.share = settings().callback_share
    if question.contact_point_id is None or question.draw >= question.share:
        return False
    session.flush()
    claimed = question.state == SolvedState.yes
    session.add(SolvedCheck(question_id=question.id, case_id=question.case_id, claimed=claimed, drawn_at=now))
    return True


def drawn(question_id: UUID) -> float:
    """The number, at least 0 and below 1, that decides about a call-back."""
    return int(cipher().seal(b"call-back draw " + question_id.bytes)[:13], 16) / 16**13
