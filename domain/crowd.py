"""The same matter, many times: what a case is like, what its lead's answer still owes to it, and surges."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row
from domain.states import LikenessState, RelayState, RelayWhat


class Likeness(Row, Claimable, table=True):
    """The comparing of one case with those of its office: a job due at `due_at`, and what came of it.

    `like_id` is the case that should lead, or leads, it; `alike` how much their words are the same, 0 to 1, and `why`
    what speaks for it, in words.
    """

    __tablename__ = "likeness"
    __table_args__ = (Index("ix_likeness_state_due_at", "state", "due_at"),)

    case_id: UUID = Field(foreign_key="case.id", unique=True)
    state: LikenessState = Field(default=LikenessState.waiting, sa_type=Text)
    like_id: UUID | None = Field(default=None, foreign_key="case.id", index=True)
    alike: float = 0.0
    why: str = ""
    joined_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Relay(Row, Claimable, table=True):
    """What happened to a lead and is still to happen to one of its members: a job, done once.

    `entry` is the number of the lead's timeline entry that says it: an answer, a closing, another office. `staff_id`
    decided it, who is called `by`.
    """

    __tablename__ = "relay"
    __table_args__ = (
        UniqueConstraint("case_id", "lead_id", "entry"),
        Index("ix_relay_state_due_at", "state", "due_at"),
    )

    case_id: UUID = Field(foreign_key="case.id")
    lead_id: UUID = Field(foreign_key="case.id", index=True)
    entry: int
    what: RelayWhat = Field(sa_type=Text)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    by: str = ""
    state: RelayState = Field(default=RelayState.waiting, sa_type=Text)


class Surge(Row, table=True):
    """More new cases than an office's own past explains, in all or about one service; its and those of the offices
    below it.

    `observed` are the cases received in the `window_seconds` before `seen_at`, `expected` what the past lets expect
    there. `above_at` is when the office above was told as well.
    """

    __tablename__ = "surge"
    __table_args__ = (Index("ix_surge_office_over_at", "office_id", "over_at"),)

    office_id: UUID = Field(foreign_key="office.id")
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    started_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    over_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    above_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    window_seconds: int
    observed: int
    expected: float
    words: list[str] = Field(default_factory=list, sa_type=Json)
