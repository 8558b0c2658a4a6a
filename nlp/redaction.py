"""Striking out what could point to a person: phones, e-mail addresses, long numbers, links, handles. Rules only."""

import re

from core.texts import latin_digits

LINK = "[link]"
EMAIL = "[e-mail]"
PHONE = "[phone]"
NUMBER = "[number]"
HANDLE = "[handle]"

_LINK = re.compile(r"(?i)\b(?:https?://|www\.)\S+|\b(?:t\.me|wa\.me|bit\.ly|fb\.com)/\S+")
# the lengths are the standard's, and keep a text of one endless word from taking forever
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"']{1,64}@[^\s@<>()\[\],;:\"']{1,255}\.[^\W\d_]{2,24}")
_HANDLE = re.compile(r"(?<![\w@])@\w{3,}")
_NUMBERS = re.compile(
    # identity and tax numbers mix letters and digits: J51234567K, AB 123456
    r"(?<!\w)(?P<identity>[A-Za-z]{1,3}[ -]?\d{5,20}[A-Za-z]?)(?!\w)"
    # phone numbers come in groups, often with a plus or double zero
    r"|(?<![\w.])(?P<phone>(?:\+|00)?\(?\d(?:[ ().\-/]{0,2}\d){6,14})(?!\w)"
    r"|(?<!\w)(?P<long>\d{6,})(?!\w)"
)
_DATE = re.compile(r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2})")
_FEWEST_PHONE_DIGITS = 8


def redact(text: str) -> str:
    """The text with contact details and long numbers replaced by what they were; dates, amounts and references stay."""
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


def _mark(match: re.Match[str]) -> str:
    found = match.group()
    if match.lastgroup != "phone":
        return NUMBER
    digits = sum(char.isdigit() for char in found)
    if digits < (7 if found.startswith(("+", "00")) else _FEWEST_PHONE_DIGITS):
        return NUMBER if found.isdigit() else ""
    return "" if _DATE.fullmatch(found) else PHONE
