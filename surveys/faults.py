"""What is wrong with a survey, and what is unwise: in plain words, before anybody is asked with it. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.states import SurveyKind
from surveys import reach
from surveys.flow import MONEY, RATING, WORDS, Condition, Kind, Question

MOST_QUESTIONS = 12
MANY = 6
"""More than this on one way through, and most people stop before the end."""
MOST_OPTIONS = 9
"""A choice is one digit."""
LONGEST_WORDS = 300
LONGEST_OPTION = 60
MANY_SEGMENTS = 2
"""More SMS than this for one question are pointed out."""
CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")
AT_DOORS = frozenset({Kind.rating, Kind.choice, Kind.yes_no})
"""What a tap answers."""

Says = Callable[[str, str], str]
"""Words that are shipped for a code in a language; empty where there are none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend (`wrong`), or to think about. `question` is its code, empty for the whole survey; `language` is
    the one it is about, empty for all."""

    text: str
    question: str = ""
    language: str = ""
    wrong: bool = True


def findings(
    questions: Sequence[Question],
    languages: Sequence[str],
    kind: SurveyKind,
    *,
    question_words: Says,
    option_words: Says,
    names: Mapping[str, str],
) -> list[Finding]:
    """Everything that is wrong or unwise, in the order of the questions. `names` are those of the languages."""
    if not questions:
        return [Finding("There is no question yet. Begin with the rating.")]
    found = [*_as_a_whole(questions, kind)]
    for place, question in enumerate(questions):
        found += _of_question(questions, place, kind)
        found += _conditions(questions, place)
        for language in languages:
            found += _words(question, language, names[language], place, question_words, option_words)
    if len(questions) == len({one.code for one in questions}) and not any(one.wrong for one in found):
        found += _reached(questions)
        found += _long(questions, kind)
    return found


def _as_a_whole(questions: Sequence[Question], kind: SurveyKind) -> Iterator[Finding]:
    first = questions[0]
    if (first.code, first.kind) != (RATING, Kind.rating):
        yield Finding("The first question must be the rating from 1 to 5, with the code “rating”.", first.code)
    elif first.when:
        yield Finding("The first question is put to everybody; take its conditions away.", first.code)
    if len(questions) > MOST_QUESTIONS:
        yield Finding(f"These are {len(questions)} questions; at most {MOST_QUESTIONS} are possible.")
    seen: set[str] = set()
    for place, one in enumerate(questions, 1):
        if one.code in seen:
            yield Finding(f"Two questions have the code “{one.code}”; question {place} needs another.", one.code)
        seen.add(one.code)
    if kind is SurveyKind.service and MONEY not in seen:
        yield Finding("Nobody is asked whether extra money was wanted.", wrong=False)


def _of_question(questions: Sequence[Question], place: int, kind: SurveyKind) -> Iterator[Finding]:
    one, number = questions[place], place + 1
    if not CODE.fullmatch(one.code):
        yield Finding(
            f"“{one.code}” is no code: small letters a to z, digits and _, beginning with a letter, at most 30.",
            one.code,
        )
    if place and one.code == RATING:
        yield Finding("The code “rating” is for the first question.", one.code)
    if one.code == MONEY and one.kind is not Kind.yes_no:
        yield Finding("The question about extra money must be answered with yes or no.", one.code)
    if one.code == WORDS and one.kind is not Kind.text:
        yield Finding("The code “words” is for the citizen's own words.", one.code)
    if kind is SurveyKind.exit and one.kind not in AT_DOORS:
        yield Finding(
            f"Question {number} cannot be tapped. At a door only faces, choices and yes or no are asked; own words may "
            "follow in any case.",
            one.code,
        )
    if one.kind is not Kind.choice:
        if one.options:
            yield Finding(f"Question {number} has choices, but it is not a question of choices.", one.code)
        return
    if len(one.options) < 2:
        yield Finding(f"Question {number} needs at least two choices.", one.code)
    if len(one.options) > MOST_OPTIONS:
        yield Finding(
            f"Question {number} has {len(one.options)} choices; at most {MOST_OPTIONS} can be answered with one digit.",
            one.code,
        )
    codes = [option.code for option in one.options]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield Finding(f"Question {number} has the choice “{code}” twice.", one.code)
    for code in codes:
        if not CODE.fullmatch(code):
            yield Finding(
                f"“{code}” is no code of a choice: small letters a to z, digits and _, a letter first.", one.code
            )


def _conditions(questions: Sequence[Question], place: int) -> Iterator[Finding]:
    one, number = questions[place], place + 1
    places = {other.code: at for at, other in reversed(list(enumerate(questions)))}
    for rule in one.when:
        at = places.get(rule.question)
        if at is None:
            text = f"Question {number} depends on “{rule.question}”, which this survey does not ask."
        elif at >= place:
            text = f"Question {number} depends on question {at + 1}, which comes no earlier. Move one of them."
        else:
            text = _condition(questions[at], rule, number, at + 1)
        if text:
            yield Finding(text, one.code)


def _condition(asked: Question, rule: Condition, number: int, at: int) -> str:
    """What is wrong with one condition on an earlier question; empty for nothing."""
    if not rule.values and rule.low is None and rule.high is None:
        return f"Question {number} depends on question {at}, but on no answer of it."
    if asked.kind is Kind.text:
        return f"Question {number} depends on question {at}, whose answers are own words. Nobody says the same twice."
    if asked.kind is Kind.choice:
        there = {option.code for option in asked.options}
        if missing := sorted(rule.values - there):
            return f"Question {number} depends on the choice “{missing[0]}”, which question {at} does not offer."
        if not rule.values:
            return f"Question {number} wants a number from question {at}, which offers choices."
    return ""


def _words(
    one: Question, language: str, name: str, place: int, question_words: Says, option_words: Says
) -> Iterator[Finding]:
    # own words take the place of those shipped in every language, or one reader would be asked another question
    said = one.words.get(language, "") if one.words else question_words(one.code, language)
    if not said:
        yield Finding(f"Question {place + 1} has no words in {name}.", one.code, language)
    elif len(said) > LONGEST_WORDS:
        yield Finding(
            f"Question {place + 1} has {len(said)} letters in {name}; {LONGEST_WORDS} are the most.",
            one.code,
            language,
        )
    for option in one.options:
        label = option.words.get(language, "") if option.words else option_words(option.code, language)
        if not label:
            yield Finding(f"The choice “{option.code}” has no words in {name}.", one.code, language)
        elif len(label) > LONGEST_OPTION:
            yield Finding(
                f"The choice “{label[:30]}…” has {len(label)} letters in {name}; at most {LONGEST_OPTION} fit.",
                one.code,
                language,
            )


def _reached(questions: Sequence[Question]) -> Iterator[Finding]:
    """Each question that nobody would ever be put, and why."""
    for place, one in enumerate(questions):
        if (stop := reach.stopped_by(questions, place)) is None:
            continue
        at = next(index for index, other in enumerate(questions) if other.code == stop)
        asked = questions[at]
        wanted = dict.fromkeys(
            reach.told(asked, rule, reach.names_in(asked))
            for rule in reach.rules_on(questions, place)
            if rule.question == stop
        )
        why = (
            f"the answer to question {at + 1} would have to be {' and also '.join(wanted)}"
            if len(wanted) > 1
            else f"question {at + 1} has no answer “{next(iter(wanted), '')}”"
        )
        yield Finding(f"Question {place + 1} can never be reached: {why}.", one.code)


def _long(questions: Sequence[Question], kind: SurveyKind) -> Iterator[Finding]:
    most = len(reach.longest(questions))
    if kind is SurveyKind.service and most > MANY:
        yield Finding(f"Some people are asked {most} questions. After {MANY} most stop answering.", wrong=False)
    if kind is SurveyKind.exit and most > 3:
        yield Finding(
            f"Some people tap through {most} questions at the door. Nobody waits there: three are plenty.", wrong=False
        )


# -- what it costs -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """What the longest way through a survey takes by SMS in one language: `segments` of each question by its code."""

    language: str
    segments: Mapping[str, int]

    @property
    def total(self) -> int:
        """SMS in all."""
        return sum(self.segments.values())


def costs(
    questions: Sequence[Question], languages: Sequence[str], weight: Callable[[Question, str], int]
) -> list[Cost]:
    """The cost by language; `weight` gives the SMS that a question takes in a language."""
    way = reach.longest(questions)
    return [Cost(language, {one.code: weight(one, language) for one in way}) for language in languages]


def heavy(
    questions: Sequence[Question],
    languages: Sequence[str],
    weight: Callable[[Question, str], int],
    price: Callable[[int], str],
    names: Mapping[str, str],
) -> list[Finding]:
    """Texts that take more SMS than `MANY_SEGMENTS`. `price` writes what so many cost, or nothing."""
    found = []
    for place, one in enumerate(questions, 1):
        for language in languages:
            if (segments := weight(one, language)) > MANY_SEGMENTS:
                paid = f", {price(segments)} for each citizen" if price(segments) else ""
                text = f"Question {place} takes {segments} SMS in {names[language]}{paid}. Fewer words cost less."
                found.append(Finding(text, one.code, language, wrong=False))
    return found
