"""Clocks of a case and the rungs of their ladders; and the case's next deadline, kept beside them.

`Case.due_at` is what every queue is sorted by, so it stands in the case itself. One place keeps it: whenever a flush
writes a clock, `_keep` writes the deadline with it. Whoever writes clocks past the ORM calls `settle_due`.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Index, Text, UniqueConstraint, event, func, inspect, select, update
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row
from domain.case import Case
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


def next_due(clocks: Iterable[Clock]) -> datetime | None:
    """The first deadline of the clocks that run; None when none does."""
    return min((clock.deadline_at for clock in clocks if clock.state == ClockState.running), default=None)


def settle_due(connection: Connection, case_ids: Collection[UUID] | None = None) -> None:
    """Bring the next deadlines in line with the clocks in the database, of these cases or of all."""
    first = (
        select(func.min(col(Clock.deadline_at)))
        .where(col(Clock.case_id) == col(Case.id), col(Clock.state) == ClockState.running)
        .correlate(Case)
        .scalar_subquery()
    )
    statement = update(Case).values(due_at=first)
    connection.execute(statement if case_ids is None else statement.where(col(Case.id).in_(case_ids)))


@event.listens_for(Session, "before_flush")
def _keep(session: Session, _: Any, __: Any) -> None:
    """The deadline of every case a clock of which is about to be written."""
    moved = {row.case_id for row in (*session.new, *session.dirty) if isinstance(row, Clock) and _moves(row)}
    if not moved:
        return
    clocks: dict[UUID, list[Clock]] = {case_id: [] for case_id in moved}
    cases = {row.id: row for row in session.new if isinstance(row, Case) and row.id in moved}
    for row in session.new:
        if isinstance(row, Clock) and row.case_id in moved:
            clocks[row.case_id].append(row)
    with session.no_autoflush:
        if stored := moved - cases.keys():
            for row in session.scalars(select(Clock).where(col(Clock.case_id).in_(stored))):
                clocks[row.case_id].append(row)
        for case_id in moved:
            case = cases.get(case_id) or session.get(Case, case_id)
            if case is not None and case.due_at != (due := next_due(clocks[case_id])):
                case.due_at = due


def _moves(clock: Clock) -> bool:
    """Whether what is to be written of a clock may move the next deadline."""
    known = inspect(clock).attrs
    return bool(known["state"].history.has_changes() or known["deadline_at"].history.has_changes())
