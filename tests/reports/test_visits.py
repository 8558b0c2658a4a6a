"""What our own visitors found is in no figure of citizens, and in a table of its own once it is released."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import Session

from core.settings import settings
from domain.case import Case
from domain.catalogue import forget, touch
from domain.states import AUDIT_SOURCES, IntakeSource, Role
from domain.visibility import SYSTEM_KEY
from reports import kpis, visits
from reports.headline import Named, headline
from reports.weeks import last_mondays
from reviews.agenda import agenda
from tests.conftest import Installation
from tests.reports import exact
from tests.reports.world import DAY, HOUR, NOW, World

SINCE = NOW - timedelta(weeks=4)


def small_town(session: Session) -> World:
    world = World(session)
    world.office("MIN")
    world.office("WAT", "MIN")
    world.office("ROA", "MIN")
    world.person("boss", (Role.head, "MIN"))
    for hours in range(1, 40):
        world.case("WAT", 10 * DAY + hours * HOUR, hours * HOUR if hours % 3 else None, deadline_after=2 * DAY)
        world.case("ROA", 9 * DAY, hours * HOUR, deadline_after=2 * DAY)
    return world


def figures(session: Session, world: World) -> list[object]:
    """Everything that is told of citizens."""
    zone = settings().zone
    found: list[object] = []
    for who in (world.who("boss"), SYSTEM_KEY):
        whole = kpis.silence(session, who, None, since=SINCE, until=NOW, now=NOW)
        lines = exact.by_office(session, who, since=SINCE, until=NOW, now=NOW)
        earlier = exact.before(session, who, None, since=SINCE - timedelta(weeks=4), until=SINCE)
        found += [whole, lines, earlier, exact.by_week(session, who, None, weeks=8, now=NOW, zone=zone)]
        named = [Named(str(line.office_id), line.silence.silent_now, line.silence.past_target) for line in lines]
        found.append(headline(whole, earlier, named, "en"))
    for monday in last_mondays(3, NOW, zone):
        found.append(agenda(session, world.who("boss"), world.offices["MIN"].id, monday, NOW))
    return found


def visit(world: World, source: IntakeSource, number: int, *, about: str | None = None) -> Case:
    """A visit to the water office; released unless it is still about that office."""
    found: dict[str, object] = {
        "office": "WAT", "waited": 30 + number % 3, "politeness": 1 + number % 5, "money": number % 10 == 0,
    }  # fmt: skip
    ago = 8 * DAY + number * HOUR
    return world.case("WAT", ago, None, deadline_after=DAY, about=about, source=source, visit=found)


@pytest.fixture
def town(installation: Installation) -> Iterator[World]:
    with installation.database.write() as session:
        made = small_town(session)
        touch(session)
        session.flush()
        forget()
        yield made


def test_fifty_visits_change_no_figure_of_citizens(town: World) -> None:
    before = figures(town.session, town)
    for number in range(50):
        visit(town, AUDIT_SOURCES[number % 2], number)
    assert figures(town.session, town) == before
    # and the comparison sees what it should: one citizen more is told of
    town.case("WAT", 8 * DAY, None, deadline_after=DAY, source=IntakeSource.letter)
    assert figures(town.session, town) != before


def test_visits_are_told_in_a_table_of_their_own_once_released(town: World) -> None:
    for number in range(6):
        visit(town, IntakeSource.mystery_shopper, number)
    visit(town, IntakeSource.quality_audit, 7, about="WAT")
    visit(town, IntakeSource.quality_audit, 8 * 24 * 7)
    who, offices = town.who("boss"), town.offices

    def lines(codes: list[str] | None = None) -> list[visits.Visits]:
        ids = None if codes is None else [offices[code].id for code in codes]
        return visits.by_office(town.session, who, ids, since=SINCE, until=NOW)

    (line,) = lines()
    assert (line.office_id, line.n) == (offices["WAT"].id, 6)
    assert (line.mean_waited, line.mean_politeness, line.asked_for_money) == (31.0, (1 + 2 + 3 + 4 + 5 + 1) / 6, 1)
    assert len(line.references) == len(line.money) == 6
    assert [one.n for one in lines(["WAT"])] == [6]
    assert lines(["ROA"]) == []
