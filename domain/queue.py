"""How staff find and move many cases: saved views, and acts on many cases at once."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row


class Order(StrEnum):
    """Order of a list of cases."""

    due = "due"
    newest = "newest"
    oldest = "oldest"


class SavedView(Row, table=True):
    """A question to the queue that somebody keeps. With `office_id` all who work at that office see it."""

    __tablename__ = "saved_view"

    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    office_id: UUID | None = Field(default=None, foreign_key="office.id", index=True)
    name: str
    query: str
    order: Order = Field(default=Order.due, sa_type=Text)
    made_at: datetime = Field(sa_type=UtcDateTime)


class BulkWhat(StrEnum):
    """What is done to many cases."""

    take = "take"
    assign = "assign"
    note = "note"
    transfer = "transfer"
    urgent = "urgent"
    close = "close"


class BulkState(StrEnum):
    """Life of an act on many cases. A draft was looked at and not yet asked for."""

    draft = "draft"
    waiting = "waiting"
    done = "done"
    undoing = "undoing"
    undone = "undone"


class ItemState(StrEnum):
    """What an act came to for one of its cases. `kept`: it was to be undone and could not be."""

    planned = "planned"
    done = "done"
    refused = "refused"
    undone = "undone"
    kept = "kept"


class BulkAct(Row, Claimable, table=True):
    """One act on many cases: a job due at `due_at`. `given` holds what the form held, such as a reason."""

    __tablename__ = "bulk_act"
    __table_args__ = (Index("ix_bulk_act_state_due_at", "state", "due_at"),)

    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    what: BulkWhat = Field(sa_type=Text)
    given: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    state: BulkState = Field(default=BulkState.draft, sa_type=Text)
    asked_at: datetime = Field(sa_type=UtcDateTime, index=True)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BulkItem(Row, table=True):
    """One case of an act. `seen` is the length of its timeline when it was looked at; `why` says why it was refused or
    kept; `before` what was there, to put it back; `entry` the last entry of the timeline once it was done."""

    __tablename__ = "bulk_item"
    __table_args__ = (UniqueConstraint("act_id", "case_id"),)

    act_id: UUID = Field(foreign_key="bulk_act.id", index=True)
    case_id: UUID = Field(foreign_key="case.id")
    number: int
    seen: int
    state: ItemState = Field(default=ItemState.planned, sa_type=Text)
    why: str = ""
    before: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    entry: int | None = None
