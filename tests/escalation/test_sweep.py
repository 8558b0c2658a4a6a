"""The ladder in the database: who is told, once, under any number of workers."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from core.ids import new_id
from domain import catalogue
from domain.case import Case
from domain.clock import Clock, Notice, Rung
from domain.staff import Staff
from domain.states import CaseState, ClockKind, ClockState, EntryKind, RungState
from domain.timeline import TimelineEntry, append, faults
from escalation import service
from escalation.sweep import sweep
from tests.conftest import Installation
from tests.escalation.world import World, build, new_case

MONDAY = datetime(2026, 3, 2, 7, tzinfo=UTC)  # 08:00 in Tirana
HALF, MOST, ALL, TWICE = (
    datetime(2026, 3, 2, 15, 30, tzinfo=UTC),
    datetime(2026, 3, 3, 12, 30, tzinfo=UTC),
    datetime(2026, 3, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 3, 5, 15, 30, tzinfo=UTC),
)
RUNGS = (HALF, MOST, ALL, TWICE)


@pytest.fixture
def world(installation: Installation) -> World:
    with installation.database.write() as session:
        return build(session)


def silent_case(installation: Installation, world: World, office: str = "DST", **changes: Any) -> Case:
    """A case whose first response clock started on Monday at 08:00."""
    with installation.database.write() as session:
        case = new_case(session, world.offices[office], MONDAY, **changes)
        service.start(session, case, ClockKind.first_response, MONDAY)
    return case


def escalations(session: Session, case: Case) -> list[dict[str, Any]]:
    asked = select(TimelineEntry).where(TimelineEntry.case_id == case.id, TimelineEntry.kind == EntryKind.escalated)
    return [entry.body for entry in session.exec(asked.order_by(col(TimelineEntry.number)))]


def told(installation: Installation, world: World, case: Case) -> list[set[str]]:
    with installation.database.read() as session:
        rows = escalations(session, case)
        sent = {
            (str(notice.staff_id), notice.dedupe_key.rsplit(":", 1)[1])
            for notice in session.exec(select(Notice).where(Notice.case_id == case.id))
        }
        assert sent == {(staff, str(row["rung"])) for row in rows for staff in row["told"]}
        kept = session.get(Case, case.id)
        assert kept is not None
        chain = session.exec(
            select(TimelineEntry).where(TimelineEntry.case_id == case.id).order_by(col(TimelineEntry.number))
        )
        assert faults(kept, chain) == []
        return [world.names(row["told"]) for row in rows]


def test_climbs_rung_by_rung_and_no_further(installation: Installation, world: World) -> None:
    case = silent_case(installation, world)
    climbed = []
    for moment in RUNGS:
        assert sweep(moment - timedelta(seconds=1)) == 0
        climbed.append(sweep(moment))
        assert sweep(moment) == 0
    assert climbed == [1, 1, 1, 1]
    assert sweep(TWICE + timedelta(days=900)) == 0
    assert told(installation, world, case) == [{"olga", "omar"}, {"sara"}, {"rami"}, {"lena"}]
    with installation.database.read() as session:
        notice = session.exec(select(Notice).where(Notice.staff_id == world.staff["sara"])).one()
        assert notice.text == (
            f"{case.reference}: the citizen still waits for a first answer, 80% of the time is gone. Due 3 Mar, 16:30."
        )


def test_a_long_stop_is_caught_up_in_order(installation: Installation, world: World) -> None:
    case = silent_case(installation, world)
    later = TWICE + timedelta(days=30)
    assert [sweep(later) for _ in range(5)] == [1, 1, 1, 1, 0]
    with installation.database.read() as session:
        assert [row["rung"] for row in escalations(session, case)] == [1, 2, 3, 4]


def test_a_clock_set_back_fires_nothing_twice(installation: Installation, world: World) -> None:
    case = silent_case(installation, world)
    assert sweep(HALF) == 1
    assert sweep(MONDAY) == 0
    assert sweep(HALF) == 0
    assert told(installation, world, case) == [{"olga", "omar"}]


def test_the_assignee_is_told_alone(installation: Installation, world: World) -> None:
    case = silent_case(installation, world, assignee_id=world.staff["omar"])
    sweep(HALF)
    assert told(installation, world, case) == [{"omar"}]


def test_an_empty_rung_goes_to_the_next_one_up_and_says_so(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        for name in ("olga", "omar", "sara", "rami"):
            person = session.get(Staff, world.staff[name])
            assert person is not None
            person.active = False
    case = silent_case(installation, world)
    for moment in RUNGS:
        sweep(moment)
    assert told(installation, world, case) == [{"hana"}, {"hana"}, {"nora"}, {"lena"}]
    with installation.database.read() as session:
        first, second, third, fourth = escalations(session, case)
    assert first["skipped"] == ["officer", "supervisor"]
    assert (first["tell"], first["reached"]) == ("officer", "head")
    assert second["skipped"] == ["supervisor"]
    assert third["skipped"] == ["parent_office:REG"]
    assert fourth["skipped"] == []


def test_nobody_left_is_said_and_not_hidden(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        for person in session.exec(select(Staff)):
            person.active = False
    case = silent_case(installation, world)
    assert sweep(HALF) == 1
    with installation.database.read() as session:
        (entry,) = escalations(session, case)
    assert (entry["told"], entry["reached"]) == ([], "nobody")
    assert entry["skipped"] == [
        "officer",
        "supervisor",
        "head",
        "parent_office:REG",
        "parent_office:NAT",
        "leadership",
    ]


def test_never_somebody_the_case_is_about(installation: Installation, world: World) -> None:
    case = silent_case(installation, world, about_staff_id=world.staff["sara"], assignee_id=world.staff["olga"])
    for moment in RUNGS:
        sweep(moment)
    assert told(installation, world, case) == [{"olga"}, {"hana"}, {"rami"}, {"lena"}]


def test_never_the_office_it_is_about_nor_its_chain(installation: Installation, world: World) -> None:
    case = silent_case(installation, world, about_office_id=world.offices["REG"])
    for moment in RUNGS:
        sweep(moment)
    # the district below the accused office still works on it; everybody who answers for the region is shut out
    assert told(installation, world, case) == [{"olga", "omar"}, {"sara"}, set(), set()]


def test_an_accused_assignee_is_passed_over(installation: Installation, world: World) -> None:
    case = silent_case(installation, world, assignee_id=world.staff["olga"], about_staff_id=world.staff["olga"])
    sweep(HALF)
    assert told(installation, world, case) == [{"omar"}]


def test_an_integrity_case_stays_inside_the_integrity_office(installation: Installation, world: World) -> None:
    case = silent_case(installation, world, "INT", integrity=True, about_office_id=world.offices["DST"])
    for moment in RUNGS:
        sweep(moment)
    assert told(installation, world, case) == [{"ines", "igor"}, {"igor"}, {"igor"}, {"igor"}]


def test_an_integrity_case_without_a_head_goes_to_all_of_its_staff(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        igor = session.get(Staff, world.staff["igor"])
        assert igor is not None
        igor.active = False
    case = silent_case(installation, world, "INT", integrity=True)
    for moment in RUNGS:
        sweep(moment)
    assert told(installation, world, case) == [{"ines"}] * 4


def test_the_triage_desk_is_told_of_its_own(installation: Installation, world: World) -> None:
    case = silent_case(installation, world, "TRI", state=CaseState.triage)
    sweep(HALF)
    assert told(installation, world, case) == [{"tara"}]


def test_a_clock_that_stopped_voids_its_rung(installation: Installation, world: World) -> None:
    case = silent_case(installation, world)
    with installation.database.write() as session:
        clock = session.exec(select(Clock).where(Clock.case_id == case.id)).one()
        clock.state = ClockState.met  # without taking the ladder down, as a crash between two programs would leave it
    assert sweep(HALF) == 1
    assert sweep(HALF) == 0
    with installation.database.read() as session:
        assert session.exec(select(Rung.state)).all() == [RungState.void]
    assert told(installation, world, case) == []


def test_two_clocks_of_one_case_climb_in_one_batch(installation: Installation, world: World) -> None:
    case = silent_case(installation, world)
    with installation.database.write() as session:
        kept = session.get(Case, case.id)
        assert kept is not None
        service.start(session, kept, ClockKind.acceptance, MONDAY)
    assert sweep(HALF) == 2
    assert len(told(installation, world, case)) == 2
    with installation.database.read() as session:
        assert {row["clock"] for row in escalations(session, case)} == {"first_response", "acceptance"}


def test_a_rung_that_cannot_climb_does_not_hold_up_the_others(installation: Installation, world: World) -> None:
    cases = [silent_case(installation, world) for _ in range(3)]
    with installation.database.write() as session:
        broken = session.exec(select(Rung).where(Rung.case_id == cases[1].id)).one()
        broken.tell = "mayor"
    assert sweep(HALF) == 2
    assert [len(told(installation, world, case)) for case in cases] == [1, 0, 1]
    with installation.database.read() as session:
        kept = session.get(Rung, broken.id)
        assert kept is not None
        assert (kept.state, kept.attempts) == (RungState.waiting, 1)
        assert kept.last_error == "KeyError: 'mayor'"
        assert kept.leased_until is not None
        assert kept.leased_until > HALF
    assert sweep(HALF + timedelta(seconds=1)) == 0  # it backs off
    with installation.database.write() as session:
        kept = session.get(Rung, broken.id)
        assert kept is not None
        kept.tell = "officer"
    assert sweep(HALF + timedelta(minutes=1)) == 1
    assert told(installation, world, cases[1]) == [{"olga", "omar"}]


def test_a_worker_that_died_after_its_claim_is_replaced(installation: Installation, world: World) -> None:
    case = silent_case(installation, world)
    with installation.database.write() as session:
        rung = session.exec(select(Rung)).one()
        rung.leased_until = HALF + timedelta(seconds=60)
    assert sweep(HALF) == 0
    assert sweep(HALF + timedelta(seconds=60)) == 1
    assert told(installation, world, case) == [{"olga", "omar"}]


def test_a_case_somebody_works_on_is_left_for_later(installation: Installation, world: World) -> None:
    if installation.is_sqlite:
        pytest.skip("SQLite has one writer: the sweep waits for it")
    busy, free = silent_case(installation, world), silent_case(installation, world)
    with installation.database.write() as session:
        session.exec(select(Case).where(Case.id == busy.id).with_for_update()).one()
        assert sweep(HALF) == 1
    assert told(installation, world, busy) == []
    assert told(installation, world, free) == [{"olga", "omar"}]
    assert sweep(HALF + timedelta(minutes=2)) == 1
    assert told(installation, world, busy) == [{"olga", "omar"}]


def test_a_question_that_expires_opens_the_case_again(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        case = new_case(session, world.offices["DST"], MONDAY)
        service.start(session, case, ClockKind.resolution, MONDAY)
        append(session, case, EntryKind.asked, MONDAY, body={"text": "Which bridge?", "message": "m"})
        case.state = CaseState.waiting
        service.pause(session, case, ClockKind.resolution, MONDAY)
    assert sweep(MONDAY + timedelta(days=3, seconds=-1)) == 0
    assert sweep(MONDAY + timedelta(days=3, hours=2)) == 1
    with installation.database.read() as session:
        kept = session.get(Case, case.id)
        clock = session.exec(select(Clock)).one()
        assert kept is not None
        assert kept.state == CaseState.open
        assert (clock.state, clock.counted_from) == (ClockState.running, MONDAY + timedelta(days=3))
        assert clock.deadline_at == datetime(2026, 3, 18, 15, 30, tzinfo=UTC)  # ten working days after Thursday 08:00
        waiting = session.exec(select(Rung).where(Rung.state == RungState.waiting)).one()
        assert (waiting.number, waiting.due_at) == (1, datetime(2026, 3, 11, 15, 30, tzinfo=UTC))


@pytest.mark.parametrize("limit", [1, 7, 500])
def test_exactly_once_with_eight_threads(installation: Installation, world: World, limit: int) -> None:
    amount = 60
    with installation.database.write() as session:
        cases = [new_case(session, world.offices["DST"], MONDAY) for _ in range(amount)]
        for case in cases:
            service.start(session, case, ClockKind.first_response, MONDAY)
    settled: list[int] = []
    failed: list[BaseException] = []
    together = threading.Barrier(8)
    later = TWICE + timedelta(days=1)

    def work() -> None:
        try:
            together.wait()
            quiet = 0
            while quiet < 3:
                done = sweep(later, limit)
                settled.append(done)
                quiet = 0 if done else quiet + 1
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # a case held by another worker at that instant keeps its lease for a minute; nothing else may be left over
    while done := sweep(later + timedelta(minutes=2), limit):
        settled.append(done)
    assert failed == []
    assert sum(settled) == amount * 4
    with installation.database.read() as session:
        entries = session.exec(
            select(TimelineEntry.case_id, TimelineEntry.body).where(TimelineEntry.kind == EntryKind.escalated)
        ).all()
        climbs = sorted((str(case_id), body["rung"]) for case_id, body in entries)
        assert climbs == sorted((str(case.id), number) for case in cases for number in (1, 2, 3, 4))
        assert set(session.exec(select(Rung.state))) == {RungState.climbed}
        assert len(session.exec(select(Notice.id)).all()) == amount * 5
        for case in session.exec(select(Case)):
            chain = session.exec(
                select(TimelineEntry).where(TimelineEntry.case_id == case.id).order_by(col(TimelineEntry.number))
            )
            assert faults(case, chain) == []


def test_an_empty_sweep_writes_nothing(installation: Installation) -> None:
    catalogue.forget()
    assert sweep(MONDAY) == 0
    assert new_id()
