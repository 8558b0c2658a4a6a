"""Which of numbered choices a reply picks: by number, by its words in any language, or by what else names it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from core.i18n import LANGUAGES
from nlp.trouble import tells_of_trouble
from surveys.asking import option_words
from surveys.flow import Option, Question
from surveys.parser import leading
from surveys.said import fold, tokens, words

CLOSE = 84.0
"""Likeness, of a hundred, from which a mistyped name is taken for the choice."""
NAME = 6
"""Words a reply may have to be a name and nothing more."""


@dataclass(frozen=True, slots=True)
class Picked:
    """The code of a choice; `more`: the reply says more than its name or number."""

    code: str
    more: bool


def pick(text: str, question: Question) -> Picked | None:
    """The choice a reply picks, if it picks one."""
    folded = fold(text)
    said = tokens(folded)
    if numbers_named(text):
        return None
    numbers = [word for word in said if word.isdigit()]
    if numbers:
        lone = len(numbers) == 1 and all(word in numbers or word in words()["filler"] for word in said)
        led = None if lone else leading(text)
        place = int(numbers[0][:3]) if lone else led[0] if led else 0
        if 1 <= place <= len(question.options):
            return Picked(question.options[place - 1].code, more=not lone)
        if lone or led:
            return None
    return _named(folded, said, question)


def named_in(text: str, question: Question) -> str | None:
    """The one choice that words told for another reason name; None where they name none, or several."""
    folded = fold(text)
    if tells_of_trouble(folded):
        return None
    codes = {
        option.code
        for option in question.options
        if option.code != "other" and (found := words().options.get(option.code)) and found.search(folded)
    }
    return codes.pop() if len(codes) == 1 else None


def numbers_named(text: str) -> set[str]:
    """The numbers of a reply that is nothing but numbers and the words between them: "1 or 2"."""
    said = tokens(fold(text))
    numbers = {word for word in said if words().number(word) is not None}
    return numbers if len(numbers) > 1 and all(word in numbers or word in _BETWEEN for word in said) else set()


_BETWEEN = frozenset("or and ose dhe a o বা আর ও এবং или и и/или ba ar ili to maybe".split())


def _named(folded: str, said: Sequence[str], question: Question) -> Picked | None:
    names = _names(question)
    whole = " ".join(said)
    if (code := names.get(whole)) is not None:
        return Picked(code, more=False)
    short = len(said) <= NAME
    if whole and short:
        found = process.extractOne(whole, list(names), scorer=fuzz.ratio, score_cutoff=CLOSE)
        if found is not None:
            return Picked(names[found[0]], more=False)
    elsewhere = tells_of_trouble(folded)  # "they lost my papers" names papers, and something else is meant
    places = {
        option.code: match.start()
        for option in question.options
        if (option.code == "other" or not elsewhere)
        and (pattern := words().options.get(option.code)) is not None
        and (match := pattern.search(folded))
    }
    return Picked(min(places, key=places.__getitem__), more=not short) if places else None


def _names(question: Question) -> dict[str, str]:
    return _names_of(tuple((option.code, tuple(sorted(option.words.items()))) for option in question.options))


@lru_cache(maxsize=256)
def _names_of(options: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]) -> dict[str, str]:
    """The choices' words in every language, folded, with their codes."""
    return {
        " ".join(tokens(fold(name))): code
        for code, own in options
        for name in {*dict(own).values(), *(option_words(Option(code, dict(own)), language) for language in LANGUAGES)}
    }
