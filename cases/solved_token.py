"""The link in a mail that asks whether a case is solved: it names the question and cannot be guessed."""

import base64
from uuid import UUID

from core.crypto import cipher, same

_MAC = 16  # bytes


def token_of(question_id: UUID) -> str:
    """The token of a question."""
    return base64.urlsafe_b64encode(question_id.bytes + _mac(question_id)).rstrip(b"=").decode()


def question_of(token: str) -> UUID | None:
    """The question a token is for; None when it was not made here."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    if len(raw) != 16 + _MAC:
        return None
    question_id = UUID(bytes=raw[:16])
    return question_id if same(raw[16:].hex(), _mac(question_id).hex()) else None


def _mac(question_id: UUID) -> bytes:
    return bytes.fromhex(cipher().seal(b"solved " + question_id.bytes))[:_MAC]
