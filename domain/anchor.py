"""Anchors: one digest a day of where every timeline ended, published so that the past cannot be written anew."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.claims import Claimable
from core.types import UtcDateTime
from domain.base import Row
from domain.states import AnchorState


class Anchor(Row, Claimable, table=True):
    """The digest of one day of the deployment's time zone. Hexadecimal SHA-256, 64 digits.

    `root` is of the day's leaves in order of their case's id, `digest` of the digest before, the day and the root.
    """

    __tablename__ = "anchor"

    day: date = Field(unique=True)
    state: AnchorState = Field(default=AnchorState.waiting, sa_type=Text)
    made_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    leaves: int = 0
    root: str = ""
    previous: str = ""
    digest: str = ""


class AnchorLeaf(SQLModel, table=True):
    """Where one timeline ended that had grown since the anchor before. No foreign key: it outlives what it is about."""

    __tablename__ = "anchor_leaf"
    __table_args__ = (UniqueConstraint("case_id", "length"),)

    anchor_id: UUID = Field(primary_key=True, foreign_key="anchor.id")
    case_id: UUID = Field(primary_key=True)
    reference: str = Field(index=True)
    length: int
    head: str
