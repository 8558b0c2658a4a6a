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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports import curves
from reports.survival import NOT_REACHED, Quantile, Survival

STEPS = 128
MOST_ERROR = 0.02
"""How far a quantile may be from that of the cases themselves, as a share of it."""

Counts = dict[int, int]
"""How many by bucket; or by hour since a period began."""


Counted = tuple[Any, Any, Any]
"""Counts of many samples as arrays of whole numbers: whose each is (from 0 on), its place, how many."""
Waiting = tuple[Any, Any, Any, Any]
"""Who still waits, of many samples: whose, the least and the largest seconds it may be, how many."""


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


def merge(packed: Sequence[bytes], whose: Any, places: Any, counts: Any) -> list[bytes]:
    """What each of `packed` becomes where counts, which may be negative, are added at places of it.

    `whose` says to which of them; the three arrays are in order of it and then of place, with no pair twice. ValueError
    where a count would be negative.
    """
    import numpy

    found = list(packed)
    touched, whose = numpy.unique(whose, return_inverse=True)
    new = _merged([packed[place] for place in touched.tolist()], whose, places, counts)
    for place, one in zip(touched.tolist(), new, strict=True):
        found[place] = one
    return found


def _merged(packed: Sequence[bytes], whose: Any, places: Any, counts: Any) -> list[bytes]:
    import numpy

    index, at, have = unpacked(packed, range(len(packed)))
    keys = (index << 16) | at
    new = (whose << 16) | places
    found = numpy.searchsorted(keys, new)
    there = numpy.zeros(len(new), bool)
    there[found < len(keys)] = keys[found[found < len(keys)]] == new[found < len(keys)]
    have[found[there]] += counts[there]
    keys = numpy.insert(keys, found[~there], new[~there])
    have = numpy.insert(have, found[~there], counts[~there])
    if len(have) and have.min() < 0:
        raise ValueError("more was taken off a sum than it held")
    keys, have = keys[have > 0], have[have > 0]
    n = numpy.bincount(keys >> 16, minlength=len(packed))
    at, low = _layout(n)
    words = numpy.zeros(3 * len(keys), "<u2")
    words[at], words[low], words[low + 1] = keys & 0xFFFF, have & 0xFFFF, have >> 16
    ends = (6 * numpy.cumsum(n)).tolist()
    whole = words.tobytes()
    return [whole[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _layout(n: Any) -> tuple[Any, Any]:
    """Where, in words of two bytes, places and the first halves of counts lie in packed ones of `n` places each."""
    import numpy

    within = numpy.arange(n.sum()) - numpy.repeat(numpy.cumsum(n) - n, n)
    starts = numpy.repeat(3 * (numpy.cumsum(n) - n), n)
    return starts + within, starts + numpy.repeat(n, n) + 2 * within


def least(packed: bytes) -> int:
    """The first place of what `pack` packed; there must be one."""
    return int.from_bytes(packed[:2], "little")


def most(packed: bytes) -> int:
    """The last place of what `pack` packed; there must be one."""
    end = len(packed) // 3
    return int.from_bytes(packed[end - 2 : end], "little")


def unpacked(packed: Sequence[bytes], whose: Sequence[int]) -> Counted:
    """What `pack` packed, many at once, each of a sample."""
    import numpy

    n = numpy.array([len(one) // 6 for one in packed], numpy.int64)
    words = numpy.frombuffer(b"".join(packed), "<u2").astype(numpy.int64)
    at, low = _layout(n)
    return numpy.repeat(numpy.asarray(whose, numpy.int64), n), words[at], words[low] | (words[low + 1] << 16)


def buckets(seconds: Any) -> Any:
    """`bucket` of an array of whole numbers that are not negative."""
    import numpy

    _, length = numpy.frexp(seconds.astype(float))  # exact below 2**53
    shift = numpy.maximum(0, length - STEPS.bit_length())
    return STEPS * shift + (seconds >> shift)


@dataclass(frozen=True, slots=True)
class Estimated:
    """An estimate, and how far its median and 90th percentile can be from those of the cases, as a share of them.

    `error` None: the counts do not settle whether, or where, a quantile is reached. `reach`: seconds of silence beyond
    which nothing was looked at for the median and its interval; None where one of them is not reached.
    """

    survival: Survival
    error: float | None
    reach: int | None

    @property
    def holds(self) -> bool:
        """Whether it is as good as promised."""
        return self.error is not None and self.error <= MOST_ERROR


def estimates(
    number: int, answered: Counted, ended: Counted, waiting: Waiting, *, medians: bool = False
) -> list[Estimated]:
    """Estimates of so many samples at once, from silences that were answered, that ended without an answer, and that
    still run. `medians` leaves 90th percentiles out, and with them their errors."""
    import numpy

    whose, low, high, many = waiting
    nothing = [numpy.zeros(len(one), numpy.int64) for one in (answered[0], ended[0], whose)]
    of = numpy.concatenate([answered[0], ended[0], whose, whose])
    at = numpy.concatenate([answered[1], ended[1], *(buckets(numpy.maximum(0, seconds)) for seconds in (low, high))])
    died = numpy.concatenate([answered[2], nothing[1], nothing[2], nothing[2]])
    early = numpy.concatenate([nothing[0], ended[2], many, nothing[2]])
    late = numpy.concatenate([nothing[0], ended[2], nothing[2], many])
    found = curves.groups(number, of, at.astype(numpy.int64), died, early, late, exact=False, medians=medians)
    return [_of_group(one, medians=medians) for one in found]


def _of_group(one: curves.Group, *, medians: bool) -> Estimated:
    observed = float(edges(int(one.observed))[1]) if one.n else 0.0
    median, error = _quantile(one.median)
    ends = (one.median.value, one.median.high, one.median.last)
    reach = None if None in ends else edges(int(max(end for end in ends if end is not None)))[1]
    if medians:
        return Estimated(Survival(one.n, one.answered, observed, median, NOT_REACHED), error, reach)
    p90, other = _quantile(one.p90)
    worst = None if error is None or other is None else max(error, other)
    return Estimated(Survival(one.n, one.answered, observed, median, p90), worst, reach)


def _quantile(one: curves.Reached) -> tuple[Quantile, float | None]:
    value, error = _settled(one.first, one.last, one.value)
    return Quantile(value, _middle(one.low), _middle(one.high)), error


def _settled(first: float | None, last: float | None, between: float | None) -> tuple[float | None, float | None]:
    """A quantile that is reached in one of the buckets from `first` to `last`, and how far off it can be."""
    if first is None:
        return None, 0.0
    if last is None:
        return _middle(between), None
    least, most = edges(int(first))[0], edges(int(last))[1]
    return _mean(least, most), (most - least) / (most + least) if most else 0.0


def _middle(place: float | None) -> float | None:
    return None if place is None else _mean(*edges(int(place)))


def _mean(least: int, most: int) -> float:
    """The value whose largest relative distance to any of the range is least: the harmonic mean of its ends."""
    return 2.0 * least * most / (least + most) if most else 0.0
