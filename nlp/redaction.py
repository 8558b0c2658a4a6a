"""Striking out what could point to a person: phones, e-mail addresses, identity and account numbers, links, handles,
names.

Names are found by what stands before them ("Mr", "my name is", "গ্রাহক", "меня зовут"), by Russian patronymics, and
by whatever finder the caller brings along: see `nlp.names`.
"""

import re
from collections.abc import Callable, Iterable

from core.texts import latin_digits

LINK = "[link]"
EMAIL = "[e-mail]"
PHONE = "[phone]"
NUMBER = "[number]"
HANDLE = "[handle]"
NAME = "[name]"

Spans = Iterable[tuple[int, int]]
Finder = Callable[[str], Spans]
"""Places of names in a text, as start and end."""

_LINK = re.compile(r"(?i)\b(?:https?://|www\.)\S+|\b(?:t\.me|wa\.me|bit\.ly|fb\.com)/\S+")
# the lengths are the standard's, and keep a text of one endless word from taking forever
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"']{1,64}@[^\s@<>()\[\],;:\"']{1,255}\.[^\W\d_]{2,24}")
_HANDLE = re.compile(r"(?<![\w@])@\w{3,}")
_NUMBERS = re.compile(
    # ISO 13616: two letters, two digits, up to thirty more in groups of four
    r"(?<!\w)(?P<iban>[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?)(?!\w)|"
    # identity and tax numbers mix letters and digits: J51234567K, AB 123456
    r"(?<!\w)(?P<identity>[A-Za-z]{1,3}[ -]?\d{5,20}[A-Za-z]?)(?!\w)"
    # phone numbers come in groups, often with a plus or double zero
    r"|(?<![\w.])(?P<phone>(?:\+|00)?\(?\d(?:[ ().\-/]{0,2}\d){6,14})(?!\w)"
    r"|(?<!\w)(?P<long>\d{6,})(?!\w)"
)
_DATE = re.compile(r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2})")
_FEWEST_PHONE_DIGITS = 8


# one to three words that begin with a capital letter, or a Bengali word
_CAPITALISED = r"(?:[^\W\d_a-zа-яё][\w'’-]{1,30}\.?)(?: [^\W\d_a-zа-яё][\w'’-]{1,30}){0,2}"
_BENGALI = r"[\u0980-\u09ff]{2,20}(?: [\u0980-\u09ff]{2,20})?"
_TITLES = (
    r"mr|mrs|ms|miss|dr|prof|professor|doctor|nurse|officer|inspector|sir|madam|director|engineer|judge|teacher"
    r"|zoti|zonja|zonjusha|z|znj|zj|mjeku|mjekja|infermierja|infermieri|drejtori|drejtoresha|inspektori|mesuesja|mësuesja"
    r"|г-н|г-жа|господин|госпожа|гражданин|гражданка|врач|доктор|медсестра|инспектор|начальник|директор|судья|учитель"
)
_INTRODUCED = re.compile(
    rf"(?:\b(?i:{_TITLES})\.? |\b(?i:my name is|i am called|name:|quhem|emri im (?:është|eshte)|unë jam"
    rf"|меня зовут|мое имя|моё имя|фамилия|имя:|зовут) )(?P<name>{_CAPITALISED})"
)
_BENGALI_NAMED = re.compile(rf"(?:আমার নাম|নাম:|জনাব|বেগম|মোঃ|মোছাঃ|ডাঃ|ডা\.|মিঃ|মিসেস) ?(?P<name>{_BENGALI})")
_PATRONYMIC = re.compile(
    r"(?P<name>(?:[А-ЯЁ][а-яё]{1,30} )?[А-ЯЁ][а-яё]{1,30} [А-ЯЁ][а-яё]{2,30}(?:ович|евич|ич|овн|евн|ичн|иничн)"
    r"(?:а|у|ем|ой|е|ы|ем)?(?: [А-ЯЁ][а-яё]{1,30})?)"
)


def redact(text: str, names: Finder | None = None) -> str:
    """The text with contact details, long numbers and names replaced by what they were; dates, amounts and references
    stay. `names` finds further names."""
    return _without_names(without_contacts(text), names)


def without_contacts(text: str) -> str:
    """The text with contact details and long numbers replaced by what they were; names stay."""
    for pattern, mark in ((_LINK, LINK), (_EMAIL, EMAIL), (_HANDLE, HANDLE)):
        text = pattern.sub(mark, text)
    # one digit for one digit, so places found in the plain digits are places in the text
    parts, at = [], 0
    for match in _NUMBERS.finditer(latin_digits(text)):
        mark = _mark(match)
        if mark:
            parts += [text[at : match.start()], mark]
            at = match.end()
    return "".join([*parts, text[at:]])


def _without_names(text: str, names: Finder | None) -> str:
    spans = [
        match.span("name") for pattern in (_INTRODUCED, _BENGALI_NAMED, _PATRONYMIC) for match in pattern.finditer(text)
    ]
    if names is not None:
        spans += names(text)
    parts, at = [], 0
    for start, end in sorted(spans):
        if start >= at and text[start:end] not in (LINK, EMAIL, HANDLE, NUMBER, PHONE, NAME):
            parts += [text[at:start], NAME]
            at = end
        elif end > at:  # one name found twice, a little differently
            at = end
    return "".join([*parts, text[at:]])


def _mark(match: re.Match[str]) -> str:
    found = match.group()
    if match.lastgroup != "phone":
        return NUMBER
    digits = sum(char.isdigit() for char in found)
    if digits < (7 if found.startswith(("+", "00")) else _FEWEST_PHONE_DIGITS):
        return NUMBER if found.isdigit() else ""
    return "" if _DATE.fullmatch(found) else PHONE
