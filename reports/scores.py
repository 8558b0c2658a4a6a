"""Where each office stands in the last months, worked out beforehand, so that a list of the first forty of 25,000 is
forty rows of an index.

The median is of the cases received in this month and the two before. What offices are ranked by is the share of answers
that were late or are overdue, of those that were due: a case without an answer counts against its office as soon as its
target has passed, so an office that answers only what is easy does not climb. The share is drawn towards that of all
offices (beta-binomial, `reports.shrinkage`). An office is worked out anew when a case of it changed, and all of them
within the hour, as those who wait grow older.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from core.sets import among, by_id, one_of_given
from domain.catalogue import Catalogue, catalogue
from domain.figures import FigureOffice, FigureState, FigureTree
from domain.visibility import Viewer
from reports import bulk, tables
from reports.cells import Dimension, month_of
from reports.facts import moment_of
from reports.reading import Asked, Reading
from reports.rests import Rest, never
from reports.shrinkage import FEWEST, beta_of
from reports.weeks import start_of

MONTHS_BACK = 2
"""Whole months that are looked at beside the one that runs."""
EVERY = timedelta(hours=1)
BATCH = 2000
"""Offices worked out at once; and how many of those an hour old by one refresh."""


class Order(StrEnum):
    """What offices can be listed by; the worst come first."""

    late = "late"
    oldest = "oldest"
    drawn = "drawn"
    median = "median"


@dataclass(frozen=True, slots=True)
class Rank:
    """An office in a list. `row` holds its figures; `since` is from when on its cases were counted."""

    office_id: UUID
    below: bool
    since: date | None
    waiting: int
    late: int
    oldest: datetime | None
    n: int
    answered: int
    due: int
    failed: int
    median: float | None
    median_low: float | None
    median_high: float | None
    p90: float | None
    drawn: float | None
    drawn_low: float | None
    drawn_high: float | None


def window(now: datetime, zone: ZoneInfo) -> date:
    """The first day of the months that offices are compared by."""
    month = month_of(now.astimezone(zone).date())
    for _ in range(MONTHS_BACK):
        month = month_of(month - timedelta(days=1))
    return month


def ranked(
    session: Session,
    who: Viewer,
    *,
    root: UUID | None = None,
    order: Order = Order.drawn,
    limit: int = 40,
    skip: int = 0,
    children: bool = False,
) -> list[Rank]:
    """Offices under another one (None: all), by themselves, worst first; or its `children`, each with all below it.

    An office without anything to be ordered by is left out. Medians: one that was not reached is the longest.
    """
    table = FigureOffice.__table__  # type: ignore[attr-defined]
    query = select(table).where(table.c.below.is_(children))
    if who.offices is not None:
        query = query.where(among(session, table.c.office_id, list(who.offices)))
    known = catalogue(session)
    if children:
        query = query.where(among(session, table.c.office_id, [one.id for one in known.children.get(root, ())]))
    elif root is not None and known.offices[root].parent_id is not None:
        query = query.join(FigureTree, col(FigureTree.office_id) == table.c.office_id).where(
            one_of_given(FigureTree.above_id, "roots")
        )
    match order:
        case Order.late:
            query = query.where(table.c.waiting > 0)
            query = query.order_by(table.c.late.desc(), table.c.waiting.desc(), table.c.office_id.desc())
        case Order.oldest:
            query = query.where(table.c.oldest.is_not(None)).order_by(table.c.oldest, table.c.office_id)
        case Order.drawn:
            query = query.where(table.c.drawn.is_not(None)).order_by(table.c.drawn.desc(), table.c.office_id.desc())
        case Order.median:
            query = query.where(table.c.n > 0)
            query = query.order_by(table.c.median.desc().nulls_first(), table.c.office_id.desc())
    prior = session.execute(select(col(FigureState.prior_a), col(FigureState.prior_b))).first()
    rows = session.execute(query.limit(limit).offset(skip), {"roots": frozenset({root})}).all()
    return [_rank(row, prior[0] if prior else None, prior[1] if prior else None) for row in rows]


def late_of(session: Session, office_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many wait past their target at some offices and all below each."""
    at = among(session, FigureOffice.office_id, list(office_ids))
    query = select(col(FigureOffice.office_id), col(FigureOffice.late)).where(at, col(FigureOffice.below))
    return {row[0]: row[1] for row in session.execute(query)}


def _rank(row: Any, a: float | None, b: float | None) -> Rank:
    from scipy.special import betaincinv

    low = high = None
    if a is not None and b is not None and row.due:
        low, high = (float(betaincinv(row.failed + a, row.due - row.failed + b, edge)) for edge in (0.025, 0.975))
    return Rank(
        row.office_id,
        row.below,
        row.since,
        row.waiting,
        row.late,
        None if row.oldest is None else moment_of(row.oldest),
        row.n,
        row.answered,
        row.due,
        row.failed,
        row.median,
        row.median_low,
        row.median_high,
        row.p90,
        row.drawn,
        low,
        high,
    )


# -- keeping them ----------------------------------------------------------------------------------------------------


Place = tuple[UUID, bool]
"""An office, by itself or (True) with all below it."""


def forget(session: Session, places: Collection[Place]) -> None:
    """Put off what has changed until there is time for it."""
    table = FigureOffice.__table__  # type: ignore[attr-defined]
    for below in (False, True):
        offices = [office for office, kind in places if kind is below]
        at = among(session, table.c.office_id, offices), table.c.below.is_(below), table.c.scored_at.is_not(None)
        session.execute(update(table).where(*at).values(scored_at=None))


def keep(
    session: Session,
    state: FigureState,
    known: Catalogue,
    zone: ZoneInfo,
    now: datetime,
    changed: Collection[Place],
    rest: Rest = never,
) -> bool:
    """Work out anew what `changed`, and a part of what is an hour old; and once an hour what all are drawn towards.

    Whether all that was put off (`forget`) is worked out too.
    """
    at = col(FigureOffice.scored_at)
    aged = select(col(FigureOffice.office_id), col(FigureOffice.below)).where(or_(at.is_(None), at <= now - EVERY))
    aged = aged.order_by(at.nulls_first(), col(FigureOffice.office_id), col(FigureOffice.below)).limit(BATCH)
    old = [(row[0], row[1]) for row in session.execute(aged)]
    places = sorted({*changed, *old}, key=lambda place: by_id(place[0]))  # neighbours lie near each other
    for first in range(0, len(places), BATCH):
        _write(session, _worked_out(session, known, places[first : first + BATCH], zone, now), state)
        rest()
    if state.prior_at is None or state.prior_at <= now - EVERY:
        _draw(session, state, now)
    return len(old) < BATCH or session.execute(select(at).where(at.is_(None)).limit(1)).first() is None


def everything(session: Session, state: FigureState, known: Catalogue, zone: ZoneInfo, now: datetime) -> None:
    """Work out every office anew."""
    places = select(col(FigureOffice.office_id), col(FigureOffice.below)).order_by(col(FigureOffice.office_id))
    every, rows = session.execute(places).all(), list[_Row]()
    for first in range(0, len(every), BATCH):
        rows += _worked_out(session, known, every[first : first + BATCH], zone, now)
    _estimate(state, [(row.failed, row.due) for row in rows if not row.below and row.due], now)
    _write(session, rows, state)


class _Row(NamedTuple):
    """What is worked out of an office, as columns of `FigureOffice`."""

    office_id: UUID
    below: bool
    since: date
    n: int
    answered: int
    due: int
    failed: int
    median: float | None
    median_low: float | None
    median_high: float | None
    p90: float | None
    scored_at: datetime


def _worked_out(
    session: Session, known: Catalogue, places: Sequence[Place], zone: ZoneInfo, now: datetime
) -> list[_Row]:
    since = window(now, zone)
    # what has nothing below it is read once for both of its rows
    alone = {(office, below): not below or not known.children.get(office) for office, below in places}
    found = {
        kind: _counted(
            session, list({office for (office, _), one in alone.items() if one is not kind}), since, kind, zone, now
        )
        for kind in (False, True)
    }
    rows = []
    for (office, below), one in alone.items():
        part = found[not one].get(office)
        if part is None:
            rows.append(_Row(office, below, since, 0, 0, 0, 0, None, None, None, None, now))
            continue
        silence = part.silence
        quantiles = (silence.median_seconds, silence.median_low, silence.median_high, silence.p90_seconds)
        rows.append(_Row(office, below, since, silence.n, silence.answered, part.due, part.failed, *quantiles, now))
    return rows


def _write(session: Session, rows: Sequence[_Row], state: FigureState) -> None:
    table, a, b = FigureOffice.__table__, state.prior_a, state.prior_b  # type: ignore[attr-defined]
    drawn = [(*row, _drawn(row.failed, row.due, a, b)) for row in rows]
    bulk.change(session, table, (*_Row._fields, "drawn"), drawn)


def _counted(
    session: Session, offices: Sequence[UUID], since: date, below: bool, zone: ZoneInfo, now: datetime
) -> dict[UUID, Reading]:
    if not offices:
        return {}
    asked = Asked(start_of(since, zone), None, now, zone, Dimension.all, below)
    found = tables.read(session, offices, asked, waiting=False)
    return {office: parts[""] for office, parts in found.items() if "" in parts}


def _drawn(failed: int, due: int, a: float | None, b: float | None) -> float | None:
    if not due:
        return None
    return failed / due if a is None or b is None else (failed + a) / (due + a + b)


def _draw(session: Session, state: FigureState, now: datetime) -> None:
    """Estimate what offices' shares are drawn towards, and draw all of them."""
    table = FigureOffice.__table__  # type: ignore[attr-defined]
    own = select(table.c.failed, table.c.due).where(table.c.below.is_(False), table.c.due > 0)
    _estimate(state, [(row.failed, row.due) for row in session.execute(own.order_by(table.c.office_id))], now)
    drawn: Any = table.c.failed / (table.c.due * 1.0)
    if state.prior_a is not None and state.prior_b is not None:
        drawn = (table.c.failed + state.prior_a) / (table.c.due + (state.prior_a + state.prior_b))
    session.execute(update(table).where(table.c.due > 0).values(drawn=drawn))


def _estimate(state: FigureState, pairs: Sequence[tuple[int, int]], now: datetime) -> None:
    state.prior_a = state.prior_b = None
    if len(pairs) >= FEWEST:
        state.prior_a, state.prior_b = beta_of([failed for failed, _ in pairs], [due for _, due in pairs])
    state.prior_at = now
