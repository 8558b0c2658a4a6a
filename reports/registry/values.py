"""The shapes of the registry: a KPI, what is measured of it, and the figure that a page or a program shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from domain.states import Role
from reports.shrinkage import Shrunk

if TYPE_CHECKING:
    from reports.registry.reading import Reading


class Unit(StrEnum):
    """What a value counts in. Shares are 0 to 1, ratings 1 to 5, money is in the currency of `OMBUD_SMS_CURRENCY`."""

    seconds = "seconds"
    share = "share"
    number = "count"
    rating = "rating"
    minutes = "minutes"
    visits = "visits"
    money = "money"


class Better(StrEnum):
    """Which way is better; what is neither is not ranked."""

    low = "lower"
    high = "higher"
    neither = "neither"


class Group(StrEnum):
    """What a KPI is about."""

    silence = "Silence"
    resolution = "Resolution"
    answers = "Answers and hand-overs"
    said = "What citizens say"
    trust = "Money and trust"
    costs = "Costs"


class Dimension(StrEnum):
    """What a figure can be split by. `branch`: the offices next below, each with all below it."""

    office = "office"
    branch = "branch"
    tier = "tier"
    service = "service"
    channel = "channel"
    language = "language"
    kind = "kind"
    week = "week"
    month = "month"
    officer = "officer"


class Hidden(StrEnum):
    """Why a figure is not shown."""

    nothing = "nothing was counted"
    few = "fewer than the minimum"
    kept = "kept back, so that nobody can be told by it"
    whole_month = "told by whole months only"
    no_price = "no price is set"


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with its 95% interval, and the `n` it stands on; None where there is none, or (`beyond`) where it is only
    known to be longer than that. `high` None beside a value: the interval is open above, or there is none.

    `spread` is the variance of the value, or for shares the number it is out of as far as chance goes: what comparing
    offices needs. `since`, `until` and `as_of` where they are not those asked for. `reference` is the one case it is
    about.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    beyond: float | None = None
    spread: float | None = None
    error: float = 0.0
    hidden: Hidden | None = None
    reference: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None


Measure = Callable[["Reading"], Mapping[str, Measured]]


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI. `n_is` says what its n counts; under `least` of them no value is shown, under `sure` none is ranked.

    `readers` may see it of their offices (None: whoever may see the office). `rank_by` names the KPI that offices are
    put in order by where that is another one. `counts` and `of_these` name what is counted in `cases.counted`: all that
    it stands on, and those for which it holds. `page` is where more is told, of what counts no cases.
    """

    name: str
    title: str
    group: Group
    definition: str
    formula: str
    source: str
    n_is: str
    unit: Unit
    better: Better
    measure: Measure
    splits: frozenset[Dimension]
    least: int = 1
    sure: int = 1
    readers: frozenset[Role] | None = None
    by_keys: bool = True
    rank_by: str = ""
    counts: str = ""
    of_these: str = ""
    page: str = ""
    personal_least: int = 30

    def least_for(self, by: Dimension | None) -> int:
        """The minimum n; nobody's work is judged by a handful."""
        return max(self.least, self.personal_least) if by is Dimension.officer else self.least


@dataclass(frozen=True, slots=True)
class Figure:
    """A KPI of one scope and period, and with `key` of one part of a split.

    `as_of` is the moment it holds for, `error` how far it may be off beside chance, as a share of the value: 0 is
    exact. `cases` and `of_these` are searches that list what is counted, as far as the viewer may open it.
    `rank` begins at 1 with what must be looked at first; `drawn` is the value drawn towards all others.
    """

    kpi: Kpi
    key: str
    value: float | None
    low: float | None
    high: float | None
    beyond: float | None
    n: int
    since: datetime
    until: datetime
    as_of: datetime
    error: float = 0.0
    hidden: Hidden | None = None
    reference: str | None = None
    cases: str = ""
    of_these: str = ""
    rank: int | None = None
    drawn: Shrunk | None = None

    @property
    def exact(self) -> bool:
        """Whether nothing but chance is between it and the truth."""
        return self.error == 0

    @property
    def small(self) -> bool:
        """Shown, and too little to compare."""
        return self.hidden is None and self.n < self.kpi.sure
