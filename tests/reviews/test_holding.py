"""Holding the meeting: who is here, checks of the sample, cases handed up, and the minutes that come of it."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import col, func, select

from channels.values import Channel, DeliveryStatus, Outgoing, Sent
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from domain.case import Case
from domain.catalogue import catalogue, forget, touch
from domain.clock import Notice
from domain.pack import Attendance, MinutesNote, Raised, SampleCheck
from domain.review import Finding, Review
from domain.states import EntryKind, Role
from domain.timeline import TimelineEntry, faults
from escalation import terms
from notifications import staff_deliver
from reviews import holding, meeting, minutes, packs, printing, reading
from reviews.wall import place_of, stops
from tests.conftest import Installation
from tests.reports.world import DAY, HOUR, NOW, World, build
from tests.reviews.test_meeting import FRIDAY, WEEK, act, held
from tests.reviews.test_packs import close, read_paper


@pytest.fixture
def world(installation: Installation) -> Iterator[World]:
    with installation.database.write() as session:
        yield build(session)


def ids(world: World, *names: str) -> set[UUID]:
    return {world.staff[name].id for name in names}


def mark(world: World, review: Review, came: set[UUID], was: set[UUID], who: str = "north_head") -> None:
    holding.note_attendance(world.session, world.who(who), review.id, came, was, NOW)


def names(world: World, review: Review) -> list[str]:
    return [one.name for one in holding.present(world.session, review.id)]


def entries(world: World, case: Case) -> list[TimelineEntry]:
    rows = world.session.exec(
        select(TimelineEntry).where(TimelineEntry.case_id == case.id).order_by(col(TimelineEntry.number))
    ).all()
    assert faults(case, rows) == []
    return [row for row in rows if row.kind == EntryKind.reviewed]


def test_two_who_mark_at_once_undo_nothing_of_each_others(world: World) -> None:
    review = held(world)
    head, officer, minister = (ids(world, one) for one in ("north_head", "north_officer", "minister"))
    mark(world, review, head, set())
    mark(world, review, head | officer, head)
    mark(world, review, minister | head, head)  # shown before the officer was marked
    assert names(world, review) == ["Minister", "North_Head", "North_Officer"]
    mark(world, review, head | officer, head | officer | minister)
    assert names(world, review) == ["North_Head", "North_Officer"]
    assert world.session.exec(select(func.count()).select_from(Attendance)).one() == 3
    with pytest.raises(BadInput):
        mark(world, review, {UUID(int=7)}, set())
    meeting.close_review(world.session, world.who("north_head"), review.id, NOW)
    with pytest.raises(Conflict):
        mark(world, review, officer, set())


def test_checks_are_of_what_was_drawn_and_the_last_word_counts(world: World) -> None:
    case = close(world, world.case("NORTH", 2 * DAY, HOUR))
    other = close(world, world.case("NORTH", 20 * DAY, HOUR), 10 * DAY)
    packs.ensure(world.session, world.offices["NORTH"].id, WEEK, NOW)
    review, who = held(world), world.who("north_head")
    with pytest.raises(NotFound, match="not drawn"):
        holding.check(world.session, who, review.id, other.id, True, "", NOW)
    for sound, note, field in ((None, "", "sound"), (False, " ", "note"), (True, "x" * 501, "note")):
        with pytest.raises(BadInput) as wrong:
            holding.check(world.session, who, review.id, case.id, sound, note, NOW)
        assert set(wrong.value.fields) == {field}
    for _ in range(2):
        holding.check(world.session, who, review.id, case.id, True, "", NOW)
    row = holding.check(world.session, who, review.id, case.id, False, "Nobody was told", NOW)
    assert world.session.exec(select(SampleCheck)).all() == [row]
    assert [entry.body["checked"] for entry in entries(world, case)] == ["rightly closed", "not rightly closed"]
    with pytest.raises(NotAllowed):
        holding.check(world.session, world.who("auditor"), review.id, case.id, True, "", NOW)


def up(world: World, review: Review, case: Case, why: str = "The pump is not ours") -> Raised:
    return holding.raise_case(world.session, world.who("north_head"), review.id, case.id, why, NOW)


def first_above(world: World, week: object = WEEK) -> list[tuple[str, str]]:
    """What stands first on the ministry's wall: case and why."""
    body = packs.ensure(world.session, world.offices["MIN"].id, week, NOW)  # type: ignore[arg-type]
    body = holding.agenda_now(world.session, body, NOW + HOUR)
    cases = [one for one in stops(body) if one.key.startswith("case-")]
    raised = [(body.by_id[one.case_id].reference, one.why) for one in body.raised]
    assert [one.case.reference for one in cases[: len(raised)] if one.case] == [reference for reference, _ in raised]
    return raised


def test_a_case_handed_up_is_first_above_also_when_the_pack_there_was_made_before(world: World) -> None:
    world.case("SOUTH", 5 * DAY, deadline_after=HOUR)
    case = world.case("NORTH", 2 * DAY)
    assert first_above(world) == []
    review = held(world)
    assert up(world, review, case).id == up(world, review, case, "Again").id
    assert first_above(world) == [(case.reference, "The pump is not ours")]
    assert first_above(world, WEEK + timedelta(weeks=1)) == [(case.reference, "The pump is not ours")]
    assert case.office_id == world.offices["NORTH"].id
    (entry,) = entries(world, case)
    assert (entry.body["raised_to"], entry.public) == ("MIN", False)
    told = world.session.exec(select(Notice.staff_id).where(col(Notice.case_id) == case.id)).all()
    assert told == [world.staff["minister"].id]
    above = meeting.open_review(world.session, world.who("minister"), world.offices["MIN"].id, WEEK, NOW)
    meeting.decide(world.session, world.who("minister"), above.id, case.id, "Old pump", "Buy one", NOW + HOUR)
    with pytest.raises(Conflict, match="decided about it already"):
        holding.take_back(world.session, world.who("north_head"), review.id, case.id, NOW + HOUR)
    later = packs.ensure(world.session, world.offices["MIN"].id, WEEK - timedelta(weeks=1), NOW)
    assert later.raised == []


def test_handing_up_is_undone_and_done_anew(world: World) -> None:
    case = world.case("NORTH", 2 * DAY)
    review = held(world)
    up(world, review, case)
    for _ in range(2):
        holding.take_back(world.session, world.who("north_head"), review.id, case.id, NOW)
    assert first_above(world) == []
    up(world, review, case, "Now it is needed")
    assert first_above(world, WEEK + timedelta(weeks=1)) == [(case.reference, "Now it is needed")]
    assert len(entries(world, case)) == 3
    with pytest.raises(BadInput) as wrong:
        up(world, review, world.case("NORTH", DAY), " ")
    assert set(wrong.value.fields) == {"raise_why"}


def test_it_goes_to_the_next_office_above_that_holds_meetings_and_never_about_conduct(world: World) -> None:
    world.office("HILL", "NORTH")
    touch(world.session)
    forget()

    def above(office: str) -> str:
        found = holding.next_up(world.session, world.offices[office].id, NOW)
        return found.code if found else ""

    assert (above("HILL"), above("NORTH"), above("MIN")) == ("NORTH", "MIN", "")
    world.staff["north_head"].active = False
    world.session.flush()
    assert above("HILL") == "MIN"
    world.staff["north_head"].active = True
    world.session.flush()
    case = world.case("NORTH", 2 * DAY, about_staff="north_officer")
    with pytest.raises(NotFound):
        up(world, held(world), case)


def test_whys_are_kept_in_their_order_and_the_last_is_the_root(world: World) -> None:
    case, review, who = world.case("NORTH", 2 * DAY), held(world), world.who("north_head")
    whys = ["The pump stood still", "", "Nobody had the key", "There is one key"]
    for _ in range(2):
        found = meeting.decide(world.session, who, review.id, case.id, whys, "A second key", NOW)
    assert (found.why, found.whys) == (
        "There is one key",
        ["The pump stood still", "Nobody had the key", "There is one key"],
    )
    assert [entry.body["whys"] for entry in entries(world, case)] == [found.whys]
    with pytest.raises(BadInput) as wrong:
        meeting.decide(world.session, who, review.id, world.case("NORTH", DAY).id, ["", "x" * 2001], "", NOW)
    assert set(wrong.value.fields) == {"why", "why2", "decision"}


def full_meeting(world: World) -> tuple[Review, dict[str, Case]]:
    cases = {
        "plain": world.case("NORTH", 2 * DAY),
        "accused": world.case("NORTH", 2 * DAY, about_staff="north_officer"),
        "up": world.case("NORTH", 2 * DAY),
        "closed": close(world, world.case("NORTH", 2 * DAY, HOUR)),
    }
    cases["plain"].text = "No water, call +355 69 123 4567"
    world.session.flush()
    packs.ensure(world.session, world.offices["NORTH"].id, WEEK, NOW)
    review, who = held(world), world.who("north_head")
    mark(world, review, ids(world, "north_head"), set())
    for name in ("plain", "accused"):
        meeting.decide(world.session, who, review.id, cases[name].id, ["No key", f"Root of {name}"], f"Do {name}", NOW)
    act(world, review, cases["plain"], what="Hand over a key", due_on=FRIDAY)
    act(world, review, cases["accused"], what="Talk to them", owner="north_head")
    up(world, review, cases["up"])
    holding.check(world.session, who, review.id, cases["closed"].id, False, "Nobody was told", NOW)
    meeting.close_review(world.session, who, review.id, NOW + HOUR)
    return review, cases


def test_minutes_are_written_as_the_meeting_ends_and_sent_to_whom_they_concern(world: World, tmp_path: Path) -> None:
    review, cases = full_meeting(world)
    north, who = world.offices["NORTH"].id, world.who("north_head")
    kept = minutes.read(world.session, who, north, WEEK)
    assert kept is not None
    assert kept.here == ["North_Head"]
    assert [(one.whys, one.decision) for one in kept.decided] == [(["No key", "Root of plain"], "Do plain")]
    assert [(one.what, one.owner) for one in kept.given] == [("Hand over a key", "North_Officer")]
    assert [(one.reference, one.why) for one in kept.raised] == [(cases["up"].reference, "The pump is not ours")]
    assert [(one.sound, one.note) for one in kept.checked] == [(False, "Nobody was told")]
    told = world.session.exec(select(Notice.staff_id).where(col(Notice.dedupe_key).endswith(":minutes"))).all()
    assert set(told) == ids(world, "north_head", "north_officer")
    text = read_paper(printing.minutes(catalogue(world.session), kept, []), tmp_path)
    for words in ("Root of plain", "Do plain", "Hand over a key", "The pump is not ours", "Nobody was told"):
        assert words in text
    for secret in ("123 4567", "accused", "Talk to them", cases["accused"].reference):
        assert secret not in text
        assert secret not in str(review.minutes)


def test_a_mail_says_that_minutes_are_out_and_not_a_word_of_them(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("reviews.telling", "notifications.staff_look"):
        monkeypatch.setattr(f"{room}.set_up", lambda: frozenset({Channel.email}))
    with installation.database.write() as session:
        _, cases = full_meeting(build(session))
        references = [case.reference for case in cases.values()]
    sent: list[Outgoing] = []

    def send(outgoing: Outgoing, channel: Channel) -> Sent:
        sent.append(outgoing)
        return Sent("1", "acc", DeliveryStatus.accepted)

    for _ in range(2):
        staff_deliver.deliver_due(NOW + HOUR, send=send, calendars=terms.calendar_of)
    assert sorted(one.to for one in sent) == ["north_head@velmora.example", "north_officer@velmora.example"]
    for one in sent:
        assert one.subject == "The minutes of the review of North office are out: the week of 16 November 2026."
        assert one.text.endswith(f"/staff/reviews/NORTH/{WEEK}/minutes")
        assert not any(reference in one.text for reference in references)


def test_minutes_stay_as_they_are_but_for_dated_additions_and_what_turns_out_to_be_conduct(world: World) -> None:
    review, cases = full_meeting(world)
    north = world.offices["NORTH"].id
    before = dict(review.minutes or {})
    finding = world.session.exec(select(Finding).where(Finding.case_id == cases["plain"].id)).one()
    finding.decision = "Something else"
    meeting.close_review(world.session, world.who("north_head"), review.id, NOW + DAY)
    world.session.flush()
    assert review.minutes == before
    officer = world.who("north_officer")  # owns an action, was not there
    for _ in range(2):
        minutes.add(world.session, officer, north, WEEK, "It was the second key", NOW + DAY)
    assert world.session.exec(select(func.count()).select_from(MinutesNote)).one() == 1
    assert [(one.words, one.by, one.at) for one in minutes.additions(world.session, north, WEEK)] == [
        ("It was the second key", "North_Officer", NOW + DAY)
    ]
    with pytest.raises(NotAllowed):
        minutes.add(world.session, world.who("auditor"), north, WEEK, "Hm", NOW)
    with pytest.raises(NotFound):
        minutes.read(world.session, world.who("south_head"), north, WEEK)
    cases["plain"].about_staff_id = world.staff["north_officer"].id
    world.session.flush()
    left = minutes.read(world.session, officer, north, WEEK)
    assert left is not None
    assert (left.decided, left.given) == ([], [])


def test_who_was_there_reads_the_pack_and_who_has_something_to_do_the_minutes(world: World) -> None:
    world.person("guest", (Role.officer, "SOUTH"))
    review = held(world)
    mark(world, review, ids(world, "guest"), set())
    north = world.offices["NORTH"].id
    assert reading.reads_pack(world.session, world.who("guest"), north, WEEK)
    assert not reading.reads_pack(world.session, world.who("north_officer"), north, WEEK)
    act(world, review)
    assert reading.reads_minutes(world.session, world.who("north_officer"), north, WEEK)
    assert not reading.reads_pack(world.session, world.who("north_officer"), north, WEEK)
    mark(world, review, set(), ids(world, "guest"))
    assert not reading.reads_pack(world.session, world.who("guest"), north, WEEK)


def test_a_stop_keeps_its_name_and_each_case_comes_once(world: World) -> None:
    for days in (2, 3, 4):
        world.case("NORTH", days * DAY, deadline_after=HOUR)
    body = packs.ensure(world.session, world.offices["NORTH"].id, WEEK, NOW)
    found = stops(body)
    assert [one.key.partition("-")[0] for one in found] == ["here", "case", "case", "case", "end"]
    assert found[1].under == ("Past a deadline", "Waiting longest", "New last week")
    assert [place_of(found, one.key) for one in found] == list(range(5))
    assert place_of(found, "case-NONE") == 0
    village = packs.ensure(world.session, world.offices["SOUTH"].id, WEEK, NOW)
    assert [one.key for one in stops(village)] == ["here", "end"]


def test_what_many_press_at_once_happens_once(installation: Installation) -> None:
    with installation.database.write() as session:
        world = build(session)
        case = world.case("NORTH", 2 * DAY)
        office, case_id, who = world.offices["NORTH"].id, case.id, world.who("north_head")
        head = world.staff["north_head"].id
        packs.ensure(session, office, WEEK, NOW)
    errors: list[Exception] = []
    barrier = threading.Barrier(5)

    def press() -> None:
        barrier.wait()
        try:
            with installation.database.write() as session:
                packs.ensure(session, office, WEEK + timedelta(weeks=1), NOW)
                review = meeting.open_review(session, who, office, WEEK, NOW)
                holding.note_attendance(session, who, review.id, {head}, set(), NOW)
                holding.raise_case(session, who, review.id, case_id, "Needed", NOW)
            with installation.database.write() as session:
                review = meeting.open_review(session, who, office, WEEK, NOW)
                meeting.close_review(session, who, review.id, NOW)
        except Conflict:
            pass  # somebody was quicker and the meeting is over
        except Exception as error:  # noqa: BLE001  (shown by the assertion)
            errors.append(error)

    threads = [threading.Thread(target=press) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    with installation.database.read() as session:
        assert session.exec(select(func.count()).select_from(Raised)).one() == 1
        assert session.get_one(Case, case_id).timeline_length == 2
        told = select(func.count()).select_from(Notice).where(col(Notice.dedupe_key).endswith(":minutes"))
        assert session.exec(told).one() == 1
