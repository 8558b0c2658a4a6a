"""What a text is found by: its words, folded as `nlp.tokens` folds them, without contact details.

A script that puts no spaces between words has no words to index, so each two letters that stand together are one: a
query of the same letters asks for the same pairs in a row. The last letter of a run stands by itself too, so that a
single letter is found at the end as well as before another.
"""

from collections.abc import Iterator
from itertools import pairwise

from nlp.redaction import EMAIL, HANDLE, LINK, NUMBER, PHONE, without_contacts
from nlp.tokens import tokens, unspaced, words

LONGEST = 40
"""Characters of one word that count."""
MOST = 2000
"""Words of one text that count."""


def terms(text: str) -> list[str]:
    """The words that a text is found by, in order."""
    bare = without_contacts(text)
    for mark in (LINK, EMAIL, PHONE, NUMBER, HANDLE):
        bare = bare.replace(mark, " ")
    return list(_terms(bare, ends=True))[:MOST]


def sought(text: str) -> list[str]:
    """The words to look for where somebody seeks `text`, in order; contact details are found nowhere."""
    return list(_terms(text, ends=False))[:MOST]


def _terms(text: str, *, ends: bool) -> Iterator[str]:
    for token in tokens(text):
        if unspaced(token):
            letters = words(token)
            yield from (first + second for first, second in pairwise(letters))
            if ends or len(letters) == 1:
                yield letters[-1]
        else:
            # nobody types the apostrophe of s'kemi when searching for kemi
            yield from (part[:LONGEST] for part in token.split("'") if part)
