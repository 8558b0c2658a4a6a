"""Sealed answers: what a device at a door writes, and only this installation can read.

The device makes a fresh P-256 key for each answer, agrees on a secret with the installation's public key (ECDH),
stretches it (HKDF-SHA256, salted with both public keys) and encrypts once (AES-256-GCM). It forgets the fresh key, so
not even itself can read its queue again. Bytes: 1 (version), 65 (fresh public key), 12 (nonce), ciphertext with tag.

There is one pair of keys for each key of the ring, derived from it, so nothing more has to be kept or backed up; a key
that stays in the ring goes on opening what was sealed to it before a rotation.
"""

import base64
import hashlib
import os
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.errors import NotFound, Tampered
from core.settings import settings

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256, SEC 2
_VERSION, _POINT, _NONCE, _TAG = b"\x01", 65, 12, 16
_INFO = b"ombud sealed answer 1"


@dataclass(frozen=True)
class Opener:
    """One pair of keys: the public half is given to devices, the private half never leaves this process."""

    private: ec.EllipticCurvePrivateKey

    @cached_property
    def public(self) -> bytes:
        """The public key as an uncompressed point, as Web Crypto calls raw."""
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @cached_property
    def id(self) -> str:
        """Fingerprint of the public key, so that equal key ids of two rings are not taken for one another."""
        return hashlib.sha256(self.public).hexdigest()[:16]

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """What was sealed `about` something. Raises Tampered when a bit of it, or what it is about, was changed."""
        body = 1 + _POINT + _NONCE
        if len(sealed) < body + _TAG or sealed[:1] != _VERSION:
            raise Tampered("A sealed answer is cut short or of an unknown version.")
        point, nonce = sealed[1 : 1 + _POINT], sealed[1 + _POINT : body]
        try:
            fresh = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)
            secret = self.private.exchange(ec.ECDH(), fresh)
            return AESGCM(_stretch(secret, point + self.public)).decrypt(nonce, sealed[body:], about)
        except (InvalidTag, ValueError) as error:
            raise Tampered("A sealed answer was changed, or sealed for another place.") from error


def _stretch(secret: bytes, salt: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, _INFO).derive(secret)


def seal(message: bytes, about: bytes, public: bytes) -> bytes:
    """Seal as a device does; the server itself seals only to check that it opens."""
    fresh = ec.generate_private_key(_CURVE)
    point = fresh.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = fresh.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public))
    nonce = os.urandom(_NONCE)
    return _VERSION + point + nonce + AESGCM(_stretch(secret, point + public)).encrypt(nonce, message, about)


def opener_of(key: bytes) -> Opener:
    """The pair derived from one 32-byte key of the ring."""
    # 48 bytes, so that the remainder leans to no number (FIPS 186-5, A.2.1)
    stretched = HKDF(hashes.SHA256(), 48, None, b"ombud answer key").derive(key)
    return Opener(ec.derive_private_key(int.from_bytes(stretched) % (_ORDER - 1) + 1, _CURVE))


@lru_cache(maxsize=4)
def _openers(ring: tuple[bytes, ...]) -> dict[str, Opener]:
    return {opener.id: opener for opener in map(opener_of, ring)}


def openers() -> dict[str, Opener]:
    """The pairs of this installation by their fingerprints, newest first."""
    return _openers(tuple(settings().key_ring().values()))


def current() -> Opener:
    """The pair that devices seal to now."""
    return next(iter(openers().values()))


def unseal(sealed: str, key_id: str, about: str) -> bytes:
    """What a device sealed (base64url). Raises Tampered; NotFound when no key of the ring has that fingerprint."""
    opener = openers().get(key_id)
    if opener is None:
        raise NotFound(
            "A device sealed its answers with a key this installation does not have any more.",
            mend="Add the old key to OMBUD_ENCRYPTION_KEYS again, behind the new one, until every tablet is empty.",
        )
    try:
        raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise Tampered("A sealed answer is not base64url.") from error
    return opener.open(raw, about.encode())
