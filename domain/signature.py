"""What cases are compared by, and what came of counting them: near-duplicates and surges."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row


class Signature(Row, Claimable, table=True):
    """The comparing of one new case with its neighbours: a job due at `due_at`, done once.

    `bands` are hashes of which near-duplicates share at least one.
    """

    __tablename__ = "signature"
    __table_args__ = (Index("ix_signature_state_due_at", "state", "due_at"),)

    case_id: UUID = Field(foreign_key="case.id", unique=True)
    state: str = "waiting"
    bands: list[str] = Field(default_factory=list, sa_type=Json)


class Surge(Row, table=True):
    """More new cases than a season's past explains, at one office or for one service. Counts are of cases received
    since `started_at`."""

    __tablename__ = "surge"
    __table_args__ = (Index("ix_surge_office_over_at", "office_id", "over_at"),)

    office_id: UUID = Field(foreign_key="office.id")
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    started_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    over_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    observed: int
    expected: float
    words: list[str] = Field(default_factory=list, sa_type=Json)
