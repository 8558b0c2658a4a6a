"""How offices compare before the public: from published lines alone, so that a list tells nothing besides them. Pure.

A month of one office is small, so its last three published months are taken together. Silence is compared by the
median, in which whoever has no answer still counts: answering only what is easy makes no office climb. Both lists are
drawn together (`reports.shrinkage`), and who has too few cases or answers has no place.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.publication import PublishedFigure
from reports import shrinkage
from reports.kpis import SMALL

MONTHS = 3
"""Published months that a list is made of."""
_Z = 1.959964
_ROUNDING = 0.05
"""Standard error that rounding alone leaves, on the scale of a logarithm and of a rating."""


@dataclass(frozen=True, slots=True)
class Line:
    """An office in a list: of `n` in all months. `value` is its own figure, `drawn` what it is ranked by, with its
    interval. `value` None: the median was not reached, it is longer than `beyond`. Hours, or ratings of 1 to 5."""

    code: str
    names: Mapping[str, str]
    n: int
    value: float | None
    drawn: float | None = None
    low: float | None = None
    high: float | None = None
    beyond: float | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The offices in order of merit, and those that are told of but have too few for a place, by code."""

    ranked: tuple[Line, ...]
    small: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one month says: a value with its variance."""

    n: int
    value: float
    variance: float


def by_silence(figures: Iterable[PublishedFigure]) -> Ranking:
    """Offices by their median silence, shortest first; those where it was not reached last, the longest at the end."""
    ranked: list[tuple[Line, float]] = []
    small: list[Line] = []
    never: list[Line] = []
    for rows in _offices(figures, "n"):
        n, last = sum(row.n or 0 for row in rows), rows[-1]
        parts = [part for row in rows if (part := _median(row)) is not None]
        if n < SMALL or not (parts or any(map(_not_reached, rows))):
            small.append(Line(last.code, last.names, n, None))
        elif any(map(_not_reached, rows)):
            beyond = max(row.beyond_hours or 0 for row in rows)
            never.append(Line(last.code, last.names, n, None, beyond=beyond))
        else:
            value, variance = _pooled(parts)
            ranked.append((Line(last.code, last.names, n, math.exp(value)), variance))
    drawn = shrinkage.means([math.log(line.value or 1) for line, _ in ranked], [variance for _, variance in ranked])
    listed = _drawn([line for line, _ in ranked], drawn, math.exp)
    never.sort(key=lambda line: (line.beyond or 0, line.code))
    return Ranking((*sorted(listed, key=_order), *never), tuple(small))


def by_rating(figures: Iterable[PublishedFigure]) -> Ranking:
    """Offices by their mean rating, highest first."""
    ranked: list[tuple[Line, float]] = []
    small: list[Line] = []
    for rows in _offices(figures, "rating"):
        n, last = sum(row.answers or 0 for row in rows), rows[-1]
        parts = [
            _Part(row.answers or 0, row.rating, _variance(row.rating_low, row.rating_high))
            for row in rows
            if row.rating is not None
        ]
        value, variance = _pooled(parts)
        if n < SMALL:
            small.append(Line(last.code, last.names, n, value))
        else:
            ranked.append((Line(last.code, last.names, n, value), variance))
    drawn = shrinkage.means([line.value or 0 for line, _ in ranked], [variance for _, variance in ranked])
    listed = _drawn([line for line, _ in ranked], drawn, lambda value: min(5.0, max(1.0, value)))
    return Ranking(tuple(sorted(listed, key=_order, reverse=True)), tuple(small))


def _offices(figures: Iterable[PublishedFigure], needed: str) -> list[list[PublishedFigure]]:
    """The lines of each office by itself that tell a figure, in the order they came in: oldest month first."""
    found: dict[str, list[PublishedFigure]] = defaultdict(list)
    for row in figures:
        if row.scope == "office" and getattr(row, needed) is not None:
            found[row.code].append(row)
    return [found[code] for code in sorted(found)]


def _median(row: PublishedFigure) -> _Part | None:
    """The logarithm of a month's median. An end of its interval that is not told is as far away as the other."""
    if row.median_hours is None:
        return None
    value = math.log(row.median_hours)
    spans = [abs(math.log(end) - value) / _Z for end in (row.median_low, row.median_high) if end is not None]
    spread = max(spans, default=1.0)
    return _Part(row.n or 0, value, max(spread, _ROUNDING) ** 2)


def _not_reached(row: PublishedFigure) -> bool:
    """Whether half of so many were still silent, and it is not for their number that no median is told."""
    return row.median_hours is None and (row.n or 0) >= SMALL // 2


def _variance(low: float | None, high: float | None) -> float:
    if low is None or high is None:
        return 1.0
    return max((high - low) / 2 / _Z, _ROUNDING) ** 2


def _pooled(parts: Sequence[_Part]) -> tuple[float, float]:
    """Months together, each by the number it stands on: a month with a narrow interval is not a better month."""
    total = sum(part.n for part in parts)
    value = sum(part.n * part.value for part in parts) / total
    return value, sum((part.n / total) ** 2 * part.variance for part in parts)


def _drawn(
    lines: Sequence[Line], drawn: Sequence[shrinkage.Shrunk] | None, scale: Callable[[float], float]
) -> list[Line]:
    if drawn is None:
        return list(lines)
    return [
        Line(line.code, line.names, line.n, line.value, scale(one.value), scale(one.low), scale(one.high))
        for line, one in zip(lines, drawn, strict=True)
    ]


def _order(line: Line) -> tuple[float, str]:
    return (line.drawn if line.drawn is not None else line.value or 0.0), line.code
