"""Phone numbers as people write them, in E.164, and why one cannot get a message."""

from dataclasses import dataclass
from typing import Final

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    format_number,
    is_possible_number_for_type_with_reason,
    is_valid_number,
    number_type,
    parse,
)

from core.texts import latin_digits


def N_(sentence: str) -> str:  # noqa: N802  (the name gettext's tools look for)
    """Mark a sentence for translation; it is translated where it is shown."""
    return sentence


NO_NUMBER: Final = N_("Enter a phone number, such as 069 123 4567, or leave this empty.")
TOO_SHORT: Final = N_("This number is too short. Check that all its digits are there.")
TOO_LONG: Final = N_("This number is too long. Check it for digits that do not belong there.")
NO_COUNTRY: Final = N_(
    "No country's numbers begin like this. Enter the number as you dial it at home, or with + in front."
)
NO_SUCH: Final = N_("There is no such number. Check its digits.")
LANDLINE: Final = N_("This is a landline, and messages do not reach it. Enter a mobile number.")
SERVICE: Final = N_("This is the number of a service, not of a person's phone. Enter a mobile number.")

_LANDLINES = frozenset({PhoneNumberType.FIXED_LINE})
_SERVICES = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.PAGER,
        PhoneNumberType.VOICEMAIL,
    }
)
_IMPOSSIBLE = {
    ValidationResult.TOO_SHORT: TOO_SHORT,
    ValidationResult.TOO_LONG: TOO_LONG,
    ValidationResult.INVALID_COUNTRY_CODE: NO_COUNTRY,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: TOO_SHORT,
    ValidationResult.INVALID_LENGTH: NO_SUCH,
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164, or why it cannot be used: a sentence of the catalogues. `kind` is "", landline or service."""

    number: str | None
    why: str = ""
    kind: str = ""


def read_phone(text: str, region: str, *, call_back: bool = False) -> Phone:
    """A number that messages can reach, read as a national one of `region` (two letters) unless it begins with + or 00.

    With `call_back` a landline will do: somebody rings it. Nothing is looked up: a number that could be a mobile's is
    taken for one.
    """
    try:
        number = _parsed(text, region)
    except NumberParseException as error:
        long = error.error_type == NumberParseException.TOO_LONG
        country = error.error_type == NumberParseException.INVALID_COUNTRY_CODE and "+" in text
        return Phone(None, TOO_LONG if long else NO_COUNTRY if country else NO_NUMBER)
    if not is_valid_number(number):
        reason = is_possible_number_for_type_with_reason(number, PhoneNumberType.MOBILE)
        return Phone(None, _IMPOSSIBLE.get(reason, NO_SUCH))
    kind = number_type(number)
    if kind in _SERVICES:
        return Phone(None, SERVICE, "service")
    if kind in _LANDLINES and not call_back:
        return Phone(None, LANDLINE, "landline")
    return Phone(format_number(number, PhoneNumberFormat.E164), kind="landline" if kind in _LANDLINES else "")


def normalise_phone(text: str, region: str) -> str | None:
    """Any number in E.164, mobile or not, read as `read_phone` does; None when it cannot be anybody's."""
    try:
        number = _parsed(text, region)
    except NumberParseException:
        return None
    return format_number(number, PhoneNumberFormat.E164) if is_valid_number(number) else None


def _parsed(text: str, region: str) -> PhoneNumber:
    written = latin_digits(text).strip()
    return parse("+" + written[2:] if written.startswith("00") else written, region)


def readable(number: str) -> str:
    """A number in E.164 in groups, as people read and dictate it; as it is when it is none."""
    try:
        return format_number(parse(number), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return number


# what carriers send instead of a withheld number: words, and the same words typed on a phone's keypad
_WITHHELD = frozenset({"+266696687", "+86282452253", "+8656696", "+2562533", "+7378742833"})


def caller(text: str) -> str:
    """The number of a caller in E.164; empty for a withheld one and for what is no number (SIP, "anonymous").

    Strict, since whoever gets one number is one person to us: in doubt it is nobody's.
    """
    written = text.strip()
    if not written.startswith("+") or written in _WITHHELD:
        return ""
    return normalise_phone(written, "ZZ") or ""


def takes_texts(number: str) -> bool:
    """Whether a number in E.164 can get an SMS as far as its plan tells; a fixed line cannot."""
    return read_phone(number, "ZZ").number is not None
