"""What cannot wait: danger to life, a child in danger, a vital supply gone for days. Rules, in four languages.

A false alarm costs an office one look at a shorter target; a miss can cost more than that. Yet where everything is
urgent nothing is, so what is only annoying must not be caught. The words stand in urgency.toml beside this file.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources

from nlp import wordlists


class Grave(StrEnum):
    """Why something cannot wait, gravest first."""

    life = "life"
    child = "child"
    supply = "supply"


@dataclass(frozen=True, slots=True)
class Urgent:
    """The gravest reason found, and the words it was recognised by."""

    why: Grave
    words: tuple[str, ...]


_MOST_WORDS = 3
_PAIRS = {Grave.child: ("who", "what"), Grave.supply: ("out", "grave")}


def urgency(text: str) -> Urgent | None:
    """Why a message cannot wait, or None. Reads English, Albanian, Bengali and Russian, mixed as they come."""
    text = unicodedata.normalize("NFC", text[: wordlists.READ]).lower()
    seen = wordlists.plain(text)
    present = wordlists.languages_in(seen)
    for why, patterns in _rules().items():
        if words := tuple(dict.fromkeys(wordlists.found(patterns, text, seen, present))):
            return Urgent(why, words[:_MOST_WORDS])
    return None


@lru_cache(maxsize=1)
def _rules() -> Mapping[Grave, wordlists.Patterns]:
    """Reasons in their order of gravity, each with one pattern per language."""
    words = (resources.files("nlp") / "urgency.toml").read_text(encoding="utf-8")
    data = tomllib.loads(wordlists.plain(unicodedata.normalize("NFC", words)))
    rules = {Grave.life: wordlists.compiled(data[Grave.life])}
    for why, (left, right) in _PAIRS.items():
        rules[why] = tuple(
            (language, _near(data[why][left][language], data[why][right][language], language))
            for language in data[why][left]
        )
    return rules


def _near(left: str, right: str, language: str) -> re.Pattern[str]:
    """Either before the other, within one sentence."""
    one = wordlists.any_of(left.splitlines(), language)
    other = wordlists.any_of(right.splitlines(), language)
    return re.compile(f"{one}{wordlists.GAP}{other}|{other}{wordlists.GAP}{one}")
