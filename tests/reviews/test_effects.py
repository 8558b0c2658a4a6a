"""Weeks around an action as the estimate reads them, and what causes add up to: all under who may see what."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import col

from core.ids import new_id
from domain.case import Case
from domain.review import Action
from domain.service import Service
from domain.states import CaseKind, Role
from domain.survey import Transaction
from reports.interrupted import Change, Refused
from reviews import actions, cause_figures, causes, effects, meeting
from reviews.cause_figures import Window
from reviews.effects import About, Unasked
from tests.conftest import Installation
from tests.reports.world import DAY, NOW, World, build

WEEK = timedelta(weeks=1)
MONDAY = date(2026, 11, 23)
DECIDED, DONE = NOW - 16 * WEEK, NOW - 13 * WEEK


@pytest.fixture
def world(installation: Installation) -> Iterator[World]:
    with installation.database.write() as session:
        made = build(session)
        for code in ("water", "tax"):
            row = Service(code=code, names={"en": code.title()})
            session.add(row)
            SERVICES[code] = row
        session.flush()
        yield made


SERVICES: dict[str, Service] = {}


def came(
    world: World, office: str, week: int, count: int, service: str | None = "water", **given: object
) -> Case | None:
    """Cases received on the Wednesday of the week so many weeks before this one; the last of them."""
    case = None
    for _ in range(count):
        values = {"office": office, "ago": week * WEEK - 2 * DAY} | given
        case = world.case(**values)  # type: ignore[arg-type]
        case.service_id = SERVICES[service].id if service else None
    world.session.flush()
    return case


def asked(**given: object) -> effects.Question:
    values: dict[str, object] = {
        "decided_on": DECIDED.date(),
        "done_on": DONE.date(),
        "about": About.service,
        "service_id": SERVICES["water"].id,
    } | given
    return effects.Question(**values)  # type: ignore[arg-type]


def test_weeks_are_counted_before_and_after_and_those_between_left_out(world: World) -> None:
    for week in range(45, 0, -1):
        came(world, "NORTH", week, 2 if week > 13 else 1)
    came(world, "NORTH", 30, 3, "tax")  # another service
    came(world, "NORTH", 29, 1).kind = CaseKind.compliment  # type: ignore[union-attr]
    came(world, "NORTH", 28, 1, about_staff="north_officer")  # about somebody: counted nowhere
    came(world, "SOUTH", 20, 4)
    found = effects.effect(world.session, world.who("north_head"), asked(office_id=world.offices["NORTH"].id), NOW)
    series = found.series
    assert series is not None
    assert (found.weeks[0], found.weeks[-1]) == (MONDAY - 44 * WEEK, MONDAY - WEEK)
    assert found.weeks[series.before] == MONDAY - 20 * WEEK  # four weeks before the week of the decision
    assert found.weeks[series.after] == MONDAY - 12 * WEEK  # the first whole week after it was done
    assert set(series.counts[: series.before]) == {2}
    assert series.counts[series.after :] == [1] * 12
    assert series.other is not None
    assert sum(series.other) == 4
    assert isinstance(found.found, Change)
    assert found.found.change == pytest.approx(-0.5)
    # everybody who may read it reads the same
    same = effects.effect(world.session, world.who("minister"), asked(office_id=world.offices["NORTH"].id), NOW)
    assert same.series == series


def test_what_is_shut_to_somebody_is_in_no_series(world: World) -> None:
    for week in range(40, 0, -1):
        came(world, "NORTH", week, 1)
    before = effects.effect(world.session, world.who("minister"), asked(office_id=world.offices["NORTH"].id), NOW)
    came(world, "INTEG", 20, 2, integrity=True, about="NORTH")
    came(world, "NORTH", 20, 2, about="SOUTH")
    came(world, "NORTH", 20, 1).confidential = True  # type: ignore[union-attr]
    world.session.flush()
    after = effects.effect(world.session, world.who("minister"), asked(office_id=world.offices["NORTH"].id), NOW)
    assert after.series == before.series


def test_complaints_are_counted_out_of_services_where_every_week_is_reported(world: World) -> None:
    office = world.offices["NORTH"].id
    for week in range(40, 0, -1):
        came(world, "NORTH", week, 1)
        for number in range(22):
            given(world, office, week, number)
    question = asked(office_id=office)
    series = effects.effect(world.session, world.who("minister"), question, NOW).series
    assert series is not None
    assert series.exposure == [22] * len(series.counts)
    assert series.other_exposure is None
    world.session.flush()
    world.session.execute(
        delete(Transaction).where(col(Transaction.completed_at).between(NOW - 5 * WEEK, NOW - 4 * WEEK))
    )
    series = effects.effect(world.session, world.who("minister"), question, NOW).series
    assert series is not None
    assert series.exposure is None


def given(world: World, office: object, week: int, number: int) -> None:
    """One service given in that week."""
    world.session.add(
        Transaction(
            id=new_id(),
            source="agency",
            external_id=f"{week}-{number}",
            office_id=office,  # type: ignore[arg-type]
            service_id=SERVICES["water"].id,
            completed_at=NOW - week * WEEK + 2 * DAY,
            received_at=NOW,
            probability=None,
            given_mark="",
        )
    )


def test_too_early_too_short_or_not_done_is_refused_with_the_day_it_can_be_told(world: World) -> None:
    who, office = world.who("minister"), world.offices["NORTH"].id
    assert effects.effect(world.session, who, asked(office_id=office), NOW).found is Refused.short_before
    for week in range(30, 0, -1):
        came(world, "NORTH", week, 1)
    lately = asked(office_id=office, decided_on=MONDAY - 4 * WEEK, done_on=MONDAY - 3 * WEEK)
    fresh = effects.effect(world.session, who, lately, NOW)
    assert (fresh.found, fresh.tellable_on) == (Refused.short_after, MONDAY + 6 * WEEK)
    today = effects.effect(world.session, who, asked(office_id=office, done_on=MONDAY), NOW)
    assert (today.found, today.tellable_on) == (Refused.short_after, MONDAY + 9 * WEEK)
    early = asked(office_id=office, decided_on=MONDAY - 24 * WEEK, done_on=MONDAY - 24 * WEEK)
    assert effects.effect(world.session, who, early, NOW).found is Refused.short_before
    assert effects.effect(world.session, who, asked(office_id=office, done_on=None), NOW).found is Unasked.not_done
    given_up = asked(office_id=office, done_on=None, dropped=True)
    assert effects.effect(world.session, who, given_up, NOW).found is Unasked.dropped


def promise(world: World, case: Case | None) -> Action:
    who = world.who("minister")
    review = meeting.open_review(world.session, who, world.offices["MIN"].id, MONDAY - WEEK, NOW)
    owner = world.staff["north_head"].id
    return meeting.add_action(
        world.session, who, review.id, "Mend it", owner, MONDAY + WEEK, NOW, case_id=case.id if case else None
    )


def test_an_action_asks_about_its_cases_service_at_its_cases_office(world: World) -> None:
    session, who = world.session, world.who("minister")
    case = came(world, "NORTH", 1, 1)
    assert case is not None
    row = causes.named(session, who, "Pump is old", "en", NOW)
    causes.choose(session, world.who("north_head"), case.id, row, NOW)
    action = promise(world, case)
    assert action.cause_id == row.id  # what is done about a case is against its cause
    known = causes.causes(session, who)
    question = effects.of_action(session, action, None, known)
    assert (question.office_id, question.about, question.service_id) == (
        world.offices["NORTH"].id,
        About.service,
        SERVICES["water"].id,
    )
    assert effects.of_action(session, action, About.cause, known).causes == {row.id}
    bare = promise(world, None)
    assert effects.of_action(session, bare, About.service, known).about is About.all
    assert effects.of_action(session, bare, None, known).office_id == world.offices["MIN"].id
    assert question.done_on is None
    actions.finish(session, who, action.id, "New pump", NOW)
    assert effects.of_action(session, action, None, known).done_on == MONDAY


def test_other_actions_about_the_same_are_counted_beside(world: World) -> None:
    session, who = world.session, world.who("minister")
    for week in range(45, 0, -1):
        came(world, "NORTH", week, 1)
    first, second = (promise(world, came(world, "NORTH", 15, 1)) for _ in range(2))
    for action in (first, second):
        action.done_at = DONE
    session.flush()
    question = asked(office_id=world.offices["NORTH"].id)
    assert effects.effect(session, who, question, NOW, first.id).beside == 1


def test_a_decision_asks_from_its_own_day(world: World) -> None:
    case = came(world, "NORTH", 1, 1)
    assert case is not None
    who = world.who("north_head")
    review = meeting.open_review(world.session, who, world.offices["NORTH"].id, MONDAY - WEEK, NOW)
    finding = meeting.decide(world.session, who, review.id, case.id, "Old pump.", "New pump.", NOW)
    known = causes.causes(world.session, who)
    question = effects.of_finding(world.session, finding, None, known)
    assert (question.decided_on, question.done_on, question.about) == (MONDAY, MONDAY, About.service)
    assert question.decision
    # no cause was found in it, so all are counted where its cause is asked for
    assert effects.of_finding(world.session, finding, About.cause, known).about is About.all
    cause = causes.named(world.session, who, "Old pumps", "en", NOW, shared=True)
    causes.choose(world.session, who, case.id, cause, NOW, review_id=review.id)
    question = effects.of_finding(world.session, finding, About.cause, known := causes.causes(world.session, who))
    assert (question.about, question.causes) == (About.cause, known.below(cause.id))


def test_causes_add_up_the_tree_by_month_and_only_what_one_sees(world: World) -> None:
    world.person("north_deputy", (Role.supervisor, "NORTH"))
    session, head = world.session, world.who("north_head")
    wide = causes.named(session, head, "Keys", "en", NOW, shared=True)
    narrow = causes.named(session, head, "No spare key", "en", NOW, parent_id=wide.id, shared=True)
    for ago, row in ((2, narrow), (9, narrow), (9, wide), (50, narrow)):
        causes.choose(session, head, world.case("NORTH", ago * DAY).id, row, NOW)
    causes.choose(session, head, world.case("NORTH", 2 * DAY, about_staff="north_deputy").id, wide, NOW)
    world.case("NORTH", DAY)
    window = Window(datetime(2026, 10, 1, tzinfo=UTC), NOW)
    table = cause_figures.table(session, head, window)
    assert [(line.cause.name, line.depth, line.own, line.all, line.weeks) for line in table.lines] == [
        ("Keys", 0, 2, 5, 3),
        ("No spare key", 1, 3, 3, 3),
    ]
    assert table.lines[0].months == (1, 4)
    assert (table.looked_at, table.received) == (5, 6)
    shut_out = cause_figures.table(session, world.who("north_deputy"), window)
    assert [line.all for line in shut_out.lines] == [4, 3]
    split = cause_figures.split(session, head, wide.id, window)
    assert (split.count, [number for _, number in split.months]) == (5, [1, 4])
    assert len(cause_figures.split(session, world.who("north_deputy"), wide.id, window).cases) == 4
    assert cause_figures.table(session, world.who("south_head"), window).looked_at == 0


def test_causes_that_come_back_week_after_week(world: World) -> None:
    session, head = world.session, world.who("north_head")
    key, pump = (causes.named(session, head, name, "en", NOW) for name in ("No spare key", "Pump is old"))
    for weeks, row in ((0, key), (0, key), (1, key), (3, key), (0, pump), (12, pump), (2, pump)):
        causes.choose(session, head, world.case("NORTH", weeks * WEEK + 4 * DAY).id, row, NOW)
    north = world.offices["NORTH"].id
    found = cause_figures.repeated(session, head, [north], MONDAY - WEEK)
    assert [(one.cause.name, one.this_week, one.earlier, one.weeks) for one in found] == [
        ("No spare key", 2, 2, 3),
        ("Pump is old", 1, 1, 2),
    ]
    assert cause_figures.repeated(session, world.who("south_head"), [north], MONDAY - WEEK) == []
