"""The weekly complaint review: meetings, findings about cases, actions that are carried over and climb until done."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Text, UniqueConstraint, and_, or_, text
from sqlmodel import Field, col

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row
from domain.states import RungState


class ActionStep(StrEnum):
    """Whom a rung of an action's ladder tells, from the nearest upwards."""

    owner = "owner"
    head = "head"
    parent_office = "parent_office"
    leadership = "leadership"


class ActionAct(StrEnum):
    """What happens to an action."""

    done = "done"
    dropped = "dropped"
    taken_back = "taken_back"
    moved = "moved"
    handed_over = "handed_over"
    climbed = "climbed"


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
    `cause_id` is its place in the catalogue of causes.
    """

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("review_id", "case_id"),)

    review_id: UUID = Field(foreign_key="review.id", index=True)
    case_id: UUID = Field(foreign_key="case.id")
    why: str
    whys: list[str] = Field(default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": text("'[]'")})
    decision: str
    cause_id: UUID | None = Field(default=None, foreign_key="cause.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    author_id: UUID = Field(foreign_key="staff.id")


class Action(Row, table=True):
    """Something somebody will do by a day. Unfinished ones come back to every meeting of the office until settled.

    Settled is done (`done_at`, with a note) or given up (`dropped_at`, with why in the same note). `moves` counts how
    often it was given a new day. `raised_to_id` is the office above whose agenda it has climbed to.
    """

    __tablename__ = "action"

    review_id: UUID = Field(foreign_key="review.id", index=True)
    office_id: UUID = Field(foreign_key="office.id", index=True)
    case_id: UUID | None = Field(default=None, foreign_key="case.id")
    cause_id: UUID | None = Field(default=None, foreign_key="cause.id", index=True)
    what: str
    owner_id: UUID = Field(foreign_key="staff.id", index=True)
    due_on: date
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_note: str | None = None
    dropped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    moves: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    raised_to_id: UUID | None = Field(default=None, foreign_key="office.id", index=True)
    raised_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)

    @property
    def settled_at(self) -> datetime | None:
        """When it was done or given up; None while it is to do."""
        return self.done_at or self.dropped_at


def unfinished(at: datetime | None = None) -> ColumnElement[bool]:
    """SQL predicate over `Action`: to do still, now or as it was at a moment."""

    def before(column: Any) -> ColumnElement[bool]:
        return column.is_(None) if at is None else or_(column.is_(None), column > at)

    return and_(before(col(Action.done_at)), before(col(Action.dropped_at)))


class ActionRung(Row, Claimable, table=True):
    """The rung of an action's ladder that is next: a job due at `due_at`, climbed once (unique on action and number).

    `tell` is whom the rung is for, `reached` whom it came to, `skipped` the steps between where nobody could be told
    and why, `told` the people.
    """

    __tablename__ = "action_rung"
    __table_args__ = (UniqueConstraint("action_id", "number"), Index("ix_action_rung_state_due_at", "state", "due_at"))

    action_id: UUID = Field(foreign_key="action.id")
    number: int
    tell: ActionStep = Field(sa_type=Text)
    state: RungState = Field(default=RungState.waiting, sa_type=Text)
    climbed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reached: str = ""
    skipped: list[str] = Field(default_factory=list, sa_type=Json)
    told: list[str] = Field(default_factory=list, sa_type=Json)


class ActionEntry(Row, table=True):
    """What happened to an action, in order; never changed. `staff_id` None: the ladder. Before and after are words."""

    __tablename__ = "action_entry"

    action_id: UUID = Field(foreign_key="action.id", index=True)
    act: ActionAct = Field(sa_type=Text)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    at: datetime = Field(sa_type=UtcDateTime)
    note: str = ""
    before: str = ""
    after: str = ""
