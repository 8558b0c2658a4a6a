"""Why a model says what it says: the words of a text that weighed most for a label, as its writer wrote them.

A linear model's score is a sum over n-grams. Each n-gram's part in the lead over other labels is dealt out to the words
it stands in, and neighbours that both weighed much are shown as one phrase.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise, repeat
from typing import NamedTuple

import numpy as np

from nlp.features import Floats, Sparse, Vocabulary, char_grams, gist, spans, word_grams
from nlp.tokens import pieces, unspaced, words

MOST = 5
# a word that weighs less than a fifth of the strongest explains nothing
_LEAST_SHARE = 0.2
# neighbours from a third of the strongest on are read together, up to so many of them
_TOGETHER = 0.33
_LONGEST_PHRASE = {False: 3, True: 6}


class Unit(NamedTuple):
    """A word, or one letter in a script without spaces."""

    shown: str
    token: int
    unspaced: bool


def reasons(
    vocabulary: Vocabulary, weights: Floats, bias: Floats, label: int, text: str, picked: str | None
) -> list[tuple[str, float]]:
    """Words and weights, the heaviest first, at most five, for the label of that column of `weights`.

    Measured against the likeliest other label and the average of all others, half and half: against the one alone, what
    both have in common would go unsaid.
    """

    def lead(found: Sparse) -> Floats:
        parts = weights[found.rows] * found.values[:, None]
        scores = parts.sum(axis=0) + bias
        scores[label] = -np.inf
        others = (parts.sum(axis=1) - parts[:, label]) / (len(scores) - 1)
        result: Floats = parts[:, label] - (parts[:, int(scores.argmax())] + others) / 2
        return result

    return _phrases(*weigh(vocabulary, text, picked, lead))


def weigh(
    vocabulary: Vocabulary, text: str, picked: str | None, lead: Callable[[Sparse], Floats]
) -> tuple[list[Unit], list[float]]:
    """Every word of the text, and its part in the lead; together they are all of it but what the pick adds."""
    found = gist([(shown, token) for shown, inside in pieces(text) for token in inside])
    tokens = [token for _, token in found]
    encoded = vocabulary.encode(tokens, picked)
    effect = dict(zip(encoded.rows.tolist(), lead(encoded).tolist(), strict=True))
    units = _units(found)
    weights = [0.0] * len(units)
    for rows, places in (_of_words(vocabulary, tokens), _of_letters(vocabulary, tokens, units)):
        often = Counter(rows)
        for row, place in zip(rows, places, strict=True):
            share = effect[row] / often[row] / len(place)
            for unit in place:
                weights[unit] += share
    return units, weights


def _units(found: Sequence[tuple[str, str]]) -> list[Unit]:
    return [
        Unit(part if unspaced(token) else shown, number, unspaced(token))
        for number, (shown, token) in enumerate(found)
        for part in words(token)
    ]


def _of_words(vocabulary: Vocabulary, tokens: Sequence[str]) -> tuple[list[int], list[Sequence[int]]]:
    """Rows of the word n-grams known, each with the units it covers: first single units in order, then pairs."""
    grams = word_grams(tokens)
    singles = (len(grams) + 1) // 2
    known = [(row, at) for at, gram in enumerate(grams) if (row := vocabulary.word.get(gram)) is not None]
    places = [(at,) if at < singles else (at - singles, at - singles + 1) for _, at in known]
    return [row for row, _ in known], list(places)


def _of_letters(
    vocabulary: Vocabulary, tokens: Sequence[str], units: Sequence[Unit]
) -> tuple[list[int], list[Sequence[int]]]:
    """The same of character n-grams: within a token that is one unit they are its own, else those of their letters."""
    rows: list[int] = []
    places: list[Sequence[int]] = []
    of_token: list[list[int]] = [[] for _ in tokens]
    for number, unit in enumerate(units):
        of_token[unit.token].append(number)
    for token, own in zip(tokens, of_token, strict=True):
        # the unit of each character, and of the two edges
        letters = [number for number in own for _ in units[number].shown] if unspaced(token) else []
        around = [own[0], *letters, own[-1]] if letters else []
        grams = char_grams(token)
        for gram, (start, end) in zip(grams, spans(len(around)) if around else repeat((0, 0)), strict=False):
            row = vocabulary.char.get(gram)
            if row is not None:
                rows.append(row)
                places.append(sorted(set(around[start:end])) if around else own)
    return rows, places


def _phrases(units: Sequence[Unit], weights: Sequence[float]) -> list[tuple[str, float]]:
    strongest = max(weights, default=0.0)
    if strongest <= 0:
        return []
    # the same words in another case are one reason, shown as first written
    shown: dict[str, str] = {}
    total: dict[str, float] = defaultdict(float)
    start = 0
    while start < len(units):
        end = start + 1
        if weights[start] >= _TOGETHER * strongest:
            longest = _LONGEST_PHRASE[units[start].unspaced]
            while end < len(units) and end - start < longest and weights[end] >= _TOGETHER * strongest:
                end += 1
        written = _written(units[start:end])
        shown.setdefault(written.casefold(), written)
        total[written.casefold()] += sum(weights[start:end])
        start = end
    heavy = [(shown[key], weight) for key, weight in total.items() if weight >= _LEAST_SHARE * strongest]
    return sorted(heavy, key=lambda item: (-item[1], item[0]))[:MOST]


def _written(units: Sequence[Unit]) -> str:
    shown = units[0].shown
    for before, unit in pairwise(units):
        shown += unit.shown if before.unspaced and unit.unspaced else f" {unit.shown}"
    return shown
