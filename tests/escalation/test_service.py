"""The stored clocks: what each call writes, and that they equal a replay of the timeline after any history."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as sql_event
from sqlmodel import Session, col, select

from channels.values import Channel
from core.ids import new_id
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Clock, Rung, next_due
from domain.states import CaseState, ClockKind, ClockState, EntryKind, RungState, Urgency
from domain.timeline import TimelineEntry, append, faults
from escalation import service, terms
from escalation.clocks import replay
from escalation.values import LIVE, SILENCES
from tests.conftest import Installation
from tests.escalation.world import World, build, new_case

MONDAY = datetime(2026, 3, 2, 7, tzinfo=UTC)  # 08:00 in Tirana
KEPT = (
    "kind",
    "entry",
    "state",
    "started_at",
    "target_seconds",
    "deadline_at",
    "rungs",
    "worked_seconds",
    "idle_seconds",
    "counted_from",
    "paused_until",
    "ended_at",
    "elapsed_seconds",
    "working_seconds",
)


@pytest.fixture
def world(installation: Installation) -> World:
    with installation.database.write() as session:
        return build(session)


def as_replayed(session: Session, case: Case, now: datetime) -> None:
    """Stored clocks and rungs are exactly what the timeline gives, and the queue is sorted by the first deadline."""
    session.flush()
    assert case.due_at == next_due(session.exec(select(Clock).where(Clock.case_id == case.id)))
    known = catalogue(session)
    told = replay(service.events(session, case, known), terms.CatalogueRules(known, case.kind), now)
    expected = sorted(
        ({name: getattr(clock, name) for name in KEPT} | {"office": clock.office} for clock in told.clocks),
        key=lambda clock: clock["entry"],
    )
    rows = session.exec(select(Clock).where(Clock.case_id == case.id).order_by(col(Clock.entry)))
    stored = [
        {name: getattr(row, name) for name in KEPT} | {"office": known.offices[row.office_id].code} for row in rows
    ]
    assert [row for row in stored if row["state"] != ClockState.void] == [
        clock for clock in expected if clock["state"] != ClockState.void
    ]
    for row in session.exec(select(Clock).where(Clock.case_id == case.id)):
        waiting = session.exec(select(Rung).where(Rung.clock_id == row.id, Rung.state == RungState.waiting)).all()
        assert len(waiting) == (1 if row.state in LIVE else 0)
    for clock in told.clocks:
        if clock.elapsed_seconds is not None and clock.working_seconds is not None:
            assert 0 <= clock.working_seconds <= clock.elapsed_seconds
    assert told.holdings[-1].office == known.offices[case.office_id].code
    chain = session.exec(
        select(TimelineEntry).where(TimelineEntry.case_id == case.id).order_by(col(TimelineEntry.number))
    )
    assert faults(case, chain) == []


def open_case(session: Session, world: World, office: str = "DST", at: datetime = MONDAY) -> Case:
    case = new_case(session, world.offices[office], at)
    append(session, case, EntryKind.routed, at, body={"office": office, "service": None})
    service.start(session, case, ClockKind.first_response, at)
    service.start(session, case, ClockKind.resolution, at)
    return case


def clock_of(session: Session, case: Case, kind: ClockKind) -> Clock:
    return session.exec(select(Clock).where(Clock.case_id == case.id, Clock.kind == kind)).one()


STEPS = st.sampled_from(
    [
        "write",
        "thank",
        "answer",
        "answer",
        "saved reply",
        "deliver",
        "deliver",
        "fail",
        "ask",
        "offer",
        "accept",
        "refuse",
        "triage",
        "close",
        "note",
        "correct",
        "urgent",
        "not urgent",
    ]
)
HISTORIES = st.lists(st.tuples(STEPS, st.integers(0, 60 * 3600)), min_size=3, max_size=14)


class Driver:
    """Does to a case what staff, the citizen and the provider do, as `cases/` records it."""

    def __init__(self, session: Session, world: World, case: Case) -> None:
        self.session, self.world, self.case = session, world, case
        self.on_the_way: list[str] = []
        self.arrived: list[str] = []

    def say(self, kind: EntryKind, now: datetime, **body: object) -> None:
        append(self.session, self.case, kind, now, body=body)

    def act(self, step: str, now: datetime) -> None:
        session, case = self.session, self.case
        silent_before = self.silent()
        match step:
            case "write" | "thank":
                self.say(EntryKind.citizen_wrote, now, text="…", thanks=step == "thank")
                if step == "write" and case.state == CaseState.closed:
                    self.say(EntryKind.reopened, now, why="citizen wrote")
                    case.state = CaseState.open
                service.restate(session, case, now)
            case "answer" | "saved reply":
                self.on_the_way.append(str(uuid4()))
                self.say(EntryKind.answered, now, message=self.on_the_way[-1], templated=step == "saved reply")
            case "deliver" if self.on_the_way:
                self.arrived.append(self.on_the_way.pop(0))
                self.say(EntryKind.answer_delivered, now, message=self.arrived[-1])
                service.restate(session, case, now)
            case "fail" if self.arrived:
                self.say(EntryKind.answer_failed, now, message=self.arrived.pop(), failure="unreachable")
                service.resume(session, case, ClockKind.first_response, now)
            case "ask":
                self.say(EntryKind.asked, now, message=str(uuid4()))
                service.pause(session, case, ClockKind.resolution, now)
            case "offer" if case.pending_office_id is None:
                target = "FAR" if case.office_id != self.world.offices["FAR"] else "DST"
                case.pending_office_id = self.world.offices[target]
                self.say(EntryKind.transferred, now, to=target)
                service.start(session, case, ClockKind.acceptance, now)
            case "accept" | "refuse" if case.pending_office_id is not None:
                offered = case.pending_office_id
                code = catalogue(session).offices[offered].code
                append(
                    session,
                    case,
                    EntryKind.accepted if step == "accept" else EntryKind.refused,
                    now,
                    office_id=offered,
                    body={"office": code},
                )
                case.office_id = offered if step == "accept" else self.world.offices["TRI"]
                case.pending_office_id = None
                service.move(session, case, now)
            case "triage" if case.pending_office_id is None and case.office_id != self.world.offices["TRI"]:
                self.say(EntryKind.transferred, now, to="TRI")
                case.office_id = self.world.offices["TRI"]
                service.move(session, case, now)
            case "close" if case.state != CaseState.closed:
                self.say(EntryKind.closed, now, outcome="answered")
                case.state = CaseState.closed
                service.end(session, case, ClockKind.resolution, now)
            case "urgent" | "not urgent":
                case.urgency = Urgency.staff if step == "urgent" else None
                self.say(EntryKind.marked_urgent, now, urgency=case.urgency, reason="…")
                before = {clock.id: (clock.started_at, clock.deadline_at) for clock in self.clocks()}
                service.restate(session, case, now)
                for clock in self.clocks():
                    started_at, deadline_at = before[clock.id]
                    assert clock.started_at == started_at, "urgency reset a clock"
                    assert step == "not urgent" or clock.deadline_at <= deadline_at, "urgency gave more time"
            case "correct":
                service.restate(session, case, now)
            case _:
                self.say(EntryKind.noted, now, text="…")
        session.flush()
        if step not in ("deliver", "correct"):
            assert self.silent() >= silent_before, f"{step} ended a silence"

    def clocks(self) -> list[Clock]:
        return list(self.session.exec(select(Clock).where(Clock.case_id == self.case.id)))

    def silent(self) -> int:
        asked = select(Clock).where(Clock.case_id == self.case.id, col(Clock.kind).in_(SILENCES))
        return any(clock.state in LIVE for clock in self.session.exec(asked))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(history=HISTORIES)
def test_stored_clocks_equal_a_replay_after_any_history(
    installation: Installation, world: World, history: list[tuple[str, int]]
) -> None:
    with installation.database.write() as session:
        case = open_case(session, world)
        now = MONDAY
        driver = Driver(session, world, case)
        for step, seconds in history:
            now += timedelta(seconds=seconds)
            service.wake(session, case, now)
            driver.act(step, now)
            as_replayed(session, case, now)
        assert service.restate(session, case, now) == []
        as_replayed(session, case, now)
        assert service.explain(session, case, now)


def test_a_new_case_costs_one_insert_a_table(installation: Installation, world: World) -> None:
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *rest: Any) -> None:
        statements.append(statement.split("(", maxsplit=1)[0].strip())

    with installation.database.write() as session:
        catalogue(session)
        case = Case(
            id=new_id(),
            reference="7777-7777",
            state=CaseState.open,
            channel=Channel.sms,
            language="en",
            text="x",
            office_id=world.offices["DST"],
            routing_method="rule",
            routing_reason="place",
            received_at=MONDAY,
            opened_at=MONDAY,
            updated_at=MONDAY,
        )
        session.add(case)
        sql_event.listen(installation.database.engine, "before_cursor_execute", note)
        service.start(session, case, ClockKind.first_response, MONDAY)
        service.start(session, case, ClockKind.resolution, MONDAY)
        assert statements == []
        session.flush()
        sql_event.remove(installation.database.engine, "before_cursor_execute", note)
        assert sorted(statements) == [
            'INSERT INTO "case"',
            "INSERT INTO case_words",
            "INSERT INTO clock",
            "INSERT INTO rung",
            "INSERT INTO timeline_entry",
        ]


def test_a_start_says_what_it_promises(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        case = new_case(session, world.offices["DST"], MONDAY)
        clock = service.start(session, case, ClockKind.first_response, MONDAY + timedelta(seconds=5), since=MONDAY)
        assert (clock.started_at, clock.target_seconds) == (MONDAY, 15 * 3600)
        assert clock.deadline_at == datetime(2026, 3, 3, 15, 30, tzinfo=UTC)
        assert [step["tell"] for step in clock.rungs] == ["officer", "supervisor", "parent_office", "leadership"]
        session.flush()
        entry = session.exec(select(TimelineEntry).where(TimelineEntry.number == clock.entry)).one()
        assert entry.kind == EntryKind.clock_started
        assert entry.body == {
            "clock": "first_response",
            "target_seconds": 54000,
            "deadline": "2026-03-03T15:30:00+00:00",
            "policy": "Standard",
            "since": "2026-03-02T07:00:00+00:00",
        }
        rung = session.exec(select(Rung)).one()
        assert (rung.number, rung.tell, rung.due_at) == (1, "officer", datetime(2026, 3, 2, 15, 30, tzinfo=UTC))


def test_a_failed_delivery_resumes_the_silence_and_its_ladder(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        case = open_case(session, world)
        driver = Driver(session, world, case)
        driver.act("answer", MONDAY + timedelta(hours=1))
        driver.act("deliver", MONDAY + timedelta(hours=2))
        clock = clock_of(session, case, ClockKind.first_response)
        assert (clock.state, clock.elapsed_seconds, clock.working_seconds) == (ClockState.met, 7200, 7200)
        driver.act("fail", MONDAY + timedelta(hours=3))
        assert (clock.state, clock.ended_at, clock.elapsed_seconds) == (ClockState.running, None, None)
        waiting = session.exec(select(Rung).where(Rung.clock_id == clock.id, Rung.state == RungState.waiting)).one()
        assert waiting.number == 1
        as_replayed(session, case, MONDAY + timedelta(hours=3))


def test_a_move_never_resets_and_goes_on_by_the_new_calendar(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        case = open_case(session, world)
        driver = Driver(session, world, case)
        driver.act("offer", MONDAY + timedelta(hours=1))
        noon = MONDAY + timedelta(hours=4)
        driver.act("accept", noon)
        clock = clock_of(session, case, ClockKind.first_response)
        assert (clock.office_id, clock.worked_seconds) == (world.offices["FAR"], 4 * 3600)
        # eleven hours are left. In Dhaka it is 17:00 and the office has closed: 8 on Tuesday, 3 on Wednesday
        assert clock.deadline_at == datetime(2026, 3, 4, 6, tzinfo=UTC)
        acceptance = clock_of(session, case, ClockKind.acceptance)
        assert (acceptance.state, acceptance.working_seconds) == (ClockState.met, 3 * 3600)


def test_a_corrected_calendar_restates_what_is_due(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        case = open_case(session, world)
        from domain.catalogue import forget, touch
        from domain.policy import Calendar

        row = session.exec(select(Calendar).where(Calendar.name == "a: home")).one()
        row.days = {"2026-03-03": []}
        touch(session)
        session.flush()
        forget()
        changed = service.restate(session, case, MONDAY + timedelta(hours=1))
        assert changed[0] == ("first_response is due 2026-03-04T15:30:00+00:00 instead of 2026-03-03T15:30:00+00:00")
        as_replayed(session, case, MONDAY + timedelta(hours=1))


def test_the_figures_explain_themselves(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        case = open_case(session, world)
        driver = Driver(session, world, case)
        driver.act("answer", MONDAY + timedelta(hours=1))
        driver.act("deliver", MONDAY + timedelta(hours=5))
        lines = service.explain(session, case, MONDAY + timedelta(hours=6))
        assert lines[0] == (
            "2026-03-02 08:00 First response: starts at DST, as the citizen's message was received; Standard gives it "
            "15 h 00 min of working time, which is until 2026-03-03 16:30."
        )
        assert (
            "2026-03-02 13:00 First response: ends within the target, as a human answer reached the citizen; the "
            "citizen waited 5 h 00 min, 4 h 00 min of them working time."
        ) in lines
