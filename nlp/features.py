"""What the classifier sees of a text: exact n-grams, weighted by sublinear TF × IDF.

Three blocks, each of length one: word 1–2-grams, character 2–5-grams inside tokens, and what the citizen picked.
One definition serves training (many texts, a sparse matrix) and prediction (one text, two small arrays).
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from nlp.tokens import unspaced, words

Indexes = NDArray[np.int32]
Floats = NDArray[np.float32]
Token = TypeVar("Token")

LONGEST_TOKEN = 40
_FIRST, _LAST = 200, 100
_CACHE = 100_000
_PAIR = " "


def gist(tokens: Sequence[Token]) -> Sequence[Token]:
    """The beginning and the end of a long text: there people say what it is about, and what they ask for."""
    return tokens if len(tokens) <= _FIRST + _LAST else [*tokens[:_FIRST], *tokens[-_LAST:]]


def word_grams(tokens: Iterable[str]) -> list[str]:
    """Words and pairs of neighbours."""
    unigrams: list[str] = []
    for token in tokens:
        if unspaced(token):
            unigrams.extend(words(token))
        else:
            unigrams.append(token)
    return unigrams + [a + _PAIR + b for a, b in pairwise(unigrams)]


def char_grams(token: str) -> list[str]:
    """Runs of 2 to 5 characters of one token with its edges marked, as often as they occur; where they are: `spans`."""
    text = f" {token if unspaced(token) else token[:LONGEST_TOKEN]} "
    return [text[start:end] for start, end in spans(len(text))]


@lru_cache(maxsize=256)
def spans(length: int) -> tuple[tuple[int, int], ...]:
    """Start and end of the character n-grams of a token that is so long with its edges."""
    return tuple((at, at + size) for size in range(2, 6) for at in range(length - size + 1))


class Sparse(NamedTuple):
    """A text as rows of the weight matrix and their values."""

    rows: Indexes
    values: Floats


class Vocabulary:
    """Known n-grams, each with its row and IDF. The rows of words come first, then characters, then picks."""

    def __init__(self, word: Sequence[str], char: Sequence[str], pick: Sequence[str], idf: Floats) -> None:
        self.word = {gram: row for row, gram in enumerate(word)}
        self.char = {gram: row for row, gram in enumerate(char, len(word))}
        self.pick = {gram: row for row, gram in enumerate(pick, len(word) + len(char))}
        self.idf = idf
        self._char_rows: dict[str, Indexes] = {}

    def __len__(self) -> int:
        return len(self.word) + len(self.char) + len(self.pick)

    def encode(self, tokens: Sequence[str], picked: str | None = None) -> Sparse:
        """One text as a sparse vector; a text without any known n-gram is empty."""
        tokens = gist(tokens)
        get = self.word.get
        word_rows = [row for gram in word_grams(tokens) if (row := get(gram)) is not None]
        parts = [self._weigh(np.array(word_rows, np.int32)), self._weigh(self._chars(tokens))]
        if picked is not None and picked in self.pick:
            parts.append(Sparse(np.array([self.pick[picked]], np.int32), np.ones(1, np.float32)))
        return Sparse(np.concatenate([p.rows for p in parts]), np.concatenate([p.values for p in parts]))

    def _chars(self, tokens: Sequence[str]) -> Indexes:
        found = [self._rows_of(token) for token in tokens]
        return np.concatenate(found) if found else np.empty(0, np.int32)

    def _rows_of(self, token: str) -> Indexes:
        rows = self._char_rows.get(token)
        if rows is None:
            get = self.char.get
            rows = np.array([row for gram in char_grams(token) if (row := get(gram)) is not None], np.int32)
            # what is longer is a sentence without spaces or nonsense, and neither comes twice
            if len(token) <= LONGEST_TOKEN:
                if len(self._char_rows) >= _CACHE:
                    self._char_rows.clear()
                self._char_rows[token] = rows
        return rows

    def _weigh(self, rows: Indexes) -> Sparse:
        if not rows.size:
            return Sparse(rows, np.empty(0, np.float32))
        ordered = np.sort(rows)
        edges = np.empty(ordered.size + 1, bool)
        edges[0] = edges[-1] = True
        np.not_equal(ordered[1:], ordered[:-1], out=edges[1:-1])
        at = edges.nonzero()[0]
        unique = ordered[at[:-1]]
        values = (1.0 + np.log(at[1:] - at[:-1])) * self.idf[unique]
        return Sparse(unique, (values / np.sqrt(values @ values)).astype(np.float32))
