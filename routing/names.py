"""Finding known names in what people write: any script, inflected endings, and typing errors in the longer names.

All that costs is done when the names are gathered; a message then takes a few look-ups per word.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_TOKENS = 400
"""Words of a message that are looked at; a place is named early or not at all."""

SHORTEST_INFLECTED = 4
SHORTEST_MISTYPED = 6

# letters with the marks that Indic, Arabic and Hebrew scripts write around them, which \w leaves out
_TOKEN = re.compile(r"[\w\u0900-\u0dff\u064b-\u065f\u0591-\u05c7]+")
_LATIN_MARKS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u00ad\ufeff"))
_YO = str.maketrans("ё", "е")

# Endings by script: (endings a name is cut of, endings put on instead). The first group that fits applies.
_ENDINGS: dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    "latin": (
        (("a", "e", "o"), ("a", "e", "o", "es", "en", "ene", "as", "os", "n", "s")),
        (("i",), ("", "i", "it", "in", "is", "ish")),
        (("",), ("i", "it", "in", "ish", "u", "ut", "un", "e", "es", "s")),
    ),
    "cyrillic": (
        (("ий", "ый", "ой"), ("ий", "ый", "ой", "ого", "его", "ому", "ему", "ом", "ем", "им", "ым")),
        (("ая", "яя"), ("ая", "яя", "ой", "ей", "ую", "юю")),
        (("а", "я"), ("а", "я", "ы", "и", "е", "у", "ю", "ой", "ей", "ою", "ею")),
        (("о", "е"), ("о", "е", "а", "я", "у", "ю", "ом", "ем")),
        (("ы", "и"), ("ы", "и", "ов", "ей", "ам", "ям", "ами", "ями", "ах", "ях")),
        (("ь", "й"), ("ь", "й", "я", "ю", "ем", "е", "и", "ью")),
        (("",), ("а", "у", "ом", "ем", "е", "ы", "и")),
    ),
    "bengali": ((("",), ("ে", "ের", "য়", "য়ে", "য়ের", "র", "রে", "তে", "তেই", "কে", "এ", "এর", "ও", "ই", "টা")),),
}


def fold(text: str) -> str:
    """Text for comparing: lower case, Latin letters without accents, ё as е, no joiners."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFD", text.translate(_INVISIBLE).casefold())
    return unicodedata.normalize("NFC", _LATIN_MARKS.sub("", plain)).translate(_YO)


def words_of(text: str) -> list[str]:
    """The folded words of a text, at most `MAX_TOKENS` of them."""
    return _TOKEN.findall(fold(text[: MAX_TOKENS * 16]))[:MAX_TOKENS]


def script_of(word: str) -> str:
    """Script of a folded word: latin, cyrillic, bengali, or other."""
    first = word[:1]
    if "a" <= first <= "z":
        return "latin"
    if "\u0400" <= first <= "\u052f":
        return "cyrillic"
    return "bengali" if "\u0980" <= first <= "\u09ff" else "other"


def inflected(word: str) -> Iterator[str]:
    """Forms that a folded name takes inside a sentence, itself first; a short one keeps its form."""
    yield word
    if len(word) < SHORTEST_INFLECTED:
        return
    for cut, put in _ENDINGS.get(script_of(word), ()):
        ending = next((e for e in cut if word.endswith(e)), None)
        if ending is not None:
            stem = word.removesuffix(ending) if ending else word
            yield from (fold(stem + e) for e in put)
            return


@dataclass(frozen=True, slots=True)
class Hit(Generic[T]):
    """A name found in a text: what it names, how many words and letters it has, whether it was mistyped."""

    key: T
    words: int
    letters: int
    mistyped: bool = False


class Names(Generic[T]):
    """Known names with what each stands for. `ordinary` are words never taken for a mistyped name."""

    def __init__(self, names: Iterable[tuple[str, T]], ordinary: Iterable[str] = ()) -> None:
        self._by_words: dict[tuple[str, ...], T] = {}
        for name, key in names:
            words = tuple(words_of(name))
            if words:
                self._by_words.setdefault(words, key)
        self._longest = max((len(words) for words in self._by_words), default=0)
        known = {word for words in self._by_words for word in words}
        self._ordinary = frozenset(ordinary) - known
        self._forms: dict[str, tuple[str, ...]] = {}
        for word in sorted(known):
            for form in inflected(word):
                # a word that is a name itself means that name, not another one's inflection
                if (form == word or form not in known) and word not in self._forms.get(form, ()):
                    self._forms[form] = (*self._forms.get(form, ()), word)
        self._shortened: dict[str, tuple[str, ...]] = {}
        for word in sorted(known):
            if len(word) >= SHORTEST_MISTYPED:
                for short in _without_one(word):
                    self._shortened[short] = (*self._shortened.get(short, ()), word)

    def find(self, text: str) -> Hit[T] | None:
        """The longest name in a text, the first of equals; names as written go before mistyped ones."""
        if not self._by_words:
            return None
        words = words_of(text)
        read = [self._forms.get(word, ()) for word in words]
        if (hit := self._longest_in(read)) is not None:
            return hit
        mended = [found or self._mended(word) for found, word in zip(read, words, strict=True)]
        hit = self._longest_in(mended) if mended != read else None
        return Hit(hit.key, hit.words, hit.letters, mistyped=True) if hit else None

    def _longest_in(self, read: list[tuple[str, ...]]) -> Hit[T] | None:
        best: Hit[T] | None = None
        for start, first in enumerate(read):
            if not first:
                continue
            phrases: list[tuple[str, ...]] = [()]
            for words in read[start : start + self._longest]:
                if not words:
                    break
                phrases = [(*phrase, word) for phrase in phrases for word in words][:16]
                for phrase in phrases:
                    letters = sum(map(len, phrase))
                    if phrase in self._by_words and (best is None or letters > best.letters):
                        best = Hit(self._by_words[phrase], len(phrase), letters)
        return best

    def _mended(self, word: str) -> tuple[str, ...]:
        """Known names one slip (a letter wrong, missing, doubled or swapped) away, with the same first letter."""
        if len(word) < SHORTEST_MISTYPED - 1 or len(word) > 40 or word in self._ordinary:
            return ()
        from rapidfuzz.distance import OSA  # 3 MB that a web process hardly ever needs

        found: dict[str, None] = {}
        for key in (word, *_without_one(word)):
            for name in (key, *self._shortened.get(key, ())):
                if (
                    name in self._forms
                    and len(name) >= SHORTEST_MISTYPED
                    and name[0] == word[0]
                    and OSA.distance(name, word, score_cutoff=1) <= 1
                ):
                    found.update(dict.fromkeys(self._forms[name]))
        return tuple(found)


def _without_one(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}
