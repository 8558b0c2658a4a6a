"""Working time: an office's calendar as a table of moments, so that adding and measuring are two binary searches.

An instant is working time when the wall clock of the office then shows a time inside one of the day's spans. So an
hour that daylight saving skips is not worked, and one that it repeats is worked twice.
"""

import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import BadInput
from domain.policy import Calendar

Spans = tuple[tuple[int, int], ...]

DAY = 86_400
SECOND = 1_000_000  # the table counts microseconds, so that nothing is rounded between two figures
FARTHEST = 100  # years ahead that a deadline may lie
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date().toordinal()
_TICK = timedelta(microseconds=1)
_WIDEST_OFFSET = 16 * 3600
_EVERYWHERE_YEAR = 2000  # a leap year, to check a yearly date with


@dataclass(frozen=True, slots=True)
class _Table:
    """Working spans of whole local years in UTC microseconds; `before[i]` is the working time before `starts[i]`."""

    first: int
    last: int
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


@dataclass(slots=True)
class WorkingCalendar:
    """When an office works. Built by `WorkingCalendar.of` or `parse`; safe to share between threads.

    `week` holds seven days from Monday. `days` are single dates and `yearly` (month, day) dates that replace the
    week's; a single date wins over a yearly one, both over a public holiday of `country` ("AL", or "DE-BY" with a
    region).
    """

    zone: ZoneInfo
    week: tuple[Spans, ...]
    days: dict[date, Spans] = field(default_factory=dict)
    yearly: dict[tuple[int, int], Spans] = field(default_factory=dict)
    country: str | None = None
    name: str = ""
    _table: _Table | None = field(default=None, repr=False, compare=False)

    @staticmethod
    def of(row: Calendar) -> "WorkingCalendar":
        """The working calendar of a table row; equal rows share one. Raises BadInput in words if it cannot be read."""
        return _parsed(row.name, row.time_zone, json.dumps(row.week), json.dumps(row.days), row.country)

    def add(self, start: datetime, seconds: int) -> datetime:
        """The first moment by which `seconds` of working time have passed since `start`, in UTC.

        A target that ends with a span ends then, not when the next span begins. Raises BadInput if there is not that
        much working time within a hundred years.
        """
        moment = _ticks(start)
        if seconds <= 0:
            return start.astimezone(UTC)
        first = start.astimezone(self.zone).year
        table = self._covering(first, first)
        wanted = table.worked(moment) + seconds * SECOND
        while table.total < wanted:
            self._check_ahead(first, table.last)
            before = table.first
            table = self._covering(first, min(2 * table.last - first + 1, first + FARTHEST))
            if table.first != before:  # another thread grew it backwards: its count begins earlier
                wanted = table.worked(moment) + seconds * SECOND
        place = bisect_left(table.before, wanted) - 1
        return _EPOCH + timedelta(microseconds=table.starts[place] + wanted - table.before[place])

    def between(self, start: datetime, end: datetime) -> int:
        """Whole seconds of working time from `start` to `end`; 0 if the end is not later."""
        if end <= start:
            _ticks(start)
            return 0
        table = self._covering(start.astimezone(self.zone).year, end.astimezone(self.zone).year)
        return (table.worked(_ticks(end)) - table.worked(_ticks(start))) // SECOND

    def spans(self, day: date) -> Spans:
        """Working spans of a local date, in seconds of its wall clock, and in order."""
        if (single := self.days.get(day)) is not None:
            return single
        if (each_year := self.yearly.get((day.month, day.day))) is not None:
            return each_year
        if self.country and day in public_holidays(self.country, day.year):
            return ()
        return self.week[day.weekday()]

    def check(self) -> None:
        """Raise BadInput if the calendar never has a working second."""
        if not any(self.week) and not any(self.yearly.values()) and not any(self.days.values()):
            raise BadInput(
                f"The calendar {self.name!r} has no working time at all, so no deadline can be counted.",
                mend="Give at least one weekday a span, such as 08:00 to 16:00.",
            )

    def _check_ahead(self, first: int, last: int) -> None:
        self.check()
        only_days = not any(self.week) and not any(self.yearly.values())
        if (only_days and last >= max(day.year for day in self.days)) or last - first >= FARTHEST:
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
        self._table = _Table(first, last, tuple(starts), tuple(ends), tuple(before), total)
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
def _parsed(name: str, time_zone: str, week: str, days: str, country: str | None) -> WorkingCalendar:
    return parse(name, time_zone, json.loads(week), json.loads(days), country)


def parse(
    name: str,
    time_zone: str,
    week: dict[str, list[list[str]]],
    days: dict[str, list[list[str]]] | None = None,
    country: str | None = None,
) -> WorkingCalendar:
    """A working calendar from what a person wrote. Keys of `days`: "2026-03-14", or "03-14" for every year.

    Raises:
        BadInput: naming the calendar, the day and what is wrong with it.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _wrong(name, f"{time_zone!r} is no time zone", "Use an IANA name, such as Europe/Tirane.") from error
    weekdays: list[Spans] = [()] * 7
    for key, spans in week.items():
        if key not in ("0", "1", "2", "3", "4", "5", "6"):
            raise _wrong(name, f"{key!r} is no weekday", "Weekdays run from 0 (Monday) to 6 (Sunday).")
        weekdays[int(key)] = _spans(name, key, spans)
    single: dict[date, Spans] = {}
    yearly: dict[tuple[int, int], Spans] = {}
    for key, spans in (days or {}).items():
        try:
            if len(key) == 5:
                each = date.fromisoformat(f"{_EVERYWHERE_YEAR}-{key}")
                yearly[each.month, each.day] = _spans(name, key, spans)
            else:
                single[date.fromisoformat(key)] = _spans(name, key, spans)
        except ValueError as error:
            raise _wrong(name, f"{key!r} is no date", "Write 2026-03-14, or 03-14 for every year.") from error
    calendar = WorkingCalendar(zone, tuple(weekdays), single, yearly, country or None, name)
    if country:
        public_holidays(country, _EVERYWHERE_YEAR)
    calendar.check()
    return calendar


@lru_cache(maxsize=1024)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """Public holidays of a country ("AL") or a region of it ("DE-BY") in a year. Raises BadInput if it is unknown."""
    import holidays

    code, _, region = country.partition("-")
    try:
        return frozenset(holidays.country_holidays(code, subdiv=region or None, years=year))
    except NotImplementedError as error:  # what the library raises for a country it does not know
        raise BadInput(
            f"No public holidays are known for {country!r}.",
            mend="Use a two-letter country such as AL, or leave it empty and list the days yourself.",
        ) from error


def _spans(name: str, day: str, spans: list[list[str]]) -> Spans:
    found: list[tuple[int, int]] = []
    for span in spans:
        if not isinstance(span, list | tuple) or len(span) != 2:
            raise _wrong(name, f"{span!r} on {day} is no span", 'Write two times, such as ["08:00", "12:00"].')
        start, end = (_seconds(name, day, text) for text in span)
        end = end or DAY  # "00:00" at the end of a span is the midnight that ends the day
        if start >= end:
            raise _wrong(
                name, f"the span {span[0]}–{span[1]} on {day} ends before it begins", "Split a night at 24:00."
            )
        found.append((start, end))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _seconds(name: str, day: str, text: object) -> int:
    parts = text.split(":") if isinstance(text, str) else []
    if len(parts) in (2, 3) and all(part.isascii() and part.isdigit() and len(part) == 2 for part in parts):
        hours, minutes, seconds = (*map(int, parts), 0)[:3]
        total = hours * 3600 + minutes * 60 + seconds
        if minutes < 60 and seconds < 60 and total <= DAY:
            return total
    raise _wrong(name, f"{text!r} on {day} is no time of day", "Write 08:00, 16:30:00, or 24:00 for midnight.")


def _wrong(name: str, what: str, mend: str) -> BadInput:
    return BadInput(f"The calendar {name!r} cannot be used: {what}.", mend=mend)


def _ticks(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise BadInput(f"{moment.isoformat()} has no time zone, so it names no moment.")
    return (moment - _EPOCH) // _TICK
