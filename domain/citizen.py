"""Citizens and the contact points they are reached through."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field

from channels.values import Channel
from core.types import Encrypted, UtcDateTime
from domain.base import Row


class Citizen(Row, table=True):
    """A person who contacted us or was served."""

    __tablename__ = "citizen"

    name: str | None = Field(default=None, sa_type=Encrypted)
    language: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class ContactPoint(Row, table=True):
    """An address on one channel. Encrypted; found by its blind index; shown to staff only as `hint`."""

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
    created_at: datetime = Field(sa_type=UtcDateTime)
