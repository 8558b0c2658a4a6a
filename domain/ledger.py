"""What stands behind the transactions: the contacts still to be looked up, files under way, reminders."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field

from core.claims import Claimable
from core.types import Encrypted, Json, UtcDateTime
from domain.base import Row


class TaskState(StrEnum):
    """Life of a task: it is gone once it is done."""

    waiting = "waiting"


class UploadState(StrEnum):
    """Life of a file of transactions."""

    waiting = "waiting"
    checking = "checking"
    taking = "taking"
    done = "done"
    partly = "partly"
    refused = "refused"
    checked = "checked"


RUNNING = (UploadState.waiting, UploadState.checking, UploadState.taking)
"""States of a file that the worker still has to do with."""


class PartKind(StrEnum):
    """What a piece of a file holds: what was brought, or the lines of it that could not be used."""

    given = "given"
    bad = "bad"


class ReminderState(StrEnum):
    """Life of a reminder. `void`: what it would have said is no longer so."""

    scheduled = "scheduled"
    sent = "sent"
    suppressed = "suppressed"
    void = "void"


class TransactionTask(Row, Claimable, table=True):
    """Transactions that are stored, and whose citizens are still to be found and asked.

    `contacts` is JSON: `[[transaction id, phone, e-mail], …]` as they were reported. One transaction looks them up and
    takes the task away, so it happens once.
    """

    __tablename__ = "transaction_task"
    __table_args__ = (Index("ix_transaction_task_state_due_at", "state", "due_at"),)

    source: str
    contacts: str = Field(sa_type=Encrypted)
    state: TaskState = Field(default=TaskState.waiting, sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)


_LIVE = "state IN ('waiting', 'checking', 'taking', 'done') AND NOT dry_run"


class TransactionUpload(Row, Claimable, table=True):
    """A file of transactions. `origin` is browser, folder or command; `by` who brought it, in words.

    `office_ids` are the offices it may report for, None for all. `take_good`: lines that can be used are taken though
    others cannot. `expected` is about how many lines there are, `lines` counts those looked at so far, `good` those
    that can be used, `taken` those stored (`created` of them new); `errors` lists the first of `bad` lines. Of one
    source, the same bytes are one file, unless it was refused.
    """

    __tablename__ = "transaction_upload"
    __table_args__ = (
        Index("ix_transaction_upload_state_due_at", "state", "due_at"),
        Index(
            "uq_transaction_upload_source_sha256_live",
            "source",
            "sha256",
            unique=True,
            postgresql_where=text(_LIVE),
            sqlite_where=text(_LIVE),
        ),
    )

    source: str
    name: str
    sha256: str
    size: int
    origin: str
    by: str
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    office_ids: list[str] | None = Field(default=None, sa_type=Json)
    dry_run: bool = False
    take_good: bool = False
    state: UploadState = Field(default=UploadState.waiting, sa_type=Text)
    read_as: str = ""
    expected: int = 0
    lines: int = 0
    good: int = 0
    bad: int = 0
    taken: int = 0
    created: int = 0
    differing: int = 0
    problem: str = ""
    errors: list[dict[str, object]] = Field(default_factory=list, sa_type=Json)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    filed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class UploadPart(Row, table=True):
    """A piece of a file: compressed, then encrypted, since telephone numbers stand in it."""

    __tablename__ = "transaction_upload_part"
    __table_args__ = (UniqueConstraint("upload_id", "kind", "number"),)

    upload_id: UUID = Field(foreign_key="transaction_upload.id")
    kind: PartKind = Field(sa_type=Text)
    number: int
    key_id: str
    data: bytes = Field(sa_type=LargeBinary)


class Reminder(Row, Claimable, table=True):
    """Telling one citizen that what was issued expires, so many days before. Once per transaction and step."""

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("transaction_id", "days_before"),
        Index("ix_reminder_state_due_at", "state", "due_at"),
    )

    transaction_id: UUID = Field(foreign_key="transaction.id")
    days_before: int
    contact_point_id: UUID = Field(foreign_key="contact_point.id", index=True)
    language: str
    state: ReminderState = Field(default=ReminderState.scheduled, sa_type=Text)
    why: str | None = None
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
