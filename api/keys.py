"""Keys of agencies' systems: made once, shown once, kept as a hash."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select, update

from core.crypto import token_hash
from core.errors import BadInput, NotFound
from core.ids import new_id
from core.texts import clean
from domain.access import ApiKey, Scope
from domain.catalogue import catalogue
from domain.visibility import SYSTEM_KEY, Viewer, viewer_of_key

PREFIX = "ombud_"
USED_EVERY = timedelta(minutes=1)
"""How exactly it is kept when a key was last used."""
_RANK = {Scope.read: 0, Scope.write: 1, Scope.admin: 2}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who calls: the key's name says which system, and its scope what it may do."""

    key_id: UUID
    name: str
    scope: Scope
    viewer: Viewer = SYSTEM_KEY
    stale: bool = False
    """Whether it should be kept that the key was used just now."""

    def may(self, scope: Scope) -> bool:
        """Whether the scope includes another one."""
        return _RANK[self.scope] >= _RANK[scope]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh key. `secret` is all a caller sends; it is never to be seen again."""

    secret: str
    key: ApiKey


def create(
    session: Session,
    name: str,
    scope: Scope,
    now: datetime,
    *,
    office_id: UUID | None = None,
    expires_at: datetime | None = None,
    made_by: UUID | None = None,
) -> NewKey:
    """Make a key. Keys of one name are one system: what either posted counts as posted by the other, so that a key
    can be replaced. With an office it reads no further than that and those below, and reports for no other.

    Raises BadInput for an empty or overlong name."""
    name = clean(name)
    if not 1 <= len(name) <= 80:
        raise BadInput("The key's name is empty or too long.", mend="Name the system, in at most 80 characters.")
    prefix = secrets.token_hex(4)
    secret = f"{PREFIX}{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey(id=new_id(), name=name, scope=scope, prefix=prefix, key_hash=token_hash(secret), created_at=now)
    key.office_id, key.expires_at, key.made_by = office_id, expires_at, made_by
    session.add(key)
    return NewKey(secret, key)


def verify(session: Session, secret: str, now: datetime) -> Holder | None:
    """Who a key belongs to; None when there is no such key, it was revoked or its time is over."""
    if not secret.startswith(PREFIX) or len(secret) > 200 or not secret.isascii():
        return None
    key = session.exec(select(ApiKey).where(col(ApiKey.key_hash) == token_hash(secret))).first()
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        return None
    viewer = viewer_of_key(catalogue(session), key.office_id)
    stale = key.last_used_at is None or now - key.last_used_at > USED_EVERY
    return Holder(key.id, key.name, Scope(key.scope), viewer, stale)


def used(session: Session, holder: Holder, now: datetime) -> None:
    """Keep that a key was used."""
    session.execute(update(ApiKey).where(col(ApiKey.id) == holder.key_id).values(last_used_at=now))


def revoke(session: Session, prefix: str, now: datetime) -> ApiKey:
    """End a key, known by the eight characters after `ombud_`. Raises NotFound."""
    wanted = prefix.removeprefix(PREFIX).partition("_")[0]
    key = session.exec(select(ApiKey).where(col(ApiKey.prefix) == wanted)).first()
    if key is None:
        raise NotFound(f"There is no key {wanted!r}.", mend="List them with `ombud api-key list`.")
    key.revoked_at = key.revoked_at or now
    session.add(key)
    return key
