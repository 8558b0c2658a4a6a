"""Policies (targets and ladders, by date), office calendars, and the counting anew when one of them is corrected."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row
from domain.states import CaseKind


class Calendar(Row, table=True):
    """When an office works.

    `week`: weekday 0 (Monday) to 6 → list of ["08:00", "12:00"] spans. `days`: ISO date → spans that replace the
    week's on that day (an empty list is a day off). `country` adds the public holidays of the `holidays` library.
    `weeks`: later weeks, each with the day it counts from, in order: [{"from": "2026-09-01", "week": …, "country": …}].
    `notes`: key of `days` → {"name": what the day is, "announced": ISO date it became known}.
    """

    __tablename__ = "calendar"

    name: str = Field(unique=True)
    time_zone: str
    week: dict[str, list[list[str]]] = Field(sa_type=Json)
    days: dict[str, list[list[str]]] = Field(default_factory=dict, sa_type=Json)
    country: str | None = None
    weeks: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"})
    notes: dict[str, dict[str, str]] = Field(
        default_factory=dict, sa_type=Json, sa_column_kwargs={"server_default": "{}"}
    )


class Policy(Row, table=True):
    """Targets in working hours and the ladder; the most specific one valid on the day a clock starts applies.

    `targets`: clock kind → working hours. `ladder`: steps, each {"share": 0.5, "tell": "officer"} (of the target) or
    {"hours": 24, "of": "working" or "elapsed", "tell": "head"} (an age of the clock), and besides, as
    `escalation.ladder.KEPT` has it, "by": ["sms"] and "citizen": true. `pause_days`: calendar days at most that a
    question to the citizen stops the resolution clock. `urgent_share`: part of each target, and of each age of the
    ladder, that an urgent case is given.

    What happened before `entered_at` is not judged by it (None: it was always known), nor by an end that was entered
    only at `end_entered_at`. `rungs_from`: the number its rungs follow, its own, so that the rungs of two policies are
    never taken for the same.
    """

    __tablename__ = "policy"

    name: str
    office_id: UUID | None = Field(default=None, foreign_key="office.id")
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    kind: CaseKind | None = Field(default=None, sa_type=Text)
    targets: dict[str, float] = Field(sa_type=Json)
    ladder: list[dict[str, object]] = Field(sa_type=Json)
    counts_templated: bool = False
    pause_days: int = 14
    urgent_share: float = Field(default=0.25, sa_column_kwargs={"server_default": "0.25"})
    valid_from: date = date(1970, 1, 1)
    valid_to: date | None = None
    entered_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    end_entered_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    rungs_from: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    note: str = Field(default="", sa_column_kwargs={"server_default": text("''")})


class CorrectionState(StrEnum):
    """Life of a correction."""

    waiting = "waiting"
    done = "done"


class Correction(Row, Claimable, table=True):
    """Counting cases anew after a calendar, a policy or an office's place changed: the row is the job.

    Cases of `office_ids` (also former ones) with a clock that runs, or that ended at `since` or later, up to
    `last_case_id` in order of their ids. `why`: what changed, in sentences. The figures count what everybody may know
    of, see `domain.visibility.countable`.
    """

    __tablename__ = "correction"
    __table_args__ = (Index("ix_correction_state_due_at", "state", "due_at"),)

    kind: str
    row_id: UUID = Field(index=True)
    title: str
    why: list[str] = Field(default_factory=list, sa_type=Json)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    by: str
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    office_ids: list[str] = Field(default_factory=list, sa_type=Json)
    since: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    state: CorrectionState = Field(default=CorrectionState.waiting, sa_type=Text)
    last_case_id: UUID | None = None
    looked_at: int = 0
    moved: int = 0
    became_late: int = 0
    no_longer_late: int = 0
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
