"""What a browser carries from one step of signing in to the next: sealed, short-lived, and void once anything changed.

Nothing of it is stored: a step that is never finished leaves nothing behind.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.crypto import decrypt, encrypt, token_hash
from core.errors import Tampered
from domain.staff import Staff

MINUTES = 10


@dataclass(frozen=True, slots=True)
class Ticket:
    """Whose it is, and what the step before wrote on it."""

    staff_id: UUID
    mark: str
    extra: str


def issue(what: str, person: Staff, now: datetime, extra: str = "") -> str:
    """A ticket for the step `what`. It counts until the person's password or second factor is another."""
    until = (now + timedelta(minutes=MINUTES)).timestamp()
    return encrypt(json.dumps([what, str(person.id), mark_of(person), until, extra]))


def read(what: str, text: str, now: datetime) -> Ticket | None:
    """The ticket of a form; None for one that is too old, of another step, or not ours."""
    try:
        kind, staff_id, mark, until, extra = json.loads(decrypt(text[:4000]))
    except (Tampered, ValueError):
        return None
    if kind != what or now.timestamp() > until:
        return None
    return Ticket(UUID(staff_id), mark, extra)


def mark_of(person: Staff) -> str:
    """What changes with whatever a person signs in with."""
    return token_hash(f"{person.password_hash} {person.factor_since} {person.active}")[:24]
