"""Arithmetic of the drawing of weekly counts around something that was done. Pure, and unaware of colour."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEFT, RIGHT, TOP, BOTTOM = 26.0, 8.0, 18.0, 28.0


@dataclass(frozen=True, slots=True)
class Week:
    """Where a week's dot stands, and whether it was left out."""

    x: float
    y: float
    out: bool


@dataclass(frozen=True, slots=True)
class EffectPlot:
    """Dots of the weeks; lines of what the model has before and after, and of what it would have been; the weeks that
    were left out as a band; marks on the left (y and count), and on the foot (x and the place of the week)."""

    dots: tuple[Week, ...]
    before: str
    after: str
    without: str
    band_x: float
    band_width: float
    when: float
    down: tuple[tuple[float, int], ...]
    across: tuple[tuple[float, int], ...]
    foot: float
    right: float


def scale_effect(
    counts: Sequence[int],
    fitted: Sequence[float],
    without: Sequence[float | None],
    before: int,
    after: int,
    width: float = 360,
    height: float = 220,
) -> EffectPlot | None:
    """Place weekly counts; the weeks from `before` to `after` (exclusive) were left out. None without weeks. What the
    model has beyond twice the most that came is cut."""
    if len(counts) < 2 or not len(counts) == len(fitted) == len(without):
        return None
    known = [one for one in without if one is not None]
    top = max(1.0, *(float(one) for one in counts))
    top = max(top, min(2 * top, max([*fitted, *known], default=0.0)))
    step = next(base for base in _steps() if base * 4 >= top)
    most = step * math.ceil(top / step)
    across = (width - LEFT - RIGHT) / (len(counts) - 1)

    def x(week: float) -> float:
        return round(LEFT + week * across, 1)

    def y(count: float) -> float:
        return round(TOP + (height - TOP - BOTTOM) * (1 - min(count, most) / most), 1)

    def line(values: Sequence[float | None], first: int, last: int) -> str:
        return " ".join(f"{x(week)},{y(one)}" for week in range(first, last) if (one := values[week]) is not None)

    apart = max(1, math.ceil(len(counts) / 4))
    return EffectPlot(
        dots=tuple(Week(x(week), y(count), before <= week < after) for week, count in enumerate(counts)),
        before=line(fitted, 0, before),
        after=line(fitted, after, len(counts)),
        without=line(without, after, len(counts)),
        band_x=x(before - 0.5),
        band_width=round((after - before) * across, 1),
        when=x(after - 0.5),
        down=tuple((y(mark), mark) for mark in range(0, most + 1, step)),
        across=tuple((x(week), week) for week in range(0, len(counts), apart)),
        foot=round(height - BOTTOM, 1),
        right=round(width - RIGHT, 1),
    )


def _steps() -> Sequence[int]:
    return [factor * 10**power for power in range(9) for factor in (1, 2, 5)]
