"""Figures out of the tables that are kept for them: for pages of thousands of offices and millions of cases.

All is as it stood at `as_of`, at most a minute ago. Counts are exact. Medians and 90th percentiles are exact where the
cases themselves are read: for offices with few, and wherever the sums do not settle them to within 2%; else `error`
says how far they can be from the exact ones, as a share of them.

Only what every reader of figures may see is counted (`reports.facts.counted`). An office that one may not look into is
left out. Periods are of receipt; those that begin and end with a calendar month, or with a week and not more than a
year ago, are read from sums, all others from the cases.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Select, Text, and_, bindparam, case, cast, func, literal, select
from sqlmodel import Session, col

from core.sets import among, one_of_given
from domain.case import Case
from domain.figures import FigureCase, FigureCell, FigureOffice, FigureState, FigureTree
from domain.visibility import Viewer
from reports import cells, sketch
from reports.cells import COLUMN, HOUR, Dimension, Grain
from reports.facts import COUNTED, Sign, runs
from reports.reading import Asked, Part, Reading, estimate_all


def as_of(session: Session) -> datetime | None:
    """As at when figures stand; None while they were never built, and nothing can be read."""
    state = stand(session)
    return None if state is None else state.as_of


def stand(session: Session) -> FigureState | None:
    """The state of figures; a session that asks again is told the same without a query."""
    kept: FigureState | None = session.info.get(FigureState)
    if kept is None or kept not in session:
        kept = session.info[FigureState] = session.get(FigureState, 1)
    return kept


def may_read(who: Viewer, office_id: UUID) -> bool:
    """Whether figures of an office are this viewer's to read."""
    return who.offices is None or office_id in who.offices


def readable(who: Viewer, office_ids: Collection[UUID]) -> list[UUID]:
    """Those of some offices whose figures are this viewer's to read, each once."""
    return [one for one in dict.fromkeys(office_ids) if may_read(who, one)]


def asked_of(session: Session, since: datetime, until: datetime | None, by: Dimension, *, below: bool) -> Asked | None:
    """A period and a way of splitting, as figures stand; None before they were ever made."""
    state = stand(session)
    if state is None or state.as_of is None:
        return None
    return Asked(since, until, state.as_of, ZoneInfo(state.zone), by, below)


def silence_of(
    session: Session,
    who: Viewer,
    office_ids: Collection[UUID],
    *,
    since: datetime,
    until: datetime | None = None,
    by: Dimension = Dimension.all,
    below: bool = True,
    waiting: bool = True,
    medians: bool = False,
) -> dict[UUID, dict[str, Reading]]:
    """Figures of some offices by value of a dimension ("" for none, or no split), of cases received in a period.

    `below`: with all below them. Values and offices without a case, and without anybody who waits, are left out.
    Without `waiting` nobody is counted who waits now and was received before the period: `silent_now`, `past_target`
    and `longest_*` say nothing. `medians` leaves 90th percentiles out, for which sums do less often.
    """
    mine = readable(who, office_ids)
    asked = asked_of(session, since, until, by, below=below)
    return read(session, mine, asked, waiting=waiting, medians=medians) if asked is not None and mine else {}


# -- reading ---------------------------------------------------------------------------------------------------------

Found = dict[UUID, dict[str, Part]]
Edges = tuple[tuple[int, str], ...]
"""Seconds at which periods begin, in order, and what each is called; "" from where on it is none of them."""


def read(
    session: Session, offices: Sequence[UUID], asked: Asked, *, waiting: bool = True, medians: bool = False
) -> dict[UUID, dict[str, Reading]]:
    """What was asked of these offices, whoever may see it."""
    kept = asked.kept if asked.below else None
    summed, rest = sources(session, offices, asked, sums=kept is not None)
    found: Found = {}
    if kept and summed:
        grain, first, last = kept
        for row in session.execute(cells_of(summed, grain, asked.by, first, last)):
            found.setdefault(row.office_id, {}).setdefault(row.value, Part()).take_cell(row, asked)
        estimate_all((part for parts in found.values() for part in parts.values()), medians=medians)
        vague = {at: {value for value, part in parts.items() if not part.holds} for at, parts in found.items()}
        if unsettled := [at for at, values in vague.items() if values]:
            exact = from_cases(session, unsettled, asked)
            for at in unsettled:
                found[at] |= {value: exact[at][value] for value in vague[at]}
    if rest:
        found |= from_cases(session, rest, asked)
    if waiting:
        add_waiting(session, offices, asked, found)
    estimate_all((part for parts in found.values() for part in parts.values()), medians=medians)
    return {
        at: {value: part.reading(at, value, asked) for value, part in sorted(parts.items())}
        for at, parts in found.items()
        if parts
    }


def sources(session: Session, offices: Collection[UUID], asked: Asked, *, sums: bool) -> tuple[list[UUID], list[UUID]]:
    """Offices read from `sums`, if those will do, and offices read from cases; those without a case are neither."""
    at = col(FigureOffice.office_id)
    flag = col(FigureOffice.celled if asked.by is Dimension.all else FigureOffice.split)
    here = (among(session, at, list(offices)), col(FigureOffice.below).is_(asked.below), col(FigureOffice.cases) > 0)
    found: tuple[list[UUID], list[UUID]] = ([], [])
    for office, summed in session.execute(select(at, flag).where(*here)):
        found[0 if sums and summed else 1].append(office)
    return found


def cells_of(offices: Collection[UUID], grain: Grain, dimension: Dimension, first: date, last: date) -> Select[Any]:
    table = FigureCell.__table__  # type: ignore[attr-defined]
    return select(table).where(
        table.c.office_id.in_(offices),
        table.c.grain == str(grain),
        table.c.dimension == str(dimension),
        table.c.since >= first,
        table.c.since < last,
    )


# -- from the cases --------------------------------------------------------------------------------------------------


def keyed(
    by: Dimension, below: bool, *columns: ColumnElement[Any], value: ColumnElement[Any] | None = None
) -> Select[Any]:
    """Rows of cases by the office asked for (of those given as `offices` when it is executed) and the value they count
    for: of the dimension, or another one."""
    value = (COLUMN.get(by, literal("")) if value is None else value).label("value")
    if not below:
        rows = select(col(FigureCase.office_id).label("office"), value, *columns)
        return rows.where(one_of_given(FigureCase.office_id, "offices"))
    rows = select(col(FigureTree.above_id).label("office"), value, *columns)
    rows = rows.join(FigureTree, col(FigureTree.office_id) == col(FigureCase.office_id))
    return rows.where(one_of_given(FigureTree.above_id, "offices"))


def from_cases(session: Session, offices: Collection[UUID], asked: Asked, edges: Edges | None = None) -> Found:
    """Read from the cases, by the dimension asked for or (`edges`) by period."""
    given = {"offices": frozenset(offices), "start": asked.start, "end": asked.end, "now": asked.now}
    found: Found = {at: {} for at in offices}
    for row in session.execute(_grouped(asked.by, asked.below, edges), given):
        part = found[row.office][written(row.value)] = Part(
            answered=_numbers(row.answered), silent=_numbers(row.silent)
        )
        part.counts.update({name: getattr(row, name) for name in ("waiting", "late", *COUNTED)})
        part.counts["n"], part.counts["answered"] = len(part.answered) + len(part.silent), len(part.answered)
    return found


@lru_cache(maxsize=64)
def _grouped(by: Dimension, below: bool, edges: Edges | None) -> Select[Any]:
    """The numbers come as one string for each group, which costs a tenth of a row for each. Kept, since to put such a
    statement together takes longer than to execute it for a small office."""
    received, silence, ended = col(FigureCase.received), col(FigureCase.silence), col(FigureCase.ended)
    start, end, now = (bindparam(name, type_=BigInteger) for name in ("start", "end", "now"))
    age = case((ended.is_not(None), ended), (received > now, 0), else_=now - received)
    rows = (
        keyed(
            by,
            below,
            silence.label("silence"),
            case((silence.is_(None), age)).label("silent"),
            runs().label("waits"),
            col(FigureCase.signs).label("signs"),
            col(FigureCase.late).label("late"),
            value=None if edges is None else _by_period(edges),
        )
        .where(received >= start, received < end)
        .subquery()
    )
    keys = (rows.c.office, rows.c.value)
    return select(
        *keys,
        func.aggregate_strings(cast(rows.c.silence, Text), ",").label("answered"),
        func.aggregate_strings(cast(rows.c.silent, Text), ",").label("silent"),
        func.count(case((rows.c.waits, 1))).label("waiting"),
        func.count(case((and_(rows.c.waits, rows.c.late), 1))).label("late"),
        *(func.count(case((rows.c.signs.op("&")(int(Sign[name])) != 0, 1))).label(name) for name in COUNTED),
    ).group_by(*keys)


def edges_of(grain: Grain, firsts: Collection[date], zone: ZoneInfo) -> Edges:
    """Where the periods that begin on these days begin and end; each is called by its first day."""
    found: list[tuple[int, str]] = []
    for day in sorted(firsts):
        start, end = cells.bounds(grain, day, zone)
        if found and found[-1] == (start, ""):
            found.pop()
        found += [(start, day.isoformat()), (end, "")]
    return tuple(found)


def _by_period(edges: Edges, before: str = "") -> ColumnElement[Any]:
    """The period that a case was received in: a search by halves, for the edges are many."""
    if not edges:
        return literal(before)
    middle = len(edges) // 2
    second, name = edges[middle]
    earlier, later = _by_period(edges[:middle], before), _by_period(edges[middle + 1 :], name)
    return case((col(FigureCase.received) < second, earlier), else_=later)


def written(value: object) -> str:
    return value.hex if isinstance(value, UUID) else str(value or "")


def _numbers(joined: str | None) -> Any:
    import numpy

    return numpy.fromstring(joined, dtype=numpy.int64, sep=",") if joined else numpy.zeros(0, numpy.int64)


# -- who waits now ---------------------------------------------------------------------------------------------------


def add_waiting(session: Session, offices: Sequence[UUID], asked: Asked, found: Found) -> None:
    """Count all who were received before the end of the period and wait now, however long; find the longest."""
    whole = asked.until is None or asked.until >= asked.as_of
    if whole and asked.by is Dimension.all:
        _add_standing(session, offices, asked, found)
        return
    end = date.max if whole else asked.ends_with_month
    summed, rest = sources(session, offices, asked, sums=asked.below and end is not None)
    if summed and end is not None:
        # sums by month are of all time; the oldest is known to the hour, and which case it is is not
        table = FigureCell.__table__  # type: ignore[attr-defined]
        columns = [table.c[name] for name in ("office_id", "value", "since", "waiting", "late")]
        columns.append(func.substr(table.c.waits, 1, 2).label("oldest"))
        every = cells_of(summed, Grain.month, asked.by, date.min, end).with_only_columns(*columns)
        for row in session.execute(every.where(table.c.waiting > 0)):
            part = found.setdefault(row.office_id, {}).setdefault(row.value, Part())
            start, _ = cells.bounds(Grain.month, row.since, asked.zone)
            _add_waiting_to(part, row.waiting, row.late, start + sketch.least(row.oldest) * HOUR)
    if not rest:
        return
    rows = (
        keyed(asked.by, asked.below, col(FigureCase.received).label("received"), col(FigureCase.late).label("late"))
        .where(runs(), col(FigureCase.received) < asked.end)
        .subquery()
    )
    by = (rows.c.office, rows.c.value)
    grouped = select(*by, func.count(), func.count(case((rows.c.late, 1))), func.min(rows.c.received)).group_by(*by)
    for at, value, waiting, late, oldest in session.execute(grouped, {"offices": frozenset(rest)}):
        part = found.setdefault(at, {}).setdefault(written(value), Part())
        _add_waiting_to(part, waiting, late, oldest)


def _add_waiting_to(part: Part, waiting: int, late: int, oldest: int) -> None:
    part.silent_now += waiting
    part.past_target += late
    part.oldest = oldest if part.oldest is None else min(part.oldest, oldest)


def _add_standing(session: Session, offices: Sequence[UUID], asked: Asked, found: Found) -> None:
    table = FigureOffice.__table__  # type: ignore[attr-defined]
    here = (among(session, table.c.office_id, list(offices)), table.c.below.is_(asked.below), table.c.waiting > 0)
    for row in session.execute(select(table.c.office_id, table.c.waiting, table.c.late, table.c.oldest).where(*here)):
        part = found.setdefault(row.office_id, {}).setdefault("", Part())
        _add_waiting_to(part, row.waiting, row.late, row.oldest)
    # by the moment it began, and then whose it is: a nation's offices are many, what began in one second is not
    longest = (
        select(table.c.office_id, func.min(col(Case.reference)))
        .join(FigureCase, and_(col(FigureCase.received) == table.c.oldest, runs()))
        .join(Case, col(Case.id) == col(FigureCase.case_id))
    )
    if asked.below:
        under = col(FigureTree.office_id) == col(FigureCase.office_id), col(FigureTree.above_id) == table.c.office_id
        longest = longest.join(FigureTree, and_(*under))
    else:
        longest = longest.where(col(FigureCase.office_id) == table.c.office_id)
    for at, reference in session.execute(longest.where(*here).group_by(table.c.office_id)):
        found[at][""].reference = reference
