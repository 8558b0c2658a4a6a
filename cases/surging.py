"""More cases than the past explains: pure rules over counts, without a database.

A stream is an office with all below it, about one service or about all. Its past is a rate per hour times a shape of
the week (168 hours in the government's time zone): the shape of the whole government, and the more of its own the more
cases the stream had. A window of the last half hour, two hours or day alarms where so many cases would come by chance
less often than `LIMIT`. Chance is a negative binomial: Poisson, spread by how little is known of a small stream (the
gamma posterior of its rate) and by how much whole days differ (moment estimator over daily counts). This is the scan
statistic of Naus (1965) and Kulldorff (1997) with the thresholds of Farrington's outbreak detection (1996) in place of
theirs; `LIMIT` is set by simulation, see docs/routing.md.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

DAYS = 63
"""Days of the past that are looked at: nine weeks, whole ones, so that each hour of the week counts alike."""
HOURS = 168
WINDOWS = {timedelta(minutes=30): 6, timedelta(hours=2): 8, timedelta(hours=24): 15}
"""Windows, and the fewest cases in each that are worth waking anybody for."""
LIMIT = 1e-8
"""Chance of so many in a window from which it is a surge."""
CALM = 0.01
"""Chance from which a surge goes on."""
TIMES = 2.0
"""A surge is at least so many times what was expected."""
OWN = 600
"""Cases of a stream from which half of its week's shape is its own."""
LEAST_SPREAD, MOST_SPREAD = 0.04, 0.5
"""Bounds of the squared share by which whole days differ."""

Stream = tuple[UUID, UUID | None]
"""An office, with all below it, and a service, or None for all."""
Chain = Callable[[UUID], Sequence[UUID]]
"""The office and those above it, nearest first."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A case that came in."""

    office_id: UUID
    service_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """That a stream has more cases than its past explains: `observed` in the last `window`, `expected` by the past."""

    stream: Stream
    window: timedelta
    observed: int
    expected: float
    chance: float
    since: datetime


@dataclass(slots=True)
class _Past:
    """What is known of one stream: cases by hour of the week and by day, and since when."""

    weekly: list[float] = field(default_factory=lambda: [0.0] * HOURS)
    daily: Counter[int] = field(default_factory=Counter)
    number: int = 0
    first: datetime | None = None


@dataclass
class Profile:
    """The past of all streams up to `until`."""

    until: datetime
    zone: ZoneInfo
    chain: Chain
    _streams: dict[Stream, _Past] = field(default_factory=lambda: defaultdict(_Past))
    _all: list[float] = field(default_factory=lambda: [0.0] * HOURS)

    def add(self, office_id: UUID, service_id: UUID | None, hour: datetime, number: int) -> None:
        """So many cases came in an hour of the past."""
        place, day = self._hour(hour), (self.until - hour).days
        self._all[place] += number
        for stream in streams_of(office_id, service_id, self.chain):
            past = self._streams[stream]
            past.weekly[place] += number
            past.daily[day] += number
            past.number += number
            past.first = hour if past.first is None else min(past.first, hour)

    def _hour(self, at: datetime) -> int:
        local = at.astimezone(self.zone)
        return local.weekday() * 24 + local.hour

    @cached_property
    def _shape(self) -> list[float]:
        return _smoothed(self._all)

    @cached_property
    def spread(self) -> float:
        """Squared share by which whole days differ beyond chance, over all streams that have cases to tell."""
        over = total = 0.0
        for past in self._streams.values():
            if past.number < DAYS:
                continue
            counts = [past.daily.get(day, 0) for day in range(DAYS)]
            # by the day of the week, whose shape is known and is no surprise
            for weekday in range(7):
                same = counts[weekday::7]
                middle = sum(same) / len(same)
                over += sum((count - middle) ** 2 for count in same) / (len(same) - 1) - middle
                total += middle * middle
        return min(max(over / total if total else 0.1, LEAST_SPREAD), MOST_SPREAD)

    def expected(self, stream: Stream, since: datetime, until: datetime) -> float:
        """Cases that the past lets expect between two moments."""
        past = self._streams.get(stream)
        if past is None or past.first is None:
            return 0.0
        begun = max((self.until - past.first).total_seconds() / 3600, float(HOURS))
        rate = past.number / min(begun, DAYS * 24.0)
        return rate * self._mass(past, since, until)

    def _mass(self, past: _Past, since: datetime, until: datetime) -> float:
        """Hours between two moments, each weighed by how busy that hour of the week is."""
        own = past.number / (past.number + OWN)
        shape, theirs = self._shape, _smoothed(past.weekly) if own > 0.05 else self._shape
        mass, at = 0.0, since
        while at < until:
            end = min(at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1), until)
            place = self._hour(at)
            mass += (end - at).total_seconds() / 3600 * ((1 - own) * shape[place] + own * theirs[place])
            at = end
        return mass

    def chance(self, stream: Stream, number: int, expected: float) -> float:
        """How likely so many or more are."""
        past = self._streams.get(stream)
        known = (past.number if past else 0) + 1
        return tail(number, expected + 0.5 * expected / known, 1 / (1 / known + self.spread))


def _smoothed(weekly: Sequence[float]) -> list[float]:
    """The shape of a week: each hour with half of its neighbours, and a little everywhere; 1 on average."""
    around = [
        weekly[n - 1] / 2 + weekly[n] + weekly[(n + 1) % HOURS] / 2 for n in range(HOURS)
    ]  # fmt: skip
    mean = sum(around) / HOURS
    return [(one + 0.1 * mean + 0.01) / (1.1 * mean + 0.01) for one in around]


def tail(number: int, mean: float, size: float) -> float:
    """P(X >= number) of a negative binomial with this mean and size (variance = mean + mean²/size)."""
    if number <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    p = size / (size + mean)
    # from the first term upwards: the sum of what is small stays exact where 1 - sum of the rest would not
    term = math.exp(
        math.lgamma(size + number) - math.lgamma(size) - math.lgamma(number + 1) + size * math.log(p)
        + number * math.log1p(-p)
    )  # fmt: skip
    total, k = 0.0, number
    while term > total * 1e-12 and k < number + 100_000:
        total += term
        term *= (size + k) / (k + 1) * (1 - p)
        k += 1
    return min(total, 1.0)


def streams_of(office_id: UUID, service_id: UUID | None, chain: Chain) -> list[Stream]:
    """The streams a case counts in, the closest first."""
    services = (service_id, None) if service_id is not None else (None,)
    return [(office, service) for office in chain(office_id) for service in services]


def alarms(arrivals: Iterable[Arrival], profile: Profile, now: datetime, going: Iterable[Stream] = ()) -> list[Alarm]:
    """The surges there are now: the closest stream that has one, and of those above it only what it does not explain.

    `going` are the streams of surges that are known and not over; they explain as much, whether they still alarm.
    """
    times: dict[Stream, list[datetime]] = defaultdict(list)
    for one in arrivals:
        if one.at <= now:
            for stream in streams_of(one.office_id, one.service_id, profile.chain):
                times[stream].append(one.at)
    depth = {stream: len(profile.chain(stream[0])) for stream in times}
    found: list[Alarm] = []
    explained = {stream for stream in going if stream in times}
    for stream in sorted(times, key=lambda s: (-depth[s], s[1] is None, str(s))):
        inside = [one for one in explained if one != stream and _holds(stream, one, profile.chain)]
        # of two of which one holds the other, the wider explains both
        within = [one for one in inside if not any(o != one and _holds(o, one, profile.chain) for o in inside)]
        if (alarm := _alarm(stream, times, within, profile, now)) is not None:
            found.append(alarm)
            explained.add(stream)
    return found


def _holds(stream: Stream, other: Stream, chain: Chain) -> bool:
    """Whether a stream counts all that another one counts."""
    return stream[0] in chain(other[0]) and stream[1] in (None, other[1])


def _alarm(
    stream: Stream,
    times: dict[Stream, list[datetime]],
    within: Sequence[Stream],
    profile: Profile,
    now: datetime,
) -> Alarm | None:
    best: Alarm | None = None
    for window, fewest in WINDOWS.items():
        start = now - window
        inside = [at for at in times[stream] if at > start]
        number = len(inside) - sum(sum(at > start for at in times[one]) for one in within)
        if number < fewest:
            continue
        expected = profile.expected(stream, start, now)
        expected -= sum(profile.expected(one, start, now) for one in within)
        expected = max(expected, 0.0)
        if number < TIMES * expected:
            continue
        chance = profile.chance(stream, number, max(expected, 1e-3))
        if chance < LIMIT and (best is None or chance < best.chance):
            best = Alarm(stream, window, number, expected, chance, min(inside))
    return best


def goes_on(number: int, stream: Stream, profile: Profile, since: datetime, now: datetime) -> bool:
    """Whether a surge is not over: what came since is still more than usual."""
    return profile.chance(stream, number, max(profile.expected(stream, since, now), 1e-3)) < CALM
