"""What can happen in a survey: which questions can be reached at all, and the longest way through it. Pure.

All conditions of a question must hold, and a question that was not put is not answered. So a question is reached by
exactly those whose answer to each earlier question lies in one set: the intersection of what its own conditions ask for
and of what the questions they look at ask for in turn. It can be reached when none of these sets is empty.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from surveys.flow import Condition, Given, Kind, Question, following

RATINGS = ("1", "2", "3", "4", "5")
YES_NO = ("1", "0")
MOST_WAYS = 20_000
"""States looked at for the longest way; beyond, the number of questions that can be reached is the bound."""


@dataclass(frozen=True, slots=True)
class Answers:
    """A set of answers to one question: of a finite number `among`, or all numbers from `low` to `high`.

    `among` None with no bounds is any number, or with `words` anything at all.
    """

    among: frozenset[str] | None = None
    low: int | None = None
    high: int | None = None
    words: bool = False

    @property
    def empty(self) -> bool:
        """Whether no answer is in it."""
        if self.among is not None:
            return not self.among
        return self.low is not None and self.high is not None and self.low > self.high

    def met_by(self, rule: Condition) -> "Answers":
        """Those of these answers that a condition holds for."""
        if self.among is not None:
            return replace(self, among=frozenset(one for one in self.among if rule.holds({rule.question: _typed(one)})))
        if rule.values:  # a number or words named one by one
            met = frozenset(one for one in rule.values if self._has(one))
            return Answers(among=met)
        if self.words:
            return Answers(among=frozenset())  # words are never more or less than a number
        return Answers(low=_most(self.low, rule.low), high=_least(self.high, rule.high))

    def _has(self, one: str) -> bool:
        if self.words:
            return True
        number = _typed(one)
        return (
            isinstance(number, int)
            and str(number) == one
            and number >= (self.low or 0)
            and (self.high is None or number <= self.high)
        )


def answers_of(question: Question) -> Answers:
    """All answers there are to a question."""
    match question.kind:
        case Kind.rating:
            return Answers(frozenset(RATINGS))
        case Kind.yes_no:
            return Answers(frozenset(YES_NO))
        case Kind.choice:
            return Answers(frozenset(option.code for option in question.options))
        case Kind.number:
            return Answers(low=0)
        case Kind.text:
            return Answers(words=True)


def needed(questions: Sequence[Question], place: int) -> dict[str, Answers]:
    """What whoever reaches the question at `place` has answered to earlier ones, each as a set of answers.

    Conditions on questions that are not earlier ones are left out.
    """
    earlier = {one.code: one for one in reversed(questions[:place])}
    sets: dict[str, Answers] = {}
    for rule in rules_on(questions, place):
        if rule.question in earlier:
            sets[rule.question] = sets.get(rule.question, answers_of(earlier[rule.question])).met_by(rule)
    return sets


def stopped_by(questions: Sequence[Question], place: int) -> str | None:
    """Code of the earlier question whose answer would have to be what it cannot be; None where it can be reached."""
    return next((code for code, answers in needed(questions, place).items() if answers.empty), None)


def longest(questions: Sequence[Question], given: Given | None = None) -> list[Question]:
    """The most questions that may still follow these answers, in their order."""
    best: dict[tuple[tuple[str, int | str | None], ...], list[Question]] = {}
    looked_at = {rule.question for one in questions for rule in one.when}

    def walk(answered: dict[str, int | str | None]) -> list[Question]:
        asked = following(questions, answered)
        if asked is None:
            return []
        # only answers that some later condition looks at make a difference
        key = (
            ("", questions.index(asked)),
            *sorted((k, v) for k, v in answered.items() if k in looked_at and v is not None),
        )
        if key not in best:
            if len(best) > MOST_WAYS:
                raise OverflowError
            ways = [walk({**answered, asked.code: answer}) for answer in _kinds_of_answers(questions, asked)]
            best[key] = [asked, *max(ways, key=len)]
        return best[key]

    answered = dict(given or {})
    try:
        return walk(answered)
    except OverflowError:
        return [
            one for place, one in enumerate(questions) if one.code not in answered and not stopped_by(questions, place)
        ]


def _kinds_of_answers(questions: Sequence[Question], asked: Question) -> Iterator[int | str | None]:
    """One answer of each kind that the conditions of other questions tell apart."""
    rules = [rule for one in questions for rule in one.when if rule.question == asked.code]
    possible = answers_of(asked)
    if not rules:
        yield None
        return
    if possible.among is not None:
        candidates: list[str] = sorted(possible.among)
    else:
        edges = {edge for rule in rules for edge in (rule.low, rule.high) if edge is not None}
        numbers = {str(max(0, edge + step)) for edge in edges for step in (-1, 0, 1)} | {"0"}  # for "any number", too
        named = {value for rule in rules for value in rule.values}
        candidates = sorted(named | numbers if asked.kind is Kind.number else named)
    seen: set[tuple[bool, ...]] = set()
    for one in candidates:
        answer = one if asked.kind in (Kind.choice, Kind.text) else _typed(one)
        told = tuple(rule.holds({asked.code: answer}) for rule in rules)
        if told not in seen:
            seen.add(told)
            yield answer
    if not any(not any(told) for told in seen):
        yield None


def _typed(one: str) -> int | str:
    return int(one) if one.isascii() and one.isdigit() else one


def _most(one: int | None, other: int | None) -> int | None:
    return max((value for value in (one, other) if value is not None), default=None)


def _least(one: int | None, other: int | None) -> int | None:
    return min((value for value in (one, other) if value is not None), default=None)


def told(question: Question, rule: Condition, names: Mapping[str, str]) -> str:
    """What a condition asks for, in words: `names` are those of the answers by their codes."""
    if rule.values:
        return " or ".join(f"“{names.get(value, value)}”" for value in sorted(rule.values))
    if question.kind is Kind.yes_no:
        return "yes" if rule.low == 1 else "no" if rule.high == 0 else "answered"
    if rule.low is not None and rule.high is not None:
        return f"{rule.low}" if rule.low == rule.high else f"{rule.low} to {rule.high}"
    return (
        f"at least {rule.low}"
        if rule.low is not None
        else f"at most {rule.high}"
        if rule.high is not None
        else "answered"
    )


def names_in(question: Question) -> dict[str, str]:
    """What the answers to a question are called where there is no language to ask for: yes and no, else their codes."""
    return {"1": "yes", "0": "no"} if question.kind is Kind.yes_no else {}


def rules_on(questions: Sequence[Question], place: int) -> list[Condition]:
    """The conditions of a question, and of the earlier ones they look at in turn."""
    earlier = {one.code: one for one in reversed(questions[:place])}
    found: list[Condition] = []
    waiting, looked = [questions[place]], {questions[place].code}
    while waiting:
        for rule in waiting.pop(0).when:
            found.append(rule)
            if rule.question in earlier and rule.question not in looked:
                looked.add(rule.question)
                waiting.append(earlier[rule.question])
    return found
