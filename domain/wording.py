"""Wordings: a deployment's own words for a message, instead of those Ombud ships."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from core.types import UtcDateTime
from domain.base import Row


class Wording(Row, table=True):
    """One version of one message in one language; the newest that is active is used. Old ones are kept."""

    __tablename__ = "wording"
    __table_args__ = (UniqueConstraint("name", "language", "version"),)

    name: str
    language: str
    version: int
    body: str
    active: bool = True
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    at: datetime = Field(sa_type=UtcDateTime)
