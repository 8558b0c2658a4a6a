"""Staff, their roles per office, what they sign in with, and their signed-in sessions."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Text, UniqueConstraint, or_, text
from sqlmodel import Field, col

from core.claims import Claimable
from core.crypto import blind_index
from core.types import Encrypted, Json, UtcDateTime
from domain.base import Row
from domain.states import Role

NO_PASSWORD = "!"  # noqa: S105  (no password has this hash, so none opens the account)


class LinkKind(StrEnum):
    """What a link to choose a password was made for."""

    invite = "invite"
    reset = "reset"


class MailState(StrEnum):
    """Life of the e-mail that carries a link; `none` is handed over by a person instead."""

    none = "none"
    queued = "queued"
    sent = "sent"
    failed = "failed"


class Staff(Row, table=True):
    """A person who signs in. The e-mail is looked up by its blind index, and so is who they are at the identity
    provider (`subject_index`). `factor_secret` is the key of their authenticator, and `factor_step` the step of its
    last used code, so that none counts twice."""

    __tablename__ = "staff"

    name: str
    email: str = Field(sa_type=Encrypted)
    email_index: str = Field(unique=True)
    password_hash: str
    language: str = "en"
    active: bool = True
    failed_attempts: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    factor_secret: str | None = Field(default=None, sa_type=Encrypted)
    factor_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    factor_step: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    subject_index: str | None = Field(default=None, unique=True)


def email_index(email: str) -> str:
    """Blind index that a staff member's e-mail address is found by; case and outer spaces do not count."""
    return blind_index("staff e-mail", email.strip().casefold())


def subject_index(issuer: str, subject: str) -> str:
    """Blind index of a person at an identity provider: its address and the name it knows them by for good."""
    return blind_index("identity", f"{issuer} {subject}")


class StaffRole(Row, table=True):
    """One role of one person at one office; since when and by whom, where that is known. It counts until `ends_at`, the
    end of its last day at the office, if it has one (`in_force`); whoever asks who somebody is asks with that."""

    __tablename__ = "staff_role"
    __table_args__ = (UniqueConstraint("staff_id", "office_id", "role"),)

    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    office_id: UUID = Field(foreign_key="office.id", index=True)
    role: Role = Field(sa_type=Text)
    given_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    given_by: UUID | None = Field(default=None, foreign_key="staff.id")
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def in_force(now: datetime) -> ColumnElement[bool]:
    """SQL predicate over `StaffRole`: the roles that count at a moment."""
    return or_(col(StaffRole.ends_at).is_(None), col(StaffRole.ends_at) > now)


class RecoveryCode(Row, table=True):
    """A code that stands in once for a lost authenticator. Its blind index is kept: the database alone guesses none."""

    __tablename__ = "recovery_code"

    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    code_index: str = Field(unique=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StaffLink(Row, Claimable, table=True):
    """A link by which a person chooses a password: good once, until `expires_at`. The row is also the job of mailing
    it; the token is worked out from its id under a key that is not in the database, and only its hash is stored.
    `made_by` is None for a link somebody asked for themselves."""

    __tablename__ = "staff_link"
    __table_args__ = (Index("ix_staff_link_state_due_at", "state", "due_at"),)

    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    kind: LinkKind = Field(sa_type=Text)
    token_hash: str = Field(unique=True)
    made_by: UUID | None = Field(default=None, foreign_key="staff.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: MailState = Field(default=MailState.none, sa_type=Text)


class Absence(Row, table=True):
    """Days on which a person does not work: from `first_day` to `last_day`, both included, by the office's calendar
    day. `stand_in_id` gets what cannot wait."""

    __tablename__ = "absence"

    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    first_day: date
    last_day: date
    stand_in_id: UUID | None = Field(default=None, foreign_key="staff.id")
    reason: str = ""
    entered_by: UUID | None = Field(default=None, foreign_key="staff.id")
    entered_at: datetime = Field(sa_type=UtcDateTime)


class StaffSession(Row, table=True):
    """A signed-in browser. Only the hash of its token is stored. `last_seen_at` is to the minute; `sorting` is what was
    done with it at the triage desk."""

    __tablename__ = "staff_session"

    token_hash: str = Field(unique=True)
    csrf: str
    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    agent: str = ""
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sorting: dict[str, object] = Field(
        default_factory=dict, sa_type=Json, sa_column_kwargs={"server_default": text("'{}'")}
    )
