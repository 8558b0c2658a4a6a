"""Does a message accuse somebody who works for the government? Rules that favour catching too much.

A message caught here goes to the integrity office and is hidden from the office it is about, so a miss can hurt the
person who wrote; a false catch costs the integrity office one look. Prices, fees and fines alone must not be caught.
The words stand in integrity.toml beside this file, one a line.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources


class Accused(StrEnum):
    """What somebody is accused of, gravest first."""

    harassment = "harassment"
    retaliation = "retaliation"
    bribery = "bribery"
    conduct = "conduct"


@dataclass(frozen=True, slots=True)
class Accusation:
    """The gravest kind found, and the words it was recognised by, for the reason kept with the case."""

    kind: Accused
    words: tuple[str, ...]


_GAP = r"[^.!?।\n]{0,60}?"
_BENGALI_END = "[\u0980-\u09ff]{0,20}"
# without a bound, one message of nothing but digits keeps a processor busy for minutes
_BOUNDED = ((r"\w*", r"\w{0,30}"), (r"\w+", r"\w{1,30}"), (r"\d+", r"\d{1,15}"), (r"[\d.,]*", r"[\d.,]{0,15}"))
# a pattern is tried only on texts that have letters of its language's script
_LETTERS = {
    "en": re.compile(r"[a-z]"),
    "sq": re.compile(r"[a-z]"),
    "bn": re.compile("[\u0980-\u09ff]"),
    "ru": re.compile("[\u0400-\u04ff]"),
}
# phones write Albanian and Russian without their marks; one letter for one, so places stay places
_PLAIN = str.maketrans("ëçё’ʼ", "ecе''")
_WORD = re.compile("[\\w\u0980-\u09ff]")
# longer messages are read only as far as anybody would write them
_READ = 10_000
_MOST_WORDS = 5


def accuses(text: str) -> Accusation | None:
    """The accusation a message makes, or None. Sees English, Albanian, Bengali and Russian, mixed as they come."""
    text = text[:_READ].lower()
    plain = text.translate(_PLAIN)
    present = {language for language, letters in _LETTERS.items() if letters.search(plain)}
    for kind, patterns in _rules().items():
        words = [
            " ".join(text[match.start() : match.end()].split())
            for language, pattern in patterns
            if language in present
            for match in pattern.finditer(plain)
            if _starts_word(plain, match.start())
        ]
        if words:
            return Accusation(kind, tuple(dict.fromkeys(words))[:_MOST_WORDS])
    return None


def _starts_word(text: str, start: int) -> bool:
    return start == 0 or not _WORD.match(text[start - 1]) or not _WORD.match(text[start])


@lru_cache(maxsize=1)
def _rules() -> Mapping[Accused, tuple[tuple[str, re.Pattern[str]], ...]]:
    """Kinds in their order of gravity, each with one pattern per language."""
    words = (resources.files("nlp") / "integrity.toml").read_text(encoding="utf-8")
    data = tomllib.loads(words.translate(_PLAIN))
    staff = {language: _any_of(lines.splitlines(), language) for language, lines in data["staff"].items()}
    rules = {}
    for kind in Accused:
        alone, near = data.get(kind, {}), data["acts"].get(kind, {})
        patterns = []
        for language in sorted(alone.keys() | near.keys()):
            choices = [_expand(line, staff[language]) for line in alone.get(language, "").splitlines()]
            if language in near:
                acts = _any_of(near[language].splitlines(), language)
                choices += [f"{staff[language]}{_GAP}{acts}", f"{acts}{_GAP}{staff[language]}"]
            patterns.append((language, re.compile("|".join(choices))))
        rules[kind] = tuple(patterns)
    return rules


def _any_of(lines: Iterable[str], language: str) -> str:
    # \b does not know Bengali vowel signs as part of a word
    edge = "" if language == "bn" else r"\b"
    return f"{edge}(?:{'|'.join(_expand(line, '') for line in lines)}){edge}"


def _expand(line: str, staff: str) -> str:
    for endless, bounded in _BOUNDED:
        line = line.replace(endless, bounded)
    return line.replace("<staff>", staff).replace("...", _GAP).replace("~", _BENGALI_END)
