"""Figures of silence: what they count, for whom, and as things stood when."""

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.states import CaseState
from reports.kpis import Silence, silence, usual_band
from reports.weeks import bounds, monday_of
from tests.conftest import Installation
from tests.reports.exact import by_office, by_week
from tests.reports.world import DAY, HOUR, NOW, World, build

TIRANA = ZoneInfo("Europe/Tirane")
SINCE = NOW - 28 * DAY


@pytest.fixture
def world(installation: Installation) -> Iterator[World]:
    with installation.database.write() as session:
        yield build(session)


def figures(world: World, who: str = "minister", office: str | None = None, weeks_back: int = 0) -> Silence:
    """Four weeks' figures, as they stood that many weeks ago."""
    back = timedelta(weeks=weeks_back)
    world.session.flush()
    return silence(
        world.session,
        world.who(who),
        [world.offices[office].id] if office else None,
        since=SINCE - back,
        until=NOW - back,
        now=NOW - back,
    )


def test_unanswered_cases_count(world: World) -> None:
    for hours in (1, 2, 3):
        world.case("NORTH", 10 * DAY, hours * HOUR, deadline_after=DAY)
    silent = [world.case("NORTH", days * DAY, deadline_after=DAY) for days in (9, 8)]
    found = figures(world)
    assert (found.n, found.answered, found.silent_now, found.past_target) == (5, 3, 2, 2)
    assert found.median_seconds == 3 * 3600  # of the five: 1 h, 2 h, 3 h; of the answered alone it would be 2 h
    assert found.p90_seconds is None
    assert found.longest_reference == silent[0].reference
    assert found.longest_seconds == found.observed_seconds == 9 * 86400


def test_without_cases_there_is_nothing(world: World) -> None:
    found = figures(world)
    assert (found.n, found.silent_now, found.median_seconds, found.longest_reference) == (0, 0, None, None)
    assert by_office(world.session, world.who("minister"), since=SINCE, until=NOW, now=NOW) == []


def test_an_old_silence_does_not_leave_the_count(world: World) -> None:
    old = world.case("NORTH", 200 * DAY, deadline_after=DAY)
    found = figures(world)
    assert (found.n, found.silent_now, found.past_target) == (0, 1, 1)
    assert found.longest_reference == old.reference
    assert found.longest_seconds == 200 * 86400


def test_closing_does_not_end_a_silence(world: World) -> None:
    world.case("NORTH", 3 * DAY, state=CaseState.closed)
    assert figures(world).silent_now == 1


def test_not_past_target_before_the_deadline(world: World) -> None:
    world.case("NORTH", 10 * HOUR, deadline_after=DAY)
    world.case("NORTH", 3 * DAY, 2 * DAY, deadline_after=DAY)
    found = figures(world)
    assert (found.silent_now, found.past_target) == (1, 0)


def test_counted_templated_answers_are_told(world: World) -> None:
    world.case("NORTH", 2 * DAY, HOUR, templated=True)
    world.case("NORTH", 2 * DAY, 2 * HOUR)
    assert figures(world).templated == 1


def test_figures_of_an_earlier_moment_do_not_know_what_came_after(world: World) -> None:
    world.case("NORTH", 30 * DAY, 20 * DAY)
    world.case("NORTH", 1 * DAY, HOUR)
    before = figures(world, weeks_back=3)  # nine days after the first message, eleven before its answer
    assert (before.n, before.answered, before.silent_now) == (1, 0, 1)
    assert before.longest_seconds == 9 * 86400
    after = figures(world)
    assert (after.n, after.answered, after.silent_now) == (1, 1, 0)


def test_integrity_cases_are_counted_for_the_integrity_office_alone(world: World) -> None:
    world.case("NORTH", 2 * DAY)
    world.case("INTEG", 5 * DAY, integrity=True, about="NORTH", deadline_after=DAY)
    world.case("NORTH", 6 * DAY, integrity=True, about="NORTH")
    for name in ("minister", "auditor"):
        found = figures(world, name)
        assert (found.n, found.silent_now, found.past_target, found.longest_seconds) == (1, 1, 0, 2 * 86400)
        listed = by_office(world.session, world.who(name), since=SINCE, until=NOW, now=NOW)
        assert [line.office_id for line in listed] == [world.offices["NORTH"].id]
    assert figures(world, "inspector").n == 1
    assert figures(world, "south_head").n == 0


def test_the_accused_do_not_see_themselves_in_a_figure(world: World) -> None:
    world.case("NORTH", 2 * DAY, about="NORTH")
    world.case("NORTH", 3 * DAY, about_staff="north_officer")
    assert figures(world, "north_head").n == 1
    assert figures(world, "north_officer").n == 0
    assert figures(world, "auditor").n == 1


def test_by_office_puts_first_who_leaves_most_people_waiting(world: World) -> None:
    for _ in range(4):  # answers the easy half within the hour and drops the rest
        world.case("NORTH", 12 * DAY, HOUR, deadline_after=2 * DAY)
        world.case("NORTH", 12 * DAY, deadline_after=2 * DAY)
        world.case("SOUTH", 12 * DAY, DAY, deadline_after=2 * DAY)
        world.case("SOUTH", 12 * DAY, DAY, deadline_after=2 * DAY)
    listed = by_office(world.session, world.who("minister"), since=SINCE, until=NOW, now=NOW)
    assert [line.office_id for line in listed] == [world.offices["NORTH"].id, world.offices["SOUTH"].id]
    north, south = (line.silence for line in listed)
    assert (north.n, north.silent_now, north.past_target) == (8, 4, 4)
    assert (south.n, south.median_seconds) == (8, 86400)
    assert listed[1].silence == figures(world, office="SOUTH")


def test_offices_add_up_to_all(world: World) -> None:
    for index in range(12):
        world.case(("NORTH", "SOUTH")[index % 2], (index + 1) * DAY, HOUR if index % 3 else None, deadline_after=DAY)
    listed = [line.silence for line in by_office(world.session, world.who("minister"), since=SINCE, until=NOW, now=NOW)]
    whole = figures(world)
    for name in ("n", "answered", "silent_now", "past_target"):
        assert sum(getattr(one, name) for one in listed) == getattr(whole, name)
    assert max(one.longest_seconds or 0 for one in listed) == whole.longest_seconds


def test_weeks_are_the_governments(world: World) -> None:
    """23:30 UTC on a Sunday is Monday in Tirana."""
    sunday_night = NOW - timedelta(days=7, hours=9) - timedelta(minutes=30)
    world.case("NORTH", NOW - sunday_night, 2 * HOUR)
    world.case("NORTH", NOW - sunday_night + HOUR, 4 * HOUR)
    world.session.flush()
    weeks = by_week(world.session, world.who("minister"), None, weeks=3, now=NOW, zone=TIRANA)
    assert [week.monday for week in weeks] == [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)]
    assert [week.silence.n for week in weeks] == [0, 1, 1]
    assert weeks[2].silence.median_seconds == 7200


def test_a_week_with_a_clock_change_is_an_hour_longer() -> None:
    start, end = bounds(date(2026, 10, 19), TIRANA)
    assert end - start == timedelta(days=7, hours=1)
    assert monday_of(end - timedelta(seconds=1), TIRANA) == date(2026, 10, 19)
    assert monday_of(end, TIRANA) == date(2026, 10, 26)


def test_usual_band() -> None:
    assert usual_band([10.0] * 8) is None
    assert usual_band([10.0, None, 12.0, 10.0, 12.0, 10.0, 12.0, 10.0, 12.0, 500.0]) == pytest.approx((5.68, 16.32))
