"""Weeks of a government: from Monday to Monday in its own time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def monday_of(at: datetime, zone: ZoneInfo) -> date:
    """The Monday on or before a moment, as the zone's calendar has it."""
    local = at.astimezone(zone).date()
    return local - timedelta(days=local.weekday())


def last_mondays(weeks: int, now: datetime, zone: ZoneInfo) -> list[date]:
    """The Mondays on which the last weeks that are over began, oldest first."""
    this = monday_of(now, zone)
    return [this - timedelta(weeks=back) for back in range(weeks, 0, -1)]


def bounds(monday: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First moment of a week and of the next one, in UTC; an hour more or less apart when the clocks change."""
    return start_of(monday, zone), start_of(monday + timedelta(days=7), zone)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Midnight at which a day begins, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
