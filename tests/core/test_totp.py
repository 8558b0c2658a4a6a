"""Codes of authenticator apps, against the tables of RFC 6238, and what a code may be used for."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [  # RFC 6238, appendix B, SHA-1: the last six of its eight digits
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert totp.code_at(SECRET, seconds // totp.PERIOD) == code


@given(ahead=st.integers(-5, 5), used=st.integers(-5, 5))
def test_a_code_counts_one_step_around_now_and_only_after_the_last_one_used(ahead: int, used: int) -> None:
    here = totp.step_at(NOW)
    typed = totp.code_at(SECRET, here + ahead)
    found = totp.step_of(SECRET, typed, NOW, here + used)
    assert found == (here + ahead if abs(ahead) <= totp.DRIFT and ahead > used else None)


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "0" * 40, "１２３４５６", "\x00"])
def test_what_is_no_code_opens_nothing(typed: str) -> None:
    assert totp.step_of(SECRET, typed, NOW, 0) is None


def test_each_secret_is_another_and_the_square_carries_it() -> None:
    secret = totp.new_secret()
    assert secret != totp.new_secret()
    assert len(base64.b32decode(secret)) == 20
    said = totp.address(secret, "a b@x.example", "Republic of: Velmora & Co")
    assert said.startswith("otpauth://totp/Republic%20of%20%20Velmora%20%26%20Co:a%20b%40x.example?")
    assert f"secret={secret}&" in said
    assert totp.step_of(secret, totp.code_at(secret, totp.step_at(NOW + timedelta(seconds=20))), NOW, 0)
