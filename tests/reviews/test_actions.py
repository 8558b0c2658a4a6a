"""Actions: settled with a reason, never quietly; and the ladder of those that are not done by their day."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import col, select

from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.settings import settings
from domain.case import Case
from domain.catalogue import forget, touch
from domain.clock import Notice
from domain.policy import Calendar
from domain.reach import Matter, StaffMessage
from domain.review import Action, ActionAct, ActionEntry, ActionRung
from domain.states import Role, RungState
from escalation.calendar import WorkingCalendar
from reviews import action_ladder, actions, climbing, meeting
from reviews.agenda import carried_over
from tests.conftest import Installation
from tests.reports.world import DAY, NOW, World, build

WEEK = date(2026, 11, 16)
FRIDAY = date(2026, 11, 27)
"""The day the actions are due; NOW is the Monday before."""


def office_hours(world: World) -> None:
    """Offices open from Monday to Friday at nine, and not on the Monday after FRIDAY."""
    calendar = Calendar(
        name="Week",
        time_zone="Europe/Tirane",
        week={str(day): [["09:00", "16:00"]] for day in range(5)},
        days={"2026-11-30": []},
    )
    world.session.add(calendar)
    world.session.flush()
    world.offices["MIN"].calendar_id = calendar.id
    touch(world.session)
    world.session.flush()
    forget()


@pytest.fixture
def world(installation: Installation) -> Iterator[World]:
    with installation.database.write() as session:
        made = build(session)
        made.person("top_head", (Role.head, "MIN"))
        office_hours(made)
        yield made


def promise(world: World, owner: str = "north_officer", case: Case | None = None, due: date = FRIDAY) -> Action:
    who = world.who("north_head")
    review = meeting.open_review(world.session, who, world.offices["NORTH"].id, WEEK, NOW)
    return meeting.add_action(
        world.session,
        who,
        review.id,
        "Hand over a key",
        world.staff[owner].id,
        due,
        NOW,
        case_id=case.id if case else None,
    )


def at(day: str, hour: int = 9) -> datetime:
    """An hour in Tirana in winter, in UTC."""
    return datetime.fromisoformat(f"{day}T{hour:02}:00").replace(tzinfo=UTC) - timedelta(hours=1)


def climb(world: World, now: datetime) -> list[str]:
    """Let the rungs climb that are due in the open transaction; where they came to."""
    due = world.session.exec(
        select(ActionRung).where(ActionRung.state == RungState.waiting, col(ActionRung.due_at) <= now)
    ).all()
    for rung in due:
        climbing.climb(world.session, rung.id, now)
    world.session.flush()
    return [rung.reached for rung in due]


def entries(world: World, action: Action) -> list[tuple[ActionAct, str, str, str]]:
    rows = world.session.exec(
        select(ActionEntry).where(ActionEntry.action_id == action.id).order_by(col(ActionEntry.at), col(ActionEntry.id))
    ).all()
    return [(row.act, row.note, row.before, row.after) for row in rows]


def test_done_and_given_up_want_a_note_and_leave_the_next_agenda(world: World) -> None:
    session, who = world.session, world.who("north_officer")
    done, dropped = promise(world), promise(world, due=date(2026, 12, 1))
    for act in (actions.finish, actions.drop):
        for note in ("", "  \n", "x" * 501):
            with pytest.raises(BadInput) as wrong:
                act(session, who, done.id, note, NOW)
            assert set(wrong.value.fields) <= {"done_note", "why"}
    actions.finish(session, who, done.id, "The key hangs at the desk", NOW)
    actions.drop(session, who, dropped.id, "The house is sold", NOW)
    office = world.offices["NORTH"].id
    assert carried_over(session, world.who("north_head"), office, WEEK + timedelta(weeks=1), NOW + DAY) == ()
    assert entries(world, dropped) == [(ActionAct.dropped, "The house is sold", "", "")]
    with pytest.raises(Conflict):
        actions.finish(session, who, dropped.id, "Done after all", NOW)
    with pytest.raises(Conflict):
        actions.move(session, who, done.id, date(2026, 12, 4), "Later", NOW)
    actions.take_back(session, who, dropped.id, NOW + DAY)
    head = world.who("north_head")
    assert [line.id for line in carried_over(session, head, office, WEEK + timedelta(weeks=1), NOW + DAY)] == [
        dropped.id
    ]
    assert dropped.done_note is None
    assert entries(world, dropped)[-1] == (ActionAct.taken_back, "", "The house is sold", "")


def test_settling_twice_writes_once(world: World) -> None:
    action = promise(world)
    for minutes in (0, 1):
        actions.finish(world.session, world.who("north_officer"), action.id, "There", NOW + timedelta(minutes=minutes))
    assert action.done_at == NOW
    assert len(entries(world, action)) == 1


def test_a_new_day_has_a_reason_and_is_counted(world: World) -> None:
    session, who = world.session, world.who("north_officer")
    action = promise(world)
    for due, why, field in (
        (None, "Waiting", "due_on"),
        (NOW.date() - DAY, "Waiting", "due_on"),
        (FRIDAY, "Waiting", "due_on"),
        (FRIDAY + timedelta(days=400), "Waiting", "due_on"),
        (date(2026, 12, 4), " ", "why"),
    ):
        with pytest.raises(BadInput) as wrong:
            actions.move(session, who, action.id, due, why, NOW)
        assert set(wrong.value.fields) == {field}
    actions.move(session, who, action.id, date(2026, 12, 4), "The locksmith is ill", NOW)
    assert (action.moves, action.due_on) == (1, date(2026, 12, 4))
    assert entries(world, action) == [(ActionAct.moved, "The locksmith is ill", "2026-11-27", "2026-12-04")]
    # once its day has passed its owner cannot move it on: the head can
    late = at("2026-12-07")
    with pytest.raises(NotAllowed):
        actions.move(session, who, action.id, date(2026, 12, 20), "Still ill", late)
    actions.move(session, world.who("north_head"), action.id, date(2026, 12, 20), "Still ill", late)
    assert action.moves == 2


def test_who_holds_the_review_gives_it_to_somebody_else(world: World) -> None:
    session, action = world.session, promise(world)
    head = world.who("north_head")
    with pytest.raises(NotAllowed):
        actions.hand_over(session, world.who("north_officer"), action.id, world.staff["north_head"].id, "Not mine", NOW)
    for owner in (None, world.staff["north_officer"].id, world.staff["south_head"].id):
        with pytest.raises(BadInput) as wrong:
            actions.hand_over(session, head, action.id, owner, "On leave", NOW)
        assert set(wrong.value.fields) == {"owner"}
    actions.hand_over(session, head, action.id, head.staff_id, "On leave", NOW)
    assert entries(world, action) == [(ActionAct.handed_over, "On leave", "North_Officer", "North_Head")]


def test_strangers_find_no_action_and_readers_settle_none(world: World) -> None:
    action = promise(world)
    with pytest.raises(NotFound):
        actions.action(world.session, world.who("south_head"), action.id)
    assert actions.action(world.session, world.who("auditor"), action.id).id == action.id
    with pytest.raises(NotAllowed):
        actions.finish(world.session, world.who("auditor"), action.id, "Done", NOW)


def test_whoever_is_shut_out_of_its_case_finds_no_action(world: World) -> None:
    world.person("north_deputy", (Role.supervisor, "NORTH"))
    action = promise(world, case=world.case("NORTH", 2 * DAY, about_staff="north_deputy"))
    with pytest.raises(NotFound):
        actions.action(world.session, world.who("north_deputy"), action.id)
    assert actions.promises(world.session, world.who("north_deputy"), [action]) == []


def test_it_climbs_rung_by_rung_on_working_days_and_each_once(world: World) -> None:
    action = promise(world)
    assert climb(world, at("2026-12-01", 8)) == []  # Monday is a holiday: the first working day is Tuesday
    assert climb(world, at("2026-12-01")) == ["owner"]
    assert climb(world, at("2026-12-01")) == []
    assert climb(world, at("2026-12-02", 15)) == []
    assert climb(world, at("2026-12-03")) == ["head"]
    assert climb(world, at("2026-12-07")) == ["parent_office:MIN"]
    assert action.raised_to_id == world.offices["MIN"].id
    raised = actions.raised_to(world.session, world.who("minister"), world.offices["MIN"].id, at("2026-12-07", 12))
    assert [(one.action.id, one.climbed) for one in raised] == [(action.id, ("owner", "head", "parent_office:MIN"))]
    assert climb(world, at("2026-12-14")) == ["leadership"]
    assert climb(world, at("2027-06-01")) == []
    told = {
        name: world.session.exec(select(Notice.text).where(Notice.staff_id == person.id)).all()
        for name, person in world.staff.items()
    }
    assert {name for name, texts in told.items() if texts} == {"north_officer", "north_head", "top_head", "minister"}
    assert all(len(texts) <= 1 for texts in told.values())
    assert "Hand over a key" in told["north_officer"][0]
    assert [(act, after) for act, _, _, after in entries(world, action)] == [
        (ActionAct.climbed, "owner"),
        (ActionAct.climbed, "head"),
        (ActionAct.climbed, "parent_office:MIN"),
        (ActionAct.climbed, "leadership"),
    ]


def test_messages_outside_carry_no_words_of_the_action(world: World) -> None:
    action = promise(world)
    climb(world, at("2026-12-01"))
    (message,) = world.session.exec(select(StaffMessage)).all()
    assert (message.about, message.action_id) == (Matter.action, action.id)
    assert action.what not in message.text
    assert message.text.endswith(f"/staff/actions/{action.id}")


def test_nobody_is_skipped_silently(world: World) -> None:
    session = world.session
    world.staff["north_officer"].active = False
    action = promise(world, owner="north_head")
    action.owner_id = world.staff["north_officer"].id
    session.flush()
    assert climb(world, at("2026-12-01")) == ["head"]  # the owner has left
    assert entries(world, action)[-1][1:] == ("North_Head", "owner: nobody is there", "head")
    # in a village the head owns it: the office above is told instead
    small = promise(world, owner="north_head", due=date(2026, 12, 1))
    climb(world, at("2026-12-02"))
    climb(world, at("2026-12-04"))
    last = entries(world, small)[-1]
    assert last[1:] == ("Top_Head", "head: owns it", "parent_office:MIN")


def test_whoever_may_not_see_the_case_is_not_told(world: World) -> None:
    action = promise(world, case=world.case("NORTH", 2 * DAY, about_staff="top_head"))
    for day in ("2026-12-01", "2026-12-03", "2026-12-07"):
        climb(world, at(day))
    assert entries(world, action)[-1][2:] == ("parent_office:MIN: may not see the case", "leadership")
    assert not world.session.exec(select(Notice).where(Notice.staff_id == world.staff["top_head"].id)).all()


def test_moving_the_day_does_not_begin_the_ladder_anew(world: World) -> None:
    action = promise(world)
    climb(world, at("2026-12-01"))
    actions.move(
        world.session, world.who("north_head"), action.id, date(2026, 12, 11), "New locksmith", at("2026-12-02")
    )
    assert climb(world, at("2026-12-11", 15)) == []
    assert climb(world, at("2026-12-16")) == ["head"]
    assert action.moves == 1


def test_settling_stops_the_ladder_and_taking_back_goes_on_with_it(world: World) -> None:
    action, who = promise(world), world.who("north_officer")
    climb(world, at("2026-12-01"))
    actions.finish(world.session, who, action.id, "It is there", at("2026-12-02"))
    assert climb(world, at("2027-01-01")) == []
    actions.take_back(world.session, who, action.id, at("2027-01-01"))
    assert climb(world, at("2027-01-04")) == ["head"]


def test_who_is_told_late_has_time_before_the_next_is_told(world: World) -> None:
    """The worker stood still for a month, or the action is older than the ladder."""
    promise(world)
    assert climb(world, at("2027-01-04")) == ["owner"]
    assert climb(world, at("2027-01-04", 15)) == []
    assert climb(world, at("2027-01-06")) == ["head"]


def test_sweeping_at_once_climbs_once_and_arms_strays(installation: Installation) -> None:
    with installation.database.write() as session:
        world = build(session)
        office_hours(world)
        action = promise(world)
        for rung in session.exec(select(ActionRung)).all():
            session.delete(rung)
        action_id = action.id
    now = at("2026-12-01")
    barrier = threading.Barrier(4)
    done: list[int] = []

    def work() -> None:
        barrier.wait()
        done.append(climbing.sweep(now))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(done) == 1
    with installation.database.read() as session:
        rungs = session.exec(select(ActionRung).order_by(col(ActionRung.number))).all()
        assert [(rung.number, rung.state) for rung in rungs] == [(1, RungState.climbed), (2, RungState.waiting)]
        assert len(session.exec(select(ActionEntry).where(ActionEntry.action_id == action_id)).all()) == 1
        assert len(session.exec(select(Notice)).all()) == 1


def test_ones_own_actions_come_by_day_and_settled_ones_last(world: World) -> None:
    later, sooner, over = promise(world, due=date(2026, 12, 9)), promise(world), promise(world, due=date(2026, 12, 2))
    who = world.who("north_officer")
    actions.finish(world.session, who, over.id, "There", NOW)
    found = actions.mine(world.session, who, NOW + DAY)
    assert [one.action.id for one in found] == [sooner.id, later.id, over.id]
    assert found[0].next_step == "owner"
    assert [one.late(date(2026, 12, 3)) for one in found] == [True, False, False]
    assert actions.mine(world.session, who, NOW + timedelta(days=40))[-1].action.id == later.id


def test_how_often_it_came_back(world: World) -> None:
    action, who = promise(world), world.who("north_head")
    for weeks in (1, 2):
        week = WEEK + timedelta(weeks=weeks)
        meeting.open_review(
            world.session, who, world.offices["NORTH"].id, week, NOW + timedelta(weeks=weeks, minutes=1)
        )
    (found,) = actions.promises(world.session, who, [action])
    assert found.weeks == 2


@pytest.mark.parametrize(
    ("days", "expected"), [(1, "2026-12-01"), (2, "2026-12-02"), (5, "2026-12-07"), (10, "2026-12-14")]
)
def test_a_working_day_is_one_of_the_offices_calendar(days: int, expected: str) -> None:
    row = Calendar(
        name="Week", time_zone="Europe/Tirane", week={str(day): [["09:00", "16:00"]] for day in range(5)},
        days={"2026-11-30": []},
    )  # fmt: skip
    assert action_ladder.morning(WorkingCalendar.of(row), FRIDAY, days) == at(expected)


def test_without_a_calendar_days_are_days() -> None:
    assert action_ladder.morning(None, FRIDAY, 3) == at("2026-11-30", 0)
    assert settings().action_ladder == {"owner": 1, "head": 3, "parent_office": 5, "leadership": 10}
