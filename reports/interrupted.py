"""Interrupted time series: did weekly counts change when something was done, by how much, and how sure is that? Pure.

A segmented log-linear regression of the counts (Wagner et al. 2002; Bernal et al. 2017): a trend of its own, seasons
and shut days as far as the weeks allow, and from the interruption on a step and, with weeks enough, another slope. What
is told is the change averaged over the weeks after it. With a comparison series each week is split between the two
instead, so that whatever happens to both drops out. Errors: quasi-likelihood with autocorrelation of the first order,
corrected for its bias in short series (Worsley et al. 2002) and taken half a standard error higher than estimated.
Newey and West's errors, which hold in long series, call 9 to 25 of 100 changes real in short ones that did not change:
see docs/methods.md, where all of it was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

BEFORE, AFTER = 16, 8
"""Weeks that are needed on each side."""
SLOPE_AFTER = 12
"""Weeks after it from which on another slope is asked for as well as a step."""
FEWEST, FEWEST_A_WEEK = 25, 1.0
"""Complaints before it, in all and a week, under which nothing can be told."""
YEAR = 365.25 / 7
"""Weeks."""
SEASONS = (52, 104)
"""Weeks before it from which on one wave a year is drawn off, and two."""
LEVEL = 0.95


class Refused(StrEnum):
    """Why nothing can be said."""

    short_before = "short_before"
    short_after = "short_after"
    few = "few"
    unsteady = "unsteady"


@dataclass(frozen=True, slots=True)
class Series:
    """Counts by week, oldest first. Weeks from `before` to `after` (exclusive) are left out: the lead-up and the time
    it took; `before` is how many there are before, `after` the place of the first week afterwards.

    `exposure`: what the counts are out of (services given), above 0, or None. `shut`: the share of the week's opening
    days that were holidays. `other`: counts of the comparison, or None; `other_exposure` its own.
    """

    counts: Sequence[int]
    before: int
    after: int
    exposure: Sequence[float] | None = None
    shut: Sequence[float] | None = None
    other: Sequence[int] | None = None
    other_exposure: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is told of a change: shares, −0.34 being a fall by 34%; `low` and `high` bound it with 95% confidence.

    `step` is the change at once, `slope` what is added to it by each further week (None: not asked for). `fitted` are
    the counts of all weeks as the model has them, `expected` those after without the change (None in weeks before).
    `dispersion` is the variance by that of chance alone, `correlation` that of neighbouring weeks as it was used.
    `peak` tells by what share the weeks left out before lay above what was usual, where chance does not explain it.
    """

    change: float
    low: float
    high: float
    step: float
    slope: float | None
    before: float
    after: float
    expected: float
    weeks_before: int
    weeks_after: int
    controlled: bool
    exposed: bool
    waves: int
    shut: bool
    dispersion: float
    correlation: float
    fitted: tuple[float, ...]
    counterfactual: tuple[float | None, ...]
    peak: float | None

    @property
    def fell(self) -> bool:
        """Whether chance does not explain the fall."""
        return self.high < 0

    @property
    def rose(self) -> bool:
        """Whether chance does not explain the rise."""
        return self.low > 0


def compares(series: Series) -> bool:
    """Whether the comparison is used: it has at least as many complaints as the series itself, judged by the weeks
    before alone, so that the choice knows nothing of the outcome."""
    return series.other is not None and sum(series.other[: series.before]) >= sum(series.counts[: series.before])


def estimate(series: Series, *, lead: int = 0) -> Change | Refused:
    """The change, or why none can be told. `lead` of the weeks left out come before the decision."""
    before, after = series.counts[: series.before], series.counts[series.after :]
    if len(before) < BEFORE:
        return Refused.short_before
    if len(after) < AFTER:
        return Refused.short_after
    if sum(before) < FEWEST or sum(before) / len(before) < FEWEST_A_WEEK:
        return Refused.few
    # the arithmetic wants numpy, scipy and statsmodels, which take two seconds to import: only who asks waits for them
    from reports.segmented import fitted

    return fitted(series, lead) or Refused.unsteady
