"""When staff hear of something: at once, by the hour, once a day, never in their quiet hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import new_id
from domain.policy import Calendar
from domain.reach import Pace, StaffContact
from escalation.calendar import WorkingCalendar
from notifications.staff_times import Habit, habit_of

HOME = ZoneInfo("Europe/Tirane")
WEEK = {str(day): [["08:00", "12:00"], ["13:00", "16:30"]] for day in range(5)}
OFFICE = WorkingCalendar.of(Calendar(name="Week", time_zone="Europe/Tirane", week=WEEK))


def at(text: str) -> datetime:
    """A moment as the office writes it, as its clock has it first."""
    return datetime.fromisoformat(text).replace(tzinfo=HOME).astimezone(UTC)


@pytest.mark.parametrize(
    ("pace", "quiet", "written", "now", "sent"),
    [
        # while the office is open; 2 March 2026 is a Monday
        (Pace.at_once, None, "2026-03-02 09:10", "2026-03-02 09:10", "2026-03-02 09:10"),
        (Pace.at_once, None, "2026-03-02 12:10", "2026-03-02 12:10", "2026-03-02 13:00"),
        (Pace.at_once, None, "2026-03-06 20:00", "2026-03-06 20:00", "2026-03-09 08:00"),
        (Pace.hourly, None, "2026-03-02 09:10", "2026-03-02 09:10", "2026-03-02 10:00"),
        (Pace.hourly, None, "2026-03-02 09:00", "2026-03-02 09:00", "2026-03-02 09:00"),
        (Pace.hourly, None, "2026-03-02 11:30", "2026-03-02 11:30", "2026-03-02 13:00"),
        (Pace.hourly, None, "2026-03-02 16:10", "2026-03-02 16:10", "2026-03-03 08:00"),
        (Pace.daily, None, "2026-03-02 09:10", "2026-03-02 09:10", "2026-03-03 08:00"),
        (Pace.daily, None, "2026-03-06 09:10", "2026-03-06 09:10", "2026-03-09 08:00"),
        # hours of their own
        (Pace.at_once, (22, 6), "2026-03-07 21:59", "2026-03-07 21:59", "2026-03-07 21:59"),
        (Pace.at_once, (22, 6), "2026-03-07 22:00", "2026-03-07 22:00", "2026-03-08 06:00"),
        (Pace.at_once, (22, 6), "2026-03-08 05:59", "2026-03-08 05:59", "2026-03-08 06:00"),
        (Pace.hourly, (13, 15), "2026-03-08 12:20", "2026-03-08 12:20", "2026-03-08 15:00"),
        (Pace.daily, (22, 6), "2026-03-08 12:20", "2026-03-08 12:20", "2026-03-09 06:00"),
        (Pace.daily, (0, 0), "2026-03-08 12:20", "2026-03-08 12:20", "2026-03-09 08:00"),
        (Pace.at_once, (0, 0), "2026-03-08 03:20", "2026-03-08 03:20", "2026-03-08 03:20"),
        # the worker comes back at night: what was due by day waits for the morning
        (Pace.hourly, None, "2026-03-02 09:10", "2026-03-02 23:00", "2026-03-03 08:00"),
        (Pace.at_once, (22, 6), "2026-03-02 09:10", "2026-03-02 23:00", "2026-03-03 06:00"),
        # 29 March 2026: 02:00 becomes 03:00; 25 October: 03:00 becomes 02:00
        (Pace.at_once, (22, 2), "2026-03-28 23:00", "2026-03-28 23:00", "2026-03-29 03:00"),
        (Pace.at_once, (22, 6), "2026-10-24 23:00", "2026-10-24 23:00", "2026-10-25 06:00"),
    ],
)
def test_a_table_of_moments(pace: Pace, quiet: tuple[int, int] | None, written: str, now: str, sent: str) -> None:
    assert Habit(pace, quiet, OFFICE).send_at(at(written), at(now)) == at(sent)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
hours = st.one_of(st.none(), st.tuples(st.integers(0, 23), st.integers(0, 23)))


@given(st.sampled_from(Pace), hours, moments, st.integers(0, 10**6))
def test_never_early_never_in_quiet_hours_and_at_last(
    pace: Pace, quiet: tuple[int, int] | None, written: datetime, later: int
) -> None:
    habit, now = Habit(pace, quiet, OFFICE), written + timedelta(seconds=later)
    sent = habit.send_at(written, now)
    assert sent >= now
    assert sent - now < timedelta(days=5)
    hour = sent.astimezone(HOME).hour
    if quiet is None:
        assert OFFICE.between(sent - timedelta(seconds=2), sent + timedelta(seconds=2)) > 0
    elif quiet[0] < quiet[1]:
        assert not quiet[0] <= hour < quiet[1]
    elif quiet[0] > quiet[1]:
        assert quiet[1] <= hour < quiet[0]
    assert habit.send_at(written, sent) == sent, "whoever looks again at that moment sends it"


def test_who_chose_nothing_hears_by_the_hour_while_the_office_is_open() -> None:
    assert habit_of(None, OFFICE) == Habit(Pace.hourly, None, OFFICE)
    chosen = StaffContact(staff_id=new_id(), pace=Pace.daily, quiet_from=20, quiet_until=7)
    assert habit_of(chosen, OFFICE) == Habit(Pace.daily, (20, 7), OFFICE)
