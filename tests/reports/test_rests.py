"""Leaving room for others while figures are refreshed."""

from types import SimpleNamespace

import pytest
from sqlalchemy import text, update

from domain.case import Case
from domain.states import CaseKind
from reports import rebuild, refresh, rests
from tests.conftest import Installation
from tests.reports.world import DAY, NOW, build


def test_as_long_as_the_work_before_and_not_longer_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0, slept=[])

    def sleep(seconds: float) -> None:
        clock.slept.append(seconds)
        clock.now += seconds

    monkeypatch.setattr(rests, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep))
    rest = rests.Evenly(most=5)
    for work in (2.0, 0.0, 1.0, 4.0, 3.0):
        clock.now += work
        rest()
    assert clock.slept == [2.0, 1.0, 2.0]


@pytest.mark.parametrize(("limit", "rested"), [(2, False), (50, True)])
def test_none_while_more_is_left_than_one_transaction_takes(
    installation: Installation, limit: int, rested: bool
) -> None:
    pieces = []
    with installation.database.write() as session:
        world = build(session)
        refresh.refresh(session, NOW)
        for days in range(1, 6):
            world.case("SOUTH", days * DAY)
        refresh.refresh(session, NOW, limit=limit, rest=lambda: pieces.append(1))
    assert bool(pieces) is rested


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
def test_nobody_who_writes_waits_for_a_refresh_that_rests(installation: Installation) -> None:
    """What it looks at can be changed meanwhile, and is looked at again."""
    with installation.database.write() as session:
        world = build(session)
        for days in range(1, 6):
            world.case("SOUTH", days * DAY)
    later = NOW + DAY

    def write() -> None:
        with installation.database.write() as other:
            other.execute(text("SET LOCAL lock_timeout = '1s'"))  # an error, if it has to wait
            other.execute(update(Case).values(kind=CaseKind.suggestion, first_response_at=later))

    with installation.database.write() as session:
        refresh.refresh(session, NOW)
    with installation.database.write() as session:
        session.execute(update(Case).values(kind=CaseKind.question))
    with installation.database.write() as session:
        assert refresh.refresh(session, later) == 5
        write()
    with installation.database.write() as session:
        assert refresh.refresh(session, later) == 5
        assert list(rebuild.differences(session, later)) == []
