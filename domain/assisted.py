"""What staff keyed in for citizens: pages of the paper complaint book, and calls to be made back."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from core.types import Json, UtcDateTime
from domain.base import Row


class CallBackState(StrEnum):
    """Life of a promise to call back."""

    open = "open"
    done = "done"
    given_up = "given_up"


class BookPage(Row, table=True):
    """One page of an office's complaint book, keyed in once; its photo is the attachment that names it."""

    __tablename__ = "book_page"
    __table_args__ = (UniqueConstraint("office_id", "number"),)

    office_id: UUID = Field(foreign_key="office.id")
    number: str
    staff_id: UUID = Field(foreign_key="staff.id")
    keyed_at: datetime = Field(sa_type=UtcDateTime)
    entries: int = 0


class CallBack(Row, table=True):
    """A citizen who is to be called back. `tries`: [{"at": ISO time, "by": staff id, "note": words}]."""

    __tablename__ = "call_back"
    __table_args__ = (Index("ix_call_back_office_state", "office_id", "state"),)

    case_id: UUID = Field(foreign_key="case.id", unique=True)
    contact_point_id: UUID = Field(foreign_key="contact_point.id")
    office_id: UUID = Field(foreign_key="office.id")
    state: CallBackState = Field(default=CallBackState.open, sa_type=Text)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    tries: list[dict[str, object]] = Field(default_factory=list, sa_type=Json)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
