"""Dashboards that leave the program: mailed to staff every Monday, or shown within other sites by a link."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row
from domain.states import Role

READERS = frozenset({Role.head, Role.supervisor, Role.reviewer, Role.leadership, Role.admin, Role.auditor})
"""Who reads dashboards at all; of which offices says `domain.visibility`."""
LENDERS = frozenset({Role.head, Role.leadership, Role.admin})
"""Who may show one to people who do not sign in."""


class MailState(StrEnum):
    """Whether a dashboard is still mailed."""

    active = "active"
    stopped = "stopped"


class DashboardMail(Row, Claimable, table=True):
    """The dashboard of an office, mailed to one person every Monday: the row is the job, `due_at` the next mail.

    `week` is the Monday on which it last was; `why` says what stopped it where its reader did not.
    """

    __tablename__ = "dashboard_mail"
    __table_args__ = (
        UniqueConstraint("staff_id", "office_id"),
        Index("ix_dashboard_mail_state_due_at", "state", "due_at"),
    )

    staff_id: UUID = Field(foreign_key="staff.id")
    office_id: UUID = Field(foreign_key="office.id")
    state: MailState = Field(default=MailState.active, sa_type=Text)
    at: datetime = Field(sa_type=UtcDateTime)
    week: date | None = None
    stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    why: str = ""


class DashboardLink(Row, table=True):
    """A dashboard that whoever has the link may read: of one office, over the week that runs and `weeks` before it; of
    one service alone where `service_id` is there.

    Of its token only the hash is kept. `sites` are the origins whose pages may show it within themselves. It is lent
    out by `made_by`, and shows nothing once they may not see the office any more. `used_at` is exact to the hour.
    """

    __tablename__ = "dashboard_link"

    token_hash: str = Field(unique=True)
    name: str
    office_id: UUID = Field(foreign_key="office.id", index=True)
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    weeks: int
    sites: list[str] = Field(default_factory=list, sa_type=Json)
    made_by: UUID = Field(foreign_key="staff.id")
    at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    ended_by: UUID | None = Field(default=None, foreign_key="staff.id")
