"""Exports: each one that was asked for, those that come again by themselves, and who fetched which."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, false
from sqlmodel import Field

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row


class ExportKind(StrEnum):
    """What can be exported."""

    cases = "cases"
    timelines = "timelines"
    ratings = "ratings"
    transactions = "transactions"
    actions = "actions"


class ExportFormat(StrEnum):
    """As which kind of file."""

    csv = "csv"
    xlsx = "xlsx"
    parquet = "parquet"


class ExportState(StrEnum):
    """Life of an export. `expired`: its file is gone, the row stays."""

    waiting = "waiting"
    done = "done"
    failed = "failed"
    expired = "expired"


class PlanState(StrEnum):
    """Whether a planned export comes again."""

    active = "active"
    stopped = "stopped"


class Every(StrEnum):
    """How often."""

    day = "day"
    week = "week"
    month = "month"


class Export(Row, Claimable, table=True):
    """A file that was asked for, and who did: a person, a key, or in words (`by`) the command line.

    `chosen` are the filters as `reports.exports.choice` reads them. What it holds is decided when it is made, by what
    this person or key may see then; `reach` is a digest of that, so that nobody fetches it who may see less by now.
    `plain`: the citizens' words are as they wrote them, not redacted. The file's name on the disk is the row's id;
    `size` is in bytes, `sha256` of the file as it is fetched.
    """

    __tablename__ = "export"
    __table_args__ = (Index("ix_export_state_due_at", "state", "due_at"),)

    kind: ExportKind = Field(sa_type=Text)
    format: ExportFormat = Field(sa_type=Text)
    chosen: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    plan_id: UUID | None = Field(default=None, foreign_key="export_plan.id", index=True)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id", index=True)
    key_id: UUID | None = Field(default=None, foreign_key="api_key.id", index=True)
    by: str
    plain: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    reach: str = ""
    state: ExportState = Field(default=ExportState.waiting, sa_type=Text)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rows: int = 0
    size: int = Field(default=0, sa_type=BigInteger)
    sha256: str = ""
    problem: str = ""


class ExportPlan(Row, Claimable, table=True):
    """An export that is made again every day, week or month, from `due_at` on; its owner is told if `tell`."""

    __tablename__ = "export_plan"
    __table_args__ = (Index("ix_export_plan_state_due_at", "state", "due_at"),)

    kind: ExportKind = Field(sa_type=Text)
    format: ExportFormat = Field(sa_type=Text)
    chosen: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id", index=True)
    key_id: UUID | None = Field(default=None, foreign_key="api_key.id", index=True)
    by: str
    every: Every = Field(sa_type=Text)
    tell: bool = Field(default=True)
    state: PlanState = Field(default=PlanState.active, sa_type=Text)
    at: datetime = Field(sa_type=UtcDateTime)
    stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ExportFetch(Row, table=True):
    """That somebody fetched the file of an export."""

    __tablename__ = "export_fetch"

    export_id: UUID = Field(foreign_key="export.id", index=True)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    key_id: UUID | None = Field(default=None, foreign_key="api_key.id")
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
