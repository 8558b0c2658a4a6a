"""The weekly review: what is on the agenda, what is kept, what comes back, and who never sees what."""

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import col, func, select

from channels.values import Channel
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from domain.case import Case
from domain.clock import Notice
from domain.inbox import InboundMessage
from domain.review import Action, Finding, Review
from domain.states import EntryKind, Role
from domain.survey import Answer
from domain.timeline import TimelineEntry, faults
from reviews import actions, meeting
from reviews.agenda import agenda, carried_over
from tests.conftest import Installation
from tests.reports.world import DAY, HOUR, NOW, World, build

WEEK = date(2026, 11, 16)
"""The week that was over when NOW, a Monday, began."""
FRIDAY = date(2026, 11, 27)


@pytest.fixture
def world(installation: Installation) -> Iterator[World]:
    with installation.database.write() as session:
        yield build(session)


def held(world: World, who: str = "north_head", week: date = WEEK, now: datetime = NOW) -> Review:
    return meeting.open_review(world.session, world.who(who), world.offices["NORTH"].id, week, now)


def decide(world: World, review: Review, case: Case, who: str = "north_head", why: str = "No spare key.") -> Finding:
    decision = "The duty team gets a key."
    return meeting.decide(world.session, world.who(who), review.id, case.id, why, decision, NOW)


def act(world: World, review: Review, case: Case | None = None, **given: object) -> Action:
    values: dict[str, object] = {"what": "Hand over a key", "owner": "north_officer", "due_on": FRIDAY, "now": NOW}
    values |= given
    owner = world.staff[str(values["owner"])].id if values["owner"] else None
    return meeting.add_action(
        world.session,
        world.who(str(values.get("who", "north_head"))),
        review.id,
        str(values["what"]),
        owner,
        values["due_on"],  # type: ignore[arg-type]
        values["now"],  # type: ignore[arg-type]
        case_id=case.id if case else None,
    )


def rate(world: World, office: str, rating: int, words: str, source: str, ago: timedelta = 2 * DAY) -> None:
    for question, value, text in (("rating", rating, None), ("words", None, words)):
        if value is not None or text:
            world.session.add(
                Answer(
                    source_id=source,
                    question=question,
                    value=value,
                    text=text,
                    office_id=world.offices[office].id,
                    channel=Channel.web,
                    answered_at=NOW - ago,
                )
            )
    world.session.flush()


def test_agenda_gathers_the_week_of_an_office_and_all_below(world: World) -> None:
    new = world.case("NORTH", 2 * DAY, 5 * HOUR, deadline_after=DAY)
    late = world.case("NORTH", 5 * DAY, deadline_after=DAY)
    old = world.case("NORTH", 40 * DAY, deadline_after=DAY)
    elsewhere = world.case("SOUTH", 3 * DAY)
    today = world.case("NORTH", HOUR)
    north = agenda(world.session, world.who("north_head"), world.offices["NORTH"].id, WEEK, NOW)
    assert [item.reference for item in north.new.items] == [late.reference, new.reference]
    assert [item.reference for item in north.overdue.items] == [old.reference, late.reference]
    assert [item.reference for item in north.longest_silent.items] == [old.reference, late.reference]
    assert north.longest_silent.items[0].silent_seconds == 40 * 86400
    assert north.new.items[1].silent_seconds is None
    ministry = agenda(world.session, world.who("minister"), world.offices["MIN"].id, WEEK, NOW)
    assert {item.reference for item in ministry.new.items} == {new.reference, late.reference, elsewhere.reference}
    assert today.reference not in {item.reference for item in ministry.longest_silent.items}


def test_lists_are_short_and_counts_are_whole(world: World) -> None:
    for hours in range(30):
        world.case("NORTH", DAY + hours * HOUR)
    found = agenda(world.session, world.who("north_head"), world.offices["NORTH"].id, WEEK, NOW)
    assert (found.new.count, len(found.new.items)) == (30, 20)


def test_decision_is_kept_on_the_timeline_and_leaves_the_list(world: World) -> None:
    case = world.case("NORTH", 2 * DAY)
    review = held(world)
    decide(world, review, case)
    act(world, review, case)
    found = agenda(world.session, world.who("north_head"), world.offices["NORTH"].id, WEEK, NOW)
    assert (found.new.count, found.new.items, found.longest_silent.items) == (1, (), ())
    (item,) = found.decided
    assert (item.why, item.decision) == ("No spare key.", "The duty team gets a key.")
    assert [(line.what, line.owner) for line in item.actions] == [("Hand over a key", "North_Officer")]
    entries = world.session.exec(
        select(TimelineEntry).where(TimelineEntry.case_id == case.id).order_by(col(TimelineEntry.number))
    ).all()
    assert [entry.kind for entry in entries] == [EntryKind.received, EntryKind.reviewed]
    assert not entries[1].public
    assert entries[1].body["decision"] == "The duty team gets a key."
    assert faults(case, entries) == []
    assert case.first_response_at is None


def test_double_clicks_change_nothing(world: World) -> None:
    case = world.case("NORTH", 2 * DAY)
    assert held(world).id == held(world).id
    review = held(world)
    assert decide(world, review, case).id == decide(world, review, case).id
    assert act(world, review, case).id == act(world, review, case).id
    assert case.timeline_length == 2
    action = act(world, review, case)
    first = actions.finish(world.session, world.who("north_officer"), action.id, "Done on Monday", NOW)
    again = actions.finish(world.session, world.who("north_head"), action.id, "Another note", NOW + DAY)
    assert (again.done_at, again.done_note) == (first.done_at, "Done on Monday") == (NOW, "Done on Monday")


def test_another_decision_on_the_same_case_is_refused(world: World) -> None:
    case = world.case("NORTH", 2 * DAY)
    review = held(world)
    decide(world, review, case)
    with pytest.raises(Conflict, match="already decided"):
        decide(world, review, case, why="The pump is old.")


def test_decisions_at_once_are_one(installation: Installation) -> None:
    with installation.database.write() as session:
        world = build(session)
        case = world.case("NORTH", 2 * DAY)
        office, case_id, who = world.offices["NORTH"].id, case.id, world.who("north_head")
    errors: list[Exception] = []
    barrier = threading.Barrier(6)

    def press() -> None:
        barrier.wait()
        try:
            with installation.database.write() as session:
                review = meeting.open_review(session, who, office, WEEK, NOW)
                meeting.decide(session, who, review.id, case_id, "No key.", "Get one.", NOW)
                meeting.add_action(session, who, review.id, "Get a key", who.staff_id, FRIDAY, NOW, case_id=case_id)
        except Exception as error:  # noqa: BLE001  (shown by the assertion)
            errors.append(error)

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    with installation.database.read() as session:
        counts = [session.exec(select(func.count()).select_from(table)).one() for table in (Review, Finding, Action)]
        assert counts == [1, 1, 1]
        assert session.get_one(Case, case_id).timeline_length == 2


def test_unfinished_actions_come_back_oldest_first_until_done(world: World) -> None:
    earlier = [held(world, week=WEEK - timedelta(weeks=back), now=NOW - timedelta(weeks=back)) for back in (3, 1)]
    newer = act(world, earlier[1], what="Newer promise", now=NOW - timedelta(weeks=1))
    older = act(world, earlier[0], what="Older promise", now=NOW - timedelta(weeks=3), due_on=date(2026, 11, 4))
    office = world.offices["NORTH"].id

    def left(week: date = WEEK) -> list[str]:
        return [line.what for line in carried_over(world.session, world.who("north_head"), office, week, NOW)]

    assert left() == ["Older promise", "Newer promise"]
    assert left(WEEK - timedelta(weeks=1)) == ["Older promise"]
    (first, second) = carried_over(world.session, world.who("north_head"), office, WEEK, NOW)
    assert (first.late(NOW.date()), second.late(NOW.date())) == (True, False)
    actions.finish(world.session, world.who("north_officer"), older.id, "It is there", NOW)
    world.session.flush()
    assert left() == ["Newer promise"]
    assert newer.done_at is None


def test_mistakes_in_an_action_are_told_beside_their_fields(world: World) -> None:
    review = held(world)
    with pytest.raises(BadInput) as wrong:
        act(world, review, what="  ", owner=None, due_on=NOW.date() - DAY)
    assert set(wrong.value.fields) == {"what", "owner", "due_on"}
    with pytest.raises(BadInput) as wrong:
        act(world, review, owner="south_head")
    assert set(wrong.value.fields) == {"owner"}
    world.staff["north_officer"].active = False
    world.session.flush()
    with pytest.raises(BadInput) as wrong:
        act(world, review)
    assert set(wrong.value.fields) == {"owner"}
    act(world, review, owner="north_head", due_on=NOW.date())
    with pytest.raises(BadInput) as wrong:
        decide(world, review, world.case("NORTH", DAY), why=" \n")
    assert set(wrong.value.fields) == {"why"}


def test_an_action_is_not_given_to_whom_its_case_is_about(world: World) -> None:
    case = world.case("NORTH", 2 * DAY, about_staff="north_officer")
    with pytest.raises(BadInput) as wrong:
        act(world, held(world), case)
    assert set(wrong.value.fields) == {"owner"}


def test_the_accused_see_neither_case_nor_decision_nor_action(world: World) -> None:
    world.person("north_deputy", (Role.supervisor, "NORTH"))
    case = world.case("NORTH", 2 * DAY, about_staff="north_deputy", deadline_after=HOUR)
    review = held(world)
    decide(world, review, case)
    act(world, review, case)
    office = world.offices["NORTH"].id
    found = agenda(world.session, world.who("north_deputy"), office, WEEK, NOW)
    assert (found.new.count, found.overdue.count, found.longest_silent.count, found.decided) == (0, 0, 0, ())
    assert carried_over(world.session, world.who("north_deputy"), office, WEEK + timedelta(weeks=1), NOW) == ()
    assert len(carried_over(world.session, world.who("north_head"), office, WEEK + timedelta(weeks=1), NOW)) == 1
    (line,) = meeting.meetings(world.session, world.who("north_deputy"), NOW)
    assert (line.decided, line.open_actions) == (0, 0)
    with pytest.raises(NotFound):
        meeting.decide(world.session, world.who("north_deputy"), review.id, case.id, "Why", "What", NOW)


def test_integrity_cases_are_on_nobodys_agenda(world: World) -> None:
    world.case("INTEG", 2 * DAY, integrity=True, about="NORTH", deadline_after=HOUR)
    world.case("NORTH", 2 * DAY, integrity=True, about="NORTH", deadline_after=HOUR)
    for name, office in (("north_head", "NORTH"), ("minister", "MIN"), ("auditor", "MIN")):
        found = agenda(world.session, world.who(name), world.offices[office].id, WEEK, NOW)
        assert (found.new.count, found.overdue.count, found.longest_silent.count) == (0, 0, 0)


def test_low_ratings_come_with_their_words_unless_these_became_a_case_one_may_not_see(world: World) -> None:
    rate(world, "NORTH", 1, "Waited three hours, call me at +355 69 123 4567", "exit:plain")
    rate(world, "NORTH", 2, "", "exit:silent")
    rate(world, "NORTH", 5, "Thank you", "exit:good")
    rate(world, "SOUTH", 1, "Elsewhere", "exit:south")
    rate(world, "NORTH", 1, "Too early", "exit:old", ago=12 * DAY)
    rate(world, "NORTH", 1, "He wanted 20 euro", "exit:money")
    world.session.add(
        Answer(
            source_id="exit:money",
            question="money",
            value=1,
            office_id=world.offices["NORTH"].id,
            channel=Channel.web,
            answered_at=NOW,
        )
    )
    for source, integrity in (("secret", True), ("open", False)):
        case = world.case(
            "INTEG" if integrity else "NORTH", 2 * DAY, integrity=integrity, about="NORTH" if integrity else None
        )
        rate(world, "NORTH", 1, f"The clerk asked for money ({source})", f"exit:{source}")
        world.session.add(
            InboundMessage(
                channel=Channel.kiosk,
                account="",
                provider_id=f"{source}/why",
                received_at=NOW - 2 * DAY,
                case_id=case.id,
            )
        )
        shown = case.reference
    world.session.flush()
    low = agenda(world.session, world.who("north_head"), world.offices["NORTH"].id, WEEK, NOW).low_rated
    assert {(item.title, item.rating, item.reference) for item in low.items} == {
        ("Waited three hours, call me at [phone]", 1, ""),
        ("", 2, ""),
        ("The clerk asked for money (open)", 1, shown),
    }
    assert low.count == 3


def test_a_closed_meeting_stays_as_it_was(world: World) -> None:
    case = world.case("NORTH", 3 * DAY)
    review = held(world)
    meeting.close_review(world.session, world.who("north_head"), review.id, NOW)
    meeting.close_review(world.session, world.who("north_head"), review.id, NOW + DAY)
    assert review.closed_at == NOW
    case.first_response_at = NOW + HOUR
    world.session.flush()
    found = agenda(world.session, world.who("north_head"), world.offices["NORTH"].id, WEEK, NOW + 9 * DAY)
    assert [item.silent_seconds for item in found.longest_silent.items] == [3 * 86400]
    with pytest.raises(Conflict, match="closed"):
        decide(world, review, case)
    with pytest.raises(Conflict, match="closed"):
        act(world, review)


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)  # on SQLite writers wait before they look
@pytest.mark.parametrize("late", ["close", "decide", "add"])
def test_whoever_looked_before_another_ended_it_ends_it_no_second_time(installation: Installation, late: str) -> None:
    with installation.database.write() as session:
        world = build(session)
        case, review = world.case("NORTH", 3 * DAY).id, held(world).id
        head, deputy = world.who("north_head"), world.who("minister")
    with installation.database.write() as slow:
        # their request has read the meeting as it was, and waits for the one who ends it
        looked = meeting.open_review(slow, deputy, world.offices["NORTH"].id, WEEK, NOW)
        assert looked.closed_at is None
        with installation.database.write() as quick:
            meeting.close_review(quick, head, review, NOW)
        if late == "close":
            assert meeting.close_review(slow, deputy, review, NOW + HOUR).closed_at == NOW
        elif late == "decide":
            with pytest.raises(Conflict, match="closed"):
                meeting.decide(slow, deputy, review, case, "No key.", "A key.", NOW + HOUR)
        else:
            with pytest.raises(Conflict, match="closed"):
                meeting.add_action(slow, deputy, review, "Cut it", deputy.staff_id, FRIDAY, NOW + HOUR)
    with installation.database.read() as session:
        told = session.exec(select(func.count()).select_from(Notice).where(col(Notice.staff_id) == head.staff_id)).one()
        assert session.get_one(Review, review).closed_at == NOW
        assert told <= 1


def test_who_may_hold_and_who_may_read(world: World) -> None:
    with pytest.raises(NotAllowed):
        held(world, who="auditor")
    for name in ("south_head", "north_officer", "inspector"):
        with pytest.raises(NotFound):
            held(world, who=name)
    assert held(world, who="minister").chair_id == world.staff["minister"].id
    action = act(world, held(world), owner="north_head")
    with pytest.raises(NotFound):
        actions.finish(world.session, world.who("south_head"), action.id, "Done", NOW)
    with pytest.raises(NotAllowed):
        actions.finish(world.session, world.who("auditor"), action.id, "Done", NOW)


@pytest.mark.parametrize("week", [date(2026, 11, 17), date(2026, 11, 30)])
def test_only_weeks_that_began_on_a_monday_are_reviewed(world: World, week: date) -> None:
    with pytest.raises(BadInput, match="2026-11-16"):
        held(world, week=week)


def test_a_case_of_another_office_is_not_decided_here(world: World) -> None:
    case = world.case("SOUTH", DAY)
    review = held(world, who="minister")
    with pytest.raises(NotFound):
        decide(world, review, case, who="minister")


def test_the_list_shows_what_was_held_and_what_is_to_be_held(world: World) -> None:
    case = world.case("NORTH", 2 * DAY)
    review = held(world, week=WEEK - timedelta(weeks=1))
    act(world, review, case)
    lines = meeting.meetings(world.session, world.who("north_head"), NOW)
    assert [(line.week, line.review is None, line.open_actions) for line in lines] == [
        (WEEK, True, 0),
        (WEEK - timedelta(weeks=1), False, 1),
    ]
    assert meeting.meetings(world.session, world.who("south_head"), NOW)[0].office_id == world.offices["SOUTH"].id
    assert [line.review is not None for line in meeting.meetings(world.session, world.who("auditor"), NOW)] == [True]
