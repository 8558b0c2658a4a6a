"""What Ombud ships passes the check that a deployment's own wordings must pass, and can be looked at."""

from datetime import date

import pytest

from channels.values import Channel
from core.i18n import LANGUAGES
from notifications import checking, compose, wordings
from notifications.segments import for_sms, is_gsm, plainer, segments, weigh
from tests.conftest import Installation

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize("name", compose.names())
def test_shipped_words_pass_and_come_out_in_every_way(name: str) -> None:
    for language in LANGUAGES:
        samples = checking.sample_values(language, "Water Works", "Water supply", TODAY)
        shipped = compose.shipped(name, language)
        assert checking.checked(name, language, shipped, samples) == shipped
        ways = [compose.fill(shipped, language, **values) for values in checking.variants(name, samples)]
        assert ways
        assert any(ways)


def test_a_wording_that_cannot_be_filled_keeps_no_message_from_leaving(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wordings, "own", lambda name, language: "{{ nobody_knows_this }}")
    assert compose.compose("stopped", "en").startswith("You get no more messages")


def test_an_installation_without_the_table_uses_what_is_shipped() -> None:
    wordings.forget()  # this test has no database at all
    assert compose.compose("stopped", "en").startswith("You get no more messages")
    assert str(Channel.sms) == "sms"


@pytest.mark.parametrize(
    ("text", "alphabet", "count", "left"),
    [
        ("a" * 160, "GSM-7", 1, 0),
        ("a" * 161, "GSM-7", 2, 145),
        ("€" * 80, "GSM-7", 1, 0),
        ("a" * 100 + "’", "UCS-2", 2, 33),
        ("ы" * 70, "UCS-2", 1, 0),
        ("🙂" * 36, "UCS-2", 2, 62),
        ("", "GSM-7", 1, 160),
    ],
)
def test_weighing(text: str, alphabet: str, count: int, left: int) -> None:
    weight = weigh(text)
    assert (weight.alphabet, weight.segments, weight.left) == (alphabet, count, left)
    assert weight.segments == segments(text)


def test_a_letter_that_doubles_the_price_is_named_with_the_plain_one() -> None:
    text = "It’s “done”\u00a0– see №\u202f5…"
    told = {odd.letter: (odd.plain, odd.typographic) for odd in weigh(text).odd}
    assert told == {
        "’": ("'", True), "“": ('"', True), "”": ('"', True), "\u00a0": (" ", True), "–": ("-", True),
        "№": ("No", True), "\u202f": (" ", True), "…": ("...", True),
    }  # fmt: skip
    assert is_gsm(plainer(text))
    assert {odd.letter: odd.plain for odd in weigh("ëы🙂").odd} == {"ë": "e", "ы": None, "🙂": None}
    assert plainer("ëы🙂") == "ëы🙂"  # letters of a language are nobody's mistake
    assert for_sms("short “quote”") == "short “quote”"  # costs no more
