"""Calls on what is said to be solved: drawn, made by others than closed it, and compared with what was said."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from cases import afterwards, checks
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.ids import new_id
from core.settings import settings
from domain.closing import CheckResult, SolvedCheck
from domain.states import CaseState, ClockKind, ClockState, EntryKind
from reports import solved as figures
from tests.cases.chat import timeline
from tests.cases.conftest import Town
from tests.cases.test_solved import ask, closed

ON_SQLITE = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


@pytest.fixture
def drawn(town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A case that was closed and said to be solved, and is to be checked."""
    monkeypatch.setenv("OMBUD_CALLBACK_SHARE", "1")
    settings.cache_clear()
    closed(town)
    ask(town)
    town.arrives("1")
    return town


def check(town: Town) -> SolvedCheck:
    with town.database.read() as session:
        return session.exec(select(SolvedCheck)).one()


def listed(town: Town, who: str) -> list[UUID]:
    with town.database.read() as session:
        return [one.check.id for one in checks.waiting(session, town.viewer(who))]


def record(town: Town, result: CheckResult, text: str = "", who: str = "head_water") -> None:
    with town.database.write() as session:
        checks.record(session, check(town).id, town.viewer(who), result, text, town.now, town.form())


@ON_SQLITE
def test_only_who_is_of_another_office_and_sees_it_calls(drawn: Town) -> None:
    assert {who for who in drawn.known.staff if listed(drawn, who)} == {"head_water", "reviewer", "minister"}
    for who, error in (
        ("officer1", NotAllowed),
        ("head1", NotAllowed),
        ("officer2", NotFound),
        ("auditor", NotAllowed),
    ):
        with pytest.raises(error):
            record(drawn, CheckResult.solved, who=who)
    with drawn.database.write() as session:
        number = checks.reveal(session, check(drawn).id, drawn.viewer("reviewer"), drawn.now, drawn.form())
    assert number == "+355691112233"
    assert timeline(drawn, drawn.case(), "noted")[-1].body["by"] == "reviewer"


@ON_SQLITE
def test_what_a_call_confirms_is_kept_once(drawn: Town) -> None:
    record(drawn, CheckResult.solved)
    assert (check(drawn).result, check(drawn).claimed) == (CheckResult.solved, True)
    assert listed(drawn, "head_water") == []
    with pytest.raises(Conflict):
        record(drawn, CheckResult.not_solved, "No")
    assert drawn.case().state == CaseState.closed


@ON_SQLITE
def test_not_solved_opens_it_like_any_no(drawn: Town) -> None:
    with pytest.raises(BadInput):
        record(drawn, CheckResult.not_solved)
    record(drawn, CheckResult.not_solved, "The yard is still dry, they said")
    assert drawn.case().state == CaseState.open
    assert drawn.clock(ClockKind.reply_due).state == ClockState.running
    assert [entry.kind for entry in timeline(drawn, drawn.case())].count(EntryKind.checked) == 1


@ON_SQLITE
def test_after_three_calls_nobody_is_called_any_more(drawn: Town) -> None:
    for number in range(checks.TRIES):
        assert check(drawn).result is None
        record(drawn, CheckResult.not_reached, f"try {number}")
    assert (check(drawn).result, len(check(drawn).tries)) == (CheckResult.not_reached, 3)


@ON_SQLITE
def test_a_case_opened_meanwhile_is_not_called_about(drawn: Town) -> None:
    drawn.arrives(f"{drawn.case().reference} it leaks again")
    assert listed(drawn, "head_water") == []
    with pytest.raises(Conflict):
        record(drawn, CheckResult.solved)


@ON_SQLITE
def test_said_beside_found_with_n_and_interval(drawn: Town) -> None:
    record(drawn, CheckResult.solved)
    with drawn.database.read() as session:
        period = {"since": drawn.now - timedelta(days=9), "until": drawn.now + timedelta(days=1)}
        (line,) = figures.by_office(session, drawn.viewer("officer1"), **period)
        assert figures.by_office(session, drawn.viewer("officer2"), **period) == []
    assert line.office_id == drawn.known.office["WAT1"]
    assert (line.closed, line.claimed.value, line.claimed.of) == (1, 1.0, 1)
    checked = line.checked(claimed=True)
    assert (checked.value, checked.of) == (1.0, 1)
    assert checked.interval == pytest.approx((0.2065, 1.0), abs=0.001)
    assert line.checked(claimed=False).value is None


@given(st.integers(0, 2**63))
def test_a_draw_is_a_share_that_drawing_again_gives_again(number: int) -> None:
    one = UUID(int=number)
    assert 0 <= afterwards.drawn(one) < 1
    assert afterwards.drawn(one) == afterwards.drawn(one)


def test_draws_fall_evenly() -> None:
    values = [afterwards.drawn(new_id()) for _ in range(4000)]
    assert sum(value < 0.05 for value in values) / 4000 == pytest.approx(0.05, abs=0.02)
    assert sum(values) / 4000 == pytest.approx(0.5, abs=0.03)
