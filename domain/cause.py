"""Why complaints happen: a catalogue that grows in the reviews, and the cause of each case."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Text, false
from sqlmodel import Field

from core.types import Json, UtcDateTime
from domain.base import Row


class CauseAct(StrEnum):
    """What is done to a cause of the catalogue."""

    added = "added"
    renamed = "renamed"
    moved = "moved"
    shared = "shared"
    retired = "retired"
    brought_back = "brought_back"
    merge_asked = "merge_asked"
    merge_refused = "merge_refused"
    merged = "merged"
    unmerged = "unmerged"


class Cause(Row, table=True):
    """A reason why complaints happen, under a wider one where `parent_id` says so.

    `name` is as it was first written, `names` what it is called in other languages, `key` the name folded, so that the
    same words are the same cause. `shared`: it is for everybody, not only for those who see a case of it. `into_id`
    is the cause that stands for it: proposed by `asked_by_id`, and merged once a second person agreed at `merged_at`.
    Nothing is moved by a merge: whoever counts follows `into_id`, so that it can be taken back.
    """

    __tablename__ = "cause"

    name: str
    key: str = Field(unique=True)
    language: str = ""
    names: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    parent_id: UUID | None = Field(default=None, foreign_key="cause.id", index=True)
    shared: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    author_id: UUID | None = Field(default=None, foreign_key="staff.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    into_id: UUID | None = Field(default=None, foreign_key="cause.id")
    asked_by_id: UUID | None = Field(default=None, foreign_key="staff.id")
    merged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CaseCause(Row, table=True):
    """The cause of a case, as last found: one, so that none counts twice. `review_id` is the meeting that said so."""

    __tablename__ = "case_cause"

    case_id: UUID = Field(foreign_key="case.id", unique=True)
    cause_id: UUID = Field(foreign_key="cause.id", index=True)
    review_id: UUID | None = Field(default=None, foreign_key="review.id")
    author_id: UUID = Field(foreign_key="staff.id")
    at: datetime = Field(sa_type=UtcDateTime)


class CauseChange(Row, table=True):
    """What was done to a cause, by whom; never changed."""

    __tablename__ = "cause_change"

    cause_id: UUID = Field(foreign_key="cause.id", index=True)
    act: CauseAct = Field(sa_type=Text)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    at: datetime = Field(sa_type=UtcDateTime)
    before: str = ""
    after: str = ""
