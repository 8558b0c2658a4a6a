# ruff: noqa: E501  (a table of faults)
"""What is wrong with a survey, and what can happen in one: against every way there is through small ones."""

from collections.abc import Sequence
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.states import SurveyKind
from surveys import reach
from surveys.definitions import EXIT_QUESTIONS, SERVICE_QUESTIONS
from surveys.faults import Finding, costs, findings, heavy
from surveys.flow import Condition, Given, Kind, Option, Question, following, read, store

NAMES = {"en": "English", "bn": "Bengali"}
RATE = Question("rating", Kind.rating)
REASON = Question(
    "reason", Kind.choice, options=(Option("wait", {}), Option("rude", {})), when=(Condition("rating", low=1, high=3),)
)
MONEY = Question("money", Kind.yes_no)
WORDS = Question("words", Kind.text)


def shipped(code: str, language: str) -> str:
    return "" if code == "own" else f"{code} in {language}"


def found(questions: Sequence[Question], kind: SurveyKind = SurveyKind.service) -> list[Finding]:
    return findings(questions, tuple(NAMES), kind, question_words=shipped, option_words=shipped, names=NAMES)


def wrong(questions: Sequence[Question], kind: SurveyKind = SurveyKind.service) -> list[tuple[str, str]]:
    return [(one.question, one.text) for one in found(questions, kind) if one.wrong]


def number(*when: Condition, code: str = "minutes") -> Question:
    return Question(code, Kind.number, when=when)


@pytest.mark.parametrize(
    ("kind", "questions"), [(SurveyKind.service, SERVICE_QUESTIONS), (SurveyKind.exit, EXIT_QUESTIONS)]
)
def test_what_is_shipped_has_no_finding(kind: SurveyKind, questions: Sequence[Question]) -> None:
    assert found(questions, kind) == []


@pytest.mark.parametrize(
    ("questions", "code", "says"),
    [
        ((), "", "no question yet"),
        ((MONEY, RATE), "money", "first question must be the rating"),
        ((Question("rating", Kind.rating, when=(Condition("rating", low=1),)),), "rating", "put to everybody"),
        ((RATE, MONEY, Question("rating", Kind.rating)), "rating", "Two questions have the code “rating”"),
        ((RATE, MONEY, MONEY), "money", "question 3 needs another"),
        ((RATE, Question("money", Kind.text)), "money", "yes or no"),
        ((RATE, Question("words", Kind.number)), "words", "own words"),
        ((RATE, Question("Wait time", Kind.number)), "Wait time", "is no code"),
        ((RATE, Question("own", Kind.number)), "own", "Question 2 has no words in Bengali"),
        ((RATE, Question("own", Kind.number, {"en": "How?", "bn": "ক" * 301})), "own", "301 letters in Bengali"),
        ((RATE, Question("pick", Kind.choice, options=(Option("a", {}),))), "pick", "at least two choices"),
        (
            (RATE, Question("pick", Kind.choice, options=tuple(Option(f"a{n}", {}) for n in range(10)))),
            "pick", "10 choices; at most 9",
        ),
        ((RATE, Question("pick", Kind.choice, options=(Option("a", {}),) * 2)), "pick", "choice “a” twice"),
        ((RATE, Question("pick", Kind.choice, options=(Option("1", {}), Option("a", {})))), "pick", "no code of a choice"),
        ((RATE, Question("pick", Kind.choice, options=(Option("own", {}), Option("a", {})))), "pick", "“own” has no words"),
        ((RATE, Question("money", Kind.yes_no, options=(Option("a", {}),))), "money", "not a question of choices"),
        ((RATE, number(Condition("money", frozenset({"1"}))), MONEY), "minutes", "question 3, which comes no earlier"),
        ((RATE, number(Condition("dragons", frozenset({"1"})))), "minutes", "“dragons”, which this survey does not ask"),
        ((RATE, REASON, number(Condition("reason", frozenset({"fire"})))), "minutes", "“fire”, which question 2 does not"),
        ((RATE, REASON, number(Condition("reason", low=1))), "minutes", "wants a number from question 2"),
        ((RATE, WORDS, number(Condition("words", frozenset({"a"})))), "minutes", "own words"),
        ((RATE, number(Condition("rating"))), "minutes", "on no answer of it"),
        ((RATE, number(Condition("rating", low=6))), "minutes", "can never be reached: question 1 has no answer “at least 6”"),
        (
            (RATE, number(Condition("rating", low=1, high=2), Condition("rating", low=4, high=5))),
            "minutes", "Question 2 can never be reached: the answer to question 1 would have to be 1 to 2 and also 4 to 5",
        ),
        (
            (RATE, REASON, number(Condition("reason", frozenset({"wait"})), Condition("rating", low=4, high=5))),
            "minutes", "Question 3 can never be reached: the answer to question 1 would have to be 4 to 5 and also 1 to 3",
        ),
        (
            (RATE, MONEY, number(Condition("money", frozenset({"1"})), Condition("money", frozenset({"0"})))),
            "minutes", "would have to be “yes” and also “no”",
        ),
        (
            (RATE, number(), number(Condition("minutes", low=30), Condition("minutes", high=10), code="visits")),
            "visits", "Question 3 can never be reached",
        ),
    ],
)  # fmt: skip
def test_each_fault_is_named(questions: Sequence[Question], code: str, says: str) -> None:
    assert any(at == code and says in text for at, text in wrong(questions)), wrong(questions)


def test_at_a_door_everything_is_tapped() -> None:
    assert any("cannot be tapped" in text for _, text in wrong((RATE, WORDS), SurveyKind.exit))
    assert wrong((RATE, REASON, MONEY), SurveyKind.exit) == []


def test_what_is_unwise_stops_nobody() -> None:
    long = (RATE, *(Question(f"q{place}", Kind.number) for place in range(7)))
    hints = [one.text for one in found(long) if not one.wrong]
    assert wrong(long) == []
    assert any("extra money" in text for text in hints)
    assert any("asked 8 questions" in text for text in hints)


def test_the_longest_way_is_what_it_costs() -> None:
    def weight(question: Question, language: str) -> int:
        return (3 if question.code == "words" else 2) if language == "bn" else 1

    way = [one.code for one in reach.longest(SERVICE_QUESTIONS)]
    assert way == ["rating", "reason", "money", "minutes", "words"] or way == [
        "rating",
        "reason",
        "money",
        "visits",
        "words",
    ]
    english, bengali = costs(SERVICE_QUESTIONS, ("en", "bn"), weight)
    assert (english.total, bengali.total) == (5, 11)
    (text,) = [
        one.text for one in heavy(SERVICE_QUESTIONS, tuple(NAMES), weight, lambda many: f"{many * 0.08:.2f} EUR", NAMES)
    ]
    assert text == "Question 6 takes 3 SMS in Bengali, 0.24 EUR for each citizen. Fewer words cost less."


def test_what_may_still_follow_an_answer() -> None:
    assert [one.code for one in reach.longest(SERVICE_QUESTIONS, {"rating": 5})] == ["money"]
    assert [one.code for one in reach.longest(SERVICE_QUESTIONS, {"rating": 5, "money": 0})] == []
    assert len(reach.longest(SERVICE_QUESTIONS, {"rating": 1, "reason": None})) == 2


def test_any_number_at_all_leads_on() -> None:
    questions = (RATE, Question("a", Kind.number), Question("b", Kind.yes_no, when=(Condition("a"),)))
    assert [one.code for one in reach.longest(questions)] == ["rating", "a", "b"]


# -- against every way -------------------------------------------------------------------------------------------------

CODES = ("rating", "a", "b", "c", "d")


@st.composite
def surveys(draw: st.DrawFn) -> tuple[Question, ...]:
    made = [RATE]
    for code in CODES[1:]:
        kind = draw(st.sampled_from([Kind.choice, Kind.yes_no, Kind.number, Kind.text]))
        options = (Option("x", {}), Option("y", {})) if kind is Kind.choice else ()
        rules = []
        for asked in draw(st.lists(st.sampled_from(made), max_size=3)):
            values = {Kind.choice: ["x", "y"], Kind.yes_no: ["0", "1"], Kind.text: ["p"]}.get(
                asked.kind, ["1", "2", "4"]
            )
            if draw(st.booleans()):
                rules.append(Condition(asked.code, frozenset(draw(st.sets(st.sampled_from(values), min_size=1)))))
            else:
                low, high = draw(st.none() | st.integers(0, 6)), draw(st.none() | st.integers(0, 6))
                rules.append(Condition(asked.code, low=low, high=high))
        made.append(Question(code, kind, options=options, when=tuple(rules)))
    return tuple(made)


ANSWERS: dict[Kind, tuple[int | str | None, ...]] = {
    Kind.rating: (1, 2, 3, 4, 5),
    Kind.choice: ("x", "y", None),
    Kind.yes_no: (0, 1),
    Kind.number: (*range(8), None),
    Kind.text: ("p", "q"),
}


def ways(questions: Sequence[Question]) -> set[tuple[str, ...]]:
    """Every way through, as codes; answers that no condition tells apart are tried once."""
    looked_at = {rule.question for one in questions for rule in one.when}

    def walk(given: Given) -> list[tuple[str, ...]]:
        asked = following(questions, given)
        if asked is None:
            return [()]
        tried = ANSWERS[asked.kind] if asked.code in looked_at else (None,)
        rest = chain.from_iterable(walk({**given, asked.code: answer}) for answer in tried)
        return list({(asked.code, *way) for way in rest})

    return set(walk({}))


@given(surveys())
def test_reachable_and_longest_as_every_way_says(questions: tuple[Question, ...]) -> None:
    every = ways(questions)
    reached = set(chain.from_iterable(every))
    assert {one.code for place, one in enumerate(questions) if reach.stopped_by(questions, place) is None} == reached
    assert len(reach.longest(questions)) == max(map(len, every))
    assert read(store(questions)) == questions
