"""What a weekly review has before it and leaves behind: the pack, who came, what was checked, what was handed up."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint, text, true
from sqlmodel import Field

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row


class PackState(StrEnum):
    """Life of a pack."""

    waiting = "waiting"
    made = "made"


class ReviewPlan(Row, table=True):
    """What an office chose for its meetings; one that chose nothing has no row.

    `hour` is of the office's own day: when its pack is made on the first working day after the week. `checks` is how
    many closed cases are drawn to be checked. `holds` False: no pack is made by itself.
    """

    __tablename__ = "review_plan"

    office_id: UUID = Field(foreign_key="office.id", unique=True)
    holds: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    hour: int = Field(default=7, sa_column_kwargs={"server_default": text("7")})
    checks: int = Field(default=5, sa_column_kwargs={"server_default": text("5")})
    changed_at: datetime = Field(sa_type=UtcDateTime)
    changed_by: UUID | None = Field(default=None, foreign_key="staff.id")


class ReviewPack(Row, Claimable, table=True):
    """The pack of one office's meeting about the week that begins on `week`: a job, and then what it made.

    `body` is the snapshot (`reviews.snapshot`), never changed once made. `seed` draws the closed cases to be checked;
    it is thrown before anybody knows which these are.
    """

    __tablename__ = "review_pack"
    __table_args__ = (
        UniqueConstraint("office_id", "week"),
        Index("ix_review_pack_state_due_at", "state", "due_at"),
    )

    office_id: UUID = Field(foreign_key="office.id")
    week: date
    state: PackState = Field(default=PackState.waiting, sa_type=Text)
    seed: int = Field(sa_type=BigInteger)
    made_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    body: dict[str, Any] = Field(default_factory=dict, sa_type=Json, sa_column_kwargs={"server_default": text("'{}'")})


class Attendance(Row, table=True):
    """Whether somebody was at a meeting. Who came and left before its end still came."""

    __tablename__ = "review_attendance"
    __table_args__ = (UniqueConstraint("review_id", "staff_id"),)

    review_id: UUID = Field(foreign_key="review.id")
    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    present: bool = True
    at: datetime = Field(sa_type=UtcDateTime)
    by: UUID = Field(foreign_key="staff.id")


class SampleCheck(Row, table=True):
    """What a meeting found in one closed case of its draw: whether it was closed rightly, and what was found."""

    __tablename__ = "review_check"
    __table_args__ = (UniqueConstraint("review_id", "case_id"),)

    review_id: UUID = Field(foreign_key="review.id")
    case_id: UUID = Field(foreign_key="case.id", index=True)
    sound: bool
    note: str = ""
    at: datetime = Field(sa_type=UtcDateTime)
    by: UUID = Field(foreign_key="staff.id")


class Raised(Row, table=True):
    """A case that a meeting handed up: the meeting of `to_office_id` about `week` has it first, with who and why.

    `taken_back_at`: undone in the meeting that raised it.
    """

    __tablename__ = "review_raised"
    __table_args__ = (
        UniqueConstraint("review_id", "case_id"),
        Index("ix_review_raised_to_office_week", "to_office_id", "week"),
    )

    review_id: UUID = Field(foreign_key="review.id")
    case_id: UUID = Field(foreign_key="case.id", index=True)
    from_office_id: UUID = Field(foreign_key="office.id")
    to_office_id: UUID = Field(foreign_key="office.id")
    week: date
    why: str
    at: datetime = Field(sa_type=UtcDateTime)
    by: UUID = Field(foreign_key="staff.id")
    taken_back_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)


class MinutesNote(Row, table=True):
    """A correction of minutes that are out: a dated addition, never a change."""

    __tablename__ = "review_note"

    review_id: UUID = Field(foreign_key="review.id", index=True)
    words: str
    at: datetime = Field(sa_type=UtcDateTime)
    by: UUID = Field(foreign_key="staff.id")
