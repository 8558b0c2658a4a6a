"""What a reply to "How was it, 1 to 5?" says. Pure and conservative: what is not clearly a rating is none.

The text is cut into tokens (numbers, words, faces, punctuation); a few rules then look for a rating that stands alone,
at the start, after a word that announces it, on a scale ("4/5") or at the end, or for nothing but words of judgement.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from core.texts import clean, latin_digits
from surveys.lexicon import EMOJI, STARS, Lexicon, lexicon, without_accents
from surveys.money import denies_money, tells_of_money

SHORT = 8
"""Words a reply may have for a rating at its end, or on a scale in its middle, to be believed."""
MONEY_WORDS = 15
"""A report of money without a rating is taken for a reply only when it is this short."""
TORN = 6
"""Words of a reply that is asked again because it rates in two ways."""
_JOINERS = "\u200c\u200d'"


@dataclass(frozen=True, slots=True)
class Parsed:
    """`rating` 1 (very bad) to 5 (very good), or None; `rest` is what was said beside it; `money` was asked for.

    `rest` is empty when it would be nothing but courtesy, or the rating again in words.
    """

    rating: int | None
    rest: str
    money: bool

    @property
    def answers(self) -> bool:
        """Whether this is a reply to a survey at all."""
        return self.rating is not None or (self.money and len(self.rest.split()) <= MONEY_WORDS)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a reply. `glued`: no space before it."""

    kind: Literal["number", "word", "mark", "face", "star"]
    text: str
    start: int
    end: int
    glued: bool


def parse(text: str, languages: Sequence[str] = ("en", "sq", "bn", "ru")) -> Parsed:
    """Read a reply in any of the deployment's languages, in any script's digits."""
    text = clean(text)
    known = lexicon(tuple(languages))
    tokens = tokenise(text, known)
    found = _rating(tokens, known) or (_after_denial(tokens) if denies_money(text) else None)
    money = tells_of_money(text)
    if found is None:
        return Parsed(None, text, money)
    rating, first, last = found
    beside = tokens[:first] + tokens[last + 1 :]
    says_more = any(token.kind == "number" or (token.kind == "word" and not _beside(token, known)) for token in beside)
    return Parsed(rating, _without(text, tokens, first, last) if says_more else "", money)


def leading(text: str, languages: Sequence[str] = ("en", "sq", "bn", "ru")) -> tuple[int, str] | None:
    """The number up to 9 that a reply begins with and comments on, and the comment: "2, the clerk shouted"."""
    text = clean(text)
    known = lexicon(tuple(languages))
    tokens = tokenise(text, known)
    first = next((index for index, token in enumerate(tokens) if token.kind != "mark"), len(tokens))
    if first == len(tokens) or _numbered_list(tokens) or _other_scale(tokens, first):
        return None
    token = tokens[first]
    if token.kind != "number" or len(token.text) > 1 or not _unglued(tokens, first) or not _ends(tokens, first, known):
        return None
    return int(token.text), _without(text, tokens, first, first)


def is_torn(text: str, languages: Sequence[str] = ("en", "sq", "bn", "ru")) -> bool:
    """Whether a short reply rates, but not with one rating: "1 or 2", "4.5", "good but slow", "staff good, system bad"."""
    known = lexicon(tuple(languages))
    tokens = tokenise(clean(text), known)
    said = [token for token in tokens if token.kind in ("word", "number")]
    if not said or len(said) > TORN:
        return False
    numbers = [token for token in said if token.kind == "number"]
    if numbers:
        between = [token for token in said if token.kind == "word"]
        small = all(len(token.text) <= 2 and int(token.text) <= 10 for token in numbers)
        return small and len(numbers) <= 2 and all(token.text in _OR or _beside(token, known) for token in between)
    judged = [_lookup(token.text, known.judgements) for token in said]
    sides = {_side(value) for value in judged if value is not None}
    first = next((value for token, value in zip(said, judged, strict=True) if not _in(token, _FILLING)), None)
    return len(sides) > 1 or first is not None


_OR = frozenset("or ose বা или or and maybe perhaps ndoshta може может হয়তো to ya ili".split())
_FILLING = frozenset("the it was is ishte very shumë shume очень খুব".split())


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
        if kind == "word" and (number := _lookup(value, known.numbers)) is not None:
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


_DRAWN_OUT = re.compile(r"(.)\1+$")


def _lookup(word: str, table: dict[str, int]) -> int | None:
    found = table.get(word)
    if found is None:
        found = table.get(without_accents(word))
    if found is None and word[-1:] == word[-2:-1]:
        found = table.get(_DRAWN_OUT.sub(r"\1", word))
    return found


def _in(token: Token, words: frozenset[str]) -> bool:
    return token.kind == "word" and (token.text in words or without_accents(token.text) in words)


def _without(text: str, tokens: list[Token], first: int, last: int) -> str:
    """The text beside the rating, without the punctuation that tied them together."""
    before, after = text[: tokens[first].start].strip(), text[tokens[last].end :]
    return f"{before} {after.lstrip(_TIES)}".strip().rstrip(",:-–— (") if before else after.strip(_TIES)


_TIES = " \n\t,.;:-–—_/*!।|)(\"'+=\ufe0f\u20e3"

_Found = tuple[int, int, int]
"""Rating, and the first and last token that say it."""


def _rating(tokens: list[Token], known: Lexicon) -> _Found | None:
    if not tokens or _numbered_list(tokens):
        return None
    if (on_scale := _on_scale(tokens, known)) is not None:
        return on_scale
    if any(_other_scale(tokens, index) for index in range(len(tokens))):
        return None
    for rule in (_stars, _alone, _announced, _leading, _trailing, _saying, _judgement):
        if (found := rule(tokens, known)) is not None:
            return found
    return None


def _value(token: Token) -> int | None:
    """The rating a number token is. Zero is below the scale, and the worst one can say."""
    if token.kind != "number" or len(token.text) > 1:
        return None
    number = int(token.text)
    return max(number, 1) if number <= 5 else None


def _words(tokens: Sequence[Token]) -> int:
    return sum(token.kind in ("word", "number") for token in tokens)


def _numbered_list(tokens: list[Token]) -> bool:
    """ "1. No light. 2. No water." lists things and rates nothing."""
    heads = [
        int(one.text)
        for index, (one, two) in enumerate(pairwise(tokens))
        if one.kind == "number" and len(one.text) == 1 and two.kind == "mark" and two.text in ".)-:" and two.glued
        and index + 2 < len(tokens) and tokens[index + 2].kind == "word"
    ]  # fmt: skip
    return heads[:2] == [1, 2]


def _other_scale(tokens: list[Token], index: int) -> bool:
    """A decimal, a range, a date or a time at this number: not ours to round."""
    if tokens[index].kind != "number" or index + 2 >= len(tokens):
        return False
    mark, number = tokens[index + 1], tokens[index + 2]
    if number.kind != "number" or mark.kind != "mark":
        return False
    return (mark.text in ".,:/" and mark.glued and number.glued) or mark.text in "-–—~"


def _on_scale(tokens: list[Token], known: Lexicon) -> _Found | None:
    """ "4/5", "4 out of 5", "8/10": at the edge of a text or in a short one, and not a date."""
    found: list[_Found] = []
    for index, token in enumerate(tokens):
        if token.kind != "number":
            continue
        last = index + 1
        while last < len(tokens) and (
            _in(tokens[last], known.out_of) or _in(tokens[last], known.stars) or tokens[last].text in "/\\|"
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
        if not any(part.kind == "mark" or _in(part, known.out_of) for part in between):
            continue
        dated = index > 0 and _in(tokens[index - 1], known.dates)
        more = last + 1 < len(tokens) and tokens[last + 1].text in ("/", ".", "-", "\\") and tokens[last + 1].glued
        rating = _rescaled(int(token.text), int(tokens[last].text)) if len(token.text) <= 2 else None
        if dated or more or rating is None:
            continue
        if index == 0 or last == len(tokens) - 1 or _words(tokens) <= SHORT:
            found.append((rating, index, last))
    return found[-1] if len({rating for rating, *_ in found}) == 1 else None


def _rescaled(number: int, scale: int) -> int | None:
    if number > scale:
        return None
    return max(number, 1) if scale == 5 else 1 + round(max(number - 1, 0) * 4 / 9)


def _stars(tokens: list[Token], known: Lexicon) -> _Found | None:
    """ "⭐⭐⭐" or "4 stars", anywhere in the text, if it is said once."""
    drawn = [index for index, token in enumerate(tokens) if token.kind == "star"]
    if drawn and 1 <= len(drawn) <= 5 and not any(_value(token) for token in tokens):
        if drawn[-1] - drawn[0] == len(drawn) - 1:
            return len(drawn), drawn[0], drawn[-1]
        return None
    said = [
        (rating, index, index + 1)
        for index, token in enumerate(tokens[:-1])
        if (rating := _value(token)) is not None
        and (_in(tokens[index + 1], known.stars) or tokens[index + 1].kind == "star" or tokens[index + 1].text == "*")
    ]
    return said[0] if len({rating for rating, *_ in said}) == 1 else None


def _alone(tokens: list[Token], known: Lexicon) -> _Found | None:
    """One number, among nothing but fillers, judgements and faces: "I give 5, thank you"."""
    numbers = [index for index, token in enumerate(tokens) if token.kind == "number"]
    ratings = {_value(tokens[index]) for index in numbers}
    rating = next(iter(ratings), None)
    if rating is None or len(ratings) != 1 or not _unglued(tokens, numbers[0]):
        return None
    others = [token for token in tokens if token.kind == "word"]
    if all(_beside(token, known) for token in others):
        return rating, 0, len(tokens) - 1
    return None


def _beside(token: Token, known: Lexicon) -> bool:
    return (
        _in(token, known.fillers)
        or _in(token, known.strong)
        or _in(token, known.negations)
        or _lookup(token.text, known.judgements) is not None
    )


def _unglued(tokens: list[Token], index: int) -> bool:
    """A number that no letters stick to, as in "5th" or "3d"."""
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    before = tokens[index - 1] if index else None
    return not (after is not None and after.kind == "word" and after.glued) and not (
        tokens[index].glued and before is not None and before.kind == "word"
    )


def _announced(tokens: list[Token], known: Lexicon) -> _Found | None:
    """A number after a word that announces it: "rating: 4 because …", "it was 2". The last counts, as a correction."""
    found: _Found | None = None
    for index, token in enumerate(tokens):
        rating = _value(token)
        if rating is None or index == 0 or not _unglued(tokens, index):
            continue
        before = index - 1
        while before > 0 and (tokens[before].kind == "mark" or _in(tokens[before], _LINKS)):
            before -= 1
        if _in(tokens[before], known.cues) and _ends(tokens, index, known):
            found = rating, index, index
    return found


_LINKS = frozenset("a an the is was of it as im ime e моя мой një një eshte është това это на вам за i to".split())


def _leading(tokens: list[Token], known: Lexicon) -> _Found | None:
    """A number at the start that the rest only comments on: "4 but they asked for money", "1, nobody helped"."""
    first = next((index for index, token in enumerate(tokens) if token.kind != "mark"), len(tokens))
    if first == len(tokens):
        return None
    rating = _value(tokens[first])
    if rating is None or not _unglued(tokens, first) or not _ends(tokens, first, known):
        return None
    return rating, first, first


def _ends(tokens: list[Token], index: int, known: Lexicon) -> bool:
    """Whether a number ends a thought here, rather than counting the noun that follows."""
    if index + 1 == len(tokens):
        return True
    after = tokens[index + 1]
    if after.kind == "word":
        return (
            _in(after, known.followers)
            or _PAST.search(after.text) is not None
            or _in(after, known.strong)
            or _in(after, known.stars)
            or _lookup(after.text, known.judgements) is not None
        )
    if after.kind == "number":
        return _counts_itself(tokens, index + 1)
    if after.text in "%$€৳₽°/" or (after.text == "+" and index + 2 < len(tokens)):
        return False
    following = next((token for token in tokens[index + 2 :] if token.kind != "mark"), None)
    # "3, 4 days" and "3 - 4 days" count; "3 (three)" repeats
    return following is None or following.kind != "number" or following.text == tokens[index].text


_PAST = re.compile("[а-яё][аяи](?:л|ла|ли)(?:сь|ся)?$")
"""How a Russian verb in the past ends; no word that is counted does."""


def _counts_itself(tokens: list[Token], index: int) -> bool:
    """Whether a number written as a word goes with what follows: "2 tre orë" rates, and then counts hours."""
    token = tokens[index]
    written_out = token.end - token.start > len(token.text)
    return written_out and index + 1 < len(tokens) and tokens[index + 1].kind == "word"


def _trailing(tokens: list[Token], known: Lexicon) -> _Found | None:
    """A number that closes a short judgement: "Very good service. 5"."""
    last = next((index for index in range(len(tokens) - 1, -1, -1) if tokens[index].kind in ("word", "number")), -1)
    if last < 1 or _words(tokens) > SHORT or not _unglued(tokens, last):
        return None
    rating = _value(tokens[last])
    others = [token for token in tokens[:last] if token.kind in ("word", "number")]
    judged = any(_lookup(token.text, known.judgements) is not None for token in others if token.kind == "word")
    alone = not any(token.kind == "number" for token in others)
    if rating is None or not judged or not alone:
        return None
    return rating, last, last


def _after_denial(tokens: list[Token]) -> _Found | None:
    """A number set apart at the end of "nobody asked for money, 5"."""
    last = max(index for index, token in enumerate(tokens) if token.kind in ("word", "number"))
    rating = _value(tokens[last])
    if (
        rating is None
        or not last
        or tokens[last - 1].kind != "mark"
        or tokens[last].glued
        or _words(tokens) > MONEY_WORDS
    ):
        return None
    return rating, last, last


_SAYINGS = {("so", "so"): 3, ("так", "себе"): 3, ("ashtu", "ashtu"): 3, ("disi",): 3, ("চলে",): 3, ("tak", "sebe"): 3}


def _saying(tokens: list[Token], known: Lexicon) -> _Found | None:
    """A reply that is one of a few sayings whose words alone mean something else: "so so"."""
    said = tuple(token.text for token in tokens if token.kind == "word")
    rating = _SAYINGS.get(said)
    return (rating, 0, len(tokens) - 1) if rating is not None and said else None


def _judgement(tokens: list[Token], known: Lexicon) -> _Found | None:
    """Nothing but words of judgement or faces: "very good 👍". Mixed judgements are none."""
    if any(token.kind == "number" for token in tokens):
        return None
    words = [token for token in tokens if token.kind == "word"]
    judged: set[int] = set()
    for index, token in enumerate(words):
        value = _lookup(token.text, known.judgements)
        if value is None:
            if not _beside(token, known):
                return None
            continue
        if (index and _in(words[index - 1], known.negations)) or (index > 1 and _in(words[index - 2], known.negations)):
            value = 2 if value >= 4 else 3 if value <= 2 else value
        elif index + 1 < len(words) and _in(words[index + 1], known.negations):
            value = 2 if value >= 4 else 3  # Bengali puts its "not" behind
        elif index and _in(words[index - 1], known.strong):
            value = 5 if value == 4 else 1 if value == 2 else value
        judged.add(value)
    faces = {EMOJI[token.text] for token in tokens if token.kind == "face"}
    if words and not judged and not all(_in(token, known.fillers) for token in words):
        return None
    if judged and len(words) <= 2 * SHORT:
        sides = {_side(value) for value in judged | faces}
        if len(sides) == 1:
            return max(judged) if sides == {1} else min(judged), 0, len(tokens) - 1
        return None
    if faces and len({_side(value) for value in faces}) == 1 and len(words) <= 3:
        return max(faces) if _side(max(faces)) > 0 else min(faces), 0, len(tokens) - 1
    return None


def _side(value: int) -> int:
    return (value > 3) - (value < 3)
