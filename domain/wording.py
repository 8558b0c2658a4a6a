"""Wordings: a deployment's own words for a message, instead of those Ombud ships."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint, text
from sqlmodel import Field

from core.types import UtcDateTime
from domain.base import Row


class WordingState(StrEnum):
    """Life of one version: it waits, is in use, or was followed by another, returned to who wrote it, or withdrawn."""

    draft = "draft"
    published = "published"
    replaced = "replaced"
    returned = "returned"
    withdrawn = "withdrawn"


class Wording(Row, table=True):
    """One version of one message in one language. At most one is published, by somebody other than who wrote it; it is
    sent. At most one, the newest, waits for that. `staff_id` wrote it, None for the command line; `decided_by`
    published or returned it, the latter for a `reason`. Old ones are kept."""

    __tablename__ = "wording"
    __table_args__ = (UniqueConstraint("name", "language", "version"),)

    name: str
    language: str
    version: int
    body: str
    state: WordingState = Field(
        default=WordingState.draft, sa_type=Text, sa_column_kwargs={"server_default": text("'draft'")}
    )
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    at: datetime = Field(sa_type=UtcDateTime)
    decided_by: UUID | None = Field(default=None, foreign_key="staff.id")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
