"""Telegram: the guided way, words at any step, edits, albums, replies to old messages, groups, files."""

import pytest
from sqlmodel import func, select

from cases import lifecycle
from channels.values import Attachment
from core.settings import settings
from domain.case import Case
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import CaseState, EntryKind, Outcome
from tests.cases.chat import PHOTO, VOICE, Citizen, timeline
from tests.cases.conftest import Town

WATER = "WAT1 no water in Lumas since Monday"


@pytest.fixture
def citizen(town: Town) -> Citizen:
    return Citizen(town)


def office_of(town: Town, case: Case) -> str:
    return next(code for code, office_id in town.known.office.items() if office_id == case.office_id)


def test_the_whole_way_with_buttons(town: Town, citizen: Citizen) -> None:
    citizen.language = "fr"
    citizen.says("/start")
    assert "language" in citizen.last.text
    assert citizen.labels == ["English", "Shqip", "বাংলা", "Русский"]
    citizen.presses("Русский")
    assert citizen.last.text.startswith("О чём речь")
    citizen.says("/language")
    citizen.presses("English")
    citizen.says("/report")
    assert citizen.labels == ["Water supply", "Passports", "Something else"]
    citizen.presses("Water supply")
    assert citizen.labels == ["Drenova", "Lumas", "Share where I am", "Continue without a place"]
    assert (citizen.last.in_place, bool(citizen.last.replaces)) == (True, True)
    citizen.presses("Lumas")
    assert not citizen.last.buttons
    citizen.says("The pump is broken", PHOTO)
    assert "Office WAT1" in citizen.last.text
    assert "“The pump is broken”\n+ 📎" in citizen.last.text
    citizen.says("", VOICE)
    citizen.says("Since Monday")
    assert town.cases() == []
    citizen.presses("Send it")
    case = town.case()
    assert (office_of(town, case), case.text, case.language) == ("WAT1", "The pump is broken\nSince Monday", "en")
    assert case.received_at < case.opened_at
    assert {row.case_id for row in citizen.rows() if row.outcome == "held"} == {case.id}
    assert case.reference in citizen.last.text
    assert citizen.talk() is None


def test_a_location_is_shared(town: Town, citizen: Citizen) -> None:
    citizen.says("/start")
    citizen.presses("Water supply")
    citizen.presses("Share where I am")
    assert [button.asks for row in citizen.last.buttons for button in row] == ["location", ""]
    citizen.says("", location={"latitude": 41.5, "longitude": 19.5})
    citizen.says("No water here")
    citizen.says("yes")
    assert town.case().location == {"latitude": 41.5, "longitude": 19.5}


def test_a_key_is_text(town: Town, citizen: Citizen) -> None:
    citizen.says("/start")
    citizen.presses("Water supply")
    citizen.presses("Share where I am")
    citizen.says("Continue without a place")
    assert citizen.last.text.startswith("Write what happened")


STEPS = {
    "language": ["/start"],
    "topic": ["/start", "*English"],
    "where": ["/start", "*English", "*Water supply"],
    "share": ["/start", "*English", "*Water supply", "*Share where I am"],
    "words": ["/start", "*English", "*Water supply", "*Lumas"],
    "confirm": ["/start", "*English", "*Water supply", "*Lumas", "It began on Monday"],
}


def walk(citizen: Citizen, step: str) -> None:
    citizen.language = "fr"
    for said in STEPS[step]:
        citizen.presses(said[1:]) if said.startswith("*") else citizen.says(said)


@pytest.mark.parametrize("step", STEPS)
def test_words_at_any_step_are_a_report(town: Town, citizen: Citizen, step: str) -> None:
    """Nobody is refused; whatever was written is a case in the end, even if no more is heard of them."""
    walk(citizen, step)
    citizen.says("There is no water in Lumas and the children are ill")
    town.later(minutes=settings().conversation_minutes + 1)
    citizen.settle()
    case = town.case()
    assert "the children are ill" in case.text
    assert case.reference in citizen.last.text
    if step != "language" and step != "topic":
        assert office_of(town, case) == "WAT1"


@pytest.mark.parametrize("step", STEPS)
def test_the_menu_is_there_at_any_step(town: Town, citizen: Citizen, step: str) -> None:
    walk(citizen, step)
    citizen.says("0")
    assert citizen.labels[-1:] in (["Connect my phone number"], ["Связать мой номер телефона"])
    citizen.says("/start")
    assert citizen.talk() is not None
    assert len(town.cases()) == (1 if step == "confirm" else 0)  # what was written is not thrown away


def test_starting_again_is_the_citizens_to_say(town: Town, citizen: Citizen) -> None:
    walk(citizen, "confirm")
    citizen.presses("Start again")
    assert "Nothing was sent" in citizen.last.text
    town.later(hours=2)
    citizen.settle()
    assert town.cases() == []


@pytest.mark.parametrize("payload", ["CIV1", "civ1", "office-CIV1--service-passport--language-en"])
def test_a_posters_link_brings_the_office(town: Town, citizen: Citizen, payload: str) -> None:
    details = {"office": "CIV1", "service": "passport"} if "--" in payload else {}
    citizen.says(f"/start {payload}", **details)
    assert citizen.last.text.startswith("Office CIV1: Write what happened")
    citizen.says("I waited four hours")
    citizen.presses("Send it")
    assert office_of(town, town.case()) == "CIV1"


def test_a_link_of_no_office_is_a_plain_start(citizen: Citizen) -> None:
    citizen.says("/start NOWHERE")
    assert citizen.labels[0] == "Water supply"


def test_an_old_button_is_answered_politely(town: Town, citizen: Citizen) -> None:
    walk(citizen, "where")
    citizen.presses("Water supply", message=1)
    assert "question is over" in citizen.last.text
    citizen.says("x", button="q:0000000000.1:1")
    assert "question is over" in citizen.last.text
    assert town.cases() == []


# -- edits ---------------------------------------------------------------------------------------------------------


def test_an_edit_stands_beside_the_old_words(town: Town, citizen: Citizen) -> None:
    key = citizen.says("It has been like this for a week")
    assert town.case().state == CaseState.triage
    citizen.changes(key, "It has  been like this for a week ")
    assert timeline(town, town.case(), EntryKind.edited) == []
    citizen.changes(key, "WAT1 It has been like this for a week in Lumas")
    case = town.case()
    (edited,) = timeline(town, case, EntryKind.edited)
    assert edited.body == {
        "text": "WAT1 It has been like this for a week in Lumas",
        "before": "It has been like this for a week",
    }
    assert timeline(town, case, EntryKind.received)[0].body["text"] == "It has been like this for a week"
    assert (case.text, office_of(town, case)) == ("WAT1 It has been like this for a week in Lumas", "WAT1")
    assert len(town.cases()) == 1


def test_an_edit_after_an_answer_is_heard_again_unless_it_mends_a_slip(town: Town, citizen: Citizen) -> None:
    key = citizen.says(WATER)
    with town.database.write() as session:
        lifecycle.reply(session, town.case().id, town.viewer("officer1"), "It is mended.", town.now, town.form())
    citizen.settle()
    citizen.changes(key, WATER.replace("since", "sinse"))
    assert town.case().state == CaseState.answered
    citizen.changes(key, "It is not mended at all, come and look")
    assert town.case().state == CaseState.open
    assert town.case().text == WATER


def test_an_edited_command_is_a_message(town: Town, citizen: Citizen) -> None:
    key = citizen.says("/help")
    citizen.changes(key, WATER)
    assert town.case().text == WATER


# -- albums, files, replies ----------------------------------------------------------------------------------------


def test_an_album_is_one_case(town: Town, citizen: Citizen) -> None:
    citizen.says("", PHOTO, group_key="a1")
    citizen.says("WAT1 the burst pipe in Lumas", PHOTO, group_key="a1")
    town.later(minutes=20)
    citizen.says("", PHOTO, group_key="a1")
    case = town.case()
    assert {row.case_id for row in citizen.rows()} == {case.id}
    assert office_of(town, case) == "WAT1"


def test_a_file_that_is_too_large_is_said_kindly(town: Town, citizen: Citizen) -> None:
    huge = Attachment("video", "telegram:big", "video/mp4", 21 * 1024 * 1024)
    citizen.says("", huge)
    assert "too large" in citizen.last.text
    assert town.cases() == []
    citizen.says(WATER, huge)
    assert town.case().text == WATER


def test_what_we_cannot_read_is_said(town: Town, citizen: Citizen) -> None:
    citizen.says("😡", unsupported="sticker")
    assert "could not read" in citizen.last.text
    heard = len(citizen.heard())
    citizen.says("👍", unsupported="sticker")
    assert len(citizen.heard()) == heard
    assert town.cases() == []


def test_a_reply_to_an_old_message_reopens_its_closed_case(town: Town, citizen: Citizen) -> None:
    mine = citizen.says(WATER)
    first = town.case()
    answer = len(town.sent) + 1
    with town.database.write() as session:
        lifecycle.close(
            session, first.id, town.viewer("officer1"), Outcome.upheld, "It is mended.", town.now, town.form()
        )
    citizen.settle()
    town.later(days=40)
    citizen.says("CIV1 my passport is late")
    assert len(town.cases()) == 2
    citizen.says("It broke again", reply_to=f"OUT{answer}")
    citizen.says("Really", reply_to=mine)
    town.later(days=1)
    with town.database.read() as session:
        case = session.get_one(Case, first.id)
    assert case.state == CaseState.open
    assert [e.body["text"] for e in timeline(town, case, EntryKind.citizen_wrote)] == ["It broke again", "Really"]


def test_nobody_can_reply_into_somebody_elses_case(town: Town, citizen: Citizen) -> None:
    key = citizen.says(WATER)
    other = Citizen(town, address="99")
    other.says("WAT1 mine", reply_to="OUT1")
    other.says("WAT1 mine too", reply_to=key)
    assert len(town.cases()) == 2


# -- groups, blocking ----------------------------------------------------------------------------------------------


def test_a_group_is_declined_once_a_day_in_its_language(town: Town) -> None:
    group = Citizen(town, address="-100123", language="ru", details={"group": True})
    group.says("", message_key="")
    group.says("", message_key="")
    assert len(group.heard()) == 1
    assert group.last.text.startswith("Здесь, в группе")
    town.later(days=1)
    group.says("", message_key="")
    assert len(group.heard()) == 2
    assert town.cases() == []


def test_blocking_is_recorded_and_lifted(town: Town, citizen: Citizen) -> None:
    citizen.says(WATER)

    def opted_out() -> bool:
        with town.database.read() as session:
            return session.exec(select(ContactPoint)).one().opted_out_at is not None

    citizen.blocks(True)
    assert opted_out()
    citizen.blocks(False)
    assert not opted_out()


def test_at_most_one_message_for_one_turn(town: Town, citizen: Citizen) -> None:
    """A webhook that comes twice, or is processed again, says nothing twice."""
    citizen.says("/start", update="u1")
    citizen.says("/start", update="u1")
    with town.database.read() as session:
        assert session.exec(select(func.count()).select_from(OutboundMessage)).one() == 1
