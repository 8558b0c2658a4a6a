"""The arithmetic of trials: how many must be asked, what the difference is, and when it may be looked at.

Values in, values out; sources in docs/methods.md#trials. Every test is two-sided.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any, TypeAlias

from surveys.shares import wilson

NORMAL = NormalDist()
HARM = 3.0
"""Standard errors from which more opt-outs than in the control arm end a trial (Haybittle and Peto)."""
_POINTS = 301
"""Points of the grid that the density between two looks is integrated on (Simpson's rule: an odd number)."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of `n` did it."""

    n: int
    hits: int

    @property
    def value(self) -> float:
        """The share, 0 where there is nobody."""
        return self.hits / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of `n` values and their variance (of a sample: divided by n - 1)."""

    n: int
    value: float
    variance: float


Sample: TypeAlias = Share | Mean


@dataclass(frozen=True, slots=True)
class Difference:
    """An arm less the control: the effect, its interval, the two-sided p, and p as standard errors with a sign."""

    effect: float
    low: float
    high: float
    p: float
    z: float


def compare(arm: Sample, control: Sample, error: float = 0.05) -> Difference | None:
    """The difference with an interval that misses the truth in a share `error` of trials; None for too few to say.

    Shares: Newcombe's interval from two Wilson intervals, and the pooled score test. Means: Welch's t.
    """
    if isinstance(arm, Share) and isinstance(control, Share):
        return _shares(arm, control, error)
    if isinstance(arm, Mean) and isinstance(control, Mean):
        return _means(arm, control, error)
    raise TypeError("A share is compared with a share, and a mean with a mean.")


def pooled_z(hits: Any, n: Any, hits0: Any, n0: Any) -> Any:
    """The difference of two shares in standard errors under no difference; of numbers or of numpy's arrays of them."""
    both = (hits + hits0) / (n + n0)
    return (hits / n - hits0 / n0) / (both * (1 - both) * (1 / n + 1 / n0)) ** 0.5


def _shares(arm: Share, control: Share, error: float) -> Difference | None:
    if not arm.n or not control.n:
        return None
    reach = NORMAL.inv_cdf(1 - error / 2)
    (low, high), (low0, high0) = wilson(arm.value, arm.n, reach), wilson(control.value, control.n, reach)
    effect = arm.value - control.value
    both = arm.hits + control.hits
    z = pooled_z(arm.hits, arm.n, control.hits, control.n) if 0 < both < arm.n + control.n else 0.0
    return Difference(
        effect,
        effect - math.hypot(arm.value - low, high0 - control.value),
        effect + math.hypot(high - arm.value, control.value - low0),
        2 * (1 - NORMAL.cdf(abs(z))),
        z,
    )


def _means(arm: Mean, control: Mean, error: float) -> Difference | None:
    from scipy import stats

    if min(arm.n, control.n) < 2:
        return None
    a, b = arm.variance / arm.n, control.variance / control.n
    effect, scale = arm.value - control.value, math.sqrt(a + b)
    if scale == 0:  # everybody said the same: there is no spread to judge by
        return None
    freedom = (a + b) ** 2 / (a * a / (arm.n - 1) + b * b / (control.n - 1))
    half = float(stats.t.isf(error / 2, freedom)) * scale
    p = 2 * float(stats.t.sf(abs(effect) / scale, freedom))
    z = float(stats.norm.isf(p / 2))  # finite also where p is tiny, which NormalDist refuses
    return Difference(effect, effect - half, effect + half, p, math.copysign(min(z, 99.0), effect))


def holm(ps: Sequence[float]) -> list[float]:
    """P values of several comparisons, adjusted so that any false find is as rare as one alone (Holm 1979)."""
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    adjusted, largest = [0.0] * len(ps), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = largest
    return adjusted


# -- how many ---------------------------------------------------------------------------------------------------------


def share_size(base: float, effect: float, alpha: float, power: float) -> int:
    """How many an arm needs to find a share of `base + effect` beside one of `base`, of 0 to 1.

    Raises ValueError where either is no share or the effect is none.
    """
    other = base + effect
    if not 0 <= base <= 1 or not 0 <= other <= 1 or effect == 0:
        raise ValueError("Both shares lie from 0 to 1, and differ.")
    both = (base + other) / 2
    null = NORMAL.inv_cdf(1 - alpha / 2) * math.sqrt(2 * both * (1 - both))
    found = NORMAL.inv_cdf(power) * math.sqrt(base * (1 - base) + other * (1 - other))
    return max(2, math.ceil(((null + found) / effect) ** 2))


def share_power(base: float, effect: float, alpha: float, n: int) -> float:
    """The chance to find it with `n` in each arm; what `share_size` turns round."""
    other = base + effect
    both = (base + other) / 2
    null = NORMAL.inv_cdf(1 - alpha / 2) * math.sqrt(2 * both * (1 - both))
    return NORMAL.cdf((abs(effect) * math.sqrt(n) - null) / math.sqrt(base * (1 - base) + other * (1 - other)))


def mean_size(spread: float, effect: float, alpha: float, power: float) -> int:
    """How many answers an arm needs to find two means that differ by `effect`, where answers spread by a standard
    deviation of `spread`; by Student's noncentral t. Raises ValueError where either is not above 0."""
    if spread <= 0 or effect == 0:
        raise ValueError("The spread is above 0, and the means differ.")
    ratio = (NORMAL.inv_cdf(1 - alpha / 2) + NORMAL.inv_cdf(power)) * spread / abs(effect)
    n = max(2, math.ceil(2 * ratio**2) - 2)
    while mean_power(spread, effect, alpha, n) < power:
        n += 1
    return n


def mean_power(spread: float, effect: float, alpha: float, n: int) -> float:
    """The chance to find it with `n` answers in each arm."""
    from scipy import stats

    freedom, drift = 2 * n - 2, abs(effect) / spread * math.sqrt(n / 2)
    return float(stats.nct.sf(stats.t.isf(alpha / 2, freedom), freedom, drift))


# -- when it may be looked at -----------------------------------------------------------------------------------------


def spent(time: float, alpha: float) -> float:
    """How much of `alpha` may be used up when a share `time` of the planned number is in: Lan and DeMets' function
    that comes near O'Brien and Fleming's bounds, for each side apart."""
    return 4 * (1 - NORMAL.cdf(NORMAL.inv_cdf(1 - alpha / 4) / math.sqrt(time)))


@lru_cache(maxsize=64)
def bounds(looks: int, alpha: float) -> tuple[float, ...]:
    """How many standard errors a difference must reach at each of so many looks, which come at equal steps.

    One look: the usual bound. The chance to reach any of them without a difference is `alpha`.
    """
    found: list[float] = []
    between = _Between()
    for look in range(1, looks + 1):
        time = look / looks
        wanted = spent(time, alpha) - (spent((look - 1) / looks, alpha) if look > 1 else 0.0)
        low, high = 0.5, 12.0
        for _ in range(48):
            middle = (low + high) / 2
            low, high = (middle, high) if between.leaving(time, middle, 0.0)[2] > wanted else (low, middle)
        found.append((low + high) / 2)
        between = between.on(time, found[-1], 0.0)
    return tuple(found)


def sequential_power(looks: Sequence[float], drift: float) -> float:
    """The chance to reach the upper one of the bounds by the end, where the last look expects `drift` standard
    errors."""
    chance, between = 0.0, _Between()
    for number, bound in enumerate(looks, 1):
        chance += between.leaving(number / len(looks), bound, drift)[0]
        between = between.on(number / len(looks), bound, drift)
    return chance


@lru_cache(maxsize=64)
def inflation(looks: int, alpha: float, power: float) -> float:
    """How much larger a trial with so many looks must be to keep its power: 1 for one look, a few percent for more."""
    usual = NORMAL.inv_cdf(1 - alpha / 2) + NORMAL.inv_cdf(power)
    if looks == 1:
        return 1.0
    low, high = usual, usual * 1.5
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if sequential_power(bounds(looks, alpha), middle) < power else (low, middle)
    return (high / usual) ** 2


class _Between:
    """The density of a Brownian motion that has left none of the bounds so far, on a grid; at first all at 0."""

    def __init__(self, time: float = 0.0, at: Any = None, weights: Any = None) -> None:
        self._time, self._at, self._weights = time, at, weights

    def leaving(self, time: float, bound: float, drift: float) -> tuple[float, float, float]:
        """The chances to be found beyond the upper bound, the lower one, and either at the next look."""
        import numpy as np
        from scipy.special import ndtr

        edge, step = bound * math.sqrt(time), time - self._time
        at = np.zeros(1) if self._at is None else self._at
        weights = np.ones(1) if self._weights is None else self._weights
        moved = at + drift * step
        above = float(weights @ ndtr((moved - edge) / math.sqrt(step)))
        below = float(weights @ ndtr((-edge - moved) / math.sqrt(step)))
        return above, below, above + below

    def on(self, time: float, bound: float, drift: float) -> "_Between":
        """What is left between the bounds after the next look."""
        import numpy as np

        edge, step = bound * math.sqrt(time), time - self._time
        at = np.linspace(-edge, edge, _POINTS)
        before = np.zeros(1) if self._at is None else self._at
        weights = np.ones(1) if self._weights is None else self._weights
        density = np.exp(-((at[:, None] - before[None, :] - drift * step) ** 2) / (2 * step)) @ weights
        density /= math.sqrt(2 * math.pi * step)
        simpson = np.ones(_POINTS)
        simpson[1:-1:2], simpson[2:-1:2] = 4, 2
        return _Between(time, at, density * simpson * (at[1] - at[0]) / 3)
