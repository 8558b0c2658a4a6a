"""Clocks of a case and the rungs of their ladders."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row
from domain.states import ClockKind, ClockState, RungState


class Clock(Row, table=True):
    """One deadline of a case. Seconds; `target_seconds` and `working_seconds` are working time, `elapsed_seconds` not.

    `entry` is the number of the timeline entry that started it. `rungs` are the moments of its ladder, in order:
    [{"number": 1, "tell": "officer", "after": working seconds, "at": ISO time}], or with "age" in elapsed seconds
    instead of "after". Working time is `worked_seconds` up to `counted_from` and from there the calendar of
    `office_id`. `idle_seconds`: elapsed time that no age counts, as a question was open or the clock had ended.
    `paused_until`: when the question to the citizen expires (kept once expired, so that asking again buys no second
    pause until the citizen has written).
    """

    __tablename__ = "clock"
    __table_args__ = (
        UniqueConstraint("case_id", "kind", "entry"),
        Index("ix_clock_state_deadline_at", "state", "deadline_at"),
    )

    case_id: UUID = Field(foreign_key="case.id", index=True)
    kind: ClockKind = Field(sa_type=Text)
    entry: int
    state: ClockState = Field(default=ClockState.running, sa_type=Text)
    office_id: UUID = Field(foreign_key="office.id", index=True)
    policy_id: UUID | None = Field(default=None, foreign_key="policy.id")
    started_at: datetime = Field(sa_type=UtcDateTime)
    target_seconds: int
    deadline_at: datetime = Field(sa_type=UtcDateTime)
    rungs: list[dict[str, object]] = Field(default_factory=list, sa_type=Json)
    worked_seconds: int = 0
    idle_seconds: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    counted_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    elapsed_seconds: int | None = None
    working_seconds: int | None = None


class Rung(Row, Claimable, table=True):
    """A rung of a running clock that is next: a job due at `due_at`, climbed once (unique on clock and number).

    A ladder with steps by working time and by elapsed time has a next one of each.
    """

    __tablename__ = "rung"
    __table_args__ = (
        UniqueConstraint("clock_id", "number"),
        Index("ix_rung_state_due_at", "state", "due_at"),
        # room on each page, so that a claim (no indexed column changes) stays on it and touches no index
        {"postgresql_with": {"fillfactor": 80}},
    )

    clock_id: UUID = Field(foreign_key="clock.id")
    case_id: UUID = Field(foreign_key="case.id")
    number: int
    tell: str
    state: RungState = Field(default=RungState.waiting, sa_type=Text)
    climbed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    told: list[str] = Field(default_factory=list, sa_type=Json)


class Notice(Row, table=True):
    """Something a staff member was told inside the program; unique so that nobody is told twice."""

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("staff_id", "dedupe_key"),)

    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    case_id: UUID | None = Field(default=None, foreign_key="case.id")
    dedupe_key: str
    text: str
    at: datetime = Field(sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
