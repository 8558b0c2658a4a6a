"""Phone numbers as people write them, in E.164."""

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_valid_number, parse

from core.texts import latin_digits


def normalise_phone(text: str, region: str) -> str | None:
    """The number in E.164, read as a national one of `region` (two letters) unless it begins with + or 00.

    None when it cannot be anybody's number.
    """
    written = latin_digits(text).strip()
    if written.startswith("00"):
        written = "+" + written[2:]
    try:
        number = parse(written, region)
    except NumberParseException:
        return None
    return format_number(number, PhoneNumberFormat.E164) if is_valid_number(number) else None


def readable(number: str) -> str:
    """A number in E.164 in groups, as people read and dictate it; as it is when it is none."""
    try:
        return format_number(parse(number), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return number
