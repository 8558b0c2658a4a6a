"""Any history of a case, step by step: what staff do never shortens a silence, and what is stored is what is replayed.

A machine draws messages, answers, failures, questions, transfers, urgency, closings, reopenings, late holidays, other
weeks and policies entered for days gone by, the last three carried out by the job. After each step all of it must hold.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session, select

from domain.case import Case
from domain.catalogue import catalogue, touch
from domain.clock import Clock
from domain.policy import Calendar, Policy
from domain.states import OPEN_STATES, CaseState, ClockKind, ClockState, EntryKind
from domain.timeline import TimelineEntry
from domain.visibility import SYSTEM_KEY
from escalation import recount, service
from escalation.clocks import replay
from escalation.recount import Scope
from escalation.terms import rules_of
from escalation.values import LIVE, SILENCES
from tests.conftest import Installation
from tests.escalation.test_service import Driver, as_replayed, open_case
from tests.escalation.world import LADDER, World, build

MONDAY = datetime(2026, 3, 2, 7, tzinfo=UTC)
HORIZON = datetime(2027, 3, 2, tzinfo=UTC)
"""A moment after all that happens, from which silences are measured."""
STAFF_DO = (
    "answer",
    "saved reply",
    "ask",
    "offer",
    "accept",
    "refuse",
    "triage",
    "close",
    "note",
    "urgent",
    "not urgent",
)
HOURS = st.integers(0, 40 * 3600)
WEEKS = [
    {str(day): [["08:00", "12:00"]] for day in range(5)},
    {str(day): [["22:00", "24:00"]] for day in range(7)},
    {str(day): [["08:00", "12:00"], ["13:00", "16:30"]] for day in range(6)},
]


class Life(RuleBasedStateMachine):
    """One case and what happens to it. `installation` and `world` are set by the test."""

    installation: Installation
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.now, self.silence, self.corrections = MONDAY, timedelta(), 0
        self.on_the_way: list[str] = []
        self.arrived: list[str] = []
        self.open = False

    @initialize(office=st.sampled_from(["DST", "FAR"]), hours=HOURS)
    def arrives(self, office: str, hours: int) -> None:
        """A message is received."""
        self.now = MONDAY + timedelta(seconds=hours)
        with self.installation.database.write() as session:
            self._reset(session)
            case = open_case(session, self.world, office, self.now)
            self.case_id = case.id
        self.open = True
        self.silence = self._silence()

    def _reset(self, session: Session) -> None:
        """Calendars and policies as at the beginning."""
        home = session.exec(select(Calendar).where(Calendar.name == "a: home")).one()
        home.days, home.weeks = {}, []
        for row in session.exec(select(Policy)):
            row.valid_to, row.end_entered_at = (None, None) if row.entered_at is None else (row.valid_from, MONDAY)
        touch(session)

    @rule(step=st.sampled_from(STAFF_DO), after=HOURS)
    def staff(self, step: str, after: int) -> None:
        """Somebody in an office does something: no silence gets shorter."""
        self._act(step, after)
        assert self._silence() >= self.silence, f"{step} shortened the silence"

    @rule(step=st.sampled_from(["write", "thank", "fail"]), after=HOURS)
    def world_does(self, step: str, after: int) -> None:
        """The citizen writes, or the provider says that an answer was lost after all."""
        self._act(step, after)
        assert self._silence() >= self.silence

    @rule(after=HOURS)
    def delivered(self, after: int) -> None:
        """The one thing that ends a silence."""
        self._act("deliver", after)

    @rule(day=st.integers(-3, 20), hours=st.sampled_from([[], [["08:00", "12:00"]], [["00:00", "24:00"]]]))
    def a_day_is_corrected(self, day: int, hours: list[list[str]]) -> None:
        """A holiday, half of one, or a day of work, entered late or early."""

        def change(session: Session) -> None:
            home = session.exec(select(Calendar).where(Calendar.name == "a: home")).one()
            home.days = {**home.days, (self.now.date() + timedelta(days=day)).isoformat(): hours}

        self._correct(change, self.now + timedelta(days=min(day, 0) - 1))

    @rule(day=st.integers(-3, 10), week=st.sampled_from(WEEKS))
    def another_week(self, day: int, week: dict[str, list[list[str]]]) -> None:
        """Other hours from a day on."""

        def change(session: Session) -> None:
            home = session.exec(select(Calendar).where(Calendar.name == "a: home")).one()
            since = (self.now.date() + timedelta(days=day)).isoformat()
            kept = [one for one in home.weeks if one["from"] != since]
            home.weeks = sorted([*kept, {"from": since, "week": week}], key=lambda one: str(one["from"]))

        self._correct(change, self.now + timedelta(days=min(day, 0) - 1))

    @precondition(lambda self: self.corrections < 4)
    @rule(days=st.integers(0, 6), hours=st.sampled_from([2.0, 15.0, 60.0]), counts=st.booleans())
    def another_policy(self, days: int, hours: float, counts: bool) -> None:
        """A version from a day gone by on."""
        begins = self.now.date() - timedelta(days=days)

        def change(session: Session) -> None:
            for row in session.exec(select(Policy)):
                if row.valid_to is None:
                    row.valid_to, row.end_entered_at = max(begins, row.valid_from), self.now
            numbers = max(session.exec(select(Policy.rungs_from)))
            targets = {"first_response": hours, "reply_due": hours, "resolution": hours * 5, "acceptance": hours}
            session.add(
                Policy(
                    name="Another", targets=targets, ladder=LADDER, pause_days=2, counts_templated=counts,
                    valid_from=max(begins, date(2026, 2, 1)), entered_at=self.now, rungs_from=numbers + 1000,
                )
            )  # fmt: skip

        self._correct(change, None)

    @invariant()
    def stored_is_replayed(self) -> None:
        """Rows, rungs and the chain are what the timeline gives; working time is never longer than elapsed."""
        if not self.open:
            return
        with self.installation.database.write() as session:
            case = session.get_one(Case, self.case_id)
            service.wake(session, case, self.now)
            as_replayed(session, case, self.now)
            known = catalogue(session)
            told = replay(service.events(session, case, known), rules_of(known, case.kind), self.now)
            for holding in told.holdings:
                assert 0 <= holding.working_seconds <= holding.elapsed_seconds
            for before, after in zip(told.holdings, told.holdings[1:], strict=False):
                assert before.until == after.since, "between two offices nobody had it"
            assert case.state not in OPEN_STATES or known.offices[case.office_id].active
            entries = session.exec(select(TimelineEntry.kind).where(TimelineEntry.case_id == case.id)).all()
            assert entries.count(EntryKind.recounted) <= self.corrections

    def _act(self, step: str, after: int) -> None:
        self.now += timedelta(seconds=after)
        self.silence = self._silence()
        with self.installation.database.write() as session:
            case = session.get_one(Case, self.case_id)
            driver = Driver(session, self.world, case)
            driver.on_the_way, driver.arrived = self.on_the_way, self.arrived
            service.wake(session, case, self.now)
            driver.act(step, self.now)
            if step == "ask" and case.state == CaseState.open:
                case.state = CaseState.waiting

    def _correct(self, change: object, since: datetime | None) -> None:
        before = self._silence()
        with self.installation.database.write() as session:
            assert callable(change)
            change(session)
            touch(session)
            offices = frozenset(catalogue(session).offices)
            recount.ask(session, SYSTEM_KEY, "calendar", uuid4(), "Corrected", ["…"], Scope(offices, since), self.now)
        self.corrections += 1
        self.now += timedelta(seconds=5)
        while recount.correct_due(self.now):
            pass
        assert self._silence() == before, "a correction changed how long the citizen waited"
        self.silence = before

    def _silence(self) -> timedelta:
        """How long the citizen will have heard nothing by the horizon, if nothing else happens."""
        with self.installation.database.read() as session:
            rows = session.exec(select(Clock).where(Clock.case_id == self.case_id)).all()
        ends = [
            (HORIZON if row.state in LIVE else row.ended_at or HORIZON) - row.started_at
            for row in rows
            if row.kind in SILENCES and row.state != ClockState.void
        ]
        return sum(ends, timedelta())


def test_no_history_breaks_the_promises(installation: Installation) -> None:
    with installation.database.write() as session:
        world = build(session)
    machine = type("Life", (Life,), {"installation": installation, "world": world})
    few = settings(
        max_examples=12 if installation.is_sqlite else 6,
        stateful_step_count=14,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=few)
    assert ClockKind.first_response in SILENCES
