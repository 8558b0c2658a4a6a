"""How staff are reached outside the program: what they chose, and the messages that leave."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, false
from sqlmodel import Field

from channels.values import Channel
from core.claims import Claimable
from core.types import Encrypted, UtcDateTime
from domain.base import Row


class Pace(StrEnum):
    """How often somebody wants to hear of what is not urgent."""

    at_once = "at_once"
    hourly = "hourly"
    daily = "daily"


class Matter(StrEnum):
    """What a message to staff is about: a rung of a case's ladder or of an action's, a code that proves a telephone, a
    chat that was linked, a meeting whose pack or minutes are out, an export that is ready, the figures of a week."""

    rung = "rung"
    action = "action"
    code = "code"
    linked = "linked"
    review = "review"
    export = "export"
    figures = "figures"


class ReachState(StrEnum):
    """Life of a message to staff. `unknown` was cut off while it left, and is never sent again blindly."""

    queued = "queued"
    sending = "sending"
    sent = "sent"
    failed = "failed"
    unknown = "unknown"
    dropped = "dropped"


class StaffContact(Row, table=True):
    """What a person chose; whoever chose nothing has no row. Hours are of their office's day.

    `phone` counts once a code sent there came back (`phone_proven_at`); `tries` are wrong codes since the last was
    sent. `telegram` is the chat they opened with a link that only they had; of the link only the hash is kept.
    `quiet_from` and `quiet_until`: full hours, equal ones are never quiet; both None: quiet while the office is shut.
    """

    __tablename__ = "staff_contact"

    staff_id: UUID = Field(foreign_key="staff.id", unique=True)
    pace: Pace = Field(default=Pace.hourly, sa_type=Text)
    quiet_from: int | None = None
    quiet_until: int | None = None
    phone: str | None = Field(default=None, sa_type=Encrypted)
    phone_proven_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tries: int = 0
    telegram: str | None = Field(default=None, sa_type=Encrypted)
    telegram_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    link_hash: str | None = Field(default=None, unique=True)
    link_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StaffMessage(Row, Claimable, table=True):
    """One thing to tell one person on one channel; written with the rung that tells it, once for each rung.

    `text` has the reference and the moment, never a word of the citizen's. What leaves together has one `bundle_id`,
    the id of its first row, which keeps what was sent as `body`. `sending_at` is just before the channel was asked.
    `why` says what became of one that did not leave. Figures of the `week` that begins then are told once; `html` is
    how a mail of them looks.
    """

    __tablename__ = "staff_message"
    __table_args__ = (
        UniqueConstraint("clock_id", "rung", "staff_id", "channel"),
        UniqueConstraint("dashboard_mail_id", "week"),
        Index("ix_staff_message_state_due_at", "state", "due_at"),
        Index("ix_staff_message_staff_state", "staff_id", "state"),
    )

    staff_id: UUID = Field(foreign_key="staff.id")
    about: Matter = Field(default=Matter.rung, sa_type=Text)
    case_id: UUID | None = Field(default=None, foreign_key="case.id", index=True)
    clock_id: UUID | None = Field(default=None, foreign_key="clock.id")
    action_id: UUID | None = Field(default=None, foreign_key="action.id")
    rung: int | None = None
    dashboard_mail_id: UUID | None = Field(default=None, foreign_key="dashboard_mail.id")
    week: date | None = None
    channel: Channel = Field(sa_type=Text)
    urgent: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    text: str = ""
    html: str | None = None
    state: ReachState = Field(default=ReachState.queued, sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    sending_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    bundle_id: UUID | None = Field(default=None, index=True)
    body: str | None = None
    provider_id: str | None = None
    why: str | None = None
