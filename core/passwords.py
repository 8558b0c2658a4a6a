"""Passwords: argon2id with the library's current parameters."""

from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


def hash_password(password: str) -> str:
    """What is stored of a password. Takes about 0.2 s on purpose."""
    return _hasher().hash(password)


def matches(password: str, stored: str) -> bool:
    """Whether a password is the one that was stored. What is no hash, such as `!`, matches nothing."""
    try:
        return _hasher().verify(password, stored)
    except UnknownHashError:
        return False
