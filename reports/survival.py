"""How long citizens wait, with those who still wait counted: the Kaplan–Meier estimate.

A case without an answer is right-censored: all that is known is that its silence is longer than what has passed.
Leaving such cases out, or counting them as answered now, would make an office look fast that answers only the easy
half. Kaplan & Meier, JASA 53 (1958); band: Greenwood's variance on the log(-log) scale (Kalbfleisch & Prentice);
interval of a quantile: where the band crosses its level (Brookmeyer & Crowley, Biometrics 38, 1982). Offices are put in
order by the restricted mean (Royston & Parmar, BMC Med. Res. Methodol. 13, 2013): of two with the same median it is the
smaller where more have an answer at last.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reports import curves

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Quantile:
    """Seconds by which a share of citizens has an answer, with its 95% interval.

    `seconds` None: not reached, it is longer than anything seen so far. `high` None: the interval is open above.
    """

    seconds: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Survival:
    """Median and 90th percentile of the silence of `n` cases, of which `answered` have ended.

    `observed_seconds` is the longest silence seen, ended or not: what a quantile that is not reached is longer than.
    """

    n: int
    answered: int
    observed_seconds: float
    median: Quantile
    p90: Quantile


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean silence in seconds when at most `horizon` seconds of each are counted, with the variance of the mean."""

    seconds: float
    variance: float
    horizon: float


NOT_REACHED = Quantile(None, None, None)
NOTHING = Survival(0, 0, 0.0, NOT_REACHED, NOT_REACHED)


def estimate(answered: Sequence[float], silent: Sequence[float]) -> Survival:
    """Estimate from the silences that ended and those that still run, both in seconds and in any order."""
    return estimates([(answered, silent)])[0] if answered or silent else NOTHING


def estimates(samples: Sequence[tuple[Sequence[float], Sequence[float]]]) -> list[Survival]:
    """`estimate` of many samples, each of silences that ended and silences that still run, at once."""
    import numpy

    if not samples:
        return []
    counts = [len(part) for sample in samples for part in sample]
    at = numpy.concatenate([numpy.asarray(part, float) for sample in samples for part in sample])
    part = numpy.repeat(numpy.arange(len(counts)), counts)
    silent = part % 2
    return [of_group(one) for one in curves.groups(len(samples), part // 2, at, 1 - silent, silent, silent, exact=True)]


def of_group(one: curves.Group) -> Survival:
    """An exact estimate from what came of a group."""
    median, p90 = (Quantile(found.value, found.low, found.high) for found in (one.median, one.p90))
    return Survival(one.n, one.answered, one.observed, median, p90)


def mean(answered: Sequence[float], silent: Sequence[float], horizon: float) -> Mean | None:
    """The area under the curve up to a horizon (restricted mean): what a median cannot see, all who still wait have in
    it. None without cases.

    Variance after Klein & Moeschberger, Survival Analysis (2003), 4.5. Beyond the last silence seen the curve goes on
    level (Gill 1980), so that whoever is not known to have an answer is taken to wait on.
    """
    at_risk = len(answered) + len(silent)
    if not at_risk:
        return None
    import numpy

    ended = numpy.asarray(answered, float)
    times, events = numpy.unique(ended[ended <= horizon], return_counts=True)
    everybody = numpy.sort(numpy.concatenate([ended, numpy.asarray(silent, float)]))
    risk = at_risk - numpy.searchsorted(everybody, times, side="left")
    curve = numpy.cumprod(1 - events / risk)
    edges = numpy.concatenate([[0.0], times, [horizon]])
    areas = numpy.diff(edges) * numpy.concatenate([[1.0], curve])
    left = numpy.cumsum(areas[::-1])[::-1][1:]  # the area from each answer on
    last = risk == events  # after it nobody waits, and no area is left
    terms = left**2 * events / numpy.where(last, 1, risk * (risk - events))
    return Mean(float(areas.sum()), float(terms[~last].sum()), horizon)


def median(answered: Sequence[float], silent: Sequence[float]) -> float | None:
    """The median of `estimate` alone: without a band, and without loading scipy. For many small samples."""
    ended, at_risk, left = sorted(answered), len(answered) + len(silent), 1.0
    running, gone, index = sorted(silent), 0, 0
    while index < len(ended):
        time = ended[index]
        while gone < len(running) and running[gone] < time:
            gone += 1
        together = index
        while together < len(ended) and ended[together] == time:
            together += 1
        left *= 1 - (together - index) / (at_risk - index - gone)
        if left <= 1 - curves.MEDIAN + _ROUNDING:
            return float(time)
        index = together
    return None
