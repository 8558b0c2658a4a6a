"""A corrected calendar or policy: what the preview says is what the job does, once, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from domain.case import Case
from domain.catalogue import Catalogue, catalogue, touch
from domain.clock import Clock, Rung
from domain.policy import Calendar, Correction, CorrectionState, Policy
from domain.states import ClockKind, ClockState, EntryKind, RungState, Urgency
from domain.timeline import TimelineEntry, append, faults
from domain.visibility import Viewer, viewer_of
from escalation import recount, service
from escalation.recount import Scope
from escalation.sweep import sweep
from tests.conftest import Installation
from tests.escalation.test_service import as_replayed
from tests.escalation.world import World, build, new_case

MONDAY = datetime(2026, 3, 2, 7, tzinfo=UTC)  # 08:00 in Tirana; 15 working hours end on Tuesday at 16:30
TUESDAY = date(2026, 3, 3)
LATER = MONDAY + timedelta(hours=3)
DEADLINE, A_DAY_ON = datetime(2026, 3, 3, 15, 30, tzinfo=UTC), datetime(2026, 3, 4, 15, 30, tzinfo=UTC)


@pytest.fixture
def world(installation: Installation) -> World:
    with installation.database.write() as session:
        return build(session)


def opened(session: Session, world: World, office: str = "DST", at: datetime = MONDAY, **values: Any) -> Case:
    case = new_case(session, world.offices[office], at, **values)
    append(session, case, EntryKind.routed, at, body={"office": office, "service": None})
    service.start(session, case, ClockKind.first_response, at)
    return case


def answered(session: Session, case: Case, at: datetime) -> None:
    message = str(uuid4())
    append(session, case, EntryKind.answered, at, body={"message": message})
    append(session, case, EntryKind.answer_delivered, at, body={"message": message})
    service.restate(session, case, at)


def boss(known: Catalogue, world: World, name: str = "lena", role: str = "leadership") -> Viewer:
    from domain.states import Role

    return viewer_of(known, world.staff[name], name, frozenset({(Role(role), world.offices["NAT"])}))


def with_holiday(known: Catalogue) -> Catalogue:
    """Tuesday is a holiday after all."""
    changed = {
        one.id: Calendar(**{**one.model_dump(), "days": {TUESDAY.isoformat(): []}}) if one.name == "a: home" else one
        for one in known.calendars.values()
    }
    return replace(known, calendars=changed)


def scope(world: World, since: datetime | None = datetime(2026, 3, 2, 23, tzinfo=UTC)) -> Scope:
    return Scope(frozenset(id_ for code, id_ in world.offices.items() if code != "FAR"), since)


def correct(session: Session, world: World, change: Callable[[Session], None], now: datetime, since: Any = ...) -> None:
    change(session)
    touch(session)
    session.flush()
    wanted = scope(world) if since is ... else scope(world, since)
    who = boss(catalogue(session), world)
    recount.ask(session, who, "calendar", uuid4(), "Home", ["3 March is a holiday."], wanted, now)


def holiday(session: Session) -> None:
    row = session.exec(select(Calendar).where(Calendar.name == "a: home")).one()
    row.days = {TUESDAY.isoformat(): []}


def drain(now: datetime, limit: int = 50) -> int:
    done = 0
    while counted := recount.correct_due(now, limit):
        done += counted
    return done


def recounted(session: Session, case: Case) -> list[TimelineEntry]:
    asked = select(TimelineEntry).where(TimelineEntry.case_id == case.id, TimelineEntry.kind == EntryKind.recounted)
    return list(session.exec(asked))


def clock_of(session: Session, case: Case) -> Clock:
    return session.exec(select(Clock).where(Clock.case_id == case.id)).one()


def test_the_preview_says_what_the_job_then_does_and_writes_nothing(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        cases = [opened(session, world) for _ in range(3)]
        opened(session, world, "FAR")
    with installation.database.read() as session:
        known = catalogue(session)
        seen = recount.preview(session, boss(known, world), with_holiday(known), scope(world), LATER)
    assert (seen.total, seen.n, seen.moved, seen.seconds) == (3, 3, 3, (86400,) * 3)
    assert (seen.became_late, seen.no_longer_late, seen.ended) == (0, 0, 0)
    assert {line.reference for line in seen.most} == {case.reference for case in cases}
    assert (seen.most[0].shift.before, seen.most[0].shift.after) == (DEADLINE, A_DAY_ON)
    with installation.database.write() as session:
        assert all(clock_of(session, case).deadline_at == DEADLINE for case in cases)
        correct(session, world, holiday, LATER)
    assert drain(LATER) == 0, "not before every process has let go of the old calendar"
    assert drain(LATER + timedelta(seconds=5)) >= 3
    with installation.database.read() as session:
        for case in cases:
            assert clock_of(session, case).deadline_at == A_DAY_ON
            (entry,) = recounted(session, case)
            assert entry.public
            assert entry.body["why"] == ["3 March is a holiday."]
            assert entry.body["clocks"] == [
                {"clock": "first_response", "before": DEADLINE.isoformat(), "after": A_DAY_ON.isoformat()}
            ]
            as_replayed(session, session.get_one(Case, case.id), LATER)
        row = session.exec(select(Correction)).one()
        assert (row.state, row.looked_at, row.moved) == (CorrectionState.done, 3, 3)
    assert drain(LATER + timedelta(hours=1)) == 0


def test_a_worker_that_dies_in_the_middle_is_followed_by_one_that_goes_on(
    installation: Installation, world: World
) -> None:
    with installation.database.write() as session:
        cases = [opened(session, world) for _ in range(5)]
        correct(session, world, holiday, LATER)
    now = LATER + timedelta(seconds=5)
    assert recount.correct_due(now, 2) == 2
    with installation.database.write() as session:
        row = session.exec(select(Correction)).one()
        row.attempts, row.leased_until = 1, now + recount.LEASE  # claimed by one that dies
        row_id = row.id
    with Session(installation.database.engine) as killed:  # before its commit
        assert recount.count_batch(killed, row_id, 1, now, 2) == 2
        killed.flush()
        killed.rollback()
    assert recount.correct_due(now, 2) == 0, "the lease of the dead one holds"
    with installation.database.write() as session:
        assert recount.count_batch(session, row_id, 7, now, 2) == 0, "who lost the row does nothing"
    assert drain(now + recount.LEASE, 2) >= 3
    with installation.database.read() as session:
        assert [len(recounted(session, case)) for case in cases] == [1] * 5
        assert session.exec(select(Correction)).one().looked_at == 5
        for case in session.exec(select(Case)):
            entries = select(TimelineEntry).where(TimelineEntry.case_id == case.id).order_by(col(TimelineEntry.number))
            assert faults(case, session.exec(entries)) == []


def test_a_holiday_judges_what_has_ended_a_policy_does_not(installation: Installation, world: World) -> None:
    wednesday = datetime(2026, 3, 4, 9, tzinfo=UTC)  # 17 working hours later, two too many; 9.5 without Tuesday
    with installation.database.write() as session:
        case = opened(session, world)
        answered(session, case, wednesday)
        early = opened(session, world)
        answered(session, early, LATER)
        assert clock_of(session, case).state == ClockState.missed
        correct(session, world, holiday, wednesday)
    assert drain(wednesday + timedelta(seconds=5)) >= 1
    with installation.database.write() as session:
        clock = clock_of(session, case)
        assert (clock.state, clock.working_seconds, clock.elapsed_seconds) == (ClockState.met, 9.5 * 3600, 50 * 3600)
        (entry,) = recounted(session, case)
        assert not entry.public
        changes = entry.body["clocks"]
        assert isinstance(changes, list)
        assert [(one["was"], one["is"]) for one in changes] == [("missed", "met")]
        assert recounted(session, early) == [], "it had ended before the holiday"

        def short(session: Session) -> None:
            old = session.exec(select(Policy)).one()
            entered = wednesday + timedelta(seconds=1)
            old.valid_to, old.end_entered_at = MONDAY.date(), entered
            session.add(
                Policy(
                    name="Stricter", targets={"first_response": 1.0}, ladder=AGES[:1], valid_from=MONDAY.date(),
                    entered_at=entered, rungs_from=1000,
                )
            )  # fmt: skip

        going = opened(session, world)
        correct(session, world, short, wednesday, None)
    assert drain(wednesday + timedelta(seconds=5)) >= 1
    with installation.database.write() as session:
        assert clock_of(session, case).state == ClockState.met
        assert clock_of(session, going).target_seconds == 3600
        for one in (case, early, going):
            kept = session.get_one(Case, one.id)
            assert service.restate(session, kept, wednesday + timedelta(minutes=1)) == []
            as_replayed(session, kept, wednesday + timedelta(minutes=1))


def test_climbed_rungs_stay_and_the_next_ones_move(installation: Installation, world: World) -> None:
    half = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
    with installation.database.write() as session:
        case = opened(session, world)
    assert sweep(half) == 1
    with installation.database.write() as session:
        correct(session, world, holiday, half)
    drain(half + timedelta(seconds=5))
    with installation.database.read() as session:
        rungs = session.exec(select(Rung).order_by(col(Rung.number))).all()
        assert [(rung.number, rung.state, rung.due_at) for rung in rungs] == [
            (1, RungState.climbed, half),
            (2, RungState.waiting, datetime(2026, 3, 4, 12, 30, tzinfo=UTC)),
        ]
    assert sweep(datetime(2026, 3, 3, 12, 30, tzinfo=UTC)) == 0
    assert sweep(datetime(2026, 3, 4, 12, 30, tzinfo=UTC)) == 1

    def ladder(session: Session) -> None:
        old = session.exec(select(Policy)).one()
        old.valid_to, old.end_entered_at = MONDAY.date(), half
        steps: list[dict[str, object]] = [
            {"share": 0.3, "tell": "officer"}, {"share": 0.9, "tell": "officer"}, {"share": 0.95, "tell": "head"},
        ]  # fmt: skip
        session.add(
            Policy(
                name="Another ladder", targets=dict(old.targets), ladder=steps, valid_from=MONDAY.date(),
                entered_at=half, rungs_from=1000,
            )
        )  # fmt: skip

    now = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
    with installation.database.write() as session:
        correct(session, world, ladder, now, None)
    drain(now + timedelta(seconds=5))
    with installation.database.read() as session:
        waiting = session.exec(select(Rung).where(Rung.state == RungState.waiting)).all()
        # the officer's first step had been told as high under the old ladder; the second came later, and is told now
        assert [(rung.number, rung.tell, rung.due_at) for rung in waiting] == [
            (1002, "officer", datetime(2026, 3, 4, 14, 0, tzinfo=UTC))
        ]
        kept = session.get_one(Case, case.id)
        assert clock_of(session, kept).policy_id is not None


def test_what_an_asker_may_not_see_is_recounted_and_neither_counted_nor_named(
    installation: Installation, world: World
) -> None:
    with installation.database.write() as session:
        hidden = opened(session, world, "INT", integrity=True, about_office_id=world.offices["DST"])
        other = opened(session, world)
        known = catalogue(session)
        admin = viewer_of(known, world.staff["adam"], "adam", frozenset())
        for who, named in ((boss(known, world), {other.reference}), (admin, set())):
            seen = recount.preview(session, who, with_holiday(known), scope(world), LATER)
            assert (seen.total, seen.moved, {line.reference for line in seen.most}) == (1, 1, named)
        correct(session, world, holiday, LATER)
    drain(LATER + timedelta(seconds=5))
    with installation.database.read() as session:
        assert clock_of(session, hidden).deadline_at == A_DAY_ON
        assert session.exec(select(Correction)).one().looked_at == 1


AGES: list[dict[str, object]] = [
    {"share": 1.0, "tell": "head"},
    {"hours": 24, "of": "elapsed", "tell": "supervisor", "by": ["sms"]},
    {"hours": 10, "of": "working", "tell": "officer"},
]


def test_ages_stand_beside_shares_and_elapsed_ones_do_not_move_with_the_calendar(installation: Installation) -> None:
    with installation.database.write() as session:
        world = build(session, ladder=AGES)
        case = opened(session, world)
        ten, day = datetime(2026, 3, 3, 9, 30, tzinfo=UTC), MONDAY + timedelta(hours=24)
        assert clock_of(session, case).rungs == [
            {"number": 1, "tell": "officer", "after": 36000, "at": ten.isoformat()},
            {"number": 2, "tell": "head", "after": 54000, "at": DEADLINE.isoformat()},
            {"number": 3, "tell": "supervisor", "age": 86400, "at": day.isoformat(), "by": ["sms"]},
        ]
        correct(session, world, holiday, LATER)
    drain(LATER + timedelta(seconds=5))
    assert sweep(day) == 1
    assert sweep(datetime(2026, 3, 4, 9, 29, tzinfo=UTC)) == 0
    assert sweep(datetime(2026, 3, 4, 9, 30, tzinfo=UTC)) == 1
    assert sweep(A_DAY_ON) == 1
    with installation.database.read() as session:
        told = session.exec(select(Rung).order_by(col(Rung.climbed_at))).all()
        assert [(rung.number, rung.tell) for rung in told] == [(3, "supervisor"), (1, "officer"), (2, "head")]
        entries = session.exec(select(TimelineEntry).where(TimelineEntry.kind == EntryKind.escalated)).all()
        assert {entry.body["reached"] for entry in entries} == {"supervisor", "officer", "head"}


def test_an_age_does_not_count_what_the_citizen_took(installation: Installation) -> None:
    with installation.database.write() as session:
        world = build(session, ladder=AGES)
        case = opened(session, world)
        clock = service.start(session, case, ClockKind.resolution, MONDAY)
        append(session, case, EntryKind.asked, LATER, body={"message": "m"})
        service.pause(session, case, ClockKind.resolution, LATER)
        back = LATER + timedelta(hours=5)
        append(session, case, EntryKind.citizen_wrote, back, body={"text": "…"})
        service.unpause(session, case, ClockKind.resolution, back)
        session.flush()
        (elapsed,) = [rung for rung in clock.rungs if "age" in rung]
        assert elapsed["at"] == (MONDAY + timedelta(hours=29)).isoformat()
        assert service.restate(session, case, back) == []
        waiting = select(Rung.number).where(Rung.clock_id == clock.id, Rung.state == RungState.waiting)
        assert sorted(session.exec(waiting)) == [1, 3], "a ladder of each measure"
        case.urgency = Urgency.staff
        append(session, case, EntryKind.marked_urgent, back, body={"urgency": "staff", "reason": "…"})
        service.restate(session, case, back)
        (elapsed,) = [rung for rung in clock.rungs if "age" in rung]
        # a quarter of 24 hours from now on, the 3 hours before the question counted already
        assert elapsed["at"] == (back + timedelta(hours=6)).isoformat()
