"""How citizens are asked: plans by service, budgets, and what was done each day."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from core.types import Json, UtcDateTime
from domain.base import Row


class AskingPlan(Row, table=True):
    """One version of how a service's citizens are asked; `service_id` None: every service without a plan of its own.

    The newest version of a service counts; an `ended` one hands it back to the plan for all others. `share` (0 to 1) of
    the transactions is drawn, or so many that each office gets `target` answers a month. `reminder_days` after the
    question one reminder follows, `notice_hours` before it a notice; 0 is none of them. `channels` is the order in
    which a citizen's addresses are tried; empty: the address the agency reported.
    """

    __tablename__ = "asking_plan"
    __table_args__ = (UniqueConstraint("service_id", "version"),)

    service_id: UUID | None = Field(default=None, foreign_key="service.id", index=True)
    version: int = 1
    ended: bool = False
    share: float = 1.0
    target: int | None = None
    delay_minutes: int = 60
    rest_days: int = 30
    reminder_days: int = 0
    notice_hours: int = 0
    channels: list[str] = Field(default_factory=list, sa_type=Json)
    made_at: datetime = Field(sa_type=UtcDateTime)
    made_by: str = ""


class AskingBudget(Row, table=True):
    """What the survey messages of an office and all below it may cost in a calendar month, in the currency of
    `OMBUD_SMS_CURRENCY`; `office_id` None is the whole deployment. `amount` None: no limit."""

    __tablename__ = "asking_budget"
    __table_args__ = (UniqueConstraint("office_id"),)

    office_id: UUID | None = Field(default=None, foreign_key="office.id")
    amount: float | None = None
    changed_at: datetime = Field(sa_type=UtcDateTime)


class AskingDay(Row, table=True):
    """What happened in one day at an office for a service, by the government's days; counted anew while it may change.

    `seen` transactions that could be asked about, `drawn` of them, `sent` questions, `answered` invitations, and the
    `segments` of all survey messages.
    """

    __tablename__ = "asking_day"
    __table_args__ = (UniqueConstraint("day", "office_id", "service_id"),)

    day: date
    office_id: UUID = Field(foreign_key="office.id")
    service_id: UUID = Field(foreign_key="service.id")
    seen: int = 0
    drawn: int = 0
    sent: int = 0
    answered: int = 0
    segments: int = 0
