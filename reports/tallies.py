"""How many cases offices had, and how many of them were not answered in time: figures without a curve.

For tables of offices by service, where a number in each cell is all there is to see: the database adds them up, and no
silence leaves it. What is counted, and for whom, is as in `reports.tables`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, case, func, select
from sqlmodel import Session, col

from domain.figures import FigureCase, FigureCell
from domain.visibility import Viewer
from reports.cells import Dimension
from reports.facts import Sign, runs
from reports.tables import asked_of, cells_of, keyed, readable, sources, written


@dataclass(frozen=True, slots=True)
class Tally:
    """Of `n` cases received, it is settled of `due` whether they were answered in time; `failed` of these were not."""

    n: int
    due: int
    failed: int


def tallies(
    session: Session,
    who: Viewer,
    office_ids: Collection[UUID],
    *,
    since: datetime,
    until: datetime | None = None,
    by: Dimension = Dimension.all,
) -> dict[UUID, dict[str, Tally]]:
    """Numbers of some offices, each with all below it, by value of a dimension, of cases received in a period."""
    mine = readable(who, office_ids)
    asked = asked_of(session, since, until, by, below=True)
    if asked is None or not mine:
        return {}
    found: dict[UUID, dict[str, Tally]] = {}
    kept = asked.kept
    summed, rest = sources(session, mine, asked, sums=kept is not None)
    if kept and summed:
        cell = FigureCell.__table__.c  # type: ignore[attr-defined]
        failed = cell.missed + cell.late
        sums = (func.sum(cell.n), func.sum(cell.met + failed), func.sum(failed))
        query = cells_of(summed, kept[0], by, *kept[1:]).with_only_columns(cell.office_id, cell.value, *sums)
        for office, value, *counts in session.execute(query.group_by(cell.office_id, cell.value)):
            found.setdefault(office, {})[value] = Tally(*map(int, counts))
    if rest:
        signs, late = col(FigureCase.signs), and_(runs(), col(FigureCase.late))
        missed = case((signs.op("&")(int(Sign.missed)) != 0, 1), (late, 1), else_=0)
        settled = case((signs.op("&")(int(Sign.met | Sign.missed)) != 0, 1), (late, 1), else_=0)
        received = col(FigureCase.received)
        rows = (
            keyed(by, True, settled.label("due"), missed.label("failed"))
            .where(received >= asked.start, received < asked.end)
            .subquery()
        )
        by_value = (rows.c.office, rows.c.value)
        grouped = select(*by_value, func.count(), func.sum(rows.c.due), func.sum(rows.c.failed)).group_by(*by_value)
        for office, raw, *counts in session.execute(grouped, {"offices": frozenset(rest)}):
            found.setdefault(office, {})[written(raw)] = Tally(*map(int, counts))
    return found
