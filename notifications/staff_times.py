"""When somebody of staff hears of something. Pure: what they chose and their office's calendar in, a moment out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Protocol

from domain.reach import Pace, StaffContact

SECOND = timedelta(seconds=1)
DAY_BEGINS = 8
"""Hour of the daily message of somebody who is never quiet."""


class Opening(Protocol):
    """A calendar, as far as it is needed here: see `escalation.calendar.WorkingCalendar`."""

    @property
    def zone(self) -> tzinfo:
        """The office's time zone."""

    def moments(self, start: datetime, ahead: Sequence[int]) -> list[datetime]:
        """When so many seconds of working time have passed."""


@dataclass(frozen=True, slots=True)
class Habit:
    """When a person wants to hear. `quiet` are full hours of the office's day, from and until; None: while the office
    is shut."""

    pace: Pace
    quiet: tuple[int, int] | None
    calendar: Opening

    def send_at(self, written: datetime, now: datetime) -> datetime:
        """The moment for what was written then and has not left by `now`; never before either, nor in quiet hours."""
        wanted = written
        if self.pace is Pace.hourly:
            wanted = self._next_hour(written)
        elif self.pace is Pace.daily:
            wanted = self._next_day(written)
        return self._awake(max(wanted, now))

    def _awake(self, moment: datetime) -> datetime:
        """The moment, or the end of the quiet hours it is in."""
        if self.quiet is None:
            opened = self.calendar.moments(moment, [1])[0] - SECOND
            return opened if opened > moment + SECOND else moment
        first, end = self.quiet
        hour = moment.astimezone(self.calendar.zone).hour
        is_quiet = first <= hour < end if first <= end else hour >= first or hour < end
        return self._at_hour(moment, end) if is_quiet else moment

    def _next_hour(self, moment: datetime) -> datetime:
        local = moment.astimezone(self.calendar.zone)
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return moment + (timedelta(hours=1) - past if past else past)

    def _next_day(self, moment: datetime) -> datetime:
        """The next day as they have it: midnight (`_awake` waits for the office), the end of quiet, or `DAY_BEGINS`."""
        if self.quiet is not None:
            first, end = self.quiet
            return self._at_hour(moment, DAY_BEGINS if first == end else end)
        local = moment.astimezone(self.calendar.zone)
        midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return midnight.astimezone(moment.tzinfo)

    def _at_hour(self, moment: datetime, hour: int) -> datetime:
        """The next time their clock shows a full hour. One that summer time skips comes with the hour after it."""
        local = moment.astimezone(self.calendar.zone)
        wanted = local.replace(hour=hour % 24, minute=0, second=0, microsecond=0, fold=0)
        if wanted <= local:
            wanted += timedelta(days=1)  # of the wall: the same hour tomorrow, however long the night is
        return wanted.astimezone(moment.tzinfo)


def habit_of(contact: StaffContact | None, calendar: Opening) -> Habit:
    """What a person chose; who chose nothing hears by the hour while the office is open."""
    if contact is None:
        return Habit(Pace.hourly, None, calendar)
    given = contact.quiet_from, contact.quiet_until
    quiet = (given[0], given[1]) if given[0] is not None and given[1] is not None else None
    return Habit(Pace(contact.pace), quiet, calendar)
