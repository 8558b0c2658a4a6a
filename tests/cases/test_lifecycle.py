"""What staff do, what citizens do after, and what ends a silence."""

import pytest
from sqlmodel import select

from cases import delivery, firewall, handover, history, lifecycle, placing
from cases.acting import Form, Repeated
from channels.errors import Failure
from channels.values import Channel, DeliveryStatus
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from domain.access import TrainingLabel
from domain.case import Case
from domain.states import CASE_TRANSITIONS, CaseState, ClockKind, ClockState, Outcome
from tests.cases.conftest import CITIZEN, Town
from tests.cases.test_intake import WATER


@pytest.fixture
def opened(town: Town) -> Town:
    """A town with one open case at WAT1."""
    town.arrives(WATER)
    return town


def reply(town: Town, text: str = "Water is back.", who: str = "officer1", form: Form | None = None) -> None:
    with town.database.write() as session:
        lifecycle.reply(session, town.case().id, town.viewer(who), text, town.now, form or town.form())
    town.work()


def test_the_silence_ends_when_the_answer_is_delivered_not_before(opened: Town) -> None:
    opened.later(hours=3)
    reply(opened)
    assert "Water is back." in opened.texts()[-1]
    assert opened.case().first_response_at is None
    assert opened.clock(ClockKind.first_response).state == ClockState.running
    opened.later(minutes=1)
    opened.receipt(DeliveryStatus.delivered)
    assert opened.case().first_response_at == opened.now
    assert opened.clock(ClockKind.first_response).state == ClockState.met


def test_an_answer_that_fails_for_good_resumes_the_silence(opened: Town) -> None:
    reply(opened)
    opened.receipt(DeliveryStatus.delivered)
    reply(opened, "And one more thing.")
    opened.receipt(DeliveryStatus.failed, Failure.unreachable)
    assert opened.case().state == CaseState.open
    opened.arrives("no number is empty")


def test_a_failed_first_answer_counts_for_nothing(opened: Town) -> None:
    reply(opened)
    opened.receipt(DeliveryStatus.failed, Failure.unreachable)
    assert opened.case().first_response_at is None
    assert opened.case().state == CaseState.open
    assert opened.clock(ClockKind.first_response).state == ClockState.running


def test_telegram_has_no_receipts_so_acceptance_ends_it(town: Town) -> None:
    town.arrives(WATER, sender="4711", channel=Channel.telegram)
    reply(town)
    assert town.case().first_response_at is not None


def test_an_anonymous_citizen_reads_it_on_the_tracking_page(town: Town) -> None:
    town.arrives(WATER, sender="", channel=Channel.web, anonymous=True)
    reply(town)
    assert town.case().first_response_at == town.now
    assert town.sent == []


def test_who_stopped_our_messages_is_answered_once_they_read_the_page(opened: Town) -> None:
    opened.arrives("STOP")
    reply(opened)
    assert len(opened.texts()) == 1
    assert opened.case().first_response_at is None
    opened.later(hours=5)
    with opened.database.write() as session:
        case = session.get_one(Case, opened.case().id)
        assert delivery.read_on_page(session, case, opened.now)
        assert not delivery.read_on_page(session, case, opened.now)
    assert opened.case().first_response_at == opened.now
    assert opened.clock(ClockKind.first_response).state in (ClockState.met, ClockState.missed)


def test_a_look_at_the_page_ends_nothing_while_the_sms_is_on_its_way(opened: Town) -> None:
    reply(opened)
    with opened.database.write() as session:
        assert not delivery.read_on_page(session, session.get_one(Case, opened.case().id), opened.now)
    assert opened.case().first_response_at is None


def test_a_dead_number_is_answered_once_they_read_the_page(opened: Town) -> None:
    reply(opened)
    opened.receipt(DeliveryStatus.failed, Failure.invalid_address)
    with opened.database.write() as session:
        assert delivery.read_on_page(session, session.get_one(Case, opened.case().id), opened.now)
    assert opened.case().state == CaseState.answered
    assert opened.case().first_response_at == opened.now


@pytest.mark.parametrize("action", ["note", "transfer", "ask", "close", "assign"])
def test_nothing_but_a_delivered_answer_ends_a_silence(opened: Town, action: str) -> None:
    who, case, form = opened.viewer("officer1"), opened.case(), opened.form()
    with opened.database.write() as session:
        match action:
            case "note":
                lifecycle.note(session, case.id, who, "Called the crew", opened.now, form)
            case "transfer":
                handover.transfer(session, case.id, who, opened.known.office["WAT2"], "Their pipe", opened.now, form)
            case "ask":
                lifecycle.ask(session, case.id, who, "Which house?", opened.now, form)
            case "close":
                lifecycle.close(session, case.id, who, Outcome.answered, "Done.", opened.now, form)
            case "assign":
                handover.assign(session, case.id, who, opened.known.staff["head1"], opened.now, form)
    opened.work()
    assert opened.case().first_response_at is None
    assert opened.clock(ClockKind.first_response).state == ClockState.running


def test_a_double_click_sends_once(opened: Town) -> None:
    form = opened.form()
    reply(opened, form=form)
    with pytest.raises(Repeated):
        reply(opened, form=form)
    assert len(opened.texts()) == 2


def test_two_officers_at_once_the_second_sees_what_happened(opened: Town) -> None:
    first, second = opened.form(), opened.form()
    reply(opened, form=first)
    with pytest.raises(Conflict, match="answered"):
        reply(opened, "Another answer", who="head1", form=second)
    assert len(opened.texts()) == 2


def test_a_message_that_came_meanwhile_stops_a_close(opened: Town) -> None:
    form = opened.form()
    opened.arrives("wait, the pipe burst too")
    case, who = opened.case(), opened.viewer("officer1")
    with pytest.raises(Conflict, match="citizen wrote"), opened.database.write() as session:
        lifecycle.close(session, case.id, who, Outcome.upheld, "Done", opened.now, form)
    assert opened.case().state == CaseState.open


@pytest.mark.parametrize(
    ("who", "error"), [("officer2", NotFound), ("clerk", NotFound), ("minister", NotAllowed), ("auditor", NotAllowed)]
)
def test_only_the_office_that_has_it_answers(opened: Town, who: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        reply(opened, who=who)
    assert len(opened.texts()) == 1


@pytest.mark.parametrize("text", ["", "   ", "x" * 1601])
def test_an_answer_must_be_one(opened: Town, text: str) -> None:
    with pytest.raises(BadInput):
        reply(opened, text)


def test_thanks_opens_nothing_and_more_opens_a_reply_clock(opened: Town) -> None:
    reply(opened)
    opened.receipt(DeliveryStatus.delivered)
    opened.later(hours=1)
    opened.arrives("Thank you very much")
    assert opened.case().state == CaseState.answered
    opened.arrives("but now it is brown")
    assert opened.case().state == CaseState.open
    assert opened.clock(ClockKind.reply_due).state == ClockState.running
    reply(opened, "We flush the pipe today.")
    opened.receipt(DeliveryStatus.delivered)
    assert opened.clock(ClockKind.reply_due).state == ClockState.met


def test_a_citizen_reopens_a_closed_case(opened: Town) -> None:
    with opened.database.write() as session:
        case = opened.case()
        lifecycle.close(
            session, case.id, opened.viewer("officer1"), Outcome.upheld, "Mended.", opened.now, opened.form()
        )
    opened.work()
    opened.receipt(DeliveryStatus.delivered)
    assert opened.case().state == CaseState.closed
    opened.arrives(f"{opened.case().reference} it broke again")
    assert opened.case().state == CaseState.open


def test_a_transfer_is_the_senders_until_accepted(opened: Town) -> None:
    known = opened.known
    with opened.database.write() as session:
        handover.transfer(
            session,
            opened.case().id,
            opened.viewer("officer1"),
            known.office["WAT2"],
            "Theirs",
            opened.now,
            opened.form(),
        )
    assert opened.case().office_id == known.office["WAT1"]
    assert opened.clock(ClockKind.acceptance).state == ClockState.running
    started = opened.clock(ClockKind.first_response).started_at
    opened.later(hours=2)
    with opened.database.write() as session:
        handover.accept(session, opened.case().id, opened.viewer("officer2"), opened.now, opened.form())
    opened.work()
    case = opened.case()
    assert (case.office_id, case.pending_office_id) == (known.office["WAT2"], None)
    assert case.assignee_id == known.staff["officer2"]
    assert opened.clock(ClockKind.acceptance).state == ClockState.met
    assert opened.clock(ClockKind.first_response).started_at == started
    assert "Office WAT2" in opened.texts()[-1]


def test_a_refusal_names_the_refuser_and_triage_decides(opened: Town) -> None:
    known = opened.known
    with opened.database.write() as session:
        handover.transfer(
            session,
            opened.case().id,
            opened.viewer("officer1"),
            known.office["WAT2"],
            "Theirs",
            opened.now,
            opened.form(),
        )
    with opened.database.write() as session:
        handover.refuse(session, opened.case().id, opened.viewer("officer2"), "Not ours", opened.now, opened.form())
    case = opened.case()
    assert (case.state, case.office_id) == (CaseState.triage, known.office["TRIAGE"])
    with opened.database.write() as session:
        placing.place(session, case.id, opened.viewer("triage"), placing.Choice("passport"), opened.now)
    case = opened.case()
    assert (case.state, case.office_id) == (CaseState.open, known.office["CIV1"])
    with opened.database.read() as session:
        assert session.exec(select(TrainingLabel)).one().service_id == known.service["passport"]
        entries = history.timeline(session, case)
        assert [e.body["by"] for e in entries if e.kind == "refused"] == ["officer2"]
        assert list(history.verify(session)) == []


def test_after_two_hops_triage_decides(opened: Town) -> None:
    known = opened.known
    for target, who, taker in (("WAT2", "officer1", "officer2"), ("CIV1", "officer2", "clerk")):
        with opened.database.write() as session:
            handover.transfer(
                session, opened.case().id, opened.viewer(who), known.office[target], "Theirs", opened.now, opened.form()
            )
        with opened.database.write() as session:
            handover.accept(session, opened.case().id, opened.viewer(taker), opened.now, opened.form())
    with opened.database.write() as session:
        handover.transfer(
            session, opened.case().id, opened.viewer("clerk"), known.office["WAT1"], "Theirs", opened.now, opened.form()
        )
    assert opened.case().office_id == known.office["TRIAGE"]


def test_an_integrity_case_is_released_with_a_reason(town: Town) -> None:
    town.arrives("WAT1 the inspector wanted a bribe")
    with pytest.raises(NotFound), town.database.write() as session:
        firewall.release(session, town.case().id, town.viewer("officer1"), "mine", town.now, town.form())
    with town.database.write() as session:
        firewall.release(session, town.case().id, town.viewer("integrity"), "No money asked", town.now, town.form())
    case = town.case()
    assert not case.integrity
    assert (case.state, case.office_id) == (CaseState.open, town.known.office["WAT1"])


def test_every_transition_has_its_reason_and_no_state_is_a_dead_end() -> None:
    assert all(CASE_TRANSITIONS.values())
    reachable = {after for _, after in CASE_TRANSITIONS} | {CaseState.triage, CaseState.open}
    assert reachable == set(CaseState)
    assert {before for before, _ in CASE_TRANSITIONS} == set(CaseState)


def test_the_pin_and_the_last_digits_open_the_answers(opened: Town) -> None:
    from cases.opening import pin_of

    with opened.database.read() as session:
        case = opened.case()
        assert history.unlocks(session, case, CITIZEN[-4:])
        assert history.unlocks(session, case, pin_of(case.id))
        wrong = f"{(int(pin_of(case.id)) + 1) % 10_000:04d}"
        assert not history.unlocks(session, case, wrong)
        assert not history.unlocks(session, case, "")
