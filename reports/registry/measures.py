"""How values are made of what was read: shares with Wilson's interval, counts, quantiles and means of waiting. Pure."""

from collections.abc import Callable, Mapping

from reports.kpis import Silence
from reports.registry import said
from reports.registry.reading import Reading, Wait
from reports.registry.values import Measure, Measured
from surveys.shares import wilson

Waits = Callable[[Reading], Mapping[str, Wait]]
Z = 1.959964
SECOND = 1.0
"""Means that do not differ at all are still only known to the second."""


def share(rows: str, holds: str, of: str = "") -> Measure:
    """Share of rows for which one of `cases.counted` holds; `of` those for which another one does, else of all."""

    def measure(read: Reading) -> dict[str, Measured]:
        found = {}
        for key, one in read.counts(rows).items():
            n = one[of] if of else one.n
            value = one[holds] / n if n else None
            low, high = wilson(value, n) if value is not None else (None, None)
            found[key] = Measured(value, n, low, high, spread=float(n))
        return found

    return measure


def number(rows: str) -> Measure:
    """How many rows there are; a full count, so chance has no part in it."""

    def measure(read: Reading) -> dict[str, Measured]:
        return {key: Measured(float(one.n), one.n) for key, one in read.counts(rows).items()}

    return measure


def median(waits: Waits) -> Measure:
    """Median of the Kaplan–Meier curve with Brookmeyer and Crowley's interval."""
    return _quantile(waits, lambda one: (one.median_seconds, one.median_low, one.median_high))


def p90(waits: Waits) -> Measure:
    """90th percentile of the same curve."""
    return _quantile(waits, lambda one: (one.p90_seconds, one.p90_low, one.p90_high))


def _quantile(waits: Waits, of: Callable[[Silence], tuple[float | None, float | None, float | None]]) -> Measure:
    def measure(read: Reading) -> dict[str, Measured]:
        found = {}
        for key, one in waits(read).items():
            value, low, high = of(one.silence)
            beyond = one.silence.observed_seconds if value is None and one.silence.n else None
            found[key] = Measured(value, one.silence.n, low, high, beyond=beyond, error=one.error, as_of=one.as_of)
        return found

    return measure


def mean(waits: Waits) -> Measure:
    """Restricted mean with its normal interval."""

    def measure(read: Reading) -> dict[str, Measured]:
        found = {}
        for key, one in waits(read).items():
            if one.mean is None:
                continue
            half = Z * one.mean.variance**0.5
            low, high = max(0.0, one.mean.seconds - half), min(one.mean.horizon, one.mean.seconds + half)
            spread = max(one.mean.variance, SECOND)
            found[key] = Measured(one.mean.seconds, one.silence.n, low, high, spread=spread)
        return found

    return measure


def _stand(one: Wait, number: int) -> Measured:
    return Measured(float(number), number, as_of=one.as_of)


def silent_now(read: Reading) -> dict[str, Measured]:
    """Citizens without an answer at this moment."""
    return {key: _stand(one, one.silence.silent_now) for key, one in read.waits().items()}


def past_target(read: Reading) -> dict[str, Measured]:
    """Those of them whose target has passed."""
    return {key: _stand(one, one.silence.past_target) for key, one in read.waits().items()}


def longest(read: Reading) -> dict[str, Measured]:
    """The longest silence that runs."""
    return {
        key: Measured(float(seconds), one.silence.silent_now, reference=one.silence.longest_reference, as_of=one.as_of)
        for key, one in read.waits().items()
        if (seconds := one.silence.longest_seconds) is not None
    }


def content(read: Reading) -> dict[str, Measured]:
    """Weighted share of ratings of 4 and 5."""
    return {key: said.estimated(one.content, share=True) for key, one in said.ratings(read).items()}


def rating(read: Reading) -> dict[str, Measured]:
    """Weighted mean rating."""
    return {key: said.estimated(one.rating, share=False) for key, one in said.ratings(read).items()}


def told_median(question: str) -> Measure:
    """Weighted median of a question that asks for a number."""

    def measure(read: Reading) -> dict[str, Measured]:
        return {key: Measured(one.value, one.n, one.low, one.high) for key, one in said.medians(read, question).items()}

    return measure
