"""Finding what somebody looks for among known names, as they type it: with typing errors, endings, words in any order,
in another script than the name's or in Latin letters for want of a keyboard.

Where `routing/names.py` says what a message names, and must not guess, this offers a short list to pick from.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import log
from typing import Generic, TypeVar

from routing.names import inflected, script_of, words_of

T = TypeVar("T")

MAX_WORDS = 60
"""Words of what was typed that are looked at."""
NEAR = 0.45
"""Share of the best score below which an entry is no match."""
KEYWORD = 0.9
"""Weight of a keyword beside a name."""
_PREFIX = 0.9
_LONGER = 0.8
_OTHER_SCRIPT = 0.95

# Sounds, not a standard: what people type for these letters when they have no such keyboard.
_CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґў",
        "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh sch _ y _ e yu ya e i i e g u".split(),
        strict=True,
    )
)
_BENGALI = dict(
    zip(
        "অআইঈউঊঋএঐওঔকখগঘঙচছজঝঞটঠডঢণতথদধনপফবভমযরলশষসহৎংঃঁািীুূৃেৈোৌ",
        "o a i i u u ri e oi o ou k kh g gh ng ch chh j jh n t th d dh n t th d dh n p f b bh m j r l sh sh s h "
        "t ng h _ a i i u u ri e oi o ou".split(),
        strict=True,
    )
)
_LATIN = {ord(letter): sound.strip("_") for letter, sound in {**_CYRILLIC, **_BENGALI}.items()} | {0x9CD: "", 0x9BC: ""}


def in_latin(word: str) -> str:
    """A folded word in Latin letters, roughly as it sounds; itself where it is Latin already."""
    return word if word.isascii() else word.translate(_LATIN)


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """Something to be found: by its names, in any language, and by words people use for it."""

    key: T
    names: tuple[str, ...]
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Phrase:
    entry: int
    words: frozenset[str]
    weight: float


class Finder(Generic[T]):
    """Entries made ready to be looked for; all that costs is done here, once."""

    def __init__(self, entries: Iterable[Entry[T]]) -> None:
        self._keys: list[T] = []
        self._phrases: list[_Phrase] = []
        used: dict[str, set[int]] = {}
        for number, entry in enumerate(entries):
            self._keys.append(entry.key)
            for phrase, weight in (*((n, 1.0) for n in entry.names), *((k, KEYWORD) for k in entry.keywords)):
                words = frozenset(words_of(phrase))
                if words:
                    self._phrases.append(_Phrase(number, words, weight))
                    for word in words:
                        used.setdefault(word, set()).add(number)
        self._worth = {word: log(1 + len(self._keys) / len(where)) for word, where in used.items()}
        self._in_phrases: dict[str, list[int]] = {}
        for number, made in enumerate(self._phrases):
            for word in made.words:
                self._in_phrases.setdefault(word, []).append(number)
        self._forms: dict[str, dict[str, float]] = {}
        for word in self._worth:
            for form in inflected(word):
                self._spelt(form, word, 1.0 if form == word else 0.97)
            if not word.isascii():
                self._spelt(in_latin(word), word, _OTHER_SCRIPT)
        self._spellings = [form for form in self._forms if len(form) > 2]

    def _spelt(self, form: str, word: str, weight: float) -> None:
        known = self._forms.setdefault(form, {})
        known[word] = max(weight, known.get(word, 0.0))

    def find(self, text: str, limit: int = 6, *, sure: bool = False) -> list[T]:
        """What is meant, best first. `sure` takes words as they are written, and wants two of them or a rare one: for a
        whole report, where any word is like some other."""
        scores: dict[int, float] = {}
        matches = [found for word in words_of(text)[:MAX_WORDS] if (found := self._like(word, mend=not sure))]
        by_phrase: dict[int, dict[str, float]] = {}
        for found in matches:
            for word, like in found.items():
                for number in self._in_phrases[word]:
                    hits = by_phrase.setdefault(number, {})
                    hits[word] = max(like, hits.get(word, 0.0))
        for number, hits in by_phrase.items():
            phrase = self._phrases[number]
            if sure and len(hits) < min(2, len(phrase.words)):
                continue
            met = sum(self._worth[word] * like for word, like in hits.items())
            whole = sum(self._worth[word] for word in phrase.words)
            scores[phrase.entry] = max(scores.get(phrase.entry, 0.0), met * (met / whole) ** 0.5 * phrase.weight)
        best = max(scores.values(), default=0.0)
        ranked = sorted((-score, entry) for entry, score in scores.items() if score >= best * NEAR)
        return [self._keys[entry] for _, entry in ranked[:limit]]

    def _like(self, word: str, *, mend: bool) -> dict[str, float]:
        """Known words that a typed one may be, each with how alike they are (1 is the same)."""
        found = dict(self._forms.get(word, ()))
        if not word.isascii():
            self._take(found, in_latin(word), _OTHER_SCRIPT)
        if not mend or len(word) < 3:
            return found
        for typed, share in {word: 1.0, in_latin(word): _OTHER_SCRIPT}.items():
            for spelling, like in self._near(typed):
                self._take(found, spelling, like * share)
        best = max(found.values(), default=0.0)
        return {known: like for known, like in found.items() if like > best - 0.35}

    def _take(self, found: dict[str, float], spelling: str, share: float) -> None:
        for known, weight in self._forms.get(spelling, {}).items():
            found[known] = max(found.get(known, 0.0), weight * share)

    def _near(self, typed: str) -> Iterator[tuple[str, float]]:
        """Spellings that begin like it, or are a few slips (letters wrong, missing, doubled or swapped) away."""
        from rapidfuzz import process  # 3 MB that a web process hardly ever needs
        from rapidfuzz.distance import OSA

        for spelling in self._spellings:
            if spelling.startswith(typed):
                yield spelling, _PREFIX
            elif len(spelling) > 3 and typed.startswith(spelling):
                yield spelling, _LONGER
        shortest = 4 if script_of(typed) in ("latin", "cyrillic") else 3  # a Bengali sign is more than a letter
        slips = 0 if len(typed) < shortest else 1 if len(typed) < 6 else 2 if len(typed) < 9 else 3
        if slips:
            for spelling, distance, _ in process.extract(
                typed, self._spellings, scorer=OSA.distance, score_cutoff=slips, limit=24
            ):
                same_script = script_of(spelling) == script_of(typed)
                if distance and same_script:
                    yield spelling, 1 - distance / max(len(typed), len(spelling)) - (spelling[0] != typed[0]) * 0.05
