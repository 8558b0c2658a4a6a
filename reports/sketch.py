"""Silences as counts by bucket: what sums of millions of cases keep of them, and what can be said from that. Pure.

Buckets are log-linear, as in an HdrHistogram (G. Tene): seconds below 256 have one each, and every doubling after that
has 128 of equal width, so a bucket is 1/256 to 1/128 of its values wide. Whole numbers all the way: SQL and Python
cannot disagree about where a value lies. Counts of different cases add up to counts of all of them.

The Kaplan-Meier curve of counts is not one curve but a band of them, for within a bucket nobody knows who came first.
Two curves bound it: all who were still silent left before the answers of their bucket, or all after. The exact curve
lies between, so each quantile lies between theirs. `estimate` says how far that can be from the value it gives, and
whoever asks reads the cases themselves where it is too far.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.survival import MEDIAN, NOT_REACHED, P90, Quantile, Survival, curve

STEPS = 128
MOST_ERROR = 0.02
"""How far a quantile may be from that of the cases themselves, as a share of it."""
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
    places = sorted(place for place, count in counts.items() if count)
    return struct.pack(f"<{len(places)}H{len(places)}I", *places, *map(counts.__getitem__, places))


def unpack(packed: bytes) -> Counts:
    """What `pack` packed."""
    n = len(packed) // 6
    values = struct.unpack(f"<{n}H{n}I", packed)
    return dict(zip(values[:n], values[n:], strict=True))


def arrays(packed: bytes) -> tuple[Any, Any]:
    """What `pack` packed, as places and counts for many to be summed at once."""
    import numpy

    n = len(packed) // 6
    return (
        numpy.frombuffer(packed, "<u2", n).astype(numpy.int64),
        numpy.frombuffer(packed, "<u4", n, 2 * n).astype(numpy.int64),
    )


def buckets(seconds: Any) -> Any:
    """`bucket` of an array of whole numbers that are not negative."""
    import numpy

    _, length = numpy.frexp(seconds.astype(float))  # exact below 2**53
    shift = numpy.maximum(0, length - STEPS.bit_length())
    return STEPS * shift + (seconds >> shift)


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


def estimate(answered: tuple[Any, Any], ended: tuple[Any, Any], waiting: tuple[Any, Any, Any]) -> Estimated:
    """Estimate from silences that were answered and that ended without an answer, as buckets and how many are in each;
    and from those that still run: least and largest seconds, and how many. All are arrays of whole numbers."""
    import numpy

    low, high, count = waiting
    size = 1 + max((int(one.max()) for one in (answered[0], ended[0], buckets(high)) if len(one)), default=0)
    died = numpy.bincount(answered[0], answered[1], size)
    stayed = numpy.bincount(ended[0], ended[1], size)
    early = stayed + numpy.bincount(buckets(low), count, size)
    late = stayed + numpy.bincount(buckets(high), count, size)
    n, gone = int(died.sum() + late.sum()), int(died.sum())
    filled = numpy.flatnonzero(died + late)
    observed = float(edges(int(filled[-1]))[1]) if len(filled) else 0.0
    if not gone:
        return Estimated(Survival(n, 0, observed, NOT_REACHED, NOT_REACHED), 0.0)
    at = numpy.flatnonzero(died)
    before = n - (numpy.cumsum(died) - died)
    few = numpy.maximum(died, before - numpy.cumsum(early))[at]
    many = (before - (numpy.cumsum(late) - late))[at]
    died = died[at]
    lower, upper = (numpy.cumprod(1 - died / risk) for risk in (few, many))
    middle, band_low, band_high = curve(died, (few + many) / 2)
    found, errors = [], list[float | None]()
    for share in (MEDIAN, P90):
        level = 1 - share + _ROUNDING
        first, last, between, least, most = (
            _reached(line, level, at) for line in (lower, upper, middle, band_low, band_high)
        )
        value, error = _settled(first, last, between)
        errors.append(error)
        found.append(Quantile(value, _middle(least), _middle(most)))
    worst = None if None in errors else max(one for one in errors if one is not None)
    return Estimated(Survival(n, gone, observed, *found), worst)


def _reached(line: Any, level: float, at: Any) -> int | None:
    below = line <= level
    return int(at[below.argmax()]) if below.any() else None


def _settled(first: int | None, last: int | None, between: int | None) -> tuple[float | None, float | None]:
    """A quantile that is reached in one of the buckets from `first` to `last`, and how far off it can be."""
    if first is None:
        return None, 0.0
    if last is None:
        return _middle(between), None
    least, most = edges(first)[0], edges(last)[1]
    return _mean(least, most), (most - least) / (most + least) if most else 0.0


def _middle(place: int | None) -> float | None:
    return None if place is None else _mean(*edges(place))


def _mean(least: int, most: int) -> float:
    """The value whose largest relative distance to any of the range is least: the harmonic mean of its ends."""
    return 2.0 * least * most / (least + most) if most else 0.0
