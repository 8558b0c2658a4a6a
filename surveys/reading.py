"""What one reply says to one question, by its kind; and what it tells besides. Pure: no database, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.settings import settings
from core.texts import clean
from nlp.accusation import Accused
from nlp.integrity import accuses, recognise
from nlp.trouble import tells_of_trouble
from surveys import choice, quantity, yes_no
from surveys.flow import MONEY, Given, Kind, Question
from surveys.money import denies_money, tells_of_money
from surveys.parser import is_torn, parse
from surveys.said import fold, tokens, words

VISITS = "visits"
"""Code of a question that counts times; any other number that is asked for is one of minutes, or of whatever it is."""
MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class Fit:
    """A reply as the answer to a question: the value, and the words that are worth keeping beside it."""

    value: int | str
    words: str = ""


def read(text: str, question: Question, languages: Sequence[str]) -> Fit | None:
    """The answer a reply gives to a question it was written for; None where it gives none."""
    match question.kind:
        case Kind.rating:
            found = parse(text, languages)
            return Fit(found.rating, found.rest) if found.rating is not None else None
        case Kind.choice:
            picked = choice.pick(text, question)
            more = picked is not None and (picked.more or tells_of_money(text) or tells_of_trouble(text))
            return Fit(picked.code, clean(text) if more else "") if picked is not None else None
        case Kind.yes_no:
            return _yes_or_no(text, question)
        case Kind.number:
            counted = quantity.times_in(text) if question.code == VISITS else quantity.minutes_in(text)
            return Fit(counted.count, clean(text) if counted.more else "") if counted is not None else None
        case Kind.text:
            return Fit(clean(text)) if clean(text) else None


def _yes_or_no(text: str, question: Question) -> Fit | None:
    said = None
    if question.code == MONEY:
        said = True if tells_of_money(text) else False if denies_money(text) else None
    if said is None:
        said = yes_no.read_yes_no(text)
    if said is None and question.code == MONEY and not yes_no.is_unsure(text) and _sounds_like_a_report(text):
        said = True
    if said is None:
        return None
    return Fit(int(said), clean(text) if yes_no.says_more(text, yes=said) else "")


def _sounds_like_a_report(text: str) -> bool:
    """Whether the recogniser of accusations, asked about a reply to "did anyone ask for money?", is sure of bribery."""
    if len(text.split()) < _TELLING:
        return False
    learnt = recognise(text, settings().models_dir)
    return learnt is not None and learnt.sure and learnt.kind is Accused.bribery


_TELLING = 3
"""Fewer words than this tell nothing that only the recogniser would see."""


def number_alone(text: str) -> int | None:
    """The number that a reply is and nothing else: "2", "two.", "২"."""
    said = tokens(fold(text))
    value = words().number(said[0]) if len(said) == 1 else None
    return int(value) if value is not None and value == int(value) else None


def fits_number(number: int, question: Question) -> int | str | None:
    """A number alone as the answer to a question; None where it cannot be one. Zero is below the scale of a rating."""
    match question.kind:
        case Kind.rating:
            return max(number, 1) if number <= 5 else None
        case Kind.choice:
            return question.options[number - 1].code if 1 <= number <= len(question.options) else None
        case Kind.number:
            return (
                number
                if number <= (quantity.MOST_TIMES if question.code == VISITS else quantity.MOST_MINUTES)
                else None
            )
        case _:
            return None


def value_of(place: int, question: Question) -> int | str | None:
    """What a button's number stands for; None where it passes the question over, or there is no such choice."""
    if question.kind is Kind.yes_no:
        return {1: 1, 2: 0}.get(place)
    return fits_number(place, question) if place else None


def passes(text: str, question: Question) -> bool:
    """Whether a reply passes a question over, or has nothing to say to "what went wrong?" or "what else?"."""
    return yes_no.passes(text) or (question.kind in (Kind.text, Kind.choice) and yes_no.says_nothing(text))


def in_doubt(text: str, question: Question, languages: Sequence[str]) -> bool:
    """Whether a reply that gives no answer is near enough to one to be asked for it once more."""
    match question.kind:
        case Kind.rating:
            number = number_alone(text)
            return is_torn(text, languages) or (number is not None and 5 < number <= 10)
        case Kind.choice:
            return bool(choice.numbers_named(text)) or number_alone(text) is not None
        case Kind.yes_no:
            return yes_no.is_unsure(text)
        case _:
            return False


def corrected(text: str, before: int | str | None = None) -> int | None:
    """The number that a reply puts in the place of an earlier one: "it was 2", "no, 4", "gabim, doja 2".

    `before` is what the answer was, which "5 and not 4" names too.
    """
    known, said = words(), tokens(fold(text))
    numbers = {value for word in said if (value := known.number(word)) is not None}
    if len(numbers) == 2:
        numbers -= {before}
    if len(numbers) != 1 or len(said) > _CORRECTION or len(said) == 1:
        return None
    beside = [word for word in said if known.number(word) is None]
    if not beside:
        return None
    plain = all(
        any(word in known[name] for name in ("correction", "filler", "no", "around")) or word in _RATED
        for word in beside
    )
    corrects = any(word in known["correction"] for word in beside) or (
        beside[0] in known["no"] and beside[0] == said[0] and len(beside) == 1
    )
    number = numbers.pop()
    return int(number) if plain and corrects and number == int(number) else None


_CORRECTION = 8
_RATED = frozenset(
    fold(
        "rating rate rated score vote give gave jap dhashe nota note vleresim vleresimi them te të দিলাম দিয়েছি দিছি "
        "রেটিং нота оценка оценку поставить ставлю баллов балла"
    ).split()
)


_NAMES_RATING = frozenset(
    fold(
        "rating rate rated score nota note vleresim vleresimi রেটিং মূল্যায়ন оценка оценку оценки балл балла баллов"
    ).split()
)


def names_rating(text: str) -> bool:
    """Whether a reply says itself that its number is a rating: "rating 2", "nota 4", "оценка 5"."""
    said = tokens(fold(text))
    return any(word in _NAMES_RATING for word in said) and any(words().number(word) is not None for word in said)


def besides(text: str, questions: Sequence[Question], given: Given, languages: Sequence[str]) -> dict[str, int | str]:
    """What a reply plainly tells that other questions of the survey ask for.

    A count is kept whether it would be asked for or not, a reason only where one is asked for.
    """
    found: dict[str, int | str] = {}
    if tells_of_money(text):
        found[MONEY] = 1
    elif any(one.code == MONEY for one in questions) and denies_money(text):
        found[MONEY] = 0
    for one in questions:
        told: int | str | None = None
        if given.get(one.code) is not None:
            continue
        if one.kind is Kind.choice and one.applies({**given, **found}):
            told = choice.named_in(text, one)
        elif one.kind is Kind.number and one.code == VISITS:
            told = quantity.came(text)
        elif one.kind is Kind.number and one.code == MINUTES:
            told = quantity.waited(text)
        if told is not None:
            found[one.code] = told
    return found


def is_complaint(text: str) -> bool:
    """Whether words tell of something to put right: trouble, money that was asked for, or an accusation.

    "Nobody asked for money" accuses nobody, though it speaks of it.
    """
    if not text:
        return False
    if tells_of_money(text) or tells_of_trouble(text):
        return True
    return accuses(text) is not None and not denies_money(text)
