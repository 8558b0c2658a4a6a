"""Conversations by SMS and Telegram: what is asked, how replies are read, and that nothing is lost or traps anybody."""

import pytest
from sqlmodel import select

from cases import history, lifecycle, placing
from cases.acting import Form
from cases.inbox import receive
from channels.values import Channel, DeliveryStatus, Inbound
from core.settings import settings
from domain.case import Case
from domain.catalogue import touch
from domain.service import Service
from domain.states import CaseState, ClockKind, EntryKind, InvitationState
from domain.survey import Answer, Invitation, Survey, Transaction
from tests.builders import NOW
from tests.cases.chat import Citizen, texter, timeline
from tests.cases.conftest import Town

UNCLEAR = "It has been like this for a week and nobody comes"
WATER = "WAT1 no water in Lumas since Monday"


@pytest.fixture
def phone(town: Town) -> Citizen:
    return texter(town)


def office_of(town: Town, case: Case) -> str:
    return next(code for code, office_id in town.known.office.items() if office_id == case.office_id)


# -- what is asked -------------------------------------------------------------------------------------------------


def test_the_case_is_open_before_anything_is_asked(town: Town, phone: Citizen) -> None:
    phone.says(UNCLEAR)
    case = town.case()
    assert (case.state, case.received_at) == (CaseState.triage, NOW)
    assert case.reference in phone.last.text
    assert phone.last.text.endswith("What is it about? Choose, or write it.\n1 Water supply\n2 Passports")
    assert town.clock(ClockKind.first_response).started_at == NOW


def test_numbers_mean_the_same_after_a_service_was_changed(town: Town, phone: Citizen) -> None:
    with town.database.write() as session:
        water = session.get_one(Service, town.known.service["water"])
        water.names = {"en": "Water"}
        session.flush()
        touch(session)
    phone.says(UNCLEAR)
    assert phone.last.text.endswith("1 Water\n2 Passports")


def test_two_numbers_bring_it_to_the_office_that_answers(town: Town, phone: Citizen) -> None:
    phone.says(UNCLEAR)
    phone.says("1")
    case = town.case()
    assert (office_of(town, case), case.state) == ("WATER", CaseState.open)
    assert phone.last.text.endswith("Which place? Choose, or write it.\n1 Drenova\n2 Lumas")
    assert "Office WATER" in phone.last.text
    phone.says("2")
    case = town.case()
    assert (office_of(town, case), case.place) == ("WAT1", "Lumas")
    assert case.assignee_id == town.known.staff["officer1"]
    assert "Office WAT1" in phone.last.text
    assert len(phone.heard()) == 3
    assert phone.talk() is None
    reasons = [str(entry.body["reason"]) for entry in timeline(town, case, EntryKind.routed)]
    assert [reason.startswith("The citizen answered our question") for reason in reasons] == [False, True, True]
    with town.database.read() as session:
        assert list(history.verify(session)) == []


@pytest.mark.parametrize("reply", ["১", "water suply"])
def test_a_reply_is_understood(town: Town, phone: Citizen, reply: str) -> None:
    phone.says(UNCLEAR)
    phone.says(reply)
    assert office_of(town, town.case()) == "WATER"


@pytest.mark.parametrize("reply", ["в Лумасе", "Lumaas"])
def test_a_place_is_understood(town: Town, phone: Citizen, reply: str) -> None:
    phone.says(UNCLEAR)
    phone.says("1")
    phone.says(reply)
    assert office_of(town, town.case()) == "WAT1"


def test_buttons_do_the_same_in_telegram(town: Town) -> None:
    citizen = Citizen(town)
    citizen.says(UNCLEAR)
    assert citizen.labels == ["Water supply", "Passports"]
    assert "1 Water" not in citizen.last.text
    citizen.presses("Water supply")
    assert citizen.last.replaces == "OUT1"
    assert citizen.labels == ["Drenova", "Lumas"]
    citizen.presses("Lumas")
    assert office_of(town, town.case()) == "WAT1"
    assert not citizen.last.buttons
    citizen.presses("Passports", message=0)
    assert "question is over" in citizen.last.text
    assert office_of(town, town.case()) == "WAT1"


def test_other_words_are_added_never_refused(town: Town, phone: Citizen) -> None:
    phone.says(UNCLEAR)
    phone.says("Why do you ask, just send somebody to look at it")
    case = town.case()
    assert (
        timeline(town, case, EntryKind.citizen_wrote)[0].body["text"]
        == "Why do you ask, just send somebody to look at it"
    )
    assert len(phone.heard()) == 1
    phone.says("1")
    assert office_of(town, town.case()) == "WATER"


def test_whom_a_person_placed_it_with_keeps_it(town: Town, phone: Citizen) -> None:
    phone.says(UNCLEAR)
    with town.database.write() as session:
        placing.place(session, town.case().id, town.viewer("triage"), placing.Choice("passport"), town.now)
    phone.says("1")
    case = town.case()
    assert (office_of(town, case), case.routing_method) == ("CIV1", "person")
    assert "Office CIV1 has it" in phone.last.text


def test_a_question_is_let_go_and_a_late_answer_still_counts(town: Town, phone: Citizen) -> None:
    phone.says(UNCLEAR)
    town.later(minutes=settings().conversation_minutes + 1)
    town.work()
    talk = phone.talk()
    assert talk is not None
    assert talk.state == "lapsed"
    assert len(phone.heard()) == 1
    town.later(hours=20)
    phone.says("1")
    assert office_of(town, town.case()) == "WATER"
    for _ in range(2):  # the place was asked too: first it is let go, then forgotten
        town.later(days=8)
        town.work()
    assert phone.talk() is None


def test_nothing_is_asked_where_routing_needs_nothing(town: Town, phone: Citizen) -> None:
    phone.says(WATER)
    assert "?" not in phone.last.text
    assert phone.talk() is None


def test_a_bribe_is_asked_nothing(town: Town, phone: Citizen) -> None:
    phone.says("they wanted a bribe of 50 euro to do anything")
    assert town.case().integrity
    assert phone.talk() is None


@pytest.mark.parametrize("word", ["০", "меню"])
def test_the_menu_is_always_there_and_keeps_the_question(town: Town, phone: Citizen, word: str) -> None:
    phone.says(UNCLEAR)
    phone.says(word)
    assert len(town.cases()) == 1
    assert len(phone.heard()) == 2
    phone.says("1")
    assert office_of(town, town.case()) == "WATER"


def test_whoever_stopped_us_is_asked_nothing(town: Town, phone: Citizen) -> None:
    phone.says("STOP")
    phone.says(UNCLEAR)
    town.later(days=2)
    phone.says("Another thing that nobody understands at all")
    assert len(phone.heard()) == 1  # that we stop
    assert len(town.cases()) == 2


# -- does it belong ------------------------------------------------------------------------------------------------


@pytest.fixture
def later(town: Town, phone: Citizen) -> Citizen:
    """A citizen with one open case who writes again two days later, not plainly about it."""
    phone.says(WATER)
    town.later(days=2)
    phone.says("And still the children cannot wash")
    return phone


def test_what_is_not_plain_is_kept_and_asked_about(town: Town, later: Citizen) -> None:
    case = town.case()
    first, second = later.last.text.splitlines()[1:]
    assert first.startswith(f"1 {case.reference} (WAT1 no water in Lumas since")
    assert second == "2 Something new"
    row = later.rows()[-1]
    assert (row.outcome, row.case_id) == ("held", None)
    assert not timeline(town, case, EntryKind.citizen_wrote)


@pytest.mark.parametrize("reply", ["1", "reference", "reference alone"])
def test_it_belongs(town: Town, later: Citizen, reply: str) -> None:
    reference = town.case().reference
    later.says({"reference": f"to {reference}", "reference alone": reference}.get(reply, reply))
    case = town.case()
    assert timeline(town, case, EntryKind.citizen_wrote)[0].body["text"] == "And still the children cannot wash"
    assert later.rows()[1].case_id == case.id
    assert later.talk() is None


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_what_was_kept_is_heard_no_later_for_having_been_asked_about(town: Town, later: Citizen) -> None:
    case = town.case()
    town.later(minutes=2)
    with town.database.write() as session:
        lifecycle.note(session, case.id, town.viewer("officer1"), "Rang the crew.", town.now, town.form())
    noted_at = town.now
    town.later(minutes=20)
    later.says("1")
    assert timeline(town, case, EntryKind.citizen_wrote)[0].at == noted_at


@pytest.mark.parametrize("reply", ["2", "somthing new"])
def test_it_is_new(town: Town, later: Citizen, reply: str) -> None:
    asked_at = later.rows()[-1].received_at
    town.later(minutes=7)
    later.says(reply)
    _, case = town.cases()
    assert (case.text, case.received_at) == ("And still the children cannot wash", asked_at)
    assert case.reference in later.last.text
    assert later.rows()[1].case_id == case.id


def test_no_answer_makes_it_a_case_heard_when_it_came(town: Town, later: Citizen) -> None:
    asked_at = later.rows()[-1].received_at
    later.says("There are four of them")
    town.later(minutes=settings().conversation_minutes + 1)
    town.work()
    _, case = town.cases()
    assert case.text == "And still the children cannot wash\nThere are four of them"
    assert case.received_at == asked_at
    with town.database.read() as session:
        clock = next(c for c in history.clocks(session, case) if c.kind == ClockKind.first_response)
    assert clock.started_at == asked_at
    assert {row.case_id for row in later.rows()[1:]} == {case.id}
    assert sum(text.count("?") for text in town.texts()[2:]) <= 1  # one question was left of two


def test_buttons_ask_it_in_telegram(town: Town) -> None:
    citizen = Citizen(town)
    citizen.says(WATER)
    town.later(days=2)
    citizen.says("And still the children cannot wash")
    citizen.presses("Something new")
    assert len(town.cases()) == 2


def test_thanks_belong_plainly(town: Town, phone: Citizen) -> None:
    phone.says(WATER)
    town.later(days=2)
    phone.says("Thank you")
    assert len(phone.heard()) == 1
    assert timeline(town, town.case(), EntryKind.citizen_wrote)[0].body["thanks"] is True


def test_an_answer_from_the_office_is_replied_to(town: Town, phone: Citizen) -> None:
    phone.says(WATER)
    with town.database.write() as session:
        lifecycle.reply(session, town.case().id, town.viewer("officer1"), "It is mended.", town.now, town.form())
    town.work()
    town.receipt(DeliveryStatus.delivered)
    town.later(hours=20)
    phone.says("No, it is not")
    assert town.case().state == CaseState.open
    assert len(phone.heard()) == 2


def test_a_late_answer_to_an_offices_question_counts(town: Town, phone: Citizen) -> None:
    phone.says(WATER)
    with town.database.write() as session:
        form = Form(town.case().timeline_length, "q1")
        lifecycle.ask(session, town.case().id, town.viewer("officer1"), "Which house number?", town.now, form)
    town.work()
    town.later(days=12)
    phone.says("12")
    assert timeline(town, town.case(), EntryKind.citizen_wrote)[0].body["text"] == "12"
    assert len(town.cases()) == 1


# -- numbers of updates --------------------------------------------------------------------------------------------


def test_update_ids_are_each_bots_own_and_in_no_order(town: Town) -> None:
    """A new token numbers anew, and after a quiet week Telegram goes on at random: each id is heard once."""

    def update(account: str, number: int, chat: str) -> Inbound:
        return Inbound(Channel.telegram, account, str(number), chat, account, "WAT1 no water", language="en")

    offered = [("4242", 900), ("4242", 901), ("4242", 7), ("4242", -3), ("5151", 900), ("5151", 2), ("4242", 900)]
    for account, number in offered:
        receive([update(account, number, f"{account}{number}")], town.now)
        town.work()
    assert len(town.cases()) == len(set(offered))


def test_a_survey_and_a_question_at_once(town: Town, phone: Citizen) -> None:
    """A bare number answers whichever was asked last."""
    phone.says(UNCLEAR)
    town.later(minutes=5)
    with town.database.write() as session:
        case = session.exec(select(Case)).one()
        assert case.contact_point_id is not None
        survey = Survey(code="after")
        session.add(survey)
        session.flush()
        done = Transaction(
            source="x",
            external_id="1",
            office_id=town.known.office["CIV1"],
            service_id=town.known.service["passport"],
            contact_point_id=case.contact_point_id,
            completed_at=town.now,
            received_at=town.now,
        )
        session.add(done)
        session.flush()
        session.add(
            Invitation(
                survey_id=survey.id,
                transaction_id=done.id,
                contact_point_id=case.contact_point_id,
                language="en",
                state=InvitationState.sent,
                sent_at=town.now,
                token="t" * 20,
            )
        )
    phone.says("4")
    phone.says("1")
    with town.database.read() as session:
        answers = session.exec(select(Answer)).all()
    assert [answer.value for answer in answers] == [4]
    assert office_of(town, town.case()) == "WATER"
