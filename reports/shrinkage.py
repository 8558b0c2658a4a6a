"""Comparing offices without mistaking luck for merit: empirical-Bayes estimates. Pure.

A small office is at the top or the bottom of a raw list by chance alone. Each figure is drawn towards that of all
offices, the more the less it stands on; how far offices really differ is itself estimated. Sources: docs/methods.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST = 4
"""With fewer offices it is not known how far offices differ, and none is drawn anywhere."""
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Shrunk:
    """An office's figure drawn towards all, with its 95% interval; `own` is the share of its own answers in it."""

    value: float
    low: float
    high: float
    own: float


def means(raw: Sequence[float], variances: Sequence[float]) -> list[Shrunk] | None:
    """Means of offices drawn together: normal, Paule and Mandel's between-office variance, Morris' intervals.

    `variances` are those of the raw means. None with fewer than `FEWEST`.
    """
    k = len(raw)
    if k < FEWEST:
        return None
    between = between_offices(raw, variances)
    weights = [1 / (one + between) for one in variances]
    middle = _mean(raw, weights)
    shrunk = []
    for value, within, weight in zip(raw, variances, weights, strict=True):
        # the estimated spread is itself uncertain: (k-3)/(k-1) keeps from drawing too far (Morris 1983)
        pull = (k - 3) / (k - 1) * within * weight
        centre = value + pull * (middle - value)
        spread = within * (1 - pull * (k - 1) / k) + 2 / (k - 3) * pull**2 * (value - middle) ** 2
        half = _Z * math.sqrt(spread)
        shrunk.append(Shrunk(centre, centre - half, centre + half, 1 - pull))
    return shrunk


def between_offices(raw: Sequence[float], variances: Sequence[float]) -> float:
    """Variance between offices beyond chance (Paule & Mandel 1982): where the weighted sum of squares meets k - 1."""

    def excess(between: float) -> float:
        weights = [1 / (one + between) for one in variances]
        middle = _mean(raw, weights)
        return sum(w * (value - middle) ** 2 for value, w in zip(raw, weights, strict=True)) - (len(raw) - 1)

    if excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, 1.0
    while excess(high) > 0:
        low, high = high, high * 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def _mean(raw: Sequence[float], weights: Sequence[float]) -> float:
    return sum(value * weight for value, weight in zip(raw, weights, strict=True)) / sum(weights)


def shares(counts: Sequence[float], numbers: Sequence[float]) -> list[Shrunk] | None:
    """Shares of offices drawn together: beta-binomial by maximum likelihood. `counts` of `numbers`, which may be
    effective ones and so no whole numbers. None with fewer than `FEWEST` offices that have any."""
    if sum(number > 0 for number in numbers) < FEWEST:
        return None
    import numpy
    from scipy.special import betaincinv

    a, b = beta_of(counts, numbers)
    first = numpy.asarray(counts, float) + a
    second = numpy.asarray(numbers, float) - numpy.asarray(counts, float) + b
    bounds = zip(betaincinv(first, second, 0.025), betaincinv(first, second, 0.975), strict=True)
    return [
        Shrunk(float(one / (one + other)), float(low), float(high), float(number / (number + a + b)))
        for one, other, number, (low, high) in zip(first, second, numbers, bounds, strict=True)
    ]


def beta_of(counts: Sequence[float], numbers: Sequence[float]) -> tuple[float, float]:
    """The beta distribution that the offices' true shares are drawn from, by maximum likelihood.

    Bounded to a strength of 1 to 10,000 answers: shares that differ no more than by chance have no finite one.
    """
    import numpy
    from scipy.optimize import minimize
    from scipy.special import betaln, expit, logit

    x, n = numpy.asarray(counts, float), numpy.asarray(numbers, float)
    overall = float((x.sum() + 0.5) / (n.sum() + 1))

    def loss(given: tuple[float, float]) -> float:
        share, strength = expit(given[0]), math.exp(given[1])
        a, b = share * strength, (1 - share) * strength
        return -float((betaln(x + a, n - x + b) - betaln(a, b)).sum())

    found = minimize(
        loss, (float(logit(overall)), math.log(20.0)), method="L-BFGS-B", bounds=((-12, 12), (0, math.log(10_000)))
    )
    share, strength = float(expit(found.x[0])), math.exp(float(found.x[1]))
    return share * strength, (1 - share) * strength
