"""What one case counts for in figures of silence, and which cases count: as SQL, in one place."""

from datetime import UTC, datetime
from enum import IntFlag
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, case, false, func, literal, select, true
from sqlmodel import col

from domain.case import Case
from domain.clock import Clock
from domain.closing import Appeal, AppealOutcome
from domain.figures import FigureCase
from domain.states import ClockKind, ClockState, Outcome
from domain.visibility import SYSTEM_KEY
from reports.samples import epoch, within
from reports.sketch import STEPS

WIDEST = 26
"""Doublings of 128 seconds that SQL looks through: 272 years."""


class Sign(IntFlag):
    """What else is counted of a case. `met` and `missed`: it was answered in time, or late; `bounced`: sent on at least
    once; `upheld`: an appeal was allowed, in whole or in part. `closed`: it is closed now, and not taken back."""

    templated = 1
    met = 2
    missed = 4
    closed = 8
    reopened = 16
    appealed = 32
    upheld = 64
    bounced = 128


COUNTED = tuple(Sign.__members__)
"""Names of what is counted, as columns of `FigureCell`."""


def counted() -> ColumnElement[bool]:
    """SQL predicate over `Case`: what counts. No case about integrity or about anybody's conduct does, nor what our own
    visitors found, nor a part of another case: what an API key may see of what citizens raised."""
    return within(SYSTEM_KEY, None)


def facts(now: datetime, only: ColumnElement[bool] | None = None) -> Select[Any]:
    """What each case that counts counts for, in the columns of `FigureCase`; of some only."""
    received, answered = epoch(col(Case.received_at)), epoch(col(Case.first_response_at))
    ended = and_(
        col(Case.first_response_at).is_(None),
        col(Case.outcome) == Outcome.withdrawn,
        col(Case.closed_at).is_not(None),
    )
    target = (
        select(epoch(func.min(col(Clock.deadline_at))))
        .where(
            col(Clock.case_id) == col(Case.id),
            col(Clock.kind) == ClockKind.first_response,
            col(Clock.state) != ClockState.void,
        )
        .correlate(Case)
        .scalar_subquery()
    )
    upheld = (
        select(literal(1))
        .where(
            col(Appeal.case_id) == col(Case.id), col(Appeal.outcome).in_((AppealOutcome.allowed, AppealOutcome.partly))
        )
        .correlate(Case)
        .exists()
    )
    # the offset keeps planners from looking the target up anew wherever it is used
    rows = (
        select(
            col(Case.id).label("case_id"),
            col(Case.office_id),
            col(Case.service_id),
            col(Case.channel),
            col(Case.language),
            col(Case.kind),
            received.label("received"),
            answered.label("answered"),
            case((ended, epoch(col(Case.closed_at)))).label("ended"),
            target.label("target"),
            (
                _bit(and_(col(Case.first_response_at).is_not(None), col(Case.first_response_templated)), Sign.templated)
                + _bit(
                    and_(col(Case.closed_at).is_not(None), col(Case.outcome).is_distinct_from(Outcome.withdrawn)),
                    Sign.closed,
                )
                + _bit(col(Case.reopened_at).is_not(None), Sign.reopened)
                + _bit(col(Case.appealed_at).is_not(None), Sign.appealed)
                + _bit(and_(col(Case.appealed_at).is_not(None), upheld), Sign.upheld)
                + _bit(col(Case.hops) > 0, Sign.bounced)
            ).label("signs"),
        )
        .where(counted() if only is None else and_(counted(), only))
        .offset(0)
        .subquery()
    )
    in_time, too_late = rows.c.answered <= rows.c.target, rows.c.answered > rows.c.target
    silent = and_(rows.c.answered.is_(None), rows.c.ended.is_(None))
    return select(
        rows.c.case_id,
        rows.c.office_id,
        rows.c.service_id,
        rows.c.channel,
        rows.c.language,
        rows.c.kind,
        rows.c.received,
        _length(rows.c.received, rows.c.answered).label("silence"),
        _length(rows.c.received, rows.c.ended).label("ended"),
        rows.c.target,
        (rows.c.signs + _bit(in_time, Sign.met) + _bit(too_late, Sign.missed)).label("signs"),
        case((and_(silent, rows.c.target <= seconds_of(now)), true()), else_=false()).label("late"),
    )


def _bit(condition: ColumnElement[bool], sign: Sign) -> ColumnElement[int]:
    return case((condition, int(sign)), else_=0)


def _length(start: ColumnElement[int], end: ColumnElement[int]) -> ColumnElement[int]:
    # clocks of two machines, or an import with an answer before its question
    return case((end < start, 0), else_=end - start)


def bucket_of(seconds: SQLColumnExpression[Any]) -> ColumnElement[int]:
    """`sketch.bucket` in SQL."""
    wider = [(seconds < 2 * STEPS << shift, STEPS * shift + seconds // (1 << shift)) for shift in range(WIDEST)]
    return case((seconds < STEPS, seconds), *wider)


def runs() -> ColumnElement[bool]:
    """SQL predicate over `FigureCase`: whose silence runs."""
    return and_(col(FigureCase.silence).is_(None), col(FigureCase.ended).is_(None))


def seconds_of(moment: datetime) -> int:
    """Whole seconds since 1970."""
    return int(moment.timestamp())


def moment_of(seconds: int) -> datetime:
    """The moment so many seconds after 1970."""
    return datetime.fromtimestamp(seconds, UTC)
