"""Who reads a meeting's pack and minutes, and what of it."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlmodel import Session, col, select

from domain.case import Case
from domain.pack import Attendance
from domain.review import Action, Review
from domain.states import Role
from domain.visibility import Viewer, visible
from reviews.chairs import attends, chairs
from reviews.packs import pack_of
from reviews.snapshot import Body, Section, shown


def attended(session: Session, who: Viewer, office_id: UUID, week: date) -> bool:
    """Whether they were at the meeting."""
    found = session.exec(
        select(Attendance.id)
        .join(Review, col(Review.id) == col(Attendance.review_id))
        .where(
            Review.office_id == office_id,
            Review.week == week,
            Attendance.staff_id == who.staff_id,
            col(Attendance.present).is_(True),
        )
    )
    return who.staff_id is not None and found.first() is not None


def reads_pack(session: Session, who: Viewer, office_id: UUID, week: date) -> bool:
    """Whether they may read the pack: who may read the office's reviews, and whoever was at this one."""
    return attends(session, who, office_id) or attended(session, who, office_id, week)


def reads_minutes(session: Session, who: Viewer, office_id: UUID, week: date) -> bool:
    """Whether they may read the minutes: who reads the pack, and whoever was given something to do."""
    if reads_pack(session, who, office_id, week):
        return True
    given = session.exec(
        select(Action.id)
        .join(Review, col(Review.id) == col(Action.review_id))
        .where(Review.office_id == office_id, Review.week == week, Action.owner_id == who.staff_id)
    )
    return who.staff_id is not None and given.first() is not None


def read_pack(session: Session, who: Viewer, office_id: UUID, week: date) -> Body | None:
    """The pack as this person may read it; None where there is none yet.

    Who holds the meeting, was there, or audits it reads what stands on paper; anybody else of it only the cases they
    see, and no figure of the others.
    """
    body = pack_of(session, office_id, week)
    if body is None:
        return None
    body = shown(session, body)
    whole = chairs(session, who, office_id) or who.has(Role.auditor) or attended(session, who, office_id, week)
    return body if whole else _as_seen(session, who, body)


def _as_seen(session: Session, who: Viewer, body: Body) -> Body:
    about = body.about()
    may = set(session.exec(select(Case.id).where(col(Case.id).in_(about), visible(who)))) if about else set()
    left = body.without(about - may)
    theirs = who.offices if who.offices is not None else frozenset()
    return replace(
        left,
        sections=[Section(one.key, len(one.cases), one.cases) for one in left.sections],
        draw=replace(left.draw, of=len(left.draw.cases)),
        rushes=[one for one in left.rushes if one.office_id in theirs],
        praise=[one for one in left.praise if one.office_id in theirs],
        worst=[one for one in left.worst if one.office_id in theirs],
        best=[one for one in left.best if one.office_id in theirs],
    )
