"""Surveys as conversations, on both databases: the next question, late replies, corrections, doubts, the end."""

from datetime import timedelta

import pytest

from channels.values import Channel
from core.ids import new_id
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from surveys.flow import Kind, Question
from tests.builders import NOW, Government, government
from tests.conftest import Installation
from tests.surveys.talks import Asked

FIRST = "Passports, Office CIV1: how was it? Reply with one number."
MONEY = "Did anyone ask for extra money? Reply YES or NO."
WORDS = "What else should the office know? Reply in your own words, or NO."
MINUTES = "How many minutes did you wait? Reply with a number."
CONSENT = "Shall somebody look into it and write to you? They then see your number. Reply YES or NO."
THANKS = "Thank you. Office CIV1 sees your answer."


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        return government(session)


@pytest.fixture
def asked(installation: Installation, known: Government) -> Asked:
    return Asked(installation.database, known)


def test_each_answer_is_followed_by_the_next_question_and_the_last_by_thanks(asked: Asked) -> None:
    for text in ("5", "no one", "the lady at window 3 was kind"):
        assert asked.says(text) is not None
    assert asked.heard() == [FIRST, MONEY, WORDS, THANKS]
    assert asked.answers() == {"rating": 5, "money": 0, "words": "the lady at window 3 was kind"}
    assert asked.invitation().asking is None
    taken = asked.says("thanks")
    assert taken is not None
    assert taken.repeat
    assert len(asked.sent()) == 4, "thanked once"


def test_by_sms_the_questions_that_would_cost_too_much_stand_behind_the_link(asked: Asked) -> None:
    for text in ("2", "1", "no", "40"):
        asked.says(text)
    assert asked.heard()[1:4] == ["What went wrong?", MONEY, MINUTES]
    assert asked.heard()[4] == CONSENT, "whether somebody may look into it is asked all the same"
    asked.says("no")
    assert asked.heard()[5].startswith(f"{THANKS} A few more questions, if you like: http")
    assert asked.answers() == {"rating": 2, "reason": "wait", "money": 0, "minutes": 40, "contact": 0}
    assert asked.rows()["minutes"].value == 40


def test_one_reply_may_answer_much_and_nothing_told_is_asked_again(asked: Asked) -> None:
    taken = asked.says("2, queue for ever, nobody asked for money, waited 40 min")
    assert taken is not None
    assert (taken.rating, taken.money, taken.opens_case) == (2, False, False)
    told = asked.answers()
    assert told["words"].startswith("queue for ever")
    assert told | {"words": ""} == {"rating": 2, "reason": "wait", "money": 0, "minutes": 40, "words": ""}
    assert asked.heard() == [FIRST, CONSENT], "all is told but whether somebody may look into it"


@pytest.mark.parametrize(("answer", "opens"), [("yes", True), ("po", True), ("no", False), ("нет", False)])
@pytest.mark.parametrize("told", ["1", "money"])
def test_an_answer_becomes_a_case_with_a_yes_and_is_counted_without(
    asked: Asked, told: str, answer: str, opens: bool
) -> None:
    for text in ("1", "4", "no", "the room was dark") if told == "1" else ("5", "yes"):
        taken = asked.says(text)
        assert taken is not None
        assert not taken.opens_case, text
    assert asked.heard()[-1] == CONSENT
    taken = asked.says(answer)
    assert taken is not None
    assert taken.opens_case is opens
    assert (taken.money, taken.rating) == ((False, 1) if told == "1" else (True, 5))
    assert asked.answers()["contact"] == int(opens)
    if not opens:
        words = asked.says("it was 1")
        assert words is None or not words.opens_case


def test_what_is_complained_of_in_words_needs_no_consent(asked: Asked) -> None:
    taken = asked.says("1 they asked me for 500 at the desk")
    assert taken is not None
    assert (taken.opens_case, taken.money) == (True, True)
    assert CONSENT not in asked.heard()


def test_days_later_an_answer_still_lands_at_its_question(asked: Asked) -> None:
    asked.now += timedelta(days=3)
    asked.says("5")
    asked.now += timedelta(days=20)
    assert asked.says("yes they asked for 500 at the desk") is None, "late, only an answer and nothing else is one"
    assert asked.says("no") is not None
    assert asked.answers() == {"rating": 5, "money": 0}
    asked.now += timedelta(days=61)
    assert asked.says("4") is None


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["5", "it was 2"], {"rating": 2}),
        (["5", "no, 4"], {"rating": 4}),
        (["3", "1", "sorry i meant 2"], {"rating": 2, "reason": "wait"}),
        (["2", "1", "no", "40", "it was 50"], {"rating": 2, "reason": "wait", "money": 0, "minutes": 50}),
        (["5", "no", "yes they did"], {"rating": 5, "money": 1}),
        (["5", "5"], {"rating": 5}),
        (["5", "4"], {"rating": 4}),
        (["no one asked", "5"], {"money": 0, "rating": 5}),
    ],
)
def test_corrections_replace_and_are_kept(asked: Asked, texts: list[str], expected: dict[str, object]) -> None:
    for text in texts:
        asked.says(text)
    assert {key: value for key, value in asked.answers().items() if key != "words"} == expected
    history = [old["value"] for row in asked.rows().values() for old in row.history]
    assert len(history) == (0 if texts in (["5", "5"], ["no one asked", "5"]) else 1)


def test_what_was_sent_before_a_question_does_not_answer_it(asked: Asked) -> None:
    asked.says("2")
    assert asked.heard()[-1] == "What went wrong?"
    asked.says("3", sent_at=NOW)
    assert asked.answers() == {"rating": 3}
    asked.says("3", sent_at=asked.now + timedelta(minutes=1))
    assert asked.answers() == {"rating": 3, "reason": "papers"}


def test_a_number_sent_twice_in_haste_is_one_answer(asked: Asked) -> None:
    asked.says("2")
    asked.now -= timedelta(seconds=55)
    asked.says("2")
    assert asked.answers() == {"rating": 2}
    asked.says("2")
    assert asked.answers() == {"rating": 2, "reason": "staff"}


def test_two_surveys_the_quoted_one_else_the_one_asked_last(asked: Asked) -> None:
    first_question = asked.sent()[0]
    asked.now += timedelta(hours=1)
    asked.invite("WAT1", "water")
    asked.says("4")
    assert (asked.answers(0), asked.answers(1)) == ({}, {"rating": 4})
    with asked.database.write() as session:
        session.get_one(OutboundMessage, first_question.id).provider_id = "71:900"
    asked.says("2", reply_to="71:900")
    assert asked.answers(0) == {"rating": 2}
    asked.says("no")  # the second asks for money, the first for the reason
    assert (asked.answers(0), asked.answers(1)) == ({"rating": 2}, {"rating": 4, "money": 0})


def test_a_button_means_the_same_whenever_it_is_pressed(installation: Installation, known: Government) -> None:
    asked = Asked(installation.database, known, Channel.telegram)
    assert next(button["text"] for row in asked.sent()[0].buttons for button in row) == "1 Very bad"
    asked.presses("rating", 2)
    asked.presses("reason", 4)
    asked.presses("rating", 5)
    asked.presses("money", 2)
    asked.presses("words", 0)
    assert asked.answers() == {"rating": 5, "reason": "closed", "money": 0, "words": None}
    assert asked.heard()[-1] == THANKS
    assert asked.presses("rating", 9) is None
    assert asked.presses("nothing", 1) is None
    other = Asked(installation.database, known, Channel.telegram)
    other.ids.append(asked.ids[0])
    assert other.presses("rating", 1) is None, "somebody else's"


def test_a_doubtful_reply_is_asked_about_once_and_then_kept_as_words(asked: Asked) -> None:
    asked.says("1 or 2")
    assert asked.answers() == {}
    assert asked.heard()[-1] == "Which one? How was it? Reply with one number."
    asked.says("hm 2 or 3")
    assert asked.answers() == {"rating": None, "words": "hm 2 or 3"}
    assert [line for line in asked.heard() if "Which" in line] == ["Which one? How was it? Reply with one number."]
    asked.says("2")
    assert asked.answers()["rating"] == 2


@pytest.mark.parametrize(("letter", "expected"), [("B", {"rating": 5, "money": 1}), ("a", {"rating": 1})])
def test_a_number_that_may_answer_two_questions_is_asked_about(
    asked: Asked, letter: str, expected: dict[str, int]
) -> None:
    asked.says("5")
    asked.says("1")  # yes, or is the rating 1?
    assert asked.sent()[-1].body.split("\n") == [
        'We cannot tell which question "1" answers. Reply with the letter.',
        "A How was it?",
        "B Did anyone ask for extra money?",
    ]
    asked.says(letter)
    assert asked.answers() == expected
    asked.says("2")
    assert sum("cannot tell" in line for line in asked.heard()) == 1, "never twice"


def test_no_answer_is_left_to_others_and_an_office_that_asked_later_is_answered(asked: Asked) -> None:
    for text in ("There is no water in Hill street", "When is the office open?", "3 days no water"):
        assert asked.says(text) is None
    asked.says("5")
    assert asked.says("The lamp in front of the school is out") is None, "asked for yes or no"
    with asked.database.write() as session:
        session.add(
            OutboundMessage(
                id=new_id(),
                dedupe_key="q",
                purpose=Purpose.question,
                channel=Channel.sms,
                contact_point_id=asked.contact_id,
                language="en",
                body="Did you get the card?",
                state=OutboxState.delivered,
                created_at=asked.now,
            )
        )
    assert asked.says("no") is None


def test_nothing_is_asked_after_an_opt_out(asked: Asked) -> None:
    with asked.database.write() as session:
        session.get_one(ContactPoint, asked.contact_id).opted_out_at = NOW
    asked.says("5")
    assert asked.answers() == {"rating": 5}
    assert asked.heard() == [FIRST]


def test_a_complaint_beside_a_good_rating_asks_for_a_case(asked: Asked) -> None:
    taken = asked.says("5 but the road at Mill Lane is still broken")
    assert taken is not None
    assert (taken.rating, taken.opens_case, taken.complains) == (5, True, True)
    assert taken.words == "but the road at Mill Lane is still broken"
    assert asked.heard()[-1] == MONEY
    praise = asked.says("no")
    assert praise is not None
    assert not praise.money_now


def test_a_survey_without_a_question_for_words_asks_why_in_its_thanks(
    installation: Installation, known: Government
) -> None:
    asked = Asked(installation.database, known, questions=(Question("rating", Kind.rating),))
    asked.says("1")
    assert asked.heard()[-1] == f"{THANKS} What went wrong? Reply in your own words."
    taken = asked.says("The clerk shouted at me and sent me away")
    assert taken is not None
    assert taken.opens_case
