"""The sums that are kept of large offices, counted anew: the database groups all cases, a few periods at a time."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, and_, case, delete, func, literal, select
from sqlmodel import Session, col

from core.sets import among
from domain.figures import FigureCase, FigureCell, FigureTree
from reports.cells import (
    COLUMN,
    HOUR,
    Dimension,
    Grain,
    Kept,
    Key,
    Sums,
    after,
    bounds,
    first_week,
    periods_of,
    put,
    row_of,
    written,
)
from reports.facts import COUNTED, Sign, bucket_of, runs

GROUPED, LONGEST_RUN = 200_000, 27
"""Cases, and periods, that are grouped by one statement."""
_ENDED, _WAITS = 100_000, 200_000
"""Added to a place to tell which of the counts it is of."""


def recount(session: Session, offices: Kept, zone: ZoneInfo, now: datetime) -> None:
    """Count the cells of some offices anew from the rows of cases."""
    whole = col(FigureCell.dimension) == str(Dimension.all)
    for these, those in ((whole, offices.whole), (~whole, offices.split)):
        session.execute(delete(FigureCell).where(these, among(session, FigureCell.office_id, list(those))))
    for found in expected(session, offices, zone, now):
        put(session, [row_of(key, sums) for key, sums in found.items()])


def expected(session: Session, offices: Kept, zone: ZoneInfo, now: datetime) -> Iterator[dict[Key, Sums]]:
    """What the cells of some offices come to, a few at a time."""
    if not offices:
        return
    for grain in Grain:
        for periods in _runs_of(session, grain, zone, now):
            for dimension in Dimension:
                if those := offices.by(dimension):
                    yield _grouped(session, those, grain, periods, dimension)


def _runs_of(session: Session, grain: Grain, zone: ZoneInfo, now: datetime) -> Iterator[list[tuple[date, int, int]]]:
    """All periods with their first second and that of the next one: several at a time where few cases are in each."""
    first, last, cases = session.execute(
        select(func.min(col(FigureCase.received)), func.max(col(FigureCase.received)), func.count())
    ).one()
    if not cases:
        return
    since = next(day for kind, day, _ in periods_of(first, zone) if kind is grain)
    if grain is Grain.week:
        since = max(since, first_week(now, zone))
    periods = []
    while (edges := bounds(grain, since, zone))[0] <= last:
        periods.append((since, *edges))
        since = after(grain, since)
    days = {Grain.month: 30, Grain.week: 7}[grain]
    in_each = cases * days / (1 + (last - first) / 86_400)
    at_once = max(1, min(LONGEST_RUN, int(GROUPED / max(1.0, in_each))))
    yield from (periods[place : place + at_once] for place in range(0, len(periods), at_once))


def _grouped(
    session: Session,
    offices: Collection[UUID],
    grain: Grain,
    periods: Sequence[tuple[date, int, int]],
    dimension: Dimension,
) -> dict[Key, Sums]:
    received, silence, ended = col(FigureCase.received), col(FigureCase.silence), col(FigureCase.ended)
    start: ColumnElement[int] = literal(periods[0][1], BigInteger)
    if len(periods) > 1:
        start = case(*((received < end, begin) for _, begin, end in periods[:-1]), else_=periods[-1][1])
    place = case(
        (silence.is_not(None), bucket_of(silence)),
        (ended.is_not(None), _ENDED + bucket_of(ended)),
        else_=_WAITS + (received - start) // HOUR,
    )
    rows = (
        select(
            col(FigureTree.above_id).label("office"),
            COLUMN.get(dimension, literal("")).label("value"),
            start.label("start"),
            place.label("place"),
            col(FigureCase.signs).label("signs"),
            and_(runs(), col(FigureCase.late)).label("late"),
        )
        .join(FigureTree, col(FigureTree.office_id) == col(FigureCase.office_id))
        .where(
            received >= periods[0][1],
            received < periods[-1][2],
            among(session, FigureTree.above_id, list(offices)),
        )
        .subquery()
    )
    summed = [
        func.count().label("n"),
        func.count(case((rows.c.late, 1))).label("late"),
        *(func.count(case((rows.c.signs.op("&")(int(Sign[name])) != 0, 1))).label(name) for name in COUNTED),
    ]
    by = (rows.c.office, rows.c.value, rows.c.start, rows.c.place)
    since_of = {begin: since for since, begin, _ in periods}
    found: dict[tuple[UUID, Any, int], Sums] = defaultdict(Sums)
    for row in session.execute(select(*by, *summed).group_by(*by)):
        _take(found[row[:3]], row)
    return {
        Key(office, grain, dimension, written(value), since_of[begin]): sums
        for (office, value, begin), sums in found.items()
    }


def _take(sums: Sums, row: Any) -> None:
    place, n, late, *counted = row[3:]
    counts = sums.counts
    counts["n"] += n
    counts["late"] += late
    for name, count in zip(COUNTED, counted, strict=True):
        counts[name] += count
    if place >= _WAITS:
        counts["waiting"] += n
        sums.waits[place - _WAITS] += n
    elif place >= _ENDED:
        sums.ended[place - _ENDED] += n
    else:
        counts["answered"] += n
        sums.silences[place] += n
