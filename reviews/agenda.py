"""What a Monday's review has before it: last week's new, overdue, longest silent and low rated; what was left over."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_
from sqlmodel import Session, col, select

from cases.counted import unanswered
from core.settings import settings
from core.texts import shorten
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Clock
from domain.review import Action, Finding, Review, unfinished
from domain.staff import Staff
from domain.states import ClockState
from domain.visibility import Viewer, visible
from reports.samples import within
from reports.weeks import bounds
from reports.words import said

LIMIT = 20
"""Cases listed under one heading; their number is told in full."""
LOW = 2


@dataclass(frozen=True, slots=True)
class ActionLine:
    """Something somebody said they would do. `reference` is empty where it is about no case."""

    id: UUID
    what: str
    owner: str
    owner_id: UUID
    due_on: date
    week: date
    done_at: datetime | None
    done_note: str
    reference: str

    def late(self, today: date) -> bool:
        """Whether it is unfinished after its day."""
        return self.done_at is None and self.due_on < today


@dataclass(frozen=True, slots=True)
class Item:
    """One case or rating to talk about. `silent_seconds` None: it has an answer. Ratings without a case have no id."""

    case_id: UUID | None
    reference: str
    title: str
    language: str
    office_id: UUID
    at: datetime
    kind: str = ""
    silent_seconds: int | None = None
    rating: int | None = None
    why: str = ""
    decision: str = ""
    actions: tuple[ActionLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """The first `LIMIT` of `count`."""

    count: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Agenda:
    """One meeting. What was decided leaves the other lists but not their counts. `actions` are those about no case."""

    review: Review | None
    new: Listed
    overdue: Listed
    longest_silent: Listed
    low_rated: Listed
    carried_over: tuple[ActionLine, ...]
    decided: tuple[Item, ...]
    actions: tuple[ActionLine, ...]


def agenda(session: Session, who: Viewer, office_id: UUID, week: date, now: datetime) -> Agenda:
    """The meeting of an office and all below it about the week that begins on `week`, a Monday there.

    A closed meeting is shown as things stood when it closed; one that is still to be held, as they stand now.
    """
    review = session.exec(select(Review).where(Review.office_id == office_id, Review.week == week)).first()
    at = review.closed_at if review is not None and review.closed_at is not None else now
    since, until = bounds(week, settings().zone)
    offices = catalogue(session).subtree(office_id)
    before = and_(within(who, offices), col(Case.received_at) < min(until, at))
    decided = _decided(session, who, review, at)
    done = frozenset(item.case_id for item in decided)
    low = [
        line
        for line in said(session, who, offices, since=since, until=min(until, at), up_to=LOW)
        if line.case_id not in done or line.case_id is None
    ]
    silent_first = case((unanswered(at), 0), else_=1)
    return Agenda(
        review=review,
        new=_list(session, and_(before, col(Case.received_at) >= since), done, at, silent_first),
        overdue=_list(session, and_(before, overdue(at)), done, at, silent_first),
        longest_silent=_list(session, and_(before, unanswered(at)), done, at),
        low_rated=Listed(
            len(low),
            tuple(
                Item(line.case_id, line.reference, line.words, "", line.office_id, line.at, rating=line.rating)
                for line in low[:LIMIT]
            ),
        ),
        carried_over=carried_over(session, who, office_id, week, at),
        decided=decided,
        actions=action_lines(session, who, Action.review_id == review.id, col(Action.case_id).is_(None))
        if review is not None
        else (),
    )


def overdue(at: datetime) -> ColumnElement[bool]:
    """Cases with some clock past its deadline at that moment."""
    return exists(
        select(literal(1)).where(
            col(Clock.case_id) == col(Case.id),
            col(Clock.state).not_in((ClockState.void, ClockState.paused)),
            col(Clock.deadline_at) <= at,
            or_(col(Clock.ended_at).is_(None), col(Clock.ended_at) > at),
        )
    )


def carried_over(session: Session, who: Viewer, office_id: UUID, week: date, at: datetime) -> tuple[ActionLine, ...]:
    """Actions of the office's earlier meetings that were not done at that moment, oldest promise first."""
    return action_lines(
        session,
        who,
        Action.office_id == office_id,
        Review.week < week,
        col(Action.created_at) <= at,
        unfinished(at),
    )


def action_lines(session: Session, who: Viewer, *where: ColumnElement[bool] | bool) -> tuple[ActionLine, ...]:
    """Actions with owner and week, without those about a case the viewer may not see."""
    rows = session.exec(
        select(Action, col(Staff.name), col(Review.week), col(Case.reference))
        .join(Review, col(Review.id) == col(Action.review_id))
        .join(Staff, col(Staff.id) == col(Action.owner_id))
        .join(Case, col(Case.id) == col(Action.case_id), isouter=True)
        .where(*where, or_(col(Action.case_id).is_(None), visible(who)))
        .order_by(col(Review.week), col(Action.due_on), col(Action.created_at), col(Action.id))
    )
    return tuple(
        ActionLine(
            id=action.id,
            what=action.what,
            owner=owner,
            owner_id=action.owner_id,
            due_on=action.due_on,
            week=week,
            done_at=action.done_at,
            done_note=action.done_note or "",
            reference=reference or "",
        )
        for action, owner, week, reference in rows
    )


def _list(
    session: Session,
    where: ColumnElement[bool],
    done: frozenset[UUID | None],
    at: datetime,
    first: ColumnElement[int] | None = None,
) -> Listed:
    """Those not decided yet, in order of `first` and then oldest first; the count is of all."""
    count = session.exec(select(func.count()).select_from(Case).where(where)).one()
    query = select(Case).where(where, col(Case.id).not_in([one for one in done if one is not None])).limit(LIMIT)
    if first is not None:
        query = query.order_by(first)
    rows = session.exec(query.order_by(col(Case.received_at), col(Case.id)))
    return Listed(count, tuple(_item(row, at) for row in rows))


def _item(row: Case, at: datetime, finding: Finding | None = None, actions: Iterable[ActionLine] = ()) -> Item:
    waits = row.first_response_at is None or row.first_response_at > at
    return Item(
        case_id=row.id,
        reference=row.reference,
        title=shorten(row.text, 160),
        language=row.language,
        office_id=row.office_id,
        at=row.received_at,
        kind=str(row.kind),
        silent_seconds=max(0, int((at - row.received_at).total_seconds())) if waits else None,
        why=finding.why if finding else "",
        decision=finding.decision if finding else "",
        actions=tuple(actions),
    )


def _decided(session: Session, who: Viewer, review: Review | None, at: datetime) -> tuple[Item, ...]:
    if review is None:
        return ()
    rows = session.exec(
        select(Finding, Case)
        .join(Case, col(Case.id) == col(Finding.case_id))
        .where(Finding.review_id == review.id, visible(who))
        .order_by(col(Finding.at), col(Finding.id))
    ).all()
    actions = action_lines(session, who, Action.review_id == review.id)
    return tuple(
        _item(row, at, finding, [line for line in actions if line.reference == row.reference]) for finding, row in rows
    )
