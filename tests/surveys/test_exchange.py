# ruff: noqa: E501  (a table of files)
"""Surveys as files, and what differs between two versions."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from surveys import exchange
from surveys.definitions import EXIT_QUESTIONS, SERVICE_QUESTIONS
from surveys.differences import differences
from surveys.flow import Condition, Kind, Option, Question

RATE, REASON, MONEY, MINUTES, VISITS, WORDS = SERVICE_QUESTIONS
OWN = Question("clean", Kind.yes_no, {"en": "=Was it clean?", "bn": "পরিষ্কার ছিল?"}, when=(Condition("rating", low=4),))


@pytest.mark.parametrize("questions", [SERVICE_QUESTIONS, EXIT_QUESTIONS, (RATE, OWN), ()])
def test_what_goes_out_comes_in_the_same(questions: tuple[Question, ...]) -> None:
    raw = exchange.to_json("service", 3, "service", "After a service", "New words", questions)
    assert exchange.from_json(raw) == exchange.File("After a service", "New words", questions)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["rating", "choice", "text"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "kind", "words", "options", "when", "question", "low", "values"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.lists(JUNK, max_size=3) | JUNK)
def test_no_file_breaks_the_reading(questions: Any) -> None:
    try:
        file = exchange.from_json(json.dumps({"ombud_survey": 1, "questions": questions}))
    except BadInput:
        return
    raw = exchange.to_json("x", 1, "service", file.title, file.note, file.questions)
    assert exchange.from_json(raw).questions == file.questions


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ("{broken", "file"),
        ("[]", "file"),
        ("{}", "ombud_survey"),
        ('{"ombud_survey": 1, "questions": {}}', "questions"),
        ('{"ombud_survey": 1, "questions": [{"code": "a", "kind": "stars"}]}', "questions/0/kind"),
        ('{"ombud_survey": 1, "questions": [{"kind": "text"}]}', "questions/0/code"),
        (
            '{"ombud_survey": 1, "questions": [{"code": "a", "kind": "text", "words": {"en": 1}}]}',
            "questions/0/words/en",
        ),
        (
            '{"ombud_survey": 1, "questions": [{"code": "a", "kind": "text", "when": [{"question": "b", "low": true}]}]}',
            "questions/0/when/0/low",
        ),
        (" " * exchange.LARGEST + "{}", "file"),
    ],
)
def test_what_cannot_be_read_is_named(raw: str, at: str) -> None:
    with pytest.raises(BadInput) as caught:
        exchange.from_json(raw)
    assert caught.value.fields["file"].startswith(f"{at}:")


def test_the_table_for_a_translator_has_no_formulas() -> None:
    lines = list(csv.reader(io.StringIO(exchange.to_csv((RATE, OWN), ("en", "bn"), {"en": "English", "bn": "Bangla"}))))
    assert lines == [
        ["question", "choice", "answered with", "put", "English", "Bangla"],
        ["rating", "", "rating from 1 to 5", "to everybody", "", ""],
        ["clean", "", "yes or no", "if rating is at least 4", "'=Was it clean?", "পরিষ্কার ছিল?"],
    ]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (SERVICE_QUESTIONS, []),
        ((RATE, MONEY, REASON, MINUTES, VISITS, WORDS), ["The order is now: rating, money, reason, minutes, visits, words."]),
        ((RATE, REASON, MONEY, MINUTES, WORDS), ["“visits” is asked no more."]),
        ((*SERVICE_QUESTIONS[:5], OWN, WORDS), ["“clean” is new, as question 6: yes or no."]),
        (
            (RATE, REASON, Question("money", Kind.yes_no, {"en": "Money?"}), MINUTES, VISITS, WORDS),
            ["“money” now says “Money?” (en)."],
        ),
        (
            (RATE, REASON, MONEY, MINUTES, VISITS, Question("words", Kind.text)),
            ["“words” is put to everybody; before, if rating is 1 to 3."],
        ),
        (
            (RATE, REASON, MONEY, Question("minutes", Kind.text, when=MINUTES.when), VISITS, WORDS),
            ["“minutes” is answered otherwise: own words instead of a number."],
        ),
        (
            (
                RATE,
                Question("reason", Kind.choice, {}, (*REASON.options[1:], Option("heat", {}), REASON.options[0]), REASON.when),
                *SERVICE_QUESTIONS[2:],
            ),
            [
                "“reason” has the new choice “heat”.",
                "The choices of “reason” are in another order: staff, papers, unclear, closed, heat, wait.",
            ],
        ),
    ],
)  # fmt: skip
def test_what_differs_is_said(after: tuple[Question, ...], told: list[str]) -> None:
    assert differences(SERVICE_QUESTIONS, after) == told
