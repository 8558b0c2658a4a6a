"""Whatever happens to cases, in whatever order: what is kept by and by is what counting all of them anew gives."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlmodel import Session, col

from channels.values import Channel
from domain.case import Case
from domain.catalogue import catalogue, forget, touch
from domain.clock import Clock
from domain.closing import Appeal, AppealOutcome
from domain.figures import FigureCase, FigureCell, FigureOffice, FigureTree
from domain.service import Service
from domain.states import CaseKind, ClockKind, ClockState, LeadLink, Outcome
from domain.timeline import TimelineEntry
from domain.visibility import SYSTEM_KEY
from domain.words import CaseWords
from reports import bulk, deltas, footing, kpis, rebuild, refresh, scores, tables
from reports.weeks import start_of
from tests.conftest import Installation
from tests.reports.world import DAY, HOUR, NOW, World, build

ZONE = ZoneInfo("Europe/Tirane")
AGING = ("median", "median_low", "median_high", "p90", "drawn", "scored_at")
Steps = list[tuple[str, int]]
OFFICES = ("MIN", "NORTH", "SOUTH", "TOWN", "VILLAGE")


@dataclass
class Life:
    """A government to which things happen by lot."""

    world: World
    draw: Random
    now: datetime = NOW
    cases: list[Case] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)

    def happen(self, what: str) -> None:
        """One thing happens."""
        getattr(self, what)()
        self.world.session.flush()

    def one(self) -> Case:
        """Any case."""
        if not self.cases:
            self.opened()
        return self.draw.choice(self.cases)

    def ago(self) -> timedelta:
        """How long before now: from seconds to ten weeks."""
        return timedelta(seconds=int(10 ** self.draw.uniform(0, 6.8)))

    def opened(self) -> None:
        case = self.world.case(
            self.draw.choice(OFFICES), self.ago(), deadline_after=self.draw.choice((HOUR, 5 * DAY)), now=self.now
        )
        case.service_id = self.draw.choice((None, *(one.id for one in self.services)))
        case.channel, case.kind = self.draw.choice(list(Channel)), self.draw.choice(list(CaseKind))
        self.cases.append(case)

    def answered(self) -> None:
        case = self.one()
        case.first_response_at = case.received_at + (self.now - case.received_at) * self.draw.random()
        case.first_response_templated = self.draw.random() < 0.3

    def failed(self) -> None:
        self.one().first_response_at = None

    def moved(self) -> None:
        case = self.one()
        case.office_id, case.hops = self.world.offices[self.draw.choice(OFFICES)].id, case.hops + 1

    def hidden(self) -> None:
        case = self.one()
        what = self.draw.randrange(4)
        case.integrity = what == 1
        case.about_office_id = self.world.offices["SOUTH"].id if what == 2 else None
        case.lead_link = LeadLink.part if what == 3 else None

    def closed(self) -> None:
        case = self.one()
        case.outcome, case.closed_at = self.draw.choice((Outcome.withdrawn, Outcome.upheld)), self.now

    def reopened(self) -> None:
        case = self.one()
        case.outcome, case.closed_at, case.reopened_at = None, None, self.now

    def appealed(self) -> None:
        case, session = self.one(), self.world.session
        case.appealed_at = self.now
        known = session.scalars(select(Appeal).where(col(Appeal.case_id) == case.id)).first()
        appeal = known or Appeal(
            case_id=case.id,
            entry=1,
            from_office_id=case.office_id,
            office_id=case.office_id,
            text="No.",
            lodged_at=self.now,
        )
        appeal.outcome = self.draw.choice((None, AppealOutcome.allowed, AppealOutcome.dismissed))
        session.add(appeal)

    def due(self) -> None:
        """A calendar was corrected, and the case counted anew."""
        clocks = select(Clock).where(col(Clock.case_id) == self.one().id, col(Clock.kind) == ClockKind.first_response)
        for clock in self.world.session.scalars(clocks):
            clock.deadline_at += self.draw.choice((-1, 1)) * self.ago()
            clock.state = self.draw.choice((ClockState.running, ClockState.void))

    def later(self) -> None:
        self.now += self.draw.choice((60 * timedelta(seconds=1), 3 * HOUR, 9 * DAY))

    def labelled(self) -> None:
        case = self.one()
        case.service_id, case.language = self.draw.choice(self.services).id, self.draw.choice(("en", "sq"))

    def erased(self) -> None:
        case, session = self.cases.pop() if self.cases else self.one(), self.world.session
        if case in self.cases:
            self.cases.remove(case)
        session.flush()
        for table in (Appeal, CaseWords, Clock, TimelineEntry):
            session.execute(delete(table).where(col(table.case_id) == case.id))
        session.delete(case)

    def hung(self) -> None:
        """An office is hung under another one."""
        office = self.world.offices[self.draw.choice(("TOWN", "VILLAGE"))]
        office.parent_id = self.world.offices[self.draw.choice(("NORTH", "SOUTH", "MIN"))].id
        self.world.session.flush()
        touch(self.world.session)


HAPPENS = [
    *["opened"] * 4,
    *["answered"] * 3,
    "failed",
    "moved",
    "hidden",
    "closed",
    "reopened",
    "appealed",
    "due",
    "later",
]
HAPPENS += ["labelled", "erased", "hung"]
"""Methods of `Life`; the first that are named are what an example that fails is made smaller by."""
STEPS = st.lists(
    st.tuples(st.sampled_from(HAPPENS), st.sampled_from([0, 0, 0, 1, 2, 50])),
    min_size=4,
    max_size=24,
)
"""What happens, and how many marks are then worked off, if any are."""
LEVELS = st.sampled_from([(1, 1), (1, 4), (2, 5), (4, 9), (99, 99)])
"""Cases from which on there are sums of all, and by each dimension."""


@pytest.fixture
def world(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("OMBUD_TIME_ZONE", ZONE.key)
    with installation.database.write() as session:
        made = build(session)
        for code in ("TOWN", "VILLAGE"):
            made.office(code, "NORTH")
        session.add_all(Service(code=code, names={"en": code}) for code in ("water", "roads"))
        touch(session)
        session.flush()
        refresh.refresh(session, NOW)
        yield made


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@examples(max_examples=30, suppress_health_check=list(HealthCheck))
@given(STEPS, LEVELS, st.randoms(use_true_random=False))
def test_kept_is_what_a_rebuild_gives(
    world: World, monkeypatch: pytest.MonkeyPatch, steps: Steps, levels: tuple[int, int], draw: Random
) -> None:
    _kept_is_what_a_rebuild_gives(world, monkeypatch, steps, levels, draw)


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
@examples(max_examples=6, suppress_health_check=list(HealthCheck))
@given(STEPS, LEVELS, st.randoms(use_true_random=False))
def test_kept_is_what_a_rebuild_gives_on_postgresql(
    world: World, monkeypatch: pytest.MonkeyPatch, steps: Steps, levels: tuple[int, int], draw: Random
) -> None:
    monkeypatch.setattr(bulk, "FEW", 2)  # so that few rows are copied, as many are
    _kept_is_what_a_rebuild_gives(world, monkeypatch, steps, levels, draw)


def _kept_is_what_a_rebuild_gives(
    world: World, monkeypatch: pytest.MonkeyPatch, steps: Steps, levels: tuple[int, int], draw: Random
) -> None:
    for name, level in zip(("HEAVY", "SPLIT"), levels, strict=True):
        monkeypatch.setattr(footing, name, level)
    monkeypatch.setattr(deltas, "AT_ONCE", 7)
    monkeypatch.setattr(scores, "BATCH", 3)
    session = world.session
    with session.begin_nested() as whole:
        forget()  # what was known of a tree that was taken back
        life = Life(world, draw, services=list(session.scalars(select(Service))))
        for what, limit in steps:
            life.happen(what)
            if limit:
                refresh.refresh(session, life.now, limit=limit)
        at_once = draw.random() < 0.5
        life.now += 0 * HOUR if at_once else 2 * HOUR
        aged = select(col(FigureOffice.office_id)).where(col(FigureOffice.scored_at) <= life.now - scores.EVERY)
        while refresh.refresh(session, life.now, limit=10) or session.scalar(aged.limit(1)):
            pass
        assert list(rebuild.differences(session, life.now)) == []
        _agrees(world, life.now)
        # within the hour medians are of when they were worked out, for those who wait grow older
        left_out = {"celled", "split", *(AGING if at_once else ())}
        kept = _stored(session, left_out)
        rebuild.everything(session, life.now)
        built = _stored(session, left_out)
        # what shrank keeps its sums until then; that they are right was asked above
        assert kept.pop("figure_cell").items() >= built.pop("figure_cell").items()
        for name, rows in built.items():
            assert kept[name] == rows, name
        whole.rollback()


def _stored(session: Session, left_out: Collection[str]) -> dict[str, dict[object, object]]:
    """All figures by table and key. Offices without a case, which may have had one, are left out."""
    found: dict[str, dict[object, object]] = {}
    for table in (FigureCase, FigureCell, FigureOffice, FigureTree):
        of = table.metadata.tables[str(table.__tablename__)]
        keys, rows = [column.name for column in of.primary_key], session.execute(select(of)).mappings()
        found[of.name] = {
            tuple(row[key] for key in keys): {
                name: round(value, 9) if isinstance(value, float) else value
                for name, value in row.items()
                if name not in left_out
            }
            for row in rows
            if row.get("cases") != 0
        }
    return found


def _agrees(world: World, now: datetime) -> None:
    """What is read is what the cases themselves give, as far as it says so; and children add up to their parent."""
    session, known = world.session, catalogue(world.session)
    ids = [one.id for one in world.offices.values()]
    since = start_of(now.date().replace(day=1) - timedelta(days=40), ZONE).replace(day=1)
    since = start_of(since.astimezone(ZONE).date().replace(day=1), ZONE)
    found = tables.silence_of(session, world.who("minister"), ids, since=since)
    for at in ids:
        exact = kpis.silence(
            session, SYSTEM_KEY, known.subtree(at), since=since, until=now + timedelta(seconds=1), now=now
        )
        if at not in found:
            assert exact.n == exact.silent_now == 0
            continue
        one = found[at][""]
        for name in ("n", "answered", "templated", "silent_now", "past_target", "longest_seconds"):
            assert getattr(one.silence, name) == getattr(exact, name), name
        for name in ("median_seconds", "p90_seconds"):
            mine, theirs = getattr(one.silence, name), getattr(exact, name)
            assert (mine is None) == (theirs is None), name
            assert mine is None or abs(mine - theirs) <= one.error * theirs + 1e-6
            assert one.error <= 0.02
