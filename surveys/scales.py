"""Ratings on a scale of their own: "4/5", "8 out of 10", "4 stars"; and numbers that are none: lists, dates, ranges."""

from itertools import pairwise

from surveys.lexicon import Lexicon
from surveys.pieces import SHORT, Token, count_words, is_in, rating_of

Found = tuple[int, int, int]
"""Rating, and the first and last token that say it."""


def is_list(tokens: list[Token]) -> bool:
    """ "1. No light. 2. No water." lists things and rates nothing."""
    heads = [
        int(one.text)
        for index, (one, two) in enumerate(pairwise(tokens))
        if one.kind == "number" and len(one.text) == 1 and two.kind == "mark" and two.text in ".)-:" and two.glued
        and index + 2 < len(tokens) and tokens[index + 2].kind == "word"
    ]  # fmt: skip
    return heads[:2] == [1, 2]


def on_other_scale(tokens: list[Token], index: int) -> bool:
    """A decimal, a range, a date or a time at this number: not ours to round."""
    if tokens[index].kind != "number" or index + 2 >= len(tokens):
        return False
    mark, number = tokens[index + 1], tokens[index + 2]
    if number.kind != "number" or mark.kind != "mark":
        return False
    return (mark.text in ".,:/" and mark.glued and number.glued) or mark.text in "-–—~"


def on_scale(tokens: list[Token], known: Lexicon) -> Found | None:
    """ "4/5", "4 out of 5", "8/10": at the edge of a text or in a short one, and not a date."""
    found: list[Found] = []
    for index, token in enumerate(tokens):
        if token.kind != "number":
            continue
        last = index + 1
        while last < len(tokens) and (
            is_in(tokens[last], known.out_of) or is_in(tokens[last], known.stars) or tokens[last].text in "/\\|"
        ):
            last += 1
        if (
            last == index + 1
            or last >= len(tokens)
            or tokens[last].kind != "number"
            or tokens[last].text not in ("5", "10")
        ):
            continue
        between = tokens[index + 1 : last]
        if not any(part.kind == "mark" or is_in(part, known.out_of) for part in between):
            continue
        dated = index > 0 and is_in(tokens[index - 1], known.dates)
        more = last + 1 < len(tokens) and tokens[last + 1].text in ("/", ".", "-", "\\") and tokens[last + 1].glued
        rating = _rescaled(int(token.text), int(tokens[last].text)) if len(token.text) <= 2 else None
        if dated or more or rating is None:
            continue
        if index == 0 or last == len(tokens) - 1 or count_words(tokens) <= SHORT:
            found.append((rating, index, last))
    return found[-1] if len({rating for rating, *_ in found}) == 1 else None


def _rescaled(number: int, scale: int) -> int | None:
    if number > scale:
        return None
    return max(number, 1) if scale == 5 else 1 + round(max(number - 1, 0) * 4 / 9)


def starred(tokens: list[Token], known: Lexicon) -> Found | None:
    """ "⭐⭐⭐" or "4 stars", anywhere in the text, if it is said once."""
    drawn = [index for index, token in enumerate(tokens) if token.kind == "star"]
    if drawn and 1 <= len(drawn) <= 5 and not any(rating_of(token) for token in tokens):
        if drawn[-1] - drawn[0] == len(drawn) - 1:
            return len(drawn), drawn[0], drawn[-1]
        return None
    said = [
        (rating, index, index + 1)
        for index, token in enumerate(tokens[:-1])
        if (rating := rating_of(token)) is not None
        and (is_in(tokens[index + 1], known.stars) or tokens[index + 1].kind == "star" or tokens[index + 1].text == "*")
    ]
    return said[0] if len({rating for rating, *_ in said}) == 1 else None
