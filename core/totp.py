"""Codes of an authenticator app (RFC 6238: SHA-1, six digits, every 30 seconds), which is what all of them speak."""

import base64
import hashlib
import hmac
import os
from datetime import datetime
from urllib.parse import quote, urlencode

PERIOD = 30
"""Seconds of one step."""
DIGITS = 6
DRIFT = 1
"""Steps a telephone's clock may be ahead or behind."""
_SECRET = 20
"""Bytes of a secret: as many as SHA-1 gives (RFC 4226, section 4)."""


def new_secret() -> str:
    """A fresh secret in base 32, as apps take it by hand."""
    return base64.b32encode(os.urandom(_SECRET)).decode()


def step_at(now: datetime) -> int:
    """The step a moment falls into."""
    return int(now.timestamp()) // PERIOD


def code_at(secret: str, step: int) -> str:
    """The six digits of a step."""
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(secret: str, typed: str, now: datetime, after: int) -> int | None:
    """The step whose code was typed, within the drift and later than the step `after`; None for a wrong or used one."""
    here, found = step_at(now), None
    for step in range(here - DRIFT, here + DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), typed.encode()) and step > after:
            found = step
    return found


def address(secret: str, name: str, issuer: str) -> str:
    """What the square says: an otpauth:// address that authenticator apps read."""
    issuer = issuer.replace(":", " ")
    query = urlencode({"secret": secret, "issuer": issuer, "digits": DIGITS, "period": PERIOD}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(name)}?{query}"
