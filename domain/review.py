"""The weekly complaint review: meetings, findings about cases, actions that are carried over until done."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint, text
from sqlmodel import Field

from core.types import Json, UtcDateTime
from domain.base import Row


class Review(Row, table=True):
    """One Monday's meeting of one office, about the week that begins on `week` (a Monday).

    `minutes` is what was written down when it ended (`reviews.minutes`), never changed; None before.
    """

    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("office_id", "week"),)

    office_id: UUID = Field(foreign_key="office.id")
    week: date
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    chair_id: UUID | None = Field(default=None, foreign_key="staff.id")
    minutes: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)


class Finding(Row, table=True):
    """Why one complaint happened, and what the meeting decided.

    `whys` are the answers to "why?" asked one after the other, at most five; `why` is the last of them, the root.
    """

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("review_id", "case_id"),)

    review_id: UUID = Field(foreign_key="review.id", index=True)
    case_id: UUID = Field(foreign_key="case.id")
    why: str
    whys: list[str] = Field(default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": text("'[]'")})
    decision: str
    at: datetime = Field(sa_type=UtcDateTime)
    author_id: UUID = Field(foreign_key="staff.id")


class Action(Row, table=True):
    """Something somebody will do by a day. Unfinished ones come back to every meeting of the office until done."""

    __tablename__ = "action"

    review_id: UUID = Field(foreign_key="review.id", index=True)
    office_id: UUID = Field(foreign_key="office.id", index=True)
    case_id: UUID | None = Field(default=None, foreign_key="case.id")
    what: str
    owner_id: UUID = Field(foreign_key="staff.id")
    due_on: date
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_note: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
