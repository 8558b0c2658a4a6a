"""Working time, against a table computed by hand and against properties that hold for every calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from domain.policy import Calendar
from escalation.calendar import WorkingCalendar, parse

SPLIT = [["08:00", "12:00"], ["13:00", "16:30"]]
NINE_TO_FIVE = [["09:00", "17:00"]]
WHOLE_DAY = [["00:00", "24:00"]]
MONDAY_TO_FRIDAY = ("0", "1", "2", "3", "4")
SUNDAY_TO_THURSDAY = ("6", "0", "1", "2", "3")
EVERY_DAY = tuple("0123456")

T = parse("Tirana", "Europe/Tirane", dict.fromkeys(MONDAY_TO_FRIDAY, SPLIT))
N = parse("New York", "America/New_York", dict.fromkeys(MONDAY_TO_FRIDAY, NINE_TO_FIVE))
N_US = parse("New York, holidays", "America/New_York", dict.fromkeys(MONDAY_TO_FRIDAY, NINE_TO_FIVE), {}, "US")
N_US_HALF = parse(
    "open on Thanksgiving morning",
    "America/New_York",
    dict.fromkeys(MONDAY_TO_FRIDAY, NINE_TO_FIVE),
    {"2026-11-26": [["09:00", "13:00"]]},
    "US",
)
D = parse("Dhaka", "Asia/Dhaka", dict.fromkeys(SUNDAY_TO_THURSDAY, NINE_TO_FIVE))
D_EID = parse(
    "Dhaka, Eid",
    "Asia/Dhaka",
    dict.fromkeys(SUNDAY_TO_THURSDAY, NINE_TO_FIVE),
    {"2026-03-19": [], "2026-03-22": []},
)
D_ALWAYS = parse("Dhaka, always", "Asia/Dhaka", dict.fromkeys(EVERY_DAY, WHOLE_DAY))
T_ALWAYS = parse("Tirana, always", "Europe/Tirane", dict.fromkeys(EVERY_DAY, WHOLE_DAY))
N_ALWAYS = parse("New York, always", "America/New_York", {day: [["00:00", "00:00"]] for day in EVERY_DAY})
T_NIGHT = parse("Sunday nights", "Europe/Tirane", {"6": [["01:00", "04:00"]]})
T_GAP = parse("inside the skipped hour", "Europe/Tirane", {"6": [["02:15", "02:45"]]})
T_HALF = parse(
    "half a day", "Europe/Tirane", dict.fromkeys(MONDAY_TO_FRIDAY, SPLIT), {"2026-12-24": [["08:00", "12:00"]]}
)
T_XMAS = parse(
    "half a day, then a holiday",
    "Europe/Tirane",
    dict.fromkeys(MONDAY_TO_FRIDAY, SPLIT),
    {"2026-12-24": [["08:00", "12:00"]], "2026-12-25": []},
)
T_MAY = parse("yearly", "Europe/Tirane", dict.fromkeys(MONDAY_TO_FRIDAY, SPLIT), {"05-01": []})
T_AL = parse("public holidays", "Europe/Tirane", dict.fromkeys(MONDAY_TO_FRIDAY, SPLIT), {}, "AL")
T_SATURDAY = parse(
    "one Saturday", "Europe/Tirane", dict.fromkeys(MONDAY_TO_FRIDAY, SPLIT), {"2026-03-07": [["09:00", "12:00"]]}
)
T_LATE = parse("evenings", "Europe/Tirane", {day: [["16:00", "24:00"]] for day in MONDAY_TO_FRIDAY})
T_LAPPED = parse("overlapping", "Europe/Tirane", {"0": [["11:00", "13:00"], ["08:00", "12:00"]]})

H = 3600
# calendar, start, working seconds, end, the sum in words: worked out on paper, with the offsets of the zone written out
TABLE = [
    (T, "2026-03-02T08:00:00+01:00", 1 * H, "2026-03-02T09:00:00+01:00",
     "from 8 to 9"),
    (T, "2026-03-02T11:30:00+01:00", 1 * H, "2026-03-02T13:30:00+01:00",
     "30 min to noon, lunch does not count, 30 min from 13:00"),
    (T, "2026-03-02T11:00:00+01:00", 1 * H, "2026-03-02T12:00:00+01:00",
     "the last hour of the morning; it ends at noon, not at 13:00"),
    (T, "2026-03-02T12:00:00+01:00", 1 * H, "2026-03-02T14:00:00+01:00",
     "lunch does not count: 13 to 14"),
    (T, "2026-03-02T12:30:00+01:00", 7 * H // 2, "2026-03-02T16:30:00+01:00",
     "lunch does not count: the afternoon is 3 h 30"),
    (T, "2026-03-02T07:00:00+01:00", 15 * H // 2, "2026-03-02T16:30:00+01:00",
     "a whole day is 4 h + 3 h 30"),
    (T, "2026-03-02T16:00:00+01:00", 1 * H, "2026-03-03T08:30:00+01:00",
     "30 min on Monday, 30 min on Tuesday"),
    (T, "2026-03-06T16:00:00+01:00", 1 * H, "2026-03-09T08:30:00+01:00",
     "30 min on Friday, nothing at the weekend, 30 min on Monday"),
    (T, "2026-03-07T10:00:00+01:00", 1 * H, "2026-03-09T09:00:00+01:00",
     "nothing on Saturday and Sunday: Monday 8 to 9"),
    (T, "2026-03-08T23:59:59+01:00", 1, "2026-03-09T08:00:01+01:00",
     "a second before Monday: the first second of its work"),
    (T, "2026-03-02T23:59:59+01:00", 16 * H, "2026-03-05T09:00:00+01:00",
     "Tuesday 7 h 30, Wednesday 7 h 30, Thursday 1 h"),
    (T, "2026-03-27T16:00:00+01:00", 1 * H, "2026-03-30T08:30:00+02:00",
     "30 min on Friday, 30 min on Monday: the clock changed on Sunday night, when nobody works"),
    (T, "2026-10-23T16:00:00+02:00", 1 * H, "2026-10-26T08:30:00+01:00",
     "the same when it changes back"),
    (T, "2026-03-27T08:00:00+01:00", 15 * H, "2026-03-30T16:30:00+02:00",
     "Friday 7 h 30, Monday 7 h 30, though Sunday had 23 hours"),
    (T, "2026-03-02T08:00:00+01:00", 75 * H // 2, "2026-03-06T16:30:00+01:00",
     "five days of 7 h 30"),
    (T, "2026-03-02T08:00:00+01:00", 80 * H, "2026-03-16T14:00:00+01:00",
     "ten days are 75 h, until Friday the 13th; 5 h more on Monday: 4 h and 1 h"),
    (T, "2026-03-02T11:59:59+01:00", 2, "2026-03-02T13:00:01+01:00",
     "one second before noon, one after 13:00"),
    (T, "2026-03-02T16:29:59+01:00", 1, "2026-03-02T16:30:00+01:00",
     "the last second of the day ends with it"),
    (T, "2026-03-02T16:30:00+01:00", 1, "2026-03-03T08:00:01+01:00",
     "after the last second: the first of the next day"),
    (T, "2026-12-31T16:00:00+01:00", 1 * H, "2027-01-01T08:30:00+01:00",
     "30 min in the old year, 30 min in the new"),
    (T_ALWAYS, "2026-03-29T00:00:00+01:00", 24 * H, "2026-03-30T01:00:00+02:00",
     "23 h until midnight, the 24th is the next day's first"),
    (T_ALWAYS, "2026-03-29T01:59:59+01:00", 2, "2026-03-29T03:00:01+02:00",
     "one second before 2:00, which is 3:00, one after"),
    (T_ALWAYS, "2026-10-25T00:00:00+02:00", 24 * H, "2026-10-25T23:00:00+01:00",
     "25 hours has the day, 24 of them end at 23:00"),
    (T_ALWAYS, "2026-10-25T02:30:00+02:00", 1 * H, "2026-10-25T02:30:00+01:00",
     "from the first half past two to the second"),
    (T_ALWAYS, "2026-10-24T12:00:00+02:00", 24 * H, "2026-10-25T11:00:00+01:00",
     "12 h to midnight, then 2 h, the hour twice, and 9 h: until 11:00"),
    (T_NIGHT, "2026-03-29T01:00:00+01:00", 2 * H, "2026-03-29T04:00:00+02:00",
     "1 to 2, then 3 to 4, which follows at once"),
    (T_NIGHT, "2026-03-29T01:00:00+01:00", 3 * H, "2026-04-05T02:00:00+02:00",
     "2 h on the 29th, and an hour on the Sunday after"),
    (T_NIGHT, "2026-10-25T01:00:00+02:00", 4 * H, "2026-10-25T04:00:00+01:00",
     "1 to 2, 2 to 3 twice, 3 to 4: 4 h"),
    (T_NIGHT, "2026-10-25T02:30:00+02:00", 1 * H, "2026-10-25T02:30:00+01:00",
     "from half past two to half past two is an hour"),
    (T_GAP, "2026-03-22T02:00:00+01:00", 1 * H, "2026-04-05T02:45:00+02:00",
     "30 min on the 22nd, none on the 29th, as that half hour is skipped, 30 min on 5 April"),
    (T_GAP, "2026-10-25T02:00:00+02:00", 1 * H, "2026-10-25T02:45:00+01:00",
     "its half hour comes twice on that night"),
    (N, "2026-03-06T16:30:00-05:00", 1 * H, "2026-03-09T09:30:00-04:00",
     "30 min on Friday, 30 min on Monday in summer time"),
    (N, "2026-10-30T16:30:00-04:00", 1 * H, "2026-11-02T09:30:00-05:00",
     "30 min on Friday, 30 min on Monday in winter time"),
    (N_ALWAYS, "2026-03-08T00:00:00-05:00", 24 * H, "2026-03-09T01:00:00-04:00",
     "23 h in the short day, 1 h in the next"),
    (N_ALWAYS, "2026-11-01T00:00:00-04:00", 24 * H, "2026-11-01T23:00:00-05:00",
     "24 h of 25"),
    (N_ALWAYS, "2026-11-01T01:30:00-04:00", 1 * H, "2026-11-01T01:30:00-05:00",
     "from the first half past one to the second"),
    (N_US, "2026-11-25T16:00:00-05:00", 2 * H, "2026-11-27T10:00:00-05:00",
     "1 h on Wednesday, Thanksgiving is free, 1 h on Friday"),
    (N_US, "2026-07-02T16:00:00-04:00", 2 * H, "2026-07-06T10:00:00-04:00",
     "1 h on Thursday, the Fourth is a Saturday and free on Friday, 1 h on Monday"),
    (N_US_HALF, "2026-11-25T16:00:00-05:00", 2 * H, "2026-11-26T10:00:00-05:00",
     "1 h on Wednesday, 1 h on the holiday's open morning"),
    (N_US_HALF, "2026-11-26T12:00:00-05:00", 2 * H, "2026-11-27T10:00:00-05:00",
     "1 h until 13:00, when the half day ends, 1 h on Friday"),
    (D, "2026-03-05T16:00:00+06:00", 2 * H, "2026-03-08T10:00:00+06:00",
     "1 h on Thursday, Friday and Saturday are free, 1 h on Sunday"),
    (D, "2026-03-06T10:00:00+06:00", 1 * H, "2026-03-08T10:00:00+06:00",
     "Friday is free: Sunday 9 to 10"),
    (D, "2026-03-07T23:59:59+06:00", 1, "2026-03-08T09:00:01+06:00",
     "a second before Sunday: the first second of its work"),
    (D, "2026-03-04T09:00:00+06:00", 16 * H, "2026-03-05T17:00:00+06:00",
     "Wednesday 8 h, Thursday 8 h"),
    (D_EID, "2026-03-18T16:00:00+06:00", 2 * H, "2026-03-23T10:00:00+06:00",
     "1 h on Wednesday, Thursday is Eid, Friday and Saturday are free, Sunday is Eid, 1 h on Monday"),
    (D_ALWAYS, "2009-06-19T22:00:00+06:00", 2 * H, "2009-06-20T01:00:00+07:00",
     "1 h before midnight, when 23:00 became 24:00, 1 h after"),
    (T_HALF, "2026-12-23T16:00:00+01:00", 1 * H, "2026-12-24T08:30:00+01:00",
     "30 min on Wednesday, 30 min on the half day"),
    (T_HALF, "2026-12-24T11:30:00+01:00", 1 * H, "2026-12-25T08:30:00+01:00",
     "30 min until noon, when it closes, 30 min on Friday"),
    (T_XMAS, "2026-12-24T11:30:00+01:00", 1 * H, "2026-12-28T08:30:00+01:00",
     "30 min until noon, Christmas and the weekend are free, 30 min on Monday"),
    (T_MAY, "2026-04-30T16:00:00+02:00", 1 * H, "2026-05-04T08:30:00+02:00",
     "30 min on Thursday, 1 May and the weekend are free, 30 min on Monday"),
    (T_MAY, "2028-05-01T10:00:00+02:00", 1 * H, "2028-05-02T09:00:00+02:00",
     "1 May is free in 2028 too, a Monday: Tuesday 8 to 9"),
    (T_AL, "2026-04-30T16:00:00+02:00", 1 * H, "2026-05-04T08:30:00+02:00",
     "the same by the country's holidays"),
    (T_SATURDAY, "2026-03-06T16:00:00+01:00", 1 * H, "2026-03-07T09:30:00+01:00",
     "30 min on Friday, 30 min on the one Saturday that is open from 9"),
    (T_LATE, "2026-03-02T23:59:59+01:00", 2, "2026-03-03T16:00:01+01:00",
     "one second before midnight, one from 16:00 on the next day"),
    (T_LATE, "2026-03-02T23:00:00+01:00", 1 * H, "2026-03-03T00:00:00+01:00",
     "the last hour of the day"),
    (T_LATE, "2026-03-06T16:00:00+01:00", 16 * H, "2026-03-10T00:00:00+01:00",
     "Friday 8 h, Monday 8 h until midnight"),
    (T_LAPPED, "2026-03-02T08:00:00+01:00", 5 * H, "2026-03-02T13:00:00+01:00",
     "8 to 13: two spans that overlap are one of 5 h"),
]  # fmt: skip


@pytest.mark.parametrize(("calendar", "start", "seconds", "end", "words"), TABLE)
def test_table_by_hand(calendar: WorkingCalendar, start: str, seconds: int, end: str, words: str) -> None:
    begun, ended = datetime.fromisoformat(start), datetime.fromisoformat(end)
    assert calendar.add(begun, seconds) == ended, words
    assert calendar.between(begun, ended) == seconds, words


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 40


CALENDARS = [T, N, N_US, D, D_EID, T_ALWAYS, N_ALWAYS, T_NIGHT, T_GAP, T_XMAS, T_LATE]
moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(st.sampled_from(CALENDARS), moments, st.integers(1, 200 * H))
def test_between_undoes_add_and_add_gives_the_first_such_moment(
    calendar: WorkingCalendar, start: datetime, seconds: int
) -> None:
    end = calendar.add(start, seconds)
    assert calendar.between(start, end) == seconds
    assert calendar.between(start, end - timedelta(microseconds=1)) < seconds
    assert end.tzinfo is UTC


@given(st.sampled_from(CALENDARS), moments, moments, moments)
def test_working_time_is_never_longer_than_elapsed_and_adds_up(
    calendar: WorkingCalendar, one: datetime, two: datetime, three: datetime
) -> None:
    first, middle, last = sorted(moment.replace(microsecond=0) for moment in (one, two, three))
    whole = calendar.between(first, last)
    assert 0 <= whole <= (last - first).total_seconds()
    assert calendar.between(first, middle) + calendar.between(middle, last) == whole
    assert calendar.between(last, first) == 0


@given(st.sampled_from(CALENDARS), st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 30)), st.integers(1, 120))
def test_agrees_with_counting_minute_by_minute(calendar: WorkingCalendar, start: datetime, minutes: int) -> None:
    begun = start.replace(second=0, microsecond=0, tzinfo=UTC)
    counted = 0
    for minute in range(minutes):
        wall = (begun + timedelta(minutes=minute)).astimezone(calendar.zone)
        second = wall.hour * 3600 + wall.minute * 60
        counted += any(a <= second < b for a, b in calendar.spans(wall.date()))
    assert calendar.between(begun, begun + timedelta(minutes=minutes)) == counted * 60


def test_years_may_be_asked_in_any_order() -> None:
    fresh = parse("order", "Europe/Tirane", dict.fromkeys(MONDAY_TO_FRIDAY, SPLIT))
    assert fresh.add(datetime(2030, 1, 2, 8, tzinfo=UTC), H) == datetime(2030, 1, 2, 9, tzinfo=UTC)
    assert fresh.add(datetime(2020, 1, 2, 8, tzinfo=UTC), H) == datetime(2020, 1, 2, 9, tzinfo=UTC)
    a_leap_year_of_weekdays = 262 * 15 * H // 2
    assert fresh.between(datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)) == a_leap_year_of_weekdays


def test_a_row_gives_its_calendar_and_equal_rows_share_it() -> None:
    rows = [
        Calendar(name="x", time_zone="Europe/Tirane", week=dict.fromkeys(MONDAY_TO_FRIDAY, SPLIT), days={"05-01": []})
        for _ in range(2)
    ]
    assert WorkingCalendar.of(rows[0]) is WorkingCalendar.of(rows[1])
    assert WorkingCalendar.of(rows[0]) != T


@pytest.mark.parametrize(
    ("zone", "week", "days", "country", "wrong"),
    [
        ("Europe/Tirane", {}, {}, None, "no working time at all"),
        ("Europe/Tirane", {"0": [], "6": []}, {"2026-01-01": []}, None, "no working time at all"),
        ("Mars/Olympus", {"0": WHOLE_DAY}, {}, None, "no time zone"),
        ("Europe/Tirane", {"7": WHOLE_DAY}, {}, None, "no weekday"),
        ("Europe/Tirane", {"0": [["17:00", "08:00"]]}, {}, None, "ends before it begins"),
        ("Europe/Tirane", {"0": [["08:00", "24:01"]]}, {}, None, "no time of day"),
        ("Europe/Tirane", {"0": [["8", "9"]]}, {}, None, "no time of day"),
        ("Europe/Tirane", {"0": [["08:00"]]}, {}, None, "no span"),
        ("Europe/Tirane", {"0": WHOLE_DAY}, {"02-30": []}, None, "no date"),
        ("Europe/Tirane", {"0": WHOLE_DAY}, {"tomorrow": []}, None, "no date"),
        ("Europe/Tirane", {"0": WHOLE_DAY}, {}, "XX", "No public holidays are known"),
    ],
)
def test_what_cannot_be_a_calendar_is_refused_in_words(
    zone: str, week: dict[str, list[list[str]]], days: dict[str, list[list[str]]], country: str | None, wrong: str
) -> None:
    with pytest.raises(BadInput, match=wrong):
        parse("broken", zone, week, days, country)


def test_a_target_that_never_ends_is_refused() -> None:
    one_day = parse("one day", "Europe/Tirane", {}, {"2026-03-02": [["08:00", "12:00"]]})
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert one_day.between(start, one_day.add(start, 4 * H)) == 4 * H
    with pytest.raises(BadInput, match="too little working time"):
        one_day.add(start, 4 * H + 1)
    with pytest.raises(BadInput, match="too little working time"):
        T.add(start, 10**12)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(BadInput, match="no time zone"):
        T.add(datetime(2026, 3, 2), 1)
    with pytest.raises(BadInput, match="no time zone"):
        T.between(datetime(2026, 3, 2), datetime(2026, 3, 1))
