"""Languages: texts from the `.po` files in `core/locale`, one or several a language;
dates, numbers and durations as the reader writes them.

Catalogues are read at first use and kept; a message without a translation is shown in English, its source language.
"""

import gettext
import io
import re
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from core.errors import Misconfigured

SOURCE_LANGUAGE = "en"
LOCALE_DIR = Path(__file__).parent / "locale"

LANGUAGES: dict[str, str] = {
    "en": "English",
    "sq": "Shqip",
    "bn": "বাংলা",
    "ru": "Русский",
}
"""Languages that Ombud speaks, each named in its own script."""

# Day before month, 24 hours: what most governments' English readers write.
_LOCALES = {"en": "en_GB"}
_DIGITS = {"bn": str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")}
# Name of a CLDR skeleton ("+" spells its weekday and month out) or of a standard format, and whether the time follows.
_DATE_STYLES: dict[str, tuple[str, bool]] = {
    "long": ("MMMEd+", True),
    "short": ("MMMd", True),
    "weekday": ("E", True),
    "day": ("MMMEd+", False),
    "date": ("long", False),
    "week": ("MMMd", False),
    "month": ("yMMMM", False),
    "time": ("", True),
}
DateStyle = Literal["long", "short", "weekday", "day", "date", "week", "month", "time"]
MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Translator:
    """The texts of one language."""

    language: str
    catalogue: gettext.NullTranslations

    def gettext(self, message: str) -> str:
        """Translation of a message, or the message itself."""
        return self.catalogue.gettext(message)

    def ngettext(self, singular: str, plural: str, count: float) -> str:
        """The form of a message that goes with a count."""
        return self.catalogue.ngettext(singular, plural, int(count))

    def pgettext(self, context: str, message: str) -> str:
        """Translation of a message that means several things, by its context."""
        return self.catalogue.pgettext(context, message)

    def npgettext(self, context: str, singular: str, plural: str, count: float) -> str:
        """`pgettext` with a count."""
        return self.catalogue.npgettext(context, singular, plural, int(count))


@cache
def translator(lang: str) -> Translator:
    """Texts in a language; in English where there is no catalogue for it.

    Raises:
        Misconfigured: the catalogue cannot be read.
    """
    if lang not in LANGUAGES or not any((LOCALE_DIR / lang).glob("*.po")):
        return Translator(lang, gettext.NullTranslations())
    binary = io.BytesIO()
    write_mo(binary, catalogue(lang))
    binary.seek(0)
    return Translator(lang, gettext.GNUTranslations(binary))


def catalogue(lang: str) -> Catalog:
    """All `.po` files of a language as one catalogue; the first file that has a message decides.

    Raises:
        Misconfigured: a file cannot be read.
    """
    whole = Catalog(locale=lang)
    for path in sorted((LOCALE_DIR / lang).glob("*.po")):
        try:
            with path.open("rb") as file:
                part = read_po(file, locale=lang, abort_invalid=True)
        except ValueError as error:
            raise Misconfigured(f"{path.name} of {lang} cannot be read: {error}") from error
        for message in part:
            if message.id and whole.get(message.id, message.context) is None:
                whole[message.id] = message
    return whole


@lru_cache(maxsize=64)
def locale(lang: str) -> Locale:
    """Babel's locale of a language; English for one that Babel does not know."""
    try:
        return Locale.parse(_LOCALES.get(lang, lang))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_LOCALES[SOURCE_LANGUAGE])


def language_name(lang: str) -> str:
    """Name of a language in its own script."""
    return LANGUAGES.get(lang) or (locale(lang).display_name or lang)


def english_name(lang: str) -> str:
    """A language as pages in English name it."""
    return locale(lang).get_language_name(SOURCE_LANGUAGE) or language_name(lang)


def direction(lang: str) -> Literal["ltr", "rtl"]:
    """Way a language is written in."""
    return "rtl" if locale(lang).text_direction == "rtl" else "ltr"


def pick_language(wanted: str, offered: tuple[str, ...]) -> str:
    """The best of the offered languages for an `Accept-Language` header; the first offered when none fits."""
    ranked: list[tuple[float, str]] = []
    for part in wanted.lower().split(",")[:20]:
        tag, _, quality = part.partition(";q=")
        try:
            ranked.append((-float(quality or 1), tag.strip().split("-")[0]))
        except ValueError:
            continue
    return next((tag for _, tag in sorted(ranked, key=lambda pair: pair[0]) if tag in offered), offered[0])


def format_datetime(at: datetime | date, lang: str, tz: tzinfo, style: DateStyle = "long") -> str:
    """A moment in the reader's zone and language, such as "Monday 23 November, 14:20"."""
    local = at.astimezone(tz) if isinstance(at, datetime) else at
    pattern, with_time = _DATE_STYLES[style]
    parts = [_format_day(local, pattern, locale(lang))] if pattern else []
    if with_time and isinstance(local, datetime):
        parts.append(f"{local:%H:%M}")
    return _digits((" " if style == "weekday" else ", ").join(parts), lang)


def _format_day(day: date, pattern: str, where: Locale) -> str:
    if pattern == "long":
        return format_date(day, "long", locale=where)
    if not pattern.endswith("+"):
        return format_skeleton(pattern, day, locale=where)
    # Few locales have a skeleton for a spelled-out weekday and month, but each orders the short ones its own way.
    short = str(where.datetime_skeletons[pattern.rstrip("+")])
    return format_date(day, re.sub(r"([EcML])\1*", lambda match: match[1] * 4, short), locale=where)


def format_number(value: float, lang: str, decimals: int = 0) -> str:
    """A number with the reader's digits and separators."""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return _digits(format_decimal(value, format=pattern, locale=locale(lang)), lang)


def format_share(value: float, lang: str) -> str:
    """A share of one as a percentage, such as "61%"."""
    return _digits(format_percent(value, format="#,##0%", locale=locale(lang)), lang)


def format_duration(seconds: float, lang: str, *, short: bool = False) -> str:
    """A length of time in words, such as "22 h 10 min" or, from two days on, "3 days". `short` keeps one unit."""
    words = translator(lang)
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return words.gettext("under a minute")
    if whole < HOUR:
        return _with_count(words.gettext("%(count)s min"), whole // MINUTE, lang)
    if whole < 2 * DAY:
        hours = _with_count(words.gettext("%(count)s h"), whole // HOUR, lang)
        minutes = whole % HOUR // MINUTE
        return (
            hours if short or not minutes else f"{hours} {_with_count(words.gettext('%(count)s min'), minutes, lang)}"
        )
    days = whole // DAY
    return _with_count(words.ngettext("%(count)s day", "%(count)s days", days), days, lang)


def format_hours(seconds: float, lang: str) -> str:
    """A length of working time in words, such as "80 h": never in days, as a working day has no fixed length."""
    words = translator(lang)
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return words.gettext("under a minute")
    minutes = _with_count(words.gettext("%(count)s min"), whole % HOUR // MINUTE, lang)
    if whole < HOUR:
        return minutes
    hours = _with_count(words.gettext("%(count)s h"), whole // HOUR, lang)
    return f"{hours} {minutes}" if whole % HOUR >= MINUTE else hours


def format_size(size: float, lang: str) -> str:
    """A number of bytes as people write it, such as "340 KB" or "1.2 MB"."""
    words = translator(lang)
    if size < 1_000_000:
        return words.gettext("%(count)s KB") % {"count": format_number(max(size / 1000, 1), lang)}
    return words.gettext("%(count)s MB") % {"count": format_number(size / 1_000_000, lang, 1)}


def _with_count(message: str, count: int, lang: str) -> str:
    return message % {"count": format_number(count, lang)}


def _digits(text: str, lang: str) -> str:
    return text.translate(_DIGITS[lang]) if lang in _DIGITS else text
