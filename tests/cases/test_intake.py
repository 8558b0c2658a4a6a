"""What an inbox row becomes."""

import threading

import pytest
from sqlmodel import func, select

from cases import history, intake
from cases.inbox import Gatherer, receive, row_of
from channels.errors import Failure, SendFailed
from channels.values import Channel, DeliveryStatus, Inbound, Receipt
from core.ids import new_reference
from domain.inbox import InboundMessage
from domain.states import CaseState, ClockKind, ClockState, InboxState
from tests.builders import NOW, told
from tests.cases.conftest import CITIZEN, Town

WATER = "WAT1 no water in Lumas since Monday"


def _to_us(texts: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    return [(sender, "+355690000000", text) for sender, text in texts]


def test_a_text_becomes_a_routed_timed_acknowledged_case(town: Town) -> None:
    town.arrives(WATER)
    case = town.case()
    assert case.office_id == town.known.office["WAT1"]
    assert case.state == CaseState.open
    assert case.assignee_id == town.known.staff["officer1"]
    assert case.routing_reason
    assert town.clock(ClockKind.first_response).state == ClockState.running
    assert town.clock(ClockKind.resolution).state == ClockState.running
    (acknowledgement,) = town.texts()
    assert case.reference in acknowledgement


@pytest.mark.parametrize(
    "said",
    [
        f"Twilio 21211: The 'To' number {CITIZEN} is not a valid phone number.",
        "550 5.1.1 <ana.kola@mail.example>: Recipient address rejected: User unknown",
    ],
)
@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_no_address_is_kept_of_what_a_provider_says(town: Town, said: str) -> None:
    """Their words stand in the outbox, on the case's timeline and on the page of messages, all of them readable."""
    error, receipt = SendFailed(Failure.invalid_address, said), Receipt(
        Channel.sms, "acc", "SM1", DeliveryStatus.failed, failure=Failure.invalid_address, detail=said
    )  # fmt: skip
    stored = str(row_of(receipt, town.now)["details"])
    for kept in (error.detail, str(error), stored):
        assert said[:9] in kept
        assert CITIZEN not in kept
        assert "ana.kola" not in kept


def test_what_nobody_understands_goes_to_triage_with_a_clock(town: Town) -> None:
    town.arrives("asdf qwer")
    case = town.case()
    assert case.state == CaseState.triage
    assert case.office_id == town.known.office["TRIAGE"]
    assert town.clock(ClockKind.first_response).state == ClockState.running
    assert len(town.texts()) == 1


def test_five_deliveries_at_once_are_one_message(town: Town) -> None:
    gatherer = Gatherer()
    arrival = Inbound(Channel.sms, "acc", "SMsame", CITIZEN, "+355690000000", WATER)
    ready = threading.Barrier(5)

    def deliver() -> None:
        ready.wait()
        gatherer.submit([arrival], NOW).result(20)
        town.work()

    threads = [threading.Thread(target=deliver) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gatherer.close()
    town.work()
    with town.database.read() as session:
        assert session.exec(select(func.count()).select_from(InboundMessage)).one() == 1
    assert len(town.cases()) == 1
    assert len(town.texts()) == 1


def test_a_bad_row_harms_no_other_in_its_group(town: Town) -> None:
    good = Inbound(Channel.sms, "acc", "SM1", CITIZEN, "x", WATER)
    bad = Inbound("no channel" * 50, "acc", None, CITIZEN, "x", WATER)  # type: ignore[arg-type]
    gatherer = Gatherer()
    first = gatherer.submit([good], NOW)
    with pytest.raises((TypeError, AttributeError)):
        gatherer.submit([bad], NOW)
    first.result(20)
    gatherer.close()
    town.work()
    assert len(town.cases()) == 1


def test_new_cases_are_written_together(town: Town) -> None:
    """A batch of first messages costs hardly more statements than one; whoever wrote twice is known the second time."""
    town.arrives(WATER)  # what is read every other second is read
    senders = [f"+3556900000{number:02}" for number in range(20)]
    texts = [(sender, f"WAT1 no water in street {sender[-2:]}") for sender in senders]
    texts += [(senders[0], f"{texts[0][1]}, and the pump house is locked"), (senders[1], "STOP")]
    receive([Inbound(Channel.sms, "acc", f"B{place}", *one) for place, one in enumerate(_to_us(texts))], town.now)
    with told(town.database.engine) as said:
        assert intake.process_due(town.now) == len(texts)
    cases = town.cases()[1:]
    assert len(cases) == len(senders)
    assert len({case.contact_point_id for case in cases}) == len(senders)
    assert all(case.first_response_at is None and case.assignee_id for case in cases)
    assert len(said) < 4 * len(senders)
    town.work()
    assert [len(town.texts(sender)) for sender in senders] == [1, 0, *[1] * (len(senders) - 2)]
    with town.database.read() as session:
        assert list(history.verify(session)) == []


@pytest.mark.parametrize(
    "text",
    [
        "😀😀😀",
        "\u202eمرحبا لا ماء\u202c",
        "লুমাসে পানি নেই",
        "х" * 2000,
        "a\x00b",
        "' OR 1=1 --",
        "<script>alert(1)</script>",
        "STATUSQUO is bad",
        "1234-5678-9012",
    ],
)
def test_any_text_is_a_case(town: Town, text: str) -> None:
    town.arrives(text)
    assert len(town.cases()) == 1
    assert len(town.texts()) == 1


def test_an_empty_text_gets_help_and_no_case(town: Town) -> None:
    town.arrives("  ")
    assert town.cases() == []
    assert len(town.texts()) == 1


def test_stop_is_obeyed_at_once_and_start_undoes_it(town: Town) -> None:
    town.arrives("STOP")
    town.arrives(WATER)
    assert town.texts() == []
    assert len(town.cases()) == 1
    town.arrives("start")
    assert len(town.texts()) == 1
    town.arrives(f"STATUS {town.case().reference}")
    assert town.case().reference in town.texts()[-1]


def test_status_tells_only_ones_own_case(town: Town) -> None:
    town.arrives(WATER)
    reference = town.case().reference
    town.arrives("status")
    assert reference in town.texts()[-1]
    town.arrives(f"STATUS {reference}", sender="+355699999999")
    stranger = town.texts("+355699999999")[-1]
    unknown = new_reference()
    town.arrives(f"STATUS {unknown}", sender="+355699999999")
    wrong = town.texts("+355699999999")[-1]
    assert "Office WAT1" not in stranger
    assert stranger.replace(reference, "") == wrong.replace(unknown, "")


def test_one_story_in_several_messages_is_one_case(town: Town) -> None:
    town.arrives(WATER)
    town.later(minutes=2)
    town.arrives("And the pump house is locked")
    assert len(town.cases()) == 1
    town.later(days=3)
    town.arrives("WAT1 a pipe burst in front of the school")
    assert len(town.cases()) == 2


def test_a_reference_leads_to_its_case(town: Town) -> None:
    town.arrives(WATER)
    reference = town.case().reference
    town.later(days=20)
    town.arrives(f"about {reference.lower()}: still nothing")
    assert len(town.cases()) == 1


@pytest.mark.parametrize("channel", [Channel.web, Channel.api])
def test_the_number_left_in_a_form_is_where_the_answer_goes(town: Town, channel: Channel) -> None:
    town.arrives(WATER, channel=channel, name="Arta H.", contact=CITIZEN)
    case = town.case()
    assert case.contact_point_id is not None
    assert case.reference in town.texts()[0]
    with town.database.connection() as connection:
        stored = str(connection.exec_driver_sql("SELECT details, sender, text FROM inbound_message").one())
    assert CITIZEN[-6:] not in stored
    assert "Arta" not in stored


def test_a_bribe_is_shut_to_the_accused_and_all_above(town: Town) -> None:
    town.arrives("WAT1 the inspector wanted a bribe of 50 euro to connect our water")
    case = town.case()
    assert case.integrity
    assert case.office_id == town.known.office["INTEG"]
    assert case.about_office_id == town.known.office["WAT1"]
    assert case.assignee_id in (None, town.known.staff["integrity"])


def test_a_receipt_before_its_message_is_looked_at_again(town: Town) -> None:
    town.arrives(WATER)
    town.receipt(DeliveryStatus.delivered)
    assert town.outbox()[0].state == "delivered"
    town.receipt(DeliveryStatus.sent)
    assert town.outbox()[0].state == "delivered"


def test_a_blocked_number_is_not_written_to_again(town: Town) -> None:
    town.failing[CITIZEN] = Failure.opted_out
    town.arrives(WATER)
    assert town.outbox()[0].state == "failed"
    town.failing.clear()
    town.arrives("STATUS")
    assert town.texts() == []


def test_a_case_costs_at_most_twelve_statements(town: Town) -> None:
    town.arrives("WAT1 first, so that the catalogue is known")
    senders = [f"+35569200{number:04d}" for number in range(20)]
    receive([Inbound(Channel.sms, "acc", f"SMx{n}", sender, "x", WATER) for n, sender in enumerate(senders)], NOW)
    with told(town.database.engine) as statements:
        while intake.process_due(town.now):
            pass
    assert len(town.cases()) == 21
    assert len(statements) / 20 <= 12, "\n".join(statement[:90] for statement in statements[:40])


def test_a_row_that_cannot_be_processed_is_kept_and_said(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from cases import intake, opening

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("classifier on fire")

    monkeypatch.setattr(opening, "open_case", broken)
    receive([Inbound(Channel.sms, "acc", "SM1", CITIZEN, "x", WATER)], town.now)
    for _ in range(12):
        intake.process_due(town.now)
        town.later(hours=5)
    with town.database.read() as session:
        row = session.exec(select(InboundMessage)).one()
    assert row.state == InboxState.failed
    assert "on fire" in str(row.last_error)
    assert row.text == WATER


@pytest.mark.parametrize("sent", ["WAT1", "wat1 ", "#WAT1", "WAT1."])
def test_a_posters_code_alone_is_no_case_yet_and_what_follows_goes_to_its_office(town: Town, sent: str) -> None:
    town.arrives(sent)
    assert town.cases() == []
    (asked,) = town.texts()
    assert "Office WAT1" in asked
    town.arrives("The toilet is locked since Monday")
    assert town.case().office_id == town.known.office["WAT1"]


@pytest.mark.parametrize(
    ("sent", "office"), [("WAT2 no water since Monday", "WAT2"), ("CIV1: the queue is long", "CIV1")]
)
def test_a_posters_code_with_words_behind_it_is_a_message_for_that_office(town: Town, sent: str, office: str) -> None:
    town.arrives(sent)
    assert town.case().office_id == town.known.office[office]
