"""A reply cut into pieces: numbers, words, faces, stars and marks, in any script."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from core.texts import latin_digits
from surveys.lexicon import EMOJI, STARS, Lexicon, without_accents

SHORT = 8
"""Words a reply may have for a rating at its end, or on a scale in its middle, to be believed."""
_JOINERS = "\u200c\u200d'"
_DRAWN_OUT = re.compile(r"(.)\1+$")


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a reply. `glued`: no space before it."""

    kind: Literal["number", "word", "mark", "face", "star"]
    text: str
    start: int
    end: int
    glued: bool


def tokenise(text: str, known: Lexicon) -> list[Token]:
    """Cut a text into tokens. Number words become numbers; keycaps and skin tones lose their modifiers."""
    folded = latin_digits(text)
    tokens: list[Token] = []
    at = 0
    while at < len(folded):
        letter = folded[at]
        kind = _kind(letter)
        if kind is None:
            at += 1
            continue
        end = at + 1
        if kind in ("number", "word"):
            while end < len(folded) and (
                _kind(folded[end]) == kind
                or (kind == "word" and folded[end] in _JOINERS + "’" and end + 1 < len(folded))
            ):
                end += 1
        value = folded[at:end].casefold().replace("’", "'").rstrip("'")
        glued = bool(tokens) and tokens[-1].end == at
        if kind == "word" and (number := lookup(value, known.numbers)) is not None:
            kind, value = "number", str(number)
            glued = False
        tokens.append(Token(kind, value, at, end, glued))
        at = end
    return tokens


@lru_cache(maxsize=4096)
def _kind(letter: str) -> Literal["number", "word", "mark", "face", "star"] | None:
    if letter in STARS:
        return "star"
    if letter in EMOJI:
        return "face"
    category = unicodedata.category(letter)
    if category == "Nd":
        return "number"
    if category[0] == "L" or (category in ("Mn", "Mc") and not "\ufe00" <= letter <= "\ufe0f"):
        return "word"
    if category[0] in "PS" and category != "Sk":
        return "mark"
    return None


def lookup(word: str, table: dict[str, int]) -> int | None:
    """What a word stands for, also without its accents or with its last letter drawn out."""
    found = table.get(word)
    if found is None:
        found = table.get(without_accents(word))
    if found is None and word[-1:] == word[-2:-1]:
        found = table.get(_DRAWN_OUT.sub(r"\1", word))
    return found


def is_in(token: Token, words: frozenset[str]) -> bool:
    """Whether a word is one of these, with or without its accents."""
    return token.kind == "word" and (token.text in words or without_accents(token.text) in words)


def is_beside(token: Token, known: Lexicon) -> bool:
    """Whether a word may stand beside a rating without adding to it."""
    return (
        is_in(token, known.fillers)
        or is_in(token, known.strong)
        or is_in(token, known.negations)
        or lookup(token.text, known.judgements) is not None
    )


def stands_alone(tokens: list[Token], index: int) -> bool:
    """A number that no letters stick to, as in "5th" or "3d"."""
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    before = tokens[index - 1] if index else None
    return not (after is not None and after.kind == "word" and after.glued) and not (
        tokens[index].glued and before is not None and before.kind == "word"
    )


def rating_of(token: Token) -> int | None:
    """The rating a number token is. Zero is below the scale, and the worst one can say."""
    if token.kind != "number" or len(token.text) > 1:
        return None
    number = int(token.text)
    return max(number, 1) if number <= 5 else None


def count_words(tokens: Sequence[Token]) -> int:
    """How many words and numbers there are."""
    return sum(token.kind in ("word", "number") for token in tokens)
