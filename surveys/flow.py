"""Which question comes next: a pure reading of a survey's questions and of what was answered so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an answer to a question is: 1 to 5, one of numbered choices, yes or no, a number of something, own words."""

    rating = "rating"
    choice = "choice"
    yes_no = "yes_no"
    number = "number"
    text = "text"


MONEY = "money"
"""Code of the question whether somebody asked for extra money. Its answers are never shown of fewer than k people."""
WORDS = "words"
"""Code of the question for own words."""
RATING = "rating"
"""Code of the question every survey begins with."""

Given = Mapping[str, int | str | None]
"""Answers by question code: a number for rating, number and yes or no (1, 0), an option's code for a choice, words for
a text; None where the question was passed over."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when `question` was answered with one of `values` (as text), or with a number from `low` to `high`."""

    question: str
    values: frozenset[str] = frozenset()
    low: int | None = None
    high: int | None = None

    def holds(self, given: Given) -> bool:
        """Whether the answers meet it; an unanswered question meets nothing."""
        answer = given.get(self.question)
        if answer is None:
            return False
        if self.values:
            return str(answer) in self.values
        return (
            isinstance(answer, int)
            and (self.low is None or answer >= self.low)
            and (self.high is None or answer <= self.high)
        )


@dataclass(frozen=True, slots=True)
class Option:
    """One of the numbered choices of a question; its number is its place, from 1."""

    code: str
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """One question; it is put when all of `when` hold. `words` are by language, as are those of the options.

    Empty `words` stand for the words that are shipped for the code.
    """

    code: str
    kind: Kind
    words: Mapping[str, str] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    when: tuple[Condition, ...] = ()

    def applies(self, given: Given) -> bool:
        """Whether it is put to somebody who answered so."""
        return all(condition.holds(given) for condition in self.when)


def read(stored: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """The questions of a survey as its row keeps them. Raises KeyError or ValueError for what no editor would store."""
    return tuple(
        Question(
            code=str(one["code"]),
            kind=Kind(one["kind"]),
            words=dict(one.get("words") or {}),
            options=tuple(
                Option(str(option["code"]), dict(option.get("words") or {})) for option in one.get("options") or ()
            ),
            when=tuple(
                Condition(
                    str(rule["question"]),
                    frozenset(map(str, rule.get("values") or ())),
                    rule.get("low"),
                    rule.get("high"),
                )
                for rule in one.get("when") or ()
            ),
        )
        for one in stored
    )


def store(questions: Sequence[Question]) -> list[dict[str, object]]:
    """The questions as a survey's row keeps them; `read` gives the same back."""
    return [
        {
            "code": one.code,
            "kind": one.kind.value,
            "words": dict(one.words),
            "options": [{"code": option.code, "words": dict(option.words)} for option in one.options],
            "when": [
                {"question": rule.question, "values": sorted(rule.values), "low": rule.low, "high": rule.high}
                for rule in one.when
            ],
        }
        for one in questions
    ]


def following(questions: Sequence[Question], given: Given) -> Question | None:
    """The first question that applies and is neither answered nor passed over; None at the end."""
    return next((one for one in questions if one.code not in given and one.applies(given)), None)
