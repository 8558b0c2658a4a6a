"""Encryption at rest (AES-256-GCM with key ids), the blind index of encrypted values, and the timeline's seal."""

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import Tampered
from core.settings import settings

_NONCE = 12  # bytes, NIST SP 800-38D


@dataclass(frozen=True)
class Cipher:
    """Encrypts with the first key of the ring and decrypts with any, so keys rotate without a stop."""

    ring: dict[str, bytes]
    index_key: bytes
    seal_key: bytes

    @cached_property
    def _ciphers(self) -> dict[str, AESGCM]:
        return {key_id: AESGCM(key) for key_id, key in self.ring.items()}

    @cached_property
    def current(self) -> str:
        """Id of the key that new values are written with."""
        return next(iter(self.ring))

    def encrypt(self, text: str) -> str:
        """`keyid.base64(nonce + ciphertext)`; the key id is authenticated too."""
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[self.current].encrypt(nonce, text.encode(), self.current.encode())
        return f"{self.current}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def decrypt(self, stored: str) -> str:
        """Undo `encrypt`. Raises Tampered when the key is missing or the value was changed."""
        key_id, _, text = stored.partition(".")
        if key_id not in self._ciphers:
            raise Tampered(
                f"A stored value needs the encryption key {key_id!r}.", mend="Add it to OMBUD_ENCRYPTION_KEYS again."
            )
        try:
            raw = base64.urlsafe_b64decode(text)
            return self._ciphers[key_id].decrypt(raw[:_NONCE], raw[_NONCE:], key_id.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise Tampered("An encrypted value was changed in the database or its key is another.") from error

    def encrypt_bytes(self, data: bytes, about: bytes) -> tuple[str, bytes]:
        """The key's id, and nonce + ciphertext of `data`, which opens only together with the same `about`."""
        nonce = os.urandom(_NONCE)
        return self.current, nonce + self._ciphers[self.current].encrypt(nonce, data, self.current.encode() + about)

    def decrypt_bytes(self, key_id: str, raw: bytes, about: bytes) -> bytes:
        """Undo `encrypt_bytes`. Raises Tampered when the key is missing or anything was changed."""
        if key_id not in self._ciphers:
            raise Tampered(
                f"A stored file needs the encryption key {key_id!r}.", mend="Add it to OMBUD_ENCRYPTION_KEYS again."
            )
        try:
            return self._ciphers[key_id].decrypt(raw[:_NONCE], raw[_NONCE:], key_id.encode() + about)
        except (InvalidTag, ValueError) as error:
            raise Tampered("A stored file was changed on the disk, or its key is another.") from error

    def blind_index(self, kind: str, value: str) -> str:
        """HMAC-SHA256 of a contact detail, so equal ones are found without being readable."""
        return hmac.new(self.index_key, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()

    def seal(self, message: bytes) -> str:
        """HMAC-SHA256 under the seal key: somebody with only the database cannot make a valid one."""
        return hmac.new(self.seal_key, message, hashlib.sha256).hexdigest()


def _derive(purpose: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), b"ombud " + purpose.encode(), hashlib.sha256).digest()


@lru_cache(maxsize=4)
def _cipher(keys: tuple[tuple[str, bytes], ...], index_key: str, secret: str) -> Cipher:
    index = base64.b64decode(index_key) if index_key else _derive("blind index", secret)
    return Cipher(dict(keys), index, _derive("timeline seal", secret))


def cipher() -> Cipher:
    """Cipher of this installation's settings."""
    current = settings()
    return _cipher(tuple(current.key_ring().items()), current.index_key, current.secret_key)


def encrypt(text: str) -> str:
    """Encrypt with the installation's newest key."""
    return cipher().encrypt(text)


def decrypt(stored: str) -> str:
    """Decrypt with whichever of the installation's keys it needs. Raises Tampered."""
    return cipher().decrypt(stored)


def blind_index(kind: str, value: str) -> str:
    """Look-up key of a contact detail; `kind` keeps phone and Telegram ids apart."""
    return cipher().blind_index(kind, value)


def mask(address: str) -> str:
    """What staff may see of an address: its last three characters."""
    return f"…{address[-3:]}" if len(address) > 4 else "…"


def token() -> str:
    """A fresh unguessable token, safe in a URL (256 bits)."""
    return base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()


def token_hash(value: str) -> str:
    """What is stored of a token. High entropy, so a plain SHA-256 is enough."""
    return hashlib.sha256(value.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Constant-time comparison."""
    return hmac.compare_digest(left.encode(), right.encode())
