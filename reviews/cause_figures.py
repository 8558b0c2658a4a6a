"""What the causes add up to: how many cases have each, where, about what and when; and which come back week after week.

Counted are cases the viewer may see, by when they were received, under the cause that stands for theirs.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import Session, col, select

from core.settings import settings
from domain.case import Case
from domain.cause import CaseCause, Cause
from domain.review import Action, Finding, Review
from domain.visibility import Viewer, visible
from reports.weeks import bounds, monday_of, start_of
from reviews.causes import Causes, causes


@dataclass(frozen=True, slots=True)
class Window:
    """What is looked at. `offices` None is every office one sees; `service` None every service."""

    since: datetime
    until: datetime
    offices: Collection[UUID] | None = None
    service: UUID | None = None

    def where(self, who: Viewer) -> ColumnElement[bool]:
        """SQL predicate over `Case`."""
        parts = [visible(who), col(Case.received_at) >= self.since, col(Case.received_at) < self.until]
        if self.offices is not None:
            parts.append(col(Case.office_id).in_(self.offices))
        if self.service is not None:
            parts.append(col(Case.service_id) == self.service)
        return and_(*parts)


@dataclass(frozen=True, slots=True)
class Line:
    """A cause in the tree: `own` cases have it, `all` with those of narrower ones; `months` are `all` by calendar
    month, oldest first; `weeks` in how many different weeks they came."""

    cause: Cause
    depth: int
    own: int
    all: int
    months: tuple[int, ...]
    weeks: int


@dataclass(frozen=True, slots=True)
class Table:
    """Causes as a tree, most frequent first. `looked_at` of the `received` cases have a cause."""

    lines: tuple[Line, ...]
    months: tuple[date, ...]
    looked_at: int
    received: int


@dataclass(frozen=True, slots=True)
class Split:
    """Cases of one cause and those below it, by office, service (None: none known) and month."""

    count: int
    offices: tuple[tuple[UUID, int], ...]
    services: tuple[tuple[UUID | None, int], ...]
    months: tuple[tuple[date, int], ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A cause that came back: cases of the week, of the weeks before it, and in how many weeks there were any."""

    cause: Cause
    this_week: int
    earlier: int
    weeks: int


def table(session: Session, who: Viewer, window: Window) -> Table:
    """How often each cause was found. Causes without a case in the window are there as well, at the end."""
    known = causes(session, who)
    found = _found(session, who, window, known)
    months = _months(window)
    own: Counter[UUID] = Counter(cause_id for cause_id, _ in found)
    whole: Counter[UUID] = Counter()
    by_month: Counter[tuple[UUID, date]] = Counter()
    weeks: dict[UUID, set[date]] = {}
    zone = settings().zone
    for cause_id, at in found:
        month, monday = at.astimezone(zone).date().replace(day=1), monday_of(at, zone)
        for one in known.chain(cause_id):
            whole[one] += 1
            by_month[one, month] += 1
            weeks.setdefault(one, set()).add(monday)
    received = session.exec(select(func.count()).select_from(Case).where(window.where(who))).one()
    lines = [
        Line(
            known.by_id[one], depth, own[one], whole[one], tuple(by_month[one, month] for month in months),
            len(weeks.get(one, ())),
        )
        for one, depth in _ordered(known, whole)
        if known.by_id[one].retired_at is None or whole[one]
    ]  # fmt: skip
    return Table(tuple(lines), months, len(found), received)


def split(session: Session, who: Viewer, cause_id: UUID, window: Window, *, listed: int = 20) -> Split:
    """One cause by office, service and month, with the newest of its cases."""
    theirs = col(CaseCause.cause_id).in_(causes(session, who).below(cause_id))
    of_cause = and_(window.where(who), theirs)
    rows = session.exec(
        select(Case.office_id, Case.service_id, Case.received_at)
        .join(CaseCause, col(CaseCause.case_id) == col(Case.id))
        .where(of_cause)
    ).all()
    newest = session.exec(
        select(Case)
        .join(CaseCause, col(CaseCause.case_id) == col(Case.id))
        .where(of_cause)
        .order_by(col(Case.received_at).desc(), col(Case.id))
        .limit(listed)
    ).all()
    zone = settings().zone
    months = Counter(at.astimezone(zone).date().replace(day=1) for _, _, at in rows)
    return Split(
        count=len(rows),
        offices=tuple(Counter(office for office, _, _ in rows).most_common()),
        services=tuple(Counter(service for _, service, _ in rows).most_common()),
        months=tuple((month, months[month]) for month in _months(window)),
        cases=tuple(newest),
    )


def repeated(
    session: Session, who: Viewer, offices: Collection[UUID], week: date, *, weeks: int = 8, least: int = 2
) -> list[Repeated]:
    """Causes that cases of the week beginning on `week` have and that were found before, in at least `least` of the
    last `weeks` weeks; those that came back most often first."""
    zone = settings().zone
    _, until = bounds(week, zone)
    known = causes(session, who)
    window = Window(start_of(week - timedelta(weeks=weeks - 1), zone), until, offices)
    seen: dict[UUID, Counter[date]] = {}
    for cause_id, at in _found(session, who, window, known):
        seen.setdefault(cause_id, Counter())[monday_of(at, zone)] += 1
    lines = [
        Repeated(known.by_id[one], counts[week], counts.total() - counts[week], len(counts))
        for one, counts in seen.items()
        if counts[week] and len(counts) >= least
    ]
    return sorted(lines, key=lambda one: (-one.weeks, -one.this_week - one.earlier, one.cause.key))


def actions_against(session: Session, who: Viewer, cause_id: UUID) -> list[Action]:
    """Actions against a cause or one below it, newest first; without those about a case the viewer may not see."""
    below = causes(session, who).below(cause_id)
    return list(
        session.exec(
            select(Action)
            .join(Case, col(Case.id) == col(Action.case_id), isouter=True)
            .where(col(Action.cause_id).in_(below), col(Action.case_id).is_(None) | visible(who))
            .order_by(col(Action.created_at).desc(), col(Action.id))
        )
    )


def findings_of(
    session: Session, who: Viewer, cause_id: UUID, *, limit: int = 10
) -> list[tuple[Finding, Case, Review]]:
    """What meetings decided about cases of a cause or one below it, newest first."""
    below = causes(session, who).below(cause_id)
    rows = session.exec(
        select(Finding, Case, Review)
        .join(Case, col(Case.id) == col(Finding.case_id))
        .join(Review, col(Review.id) == col(Finding.review_id))
        .where(col(Finding.cause_id).in_(below), visible(who))
        .order_by(col(Finding.at).desc(), col(Finding.id))
        .limit(limit)
    ).all()
    return [(finding, case, review) for finding, case, review in rows]


def finding(session: Session, who: Viewer, finding_id: UUID) -> tuple[Finding, Case, Review] | None:
    """One decision with its case and its meeting; None unless the viewer sees the case."""
    row = session.exec(
        select(Finding, Case, Review)
        .join(Case, col(Case.id) == col(Finding.case_id))
        .join(Review, col(Review.id) == col(Finding.review_id))
        .where(col(Finding.id) == finding_id, visible(who))
    ).first()
    return (row[0], row[1], row[2]) if row is not None else None


def findings_at(session: Session, who: Viewer, review_id: UUID) -> dict[str, UUID]:
    """What a meeting decided, by the reference of the case, as far as the viewer sees these."""
    rows = session.exec(
        select(Case.reference, Finding.id)
        .join(Case, col(Case.id) == col(Finding.case_id))
        .where(Finding.review_id == review_id, visible(who))
    )
    return dict(rows.all())


def _found(session: Session, who: Viewer, window: Window, known: Causes) -> list[tuple[UUID, datetime]]:
    """The cause and the moment of each case in the window that has one."""
    rows = session.exec(
        select(CaseCause.cause_id, Case.received_at)
        .join(Case, col(Case.id) == col(CaseCause.case_id))
        .where(window.where(who))
    ).all()
    standing = [(known.standing(cause_id), at) for cause_id, at in rows]
    return [(cause_id, at) for cause_id, at in standing if cause_id in known.by_id]


def _ordered(known: Causes, counts: Counter[UUID]) -> list[tuple[UUID, int]]:
    """Causes with their depth, each before those below it, the most frequent first on each level."""
    below: dict[UUID | None, list[UUID]] = {}
    for one in known.by_id.values():
        if one.merged_at is None:
            below.setdefault(known.parent(one.id), []).append(one.id)
    found: list[tuple[UUID, int]] = []

    def walk(parent: UUID | None, depth: int) -> None:
        for one in sorted(below.get(parent, ()), key=lambda cause: (-counts[cause], known.by_id[cause].key)):
            found.append((one, depth))
            walk(one, depth + 1)

    walk(None, 0)
    return found


def _months(window: Window) -> tuple[date, ...]:
    """First days of the calendar months that the window touches."""
    zone = settings().zone
    month = window.since.astimezone(zone).date().replace(day=1)
    last = (window.until - timedelta(microseconds=1)).astimezone(zone).date()
    found = []
    while month <= last:
        found.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return tuple(found)
