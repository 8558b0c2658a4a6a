"""Arithmetic of the small drawings: from figures to points on an SVG canvas. Pure, and unaware of colour."""

from collections.abc import Sequence
from dataclasses import dataclass


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
