"""Silences as counts by bucket: what sums of millions of cases keep of them, and what can be said from that. Pure.

Buckets are log-linear, as in an HdrHistogram (G. Tene): seconds below 256 have one each, and every doubling after that
has 128 of equal width, so a bucket is 1/256 to 1/128 of its values wide. Whole numbers all the way: SQL and Python
cannot disagree about where a value lies. Counts of different cases add up to counts of all of them.

The Kaplan-Meier curve of counts is not one curve but a band of them, for within a bucket nobody knows who came first.
Two curves bound it: all who were still silent left before the answers of their bucket, or all after. The exact curve
lies between, so each quantile lies between theirs. `estimate` says how far that can be from the value it gives, and
whoever asks reads the cases themselves where it is too far.
"""

import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reports.survival import MEDIAN, P90, Quantile, Survival

STEPS = 128
MOST_ERROR = 0.02
"""How far a quantile may be from that of the cases themselves, as a share of it."""
_Z = 1.959964
_ROUNDING = 1e-9

Counts = dict[int, int]
"""How many by bucket; or by hour since a period began."""


def bucket(seconds: int) -> int:
    """Which bucket a silence lies in."""
    if seconds < STEPS:
        return max(0, seconds)
    shift = seconds.bit_length() - STEPS.bit_length()
    return STEPS * shift + (seconds >> shift)


def edges(number: int) -> tuple[int, int]:
    """The least and the largest number of seconds of a bucket."""
    if number < STEPS:
        return number, number
    shift = number // STEPS - 1
    low = (number - STEPS * shift) << shift
    return low, low + (1 << shift) - 1


def pack(counts: Mapping[int, int]) -> bytes:
    """Counts as bytes: the places in order, two bytes each, then how many, four bytes each."""
    kept = sorted((place, count) for place, count in counts.items() if count)
    return struct.pack(f"<{len(kept)}H{len(kept)}I", *(place for place, _ in kept), *(count for _, count in kept))


def unpack(packed: bytes) -> Counts:
    """What `pack` packed."""
    n = len(packed) // 6
    values = struct.unpack(f"<{n}H{n}I", packed)
    return dict(zip(values[:n], values[n:], strict=True))


@dataclass(frozen=True, slots=True)
class Ages:
    """So many who are silent for between `low` and `high` seconds."""

    low: int
    high: int
    count: int


@dataclass(frozen=True, slots=True)
class Estimated:
    """An estimate, and how far its median and 90th percentile can be from those of the cases, as a share of them.

    `error` None: the counts do not settle whether, or where, a quantile is reached.
    """

    survival: Survival
    error: float | None

    @property
    def holds(self) -> bool:
        """Whether it is as good as promised."""
        return self.error is not None and self.error <= MOST_ERROR


def estimate(answered: Mapping[int, int], ended: Mapping[int, int], waiting: Iterable[Ages]) -> Estimated:
    """Estimate from silences that were answered, that ended without an answer, and that still run."""
    early, late = dict(ended), dict(ended)
    for one in waiting:
        first, last = bucket(max(0, one.low)), bucket(max(0, one.high))
        early[first] = early.get(first, 0) + one.count
        late[last] = late.get(last, 0) + one.count
    deaths = sorted((place, count) for place, count in answered.items() if count)
    died = sum(count for _, count in deaths)
    n = died + sum(early.values())
    observed = max((edges(place)[1] for place in (*answered, *late)), default=0)
    if not deaths:
        nothing = Quantile(None, None, None)
        return Estimated(Survival(n, 0, float(observed), nothing, nothing), 0.0)
    curves = _curves(deaths, sorted(early.items()), sorted(late.items()), n)
    found, errors = [], []
    for share in (MEDIAN, P90):
        quantile, error = _quantile(curves, 1 - share + _ROUNDING)
        found.append(quantile)
        errors.append(error)
    worst = None if None in errors else max(error for error in errors if error is not None)
    return Estimated(Survival(n, died, float(observed), *found), worst)


@dataclass(frozen=True, slots=True)
class _Step:
    """The curve behind one bucket: between `lower` and `upper`; `low` and `high` are the 95% band around it."""

    place: int
    lower: float
    upper: float
    middle: float
    low: float
    high: float


def _curves(
    deaths: list[tuple[int, int]], early: list[tuple[int, int]], late: list[tuple[int, int]], n: int
) -> list[_Step]:
    steps: list[_Step] = []
    left, gone_early, gone_late, at_early, at_late = n, 0, 0, 0, 0
    lower = upper = middle = high = 1.0
    spread = 0.0
    for place, count in deaths:
        while at_early < len(early) and early[at_early][0] <= place:
            gone_early += early[at_early][1]
            at_early += 1
        while at_late < len(late) and late[at_late][0] < place:
            gone_late += late[at_late][1]
            at_late += 1
        few, many = max(count, left - gone_early), left - gone_late
        between = (few + many) / 2
        lower *= 1 - count / few
        upper *= 1 - count / many
        middle *= 1 - count / between
        low = 0.0
        if middle > 0 and between > count:
            spread += count / (between * (between - count))
            low, high_now = (middle ** math.exp(sign * _Z * math.sqrt(spread) / math.log(middle)) for sign in (-1, 1))
            high = min(high, high_now)
        steps.append(_Step(place, lower, upper, middle, low, high))
        left -= count
    return steps


def _quantile(steps: list[_Step], level: float) -> tuple[Quantile, float | None]:
    """The time at which the curve reaches a level, and how far off it can be."""

    def reached(name: str) -> int | None:
        return next((step.place for step in steps if getattr(step, name) <= level), None)

    first, last, at_low, at_high = (reached(name) for name in ("lower", "upper", "low", "high"))
    low = None if at_low is None else _middle(*edges(at_low))
    high = None if at_high is None else _middle(*edges(at_high))
    if first is None:
        return Quantile(None, low, high), 0.0
    if last is None:
        at = reached("middle")
        return Quantile(None if at is None else _middle(*edges(at)), low, high), None
    least, most = edges(first)[0], edges(last)[1]
    value = _middle(least, most)
    error = (most - least) / (most + least) if most else 0.0
    return Quantile(value, min(value, low if low is not None else value), high), error


def _middle(least: int, most: int) -> float:
    """The value whose largest relative distance to any of the range is least: the harmonic mean of its ends."""
    return 2.0 * least * most / (least + most) if most else 0.0
