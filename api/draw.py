"""Arithmetic of the small drawings: from figures to points on an SVG canvas. Pure, and unaware of colour."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FunnelLine = tuple[int, float, float, float, float]
"""Number of answers, and the limits there: lowest, low, high, highest."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where an interval bar's line, dot and mark stand on its canvas; `mark` is None without one."""

    low: float
    value: float
    high: float
    mark: float | None
    runs_off: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """A line through weekly values: its points, its last point and the band it usually stays in."""

    points: str
    last_x: float
    last_y: float
    band_top: float
    band_height: float
    outside: bool


def scale_interval(
    value: float, low: float, high: float, maximum: float, mark: float | None = None, width: float = 300
) -> Interval:
    """Place a value and its interval on a scale from 0 to `maximum`; what lies beyond is cut, and said so."""
    inset = 6.0
    unit = (width - 2 * inset) / maximum if maximum > 0 else 0.0

    def place(number: float) -> float:
        return round(inset + min(max(number, 0.0), maximum) * unit, 1)

    return Interval(place(low), place(value), place(high), None if mark is None else place(mark), high > maximum)


def scale_trend(
    values: Sequence[float | None], band: tuple[float, float] | None = None, width: float = 360, height: float = 120
) -> Trend | None:
    """Points of a line through `values` (oldest first; None leaves a gap out). None when fewer than two are known."""
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return None
    inset = 8.0
    top = 1.15 * max([value for _, value in known] + ([band[1]] if band else [])) or 1.0  # room for the last label
    step = (width - 2 * inset) / (len(values) - 1)

    def across(index: int) -> float:
        return round(inset + index * step, 1)

    def down(value: float) -> float:
        return round(height - inset - value / top * (height - 2 * inset), 1)

    last_index, last = known[-1]
    return Trend(
        points=" ".join(f"{across(index)},{down(value)}" for index, value in known),
        last_x=across(last_index),
        last_y=down(last),
        band_top=down(band[1]) if band else 0.0,
        band_height=round(down(band[0]) - down(band[1]), 1) if band else 0.0,
        outside=band is not None and not band[0] <= last <= band[1],
    )


@dataclass(frozen=True, slots=True)
class Dot:
    """An office in the funnel: where it stands on the canvas, and which number it goes by."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class FunnelPlot:
    """The two bands as polygons, the line of all, the dots, and where the axes have their marks (position, value)."""

    outer: str
    inner: str
    middle: float
    dots: tuple[Dot, ...]
    across: tuple[tuple[float, int], ...]
    down: tuple[tuple[float, float], ...]


def scale_funnel(
    curve: Sequence[FunnelLine],
    centre: float,
    points: Sequence[tuple[float, float]],
    width: float = 360,
    height: float = 240,
) -> FunnelPlot | None:
    """A funnel of shares; `points` are (number of answers, share). None without any. The scale is cut to what there is
    to see: the points, and the inner limits."""
    if not points or not curve:
        return None
    left, right, top, bottom = 34.0, 8.0, 8.0, 28.0
    most = max(*(n for n, _ in points), curve[-1][0]) * 1.04
    seen = (
        [share for _, share in points] + [centre] + [bound for line in curve[len(curve) // 3 :] for bound in line[1:]]
    )
    low = max(0.0, (min(seen) * 20 // 1) / 20 - 0.02)
    high = min(1.0, (max(seen) * 20 // 1 + 1) / 20 + 0.02)

    def x(n: float) -> float:
        return round(left + (width - left - right) * n / most, 1)

    def y(share: float) -> float:
        inside = min(max(share, low), high)
        return round(top + (height - top - bottom) * (high - inside) / (high - low), 1)

    def band(under: int, over: int) -> str:
        there = [f"{x(line[0])},{y(line[under])}" for line in curve]
        back = [f"{x(line[0])},{y(line[over])}" for line in reversed(curve)]
        return " ".join(there + back)

    base = 10 ** math.floor(math.log10(max(most, 4) / 4))
    step = next(base * times for times in (1, 2, 5, 10) if base * times * 4 >= most)
    marks = [place / 10 for place in range(11) if low <= place / 10 <= high]
    return FunnelPlot(
        outer=band(1, 4),
        inner=band(2, 3),
        middle=y(centre),
        dots=tuple(Dot(x(n), y(share)) for n, share in points),
        across=tuple((x(step * place), step * place) for place in range(1, 5) if step * place <= most),
        down=tuple((y(mark), mark) for mark in marks),
    )


@dataclass(frozen=True, slots=True)
class Months:
    """A line of monthly medians that is broken where a month is missing: its parts, its dots as (across, down, value),
    and their intervals as (across, top, bottom)."""

    lines: tuple[str, ...]
    dots: tuple[tuple[float, float, float], ...]
    reaches: tuple[tuple[float, float, float], ...]


def scale_months(rows: Sequence[Mapping[str, float | None]], width: float = 360, height: float = 120) -> Months | None:
    """Medians of months, oldest first, with "median", "low" and "high"; None when fewer than two are known."""
    known = [row["median"] for row in rows if row["median"] is not None]
    if len(known) < 2:
        return None
    inset = 8.0
    top = 1.05 * max(*known, *(row["high"] or 0.0 for row in rows)) or 1.0
    step = (width - 2 * inset) / (len(rows) - 1)

    def at(place: int, value: float) -> tuple[float, float]:
        return round(inset + place * step, 1), round(height - inset - value / top * (height - 2 * inset), 1)

    parts: list[list[tuple[float, float]]] = [[]]
    dots, reaches = [], []
    for place, row in enumerate(rows):
        median, low, high = row["median"], row["low"], row["high"]
        if median is None:
            parts.append([])
            continue
        parts[-1].append(at(place, median))
        dots.append((*at(place, median), median))
        if low is not None and high is not None:
            reaches.append((at(place, low)[0], at(place, high)[1], at(place, low)[1]))
    lines = tuple(" ".join(f"{x},{y}" for x, y in part) for part in parts if len(part) > 1)
    return Months(lines, tuple(dots), tuple(reaches))
