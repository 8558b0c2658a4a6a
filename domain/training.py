"""Teaching the classifier: each training that was asked for, and what became of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text
from sqlmodel import Field

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row


class RunState(StrEnum):
    """Where a training stands. `trial`: its model runs in the shadow of the one in use."""

    waiting = "waiting"
    trial = "trial"
    done = "done"
    failed = "failed"


class RunResult(StrEnum):
    """What a training, or a person's hand, came to."""

    promoted = "promoted"
    refused = "refused"
    superseded = "superseded"
    nothing_new = "nothing_new"
    rolled_back = "rolled_back"


class TrainingRun(Row, Claimable, table=True):
    """One training: a job due at `due_at`, then a trial that is looked at again at `due_at`.

    A promotion or a return by hand is a row too, done at once. `model` is the name of the stored model, `outcome` says
    in sentences what became of it, `figures` what the decision rests on.
    """

    __tablename__ = "training_run"
    __table_args__ = (Index("ix_training_run_state_due_at", "state", "due_at"),)

    asked_at: datetime = Field(sa_type=UtcDateTime, index=True)
    why: str
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    state: RunState = Field(default=RunState.waiting, sa_type=Text)
    model: str | None = None
    trained_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    result: RunResult | None = Field(default=None, sa_type=Text)
    outcome: list[str] = Field(default_factory=list, sa_type=Json)
    figures: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
