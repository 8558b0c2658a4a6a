"""API keys, training labels and the catalogue's revision."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from core.types import Json, UtcDateTime
from domain.base import Row


class Scope(StrEnum):
    """What an API key may do; each includes the one before."""

    read = "read"
    write = "write"
    admin = "admin"


class LabelSource(StrEnum):
    """What staff did that told what a text is about."""

    triage = "triage"
    transfer = "transfer"
    accepted = "accepted"
    corrected = "corrected"


class ApiKey(Row, table=True):
    """A key of an agency's system. Only its hash is stored; `prefix` helps to tell keys apart. With `office_id` it
    reaches no further than that office and those below. `last_used_at` is to the minute."""

    __tablename__ = "api_key"

    name: str
    scope: Scope = Field(sa_type=Text)
    prefix: str
    key_hash: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    office_id: UUID | None = Field(default=None, foreign_key="office.id")
    made_by: UUID | None = Field(default=None, foreign_key="staff.id")
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TrainingLabel(Row, table=True):
    """What staff said a text was really about. The last one not withdrawn counts; old ones fade in training."""

    __tablename__ = "training_label"

    case_id: UUID = Field(foreign_key="case.id", index=True)
    service_id: UUID = Field(foreign_key="service.id")
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    source: LabelSource = Field(default=LabelSource.triage, sa_type=Text, sa_column_kwargs={"server_default": "triage"})
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CatalogueChange(Row, table=True):
    """One change to what is set up (offices, services, areas, rules, staff, keys …) and by whom: before and after as
    they stood; None is not there."""

    __tablename__ = "catalogue_change"

    kind: str
    row_id: UUID = Field(index=True)
    title: str
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    by: str
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    before: dict[str, object] | None = Field(default=None, sa_type=Json, nullable=True)
    after: dict[str, object] | None = Field(default=None, sa_type=Json, nullable=True)


class CatalogueRevision(SQLModel, table=True):
    """One row that counts changes to offices, services, jurisdictions, policies and calendars."""

    __tablename__ = "catalogue_revision"

    id: int = Field(default=1, primary_key=True)
    number: int = 0
