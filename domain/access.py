"""API keys, training labels and the catalogue's revision."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from core.types import UtcDateTime
from domain.base import Row


class Scope(StrEnum):
    """What an API key may do; each includes the one before."""

    read = "read"
    write = "write"
    admin = "admin"


class ApiKey(Row, table=True):
    """A key of an agency's system. Only its hash is stored; `prefix` helps to tell keys apart."""

    __tablename__ = "api_key"

    name: str
    scope: Scope = Field(sa_type=Text)
    prefix: str
    key_hash: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TrainingLabel(Row, table=True):
    """A correction by staff: what a text was really about."""

    __tablename__ = "training_label"

    case_id: UUID = Field(foreign_key="case.id", index=True)
    service_id: UUID = Field(foreign_key="service.id")
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    at: datetime = Field(sa_type=UtcDateTime)


class CatalogueRevision(SQLModel, table=True):
    """One row that counts changes to offices, services, jurisdictions, policies and calendars."""

    __tablename__ = "catalogue_revision"

    id: int = Field(default=1, primary_key=True)
    number: int = 0
