"""Silences out of the database: as lists of seconds per group, in a handful of statements however many cases there are.

The database does the grouping and hands over one string of numbers per group, which costs a tenth of a row per case.
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    SQLColumnExpression,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlmodel import Session, col

from core.types import UtcDateTime
from domain.case import Case
from domain.clock import Clock
from domain.states import ClockKind, ClockState
from domain.visibility import Viewer, visible


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


class epoch(FunctionElement[int]):  # noqa: N801  (an SQL function)
    """Whole seconds since 1970 of a time column, the same on both databases."""

    type = Integer()
    inherit_cache = True
    name = "epoch"


@compiles(epoch, "postgresql")
def _epoch_postgresql(element: epoch, compiler: SQLCompiler, **kw: Any) -> str:
    return f"floor(extract(epoch FROM {compiler.process(element.clauses, **kw)}))::bigint"


@compiles(epoch, "sqlite")
def _epoch_sqlite(element: epoch, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **kw)}) AS INTEGER)"


def unanswered(now: datetime) -> ColumnElement[bool]:
    """Whose silence ran at that moment. An answer given later does not change what was true then."""
    return or_(col(Case.first_response_at).is_(None), col(Case.first_response_at) > now)


def late(now: datetime) -> ColumnElement[bool]:
    """Whose target for a first answer had passed at that moment; asked of silent cases, so with `unanswered`."""
    return exists(
        select(literal(1)).where(
            col(Clock.case_id) == col(Case.id),
            col(Clock.kind) == ClockKind.first_response,
            col(Clock.state) != ClockState.void,
            col(Clock.deadline_at) <= now,
        )
    )


def within(who: Viewer, office_ids: Collection[UUID] | None) -> ColumnElement[bool]:
    """What the viewer may see of those offices; None means every office."""
    return visible(who) if office_ids is None else and_(visible(who), col(Case.office_id).in_(office_ids))


def gather(
    session: Session,
    who: Viewer,
    office_ids: Collection[UUID] | None,
    key: SQLColumnExpression[Any],
    *,
    since: datetime,
    until: datetime,
    now: datetime,
) -> dict[Hashable, Sample]:
    """Samples by a column or expression over Case, as things stood at `now`. Two statements."""
    until = min(until, now)
    found: dict[Hashable, Sample] = {}
    scope = within(who, office_ids)
    silent = unanswered(now)
    end = case((silent, literal(now, UtcDateTime)), else_=col(Case.first_response_at))
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
    cohort = select(
        rows.c.key,
        rows.c.silent,
        func.aggregate_strings(cast(rows.c.seconds, Text), ","),
        func.sum(rows.c.templated),
    ).group_by(rows.c.key, rows.c.silent)
    for group, is_silent, numbers, templated in session.execute(cohort):
        sample = found.setdefault(group, Sample())
        # a message may be answered in the second it came, and an import may hold an answer before its question
        values = [max(0, int(number)) for number in numbers.split(",")]
        if is_silent:
            sample.silent = values
        else:
            sample.answered, sample.templated = values, int(templated)
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
    rows = (
        select(
            key.label("key"),
            col(Case.reference).label("reference"),
            col(Case.received_at).label("received_at"),
            case((late(now), 1), else_=0).label("late"),
        )
        .where(scope, unanswered(now), col(Case.received_at) < until)
        .subquery()
    )
    waiting = select(
        rows,
        func.count().over(partition_by=rows.c.key).label("silent_now"),
        func.sum(rows.c.late).over(partition_by=rows.c.key).label("past_target"),
        func.row_number().over(partition_by=rows.c.key, order_by=(rows.c.received_at, rows.c.reference)).label("place"),
    ).subquery()
    for row in session.execute(select(waiting).where(waiting.c.place == 1)):
        sample = found.setdefault(row.key, Sample())
        sample.silent_now, sample.past_target = row.silent_now, int(row.past_target)
        sample.longest_reference = row.reference
        sample.longest_seconds = max(0, int((now - row.received_at).total_seconds()))


ALL: SQLColumnExpression[Any] = literal(1)
"""The key that puts every case in one group."""
