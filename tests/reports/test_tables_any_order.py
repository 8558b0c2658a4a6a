"""Whatever happens to cases, in whatever order: what is kept by and by is what counting all of them anew gives."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select
from sqlmodel import col

from channels.values import Channel
from domain.case import Case
from domain.catalogue import catalogue, touch
from domain.clock import Clock
from domain.closing import Appeal, AppealOutcome
from domain.service import Service
from domain.states import CaseKind, ClockKind, ClockState, LeadLink, Outcome
from domain.timeline import TimelineEntry
from domain.visibility import SYSTEM_KEY
from domain.words import CaseWords
from reports import footing, kpis, rebuild, refresh, tables
from reports.weeks import start_of
from tests.conftest import Installation
from tests.reports.world import DAY, HOUR, NOW, World, build

ZONE = ZoneInfo("Europe/Tirane")
OFFICES = ("MIN", "NORTH", "SOUTH", "TOWN", "VILLAGE")


@dataclass
class Life:
    """A government to which things happen by lot."""

    world: World
    draw: random.Random
    now: datetime = NOW
    cases: list[Case] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)

    def step(self) -> None:
        """One thing happens, and sometimes figures are refreshed, a few cases at a time."""
        happens: list[Callable[[], None]] = [self.opened, self.opened, self.opened, self.answered, self.answered]
        happens += [
            self.failed,
            self.moved,
            self.hidden,
            self.closed,
            self.reopened,
            self.appealed,
            self.due,
            self.later,
        ]
        happens += [self.labelled, self.erased, self.hung]
        self.draw.choice(happens)()
        self.world.session.flush()
        if self.draw.random() < 0.4:
            refresh.refresh(self.world.session, self.now, limit=self.draw.choice((2, 50)))

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


@pytest.fixture
def world(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("OMBUD_TIME_ZONE", ZONE.key)
    with installation.database.write() as session:
        made = build(session)
        for code in ("TOWN", "VILLAGE"):
            made.office(code, "NORTH")
        touch(session)
        yield made


@pytest.mark.parametrize(("heavy", "split", "seed"), [(1, 1, 1), (1, 5, 2), (3, 6, 4)])
def test_kept_is_what_a_rebuild_gives(
    world: World, monkeypatch: pytest.MonkeyPatch, heavy: int, split: int, seed: int
) -> None:
    monkeypatch.setattr(footing, "HEAVY", heavy)
    monkeypatch.setattr(footing, "SPLIT", split)
    session = world.session
    services = [Service(code=code, names={"en": code}) for code in ("water", "roads")]
    session.add_all(services)
    session.flush()
    life = Life(world, random.Random(seed), services=services)
    refresh.refresh(session, life.now)
    for _ in range(60):
        life.step()
    while refresh.refresh(session, life.now, limit=10):
        pass
    assert list(rebuild.differences(session, life.now)) == []
    _agrees(world, life.now)


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
