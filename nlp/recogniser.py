"""A second opinion beside the rules of nlp/integrity.py: learnt from sentences that accuse without the plain words.

"He kept my licence in his hand and asked whether I had forgotten something" holds no word a rule could stand on. The
weights see the house's n-grams and which concepts (integrity_concepts.toml) come together in a sentence, so that what
is learnt in one language helps in the others. They come with the package; an installation that has taught its own has
them in its models folder (`nlp/training/accusations.py` makes both).
"""

import io
import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from core.logs import logger
from nlp.accusation import ORDINARY, TAUGHT, Accusation, Accused
from nlp.features import Floats, Vocabulary
from nlp.tokens import tokens

FILE = TAUGHT
KINDS = (*Accused, ORDINARY)
_SENTENCE = re.compile(r"[.!?।\n]+")
_LONG = 40
"""Words from which a message is also looked at sentence by sentence: one sentence of a long letter may accuse."""
_READ = 4_000
_SENTENCES = 12
_SHORTEST = 5
KNOWN = 0.12
"""Share of the words that must be known for an opinion: Turkish complaints know .03, ours at least .2."""
_WEIGHED = 60
_SHOWN = 3
_TELLING = 4
_LEAST = {True: 4, False: 3}
"""Letters a concept's beginning needs to be looked for inside words, in ASCII and in other scripts."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learnt. Columns are `KINDS`; from `perhaps` on a text may accuse, from `sure` on it does."""

    vocabulary: Vocabulary
    grams: Floats
    concepts: dict[str, int]
    together: Floats
    bias: Floats
    perhaps: float
    sure: float


class Recogniser:
    """One set of weights; about 0.15 ms for a message."""

    def __init__(self, weights: Weights, card: dict[str, Any]) -> None:
        self.weights = weights
        self.card = card

    def accuses(self, text: str) -> Accusation | None:
        """The accusation a message makes in its own way, with the words that weighed most; None for an ordinary one."""
        for part, least in self._parts(text[:_READ]):
            scores = self.scores(part)
            if scores is not None and (score := -float(scores[-1])) >= least:
                kind = KINDS[int(np.argmax(scores[:-1]))]
                return Accusation(Accused(kind), self._weighed(part, score), sure=score >= self.weights.sure)
        return None

    def _parts(self, text: str) -> Iterator[tuple[list[str], float]]:
        """What is looked at, and the score from which it accuses: a sentence alone must be sure, for there are many."""
        whole = tokens(text)
        yield whole, self.weights.perhaps
        if len(whole) > _LONG:
            for sentence in _SENTENCE.split(text)[:_SENTENCES]:
                if len(part := tokens(sentence)) >= _SHORTEST:
                    yield part, self.weights.sure

    def scores(self, found: Sequence[str]) -> Floats | None:
        """Scores of tokens by kind; None where hardly a word is known: it is another language."""
        known = sum(token in self.weights.vocabulary.word or bool(_concepts_of(token)) for token in found)
        if not known or known < KNOWN * len(found):
            return None
        encoded = self.weights.vocabulary.encode(found)
        result = encoded.values @ self.weights.grams[encoded.rows] + self.weights.bias
        rows = [row for one in combined(found) if (row := self.weights.concepts.get(one)) is not None]
        if rows:
            result = result + self.weights.together[rows].sum(axis=0) / np.sqrt(len(rows))
        return np.asarray(result, np.float32)

    def _weighed(self, found: Sequence[str], score: float) -> tuple[str, ...]:
        """The words without which it would read like an accusation least, in their order."""
        found = list(found[:_WEIGHED])
        lost = []
        for place, word in enumerate(found):
            without = self.scores(found[:place] + found[place + 1 :])
            lost.append((score + float(without[-1]) if without is not None else score, place, word))
        # "his" may weigh and yet tell a reader nothing
        told = [one for one in lost if one[0] > 0 and len(one[2]) >= _TELLING] or lost
        most = sorted(sorted(told, reverse=True)[:_SHOWN], key=lambda one: one[1])
        return tuple(dict.fromkeys(word for _, _, word in most))


def combined(found: Sequence[str]) -> list[str]:
    """The concepts that words speak of, alone and two by two."""
    spoken = sorted({concept for token in found for concept in _concepts_of(token)})
    return spoken + [f"{one}+{other}" for one, other in combinations(spoken, 2)]


@lru_cache(maxsize=20_000)
def _concepts_of(token: str) -> frozenset[str]:
    whole, beginnings = _concepts()
    least = _LEAST[token.isascii()]
    spoken = set(whole.get(token, ()))
    for length in range(least, len(token) + 1):
        spoken |= beginnings.get(token[:length], set())
    return frozenset(spoken | beginnings.get(token, set()))


@lru_cache(maxsize=1)
def _concepts() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    whole: dict[str, set[str]] = {}
    beginnings: dict[str, set[str]] = {}
    data = tomllib.loads((resources.files("nlp") / "integrity_concepts.toml").read_text(encoding="utf-8"))
    for concept, words in data.items():
        for word in words.split():
            kept = whole if word.startswith("=") else beginnings
            for token in tokens(word):
                kept.setdefault(token, set()).add(concept)
    return whole, beginnings


# -- the file ------------------------------------------------------------------------------------------------------


def dump(weights: Weights, card: dict[str, Any]) -> bytes:
    """Weights and card as one file; the same bytes for the same values."""
    held = io.BytesIO()
    vocabulary = weights.vocabulary
    names = {"word": list(vocabulary.word), "char": list(vocabulary.char), "concepts": list(weights.concepts)}
    np.savez_compressed(
        held,
        names=np.frombuffer(json.dumps({**names, "card": card}, ensure_ascii=False).encode(), np.uint8),
        idf=vocabulary.idf.astype(np.float16),
        grams=weights.grams.astype(np.float16),
        together=weights.together.astype(np.float16),
        bias=weights.bias,
        bands=np.array([weights.perhaps, weights.sure], np.float32),
    )
    return held.getvalue()


def parse(data: bytes) -> Recogniser:
    """What `dump` wrote. Raises ValueError or KeyError for anything else."""
    with np.load(io.BytesIO(data)) as held:
        names = json.loads(bytes(held["names"]).decode())
        perhaps, sure = (float(value) for value in held["bands"])
        vocabulary = Vocabulary(names["word"], names["char"], [], held["idf"].astype(np.float32))
        return Recogniser(
            Weights(
                vocabulary,
                held["grams"].astype(np.float32),
                {name: row for row, name in enumerate(names["concepts"])},
                held["together"].astype(np.float32),
                held["bias"].astype(np.float32),
                perhaps,
                sure,
            ),
            names["card"],
        )


@lru_cache(maxsize=1)
def shipped() -> Recogniser:
    """The weights that come with the package."""
    return parse((resources.files("nlp") / FILE).read_bytes())


_taught: dict[Path, tuple[tuple[int, int, int], Recogniser]] = {}


def current(models_dir: Path) -> Recogniser:
    """The weights this installation taught, read anew when they change; else those of the package."""
    path = models_dir / FILE
    try:
        found = path.stat()
    except FileNotFoundError:
        return shipped()
    stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
    held = _taught.get(path)
    if held is None or held[0] != stamp:
        try:
            held = (stamp, parse(path.read_bytes()))
        except (OSError, ValueError, KeyError) as error:
            # the firewall must not go down with a torn file
            logger("nlp").error("recogniser_unreadable", error=type(error).__name__)
            held = (stamp, shipped())
        _taught[path] = held
    return held[1]
