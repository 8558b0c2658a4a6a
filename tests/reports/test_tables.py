"""Figures kept in tables: for whom, of what, and as the cases themselves say."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, text, update

from domain.case import Case
from domain.catalogue import catalogue
from domain.figures import FigureMark, FigureOffice
from domain.states import IntakeSource, LeadLink
from domain.visibility import SYSTEM_KEY
from reports import cells, footing, kpis, rebuild, refresh, scores, tables
from reports.cells import Dimension, Grain
from reports.periods import periods
from reports.reading import Reading
from reports.scores import Order
from reports.tallies import Tally, tallies
from reports.weeks import start_of
from tests.conftest import Installation
from tests.reports.exact import by_week
from tests.reports.world import DAY, HOUR, NOW, World, build

ZONE = ZoneInfo("Europe/Tirane")
OCTOBER = start_of(date(2026, 10, 1), ZONE)
MOMENT = timedelta(seconds=1)


@pytest.fixture
def world(installation: Installation) -> Iterator[World]:
    """Two months at two districts, one of which answers only what is easy; and what nobody may count."""
    with installation.database.write() as session:
        world = build(session)
        for days in range(1, 50, 2):
            world.case("NORTH", days * DAY, (days * 7 % 50 + 1) * HOUR, deadline_after=2 * DAY)
            world.case("SOUTH", days * DAY, HOUR if days % 3 else None, deadline_after=2 * DAY)
        world.case("MIN", 3 * DAY, deadline_after=9 * DAY)
        session.flush()
        refresh.refresh(session, NOW)
        yield world


@pytest.fixture(params=[(1, 1), (1, 10_000), (10_000, 10_000)], ids=["sums", "sums of all", "cases"])
def read_from(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, world: World) -> World:
    """The same, read from sums, or by each dimension from the cases, or all from the cases."""
    heavy, split = request.param
    monkeypatch.setattr(footing, "HEAVY", heavy)
    monkeypatch.setattr(footing, "SPLIT", split)
    rebuild.everything(world.session, NOW)
    return world


def read(world: World, who: str = "minister", **how: object) -> dict[str, dict[str, Reading]]:
    """Figures since October by code of the office."""
    ids = {row.id: code for code, row in world.offices.items()}
    found = tables.silence_of(world.session, world.who(who), list(ids), **({"since": OCTOBER} | how))  # type: ignore[arg-type]
    return {ids[at]: parts for at, parts in found.items()}


def exact(world: World, office: str, until: object = None) -> kpis.Silence:
    """The same of an office and all below it from the cases, as an API key sees them."""
    scope = catalogue(world.session).subtree(world.offices[office].id)
    end = until or NOW + MOMENT
    return kpis.silence(world.session, SYSTEM_KEY, scope, since=OCTOBER, until=end, now=NOW)  # type: ignore[arg-type]


def test_as_the_cases_say(read_from: World) -> None:
    for code, parts in read(read_from).items():
        one, theirs = parts[""], exact(read_from, code)
        assert one.as_of == NOW
        assert (one.silence.n, one.silence.answered) == (theirs.n, theirs.answered)
        assert (one.silence.silent_now, one.silence.past_target) == (theirs.silent_now, theirs.past_target)
        assert one.silence.longest_reference == theirs.longest_reference
        assert one.silence.median_seconds == pytest.approx(theirs.median_seconds, rel=one.error + 1e-9)
        assert one.silence.p90_seconds == (theirs.p90_seconds and pytest.approx(theirs.p90_seconds, rel=0.02))
        assert one.error <= 0.02

    november = start_of(date(2026, 11, 1), ZONE)
    one, theirs = read(read_from, until=november)["MIN"][""], exact(read_from, "MIN", november)
    assert (one.silence.n, one.silence.answered) == (theirs.n, theirs.answered)
    assert one.silence.longest_seconds == theirs.longest_seconds
    mondays = [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)]
    at = read_from.offices["MIN"].id
    trend = series(read_from, "minister", [at], Grain.week, mondays)[at]
    weeks = by_week(read_from.session, SYSTEM_KEY, None, weeks=3, now=NOW, zone=ZONE)
    assert [one.silence.n for one in trend] == [week.silence.n for week in weeks]
    for one, week in zip(trend, weeks, strict=True):
        assert one.silence.median_seconds == pytest.approx(week.silence.median_seconds, rel=0.02)


def test_children_and_values_add_up(read_from: World) -> None:
    whole = read(read_from)
    parts = [whole[code][""] for code in ("NORTH", "SOUTH")] + [read(read_from, below=False)["MIN"][""]]
    for name, count in whole["MIN"][""].counts.items():
        assert sum(part.counts[name] for part in parts) == count
    for by in Dimension:
        split = read(read_from, by=by)["MIN"].values()
        assert sum(part.silence.n for part in split) == whole["MIN"][""].silence.n
        assert sum(part.silence.silent_now for part in split) == whole["MIN"][""].silence.silent_now


def test_numbers_without_a_curve_are_those_with_one(read_from: World) -> None:
    ids, who = [office.id for office in read_from.offices.values()], read_from.who("minister")
    for by in Dimension:
        for until in (None, start_of(date(2026, 11, 1), ZONE), NOW - 9 * DAY):
            told = tallies(read_from.session, who, ids, since=OCTOBER, until=until, by=by)
            full = tables.silence_of(read_from.session, who, ids, since=OCTOBER, until=until, by=by)
            wanted = {at: {value: one for value, one in parts.items() if one.n} for at, parts in full.items()}
            assert {at: set(parts) for at, parts in told.items()} == {at: set(parts) for at, parts in wanted.items()}
            for at, parts in wanted.items():
                for value, one in parts.items():
                    assert told[at][value] == Tally(one.n, one.due, one.failed)
    assert not tallies(read_from.session, read_from.who("north_head"), [read_from.offices["SOUTH"].id], since=OCTOBER)


def series(world: World, who: str, ids: list[UUID], grain: Grain, firsts: list[date]) -> dict[UUID, list[Reading]]:
    """Figures by period."""
    read = periods(world.session, world.who(who), ids, grain, firsts)
    assert read is not None
    return {at: read.each(world.session, at, firsts) for at in ids if at in read.parts}


@pytest.mark.parametrize(
    ("grain", "firsts"),
    [
        (Grain.week, [date(2026, 11, 2), date(2026, 11, 16), date(2026, 11, 9)]),
        (Grain.month, [date(2026, 10, 1), date(2026, 11, 1)]),
    ],
)
def test_many_periods_are_each_as_alone(read_from: World, grain: Grain, firsts: list[date]) -> None:
    """Each period of each office, and runs of them, are what is read of that time alone."""
    session, who, ids = read_from.session, read_from.who("minister"), [one.id for one in read_from.offices.values()]
    together = series(read_from, "minister", ids, grain, firsts)
    read = periods(session, who, ids, grain, firsts)
    assert read is not None

    def alone(at: UUID, first: date, last: date | None, **how: Any) -> Reading | None:
        until = None if last is None else start_of(last, ZONE)
        found = tables.silence_of(session, who, [at], since=start_of(first, ZONE), until=until, **how)
        return found.get(at, {}).get("")

    for at in ids:
        for day, one in zip(firsts, together[at], strict=True):
            wanted = alone(at, day, cells.after(grain, day), waiting=False, medians=True)
            assert (wanted is None) == (one.n == 0)
            if wanted is not None:
                assert (one.counts, one.silence.median_seconds) == (wanted.counts, wanted.silence.median_seconds)
                assert (one.silence.median_low, one.silence.p90_seconds) == (wanted.silence.median_low, None)
        for first, last in ((min(firsts), None), (min(firsts), max(firsts)), (sorted(firsts)[1], None)):
            assert read.run(session, at, first, last) == alone(at, first, last)
            before = read.run(session, at, first, last, medians=True)
            assert before == alone(at, first, last, waiting=False, medians=True)


def test_what_is_shut_to_some_is_counted_for_nobody(world: World) -> None:
    before = read(world)
    world.case("SOUTH", 5 * DAY, integrity=True)
    world.case("SOUTH", 5 * DAY, about="SOUTH")
    world.case("SOUTH", 5 * DAY, about_staff="south_head")
    world.case("SOUTH", 5 * DAY, source=IntakeSource.mystery_shopper)
    world.case("SOUTH", 5 * DAY).lead_link = LeadLink.part
    world.session.flush()
    refresh.refresh(world.session, NOW)
    for who in ("minister", "auditor", "south_head"):
        mine = read(world, who)
        assert mine["SOUTH"] == before["SOUTH"]
    assert "INTEG" not in read(world, "minister")


def test_an_office_that_is_not_ones_own_is_left_out(world: World) -> None:
    assert set(read(world, "north_head")) == {"NORTH"}
    ranks = scores.ranked(world.session, world.who("north_head"), order=Order.late)
    assert {rank.office_id for rank in ranks} <= {world.offices["NORTH"].id}
    at = world.offices["SOUTH"].id
    assert series(world, "north_head", [at], Grain.week, [date(2026, 11, 2)]) == {}


def test_who_answers_only_what_is_easy_is_not_ahead(world: World) -> None:
    """SOUTH answers two thirds within the hour and the rest never; its median is far shorter, and it is the worst."""
    found = read(world)
    assert (found["SOUTH"][""].silence.median_seconds or 0) < (found["NORTH"][""].silence.median_seconds or 0)
    first, *_ = scores.ranked(world.session, world.who("minister"), order=Order.drawn)
    assert first.office_id == world.offices["SOUTH"].id
    assert first.failed >= 8
    assert scores.ranked(world.session, world.who("minister"), order=Order.late)[0].office_id == first.office_id


def test_whoever_writes_past_ombud_is_noticed(world: World) -> None:
    """The database itself marks what changed; what changed nothing that is counted is not marked."""
    session = world.session
    session.execute(update(Case).values(place="Rruga e Kavajës", timeline_length=7))
    assert session.scalar(select(func.count()).select_from(FigureMark)) == 0
    session.execute(text("UPDATE \"case\" SET lead_link = 'part' WHERE office_id = :at"), {"at": _raw(world, "SOUTH")})
    assert session.scalar(select(func.count()).select_from(FigureMark)) == 25
    while refresh.refresh(session, NOW, limit=20):
        pass
    assert set(read(world)) == {"MIN", "NORTH"}
    assert list(rebuild.differences(session, NOW)) == []


def _raw(world: World, code: str) -> str:
    at = world.offices[code].id
    return at.hex if world.session.get_bind().dialect.name == "sqlite" else str(at)


def test_a_target_that_passes_is_noticed(world: World) -> None:
    """Nothing is written when a deadline passes; figures tell it all the same."""
    late = read(world)["MIN"][""].silence.past_target
    refresh.refresh(world.session, NOW + 7 * DAY)
    assert read(world)["MIN"][""].silence.past_target > late
    assert read(world)["MIN"][""].as_of == NOW + 7 * DAY


def test_check_finds_what_was_tampered_with(world: World) -> None:
    session = world.session
    row = session.get(FigureOffice, (world.offices["NORTH"].id, True))
    assert row is not None
    row.waiting += 1
    session.flush()
    assert list(rebuild.differences(session, NOW)) == ["1 offices have other numbers: North office"]
    session.execute(text("DELETE FROM figure_case WHERE office_id = :at"), {"at": _raw(world, "NORTH")})
    assert any("25 cases are missing" in one for one in rebuild.differences(session, NOW))
