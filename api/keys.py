"""Keys of agencies' systems: made once, shown once, kept as a hash."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from core.crypto import token_hash
from core.errors import BadInput, NotFound
from core.ids import new_id
from core.texts import clean
from domain.access import ApiKey, Scope

PREFIX = "ombud_"
_RANK = {Scope.read: 0, Scope.write: 1, Scope.admin: 2}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who calls: the key's name says which system, and its scope what it may do."""

    key_id: UUID
    name: str
    scope: Scope

    def may(self, scope: Scope) -> bool:
        """Whether the scope includes another one."""
        return _RANK[self.scope] >= _RANK[scope]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh key. `secret` is all a caller sends; it is never to be seen again."""

    secret: str
    key: ApiKey


def create(session: Session, name: str, scope: Scope, now: datetime) -> NewKey:
    """Make a key. Keys of one name are one system: what either posted counts as posted by the other, so that a key
    can be replaced. Raises BadInput for an empty or overlong name."""
    name = clean(name)
    if not 1 <= len(name) <= 80:
        raise BadInput("The key's name is empty or too long.", mend="Name the system, in at most 80 characters.")
    prefix = secrets.token_hex(4)
    secret = f"{PREFIX}{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey(id=new_id(), name=name, scope=scope, prefix=prefix, key_hash=token_hash(secret), created_at=now)
    session.add(key)
    return NewKey(secret, key)


def verify(session: Session, secret: str) -> Holder | None:
    """Who a key belongs to; None when there is no such key or it was revoked."""
    if not secret.startswith(PREFIX) or len(secret) > 200 or not secret.isascii():
        return None
    key = session.exec(select(ApiKey).where(col(ApiKey.key_hash) == token_hash(secret))).first()
    if key is None or key.revoked_at is not None:
        return None
    return Holder(key.id, key.name, Scope(key.scope))


def revoke(session: Session, prefix: str, now: datetime) -> ApiKey:
    """End a key, known by the eight characters after `ombud_`. Raises NotFound."""
    wanted = prefix.removeprefix(PREFIX).partition("_")[0]
    key = session.exec(select(ApiKey).where(col(ApiKey.prefix) == wanted)).first()
    if key is None:
        raise NotFound(f"There is no key {wanted!r}.", mend="List them with `ombud api-key list`.")
    key.revoked_at = key.revoked_at or now
    session.add(key)
    return key
