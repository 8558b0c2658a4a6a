"""The page behind a survey's link: question by question, counted at once, and never by looking."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from api import throttle
from core.database import database
from core.errors import TooMany
from domain.case import Case
from domain.states import InvitationState
from domain.survey import Answer, Invitation, Survey
from surveys.flow import Condition, Kind, Option, Question, store
from tests.api.site import Web

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)  # test_replies.py holds it on both
PHONE = "+355691230042"

CONSENT = "Shall somebody look into it and write to you? They then see your number."


@pytest.fixture
def token(web: Web) -> Iterator[str]:
    """A survey that is open."""
    throttle.forget()
    done = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    served = {"external_id": "A", "office": "CIV1", "service": "passport", "completed_at": done}
    web.api("POST", "/transactions", json={**served, "phone": PHONE, "language": "ru"})
    with database().read() as session:
        yield session.exec(select(Invitation.token)).one()


def stored() -> dict[str, int | str | None]:
    with database().read() as session:
        rows = session.exec(select(Answer).where(col(Answer.invitation_id).is_not(None)))
        return {row.question: row.text if row.value is None else row.value for row in rows}


def heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
    assert found
    return re.sub(r"<[^>]+>", "", found[1]).strip()


def test_each_answer_is_counted_at_once_and_leads_to_the_next(web: Web, token: str) -> None:
    here = f"/s/{token}?lang=en"
    assert heading(web.get(here).text) == "How was it?"
    page = web.post(here, rating="2").text
    assert stored() == {"rating": 2}
    assert heading(page) == "What went wrong?"
    assert "Question 2 of at most 6" in page
    page = web.post(here, question="reason", answer="wait").text
    assert (heading(page), "Question 3 of at most 6" in page) == ("Did anyone ask for extra money?", True)
    page = web.post(here, question="money", go="skip").text
    assert heading(page) == "How many minutes did you wait?"
    assert 'name="passed" value="money"' in page
    page = web.post(here, question="minutes", answer="৯০", passed="money").text
    assert heading(page) == "What else should the office know?"
    assert web.count(Case) == 0
    page = web.post(here, question="words", answer="Four hours at window three", passed="money").text
    assert heading(page) == CONSENT
    assert web.count(Case) == 0, "nobody is named without a yes"
    page = web.post(here, question="contact", answer="1", passed="money").text
    assert heading(page) == "Thank you"
    said = {"rating": 2, "reason": "wait", "minutes": 90, "words": "Four hours at window three", "contact": 1}
    assert stored() == said
    assert web.case().reference in page
    assert web.case().text == "Four hours at window three"
    again = web.post(here, question="contact", answer="1", passed="money").text
    assert web.case().reference in again, "pressed twice: once"


def test_somebody_content_is_asked_little_and_no_case_is_opened(web: Web, token: str) -> None:
    page = web.post(f"/s/{token}?lang=en", rating="5").text
    assert "Question 2 of at most 2" in page
    assert heading(web.post(f"/s/{token}?lang=en", question="money", answer="0").text) == "Thank you"
    assert (web.count(Case), stored()) == (0, {"rating": 5, "money": 0})


@pytest.mark.parametrize("may", [True, False])
def test_money_that_was_asked_becomes_a_case_with_the_words_or_without(web: Web, token: str, may: bool) -> None:
    web.post(f"/s/{token}", rating="2")
    web.post(f"/s/{token}", question="reason", go="skip")
    web.post(f"/s/{token}", question="money", answer="1", passed="reason")
    assert web.count(Case) == 0, "there are words to come"
    page = web.post(f"/s/{token}?lang=en", question="words", go="skip", passed="reason").text
    assert (heading(page), web.count(Case)) == (CONSENT, 0)
    page = web.post(f"/s/{token}?lang=en", question="contact", answer=str(int(may)), passed="reason,words").text
    assert (heading(page), web.count(Case)) == ("Thank you", int(may))
    assert stored()["money"] == 1, "counted either way"


def test_a_complaint_in_words_is_not_asked_whether_it_may_be_one(web: Web, token: str) -> None:
    web.post(f"/s/{token}", rating="1")
    passed = "reason,money"
    words = "They asked me for 500 at the desk"
    page = web.post(f"/s/{token}?lang=en", question="words", answer=words, passed=passed).text
    assert (heading(page), web.count(Case)) == ("Thank you", 1)
    assert web.case().reference in page


def test_back_and_change(web: Web, token: str) -> None:
    web.post(f"/s/{token}", rating="2")
    page = web.post(f"/s/{token}?lang=en", question="reason", answer="papers").text
    assert f'href="/s/{token}?q=reason&amp;lang=en"' in page
    page = web.get(f"/s/{token}?lang=en&q=reason").text
    assert '<button name="answer" value="papers" class="chosen" aria-pressed="true">' in page
    web.post(f"/s/{token}", question="reason", answer="wait")
    page = web.post(f"/s/{token}?lang=en", question="rating", answer="4").text
    assert heading(page) == "Did anyone ask for extra money?", "what went wrong is not asked of the content"
    assert stored() == {"rating": 4, "reason": "wait"}
    with database().read() as session:
        kept = session.exec(select(Answer.history).where(col(Answer.question) == "reason")).one()
    assert [one["text"] for one in kept] == ["papers"]


def test_what_is_no_answer_is_said_and_asked_again(web: Web, token: str) -> None:
    web.post(f"/s/{token}", rating="2")
    web.post(f"/s/{token}", question="reason", answer="wait")
    before = stored()
    for question, answer, says in (
        ("rating", "9", "Choose one of the five faces."),
        ("reason", "dragons", "Choose one of these"),
        ("money", "perhaps", "Choose yes or no"),
        ("minutes", "long", "Write a number"),
        ("minutes", "9999999", "Write a number"),
        ("words", " ", "Write a few words"),
    ):
        told = web.post(f"/s/{token}?lang=en", question=question, answer=answer)
        assert (told.status_code, says in told.text, stored()) == (422, True, before)
        translated = web.post(f"/s/{token}?lang=ru", question=question, answer=answer)
        assert (translated.status_code, says in translated.text) == (422, False)


def test_it_goes_on_in_the_language_it_was_asked_in(web: Web, token: str) -> None:
    for page in (web.get(f"/s/{token}"), web.post(f"/s/{token}", rating="4")):
        assert '<html lang="ru" dir="ltr">' in page.text
        assert heading(page.text) in {"Как всё прошло?", "Просили ли у вас доплату?"}


def test_a_link_with_an_answer_counts_nothing_until_it_is_posted(web: Web, token: str) -> None:
    page = web.get(f"/s/{token}/4?lang=en")
    assert stored() == {}
    assert 'name="answer" value="4"' in page.text
    assert "/static/tap.js" in page.text
    assert heading(web.get(f"/s/{token}/nine?lang=en").text) == "How was it?"
    assert heading(web.post(f"/s/{token}?lang=en", question="rating", answer="4").text).startswith("Did anyone")
    assert stored() == {"rating": 4}


def test_an_invitation_keeps_the_version_it_was_made_with(web: Web, token: str) -> None:
    own = Question(
        "colour", Kind.choice, {"en": "Which colour?"}, (Option("red", {"en": "Red"}), Option("blue", {"en": "Blue"})),
        (Condition("rating", low=5, high=5),),
    )  # fmt: skip
    with database().write() as session:
        old = session.exec(select(Survey)).one()
        session.add(Survey(code=old.code, version=2, questions=store((Question("rating", Kind.rating), own))))
    assert heading(web.post(f"/s/{token}?lang=en", rating="5").text) == "Did anyone ask for extra money?"
    with database().write() as session:
        invitation = session.exec(select(Invitation)).one()
        invitation.survey_id = session.exec(select(Survey.id).where(col(Survey.version) == 2)).one()
        session.add(invitation)
    assert heading(web.get(f"/s/{token}?lang=en").text) == "Which colour?"
    assert heading(web.post(f"/s/{token}?lang=en", question="colour", answer="blue").text) == "Thank you"
    assert web.post(f"/s/{token}", question="money", answer="0").status_code == 404, "that version does not ask it"


def test_links_that_open_nothing_are_few(web: Web, token: str) -> None:
    assert web.get(f"/s/{token}x").status_code == 404
    for number in range(29):
        assert web.post(f"/s/guess{number}", rating="5").status_code == 404
    refused = web.get("/s/one-more")
    assert refused.status_code == TooMany.status
    throttle.forget()
    with database().write() as session:
        invitation = session.exec(select(Invitation)).one()
        invitation.state = InvitationState.expired
        session.add(invitation)
    for _ in range(35):
        assert web.get(f"/s/{token}").status_code == 410, "an old link is no guess"
    assert web.post(f"/s/{token}", rating="5").status_code == 409
    assert stored() == {}
