"""Where each office stands in the last months, worked out beforehand, so that a list of the first forty of 25,000 is
forty rows of an index.

The median is of the cases received in this month and the two before. What offices are ranked by is the share of answers
that were late or are overdue, of those that were due: a case without an answer counts against its office as soon as its
target has passed, so an office that answers only what is easy does not climb. The share is drawn towards that of all
offices (beta-binomial, `reports.shrinkage`). An office is worked out anew when a case of it changed, and all of them
within the hour, as those who wait grow older.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, select, update
from sqlmodel import Session, col

from core.sets import among
from domain.catalogue import Catalogue, catalogue
from domain.figures import FigureOffice, FigureState, FigureTree
from domain.visibility import Viewer
from reports import tables
from reports.cells import Dimension, month_of
from reports.facts import moment_of
from reports.reading import Asked, Reading
from reports.shrinkage import FEWEST, beta_of
from reports.weeks import start_of

MONTHS_BACK = 2
"""Whole months that are looked at beside the one that runs."""
EVERY = timedelta(hours=1)
BATCH = 2000
"""Offices worked out by one transaction of the refresher."""


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
            col(FigureTree.above_id) == root
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
    rows = session.execute(query.limit(limit).offset(skip)).all()
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


def keep(session: Session, state: FigureState, known: Catalogue, zone: ZoneInfo, now: datetime) -> None:
    """Work out anew what changed, and a part of what is an hour old; and once an hour what all are drawn towards."""
    _work_out(session, state, known, _stale(session, now, BATCH), zone, now)
    if state.prior_at is None or state.prior_at <= now - EVERY:
        _draw(session, state, now)


def everything(session: Session, state: FigureState, known: Catalogue, zone: ZoneInfo, now: datetime) -> None:
    """Work out every office anew."""
    table = FigureOffice.__table__  # type: ignore[attr-defined]
    session.execute(update(table).values(scored_at=None))
    for batch in iter(lambda: _stale(session, now, BATCH), []):
        _work_out(session, state, known, batch, zone, now)
    _draw(session, state, now)


def _stale(session: Session, now: datetime, limit: int) -> list[tuple[UUID, bool]]:
    at = col(FigureOffice.scored_at)
    query = select(col(FigureOffice.office_id), col(FigureOffice.below)).where(or_(at.is_(None), at <= now - EVERY))
    query = query.order_by(at.nulls_first(), col(FigureOffice.office_id), col(FigureOffice.below))
    return [(office, below) for office, below in session.execute(query.limit(limit))]


def _work_out(
    session: Session,
    state: FigureState,
    known: Catalogue,
    places: Sequence[tuple[UUID, bool]],
    zone: ZoneInfo,
    now: datetime,
) -> None:
    if not places:
        return
    since = window(now, zone)
    found = {}
    for below in (False, True):
        offices = [office for office, kind in places if kind is below]
        found[below] = _counted(session, offices, since, below, zone, now)
    table = FigureOffice.__table__  # type: ignore[attr-defined]
    rows = []
    for office, below in places:
        one = found[below].get(office)
        due, failed = (one.due, one.failed) if one else (0, 0)
        silence = one.silence if one else None
        rows.append(
            {
                "_office": office,
                "_below": below,
                "since": since,
                "n": silence.n if silence else 0,
                "answered": silence.answered if silence else 0,
                "due": due,
                "failed": failed,
                "median": silence.median_seconds if silence else None,
                "median_low": silence.median_low if silence else None,
                "median_high": silence.median_high if silence else None,
                "p90": silence.p90_seconds if silence else None,
                "drawn": _drawn(failed, due, state.prior_a, state.prior_b),
                "scored_at": now,
            }
        )
    at = (table.c.office_id == bindparam("_office")) & (table.c.below == bindparam("_below"))
    names = [name for name in rows[0] if not name.startswith("_")]
    renamed = [{name if name.startswith("_") else f"_{name}": value for name, value in row.items()} for row in rows]
    session.execute(update(table).where(at).values({name: bindparam(f"_{name}") for name in names}), renamed)


def _counted(
    session: Session, offices: Sequence[UUID], since: date, below: bool, zone: ZoneInfo, now: datetime
) -> dict[UUID, Reading]:
    if not offices:
        return {}
    asked = Asked(start_of(since, zone), None, now, zone, Dimension.all, below)
    return {office: parts[""] for office, parts in tables.read(session, offices, asked).items() if "" in parts}


def _drawn(failed: int, due: int, a: float | None, b: float | None) -> float | None:
    if not due:
        return None
    return failed / due if a is None or b is None else (failed + a) / (due + a + b)


def _draw(session: Session, state: FigureState, now: datetime) -> None:
    """Estimate what offices' shares are drawn towards, and draw all of them."""
    table = FigureOffice.__table__  # type: ignore[attr-defined]
    own = select(table.c.failed, table.c.due).where(table.c.below.is_(False), table.c.due > 0)
    pairs = session.execute(own.order_by(table.c.office_id)).all()
    state.prior_a = state.prior_b = None
    drawn: Any = table.c.failed / (table.c.due * 1.0)
    if len(pairs) >= FEWEST:
        state.prior_a, state.prior_b = beta_of([one.failed for one in pairs], [one.due for one in pairs])
        drawn = (table.c.failed + state.prior_a) / (table.c.due + (state.prior_a + state.prior_b))
    session.execute(update(table).where(table.c.due > 0).values(drawn=drawn))
    state.prior_at = now
