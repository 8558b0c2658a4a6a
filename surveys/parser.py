"""What a reply to "How was it, 1 to 5?" says. Pure and conservative: what is not clearly a rating is none.

The text is cut into tokens (numbers, words, faces, punctuation); a few rules then look for a rating that stands alone,
at the start, after a word that announces it, on a scale ("4/5") or at the end, or for nothing but words of judgement.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.texts import clean
from surveys.lexicon import EMOJI, Lexicon, lexicon
from surveys.money import denies_money, tells_of_money
from surveys.pieces import SHORT, Token, count_words, is_beside, is_in, lookup, rating_of, stands_alone, tokenise
from surveys.said import fold, words
from surveys.scales import Found, is_list, on_other_scale, on_scale, starred

MONEY_WORDS = 15
"""A report of money without a rating is taken for a reply only when it is this short."""
TORN = 6
"""Words of a reply that is asked again because it rates in two ways."""


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
    says_more = any(one.kind == "number" or (one.kind == "word" and not is_beside(one, known)) for one in beside)
    return Parsed(rating, _without(text, tokens, first, last) if says_more else "", money)


def leading(text: str, languages: Sequence[str] = ("en", "sq", "bn", "ru")) -> tuple[int, str] | None:
    """The number up to 9 that a reply begins with and comments on, and the comment: "2, the clerk shouted"."""
    text = clean(text)
    known = lexicon(tuple(languages))
    tokens = tokenise(text, known)
    first = next((index for index, token in enumerate(tokens) if token.kind != "mark"), len(tokens))
    if first == len(tokens) or is_list(tokens) or on_other_scale(tokens, first):
        return None
    token = tokens[first]
    lone = token.kind == "number" and len(token.text) == 1 and stands_alone(tokens, first)
    if not lone or not _ends(tokens, first, known):
        return None
    return int(token.text), _without(text, tokens, first, first)


def is_torn(text: str, languages: Sequence[str] = ("en", "sq", "bn", "ru")) -> bool:
    """Whether a short reply rates, but with no one rating: "1 or 2", "4.5", "good but slow"."""
    known = lexicon(tuple(languages))
    tokens = tokenise(clean(text), known)
    said = [token for token in tokens if token.kind in ("word", "number")]
    if not said or len(said) > TORN:
        return False
    numbers = [token for token in said if token.kind == "number"]
    if numbers:
        between = [token for token in said if token.kind == "word"]
        small = all(len(token.text) <= 2 and int(token.text) <= 10 for token in numbers)
        return small and len(numbers) <= 2 and all(token.text in _OR or is_beside(token, known) for token in between)
    judged = [lookup(token.text, known.judgements) for token in said]
    sides = {_side(value) for value in judged if value is not None}
    first = next((value for token, value in zip(said, judged, strict=True) if not is_in(token, _FILLING)), None)
    return len(sides) > 1 or first is not None


_OR = frozenset("or ose বা или or and maybe perhaps ndoshta може может হয়তো to ya ili".split())
_FILLING = frozenset("the it was is ishte very shumë shume очень খুব".split())


def _without(text: str, tokens: list[Token], first: int, last: int) -> str:
    """The text beside the rating, without the punctuation that tied them together."""
    before, after = text[: tokens[first].start].strip(), text[tokens[last].end :]
    return f"{before} {after.lstrip(_TIES)}".strip().rstrip(",:-–— (") if before else after.strip(_TIES)


_TIES = " \n\t,.;:-–—_/*!।|)(\"'+=\ufe0f\u20e3"


def _rating(tokens: list[Token], known: Lexicon) -> Found | None:
    if not tokens or is_list(tokens):
        return None
    if (scaled := on_scale(tokens, known)) is not None:
        return scaled
    if any(on_other_scale(tokens, index) for index in range(len(tokens))):
        return None
    for rule in (starred, _alone, _announced, _leading, _trailing, _saying, _judgement):
        if (found := rule(tokens, known)) is not None:
            return found
    return None


def _alone(tokens: list[Token], known: Lexicon) -> Found | None:
    """One number, among nothing but fillers, judgements and faces: "I give 5, thank you"."""
    numbers = [index for index, token in enumerate(tokens) if token.kind == "number"]
    ratings = {rating_of(tokens[index]) for index in numbers}
    rating = next(iter(ratings), None)
    if rating is None or len(ratings) != 1 or not stands_alone(tokens, numbers[0]):
        return None
    others = [token for token in tokens if token.kind == "word"]
    if all(is_beside(token, known) for token in others):
        return rating, 0, len(tokens) - 1
    return None


def _announced(tokens: list[Token], known: Lexicon) -> Found | None:
    """A number after a word that announces it: "rating: 4 because …", "it was 2". The last counts, as a correction."""
    found: Found | None = None
    for index, token in enumerate(tokens):
        rating = rating_of(token)
        if rating is None or index == 0 or not stands_alone(tokens, index):
            continue
        before = index - 1
        while before > 0 and (tokens[before].kind == "mark" or is_in(tokens[before], _LINKS)):
            before -= 1
        if is_in(tokens[before], known.cues) and _ends(tokens, index, known):
            found = rating, index, index
    return found


_LINKS = frozenset("a an the is was of it as im ime e моя мой një një eshte është това это на вам за i to".split())


def _leading(tokens: list[Token], known: Lexicon) -> Found | None:
    """A number at the start that the rest only comments on: "4 but they asked for money", "1, nobody helped"."""
    first = next((index for index, token in enumerate(tokens) if token.kind != "mark"), len(tokens))
    if first == len(tokens):
        return None
    rating = rating_of(tokens[first])
    if rating is None or not stands_alone(tokens, first) or not _ends(tokens, first, known):
        return None
    return rating, first, first


def _ends(tokens: list[Token], index: int, known: Lexicon) -> bool:
    """Whether a number ends a thought here, rather than counting the noun that follows."""
    if index + 1 == len(tokens):
        return True
    after = tokens[index + 1]
    if after.kind == "word":
        if after.text in _OR and index + 2 < len(tokens) and tokens[index + 2].kind == "number":
            return False
        if tokens[index].end - tokens[index].start == len(tokens[index].text):  # in digits: what may it count?
            return is_in(after, known.followers) or not (_is_counted(after) or is_in(after, known.out_of))
        return (
            is_in(after, known.followers)
            or _PAST.search(after.text) is not None
            or is_in(after, known.strong)
            or is_in(after, known.stars)
            or lookup(after.text, known.judgements) is not None
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


def _is_counted(token: Token) -> bool:
    """Whether a word is something that a number before it counts: a unit, a person, an English plural."""
    word, lists = fold(token.text), words()
    if word in lists["counted"]:
        return True
    plural = word.isascii() and word.endswith("s") and len(word) > 3
    return plural and word not in lists["singular"]


def _counts_itself(tokens: list[Token], index: int) -> bool:
    """Whether a number written as a word goes with what follows: "2 tre orë" rates, and then counts hours."""
    token = tokens[index]
    written_out = token.end - token.start > len(token.text)
    return written_out and index + 1 < len(tokens) and tokens[index + 1].kind == "word"


def _trailing(tokens: list[Token], known: Lexicon) -> Found | None:
    """A number that closes a short judgement: "Very good service. 5"."""
    last = next((index for index in range(len(tokens) - 1, -1, -1) if tokens[index].kind in ("word", "number")), -1)
    if last < 1 or count_words(tokens) > SHORT or not stands_alone(tokens, last):
        return None
    rating = rating_of(tokens[last])
    others = [token for token in tokens[:last] if token.kind in ("word", "number")]
    judged = any(lookup(token.text, known.judgements) is not None for token in others if token.kind == "word")
    alone = not any(token.kind == "number" for token in others)
    if rating is None or not judged or not alone:
        return None
    return rating, last, last


def _after_denial(tokens: list[Token]) -> Found | None:
    """A number set apart at the end of "nobody asked for money, 5"."""
    last = max(index for index, token in enumerate(tokens) if token.kind in ("word", "number"))
    rating = rating_of(tokens[last])
    if (
        rating is None
        or not last
        or tokens[last - 1].kind != "mark"
        or tokens[last].glued
        or count_words(tokens) > MONEY_WORDS
    ):
        return None
    return rating, last, last


_SAYINGS = {
    tuple(saying.split()): 3
    for saying in (
        "so so|ashtu ashtu|as mirë as keq|as mire as keq|ни хорошо ни плохо|ни плохо ни хорошо|neither good nor bad|"
        "meh|disi|মাঝামাঝি|চলে|так себе|tak sebe"
    ).split("|")
}


def _saying(tokens: list[Token], known: Lexicon) -> Found | None:
    """A reply that is one of a few sayings whose words alone mean something else: "so so"."""
    said = tuple(token.text for token in tokens if token.kind == "word")
    rating = _SAYINGS.get(said)
    return (rating, 0, len(tokens) - 1) if rating is not None and said else None


def _judgement(tokens: list[Token], known: Lexicon) -> Found | None:
    """Nothing but words of judgement or faces: "very good 👍". Mixed judgements are none."""
    if any(token.kind == "number" for token in tokens):
        return None
    words = [token for token in tokens if token.kind == "word"]
    judged: set[int] = set()
    for index, token in enumerate(words):
        value = lookup(token.text, known.judgements)
        if value is None:
            if not is_beside(token, known):
                return None
            continue
        if any(is_in(word, known.negations) for word in words[max(index - 2, 0) : index]):
            value = 2 if value >= 4 else 3 if value <= 2 else value
        elif index + 1 < len(words) and is_in(words[index + 1], known.negations):
            value = 2 if value >= 4 else 3  # Bengali puts its "not" behind
        elif index and is_in(words[index - 1], known.strong):
            value = 5 if value == 4 else 1 if value == 2 else value
        judged.add(value)
    faces = {EMOJI[token.text] for token in tokens if token.kind == "face"}
    if words and not judged and not all(is_in(token, known.fillers) for token in words):
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
