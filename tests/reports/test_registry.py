"""The registry of KPIs: what is counted, for whom, by what it splits, and that a figure and its list of cases agree."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from cases import asking, history
from channels.values import Channel
from core.errors import BadInput, NotAllowed, NotFound
from core.ids import new_id
from domain.answer import GivenAnswer
from domain.case import Case
from domain.catalogue import catalogue, forget, touch
from domain.closing import Appeal, AppealOutcome, SolvedQuestion, SolvedState
from domain.states import CaseKind, CaseState, EntryKind, Outcome, Role, Templated, Tier
from domain.timeline import append
from domain.visibility import SYSTEM_KEY
from reports import answers, footing, handovers, rebuild, refresh, solved
from reports.registry.figures import measure, readable, whole
from reports.registry.kpis import BY_NAME, KPIS, find
from reports.registry.scope import Scope
from reports.registry.values import Dimension, Figure, Hidden, Unit
from reports.survival import mean
from tests.conftest import Installation
from tests.reports.world import DAY, HOUR, NOW, World, build

SINCE = NOW - 28 * DAY
WATCHED = [one for one in KPIS if one.counts]


def furnish(world: World) -> None:
    """Forty-two cases of two districts and their ministry, with answers, closings, appeals and hand-overs."""
    world.person("south_officer", (Role.officer, "SOUTH"))
    for number in range(42):
        office = ("NORTH", "SOUTH", "MIN")[number % 3]
        answered = None if number % 4 == 0 else timedelta(hours=number % 9 + 1)
        target = timedelta(hours=6 if number else 20)
        case = world.case(office, number % 27 * DAY + 13 * HOUR, answered, deadline_after=target)
        case.kind = (CaseKind.complaint, CaseKind.question)[number % 2]
        case.channel = (Channel.sms, Channel.web, Channel.email)[number % 3]
        case.language = ("en", "sq")[number % 5 == 0]
        officer = world.staff["north_officer" if office == "NORTH" else "south_officer"]
        case.assignee_id = officer.id
        if answered is not None:
            answer(world, case, officer.id, case.received_at + answered, number)
        if number % 2:
            close(world, case, officer.id, case.received_at + 12 * HOUR, number)
        if number % 7 == 0:
            offer(world, case, "SOUTH" if office != "SOUTH" else "NORTH", number)
    world.session.flush()


def answer(world: World, case: Case, staff_id: UUID, at: datetime, number: int) -> None:
    world.session.add(
        GivenAnswer(
            case_id=case.id, entry=50, staff_id=staff_id, office_id=case.office_id, at=at, words="w",
            templated=Templated.saved if number % 6 == 1 else None,
        )
    )  # fmt: skip


def close(world: World, case: Case, staff_id: UUID, at: datetime, number: int) -> None:
    """Every third is opened again; every fifth goes to appeal, and so to the ministry."""
    entry = append(world.session, case, EntryKind.closed, at)
    world.session.add(
        SolvedQuestion(
            case_id=case.id, entry=entry.number, office_id=case.office_id, closed_by=staff_id, closed_at=at, until=at,
            state=(SolvedState.yes, SolvedState.no, SolvedState.silent)[number % 3], due_at=NOW,
        )
    )  # fmt: skip
    if number % 3 == 0:
        append(world.session, case, EntryKind.reopened, NOW - HOUR)
    elif number % 5 == 0:
        case.appealed_at, case.state = NOW - 2 * HOUR, CaseState.open
        world.session.add(
            Appeal(
                id=new_id(), case_id=case.id, entry=entry.number + 1, from_office_id=case.office_id,
                office_id=world.offices["MIN"].id, text="t", lodged_at=NOW - 2 * HOUR, decided_at=NOW - HOUR,
                outcome=AppealOutcome.partly if number % 2 else AppealOutcome.dismissed,
            )
        )  # fmt: skip
        case.office_id = world.offices["MIN"].id
    else:
        case.state, case.closed_at, case.outcome = CaseState.closed, at, Outcome.answered


def offer(world: World, case: Case, to: str, number: int) -> None:
    at, target = case.received_at + HOUR, world.offices[to]
    by = next(code for code, one in world.offices.items() if one.id == case.office_id)
    append(world.session, case, EntryKind.transferred, at, body={"from": by, "to": to})
    if number % 3:
        append(world.session, case, EntryKind.refused, at + HOUR, office_id=target.id, body={"office": to})
    else:
        append(world.session, case, EntryKind.accepted, at + HOUR, office_id=target.id, body={"office": to})


@pytest.fixture
def world(installation: Installation) -> Iterator[World]:
    with installation.database.write() as session:
        yield build(session)


def scope(world: World, who: str = "minister", office: str = "", **more: object) -> Scope:
    world.session.flush()
    at = world.offices[office].id if office else None
    known = catalogue(world.session)
    return Scope(world.who(who), known, SINCE, NOW, NOW, at, **more)  # type: ignore[arg-type]


def listed(world: World, who: str, typed: str) -> int:
    """How many cases the list of a figure holds."""
    asked = asking.read(typed, catalogue(world.session), NOW)
    assert (asked.odd, asked.words) == ((), "")
    return history.count(world.session, world.who(who), asked.chosen)


def test_values(world: World) -> None:
    """Against a count by hand over the same numbers, and the modules that count the same in their own way."""
    furnish(world)
    found = whole(world.session, scope(world), KPIS[:20])
    numbers = range(42)
    silent = [number for number in numbers if number % 4 == 0]
    closed = [number for number in numbers if number % 2]
    due = [number for number in numbers if number]
    in_target = [number for number in due if number % 4 and number % 9 + 1 <= 6]
    appealed = [number for number in closed if number % 3 and number % 5 == 0]
    assert found["received"].value == 42
    assert found["silent_now"].value == len(silent)
    assert found["past_target"].value == len(silent) - 1
    assert found["answered_in_target"].n == len(due)
    assert found["answered_in_target"].value == pytest.approx(len(in_target) / len(due))
    assert found["reopened"].value == pytest.approx(len([one for one in closed if one % 3 == 0]) / len(closed))
    assert found["appealed"].value == pytest.approx(len(appealed) / len(closed))
    assert (found["appeals_upheld"].n, found["appeals_upheld"].hidden) == (len(appealed), Hidden.few)
    minister = world.who("minister")
    lines = handovers.by_office(world.session, minister, None, since=SINCE, until=NOW)
    ended = sum(one.accepted + one.bounced for one in lines)
    assert (found["bounced"].n, found["turned_away"].n) == (ended, ended)
    given = answers.by_office(world.session, minister, since=SINCE, until=NOW)
    assert found["templated"].n == sum(one.all for one in given)
    assert found["templated"].value == pytest.approx(sum(one.templated for one in given) / found["templated"].n)
    said = solved.by_office(world.session, minister, since=SINCE, until=NOW)
    assert found["solved"].n == sum(one.claimed.of for one in said)
    assert found["longest_silence"].value == (24 * DAY + 13 * HOUR).total_seconds()


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_offices_of_acts_are_those_that_acted(world: World) -> None:
    """An appeal takes the case to the ministry; the closing, the appeal and the answer stay with who gave them."""
    furnish(world)
    for name, lines in measure(
        world.session, scope(world), [find("bounced"), find("turned_away")], Dimension.office
    ).items():
        expected = handovers.by_office(world.session, world.who("minister"), None, since=SINCE, until=NOW)
        codes = {office.id: code for code, office in world.offices.items()}
        by_hand = {
            codes[one.office_id]: one.accepted + one.bounced if name == "bounced" else one.took + one.refused
            for one in expected
        }
        assert {one.key: one.n for one in lines} == {code: n for code, n in by_hand.items() if n}
    (decided,) = measure(world.session, scope(world), [find("appeals_upheld")], Dimension.office).values()
    assert "MIN" in {one.key for one in decided}
    assert {one.key for one in decided} > {"MIN"}, "the districts whose decisions they were"


def test_a_figure_lists_the_cases_it_counts(world: World) -> None:
    furnish(world)
    for by in (None, *Dimension):
        look_at_lists(world, by)
    look_at_narrowed(world)


def look_at_lists(world: World, by: Dimension | None) -> None:
    chosen = [one for one in WATCHED if by is None or by in one.splits]
    found = measure(world.session, scope(world), chosen, by)
    checked = 0
    for figures in found.values():
        for one in figures:
            assert listed(world, "minister", one.cases) == one.n, (one.kpi.name, one.key, one.cases)
            if one.of_these and one.value is not None:
                assert listed(world, "minister", one.of_these) == round(one.value * one.n), one.of_these
            checked += one.n > 0
    assert checked >= len(chosen) - 2


def look_at_narrowed(world: World) -> None:
    north = world.offices["NORTH"].id
    for more in (
        {"office": "NORTH"}, {"office": "MIN", "below": False}, {"tier": Tier.district, "kind": CaseKind.question},
        {"channel": Channel.web, "language": "en"}, {"staff_id": world.staff["north_officer"].id},
    ):  # fmt: skip
        asked = scope(world, **more)
        names = [one for one in WATCHED if "staff_id" not in more or Dimension.officer in one.splits]
        found = whole(world.session, asked, names)
        assert 0 < found["received"].n < 42
        for one in found.values():
            assert listed(world, "minister", one.cases) == one.n, (more, one.cases)
    assert asking.read("at:NORTH", catalogue(world.session), NOW).chosen.office_ids == frozenset({north})


def test_parts_add_up(world: World) -> None:
    furnish(world)
    counts = [one for one in KPIS if one.unit is Unit.number and one.counts]
    total = whole(world.session, scope(world), counts)
    for by in Dimension:
        some = [one for one in counts if by in one.splits and by is not Dimension.officer]
        for name, figures in measure(world.session, scope(world), some, by).items():
            assert sum(one.value or 0 for one in figures) == total[name].value, (by, name)
    shares = [one for one in KPIS if one.unit is Unit.share and one.counts]
    for name, figures in measure(world.session, scope(world), shares, Dimension.branch).items():
        assert sum(one.n for one in figures) == whole(world.session, scope(world), [find(name)])[name].n
    branches = measure(world.session, scope(world), [find("received")], Dimension.branch)["received"]
    for one in branches:
        if one.key != "MIN":
            assert whole(world.session, scope(world, office=one.key), [find("received")])["received"].value == one.value


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_the_firewall_holds_in_every_figure(world: World) -> None:
    furnish(world)
    before = {name: (one.value, one.n) for name, one in whole(world.session, scope(world), KPIS[:20]).items()}
    hidden = [
        world.case("INTEG", 5 * DAY, HOUR, integrity=True, about="NORTH", deadline_after=DAY),
        world.case("SOUTH", 5 * DAY, HOUR, about="NORTH", deadline_after=DAY),
        world.case("NORTH", 5 * DAY, about_staff="north_officer", deadline_after=DAY),
    ]
    for number, case in enumerate(hidden):
        answer(world, case, world.staff["south_officer"].id, NOW - DAY, number)
        offer(world, case, "SOUTH", number)
    for who in ("minister", "auditor", "north_head"):
        after = whole(world.session, scope(world, who), KPIS[:20])
        if who != "north_head":
            assert {name: (one.value, one.n) for name, one in after.items()} == before
        for one in after.values():
            assert listed(world, who, one.cases) <= one.n
    assert whole(world.session, scope(world, "inspector"), [find("received")])["received"].n == 1


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_too_few_are_not_shown(world: World) -> None:
    for _ in range(9):
        world.case("NORTH", 10 * DAY, HOUR, deadline_after=DAY)
    median = whole(world.session, scope(world), [find("silence_median")])["silence_median"]
    assert (median.value, median.low, median.n, median.hidden) == (None, None, 9, Hidden.few)
    world.case("NORTH", 10 * DAY, HOUR, deadline_after=DAY)
    median = whole(world.session, scope(world), [find("silence_median")])["silence_median"]
    assert (median.value, median.n, median.hidden, median.small) == (3600, 10, None, True)
    nobody = whole(world.session, scope(world, office="SOUTH"), [find("received"), find("silence_median")])
    assert nobody["received"].value == 0
    assert nobody["silence_median"].hidden is Hidden.nothing


def ranks(figures: Sequence[Figure]) -> dict[str, int | None]:
    return {one.key: one.rank for one in figures}


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_answering_the_easy_half_does_not_pay(world: World) -> None:
    """Both answer the easy half within the hour; NORTH drops the others, SOUTH answers them in ten days."""
    for number in range(40):
        age = 12 * DAY + number * DAY / 3
        world.case("NORTH", age, HOUR if number % 2 else None, deadline_after=2 * DAY)
        world.case("SOUTH", age, HOUR if number % 2 else 10 * DAY, deadline_after=2 * DAY)
    names = ("silence_median", "silence_p90", "silence_mean")
    found = measure(world.session, scope(world), [find(name) for name in names], Dimension.office)
    medians = {one.key: one.value for one in found["silence_median"]}
    assert medians["NORTH"] == medians["SOUTH"] == 3600, "the median does not see it"
    for name in names:
        assert ranks(found[name]) == {"NORTH": 1, "SOUTH": 2}, name


@examples(max_examples=60)
@given(
    easy=st.lists(st.integers(60, 5 * 86400), min_size=15, max_size=40),
    hard=st.lists(st.integers(60, 29 * 86400), min_size=15, max_size=40),
)
def test_whoever_answers_more_of_the_same_cases_never_has_the_longer_mean(easy: list[int], hard: list[int]) -> None:
    horizon = 30 * 86400.0
    some, every = mean(easy, [horizon] * len(hard), horizon), mean(easy + hard, [], horizon)
    assert some is not None
    assert every is not None
    assert every.seconds <= some.seconds


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_small_offices_have_no_rank_and_large_ones_are_drawn(world: World) -> None:
    for number in range(5):
        world.office(f"D{number}", "MIN")
    for number in range(5):
        for case in range(40 if number else 12):
            world.case(
                f"D{number}", 20 * DAY, timedelta(hours=number + case % 5 + 1), deadline_after=timedelta(hours=4)
            )

    touch(world.session)
    world.session.flush()
    forget()
    found = measure(world.session, scope(world), [find("silence_mean"), find("answered_in_target")], Dimension.office)
    for name, figures in found.items():
        assert [one.key for one in figures] == ["D4", "D3", "D2", "D1", "D0"], name
        assert ranks(figures)["D0"] is None
        for one in figures[:4]:
            assert one.drawn is not None
            assert one.value is not None
            centre = sum(other.value or 0 for other in figures[:4]) / 4
            assert abs(one.drawn.value - centre) <= abs(one.value - centre) + 1e-9


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_who_may_see_what(world: World) -> None:
    money = find("money_asked")
    assert readable(money, world.who("minister"))
    assert not readable(money, SYSTEM_KEY)
    assert readable(find("silence_median"), SYSTEM_KEY)
    with pytest.raises(NotAllowed):
        measure(world.session, scope(world, "north_head"), [money])
    told = whole(world.session, scope(world), [money])["money_asked"]
    assert (told.value, told.hidden) == (None, Hidden.whole_month)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_what_cannot_be_told_is_said(world: World) -> None:
    with pytest.raises(NotFound, match="Did you mean silence_median"):
        find("silence_medien")
    with pytest.raises(BadInput):
        measure(world.session, scope(world), [find("content")], Dimension.kind)
    with pytest.raises(BadInput):
        measure(world.session, replace(scope(world), kind=CaseKind.question), [find("content")])
    with pytest.raises(BadInput, match="weeks"):
        measure(world.session, replace(scope(world), since=NOW - 4000 * DAY), [find("received")], Dimension.week)


def test_the_registry_is_whole() -> None:
    assert len(BY_NAME) == len(KPIS)
    for one in KPIS:
        assert one.definition.endswith("."), one.name
        assert one.formula, one.name
        assert one.source, one.name
        assert one.n_is, one.name
        assert not one.rank_by or BY_NAME[one.rank_by].measure is not one.measure
        assert one.unit is Unit.number or one.unit is Unit.seconds or one.least >= 10


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_large_offices_are_read_from_their_tables(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same but for the error that is told; whatever the tables do not hold is read from the cases."""
    furnish(world)
    world.case("SOUTH", 5 * DAY, about="NORTH", deadline_after=DAY)
    names = [find(name) for name in ("silence_median", "silent_now", "past_target", "longest_silence")]
    exact = [measure(world.session, scope(world), names, by) for by in (None, Dimension.channel)]
    for level in ("HEAVY", "SPLIT"):
        monkeypatch.setattr(footing, level, 1)
    refresh.refresh(world.session, NOW - timedelta(seconds=20))
    rebuild.everything(world.session, NOW - timedelta(seconds=20))
    kept = [measure(world.session, scope(world), names, by) for by in (None, Dimension.channel)]
    for before, after in zip(exact, kept, strict=True):
        for name, figures in after.items():
            for one, cases in zip(figures, before[name], strict=True):
                assert one.as_of == NOW - timedelta(seconds=20), name
                assert (one.key, one.n, one.hidden, one.cases) == (cases.key, cases.n, cases.hidden, cases.cases)
                assert one.value == pytest.approx(cases.value, rel=max(one.error, 0.001)), name
                assert one.error <= 0.02
    for narrower in (
        scope(world, "north_head"), scope(world, kind=CaseKind.question), scope(world, office="MIN", below=False)
    ):  # fmt: skip
        median = whole(world.session, narrower, names)["silence_median"]
        assert (median.as_of, median.exact) == (NOW, True)
    with_mean = whole(world.session, scope(world), [*names, find("silence_mean")])
    assert {one.as_of for one in with_mean.values()} == {NOW}
