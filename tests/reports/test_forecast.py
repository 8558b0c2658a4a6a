"""What will be late: sums done by hand, a rule, and what one may see."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from domain.catalogue import Catalogue, catalogue, touch
from domain.policy import Calendar
from domain.states import ClockKind, ClockState
from domain.visibility import viewer
from escalation import service
from reports.forecast import breaches, noon, outlook
from tests.conftest import Installation
from tests.escalation.world import World, build, new_case

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)  # Monday, 08:00: the office opens, 7.5 hours a day
NOON = datetime(2026, 3, 4, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "late", "pace", "expected"),
    [
        ([1, 2, 3], 0, 1.0, [False, False, False]),  # each in its last moment
        ([1, 1, 3], 0, 1.0, [False, True, False]),
        ([1, 2, 3], 1, 1.0, [True, True, True]),
        ([4, 4, 4], 0, 0.5, [False, False, True]),
        ([0], 0, 9.0, [True]),
        ([], 5, 1.0, []),
    ],
)
def test_sums_by_hand(hours: list[float], late: int, pace: float, expected: list[bool]) -> None:
    assert breaches(hours, late, pace) == expected


@given(st.lists(st.floats(0, 500)), st.integers(0, 50), st.floats(0.01, 50))
def test_a_quicker_office_with_less_behind_is_late_with_fewer(hours: list[float], late: int, pace: float) -> None:
    hours = sorted(hours)
    assert sum(breaches(hours, late, pace)) >= sum(breaches(hours, late, pace * 2))
    assert sum(breaches(hours, late + 1, pace)) >= sum(breaches(hours, late, pace))


@pytest.fixture
def world(installation: Installation) -> World:
    with installation.database.write() as session:
        world = build(session)
        for number in range(30):  # thirty answers in 150 working hours: one in five
            began = NOW - timedelta(days=20, minutes=number)
            case = new_case(session, world.offices["DST"], began)
            clock = service.start(session, case, ClockKind.first_response, began)
            clock.state, clock.ended_at = ClockState.met, began + timedelta(hours=1)
        for _ in range(4):  # due after fifteen working hours
            service.start(session, new_case(session, world.offices["DST"], NOW), ClockKind.first_response, NOW)
        secret = new_case(session, world.offices["DST"], NOW, about_office_id=world.offices["DST"])
        service.start(session, secret, ClockKind.first_response, NOW)
        service.start(session, new_case(session, world.offices["REG"], NOW), ClockKind.first_response, NOW)
    return world


def seen(session: Session, world: World, name: str) -> dict[str, tuple[int, int, float | None]]:
    known = catalogue(session)
    who = viewer(session, world.staff[name], now=NOW)
    found = outlook(session, who, NOON, NOW)
    return {
        known.offices[one.office_id].code: (len(one.breach), len(one.due), one.pace and round(one.pace, 6))
        for one in found
    }


def test_at_the_offices_own_pace_and_only_what_one_sees(installation: Installation, world: World) -> None:
    with installation.database.read() as session:
        # the fourth would be answered after twenty working hours, and is due after fifteen
        assert seen(session, world, "hana") == {"DST": (1, 4, 0.2)}
        # too few answers: nothing is foretold of the office above
        assert seen(session, world, "rami") == {"DST": (1, 4, 0.2), "REG": (0, 1, None)}
        assert seen(session, world, "ines") == {}


def test_noon_of_the_second_working_day_unless_another_is_asked_for(installation: Installation, world: World) -> None:
    friday = datetime(2026, 3, 6, 9, tzinfo=UTC)
    with installation.database.write() as session:
        known = catalogue(session)
        assert noon(known, NOW, "") == NOON
        assert noon(known, friday, "") == datetime(2026, 3, 10, 11, tzinfo=UTC)
        assert noon(known, friday, "2026-03-09") == datetime(2026, 3, 9, 11, tzinfo=UTC)
        for wrong in ("2026-03-06", "2027-01-01", "soon"):
            assert noon(known, friday, wrong) == noon(known, friday, "")
        for calendar in session.exec(select(Calendar)):
            calendar.days = calendar.days | {"2026-03-09": [], "2026-03-10": []}
        touch(session)
    with installation.database.read() as session:
        assert noon(catalogue(session), friday, "") == datetime(2026, 3, 12, 11, tzinfo=UTC)
        assert noon(Catalogue(0, {}, {}, (), (), {}, {}), friday, "") == datetime(2026, 3, 8, 11, tzinfo=UTC)
