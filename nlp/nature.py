"""What a message is besides a matter to answer: thanks, no matter at all, or abuse. Rules, in four languages.

Whatever is found, the message stays a case that somebody answers for; it is only shown for what it is. So precision
goes first: an angry complaint with one rude word in it is a complaint.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from nlp import wordlists
from nlp.courtesy import is_only_thanks

_TOKEN = re.compile(r"[^\W_]+")
_LINK = re.compile(r"(?i)\b(?:https?://|www\.|t\.me/|bit\.ly/)")
_READ = 600
"""Nobody thanks or insults at greater length without saying what it is about."""
_BEGINNING = 4
_LEFT = 3
"""Words besides insults from which a message says something that can be looked into."""


@dataclass(frozen=True)
class _Lists:
    praise: wordlists.Patterns
    but: wordlists.Patterns
    insult: wordlists.Patterns
    threat: wordlists.Patterns
    lure: wordlists.Patterns
    greeting: frozenset[str]
    filler: frozenset[str]


def nature(text: str) -> str | None:
    """`thanks`, `not_a_case` or `abuse`, else None; the words of nature.toml decide."""
    if len(text) > _READ:
        return None
    text = unicodedata.normalize("NFC", text).lower()
    if is_only_thanks(text):
        return "thanks"
    lists, seen = _lists(), wordlists.plain(text)
    present = wordlists.languages_in(seen)

    def has(patterns: wordlists.Patterns, where: str = seen) -> bool:
        return any(pattern.search(where) for language, pattern in patterns if language in present)

    if has(lists.threat):
        return "abuse"
    words = _TOKEN.findall(_marks_joined(seen))
    if has(lists.insult):
        rest = seen
        for _, pattern in lists.insult:
            rest = pattern.sub(" ", rest)
        left = [word for word in _TOKEN.findall(_marks_joined(rest)) if word not in lists.filler]
        return "abuse" if len(left) < _LEFT else None
    # thanks at the end of a message are manners, at its beginning they are the message
    if "?" not in text and has(lists.praise, " ".join(seen.split()[:_BEGINNING])) and not has(lists.but):
        return "thanks"
    if not words or all(word in lists.greeting for word in words):
        return "not_a_case"
    if _LINK.search(text) and has(lists.lure):
        return "not_a_case"
    return None


def _marks_joined(text: str) -> str:
    """Vowel signs left out, so that a Bengali word is one token and not several."""
    return "".join(c for c in text if not unicodedata.category(c).startswith("M"))


@lru_cache(maxsize=1)
def _lists() -> _Lists:
    raw = (resources.files("nlp") / "nature.toml").read_text(encoding="utf-8")
    data: Mapping[str, Mapping[str, str]] = tomllib.loads(wordlists.plain(unicodedata.normalize("NFC", raw)))

    def words(name: str) -> frozenset[str]:
        return frozenset(_marks_joined(" ".join(data[name].values())).split())

    patterns = {name: wordlists.compiled(data[name]) for name in ("praise", "but", "insult", "threat", "lure")}
    return _Lists(**patterns, greeting=words("greeting"), filler=words("filler"))
