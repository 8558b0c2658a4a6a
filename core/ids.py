"""Identifiers: time-ordered row ids, and the public reference of a case.

A reference is seven random letters of Crockford's base 32 (no I, L, O, U) and a check character (ISO 7064 hybrid
system, modulus 33/32), written in two groups: `K7QF-3M9V`. 35 random bits: knowing one tells nothing of another, and
guessing is slowed by the rate limit of the tracking page.
"""

import re
import secrets
from uuid import UUID

import uuid_utils
import uuid_utils.compat
from stdnum.iso7064 import mod_37_36

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
_CANDIDATE = re.compile(r"(?<![0-9A-Za-z])([0-9A-Za-z]{4})[-\s–—]?([0-9A-Za-z]{4})(?![0-9A-Za-z])")


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): unique everywhere, and in order of creation for the index."""
    return uuid_utils.compat.uuid7()


def new_key() -> str:
    """The text of a `new_id`, for rows that are written by the thousand: a third of the time."""
    return str(uuid_utils.uuid7())


def new_reference() -> str:
    """A fresh public reference such as `K7QF-3M9V`."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return _grouped(body + mod_37_36.calc_check_digit(body, alphabet=ALPHABET))


def normalise_reference(text: str) -> str | None:
    """The reference a person meant (lower case, spaces, O for 0, I or L for 1 forgiven), or None if its check fails."""
    letters = re.sub(r"[\s\-–—_.]", "", text).upper().translate(_MISREAD)
    if len(letters) != LENGTH or any(letter not in ALPHABET for letter in letters):
        return None
    return _grouped(letters) if mod_37_36.checksum(letters, alphabet=ALPHABET) == 1 else None


def find_reference(text: str) -> str | None:
    """The first valid reference inside a longer text, or None."""
    for match in _CANDIDATE.finditer(text):
        letters = match.group(1) + match.group(2)
        # a plain word of eight letters passes the check once in 32; a reference carries a digit or its hyphen
        if not any(c.isdigit() for c in letters) and len(match.group(0)) == LENGTH:
            continue
        if reference := normalise_reference(letters):
            return reference
    return None


def _grouped(letters: str) -> str:
    return f"{letters[:4]}-{letters[4:]}"
