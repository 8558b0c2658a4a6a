"""References, encryption, texts, settings, log redaction."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import crypto
from core.errors import Misconfigured, Tampered
from core.ids import ALPHABET, find_reference, new_reference, normalise_reference
from core.logs import redact_text
from core.settings import Settings, settings
from core.texts import clean, latin_digits, shorten


@given(st.integers(0, 8), st.sampled_from(ALPHABET))
def test_a_mistyped_letter_is_noticed(place: int, letter: str) -> None:
    reference = new_reference()
    at = place if place < 4 else place + 1
    at = min(at, 8)
    if reference[at] in ("-", letter):
        return
    assert normalise_reference(reference[:at] + letter + reference[at + 1 :]) is None


@given(st.integers(0, 6))
def test_swapped_neighbours_are_noticed(place: int) -> None:
    letters = list(new_reference().replace("-", ""))
    if letters[place] == letters[place + 1]:
        return
    letters[place], letters[place + 1] = letters[place + 1], letters[place]
    assert normalise_reference("".join(letters)) is None


def test_what_people_make_of_a_reference_is_forgiven() -> None:
    reference = new_reference()
    plain = reference.replace("-", "")
    for typed in (reference.lower(), plain, f" {plain[:4]} {plain[4:]} ", reference.replace("-", "–")):
        assert normalise_reference(typed) == reference
    misread = reference.replace("0", "O").replace("1", "l")
    assert normalise_reference(misread) == reference
    assert find_reference(f"what about {reference.lower()}?") == reference


@pytest.mark.parametrize("text", ["", "K7QF", "K7QF-3M9V-2", "!!!!-????", "UUUU-UUUU", "نمره", "😀" * 8])
def test_what_is_no_reference_is_none(text: str) -> None:
    assert normalise_reference(text) is None


@given(st.text(max_size=200))
def test_any_text_survives_encryption(text: str) -> None:
    text = clean(text)
    assert crypto.decrypt(crypto.encrypt(text)) == text


def _keys(*ids: str) -> dict[str, str]:
    return {key_id: f"{key_id}:{base64.b64encode(os.urandom(32)).decode()}" for key_id in ids}


def test_keys_rotate_without_losing_what_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = _keys("2025", "2026")
    monkeypatch.setenv("OMBUD_ENCRYPTION_KEYS", keys["2025"])
    settings.cache_clear()
    old = crypto.encrypt("+355690001234")
    monkeypatch.setenv("OMBUD_ENCRYPTION_KEYS", f"{keys['2026']},{keys['2025']}")
    settings.cache_clear()
    assert crypto.decrypt(old) == "+355690001234"
    assert crypto.encrypt("x").startswith("2026.")
    monkeypatch.setenv("OMBUD_ENCRYPTION_KEYS", keys["2026"])
    settings.cache_clear()
    with pytest.raises(Tampered, match="2025"):
        crypto.decrypt(old)


def test_a_changed_ciphertext_is_noticed() -> None:
    stored = crypto.encrypt("hello there")
    middle = len(stored) // 2
    other = "A" if stored[middle] != "A" else "B"
    with pytest.raises(Tampered):
        crypto.decrypt(stored[:middle] + other + stored[middle + 1 :])


def test_the_blind_index_finds_equals_and_keeps_kinds_apart() -> None:
    assert crypto.blind_index("sms", "+355690001234") == crypto.blind_index("sms", "+355690001234")
    assert crypto.blind_index("sms", "1234") != crypto.blind_index("telegram", "1234")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  hi\r\nthere\x00 ", "hi\nthere"),
        ("a\ud800b", "ab"),
        ("\u202eمرحبا\u202c", "\u202eمرحبا\u202c"),
        ("e\u0301", "é"),
        ("", ""),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
    ],
)
def test_texts_are_made_storable(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_digits_of_every_script() -> None:
    assert latin_digits("৫ of ٣ and ५") == "5 of 3 and 5"


@given(st.text(max_size=300), st.integers(10, 100))
def test_shortened_texts_fit(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


@pytest.mark.parametrize(
    ("line", "gone"),
    [
        ("call +355 69 000 1234 now", "000 1234"),
        ("mail arta@example.org", "arta@"),
        ("https://api/bot1000000001:AAabcdefghijklmnopqrstuvwxyz/getMe", "AAabc"),
        ("069 123 4567", "4567"),
    ],
)
def test_logs_hold_no_contact_details(line: str, gone: str) -> None:
    assert gone not in redact_text(line)


def test_production_refuses_each_default_secret() -> None:
    with pytest.raises(Misconfigured) as refused:
        Settings(environment="production").check_production()
    for name in ("SECRET_KEY", "TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID", "TELEGRAM_TOKEN", "PUBLIC_URL"):
        assert f"OMBUD_{name}" in str(refused.value)


def test_a_well_set_production_starts() -> None:
    Settings(
        environment="production",
        secret_key="k" * 48,
        government="Republic of Elsewhere",
        twilio_account_sid="AC" + "1" * 32,
        twilio_auth_token="t" * 32,
        telegram_token="",
        public_url="https://ombud.example",
    ).check_production()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIME_ZONE", "Mars/Olympus"),
        ("PORT", "http"),
        ("LANGUAGES", " , "),
        ("ENCRYPTION_KEYS", "a:short"),
        ("PUBLIC_URL", "ombud.example"),
        ("SURVEY_DAY_START", "21"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"OMBUD_{name}", value)
    settings.cache_clear()
    with pytest.raises(Misconfigured, match=r"(?i)" + name.split("_", maxsplit=1)[0]):
        settings()
