"""What changed last week, told only where chance does not explain it. Pure; the sentences are made of the numbers.

A week is judged by up to a year of weeks before it, place by place and measure by measure: it has changed where it
lies outside the interval in which one more such week would lie (normal prediction interval with Student's t, Hahn &
Meeker, *Statistical Intervals*, 1991, ch. 4), on a scale on which the spread does not hang on the level: square root
for counts, arcsine for shares (Freeman & Tukey, *Ann. Math. Stat.* 21, 1950), logarithm for times. The spread between
weeks is never taken for less than what chance alone gives. All that is looked at is judged together (Bonferroni), so
that in nineteen of twenty weeks in which nothing changed nothing is said.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.i18n import Translator, format_duration, format_number, format_share

LEAST_WEEKS = 8
LEAST = 10
"""Cases of a week under which shares and medians are not judged."""
SETTLED = 0.9
"""Share of a week's cases whose target must have come or been met: before that, only the quick ones are known."""
TOGETHER = 0.05
MOST = 3


class Measure(StrEnum):
    """What is compared."""

    received = "received"
    in_time = "in_time"
    median = "median"


@dataclass(frozen=True, slots=True)
class Week:
    """Cases received in one week: how many, of how many it is settled whether they were answered in time, how many were
    not; the median silence in seconds with its 95% interval, None where not reached."""

    n: int
    due: int
    failed: int
    median: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A week unlike those before: `value` where `low` to `high` is usual. `people`: about how many it concerns."""

    place: Hashable
    measure: Measure
    value: float
    low: float
    high: float
    n: int
    people: float

    @property
    def up(self) -> bool:
        """Whether it is more than usual."""
        return self.value > self.high


@dataclass(frozen=True, slots=True)
class _Scale:
    """To the scale on which a measure is judged, and back."""

    to: Callable[[float], float]
    back: Callable[[float], float]


_SCALES = {
    Measure.received: _Scale(math.sqrt, lambda y: max(0.0, y) ** 2),
    Measure.in_time: _Scale(lambda x: math.asin(math.sqrt(x)), lambda y: math.sin(min(max(y, 0.0), math.pi / 2)) ** 2),
    Measure.median: _Scale(lambda x: math.log(max(x, 60.0)), math.exp),
}


def changes(weeks: dict[Hashable, Sequence[Week]]) -> list[Change]:
    """Places by their weeks, oldest first, the last of which is judged. Those that matter to most people come first."""
    judged = [
        (place, measure, series)
        for place, each in weeks.items()
        for measure in Measure
        if (series := _series(each, measure)) is not None
    ]
    found = [_judge(place, measure, *series, among=len(judged)) for place, measure, series in judged]
    return sorted((one for one in found if one is not None), key=lambda one: -one.people)


def _series(
    weeks: Sequence[Week], measure: Measure
) -> tuple[list[tuple[float, float]], tuple[float, float], Week] | None:
    """Values and chance variances of the weeks before, those of the week that is judged, and that week."""
    if not weeks:
        return None
    values = [_value(week, measure) for week in weeks]
    before = [one for one in values[:-1] if one is not None]
    last = values[-1]
    if last is None or len(before) < LEAST_WEEKS:
        return None
    if measure is Measure.received and max(week.n for week in weeks) < LEAST:
        return None
    return before, last, weeks[-1]


def _value(week: Week, measure: Measure) -> tuple[float, float] | None:
    scale = _SCALES[measure]
    if measure is Measure.received:
        return scale.to(week.n), 0.25
    if week.n < LEAST:
        return None
    if measure is Measure.in_time:
        if week.due < max(LEAST, SETTLED * week.n):
            return None
        return scale.to(1 - week.failed / week.due), 0.25 / week.due
    if week.median is None or week.low is None or week.high is None:
        return None
    return scale.to(week.median), ((scale.to(week.high) - scale.to(week.low)) / 3.92) ** 2


def _judge(
    place: Hashable,
    measure: Measure,
    before: list[tuple[float, float]],
    last: tuple[float, float],
    week: Week,
    *,
    among: int,
) -> Change | None:
    from scipy.stats import t

    k = len(before)
    middle = sum(value for value, _ in before) / k
    spread = sum((value - middle) ** 2 for value, _ in before) / (k - 1)
    chance = sum(variance for _, variance in before) / k
    # of the week that is judged what chance gives it is known; between weeks there may be more than that
    between = max(0.0, spread - chance)
    variance = between + last[1] + max(spread, chance) / k
    reach = float(t.ppf(1 - TOGETHER / (2 * among), k - 1)) * math.sqrt(variance)
    value, scale = last[0], _SCALES[measure]
    if abs(value - middle) <= reach:
        return None
    usual, now = scale.back(middle), scale.back(value)
    low, high = scale.back(middle - reach), scale.back(middle + reach)
    people = {
        Measure.received: abs(now - usual),
        Measure.in_time: abs(now - usual) * week.due,
        Measure.median: week.n * min(1.0, abs(value - middle)) / 2,
    }[measure]
    return Change(place, measure, now, low, high, week.n, people)


def chosen(found: Sequence[Change], whole: Hashable) -> list[Change]:
    """The few that are told: of the whole first, and of no place twice before every other place had its turn."""
    first: list[Change] = []
    rest: list[Change] = []
    seen: set[Hashable] = set()
    for one in sorted(found, key=lambda one: (one.place != whole, -one.people)):
        (rest if one.place in seen else first).append(one)
        seen.add(one.place)
    return (first + rest)[:MOST]


def sentence(one: Change, name: str, words: Translator) -> str:
    """A change in one sentence; `name` is empty for the whole."""
    _, lang = words.gettext, words.language
    if one.measure is Measure.received:
        values = {
            "count": format_number(round(one.value), lang),
            # whole numbers within the interval: rounded outwards it may seem to hold what lies outside
            "low": format_number(math.ceil(one.low), lang),
            "high": format_number(math.floor(one.high), lang),
            "place": name,
        }
        if not name:
            return _("%(count)s people wrote last week; %(low)s to %(high)s are usual.") % values
        return _("%(place)s: %(count)s people wrote last week; %(low)s to %(high)s are usual.") % values
    if one.measure is Measure.in_time:
        values = {
            "share": format_share(one.value, lang),
            "low": format_share(one.low, lang),
            "high": format_share(one.high, lang),
            "place": name,
        }
        if not name:
            return _("%(share)s of last week's citizens were answered in time; %(low)s to %(high)s are usual.") % values
        return (
            _("%(place)s: %(share)s of last week's citizens were answered in time; %(low)s to %(high)s are usual.")
            % values
        )
    values = {
        "time": format_duration(one.value, lang, short=True),
        "low": format_duration(one.low, lang, short=True),
        "high": format_duration(one.high, lang, short=True),
        "place": name,
    }
    if not name:
        return _("Half of those who wrote last week waited %(time)s or more; %(low)s to %(high)s is usual.") % values
    return (
        _("%(place)s: half of those who wrote last week waited %(time)s or more; %(low)s to %(high)s is usual.")
        % values
    )
