"""The catalogue of causes: found while typing, added once, merged by two people, and seen by nobody it would tell too
much."""

import threading
from collections.abc import Iterator
from datetime import date

import pytest
from sqlmodel import col, func, select

from core.errors import BadInput, Conflict, NotAllowed, NotFound
from domain.case import Case
from domain.cause import CaseCause, Cause, CauseAct, CauseChange
from domain.review import Finding
from domain.states import EntryKind, Role
from domain.timeline import TimelineEntry, faults
from reviews import cause_keeping, causes, meeting
from tests.conftest import Installation
from tests.reports.world import DAY, NOW, World, build

WEEK = date(2026, 11, 16)


@pytest.fixture
def world(installation: Installation) -> Iterator[World]:
    with installation.database.write() as session:
        yield build(session)


def add(world: World, name: str, who: str = "north_head", under: Cause | None = None, *, sure: bool = True) -> Cause:
    """A cause that everybody sees."""
    row = causes.named(
        world.session, world.who(who), name, "en", NOW, parent_id=under.id if under else None, sure=sure, shared=True
    )
    world.session.flush()
    return row


def names(world: World, typed: str, who: str = "south_head") -> list[str]:
    return [one.name for one in causes.suggest(world.session, world.who(who), typed)]


def test_what_is_typed_finds_what_there_is(world: World) -> None:
    for name in ("No spare key", "Pump is old", "Letters lie unopened", "চাবি নেই", "Не хватает людей"):
        add(world, name)
    assert names(world, "spare ky")[0] == "No spare key"
    assert names(world, "NO  SPARE KEY!")[0] == "No spare key"
    assert names(world, "l") == ["Letters lie unopened"]
    assert names(world, "чабики не хватает люде")[0] == "Не хватает людей"
    assert names(world, "চাবি")[0] == "চাবি নেই"
    assert names(world, "zzzz") == []


def test_a_name_in_another_language_finds_the_same_cause(world: World) -> None:
    row = add(world, "No spare key")
    cause_keeping.rename(
        world.session, world.who("north_head"), row.id, {"en": "No spare key", "ru": "Нет запасного ключа"}, "en", NOW
    )
    assert names(world, "запасной ключ") == ["No spare key"]
    assert add(world, "нет запасного КЛЮЧА", sure=False).id == row.id
    assert causes.name_of(row, "ru") == "Нет запасного ключа"
    assert causes.name_of(row, "bn") == "No spare key"


def test_the_most_used_come_first_when_nothing_is_typed(world: World) -> None:
    rare, often = add(world, "Aardvark in the office"), add(world, "Pump is old")
    for one in (often, often, rare):
        case = world.case("SOUTH", 2 * DAY)
        causes.choose(world.session, world.who("south_head"), case.id, one, NOW)
    assert names(world, "") == ["Pump is old", "Aardvark in the office"]


def test_same_words_are_one_cause_and_like_words_are_asked_about(world: World) -> None:
    row = add(world, "No spare key")
    assert add(world, "no spare  KEY.", who="south_head", sure=False).id == row.id
    with pytest.raises(BadInput) as asked:
        add(world, "No spare keys", sure=False)
    assert "No spare key" in asked.value.fields["cause"]
    assert add(world, "No spare keys", sure=True).id != row.id


@pytest.mark.parametrize(
    "name", ["", " … ", "x" * 121, "Call +355 69 123 4567", "Mr Petrov is slow", "write to a.b@mail.example"]
)
def test_a_cause_says_something_and_tells_of_nobody(world: World, name: str) -> None:
    with pytest.raises(BadInput) as wrong:
        add(world, name)
    assert set(wrong.value.fields) == {"cause"}


def test_two_meetings_that_write_the_same_at_once_have_one_cause(installation: Installation) -> None:
    with installation.database.write() as session:
        world = build(session)
        people = [world.who(name) for name in ("north_head", "south_head", "minister")]
    found: list[object] = []
    barrier = threading.Barrier(3)

    def write(place: int) -> None:
        barrier.wait()
        with installation.database.write() as session:
            found.append(causes.named(session, people[place], "No spare key", "en", NOW).id)

    threads = [threading.Thread(target=write, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 3
    assert len(set(found)) == 1
    with installation.database.read() as session:
        assert session.exec(select(func.count()).select_from(Cause)).one() == 1
        assert session.exec(select(CauseChange.act)).all() == [CauseAct.added]


def test_a_meeting_says_which_cause_a_case_has(world: World) -> None:
    case, who = world.case("NORTH", 2 * DAY), world.who("north_head")
    review = meeting.open_review(world.session, who, world.offices["NORTH"].id, WEEK, NOW)
    finding = meeting.decide(world.session, who, review.id, case.id, "No key.", "Get one.", NOW)
    key, pump = add(world, "No spare key"), add(world, "Pump is old")
    for one in (key, key, pump):
        causes.choose(world.session, who, case.id, one, NOW, review_id=review.id)
    assert world.session.exec(select(CaseCause.cause_id, CaseCause.review_id)).all() == [(pump.id, review.id)]
    assert world.session.get_one(Finding, finding.id).cause_id == pump.id
    entries = world.session.exec(
        select(TimelineEntry).where(TimelineEntry.case_id == case.id).order_by(col(TimelineEntry.number))
    ).all()
    told = [entry.body["cause"] for entry in entries if entry.kind == EntryKind.cause_found]
    assert told == ["No spare key", "Pump is old"]
    assert not any(entry.public for entry in entries if entry.kind == EntryKind.cause_found)
    assert faults(case, entries) == []
    causes.clear(world.session, who, case.id, NOW)
    causes.clear(world.session, who, case.id, NOW)
    assert world.session.exec(select(CaseCause)).all() == []
    assert finding.cause_id is None
    assert case.timeline_length == 5


def test_who_may_say_it(world: World) -> None:
    case, key = world.case("NORTH", 2 * DAY), add(world, "No spare key")
    causes.choose(world.session, world.who("north_officer"), case.id, key, NOW)
    with pytest.raises(NotFound):
        causes.choose(world.session, world.who("south_head"), case.id, key, NOW)
    with pytest.raises(NotAllowed):
        causes.choose(world.session, world.who("auditor"), case.id, key, NOW)
    cause_keeping.retire(world.session, world.who("north_head"), key.id, NOW)
    with pytest.raises(Conflict, match="not used any more"):
        causes.choose(world.session, world.who("north_officer"), world.case("NORTH", DAY).id, key, NOW)


def test_words_about_a_shut_case_are_read_by_nobody_shut_out_of_it(world: World) -> None:
    world.person("north_deputy", (Role.supervisor, "NORTH"))
    case = world.case("NORTH", 2 * DAY, about_staff="north_deputy")
    secret = causes.named(world.session, world.who("north_head"), "Deputy keeps the files", "en", NOW)
    causes.choose(world.session, world.who("north_head"), case.id, secret, NOW)
    for name in ("north_deputy", "south_head"):
        assert names(world, "deputy keeps", name) == []
        assert secret.id not in causes.causes(world.session, world.who(name)).by_id
        with pytest.raises(NotFound):
            causes.cause(world.session, world.who(name), secret.id)
    assert names(world, "deputy keeps", "north_head") == ["Deputy keeps the files"]
    assert causes.of_cases(world.session, world.who("north_deputy"), [case.id]) == {}
    # an ordinary case with the same cause makes it one of everybody's
    ordinary = world.case("SOUTH", 2 * DAY)
    same = causes.named(world.session, world.who("south_head"), "deputy keeps the files", "en", NOW)
    causes.choose(world.session, world.who("south_head"), ordinary.id, same, NOW)
    assert same.id == secret.id
    assert names(world, "deputy keeps", "north_deputy") == ["Deputy keeps the files"]


def test_merging_takes_two_and_can_be_taken_back(world: World) -> None:
    one, two, session = add(world, "Key is missing"), add(world, "No spare key"), world.session
    narrower = add(world, "Night key is missing", under=one)
    case = world.case("NORTH", 2 * DAY)
    north, south = world.who("north_head"), world.who("south_head")
    causes.choose(session, north, case.id, one, NOW)
    cause_keeping.ask_merge(session, north, one.id, two.id, NOW)
    with pytest.raises(NotAllowed, match="somebody else"):
        cause_keeping.decide_merge(session, north, one.id, True, NOW)
    assert causes.of_cases(session, north, [case.id])[case.id].id == one.id
    with pytest.raises(Conflict, match="waits"):
        cause_keeping.ask_merge(session, south, one.id, narrower.id, NOW)
    cause_keeping.decide_merge(session, south, one.id, True, NOW)
    assert causes.of_cases(session, north, [case.id])[case.id].id == two.id
    assert names(world, "key is missing") == ["No spare key", "Night key is missing"]
    known = causes.causes(session, north)
    assert known.below(two.id) == {one.id, two.id, narrower.id}
    assert known.chain(narrower.id) == [narrower.id, two.id]
    with pytest.raises(BadInput):
        cause_keeping.ask_merge(session, north, two.id, one.id, NOW)
    cause_keeping.unmerge(session, south, one.id, NOW)
    assert causes.of_cases(session, north, [case.id])[case.id].id == one.id
    acts = [change.act for change in reversed(cause_keeping.changes(session, north, one.id))]
    assert acts == [CauseAct.added, CauseAct.merge_asked, CauseAct.merged, CauseAct.unmerged]


def test_merges_never_make_a_circle(world: World) -> None:
    one, two, session = add(world, "Key is missing"), add(world, "No spare key"), world.session
    north, south = world.who("north_head"), world.who("south_head")
    cause_keeping.ask_merge(session, north, one.id, two.id, NOW)
    cause_keeping.ask_merge(session, north, two.id, one.id, NOW)
    cause_keeping.decide_merge(session, south, one.id, True, NOW)
    with pytest.raises(Conflict, match="other way"):
        cause_keeping.decide_merge(session, south, two.id, True, NOW)
    cause_keeping.decide_merge(session, south, two.id, False, NOW)
    assert causes.causes(session, north).standing(one.id) == two.id


def test_causes_stand_in_a_tree_without_circles_of_at_most_five_levels(world: World) -> None:
    session, who = world.session, world.who("north_head")
    chain = [add(world, "Level 1 of causes")]
    for level in range(2, 6):
        chain.append(add(world, f"Level {level} of causes", under=chain[-1]))
    with pytest.raises(BadInput) as wrong:
        add(world, "Level 6 of causes", under=chain[-1])
    assert set(wrong.value.fields) == {"under"}
    with pytest.raises(BadInput, match="cannot stand"):
        cause_keeping.move(session, who, chain[0].id, chain[3].id, NOW)
    alone = add(world, "Something else")
    with pytest.raises(BadInput, match="cannot stand"):
        cause_keeping.move(session, who, chain[0].id, alone.id, NOW)
    cause_keeping.move(session, who, chain[1].id, None, NOW)
    cause_keeping.move(session, who, chain[0].id, alone.id, NOW)
    assert causes.causes(session, who).chain(chain[0].id) == [chain[0].id, alone.id]


def test_only_who_holds_reviews_keeps_the_catalogue(world: World) -> None:
    row = add(world, "No spare key")
    for act in (cause_keeping.retire, cause_keeping.share, cause_keeping.bring_back, cause_keeping.unmerge):
        with pytest.raises(NotAllowed):
            act(world.session, world.who("north_officer"), row.id, NOW)
    cause_keeping.retire(world.session, world.who("north_head"), row.id, NOW)
    assert names(world, "spare key") == []
    cause_keeping.bring_back(world.session, world.who("north_head"), row.id, NOW)
    assert names(world, "spare key") == ["No spare key"]
    other = add(world, "Pump is old")
    with pytest.raises(Conflict) as taken:
        cause_keeping.rename(world.session, world.who("north_head"), other.id, {"en": "No spare KEY"}, "en", NOW)
    assert "Merge" in str(taken.value.mend)


def test_a_case_has_one_cause(world: World) -> None:
    case: Case = world.case("NORTH", 2 * DAY)
    for name in ("No spare key", "Pump is old"):
        causes.choose(world.session, world.who("north_head"), case.id, add(world, name), NOW)
    assert world.session.exec(select(func.count()).select_from(CaseCause)).one() == 1
