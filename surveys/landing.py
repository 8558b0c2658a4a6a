"""Which of a survey's questions a reply lands at: pure, from what was asked when, what was answered, and the reply.

    a button, a quoted question ─────────── that question
    a letter, after "which question?" ───── the one it names
    "it was 2", "no, 4" ─────────────────── an answer given before, replaced
    a number alone ──┬─ fits one open question ── that one
                     ├─ fits several ──────────── asked which, once
                     └─ fits none ─────────────── replaces an answer it fits, or repeats it
    anything else ───┬─ the newest open question it answers, and all it tells besides
                     ├─ near to an answer ─────── asked once more
                     └─ words ─────────────────── kept where words were asked for, else no reply at all

What was sent before a question was put does not answer it, where the channel says when it was sent.
"""

from collections.abc import Sequence
from datetime import timedelta

from core.texts import clean
from nlp.courtesy import is_only_thanks
from nlp.nature import nature
from surveys import reading
from surveys.choice import numbers_named
from surveys.flow import MONEY, RATING, WORDS, Kind, Question
from surveys.money import denies_money, tells_of_money
from surveys.parser import MONEY_WORDS
from surveys.replies import Doubt, Heard, Landed, Standing
from surveys.said import fold, tokens

HASTE = timedelta(seconds=15)
"""Nobody reads the next question and answers it quicker: the same number again, this soon, is the last one repeated."""
WORDS_WITHIN = timedelta(hours=24)
"""Words that come this soon after they were asked for belong to the survey."""
LETTERS = (frozenset("aа"), frozenset("bбв"))
"""What picks the first and the second of two questions; Latin, Cyrillic and Bengali."""
LETTERS_BENGALI = ("ক", "খ")


NOTHING = Landed()


def land(standing: Standing, heard: Heard, languages: Sequence[str]) -> Landed:
    """What a reply comes to; nothing taken where it is no reply to this survey."""
    text = clean(heard.text)
    candidates = _open(standing, heard)
    if standing.doubt is not None and (settled := _settled(standing, standing.doubt, text)) is not None:
        return settled
    if heard.to is None and (number := reading.number_alone(text)) is not None:
        return _number(standing, heard, candidates, number, text)
    number = reading.corrected(text, standing.given.get(RATING)) if heard.to is None else None
    if number is not None and (replaced := _replaced(standing, heard, number, text, likes=(RATING,))):
        return replaced
    thanks = is_only_thanks(text) or _is_courtesy(text)
    if thanks and not any(_takes_thanks(one, text, languages) for one in candidates):
        return _thanked(candidates, standing)
    rating = standing.question(RATING)
    named = reading.names_rating(text) and heard.to is None and rating is not None and _was_put(standing, RATING)
    if rating is not None and named and (fit := reading.read(text, rating, languages)) is not None:
        return _with_besides(standing, rating, fit, text, languages)
    for question in candidates:
        if reading.passes(text, question):
            return Landed({question.code: None}, plain=True)
        if (fit := _fit(text, question, heard, languages)) is not None:
            return _with_besides(standing, question, fit, text, languages)
        if not standing.doubted and reading.in_doubt(text, question, languages):
            kept = text if question.kind is Kind.rating and _tells(text) else ""
            return Landed(words=kept, doubt=Doubt(text, (question.code,)))
    return _loose(standing, heard, candidates, text, languages)


def _open(standing: Standing, heard: Heard) -> list[Question]:
    """Questions that were put before the reply was sent and are not answered, the newest first; one that was quoted
    comes before all, answered or not."""
    put = [code for code, at in standing.asked if heard.at is None or at <= heard.at]
    codes = [code for code in reversed(put) if code not in standing.given]
    if heard.to is not None:
        codes = [heard.to, *(code for code in codes if code != heard.to)]
    return [question for code in codes if (question := standing.question(code)) is not None]


def _was_put(standing: Standing, code: str) -> bool:
    return any(put == code for put, _ in standing.asked)


def _settled(standing: Standing, doubt: Doubt, text: str) -> Landed | None:
    """A letter that says which question the doubtful reply answers."""
    if len(doubt.between) < 2:
        return None
    letter = fold(text).strip(" .)!\"'")
    place = next((at for at, letters in enumerate(LETTERS) if letter in letters or letter == LETTERS_BENGALI[at]), None)
    question = standing.question(doubt.between[place]) if place is not None else None
    number = reading.number_alone(doubt.text)
    if question is None or number is None:
        return None
    value = reading.value_of(number, question)
    return Landed({question.code: value}, resolved=True, plain=True) if value is not None else None


def _number(standing: Standing, heard: Heard, candidates: list[Question], number: int, text: str) -> Landed:
    """A number alone: the question it fits, and where that may be several, the one we are told when we ask."""
    fitting = [one for one in candidates if reading.fits_number(number, one) is not None]
    if len(fitting) == 1:
        question = fitting[0]
        if _hasty(standing, heard, question, number):
            return Landed(plain=True)
        return Landed({question.code: reading.fits_number(number, question)}, plain=True)
    if fitting:
        return _ask_between(standing, fitting[0], fitting[1], text)
    newest = candidates[0] if candidates else None
    yes_or_no = newest if newest is not None and newest.kind is Kind.yes_no and number in (1, 2) else None
    if replaced := _replaced(standing, heard, number, text, instead=yes_or_no):
        return replaced
    if newest is not None and not standing.doubted and number <= 10 and newest.kind in (Kind.rating, Kind.choice):
        return Landed(doubt=Doubt(text, (newest.code,)))
    return Landed(words=text) if standing.doubt is not None else NOTHING


def _hasty(standing: Standing, heard: Heard, question: Question, number: int) -> bool:
    """Whether a number only repeats the answer before, sent again while this question was on its way."""
    at = dict(standing.asked).get(question.code)
    before = [code for code, _ in standing.asked if code in standing.given]
    last = standing.question(before[-1]) if before else None
    same = last is not None and reading.fits_number(number, last) == standing.given.get(last.code)
    return same and at is not None and heard.received - at <= HASTE


def _replaced(
    standing: Standing,
    heard: Heard,
    number: int,
    text: str,
    *,
    likes: tuple[str, ...] = (),
    instead: Question | None = None,
) -> Landed | None:
    """A number in the place of an answer given before; nothing new where it is that answer. None where it fits none.

    `likes` are preferred where it fits several; `instead` is an open question it may mean as well.
    """
    put = {code for code, at in standing.asked if heard.at is None or at <= heard.at} | {RATING}
    answered = [
        one
        for one in standing.questions
        if one.code in put and one.code in standing.given
        and reading.fits_number(number, one) is not None
    ]  # fmt: skip
    if any(standing.given[one.code] == reading.fits_number(number, one) for one in answered):
        return Landed(plain=True)
    if not answered:
        return None
    passed = [one for one in answered if standing.given[one.code] is None]
    if passed:
        return Landed({passed[0].code: reading.fits_number(number, passed[0])}, plain=True)
    if instead is not None:
        return _ask_between(standing, answered[0], instead, text)
    liked = [one for one in answered if one.code in likes]
    if len(answered) > 1 and not liked:
        return _ask_between(standing, answered[0], answered[1], text)
    question = (liked or answered)[0]
    return Landed({question.code: reading.fits_number(number, question)}, plain=True)


def _ask_between(standing: Standing, first: Question, second: Question, text: str) -> Landed:
    """Ask which of two questions is meant; where we asked before, what was said is kept as words."""
    if standing.doubted:
        return Landed(words=text)
    order = [one.code for one in standing.questions]
    between = sorted((first.code, second.code), key=order.index)
    return Landed(doubt=Doubt(text, tuple(between)))


def _is_courtesy(text: str) -> bool:
    """ "Thank you for asking": a few words whose nature is thanks, though not every one of them is."""
    return len(text.split()) <= _FEW + 1 and not any(map(str.isdigit, text)) and nature(text) == "thanks"


def _takes_thanks(question: Question, text: str, languages: Sequence[str]) -> bool:
    """Whether "ok" or a thumb may be an answer: to a rating that is open, or yes to a question of yes or no."""
    if question.kind is Kind.rating:
        return reading.read(text, question, languages) is not None
    return question.kind is Kind.yes_no and reading.read(text, question, languages) is not None


def _thanked(candidates: list[Question], standing: Standing) -> Landed:
    if candidates and candidates[0].kind is Kind.text:
        return Landed({candidates[0].code: None}, courtesy=True)
    return Landed(courtesy=True) if standing.given else NOTHING


def _fit(text: str, question: Question, heard: Heard, languages: Sequence[str]) -> reading.Fit | None:
    if question.kind is Kind.text:
        return None  # own words come last: what the reply tells besides comes first
    return reading.read(text, question, languages)


def _with_besides(
    standing: Standing, question: Question, fit: reading.Fit, text: str, languages: Sequence[str]
) -> Landed:
    values: dict[str, int | str | None] = {question.code: fit.value}
    if fit.words:
        told = reading.besides(text, standing.questions, {**standing.given, **values}, languages)
        values |= {code: value for code, value in told.items() if code not in values}
    return Landed(values, fit.words, plain=not fit.words)


def _loose(standing: Standing, heard: Heard, candidates: list[Question], text: str, languages: Sequence[str]) -> Landed:
    """No answer to an open question: a rating said again in words, a report of money, words where they are wanted."""
    wanted = _words_wanted(standing, heard, candidates)
    rating, before = standing.question(RATING), standing.given.get(RATING)
    fit = reading.read(text, rating, languages) if rating is not None and before is not None else None
    if rating is not None and fit is not None:
        if fit.value == before and not fit.words:
            return Landed(plain=True)
        in_digits = not fit.words and any(word[0].isdigit() for word in tokens(fold(text)))
        if in_digits or not (wanted or reading.is_complaint(fit.words)):
            return _with_besides(standing, rating, fit, text, languages)
    if (not wanted or len(tokens(fold(text))) <= _FEW) and (again := _again(standing, heard, text, languages)):
        return again
    if heard.to is not None or wanted:
        told = reading.besides(text, standing.questions, standing.given, languages)
        chosen = candidates[0] if candidates and candidates[0].kind is Kind.choice else None
        instead = {chosen.code: None} if chosen is not None and chosen.code not in told else {}
        return Landed({**told, **instead}, text)
    if tells_of_money(text) and len(text.split()) <= MONEY_WORDS:
        told = reading.besides(text, standing.questions, standing.given, languages)
        return Landed({**told, MONEY: 1}, text)
    if denies_money(text) and standing.question(MONEY) is not None and len(text.split()) <= MONEY_WORDS:
        return Landed({MONEY: 0}, plain=True)
    if standing.doubt is not None and _tells(text) and len(text.split()) <= _FEW:
        return Landed(dict.fromkeys(standing.doubt.between[:1]), text)
    return NOTHING


def _again(standing: Standing, heard: Heard, text: str, languages: Sequence[str]) -> Landed | None:
    """An answer given before, said again; or, not long after, another in its place; and nothing more."""
    at = heard.at or heard.received
    for code, put in reversed(standing.asked):
        question, before = standing.question(code), standing.given.get(code)
        if question is None or before is None or question.kind not in (Kind.yes_no, Kind.number, Kind.choice):
            continue
        fit = reading.read(text, question, languages)
        if fit is None or fit.words:
            continue
        # a bare "no" takes no report of money back: it may be meant for anything
        if fit.value == before or (code == MONEY and before == 1 and not denies_money(text)):
            return Landed(plain=True)
        if at - put <= WORDS_WITHIN:
            return Landed({code: fit.value}, plain=True)
    return None


_FEW = 4
"""Words of a reply to "which number?" that is still none: kept; a longer one may be a matter of its own."""


def _words_wanted(standing: Standing, heard: Heard, candidates: list[Question]) -> bool:
    """Whether the newest open question takes words, or words about a low rating were asked for, not long ago."""
    at = heard.at or heard.received
    if standing.wanted is not None and at - standing.wanted <= WORDS_WITHIN and WORDS not in standing.given:
        return True
    newest = candidates[0] if candidates else None
    if newest is None or newest.kind not in (Kind.text, Kind.choice):
        return False
    put = dict(standing.asked).get(newest.code)
    return put is not None and at - put <= WORDS_WITHIN


def _tells(text: str) -> bool:
    """Whether a reply holds words besides numbers."""
    return any(not word[0].isdigit() for word in tokens(fold(text))) and not numbers_named(text)
