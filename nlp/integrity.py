"""Does a message accuse somebody who works for the government? Rules that favour catching too much.

A message caught here goes to the integrity office and is hidden from the office it is about, so a miss can hurt the
person who wrote; a false catch costs the integrity office one look. Prices, fees and fines alone must not be caught.
The words stand in integrity.toml beside this file, one a line.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path

from nlp import wordlists
from nlp.accusation import Accusation, Accused

_MOST_WORDS = 5


@lru_cache(maxsize=16)  # routing asks before and while it decides
def accuses(text: str) -> Accusation | None:
    """The accusation a message makes, or None. Sees English, Albanian, Bengali and Russian, mixed as they come."""
    text = text[: wordlists.READ].lower()
    seen = wordlists.plain(text)
    present = wordlists.languages_in(seen)
    for kind, patterns in _rules().items():
        if words := tuple(dict.fromkeys(wordlists.found(patterns, text, seen, present))):
            return Accusation(kind, words[:_MOST_WORDS])
    return None


def recognise(text: str, models_dir: Path) -> Accusation | None:
    """What the rules do not see but the recogniser has learnt to; `models_dir` may hold weights taught here."""
    from nlp import recogniser  # numpy and 10 MB of weights, which a process that opens no case does without

    return recogniser.current(models_dir).accuses(text) if text else None


@lru_cache(maxsize=1)
def _rules() -> Mapping[Accused, wordlists.Patterns]:
    """Kinds in their order of gravity, each with one pattern per language."""
    words = (resources.files("nlp") / "integrity.toml").read_text(encoding="utf-8")
    data = tomllib.loads(wordlists.plain(words))
    staff = {language: wordlists.any_of(lines.splitlines(), language) for language, lines in data["staff"].items()}
    rules = {}
    for kind in Accused:
        alone, near = data.get(kind, {}), data["acts"].get(kind, {})
        patterns = []
        for language in sorted(alone.keys() | near.keys()):
            choices = [wordlists.expand(line, staff[language]) for line in alone.get(language, "").splitlines()]
            if language in near:
                acts = wordlists.any_of(near[language].splitlines(), language)
                choices += [f"{staff[language]}{wordlists.GAP}{acts}", f"{acts}{wordlists.GAP}{staff[language]}"]
            patterns.append((language, re.compile("|".join(choices))))
        rules[kind] = tuple(patterns)
    return rules
