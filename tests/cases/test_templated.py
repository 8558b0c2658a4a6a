"""What counts as an answer: on samples, in the life of a case, and how long it takes to say."""

import time
import tomllib
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import col, select, update

from cases import lifecycle, templated
from channels.values import DeliveryStatus
from domain.answer import GivenAnswer, SavedReply, SavedReplyVersion
from domain.case import Case
from domain.policy import Policy
from domain.states import CaseState, ClockKind, ClockState, EntryKind, Outcome, ReplyState, Templated
from domain.timeline import TimelineEntry
from nlp.hollow import is_hollow
from tests.cases.conftest import Town
from tests.cases.test_intake import WATER

SAMPLES = tomllib.loads((Path(__file__).parent / "answers.toml").read_text("utf-8"))
SAVED = "The crew of {office} looks at {place} on its weekly round, and the reference is {reference}."
OWN = "The valve in your street was broken; the crew put in a new one and water runs since this noon."
BESIDE = ["+355691110001", "+355691110002", "+355691110003"]


def is_copy(known: str, text: str) -> bool:
    return templated.nearest(templated.fold(text), [templated.fold(known)]) is not None


@pytest.mark.parametrize(("known", "text"), SAMPLES["same"])
def test_a_copy_is_recognised_through_greetings_slips_and_order(known: str, text: str) -> None:
    assert is_copy(known, text)


@pytest.mark.parametrize(("known", "text"), SAMPLES["other"])
def test_what_was_written_for_this_citizen_is_no_copy(known: str, text: str) -> None:
    assert not is_copy(known, text)


def test_answers_that_say_nothing_are_hollow_and_short_ones_that_do_are_not() -> None:
    assert [text for text in SAMPLES["hollow"] if not is_hollow(text)] == []
    assert [text for text in SAMPLES["full"] if is_hollow(text)] == []


def answer(town: Town, case_id: UUID, text: str, who: str = "officer1") -> None:
    with town.database.write() as session:
        lifecycle.reply(session, case_id, town.viewer(who), text, town.now, town.form(10**6))
    town.work()


def opened(town: Town, sender: str) -> UUID:
    before = {case.id for case in town.cases()}
    town.arrives(WATER, sender=sender)
    (fresh,) = [case.id for case in town.cases() if case.id not in before]
    return fresh


def saved(town: Town, office: str, body: str = SAVED) -> UUID:
    """A published saved reply of an office."""
    known = town.known
    with town.database.write() as session:
        reply = SavedReply(office_id=known.office[office], created_at=town.now)
        session.add(reply)
        session.flush()
        session.add(
            SavedReplyVersion(
                reply_id=reply.id, number=1, state=ReplyState.published, title="On the round", bodies={"en": body},
                written_by=known.staff["officer1"], written_at=town.now,
            )
        )  # fmt: skip
    return reply.id


def case_of(town: Town, case_id: UUID) -> Case:
    with town.database.read() as session:
        return session.get_one(Case, case_id)


def said(town: Town, case_id: UUID) -> TimelineEntry:
    with town.database.read() as session:
        query = select(TimelineEntry).where(TimelineEntry.case_id == case_id, TimelineEntry.kind == EntryKind.answered)
        return session.exec(query).one()


def filled(town: Town, case_id: UUID) -> str:
    case = case_of(town, case_id)
    return SAVED.format(office="Office WAT1", place=case.place or "…", reference=case.reference)


@pytest.mark.parametrize(
    ("office", "text", "why"),
    [
        ("WATER", "", Templated.saved),  # of an office above
        ("WAT1", "", Templated.saved),
        ("WAT1", "Dear sir. {}  Regards", Templated.copy),
        ("WAT1", "{} The pipe of house 14 is on the list for Monday morning.", None),
        ("WAT2", "", None),  # of an office beside
        ("", "We have received your message.", Templated.empty),
    ],
)
def test_a_saved_reply_as_it_is_ends_no_silence_and_an_edited_one_does(
    town: Town, office: str, text: str, why: Templated | None
) -> None:
    if office:
        saved(town, office)
    case_id = opened(town, BESIDE[0])
    answer(town, case_id, text.replace("{}", filled(town, case_id)) if text else filled(town, case_id))
    town.receipt(DeliveryStatus.delivered)
    case, entry = case_of(town, case_id), said(town, case_id)
    assert entry.body["templated"] is (why is not None)
    assert (case.first_response_at is None) is (why is not None)
    assert case.state == (CaseState.answered if why is None else CaseState.open)  # it stays in sight
    with town.database.read() as session:
        assert session.exec(select(GivenAnswer.templated)).one() == why
        clock = town.clock(ClockKind.first_response)
        assert clock.state == (ClockState.met if why is None else ClockState.running)


def test_the_same_words_to_another_citizen_end_no_silence_but_to_the_same_one_they_do(town: Town) -> None:
    first, second = opened(town, BESIDE[0]), opened(town, BESIDE[1])
    answer(town, first, OWN)
    town.receipt(DeliveryStatus.delivered)
    answer(town, first, OWN)  # said again to whom it was said before
    answer(town, second, OWN.upper())
    town.receipt(DeliveryStatus.delivered)
    assert case_of(town, first).first_response_at is not None
    assert case_of(town, second).first_response_at is None
    # the other citizen's case is not named where others read
    assert said(town, second).body["judged"] == {"why": "copy", "like": "", "alike": 100}
    with town.database.read() as session:
        rows = session.exec(select(GivenAnswer).order_by(col(GivenAnswer.id))).all()
    assert [row.templated for row in rows] == [None, None, Templated.copy]


def test_another_officer_may_say_the_same(town: Town) -> None:
    first, second = opened(town, BESIDE[0]), opened(town, BESIDE[1])
    answer(town, first, OWN)
    answer(town, second, OWN, "head1")
    town.receipt(DeliveryStatus.delivered)
    assert case_of(town, second).first_response_at is not None


def test_a_policy_may_count_them_and_the_figures_say_so(town: Town) -> None:
    with town.database.write() as session:
        session.execute(update(Policy).values(counts_templated=True))
    saved(town, "WAT1")
    case_id = opened(town, BESIDE[0])
    answer(town, case_id, filled(town, case_id))
    town.receipt(DeliveryStatus.delivered)
    case = case_of(town, case_id)
    assert case.first_response_at is not None
    assert case.first_response_templated
    assert case.state == CaseState.answered


def test_closing_with_a_saved_reply_closes_and_the_silence_goes_on(town: Town) -> None:
    saved(town, "WAT1")
    case_id = opened(town, BESIDE[0])
    with town.database.write() as session:
        lifecycle.close(
            session, case_id, town.viewer("officer1"), Outcome.upheld, filled(town, case_id), town.now, town.form(99)
        )
    town.work()
    town.receipt(DeliveryStatus.delivered)
    case = case_of(town, case_id)
    assert (case.state, case.first_response_at) == (CaseState.closed, None)


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
def test_recognising_takes_no_time_that_anybody_would_notice(town: Town) -> None:
    """A hundred long answers of one's own and thirty saved replies."""
    case_id, other = opened(town, BESIDE[0]), opened(town, BESIDE[1])
    for _ in range(30):
        saved(town, "WAT1", (OWN + " {reference} ") * 8)
    with town.database.write() as session:
        for number in range(100):
            words = templated.fold(f"{OWN} {number} " * 12)
            session.add(
                GivenAnswer(
                    case_id=other, entry=1000 + number, staff_id=town.known.staff["officer1"],
                    office_id=town.known.office["WAT1"], at=town.now, words=words,
                )
            )  # fmt: skip
    who, took = town.viewer("officer1"), []
    with town.database.read() as session:
        case = session.get_one(Case, case_id)
        for _ in range(5):
            start = time.perf_counter()
            templated.judge(session, case, who, "Something else altogether about this. " * 30, town.now)
            took.append(time.perf_counter() - start)
    assert min(took) < 0.1  # 0.01 s on an idle machine
