"""Merged cases of one citizen: no silence gets shorter, no message gets lost, nobody is told twice; and taking back."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import col, select

from cases import closing, history, lifecycle, merges, relaying, splits, takebacks
from cases.opening import Opening, open_case
from channels.values import Channel, DeliveryStatus
from core.errors import BadInput, Conflict
from domain.answer import GivenAnswer
from domain.case import Case
from domain.catalogue import touch
from domain.citizen import ContactPoint
from domain.clock import Clock
from domain.office import Office
from domain.states import CaseState, ClockKind, ClockState, EntryKind, LeadLink, Outcome, Purpose, Templated
from reports import kpis
from tests.cases.chat import Citizen, timeline
from tests.cases.conftest import Town
from tests.cases.test_intake import WATER

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


def work(town: Town) -> None:
    while relaying.relay_due(town.now):
        pass
    town.work()


def once_more(town: Town, text: str = "The water is away still", **more: object) -> UUID:
    """The same citizen raises what they think is another matter."""
    with town.database.write() as session:
        contact = session.exec(select(ContactPoint).order_by(col(ContactPoint.created_at))).first()
        made = open_case(
            session,
            Opening(Channel.sms, text, "en", town.now, contact=contact, office_code="WAT1", **more),  # type: ignore[arg-type]
            town.now,
        )
    town.work()
    return made.id


def case(town: Town, case_id: UUID) -> Case:
    return next(one for one in town.cases() if one.id == case_id)


def merge(town: Town, one: UUID, lead: UUID, who: str = "officer1") -> None:
    with town.database.write() as session:
        merges.merge(
            session, one, town.viewer(who), case(town, lead).reference, "Same pipe", town.now, town.form(10**6)
        )


def reply(town: Town, to: UUID, text: str = "The pipe is mended.") -> None:
    with town.database.write() as session:
        lifecycle.reply(session, to, town.viewer("officer1"), text, town.now, town.form(10**6))
    work(town)


def clock(town: Town, of: UUID, kind: ClockKind) -> Clock:
    with town.database.read() as session:
        query = select(Clock).where(col(Clock.case_id) == of, col(Clock.kind) == kind).order_by(col(Clock.entry).desc())
        return session.exec(query).first()  # type: ignore[return-value]


@pytest.fixture
def two(town: Town) -> tuple[UUID, UUID]:
    """An earlier and a later case of one citizen."""
    town.arrives(WATER)
    lead = town.case().id
    town.later(hours=5)
    return lead, once_more(town)


def test_merging_and_what_was_said_before_end_no_silence(town: Town, two: tuple[UUID, UUID]) -> None:
    lead, other = two
    reply(town, lead)  # leaves, and arrives only after the merging
    merge(town, other, lead)
    work(town)
    town.receipt(DeliveryStatus.delivered)
    work(town)
    assert case(town, lead).first_response_at is not None
    assert case(town, other).first_response_at is None
    assert clock(town, other, ClockKind.first_response).state == ClockState.running


def test_the_next_answer_reaches_the_citizen_once_and_ends_both(town: Town, two: tuple[UUID, UUID]) -> None:
    lead, other = two
    started = clock(town, other, ClockKind.first_response).started_at
    merge(town, other, lead)
    assert case(town, other).lead_link == LeadLink.merged
    reply(town, lead)
    assert case(town, other).first_response_at is None
    town.later(minutes=10)
    town.receipt(DeliveryStatus.delivered)
    work(town)
    ended = clock(town, other, ClockKind.first_response)
    assert (ended.started_at, ended.ended_at) == (started, case(town, lead).first_response_at)
    assert [one.purpose for one in town.outbox()].count(Purpose.answer) == 1
    with town.database.read() as session:
        assert list(history.verify(session)) == []


def test_an_answer_that_fails_resumes_both(town: Town, two: tuple[UUID, UUID]) -> None:
    from channels.errors import Failure

    lead, other = two
    merge(town, other, lead)
    reply(town, lead)
    town.receipt(DeliveryStatus.delivered)
    work(town)
    town.receipt(DeliveryStatus.failed, Failure.unreachable)
    work(town)
    assert case(town, other).first_response_at == case(town, lead).first_response_at


def test_what_is_written_on_it_goes_to_the_lead_and_closing_follows(town: Town, two: tuple[UUID, UUID]) -> None:
    lead, other = two
    merge(town, other, lead)
    town.arrives(f"{case(town, other).reference} it is brown now")
    assert str(timeline(town, case(town, lead), "citizen_wrote")[-1].body["text"]).endswith("it is brown now")
    assert timeline(town, case(town, other), "citizen_wrote") == []
    assert timeline(town, case(town, other), "passed_on")
    with town.database.write() as session:
        lifecycle.close(session, lead, town.viewer("officer1"), Outcome.upheld, "Mended.", town.now, town.form(10**6))
    work(town)
    assert {one.state for one in town.cases()} == {CaseState.closed}
    with town.database.write() as session:
        merges.unmerge(session, other, town.viewer("officer1"), "Another pipe", town.now, town.form(10**6))
    assert case(town, other).state == CaseState.open
    assert case(town, lead).state == CaseState.closed


def test_it_goes_where_its_lead_goes(town: Town, two: tuple[UUID, UUID]) -> None:
    lead, other = two
    merge(town, other, lead)
    before = len(town.sent)
    with town.database.write() as session:
        session.get_one(Office, town.known.office["WAT1"]).active = False
        touch(session)
        session.flush()
        closing.office_closed(session, town.known.office["WAT1"], town.now)
    work(town)
    assert {one.office_id for one in town.cases()} == {town.known.office["WATER"]}
    assert len(town.sent) >= before


@pytest.mark.parametrize("why", ["stranger", "itself", "closed", "twice"])
def test_what_is_not_merged(town: Town, two: tuple[UUID, UUID], why: str) -> None:
    lead, other = two
    if why == "stranger":
        town.arrives("WAT1 no water here in Lumas too", sender="+355699999999")
        lead = town.cases()[-1].id
    if why == "itself":
        lead = other
    if why == "closed":
        with town.database.write() as session:
            lifecycle.close(session, lead, town.viewer("officer1"), Outcome.upheld, "Done", town.now, town.form(10**6))
    if why == "twice":
        merge(town, other, lead)
        lead, other = other, once_more(town, "And a third time")
    with pytest.raises((BadInput, Conflict)):
        merge(town, other, lead)


def test_a_second_matter_is_silent_since_the_message_that_told_of_it(town: Town) -> None:
    town.arrives("WAT1 No water in Lumas")
    first = town.case()
    town.later(minutes=5)
    town.arrives("And the lamp in Mill Street is dark, WAT1")
    wrote = timeline(town, first, "citizen_wrote")[-1]
    town.later(days=3)
    with town.database.write() as session:
        fresh = splits.divide(
            session, first.id, town.viewer("officer1"), wrote.number, "The lamp in Mill Street is dark", town.now,
            town.form(10**6),
        )  # fmt: skip
    town.work()
    assert fresh.received_at == wrote.at
    assert clock(town, fresh.id, ClockKind.first_response).started_at == wrote.at
    assert fresh.reference in town.texts()[-1]
    assert EntryKind.divided in [entry.kind for entry in timeline(town, first)]


# -- taking back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "language", "yes"),
    [("WITHDRAW", "en", "1"), ("tërhiq", "sq", "po"), ("প্রত্যাহার", "bn", "১"), ("отозвать", "ru", "да")],
)
def test_a_word_and_a_yes_take_it_back(town: Town, word: str, language: str, yes: str) -> None:
    town.arrives(WATER)
    reference = town.case().reference
    town.arrives(f"{word} {reference}")
    assert town.case().state == CaseState.open
    assert reference in town.texts()[-1]
    town.arrives(yes)
    assert (town.case().state, town.case().outcome) == (CaseState.closed, Outcome.withdrawn)
    assert town.case().first_response_at is None
    assert town.clock(ClockKind.first_response).state == ClockState.void
    assert town.clock(ClockKind.resolution).state == ClockState.void
    with town.database.read() as session:
        found = kpis.silence(
            session, town.viewer("minister"), None, since=town.now - timedelta(days=9),
            until=town.now + timedelta(days=1), now=town.now + timedelta(days=5),
        )  # fmt: skip
    assert (found.n, found.answered, found.silent_now) == (1, 0, 0)


@pytest.mark.parametrize("said", ["2", "no", "what do you mean"])
def test_anything_but_a_yes_keeps_it(town: Town, said: str) -> None:
    town.arrives(WATER)
    town.arrives("WITHDRAW")
    town.arrives(said)
    assert town.case().state == CaseState.open


def test_a_word_without_a_case_is_a_message(town: Town) -> None:
    town.arrives("withdraw")
    assert town.case().text == "withdraw"
    assert takebacks.asked_for("Withdrawal of my pension was refused") is None
    assert takebacks.asked_for("withdraw money from my account is not possible") is None


def test_on_telegram_by_buttons_and_whoever_writes_again_wants_it_after_all(town: Town) -> None:
    citizen = Citizen(town)
    citizen.says(WATER)
    citizen.says("/withdraw")
    citizen.presses("Take it back")
    assert town.case().state == CaseState.closed
    before = town.clock(ClockKind.first_response)
    town.later(days=2)
    citizen.says(f"{town.case().reference} I want an answer after all")
    assert town.case().state == CaseState.open
    after = town.clock(ClockKind.first_response)
    assert (after.id, after.state, after.started_at) == (before.id, ClockState.running, before.started_at)
    assert after.worked_seconds == before.worked_seconds


def test_a_duplicate_closed_with_words_for_nobody_is_silent_still(town: Town, two: tuple[UUID, UUID]) -> None:
    lead, later = two
    with town.database.write() as session:
        words, other = "We have received your message.", case(town, lead).reference
        merges.close_as_duplicate(session, later, town.viewer("officer1"), words, other, town.now, town.form(10**6))
    work(town)
    town.receipt(DeliveryStatus.delivered)
    assert (case(town, later).outcome, case(town, later).first_response_at) == (Outcome.duplicate, None)
    with town.database.read() as session:
        assert session.exec(select(GivenAnswer.templated)).all() == [Templated.empty]
