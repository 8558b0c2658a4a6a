"""What the classifier sees of a text: exact n-grams, weighted by sublinear TF × IDF.

Three blocks, each of length one: word 1–2-grams, character 2–5-grams inside tokens, and what the citizen picked.
One definition serves training (many texts, a sparse matrix) and prediction (one text, two small arrays).
"""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from nlp.tokens import FIRST_UNSPACED, unspaced, words

Indexes = NDArray[np.int32]
Floats = NDArray[np.float32]
Token = TypeVar("Token")

LONGEST_TOKEN = 40
_FIRST, _LAST = 400, 200
_CACHE = 100_000
_PAIR = " "


def gist(tokens: Sequence[Token]) -> Sequence[Token]:
    """The beginning and the end of a long text: there people say what it is about, and what they ask for."""
    return tokens if len(tokens) <= _FIRST + _LAST else [*tokens[:_FIRST], *tokens[-_LAST:]]


def word_grams(tokens: Iterable[str]) -> list[str]:
    """Words and pairs of neighbours."""
    tokens = list(tokens)
    if max(tokens, default="") < FIRST_UNSPACED:  # nearly always; asking each token is a tenth of a prediction
        unigrams = tokens
    else:
        unigrams = [word for token in tokens for word in words(token)]
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
        # of the rows' own type, else a search among them turns all of them into longer numbers
        self._end_of_words = np.int32(len(word))
        self._char_rows: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self.word) + len(self.char) + len(self.pick)

    def encode(self, tokens: Sequence[str], picked: str | None = None) -> Sparse:
        """One text as a sparse vector; a text without any known n-gram is empty."""
        tokens, get, seen = gist(tokens), self.word.get, self._char_rows
        rows = [row for gram in word_grams(tokens) if (row := get(gram)) is not None]
        # joined as bytes: putting together a hundred small arrays takes four times as long
        chars = b"".join(
            [known if (known := seen.get(token)) is not None else self._rows_of(token) for token in tokens]
        )
        found = self._weigh(np.concatenate((np.array(rows, np.int32), np.frombuffer(chars, np.int32))))
        if picked is None or picked not in self.pick:
            return found
        more = np.array([self.pick[picked]], np.int32)
        return Sparse(np.concatenate((found.rows, more)), np.concatenate((found.values, np.ones(1, np.float32))))

    def _rows_of(self, token: str) -> bytes:
        get = self.char.get
        rows = np.array([row for gram in char_grams(token) if (row := get(gram)) is not None], np.int32).tobytes()
        # what is longer is a sentence without spaces or nonsense, and neither comes twice
        if len(token) <= LONGEST_TOKEN:
            if len(self._char_rows) >= _CACHE:
                self._char_rows.clear()
            self._char_rows[token] = rows
        return rows

    def _weigh(self, rows: Indexes) -> Sparse:
        """Rows as they occur to each row once with its weight; the words and the characters each of length one."""
        if not rows.size:
            return Sparse(rows, np.empty(0, np.float32))
        ordered = np.sort(rows)
        edges = np.empty(ordered.size + 1, bool)
        edges[0] = edges[-1] = True
        np.not_equal(ordered[1:], ordered[:-1], out=edges[1:-1])
        at = edges.nonzero()[0]
        unique = ordered[at[:-1]]
        values = (1.0 + np.log(at[1:] - at[:-1])) * self.idf[unique]
        first_char = int(unique.searchsorted(self._end_of_words))
        for block in (values[:first_char], values[first_char:]):
            if block.size:
                np.divide(block, math.sqrt(block @ block), out=block)
        return Sparse(unique, values.astype(np.float32))
