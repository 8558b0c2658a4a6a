"""What a handful of texts is about that others are not: their typical words, in any script."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from nlp.tokens import tokens

READ = 600
SHORTEST = 3


def typical(texts: Sequence[str], others: Iterable[str], most: int = 5) -> list[str]:
    """Up to `most` words and pairs of words that are in many of the texts and in few others, the most telling first.

    A term's weight is the share of texts it is in, times the logarithm of how much greater that is than its share of
    the others. A word that is in a pair already is not said again.
    """
    here = Counter(term for text in texts for term in _terms(text))
    background = [_terms(text) for text in others]
    there = Counter(term for terms in background for term in terms)
    fewest = max(3, math.ceil(len(texts) * 0.2))
    weighed = []
    for term, number in here.items():
        if number < fewest:
            continue
        share, usual = number / len(texts), (there[term] + 0.5) / (len(background) + 1)
        if share > 1.5 * usual:
            weighed.append((share * math.log(share / usual) * (1.3 if " " in term else 1.0), term))
    said: list[str] = []
    for _, term in sorted(weighed, key=lambda one: (-one[0], one[1])):
        if not any(set(term.split()) & set(before.split()) for before in said):
            said.append(term)
    return said[:most]


def _terms(text: str) -> set[str]:
    words = tokens(text[:READ])
    fit = {word for word in words if len(word) >= SHORTEST and not word.isdigit()}
    pairs = {f"{one} {other}" for one, other in pairwise(words) if one in fit and other in fit}
    return fit | pairs
