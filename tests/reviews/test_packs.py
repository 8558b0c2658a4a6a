"""Packs of the weekly review: made by themselves, frozen, redacted, and the same on the page and on paper."""

import random
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, func, select

from channels.values import Channel
from core import typeset
from core.errors import BadInput, NotAllowed
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.closing import Appeal, AppealOutcome
from domain.pack import PackState, ReviewPack
from domain.policy import Calendar
from domain.states import CaseKind, CaseState, Outcome, Role
from domain.survey import Answer
from escalation.calendar import WorkingCalendar
from reviews import meeting, packs, printing, reading, snapshot
from reviews.drawing import drawn
from reviews.gathering import gather, named_in
from reviews.layout import blocks, figures
from tests.conftest import Installation, left_out
from tests.reports.world import DAY, HOUR, NOW, World, build
from tests.reviews.test_meeting import FRIDAY, WEEK

TODAY = NOW.date()


@pytest.fixture
def world(installation: Installation) -> Iterator[World]:
    with installation.database.write() as session:
        yield build(session)


def made(world: World, office: str = "NORTH", now: datetime = NOW, checks: int = 5) -> snapshot.Body:
    return gather(world.session, world.offices[office].id, WEEK, 7, checks, now)


def close(world: World, case: Case, ago: timedelta = DAY, outcome: Outcome = Outcome.answered) -> Case:
    case.state, case.closed_at, case.outcome = CaseState.closed, NOW - ago, outcome
    world.session.flush()
    return case


def say(world: World, rating: int, words: str, source: str) -> None:
    for question, value, text in (("rating", rating, None), ("words", None, words)):
        answer = Answer(
            source_id=source, question=question, value=value, text=text, office_id=world.offices["NORTH"].id,
            channel=Channel.web, answered_at=NOW - 2 * DAY,
        )  # fmt: skip
        world.session.add(answer)
    world.session.flush()


def read_paper(data: bytes, folder: Path) -> str:
    if shutil.which("pdftotext") is None:
        left_out("pdftotext (poppler-utils) is missing: no PDF was read")
    path = folder / "pack.pdf"
    path.write_bytes(data)
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True)
    return done.stdout.decode()


def full(world: World) -> dict[str, Case]:
    """One case for each heading, and words that point to a person in all of them."""
    cases = {
        "late": world.case("NORTH", 3 * DAY, deadline_after=DAY),
        "again": world.case("NORTH", 20 * DAY, HOUR),
        "right": world.case("NORTH", 20 * DAY, HOUR),
        "thanks": world.case("NORTH", 2 * DAY, HOUR),
        "closed": close(world, world.case("NORTH", 2 * DAY, HOUR)),
    }
    cases["late"].text = "No water for three days. Call me at +355 69 123 4567, my name is Mira Kodra."
    cases["again"].reopened_at = NOW - DAY
    cases["thanks"].kind, cases["thanks"].text = CaseKind.compliment, "Mrs North_Head helped my mother at once"
    cases["right"].appealed_at = NOW - 2 * DAY
    decided = Appeal(
        case_id=cases["right"].id, entry=1, from_office_id=world.offices["NORTH"].id,
        office_id=world.offices["MIN"].id, text="No", lodged_at=NOW - 5 * DAY, outcome=AppealOutcome.allowed,
        decided_at=NOW - DAY,
    )  # fmt: skip
    world.session.add(decided)
    say(world, 1, "Three hours in the cold, write to mira@example.com", "exit:low")
    say(world, 5, "Quick and friendly", "exit:high")
    review = meeting.open_review(
        world.session, world.who("north_head"), world.offices["NORTH"].id, WEEK - timedelta(weeks=1), NOW
    )
    meeting.add_action(
        world.session, world.who("north_head"), review.id, "Answer the phone", world.staff["north_officer"].id, FRIDAY,
        NOW - HOUR * 0,
    )  # fmt: skip
    for name in ("late", "again"):
        why = "No spare key" if name == "late" else "no spare  key."
        meeting.decide(world.session, world.who("north_head"), review.id, cases[name].id, why, "Get one", NOW)
    return cases


def test_a_pack_has_every_heading_of_the_week_and_only_those(world: World) -> None:
    cases = full(world)
    body = made(world)
    found = blocks(catalogue(world.session), body, TODAY)
    assert [one.key for one in found] == [
        "actions", "appeals", "reopened", "overdue", "silent", "new", "causes", "praise", "worst", "best", "checks",
    ]  # fmt: skip
    by = {one.key: one for one in found}
    assert [row["reference"] for row in by["appeals"].rows] == [cases["right"].reference]
    assert [row["reference"] for row in by["reopened"].rows] == [cases["again"].reference]
    assert (by["causes"].rows[0]["text"], by["causes"].rows[0]["count"]) == ("No spare key", 2)
    assert by["praise"].rows[0]["staff"] == "North_Head"
    assert by["checks"].rows[0]["reference"] == cases["closed"].reference
    empty = made(world, "SOUTH")
    assert (blocks(catalogue(world.session), empty, TODAY), figures(empty)) == ([], [{"value": "0", "text": "new"}])


def test_paper_says_what_the_page_says_and_points_to_nobody(world: World, tmp_path: Path) -> None:
    cases = full(world)
    body = made(world)
    known = catalogue(world.session)
    text = read_paper(printing.pack(known, body, TODAY), tmp_path)
    for one in blocks(known, body, TODAY):
        assert f"{one.title} {one.count}" in text
        for row in one.rows:
            assert str(row.get("reference", "")) in text
    assert "Three hours in the cold, write to [e-mail]" in " ".join(text.split())
    for secret in ("123 4567", "Mira", "mira@"):
        assert secret not in text
        assert secret not in str(snapshot.dump(body))
    assert cases["late"].reference in text


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("words", "stays"),
    [("তিন দিন পানি নেই", "তিন দিন"), ("ማዕከሉ ዝግ ነው and water is off", "[…]"), ("light \U0001fae0\ufe0f off", "off")],
)
def test_letters_without_a_font_do_not_keep_a_pack_from_paper(
    world: World, tmp_path: Path, words: str, stays: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = {letter for letter in words if "\u1200" <= letter <= "\u137f"}
    monkeypatch.setattr(printing, "missing", lambda text: sorted({*typeset.missing(text), *(lacking & set(text))}))
    world.case("NORTH", 2 * DAY).text = words
    world.session.flush()
    text = read_paper(printing.pack(catalogue(world.session), made(world), TODAY), tmp_path)
    assert stays in text or "\u0980" <= stays[0] <= "\u09ff"  # pdftotext gives Bengali in the order it is drawn
    assert ("no font for: Ethiopic." in text) is bool(lacking)


def test_what_happens_later_changes_no_pack(world: World) -> None:
    cases = full(world)
    office = world.offices["NORTH"].id
    before = packs.ensure(world.session, office, WEEK, NOW)
    cases["late"].first_response_at, cases["late"].text = NOW + HOUR, "Something else"
    world.case("NORTH", 2 * DAY)
    world.session.flush()
    world.session.expire_all()
    assert packs.ensure(world.session, office, WEEK, NOW + 3 * DAY) == before
    assert reading.read_pack(world.session, world.who("north_head"), office, WEEK) == before


def test_nobodys_conduct_is_in_a_pack_nor_in_its_counts_also_when_it_turns_out_later(world: World) -> None:
    for accused in ({"about_staff": "north_officer"}, {"about": "SOUTH"}, {"integrity": True}):
        close(world, world.case("NORTH", 2 * DAY, deadline_after=HOUR, **accused))
        world.case("NORTH", 2 * DAY, deadline_after=HOUR, **accused)
    plain, turned = (world.case("NORTH", 2 * DAY, deadline_after=HOUR) for _ in range(2))
    office = world.offices["NORTH"].id
    body = packs.ensure(world.session, office, WEEK, NOW)
    assert {one.id for one in body.cases} == {plain.id, turned.id}
    assert {one.key: one.count for one in body.sections} == {"overdue": 2, "silent": 2, "new": 2}
    assert body.draw.of == 0
    turned.about_staff_id = world.staff["north_officer"].id
    world.session.flush()
    for name in ("north_head", "minister", "auditor"):
        seen = reading.read_pack(world.session, world.who(name), office, WEEK)
        assert seen is not None
        assert ({one.id for one in seen.cases}, seen.section("new").count) == ({plain.id}, 1), name


def test_an_administrator_reads_of_it_what_they_see_and_no_figure_of_the_rest(world: World) -> None:
    world.person("clerk", (Role.admin, "MIN"))
    own, below = world.case("MIN", 2 * DAY), world.case("NORTH", 2 * DAY)
    office = world.offices["MIN"].id
    packs.ensure(world.session, office, WEEK, NOW)
    whole = reading.read_pack(world.session, world.who("minister"), office, WEEK)
    part = reading.read_pack(world.session, world.who("clerk"), office, WEEK)
    assert whole is not None
    assert part is not None
    assert {one.id for one in whole.cases} == {own.id, below.id}
    assert ([one.id for one in part.cases], part.section("new").count) == ([own.id], 1)
    assert not reading.reads_pack(world.session, world.who("south_head"), office, WEEK)


def test_the_draw_can_be_drawn_again_and_nobody_chooses() -> None:
    references = [f"K{number:03d}" for number in range(200)]
    shuffled = random.Random(1).sample(references, len(references))
    assert drawn(42, references, 8) == drawn(42, shuffled, 8)
    assert drawn(42, references, 8) == sorted(references, key=lambda one: sha256(f"42:{one}".encode()).hexdigest())[:8]
    assert drawn(42, references, 8) != drawn(43, references, 8)
    assert drawn(42, references[:3], 8) == sorted(drawn(42, references[:3], 3), key=drawn(42, references[:3], 3).index)
    assert len(set(drawn(42, [*references, "NEW"], 8)) ^ set(drawn(42, references, 8))) <= 2
    # by lot: each is drawn as often as any other, within five standard deviations of a binomial
    times = {one: sum(one in drawn(seed, references[:20], 5) for seed in range(500)) for one in references[:20]}
    assert all(abs(count - 125) < 5 * (500 * 0.25 * 0.75) ** 0.5 for count in times.values())


def test_the_sample_is_of_what_was_closed_in_the_week(world: World) -> None:
    wanted = [close(world, world.case("NORTH", 4 * DAY, HOUR)) for _ in range(4)]
    close(world, world.case("NORTH", 20 * DAY, HOUR), 10 * DAY)
    close(world, world.case("NORTH", 4 * DAY, HOUR), outcome=Outcome.withdrawn)
    close(world, world.case("SOUTH", 4 * DAY, HOUR))
    body = made(world, checks=3)
    assert body.draw.of == 4
    names = drawn(7, [one.reference for one in wanted], 3)
    by = {one.reference: one.id for one in wanted}
    assert body.draw.cases == [by[name] for name in names]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Thanks to Besnik Leka of the desk", "Besnik Leka"), ("mr LEKA was kind", "Besnik Leka"),
        ("Mrs Hoxha helped", ""), ("the lekas", ""), ("Arta Hoxha and Besnik Leka", ""), ("Arta Hoxha", "Arta Hoxha"),
        ("thank you Li", ""),
    ],
)  # fmt: skip
def test_who_is_praised_is_found_only_where_it_can_be_nobody_else(text: str, name: str) -> None:
    assert named_in(text, ["Besnik Leka", "Arta Hoxha", "Dafina Hoxha", "Wen Li"]) == name


def test_packs_are_made_at_the_offices_own_hour_on_its_first_working_day(installation: Installation) -> None:
    week = {str(day): [["09:00", "17:00"]] for day in range(5)}
    days: dict[str, list[list[str]]] = {"2026-11-23": [], "2026-11-24": []}
    dhaka = WorkingCalendar.of(Calendar(name="D", time_zone="Asia/Dhaka", week=week, days=days))
    due = packs.due_at(dhaka, WEEK, 7)
    assert due == datetime(2026, 11, 25, 7, tzinfo=ZoneInfo("Asia/Dhaka")).astimezone(UTC)
    with installation.database.write() as session:
        world = build(session)
        north, head = world.offices["NORTH"].id, world.staff["north_head"].id
        packs.choose_plan(session, world.who("north_head"), north, holds=True, hour=6, checks=2, now=NOW)
        world.case("NORTH", 2 * DAY)
    before = datetime.combine(WEEK + timedelta(days=5), time(12), UTC)
    assert packs.plan(before) > 0
    assert packs.plan(before) == 0
    local = datetime(2026, 11, 23, 6, tzinfo=settings().zone).astimezone(UTC)
    made_early = packs.make_due(local - timedelta(minutes=1))
    with installation.database.read() as session:
        row = session.exec(select(ReviewPack).where(ReviewPack.office_id == north, ReviewPack.week == WEEK)).one()
        assert (row.state, row.due_at) == (PackState.waiting, local)
        offices = set(session.exec(select(ReviewPack.office_id)))
        assert offices == {world.offices[code].id for code in ("MIN", "NORTH", "SOUTH")}
    assert packs.make_due(local) >= 1
    with installation.database.read() as session:
        row = session.exec(select(ReviewPack).where(ReviewPack.office_id == north, ReviewPack.week == WEEK)).one()
        assert (row.state, row.made_at, row.due_at) == (PackState.made, local, None)
        told = session.exec(select(Notice).where(col(Notice.dedupe_key).like("review:NORTH:%"))).all()
        assert [(one.staff_id, one.dedupe_key) for one in told] == [(head, f"review:NORTH:{WEEK}:pack")]
        assert made_early + packs.make_due(local) + packs.make_due(local) >= 0
        count = select(func.count()).select_from(Notice).where(col(Notice.dedupe_key).like("review:NORTH:%"))
        assert session.exec(count).one() == 1


def test_a_pack_that_cannot_be_made_is_tried_again_and_keeps_nobody_waiting(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation.database.write() as session:
        world = build(session)
        north = world.offices["NORTH"].id
    packs.plan(NOW)
    real = gather

    def broken(session, office_id, *rest):  # type: ignore[no-untyped-def]
        if office_id == north:
            raise RuntimeError("no")
        return real(session, office_id, *rest)

    monkeypatch.setattr(packs, "gather", broken)
    late = NOW + HOUR
    assert packs.make_due(late) == 3
    with installation.database.read() as session:
        rows = session.exec(select(ReviewPack).where(ReviewPack.week == WEEK)).all()
        states = {row.office_id: row.state for row in rows}
        assert states.pop(north) == PackState.waiting
        assert set(states.values()) == {PackState.made}
    monkeypatch.setattr(packs, "gather", real)
    assert packs.make_due(late) == 0
    assert packs.make_due(late + timedelta(minutes=1)) == 1


def test_who_says_when_packs_are_made(world: World) -> None:
    north = world.offices["NORTH"].id
    with pytest.raises(NotAllowed):
        packs.choose_plan(world.session, world.who("auditor"), north, holds=True, hour=7, checks=5, now=NOW)
    with pytest.raises(BadInput) as wrong:
        packs.choose_plan(world.session, world.who("north_head"), north, holds=True, hour=24, checks=99, now=NOW)
    assert set(wrong.value.fields) == {"hour", "checks"}
    assert packs.plan_of(world.session, north) == (True, packs.HOUR, packs.CHECKS)
