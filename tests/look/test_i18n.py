"""Dates, numbers and durations as each reader writes them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from core import i18n

TIRANA = ZoneInfo("Europe/Tirane")
AT = datetime(2026, 11, 24, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "lang", "words"),
    [
        (0, "en", "under a minute"),
        (59, "en", "under a minute"),
        (60, "en", "1 min"),
        (3600, "en", "1 h"),
        (79800, "en", "22 h 10 min"),
        (172799, "en", "47 h 59 min"),
        (172800, "en", "2 days"),
        (86400 * 21, "ru", "21 день"),
        (86400 * 3, "ru", "3 дня"),
        (86400 * 11, "ru", "11 дней"),
        (86400 * 3, "bn", "৩ দিন"),
        (79800, "sq", "22 orë 10 min"),
        (-5, "en", "under a minute"),
    ],
)
def test_durations(seconds: int, lang: str, words: str) -> None:
    assert i18n.format_duration(seconds, lang) == words


def test_short_duration_keeps_one_unit() -> None:
    assert i18n.format_duration(79800, "en", short=True) == "22 h"


@pytest.mark.parametrize(
    ("lang", "parts"),
    [
        ("en", ("Tuesday", "24 November", "14:20")),
        ("sq", ("e martë", "24 nëntor", "14:20")),
        ("ru", ("вторник", "24 ноября", "14:20")),
        ("bn", ("২৪", "নভেম্বর", "১৪:২০")),
    ],
)
def test_moments_are_shown_in_the_readers_zone_and_language(lang: str, parts: tuple[str, ...]) -> None:
    shown = i18n.format_datetime(AT, lang, TIRANA)
    assert all(part in shown for part in parts), shown


def test_a_day_has_no_time() -> None:
    assert i18n.format_datetime(date(2026, 11, 24), "en", TIRANA, "date") == "24 November 2026"


def test_numbers() -> None:
    assert i18n.format_number(4812, "en") == "4,812"
    assert i18n.format_number(3.6, "sq", 1) == "3,6"
    assert i18n.format_number(4812, "bn") == "৪,৮১২"
    assert i18n.format_share(0.614, "en") == "61%"


def test_unknown_language_falls_back_to_the_source() -> None:
    assert i18n.translator("xx").gettext("What happened?") == "What happened?"
    assert i18n.translator("../../etc").gettext("Send") == "Send"
    assert i18n.translator("sq").gettext("a text on no page") == "a text on no page"


def test_directions() -> None:
    assert [i18n.direction(lang) for lang in ("en", "bn", "ar", "fa")] == ["ltr", "ltr", "rtl", "rtl"]


@pytest.mark.parametrize(
    ("header", "picked"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("de,fr;q=0.5", "en"),
        ("", "en"),
        ("en;q=0.1, bn;q=0.7", "bn"),
        ("q=;;,sq;q=abc,ru", "ru"),
    ],
)
def test_picking_a_language(header: str, picked: str) -> None:
    assert i18n.pick_language(header, ("en", "sq", "bn", "ru")) == picked
