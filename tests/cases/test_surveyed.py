"""What answers to a survey lead to: cases, more of a case, and a case apart where money or staff are told of."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

import surveys.sweep
from channels.values import Channel
from domain.citizen import ContactPoint
from domain.survey import Answer, Invitation, Survey
from reports.words import said
from surveys import asking
from surveys.checking import TransactionIn
from surveys.flow import store
from surveys.transactions import accept
from tests.cases.chat import Citizen, texter, timeline
from tests.cases.conftest import CITIZEN, Town
from tests.surveys.talks import SHIPPED


@pytest.fixture
def served(town: Town) -> Citizen:
    """Somebody who got a passport and was just asked about it by SMS."""
    return asked(town, texter(town))


def asked(town: Town, citizen: Citizen) -> Citizen:
    with town.database.write() as session:
        session.add(Survey(code="all", questions=store(SHIPPED)))
        session.flush()
        accept(session, "registry", [TransactionIn("T-1", "CIV1", "passport", town.now, CITIZEN, "en")], town.now)
    town.later(hours=2)
    surveys.sweep.sweep(town.now)
    citizen.settle()
    assert "how was it" in citizen.last.text
    town.later(minutes=5)
    return citizen


def answers(town: Town) -> dict[str, object]:
    with town.database.read() as session:
        return {row.question: row.text if row.value is None else row.value for row in session.exec(select(Answer))}


def shown(town: Town, name: str) -> list[str]:
    """The words that a list of answers shows to a member of staff."""
    since, until = town.now - timedelta(days=1), town.now + timedelta(days=1)
    with town.database.read() as session:
        return [one.words for one in said(session, town.known.viewer(session, name), None, since=since, until=until)]


def outcomes(citizen: Citizen) -> list[str | None]:
    return [row.outcome for row in citizen.rows()]


def test_a_complaint_beside_a_good_rating_becomes_a_case_of_that_office(town: Town, served: Citizen) -> None:
    served.says("5 but the lift is still broken and I use a wheelchair")
    case = town.case()
    with town.database.read() as session:
        assert case.invitation_id == session.exec(select(Invitation.id)).one()
    assert case.text == "but the lift is still broken and I use a wheelchair"
    assert case.office_id == town.known.office["CIV1"]
    assert answers(town)["rating"] == 5
    town.later(seconds=5)
    served.settle()
    texts = [message.text for message in served.heard()]
    assert any(case.reference in text for text in texts)
    assert texts[-1].startswith("Did anyone ask for extra money?")
    served.says("no one")
    served.says("It is dark on the stairs as well")
    assert outcomes(served) == ["survey_answer", "survey_answer", "continued"]
    (more,) = timeline(town, case, "citizen_wrote")
    assert more.body["text"] == "It is dark on the stairs as well"


def test_yes_to_the_money_question_goes_to_the_integrity_office_alone(town: Town, served: Citizen) -> None:
    served.says("4")
    served.says("yes")
    assert town.cases() == [], "a yes alone names nobody"
    assert served.heard()[-1].text.startswith("Shall somebody look into it")
    served.says("yes please")
    case = town.case()
    assert case.integrity
    assert case.office_id == town.known.office["INTEG"]
    assert case.about_office_id == town.known.office["CIV1"]
    assert case.text == "Did anyone ask for extra money? Yes"
    served.says("The clerk at desk 4 wanted 500 for the stamp")
    assert len(town.cases()) == 1, "it is of the same case"
    assert served.heard()[-1].text == "Thank you. What you said about money is read by another team, and only by them."
    assert [entry.body["text"] for entry in timeline(town, case, "citizen_wrote")] == [
        "The clerk at desk 4 wanted 500 for the stamp"
    ]


def test_money_told_after_an_ordinary_case_is_a_case_apart(town: Town, served: Citizen) -> None:
    served.says("2 the hall is dirty and the toilet is broken")
    served.says("3")
    assert [line[:8] for line in shown(town, "minister")] == ["the hall"]
    served.says("yes, the guard took 500")
    ordinary, apart = town.cases()
    assert (ordinary.integrity, apart.integrity) == (False, True)
    assert not timeline(town, ordinary, "citizen_wrote")
    assert apart.text == "yes, the guard took 500"
    assert shown(town, "minister") == [], "the words tell by now what may not be known of the case apart"
    served.says("no")
    assert len(town.cases()) == 2
    assert answers(town)["money"] == 1


def test_praise_and_silence_open_nothing(town: Town, served: Citizen) -> None:
    served.says("5 the lady at window 3 was kind")
    served.says("no")
    assert town.cases() == []
    assert served.heard()[-1].text.startswith("Thank you.")
    served.says("There is no water in Lumas since Monday")
    assert len(town.cases()) == 1, "a matter of its own"
    assert town.case().invitation_id is None


def test_on_telegram_buttons_answer_and_an_old_one_says_so(town: Town) -> None:
    citizen = Citizen(town)
    citizen.says("/start")
    with town.database.write() as session:
        session.add(Survey(code="all", questions=store(SHIPPED)))
        session.flush()
        accept(session, "registry", [TransactionIn("T-1", "CIV1", "passport", town.now, CITIZEN, "en")], town.now)
        chat = session.exec(select(ContactPoint).where(col(ContactPoint.channel) == Channel.telegram)).one()
        invitation = session.exec(select(Invitation)).one()
        invitation.contact_point_id = chat.id
        session.add(invitation)
    town.later(hours=2)
    surveys.sweep.sweep(town.now)
    citizen.settle()
    assert citizen.labels == ["1 Very bad", "2 Bad", "3 So-so", "4 Good", "5 Very good"]
    citizen.presses("3")
    assert citizen.labels[0] == "The wait"
    citizen.presses("The wait")
    assert citizen.labels == ["Yes", "No"]
    citizen.presses("No")
    citizen.says("half an hour")
    assert citizen.labels == ["Nothing else"]
    citizen.presses("Nothing else")
    assert answers(town) == {"rating": 3, "reason": "wait", "money": 0, "minutes": 30, "words": None}
    assert citizen.last.text.startswith("Thank you.")
    citizen.says("x", button=asking.data_of(invitation.survey_id, "rating", 1), message_key="")
    assert citizen.rows()[-1].outcome == "over"
    assert town.cases() == []
