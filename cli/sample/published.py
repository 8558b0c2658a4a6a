"""What the public of the sample government sees: months that are out, one corrected, the first held back, decisions."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from core.database import Database
from core.errors import Conflict, OmbudError
from core.settings import settings
from domain.publication import Publication
from domain.review import Finding, Review
from domain.staff import Staff, StaffRole
from domain.states import Role
from domain.visibility import Viewer, viewer
from reports.public import decisions, freezing, publishing
from reports.public.counting import first_moment, following

CORRECTED = (
    "Messages of the last week of the month had not been taken over from another program when it was counted. They are"
    " in now."
)
WITHHELD = "We began to count during this month. A few days say nothing about a month, so we show none of them."
MISSED = timedelta(days=7)
"""So much of the month that is corrected was missing when it was counted."""
SAID = (
    "The office answers each message about this on the day it comes in, and tells people when somebody will be there.",
    "Two people now read new messages, also when one of them is ill, so that none lies for a week.",
    "The form asks for what was missing most often, so that people need not come twice.",
)


def publish(home: Database, now: datetime) -> None:
    """Count the months that are over as they would have been counted, and do with them what people do."""
    with home.read() as session:
        due = freezing.due(session, now)
        leader = _person(session, Role.leadership, now)
        second = _person(session, Role.head, now, at_the_top=True)
    if leader is None or second is None:
        return
    wrong = due[-2] if len(due) > 2 else due[-1] if len(due) == 2 else None
    kept: list[UUID] = []
    for month in due:
        end = first_moment(following(month))
        at = min(end + timedelta(days=settings().open_freeze_days, hours=5), now)
        with home.read() as session:
            counted = freezing.count(session, month, end - MISSED if month == wrong else at)
        counted.publication.as_of = at
        counted.publication.out_at = at + timedelta(days=settings().open_embargo_days)
        with home.write() as session:
            if (made := freezing.keep(session, counted)) is not None:
                kept.append(made.id)
    for place, one in enumerate(kept):
        if place or len(kept) == 1:
            _let_out(home, leader, one, now)
        else:
            with home.write() as session:
                first = session.get_one(Publication, one)
                publishing.withhold(session, leader, one, WITHHELD, min(first.as_of + timedelta(days=1), now))
    if wrong is not None:
        _correct(home, leader, second, wrong, now - timedelta(days=2))
    with home.write() as session:
        _decide(session, leader, now)


def _let_out(home: Database, who: Viewer, publication: UUID, now: datetime) -> None:
    with home.write() as session:
        one = session.get_one(Publication, publication)
        publishing.approve(session, who, one.id, one.digest, min(one.out_at, now))


def _correct(home: Database, asks: Viewer, approves: Viewer, month: date, at: datetime) -> None:
    try:
        made = publishing.correct(home, asks, month, CORRECTED, at)
    except Conflict:  # that month is not out yet, or hardly anybody wrote in its last week
        return
    _let_out(home, approves, made, at + timedelta(hours=4))


def _person(session: Session, role: Role, now: datetime, *, at_the_top: bool = False) -> Viewer | None:
    query = select(Staff).join(StaffRole, col(StaffRole.staff_id) == col(Staff.id)).where(col(StaffRole.role) == role)
    people = session.exec(query.order_by(col(Staff.email))).all()
    viewers = [viewer(session, person.id, person.name, now=now) for person in people]
    return next((one for one in viewers if not at_the_top or publishing.decides(session, one)), None)


def _decide(session: Session, leader: Viewer, now: datetime) -> None:
    """Chairs put decisions of the older meetings into words; the last of these still waits."""
    rows = session.execute(
        select(Finding.id, Review.chair_id)
        .join(Review, col(Review.id) == col(Finding.review_id))
        .where(col(Review.closed_at).is_not(None))
        .order_by(col(Review.week), col(Finding.at))
    ).all()
    said = iter(SAID)
    for finding_id, chair_id in rows:
        chair = session.get(Staff, chair_id) if chair_id else None
        if chair is None or chair.id == leader.staff_id:
            continue
        words = next(said, None)
        if words is None:
            return
        who = viewer(session, chair.id, chair.name, now=now)
        try:
            decisions.propose(session, who, finding_id, words, now - timedelta(days=3))
        except OmbudError:  # a case that is not for the public
            continue
        if words != SAID[-1]:
            decisions.judge(session, leader, finding_id, words, out=True, now=now - timedelta(days=2))
