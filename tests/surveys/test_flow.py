"""Branching: which question follows, whatever was answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.flow import Condition, Given, Kind, Option, Question, following, read, store

ASKED = (
    Question("rating", Kind.rating),
    Question(
        "reason",
        Kind.choice,
        options=(Option("wait", {"en": "The wait"}), Option("rude", {"en": "Rude"})),
        when=(Condition("rating", low=1, high=3),),
    ),
    Question("money", Kind.yes_no),
    Question("minutes", Kind.number, when=(Condition("reason", frozenset({"wait"})),)),
    Question("words", Kind.text, when=(Condition("rating", low=1, high=2), Condition("money", frozenset({"1"})))),
)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({}, "rating"),
        ({"rating": 5}, "money"),
        ({"rating": 3}, "reason"),
        ({"rating": 3, "reason": "wait"}, "money"),
        ({"rating": 3, "reason": "wait", "money": 0}, "minutes"),
        ({"rating": 3, "reason": "rude", "money": 0}, None),
        ({"rating": 3, "reason": None, "money": 0}, None),
        ({"rating": 2, "reason": None, "money": 1}, "words"),
        ({"rating": 2, "reason": None, "money": None}, None),
        ({"rating": None}, "money"),
        ({"money": 1}, "rating"),
        ({"rating": 5, "money": 1}, None),
    ],
)
def test_the_next_question(answers: Given, code: str | None) -> None:
    found = following(ASKED, answers)
    assert (found.code if found else None) == code


@given(
    st.dictionaries(
        st.sampled_from([one.code for one in ASKED]), st.sampled_from([None, 0, 1, 2, 3, 5, "wait", "rude"]), max_size=5
    )
)
def test_each_question_is_put_once_and_the_end_is_reached(answers: dict[str, int | str | None]) -> None:
    for _ in range(len(ASKED)):
        asked = following(ASKED, answers)
        if asked is None:
            break
        assert asked.code not in answers
        answers[asked.code] = None
    assert following(ASKED, answers) is None


def test_what_is_stored_is_read_the_same() -> None:
    assert read(store(ASKED)) == ASKED
    assert read([{"code": "rating", "kind": "rating"}]) == (ASKED[0],)
