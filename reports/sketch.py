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
from reports.survival import Quantile, Survival

STEPS = 128
MOST_ERROR = 0.02
"""How far a quantile may be from that of the cases themselves, as a share of it."""

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


def merge(packed: Sequence[bytes], whose: Any, places: Any, counts: Any) -> list[bytes]:
    """What each of `packed` becomes where counts, which may be negative, are added at places of it.

    `whose` says to which of them; the three arrays are in order of it and then of place, with no pair twice. ValueError
    where a count would be negative.
    """
    import numpy

    n = numpy.array([len(one) // 6 for one in packed], numpy.int64)
    words = numpy.frombuffer(b"".join(packed), "<u2").astype(numpy.int64)
    at, low = _layout(n)
    keys = (numpy.repeat(numpy.arange(len(n)), n) << 16) | words[at]
    have = words[low] | (words[low + 1] << 16)
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
    """An estimate, and how far its median, or both it and the 90th percentile, can be from those of the cases, as a
    share of them. None: the counts do not settle whether, or where, a quantile is reached."""

    survival: Survival
    median_error: float | None
    error: float | None

    @property
    def holds(self) -> bool:
        """Whether it is as good as promised."""
        return self.error is not None and self.error <= MOST_ERROR


Sampled = tuple[tuple[Any, Any], tuple[Any, Any], tuple[Any, Any, Any]]
"""Silences that were answered and that ended without an answer, as buckets and how many are in each; and those that
still run: least and largest seconds, and how many. All are arrays of whole numbers."""


def estimate(answered: tuple[Any, Any], ended: tuple[Any, Any], waiting: tuple[Any, Any, Any]) -> Estimated:
    """Estimate from the counts of one sample (`Sampled`)."""
    return estimates([(answered, ended, waiting)])[0]


def estimates(samples: Sequence[Sampled]) -> list[Estimated]:
    """`estimate` of many samples at once."""
    import numpy

    if not samples:
        return []
    parts: list[list[Any]] = [[], [], [], []]
    for whose, (answered, ended, (low, high, count)) in enumerate(samples):
        pairs = (answered, ended, (low, count), (high, count))
        for part, (places, counts) in zip(parts, pairs, strict=True):
            part.append((places, counts, whose))
    of: list[Any] = []
    at: list[Any] = []
    counted: list[Any] = []
    for part in parts:
        of.append(numpy.repeat([whose for _, _, whose in part], [len(places) for places, _, _ in part]))
        at.append(numpy.concatenate([places for places, _, _ in part]).astype(numpy.int64))
        counted.append(numpy.concatenate([counts for _, counts, _ in part]).astype(numpy.int64))
    at[2:] = [buckets(numpy.maximum(0, seconds)) for seconds in at[2:]]
    nothing = [numpy.zeros(len(one), numpy.int64) for one in counted]
    died = numpy.concatenate([counted[0], *nothing[1:]])
    early = numpy.concatenate([nothing[0], counted[1], counted[2], nothing[3]])
    late = numpy.concatenate([nothing[0], counted[1], nothing[2], counted[3]])
    found = curves.groups(len(samples), numpy.concatenate(of), numpy.concatenate(at), died, early, late, exact=False)
    return [_of_group(one) for one in found]


def _of_group(one: curves.Group) -> Estimated:
    observed = float(edges(int(one.observed))[1]) if one.n else 0.0
    errors, quantiles = [], []
    for reached in (one.median, one.p90):
        value, error = _settled(reached.first, reached.last, reached.value)
        errors.append(error)
        quantiles.append(Quantile(value, _middle(reached.low), _middle(reached.high)))
    worst = None if None in errors else max(error for error in errors if error is not None)
    return Estimated(Survival(one.n, one.answered, observed, *quantiles), errors[0], worst)


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
