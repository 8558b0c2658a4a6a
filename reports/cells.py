"""The sums that are kept of large offices: what one is of, how a case adds to them, and how they are counted anew.

A case adds to every large office it hangs under, in the month and in the week it was received, once by each dimension.
Two ways lead to the same sums and are tested against each other: `deltas.tally` adds single cases, `regroup.recount`
lets the database group all of them.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlmodel import Session

from domain.figures import FigureCase, FigureCell
from reports.facts import COUNTED, moment_of, seconds_of
from reports.sketch import Counts, pack, unpack
from reports.weeks import monday_of, start_of

WEEKS_KEPT = 54
"""Weeks back that sums by week are kept: a trend of a year. Months are kept for ever."""
HOUR = 3600
MANY = 5000
"""Rows read or written by one statement."""


class Grain(StrEnum):
    """How long a period is."""

    month = "month"
    week = "week"


class Dimension(StrEnum):
    """What figures can be split by, one at a time. `all` is no split."""

    all = "all"
    service = "service"
    channel = "channel"
    language = "language"
    kind = "kind"


COLUMN: dict[Dimension, Any] = {
    Dimension.service: FigureCase.service_id,
    Dimension.channel: FigureCase.channel,
    Dimension.language: FigureCase.language,
    Dimension.kind: FigureCase.kind,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """Offices with sums: those with sums of `all`, and those with sums by each other dimension."""

    whole: frozenset[UUID] = frozenset()
    split: frozenset[UUID] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self.whole or self.split)

    def by(self, dimension: Dimension) -> frozenset[UUID]:
        """Those with sums by a dimension."""
        return self.whole if dimension is Dimension.all else self.split

    def within(self, offices: Collection[UUID]) -> "Kept":
        """Those that are among others."""
        return Kept(self.whole.intersection(offices), self.split.intersection(offices))

    def __or__(self, other: "Kept") -> "Kept":
        return Kept(self.whole | other.whole, self.split | other.split)


class Key(NamedTuple):
    """What one cell is of."""

    office_id: UUID
    grain: Grain
    dimension: Dimension
    value: str
    since: date

    @property
    def id(self) -> UUID:
        """The id that follows from it, so that a cell is found by one short value."""
        said = f"{self.office_id.hex}/{self.grain}/{self.dimension}/{self.value}/{self.since}"
        return UUID(bytes=hashlib.blake2b(said.encode(), digest_size=16).digest())


class Fact(NamedTuple):
    """A row of `FigureCase`."""

    case_id: UUID
    office_id: UUID
    service_id: UUID | None
    channel: str
    language: str
    kind: str
    received: int
    silence: int | None
    ended: int | None
    target: int | None
    signs: int
    late: bool

    @property
    def waits(self) -> bool:
        """Whether its silence runs."""
        return self.silence is None and self.ended is None


@dataclass(slots=True)
class Sums:
    """What a cell holds, or what is to be added to one."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    silences: Counts = field(default_factory=lambda: defaultdict(int))
    ended: Counts = field(default_factory=lambda: defaultdict(int))
    waits: Counts = field(default_factory=lambda: defaultdict(int))

    def add(self, other: "Sums") -> None:
        """Add another's."""
        for mine, theirs in self.parts(other):
            for place, count in theirs.items():
                mine[place] += count

    def parts(self, other: "Sums") -> Iterator[tuple[dict[Any, int], dict[Any, int]]]:
        """The parts of both, side by side."""
        yield from (
            (self.counts, other.counts),
            (self.silences, other.silences),
            (self.ended, other.ended),
            (self.waits, other.waits),
        )

    def values(self) -> dict[str, Any]:
        """As columns of `FigureCell`."""
        return {name: self.counts.get(name, 0) for name in SUMMED} | {
            "silences": pack(self.silences),
            "ended": pack(self.ended),
            "waits": pack(self.waits),
        }


SUMMED = ("n", "answered", "waiting", "late", *COUNTED)
"""Columns of whole numbers of `FigureCell`."""


def sums_of(row: Any) -> Sums:
    """What a cell holds."""
    made = Sums()
    for name in SUMMED:
        made.counts[name] = getattr(row, name)
    for name in ("silences", "ended", "waits"):
        getattr(made, name).update(unpack(getattr(row, name)))
    return made


# -- periods ---------------------------------------------------------------------------------------------------------


def month_of(day: date) -> date:
    """The first day of the month of a day."""
    return day.replace(day=1)


def after(grain: Grain, since: date) -> date:
    """The first day of the period after that which begins on `since`."""
    return since + timedelta(days=7) if grain is Grain.week else month_of(since + timedelta(days=32))


@lru_cache(maxsize=1024)
def bounds(grain: Grain, since: date, zone: ZoneInfo) -> tuple[int, int]:
    """First second of a period, and of the next one."""
    return seconds_of(start_of(since, zone)), seconds_of(start_of(after(grain, since), zone))


def first_week(now: datetime, zone: ZoneInfo) -> date:
    """The first Monday of which sums by week are kept."""
    return monday_of(now, zone) - timedelta(weeks=WEEKS_KEPT)


@lru_cache(maxsize=4096)
def _periods(hour: int, zone: ZoneInfo) -> tuple[tuple[Grain, date, int], ...]:
    """The periods that an hour lies in, with their first second. No zone begins its day within a quarter of an hour."""
    at = moment_of(hour)
    day = at.astimezone(zone).date()
    return tuple(
        (grain, since, bounds(grain, since, zone)[0])
        for grain, since in ((Grain.month, month_of(day)), (Grain.week, day - timedelta(days=day.weekday())))
    )


def periods_of(second: int, zone: ZoneInfo) -> tuple[tuple[Grain, date, int], ...]:
    """The month and the week of a moment, each with its first second."""
    return _periods(second - second % 900, zone)


# -- rows -----------------------------------------------------------------------------------------------------------


def written(value: object) -> str:
    """A value of a dimension as cells name it."""
    return value.hex if isinstance(value, UUID) else str(value or "")


def row_of(key: Key, sums: Sums) -> dict[str, Any]:
    """A cell as a row."""
    named = {
        "id": key.id,
        "office_id": key.office_id,
        "grain": str(key.grain),
        "dimension": str(key.dimension),
        "value": key.value,
        "since": key.since,
    }
    return named | sums.values()


def put(session: Session, rows: list[dict[str, Any]]) -> None:
    """Add rows of cells."""
    for place in range(0, len(rows), MANY):
        session.execute(insert(FigureCell.__table__), rows[place : place + MANY])  # type: ignore[attr-defined]
