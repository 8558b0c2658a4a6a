"""Kaplan–Meier curves of many groups at once, as arrays. Pure.

A page of figures asks for hundreds of medians of few cases each, and one pass over all rows is far cheaper than one
for each. The estimate and its band are those of `reports.survival`, the two curves that bound it `reports.sketch`'s.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

MEDIAN, P90 = 0.5, 0.9
DENSE = 4_000_000
"""Groups by times up to which counts are added up in a grid, which is quicker than to put them in order."""
_ROUNDING = 1e-9
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Reached:
    """Where one share of a group has an answer: times at which lines fall to its level, None where they never do.

    `value` is the estimate, `low` and `high` its band; `first` and `last` are of the two curves that bound it.
    """

    value: float | None
    low: float | None
    high: float | None
    first: float | None
    last: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """What came of one group: `n` cases, `answered` of them, `observed` the last time of any (0 without cases)."""

    n: int
    answered: int
    observed: float
    median: Reached
    p90: Reached


_NEVER = Reached(None, None, None, None, None)


def groups(
    number: int, of: Any, at: Any, died: Any, early: Any, late: Any, *, exact: bool, medians: bool = False
) -> list[Group]:
    """Curves of `number` groups from rows in any order: whose it is (0 to `number` - 1), a time, and how many were
    answered at it (`died`) or left unanswered.

    `exact`: times are moments, and whoever left at the time of an answer was there for it; `early` and `late` are the
    same. Else times are of ranges: within one nobody knows who came first, and of those who left it may be known only
    between which two they did, so `early` counts them at the first and `late` at the last. The estimate takes the mean
    of both, and `first` and `last` of what is reached are of the curves that bound the exact one. `medians`: the 90th
    percentile is not looked for.
    """
    import numpy

    of, at, died, early, late = _merged(number, of, at, (died, early, late))
    n = numpy.bincount(of, died + late, number).astype(int)
    answered = numpy.bincount(of, died, number).astype(int)
    there = numpy.flatnonzero(died + late)
    if not len(there):
        return [Group(0, 0, 0.0, _NEVER, _NEVER)] * number
    last = numpy.searchsorted(of[there], numpy.arange(number), "right") - 1
    observed = numpy.where(n > 0, at[there][numpy.maximum(last, 0)], 0)
    starts = numpy.searchsorted(of, numpy.arange(number))[of]
    before = n[of] - (_running(died, starts) - died)
    many = before - (_running(late, starts) - late)
    few = numpy.maximum(died, before - _running(early, starts))
    kept = numpy.flatnonzero(died)
    if not len(kept):
        return [Group(int(n[one]), 0, float(observed[one]), _NEVER, _NEVER) for one in range(number)]
    lines = _Lines.of(of[kept], at[kept], died[kept], few[kept], many[kept], exact=exact)
    middle, ninetieth = lines.reached(MEDIAN, number), [_NEVER] * number if medians else lines.reached(P90, number)
    counts = zip(n.tolist(), answered.tolist(), observed.tolist(), middle, ninetieth, strict=True)
    return [Group(one, other, float(last), median, p90) for one, other, last, median, p90 in counts]


def _merged(number: int, of: Any, at: Any, counts: Sequence[Any]) -> tuple[Any, ...]:
    """One row for each group and time, in their order, with the sums of all rows that are of both."""
    import numpy

    if at.dtype.kind == "i" and len(at) and (span := int(at.max()) + 1) * number <= DENSE:
        sums = [numpy.bincount(of * span + at, one, number * span) for one in counts]
        filled = numpy.flatnonzero(sum(sums))
        return (*numpy.divmod(filled, span), *(one[filled] for one in sums))
    order = numpy.lexsort((at, of))
    of, at = of[order], at[order]
    new = numpy.ones(len(of), bool)
    new[1:] = (of[1:] != of[:-1]) | (at[1:] != at[:-1])
    first = numpy.flatnonzero(new)
    if not len(first):
        return of, at, *counts
    return of[first], at[first], *(numpy.add.reduceat(one[order], first) for one in counts)


def _running(counts: Any, starts: Any) -> Any:
    """Sums up to each row, from the first row of its group."""
    import numpy

    sums = numpy.cumsum(counts)
    return sums - (sums - counts)[starts]


@dataclass(frozen=True, slots=True)
class _Lines:
    """The share still silent after each time at which somebody was answered, and the two curves that bound it.

    The band is kept as what it is on the log(-log) scale, its middle and its half width: to ask where it crosses a
    level takes no powers then.
    """

    starts: Any
    whose: Any
    at: Any
    value: Any
    first: Any
    last: Any
    middle: Any
    width: Any

    @staticmethod
    def of(whose: Any, at: Any, died: Any, few: Any, many: Any, *, exact: bool) -> "_Lines":
        import numpy

        new = numpy.ones(len(whose), bool)
        new[1:] = whose[1:] != whose[:-1]
        starts = numpy.flatnonzero(new)
        risk = many if exact else (few + many) / 2
        share = _within(numpy.multiply, 1 - died / risk, starts)
        bounds = (share, share)
        if not exact:
            bounds = tuple(_within(numpy.multiply, 1 - died / one, starts) for one in (few, many))
        with numpy.errstate(divide="ignore", invalid="ignore"):  # undefined where the curve is at 0: see `reached`
            log = numpy.log(share)
            width = _Z * numpy.sqrt(_within(numpy.add, died / (risk * (risk - died)), starts)) / -log
            return _Lines(starts, whose[starts], at, share, *bounds, numpy.log(-log), width)

    def reached(self, share: float, number: int) -> Sequence[Reached]:
        """By group, where so many have an answer."""
        import numpy

        level = 1 - share + _ROUNDING
        scaled = math.log(-math.log(level))
        # Where nobody is left waiting the lower line is at 0, and of the upper one no more is known than a step before.
        ended = self.value <= _ROUNDING
        with numpy.errstate(invalid="ignore"):
            low, high = self.middle + self.width >= scaled, self.middle - self.width >= scaled
        below = (self.value <= level, low | ended, high & ~ended, self.first <= level, self.last <= level)
        ends = numpy.append(self.starts[1:], len(self.at))
        columns = []
        for line in below:
            there = numpy.append(numpy.flatnonzero(line), len(self.at))
            found = there[numpy.searchsorted(there, self.starts)]
            times = self.at[numpy.minimum(found, len(self.at) - 1)].tolist()
            columns.append(
                [float(time) if yes else None for time, yes in zip(times, (found < ends).tolist(), strict=True)]
            )
        made = [_NEVER] * number
        for group, reached in zip(self.whose.tolist(), zip(*columns, strict=True), strict=True):
            made[group] = Reached(*reached)
        return made


def _within(ufunc: Any, values: Any, starts: Any) -> Any:
    """What a ufunc accumulates within each group; over all at once a group's sums would hang on those before it."""
    import numpy

    out = numpy.empty_like(values)
    for start, end in pairwise([*starts.tolist(), len(values)]):
        ufunc.accumulate(values[start:end], out=out[start:end])
    return out
