"""A funnel plot: which offices differ from all by more than their number of answers explains. Pure.

Spiegelhalter, "Funnel plots for comparing institutional performance", Statistics in Medicine 24 (2005): exact binomial
limits, interpolated between whole counts; where offices differ more than by chance, the limits are widened by the
over-dispersion of winsorised scores.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

WARNING, ALARM = 0.95, 0.998
WINSORISED = 0.1
"""Share of the scores at each end that is pulled in before the over-dispersion is taken from them; one at least."""
FEWEST = 5
"""With fewer offices a funnel says nothing."""


class Where(StrEnum):
    """Where an office lies: within the funnel, beyond 95% of it, or beyond 99.8%."""

    inside = "inside"
    warning = "warning"
    alarm = "alarm"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits at a number of answers: 95% (`low`, `high`) and 99.8% (`lowest`, `highest`)."""

    n: int
    lowest: float
    low: float
    high: float
    highest: float


@dataclass(frozen=True, slots=True)
class Funnel:
    """`centre` is the share of all; `widening` the factor of the limits for over-dispersion, 1 without any."""

    centre: float
    widening: float
    curve: tuple[Limits, ...]
    places: tuple[Where, ...]


def funnel(shares: Sequence[float], numbers: Sequence[float], points: int = 40) -> Funnel | None:
    """The funnel of offices with these shares of these (effective) numbers of answers; None with too few offices."""
    if len(shares) < FEWEST:
        return None
    centre = sum(share * n for share, n in zip(shares, numbers, strict=True)) / sum(numbers)
    if not 0 < centre < 1:
        return None
    widening = math.sqrt(overdispersion(shares, numbers, centre))
    largest = max(numbers)
    smallest = max(1.0, min(numbers))
    steps = sorted({round(smallest * (largest / smallest) ** (step / (points - 1))) for step in range(points)})
    found = limits(centre, [*steps, *(max(1, round(n)) for n in numbers)], widening)
    places = tuple(_place(share, at) for share, at in zip(shares, found[len(steps) :], strict=True))
    return Funnel(centre, widening, tuple(found[: len(steps)]), places)


def _place(share: float, at: Limits) -> Where:
    if not at.lowest <= share <= at.highest:
        return Where.alarm
    return Where.inside if at.low <= share <= at.high else Where.warning


def limits(centre: float, numbers: Sequence[int], widening: float = 1.0) -> list[Limits]:
    """Exact limits at numbers of answers, their distance from the centre widened."""
    points = ((1 - ALARM) / 2, (1 - WARNING) / 2, (1 + WARNING) / 2, (1 + ALARM) / 2)
    lines = [
        [min(1.0, max(0.0, centre + widening * (at - centre))) for at in exact(centre, numbers, point)]
        for point in points
    ]
    return [Limits(n, *at) for n, *at in zip(numbers, *lines, strict=True)]


def exact(centre: float, numbers: Sequence[int], point: float) -> list[float]:
    """The point of the binomial distribution, as a share, interpolated between whole counts (his appendix A.1.1)."""
    import numpy
    from scipy.stats import binom

    n = numpy.asarray(numbers)
    at = binom.ppf(point, n, centre)
    upto, below = binom.cdf(at, n, centre), binom.cdf(at - 1, n, centre)
    return [float(share) for share in (at - (upto - point) / (upto - below)) / n]


def overdispersion(shares: Sequence[float], numbers: Sequence[float], centre: float) -> float:
    """Mean square of the winsorised scores; 1 unless it is beyond what chance alone would give."""
    scores = sorted(
        (share - centre) / math.sqrt(centre * (1 - centre) / n) for share, n in zip(shares, numbers, strict=True)
    )
    cut = math.ceil(WINSORISED * len(scores))
    low, high = scores[cut], scores[-1 - cut]
    found = sum(min(max(score, low), high) ** 2 for score in scores) / len(scores)
    return found if found > 1 + 2 * math.sqrt(2 / len(scores)) else 1.0
