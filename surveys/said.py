"""Words of replies as sets to look in: read once from replies.toml, folded as replies are."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from core.texts import latin_digits
from surveys.lexicon import lexicon, without_accents

# one letter for the pairs that Bengali writers mix, and the marks that phones leave out
_MIXED = str.maketrans(
    {"ী": "ি", "ূ": "ু", "ণ": "ন", "ঁ": "", "ৎ": "ত", "ё": "е", **dict.fromkeys("'’ʼ‘`\u200c\u200d\ufe0f", "")}
)
# \w leaves out the vowel signs that Bengali writes around its letters
_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|(?:[^\W\d_]|[\u0981-\u0983\u09bc-\u09cd\u09d7])+")
_NO_ONE = re.compile(r"\b(?:no|not) one\b")
_REPEATED = re.compile(r"(.)\1+$")


SAME = 16
"""Texts whose reading is remembered: one reply is looked at several ways, one right after the other."""


@lru_cache(maxsize=SAME)
def fold(text: str) -> str:
    """Text for comparing: lower case, without accents and apostrophes, digits as 0-9, Bengali spelt one way."""
    folded = unicodedata.normalize("NFC", text).casefold()
    if folded.isascii():
        return _NO_ONE.sub("nobody", folded.replace("'", ""))
    return without_accents(latin_digits(folded)).translate(_MIXED).replace("জ্ব", "জ")


@lru_cache(maxsize=SAME)
def tokens(folded: str) -> tuple[str, ...]:
    """The numbers and words of a folded text; letters that stick to digits are words of their own."""
    return tuple(_TOKEN.findall(folded))


def within(word: str, known: frozenset[str]) -> bool:
    """Whether a folded word is known, or is once its last letter is not drawn out ("yesss", "joo")."""
    return word in known or (word[-1:] == word[-2:-1] and _REPEATED.sub(r"\1", word) in known)


@dataclass(frozen=True, slots=True)
class Words:
    """All that replies.toml says. `lines` are phrases as tokens; `options` are patterns by the code of a choice."""

    sets: dict[str, frozenset[str]]
    fixed: dict[str, dict[str, float]]
    lines: dict[str, frozenset[tuple[str, ...]]]
    options: dict[str, re.Pattern[str]]

    def __getitem__(self, name: str) -> frozenset[str]:
        return self.sets[name]

    def has(self, name: str, found: Sequence[str]) -> bool:
        """Whether one of the phrases of a list stands in some tokens."""
        phrases = self.lines[name]
        longest = max(map(len, phrases))
        return any(
            tuple(found[at : at + length]) in phrases
            for at in range(len(found))
            for length in range(1, min(longest, len(found) - at) + 1)
        )

    def number(self, token: str) -> float | None:
        """What a token counts: digits, or a word for a number, a half or more."""
        if token[0].isdigit():
            return float(token.replace(",", ".")) if len(token) <= 6 else None
        return self.fixed["numbers"].get(token)


@lru_cache(maxsize=1)
def words() -> Words:
    """The lists, folded."""
    raw = (resources.files("surveys") / "replies.toml").read_text(encoding="utf-8")
    data = tomllib.loads(raw)
    numbers = {fold(word): float(value) for word, value in lexicon(("sq", "bn", "ru")).numbers.items()}
    fixed = {name: dict(_valued(rows)) for name, rows in data["fixed"].items()}
    fixed["numbers"] = numbers | {word: value for word, value in fixed["numbers"].items() if value}
    return Words(
        {name: frozenset(fold(rows).split()) for name, rows in data["words"].items()},
        fixed,
        {
            name: frozenset(tokens(fold(line)) for line in rows.splitlines() if line)
            for name, rows in data["lines"].items()
        },
        {code: _any_of(fold(rows).split()) for code, rows in data["options"].items()},
    )


def _valued(rows: str) -> Iterable[tuple[str, float]]:
    for pair in rows.split():
        word, _, value = pair.partition("=")
        yield fold(word), float(value)


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    endings = r"[\w\u0980-\u09ff]*"
    choices = "|".join(
        re.escape(one.removesuffix("*")).replace("_", " ") + (endings if one.endswith("*") else "") for one in patterns
    )
    return re.compile(rf"(?<![\w\u0980-\u09ff])(?:{choices})(?![\w\u0980-\u09ff])")
