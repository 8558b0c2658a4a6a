"""Silences out of the database: as lists of seconds per group, in a handful of statements however many cases there are.

The database does the grouping and hands over one string of numbers per group, which costs a tenth of a row per case.
"""

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlmodel import Session, col

from cases.counted import citizens, late, still_wanted, taken_back, unanswered
from core.sets import one_of
from core.types import UtcDateTime
from domain.case import Case
from domain.visibility import Viewer, visible

_WIDE = 100_000_000_000
"""Added to seconds since 1970 to make any of them twelve digits wide."""


@dataclass(slots=True)
class Sample:
    """Silences of the cases received in a period, in seconds; and of all that are silent now, however old.

    `templated` counts answers that were saved replies sent unedited and count because a policy says so.
    """

    answered: list[int] = field(default_factory=list)
    silent: list[int] = field(default_factory=list)
    templated: int = 0
    silent_now: int = 0
    past_target: int = 0
    longest_seconds: int | None = None
    longest_reference: str | None = None


def together(samples: Iterable[Sample]) -> Sample:
    """Several samples of different cases as one."""
    whole = Sample()
    for one in samples:
        whole.answered += one.answered
        whole.silent += one.silent
        whole.templated += one.templated
        whole.silent_now += one.silent_now
        whole.past_target += one.past_target
        if (one.longest_seconds or 0) > (whole.longest_seconds or -1):
            whole.longest_seconds, whole.longest_reference = one.longest_seconds, one.longest_reference
    return whole


class epoch(FunctionElement[int]):  # noqa: N801  (an SQL function)
    """Whole seconds since 1970 of a time column, the same on both databases."""

    type = BigInteger()
    inherit_cache = True
    name = "epoch"


@compiles(epoch, "postgresql")
def _epoch_postgresql(element: epoch, compiler: SQLCompiler, **kw: Any) -> str:
    return f"floor(extract(epoch FROM {compiler.process(element.clauses, **kw)}))::bigint"


@compiles(epoch, "sqlite")
def _epoch_sqlite(element: epoch, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **kw)}) AS INTEGER)"


def within(who: Viewer, office_ids: Collection[UUID] | None) -> ColumnElement[bool]:
    """What citizens raised there, as far as the viewer may see it; None means every office.

    What visitors of our own found is no citizen's silence and stands apart (`reports.visits`). A part of a case is no
    second citizen who waits: the silence is its lead's.
    """
    theirs = and_(visible(who), citizens())
    return theirs if office_ids is None else and_(theirs, one_of(Case.office_id, office_ids))


def gather(
    session: Session,
    who: Viewer,
    office_ids: Collection[UUID] | None,
    key: SQLColumnExpression[Any],
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    waiting: bool = True,
    only: ColumnElement[bool] | None = None,
) -> dict[Hashable, Sample]:
    """Samples by a column or expression over Case, as things stood at `now`.

    Three statements; with `waiting` False one, and `silent_now`, `past_target` and `longest_*` stay empty. `only`
    narrows it further, by columns of Case.
    """
    until = min(until, now)
    found: dict[Hashable, Sample] = {}
    scope = within(who, office_ids) if only is None else and_(within(who, office_ids), only)
    silent = unanswered(now)
    end = case(
        (and_(silent, taken_back(now)), col(Case.closed_at)),
        (silent, literal(now, UtcDateTime)),
        else_=col(Case.first_response_at),
    )
    # what is grouped by is named in a subquery: repeated, its bound values would make it another expression
    rows = (
        select(
            key.label("key"),
            silent.label("silent"),
            (epoch(end) - epoch(col(Case.received_at))).label("seconds"),
            case((and_(~silent, col(Case.first_response_templated)), 1), else_=0).label("templated"),
        )
        .where(scope, col(Case.received_at) >= since, col(Case.received_at) < until)
        .subquery()
    )
    seconds = cast(rows.c.seconds, Text)
    cohort = _by(
        key,
        rows,
        func.aggregate_strings(case((~rows.c.silent, seconds)), ","),
        func.aggregate_strings(case((rows.c.silent, seconds)), ","),
        func.sum(rows.c.templated),
    )
    for group, answered, still, templated in session.execute(cohort):
        if answered or still:  # without groups an empty period is one row of nothing
            found[group] = Sample(numbers(answered), numbers(still), int(templated))
    if waiting:
        _add_silent_now(session, scope, key, found, until=until, now=now)
    return found


def _add_silent_now(
    session: Session,
    scope: ColumnElement[bool],
    key: SQLColumnExpression[Any],
    found: dict[Hashable, Sample],
    *,
    until: datetime,
    now: datetime,
) -> None:
    """Count those received before `until` who wait at `now`, whenever they wrote; find the longest of each group."""
    waiting = and_(scope, unanswered(now), still_wanted(now), col(Case.received_at) < until)
    # time and reference as one text of fixed width: its minimum is the oldest, and costs no sorting
    age = cast(epoch(col(Case.received_at)) + _WIDE, Text) + col(Case.reference)
    rows = select(key.label("key"), age.label("age")).where(waiting).subquery()
    oldest_of = _by(key, rows, func.count(), func.min(rows.c.age))
    for group, count, oldest in session.execute(oldest_of):
        if not count:
            continue
        sample = found.setdefault(group, Sample())
        received, sample.longest_reference = int(oldest[:12]) - _WIDE, oldest[12:]
        sample.silent_now, sample.longest_seconds = count, max(0, int(now.timestamp()) - received)
    rows = select(key.label("key")).where(waiting, late(now)).subquery()
    late_of = _by(key, rows, func.count())
    for group, count in session.execute(late_of):
        if count:  # a message may have come in since the statement before
            found.setdefault(group, Sample()).past_target = count


def _by(key: SQLColumnExpression[Any], rows: Subquery, *columns: ColumnElement[Any]) -> Select[Any]:
    """Columns of rows by their key; where all is one group without the sorting that grouping costs on SQLite."""
    if key is ALL:
        return select(ALL, *columns).select_from(rows)
    return select(rows.c.key, *columns).group_by(rows.c.key)


def numbers(joined: str | None) -> list[int]:
    """Seconds out of a string of them; none is below zero."""
    values = list(map(int, joined.split(","))) if joined else []
    if values and min(values) < 0:  # clocks of two machines, or an import with an answer before its question
        values = [max(0, value) for value in values]
    return values


ALL: SQLColumnExpression[Any] = literal(1)
"""The key that puts every case in one group."""
