"""Working time: an office's calendar as a table of moments, so that adding and measuring are two binary searches.

An instant is working time when the wall clock of the office then shows a time inside one of the day's spans. So an
hour that daylight saving skips is not worked, and one that it repeats is worked twice.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import BadInput
from domain.policy import Calendar
from escalation.spans import DAY, Spans, public_holidays, read_spans, wrong

SECOND = 1_000_000  # the table counts microseconds, so that nothing is rounded between two figures
FARTHEST = 100  # years ahead that a deadline may lie
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date().toordinal()
_TICK = timedelta(microseconds=1)
_WIDEST_OFFSET = 16 * 3600
_EVERYWHERE_YEAR = 2000  # a leap year, to check a yearly date with


@dataclass(frozen=True, slots=True)
class _Table:
    """Working spans of whole local years in UTC microseconds; `before[i]` is the working time before `starts[i]`.

    A moment between `low` and `high` surely lies in one of its years, in whatever zone.
    """

    first: int
    last: int
    low: int
    high: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]
    total: int

    def worked(self, moment: int) -> int:
        """Working microseconds from the table's beginning to a moment."""
        place = bisect_right(self.starts, moment) - 1
        if place < 0:
            return 0
        return self.before[place] + min(moment, self.ends[place]) - self.starts[place]


@dataclass(frozen=True, slots=True)
class Week:
    """What repeats, from the day `since` on: seven days from Monday, without the public holidays of `country`."""

    since: date
    days: tuple[Spans, ...]
    country: str | None = None


@dataclass(slots=True)
class WorkingCalendar:
    """When an office works. Built by `WorkingCalendar.of` or `parse`; safe to share between threads.

    `weeks` are in order, the first for all days before the second. `days` are single dates and `yearly` (month, day)
    dates that replace the week's; a single date wins over a yearly one, both over a public holiday. `names` says what
    a day of either is, by its key ("2026-03-14", "03-14").
    """

    zone: ZoneInfo
    weeks: tuple[Week, ...]
    days: dict[date, Spans] = field(default_factory=dict)
    yearly: dict[tuple[int, int], Spans] = field(default_factory=dict)
    name: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    _table: _Table | None = field(default=None, repr=False, compare=False)

    @staticmethod
    def of(row: Calendar) -> "WorkingCalendar":
        """The working calendar of a table row; equal rows share one. Raises BadInput in words if it cannot be read."""
        given = (row.week, row.days, row.weeks, row.notes)
        return _parsed(row.name, row.time_zone, row.country, *map(json.dumps, given))

    def add(self, start: datetime, seconds: int) -> datetime:
        """The first moment by which `seconds` of working time have passed since `start`, in UTC.

        A target that ends with a span ends then, not when the next span begins. Raises BadInput if there is not that
        much working time within a hundred years.
        """
        return self.moments(start, (seconds,))[0]

    def moments(self, start: datetime, ahead: Sequence[int]) -> list[datetime]:
        """`add` for several lengths at once, which costs little more than for one."""
        moment = _ticks(start)
        table = self._table
        if table is None or not table.low <= moment <= table.high:
            year = start.astimezone(self.zone).year
            table = self._covering(year, year)
        begun, before, starts, total = table.worked(moment), table.before, table.starts, table.total
        found = []
        for seconds in ahead:
            wanted = begun + seconds * SECOND
            if wanted > total:
                table = self._reaching(table, start.astimezone(self.zone).year, moment, seconds * SECOND)
                begun, before, starts, total = table.worked(moment), table.before, table.starts, table.total
                wanted = begun + seconds * SECOND
            if seconds <= 0:
                found.append(start.astimezone(UTC))
                continue
            place = bisect_left(before, wanted) - 1
            found.append(_EPOCH + timedelta(0, 0, starts[place] + wanted - before[place]))
        return found

    def between(self, start: datetime, end: datetime) -> int:
        """Whole seconds of working time from `start` to `end`; 0 if the end is not later."""
        first, last = _ticks(start), _ticks(end)
        if last <= first:
            return 0
        table = self._table
        if table is None or first < table.low or last > table.high:
            table = self._covering(start.astimezone(self.zone).year, end.astimezone(self.zone).year)
        return (table.worked(last) - table.worked(first)) // SECOND

    def spans(self, day: date) -> Spans:
        """Working spans of a local date, in seconds of its wall clock, and in order."""
        if (single := self.days.get(day)) is not None:
            return single
        if (each_year := self.yearly.get((day.month, day.day))) is not None:
            return each_year
        week = self.week(day)
        if week.country and day in public_holidays(week.country, day.year):
            return ()
        return week.days[day.weekday()]

    def week(self, day: date) -> Week:
        """The week that counts on a local date."""
        found = self.weeks[0]
        for later in self.weeks[1:]:
            if later.since > day:
                break
            found = later
        return found

    def named(self, day: date) -> str:
        """What is special about a local date: the name it was given, or that of its public holiday; else nothing."""
        for special, key in (
            (day in self.days, day.isoformat()),
            ((day.month, day.day) in self.yearly, f"{day:%m-%d}"),
        ):
            if special and self.names.get(key):
                return self.names[key]
        country = self.week(day).country
        return public_holidays(country, day.year).get(day, "") if country else ""

    def worked_days(self, start: datetime, end: datetime) -> Iterator[tuple[date, int]]:
        """Each local date from `start` to `end` with the working seconds between them that fall on it."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
            next_day = day + timedelta(days=1)
            after = datetime(next_day.year, next_day.month, next_day.day, tzinfo=self.zone)
            yield day, self.between(max(start, midnight), min(end, after))
            day = next_day

    def check(self) -> None:
        """Raise BadInput if the calendar never has a working second."""
        if not self._ever() and not any(self.days.values()):
            raise BadInput(
                f"The calendar {self.name!r} has no working time at all, so no deadline can be counted.",
                mend="Give at least one weekday a span, such as 08:00 to 16:00.",
            )

    def _ever(self) -> bool:
        """Whether something is worked again and again: the last week is the one that goes on."""
        return any(self.weeks[-1].days) or any(self.yearly.values())

    def _reaching(self, table: _Table, first: int, moment: int, ahead: int) -> _Table:
        """A table with so much working time after a moment of the local year `first`."""
        table = self._covering(first, max(first, table.last))
        while table.total < table.worked(moment) + ahead:
            self._check_ahead(first, table.last)
            table = self._covering(first, min(2 * max(table.last, first) - first + 1, first + FARTHEST))
        return table

    def _check_ahead(self, first: int, last: int) -> None:
        self.check()
        if (not self._ever() and last >= max(day.year for day in self.days)) or last - first >= FARTHEST:
            raise BadInput(
                f"The calendar {self.name!r} has too little working time for a target that long.",
                mend="Shorten the target, or give the calendar's week more hours.",
            )

    def _covering(self, first: int, last: int) -> _Table:
        table = self._table
        if table is not None and table.first <= first and last <= table.last:
            return table
        if table is not None:
            first, last = min(first, table.first), max(last, table.last)
        starts: list[int] = []
        ends: list[int] = []
        for year in range(first, last + 1):
            day = date(year, 1, 1)
            while day.year == year:
                if spans := self.spans(day):
                    for start, end in self._moments(day, spans):
                        if ends and ends[-1] == start:
                            ends[-1] = end
                        else:
                            starts.append(start)
                            ends.append(end)
                if day == date.max:
                    break
                day += timedelta(days=1)
        before, total = [], 0
        for start, end in zip(starts, ends, strict=True):
            before.append(total)
            total += end - start
        low, high = ((date(first, 1, 1).toordinal() - _EPOCH_DAY), (date(last, 12, 31).toordinal() - _EPOCH_DAY + 1))
        margin = _WIDEST_OFFSET * SECOND
        self._table = _Table(
            first,
            last,
            low * DAY * SECOND + margin,
            high * DAY * SECOND - margin,
            tuple(starts),
            tuple(ends),
            tuple(before),
            total,
        )
        return self._table

    def _moments(self, day: date, spans: Spans) -> list[tuple[int, int]]:
        """Spans of a local date as UTC microseconds, cut where the zone's offset changes."""
        midnight = (day.toordinal() - _EPOCH_DAY) * DAY
        first, last = midnight - _WIDEST_OFFSET, midnight + DAY + _WIDEST_OFFSET
        before, after = self._offset(first), self._offset(last)
        if before == after:
            return [((midnight + a - before) * SECOND, (midnight + b - before) * SECOND) for a, b in spans]
        low, high = first, last
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offset(middle) == before else (low, middle)
        found = []
        for since, until, offset in ((first, high, before), (high, last, after)):
            for a, b in spans:
                start, end = max(midnight + a - offset, since), min(midnight + b - offset, until)
                if start < end:
                    found.append((start * SECOND, end * SECOND))
        return sorted(found)

    def _offset(self, seconds: int) -> int:
        try:
            local = (_EPOCH + timedelta(seconds=seconds)).astimezone(self.zone)
        except OverflowError as error:
            raise BadInput("That date is outside what a calendar can count.") from error
        offset = local.utcoffset()
        return int(offset.total_seconds()) if offset is not None else 0


@lru_cache(maxsize=512)
def _parsed(
    name: str, time_zone: str, country: str | None, week: str, days: str, weeks: str, notes: str
) -> WorkingCalendar:
    return parse(
        name, time_zone, json.loads(week), json.loads(days), country, weeks=json.loads(weeks), notes=json.loads(notes)
    )


def parse(
    name: str,
    time_zone: str,
    week: dict[str, list[list[str]]],
    days: dict[str, list[list[str]]] | None = None,
    country: str | None = None,
    *,
    weeks: Iterable[Mapping[str, Any]] = (),
    notes: Mapping[str, Mapping[str, str]] | None = None,
) -> WorkingCalendar:
    """A working calendar from what a person wrote. Keys of `days`: "2026-03-14", or "03-14" for every year.

    `weeks` and `notes` are those of `domain.policy.Calendar`.

    Raises:
        BadInput: naming the calendar, the day and what is wrong with it.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise wrong(name, f"{time_zone!r} is no time zone", "Use an IANA name, such as Europe/Tirane.") from error
    single: dict[date, Spans] = {}
    yearly: dict[tuple[int, int], Spans] = {}
    for key, spans in (days or {}).items():
        try:
            if len(key) == 5:
                each = date.fromisoformat(f"{_EVERYWHERE_YEAR}-{key}")
                yearly[each.month, each.day] = read_spans(name, key, spans)
            else:
                single[date.fromisoformat(key)] = read_spans(name, key, spans)
        except ValueError as error:
            raise wrong(name, f"{key!r} is no date", "Write 2026-03-14, or 03-14 for every year.") from error
    found = [_week(name, date.min, week, country)]
    for later in weeks:
        try:
            since = date.fromisoformat(str(later["from"]))
        except ValueError as error:
            raise wrong(name, f"{later['from']!r} is no date", "Write 2026-03-14.") from error
        found.append(_week(name, since, later["week"], later.get("country")))
    found[1:] = sorted(found[1:], key=lambda one: one.since)
    names = {key: note["name"] for key, note in (notes or {}).items() if note.get("name")}
    calendar = WorkingCalendar(zone, tuple(found), single, yearly, name, names)
    calendar.check()
    return calendar


def _week(name: str, since: date, week: Mapping[str, list[list[str]]], country: str | None) -> Week:
    weekdays: list[Spans] = [()] * 7
    for key, spans in week.items():
        if key not in ("0", "1", "2", "3", "4", "5", "6"):
            raise wrong(name, f"{key!r} is no weekday", "Weekdays run from 0 (Monday) to 6 (Sunday).")
        weekdays[int(key)] = read_spans(name, key, spans)
    if country:
        public_holidays(country, _EVERYWHERE_YEAR)
    return Week(since, tuple(weekdays), country or None)


def _ticks(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise BadInput(f"{moment.isoformat()} has no time zone, so it names no moment.")
    return (moment - _EPOCH) // _TICK
