"""Reads what KPIs are measured from: each source once for all that stand on it, by the parts of a split.

All is exact, set-based and as the database stands, but for silences of large offices without a mean: those are read
from the tables that are kept for them (`kept`), with the error they have.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Select, Text, and_, case, func, literal, select
from sqlalchemy import cast as sql_cast
from sqlmodel import Session, col

from cases.counted import COUNTED, ROWS, counted
from core.types import UtcDateTime
from domain.case import Case
from domain.states import Outcome
from reports import samples
from reports.kpis import Silence, figures
from reports.registry import kept
from reports.registry.scope import Scope, Split
from reports.registry.values import Dimension
from reports.samples import Sample, epoch
from reports.survival import Mean, mean

T = TypeVar("T")
HORIZON = timedelta(days=30)
"""At most so much of each silence is in a mean."""
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Wait:
    """Silences, or resolutions, of one part. `error` is how far quantiles may be off beside chance, as a share, and
    `as_of` the moment it holds for where that is not now."""

    silence: Silence
    mean: Mean | None
    error: float = 0.0
    as_of: datetime | None = None


@dataclass(slots=True)
class Counts:
    """How many rows there are, and of these how many each name of `cases.counted` holds for."""

    n: int = 0
    of_these: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.of_these[name]


def added(several: Collection[Counts]) -> Counts:
    """Counts of different rows together."""
    whole = Counts()
    for one in several:
        whole.n += one.n
        for name, number in one.of_these.items():
            whole.of_these[name] = whole.of_these.get(name, 0) + number
    return whole


class Reading:
    """What some KPIs of one scope and split are measured from. `names` are those that are counted for them; `means`:
    silences are to have a mean, which only the cases tell; `standing`: who waits now is asked for too."""

    def __init__(
        self,
        session: Session,
        scope: Scope,
        by: Dimension | None,
        names: Collection[str] = (),
        *,
        means: bool = True,
        standing: bool = True,
    ) -> None:
        self.session = session
        self.scope = scope
        self.by = by
        self.split = Split(scope, by)
        self.names = frozenset(names)
        self.means = means
        self.standing = standing
        self._kept: dict[object, object] = {}

    def once(self, what: object, read: Callable[[], T]) -> T:
        """What `read` gives, read once."""
        if what not in self._kept:
            self._kept[what] = read()
        return cast(T, self._kept[what])

    def counts(self, rows: str) -> Mapping[str, Counts]:
        """How many rows there are of each part, and of these how many hold for the names asked for."""
        return self.once(("counts", rows), lambda: self._counts(rows))

    def _counts(self, kind: str) -> dict[str, Counts]:
        rows, now = ROWS[kind], self.scope.now
        names = sorted(name for name in self.names if COUNTED[name].rows == kind)
        holds = [case((COUNTED[name].holds(now), 1), else_=0).label(name) for name in names]
        # what is grouped by is named in a subquery: repeated, its bound values would make it another expression
        each = rows.join(select(self.split.key(rows).label("key"), *holds)).where(*self.scope.of_rows(rows)).subquery()
        sums = [func.sum(each.c[name]) for name in names]
        whole: Select[Any] = select(each.c.key, func.count(), *sums).group_by(each.c.key)
        found = [
            (key, Counts(n, {name: int(number or 0) for name, number in zip(names, numbers, strict=True)}))
            for key, n, *numbers in self.session.execute(whole)
        ]
        return self.split.fold(found, added)

    def waits(self) -> Mapping[str, Wait]:
        """The silences of each part, and who is silent now."""
        return self.once("waits", self._waits)

    def _waits(self) -> dict[str, Wait]:
        known = None if self.means else kept.silences(self.session, self.scope, self.by)
        if known is None:
            return self._of_cases()
        told = [(raw, Wait(one.silence, None, one.error, one.as_of)) for raw, one in known]
        return self.split.fold(told, lambda several: several[0])

    def _of_cases(self) -> dict[str, Wait]:
        scope = self.scope
        only = and_(counted(scope.who), scope.of_case(), *self._whose())
        found = samples.gather(
            self.session,
            scope.who,
            scope.office_ids,
            self.split.key(ROWS["received"]),
            since=scope.since,
            until=scope.until,
            now=scope.now,
            waiting=self.standing and not self.split.periods,
            only=only,
        )
        folded = self.split.fold(found.items(), samples.together)
        return {key: self._wait(sample) for key, sample in folded.items()}

    def _whose(self) -> list[ColumnElement[bool]]:
        return [] if self.scope.staff_id is None else [col(Case.assignee_id) == self.scope.staff_id]

    def _wait(self, sample: Sample) -> Wait:
        return Wait(figures(sample), mean(sample.answered, sample.silent, self.horizon.total_seconds()))

    @property
    def horizon(self) -> timedelta:
        """As much of each silence as could have been seen of the first case, at most `HORIZON`; the same for all parts,
        so that they compare."""
        if self.by is Dimension.week:
            return WEEK
        return max(timedelta(hours=1), min(HORIZON, self.scope.now - self.scope.since))

    def resolutions(self) -> Mapping[str, Wait]:
        """Times from receipt to closing, where still open cases count as open (Kaplan-Meier), of each part."""
        return self.once("resolutions", self._resolutions)

    def _resolutions(self) -> dict[str, Wait]:
        scope, rows = self.scope, ROWS["received"]
        now = scope.now
        over = col(Case.closed_at) <= now
        ended = and_(over, col(Case.outcome).is_distinct_from(Outcome.withdrawn))
        until = case((over, col(Case.closed_at)), else_=literal(now, UtcDateTime))
        each = (
            select(
                self.split.key(rows).label("key"),
                ended.label("ended"),
                sql_cast(epoch(until) - epoch(col(Case.received_at)), Text).label("seconds"),
            )
            .where(*scope.of_rows(rows))
            .subquery()
        )
        done = case((func.coalesce(each.c.ended, False), each.c.seconds))
        still = case((~func.coalesce(each.c.ended, False), each.c.seconds))
        query: Select[Any] = select(
            each.c.key, func.aggregate_strings(done, ","), func.aggregate_strings(still, ",")
        ).group_by(each.c.key)
        found = [
            (key, Sample(samples.numbers(closed), samples.numbers(running)))
            for key, closed, running in self.session.execute(query)
        ]
        folded = self.split.fold(found, samples.together)
        return {key: self._wait(sample) for key, sample in folded.items()}
