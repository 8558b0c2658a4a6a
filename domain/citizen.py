"""Citizens and the contact points they are reached through."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint, false
from sqlmodel import Field

from channels.values import Channel
from core.types import Encrypted, UtcDateTime
from domain.base import Row


class Citizen(Row, table=True):
    """A person who contacted us or was served.

    `preferred_contact_id` is the contact point they want to be written to first. `fallback` says that a message which
    does not arrive may go to another contact point of theirs.
    """

    __tablename__ = "citizen"

    name: str | None = Field(default=None, sa_type=Encrypted)
    language: str | None = None
    preferred_contact_id: UUID | None = None
    fallback: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    created_at: datetime = Field(sa_type=UtcDateTime)


class ContactPoint(Row, table=True):
    """An address on one channel. Encrypted; found by its blind index; shown to staff only as `hint`.

    `next_send_at`: no message goes there before it (a chat's own rate). `verified_at`: a code sent there came back.
    `no_surveys_at`: no surveys are wanted any more, but answers are.
    """

    __tablename__ = "contact_point"
    __table_args__ = (UniqueConstraint("channel", "address_index"),)

    citizen_id: UUID = Field(foreign_key="citizen.id", index=True)
    channel: Channel = Field(sa_type=Text)
    address: str = Field(sa_type=Encrypted)
    address_index: str
    hint: str
    language: str | None = None
    opted_out_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    unreachable_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    unreachable_why: str | None = None
    poster_office_id: UUID | None = Field(default=None, foreign_key="office.id")
    poster_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_place: str | None = None
    last_survey_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_send_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    no_surveys_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class ContactProof(Row, table=True):
    """A code sent to one contact point to prove that whoever writes from another has both. One use, few tries."""

    __tablename__ = "contact_proof"

    contact_point_id: UUID = Field(foreign_key="contact_point.id", index=True)
    asked_by_id: UUID = Field(foreign_key="contact_point.id", index=True)
    code_hash: str
    attempts: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ContactJoin(Row, table=True):
    """A contact point that moved from one citizen to another, by what proof; and when that was taken back, and why."""

    __tablename__ = "contact_join"

    contact_point_id: UUID = Field(foreign_key="contact_point.id", index=True)
    from_citizen_id: UUID = Field(foreign_key="citizen.id", index=True)
    to_citizen_id: UUID = Field(foreign_key="citizen.id", index=True)
    proof: str
    at: datetime = Field(sa_type=UtcDateTime)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undone_by: UUID | None = Field(default=None, foreign_key="staff.id")
    undone_why: str | None = None
