"""After the closing: asked once, by day, and what a yes and a no lead to."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from cases import history, lifecycle, solved
from cases.solved_words import solved as read
from channels.values import Channel, DeliveryStatus
from core.settings import settings
from domain.case import Case
from domain.closing import SolvedCheck, SolvedQuestion, SolvedState
from domain.states import CaseState, ClockKind, ClockState, EntryKind, Outcome, Purpose
from tests.builders import government
from tests.cases.chat import Citizen, timeline
from tests.cases.conftest import CITIZEN, Town
from tests.cases.post import PostTown
from tests.cases.test_intake import WATER
from tests.conftest import Installation

DONE = "The pipe is mended."
ON_SQLITE = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
"""What takes no part in a race is tried on one database; `test_life_races` has the other."""


def close(town: Town, case: Case | None = None, who: str = "officer1", outcome: Outcome = Outcome.upheld) -> None:
    case = case or town.case()
    with town.database.write() as session:
        form = town.form(session.get_one(Case, case.id).timeline_length)
        lifecycle.close(session, case.id, town.viewer(who), outcome, DONE, town.now, form, why="It is the rule.")
    town.work()


def closed(town: Town) -> Town:
    """A case that was answered by closing, and the answer arrived."""
    town.arrives(WATER)
    town.later(hours=1)
    close(town)
    town.receipt(DeliveryStatus.delivered)
    return town


def ask(town: Town, **by: float) -> None:
    town.later(**(by or {"hours": 25}))
    solved.sweep(town.now)
    town.work()


def questions(town: Town) -> list[SolvedQuestion]:
    with town.database.read() as session:
        return list(session.exec(select(SolvedQuestion).order_by(col(SolvedQuestion.entry))))


def asked(town: Town) -> list[str]:
    return [one.body for one in town.outbox() if one.purpose == Purpose.solved]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1", True), ("2", False), ("১", True), ("২.", False), ("3", None), ("Yes", True), ("yes thank you", True),
        ("Po", True), ("po, faleminderit", True), ("u zgjidh", True), ("nuk u zgjidh", False),
        ("Jo, rrjedh ende", False),
        ("হ্যাঁ", True), ("না", False), ("সমাধান হয়নি", False), ("да", True), ("да, спасибо", True), ("всё решено", True),
        ("не решено", False), ("нет, воды всё ещё нет", False), ("no water since this morning", False), ("👍", True),
        ("yes but the road is still open", None), ("it broke again", None), ("thank you", None), ("", None),
    ],
)  # fmt: skip
def test_what_a_reply_says(text: str, said: bool | None) -> None:
    assert read(text) is said


@ON_SQLITE
def test_asked_once_some_hours_after_and_by_day(town: Town) -> None:
    closed(town)
    ask(town, hours=23)
    assert asked(town) == []
    town.now = datetime(2026, 3, 3, 22, 30, tzinfo=UTC)  # half past eleven at night in Tirana
    ask(town, minutes=1)
    assert asked(town) == []
    (question,) = questions(town)
    assert question.due_at == datetime(2026, 3, 4, 8, tzinfo=UTC)
    town.now = question.due_at
    for _ in range(3):
        ask(town, minutes=1)
    (text,) = asked(town)
    assert text == f"Is {town.case().reference} solved? Reply 1 for yes, 2 for no."
    assert "asked_solved" in [entry.kind for entry in timeline(town, town.case())]


@ON_SQLITE
def test_a_phone_abroad_is_asked_when_it_is_day_there(town: Town) -> None:
    town.arrives(WATER, sender="+12125551234")
    close(town)
    town.now = datetime(2026, 3, 4, 9, tzinfo=UTC)  # ten in Tirana, four at night in New York
    ask(town, minutes=1)
    assert asked(town) == []
    assert questions(town)[0].due_at == datetime(2026, 3, 4, 14, tzinfo=UTC)


@ON_SQLITE
@pytest.mark.parametrize("how", ["opted out", "anonymous", "no surveys", "reopened"])
def test_nobody_is_asked_who_takes_no_messages_or_whose_case_is_open(town: Town, how: str) -> None:
    anonymous = {"sender": "", "channel": Channel.web, "anonymous": True} if how == "anonymous" else {}
    town.arrives(WATER, **anonymous)  # type: ignore[arg-type]
    close(town)
    if how == "opted out":
        town.arrives("STOP")
    if how == "reopened":
        town.arrives(f"{town.case().reference} it leaks again")
    if how == "no surveys":
        from domain.citizen import ContactPoint

        with town.database.write() as session:
            session.exec(select(ContactPoint)).one().no_surveys_at = town.now
    ask(town)
    assert asked(town) == []
    state = questions(town)[0].state
    assert state == (SolvedState.no if how == "reopened" else SolvedState.unasked)


@ON_SQLITE
def test_a_yes_keeps_it_closed_and_stands_on_the_timeline(town: Town) -> None:
    closed(town)
    ask(town)
    town.arrives("1")
    assert town.case().state == CaseState.closed
    assert questions(town)[0].state == SolvedState.yes
    assert "stays closed" in town.texts()[-1]
    town.arrives("thank you")
    assert [entry.kind for entry in timeline(town, town.case())].count(EntryKind.solved) == 1
    assert town.case().state == CaseState.closed


def test_a_no_opens_it_again_and_a_reply_is_due_from_then(town: Town) -> None:
    closed(town)
    ask(town)
    town.arrives("2")
    case = town.case()
    assert (case.state, case.outcome, case.closed_at) == (CaseState.open, None, None)
    assert town.clock(ClockKind.reply_due).state == ClockState.running
    assert town.clock(ClockKind.reply_due).started_at >= town.now - timedelta(minutes=1)
    assert town.clock(ClockKind.first_response).state == ClockState.met
    assert town.clock(ClockKind.resolution).state == ClockState.running
    assert "is open again" in town.texts()[-1]
    town.later(hours=3)
    town.arrives("The tap in the yard is still dry")
    assert len(town.cases()) == 1
    assert timeline(town, case, "citizen_wrote")[-1].body["text"] == "The tap in the yard is still dry"


@ON_SQLITE
def test_a_no_with_words_brings_them_along(town: Town) -> None:
    closed(town)
    ask(town)
    town.arrives("No, the water is still brown")
    assert timeline(town, town.case(), "citizen_wrote")[-1].body["text"] == "No, the water is still brown"
    assert timeline(town, town.case(), "reopened")[-1].body["why"] == "not solved"


@ON_SQLITE
def test_a_no_to_a_closing_whose_answer_never_came_leaves_the_silence_alone(town: Town) -> None:
    town.arrives(WATER)
    close(town)
    ask(town)
    started = town.clock(ClockKind.first_response).started_at
    town.arrives("2")
    assert town.case().first_response_at is None
    clock = town.clock(ClockKind.first_response)
    assert (clock.state, clock.started_at) == (ClockState.running, started)


@ON_SQLITE
def test_telegram_asks_with_buttons_which_mean_the_same_at_any_time(town: Town) -> None:
    citizen = Citizen(town)
    citizen.says(WATER)
    close(town)
    citizen.settle()
    ask(town)
    citizen.settle()
    assert citizen.labels == ["Yes, it is solved", "No, it is not solved"]
    citizen.presses("Yes")
    assert questions(town)[0].state == SolvedState.yes
    citizen.presses("No", message=-1)
    assert town.case().state == CaseState.open
    citizen.presses("Yes", message=-1)
    assert town.case().state == CaseState.open
    assert "This question is over" in citizen.last.text


@ON_SQLITE
def test_who_has_two_closed_cases_is_asked_about_one_at_a_time(town: Town) -> None:
    town.arrives(WATER)
    town.arrives("WAT2 No water in Drenova since Monday", service="water", place="Drenova")
    first, second = town.cases()
    close(town, first)
    close(town, second, who="officer2")
    ask(town)
    assert len(asked(town)) == 1
    ask(town)
    assert len(asked(town)) == 2


@ON_SQLITE
def test_silence_ends_the_question_and_every_draw_is_kept(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMBUD_CALLBACK_SHARE", "1")
    settings.cache_clear()
    closed(town)
    ask(town)
    ask(town, days=31)
    (question,) = questions(town)
    assert (question.state, question.share) == (SolvedState.silent, 1.0)
    assert question.draw is not None
    assert 0 <= question.draw < 1
    with town.database.read() as session:
        check = session.exec(select(SolvedCheck)).one()
        assert list(history.verify(session)) == []
    assert (check.question_id, check.claimed) == (question.id, False)


@ON_SQLITE
def test_a_number_answers_what_was_asked_last(town: Town) -> None:
    closed(town)
    ask(town)
    town.arrives("There is a hole in Mill Street near the school, deep", sender=CITIZEN)
    town.arrives("2")
    assert questions(town)[0].state in (SolvedState.asked, SolvedState.no)
    assert all(case.state != CaseState.triage or case.text for case in town.cases())


@ON_SQLITE
def test_a_mail_is_asked_with_a_link_and_may_be_answered(installation: Installation) -> None:
    with installation.database.write() as session:
        post = PostTown(installation.database, government(session))
    post.writes("No water in Lumas since Monday", subject="WAT1 No water")
    close(post)
    ask(post)
    assert "/solved/" in post.sent[-1].text
    post.writes("Yes\n\n--\nAna", answers=post.sent[-1])
    assert questions(post)[0].state == SolvedState.yes
    assert post.case().state == CaseState.closed
    assert "stays closed" in post.sent[-1].text
    post.writes("No, it is dry again since noon", answers=post.sent[-1])
    assert post.case().state == CaseState.open
    assert timeline(post, post.case(), "reopened")[-1].body["why"] == "not solved"
