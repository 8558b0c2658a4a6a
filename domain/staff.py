"""Staff, their roles per office, and their signed-in sessions."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint, text
from sqlmodel import Field

from core.crypto import blind_index
from core.types import Encrypted, Json, UtcDateTime
from domain.base import Row
from domain.states import Role


class Staff(Row, table=True):
    """A person who signs in. The e-mail is looked up by its blind index."""

    __tablename__ = "staff"

    name: str
    email: str = Field(sa_type=Encrypted)
    email_index: str = Field(unique=True)
    password_hash: str
    language: str = "en"
    active: bool = True
    failed_attempts: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


def email_index(email: str) -> str:
    """Blind index that a staff member's e-mail address is found by; case and outer spaces do not count."""
    return blind_index("staff e-mail", email.strip().casefold())


class StaffRole(Row, table=True):
    """One role of one person at one office."""

    __tablename__ = "staff_role"
    __table_args__ = (UniqueConstraint("staff_id", "office_id", "role"),)

    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    office_id: UUID = Field(foreign_key="office.id", index=True)
    role: Role = Field(sa_type=Text)


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
    """A signed-in browser. Only the hash of its token is stored. `sorting` is what was done with it at the triage
    desk."""

    __tablename__ = "staff_session"

    token_hash: str = Field(unique=True)
    csrf: str
    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    agent: str = ""
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sorting: dict[str, object] = Field(
        default_factory=dict, sa_type=Json, sa_column_kwargs={"server_default": text("'{}'")}
    )
