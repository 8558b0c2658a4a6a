"""The plans that say how each service's citizens are asked, as they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from channels.values import Channel
from core.settings import Settings, settings
from domain.asking import AskingPlan
from surveys.sampling import Aim

WAYS = (Channel.sms, Channel.whatsapp, Channel.telegram, Channel.email)
"""Channels a question can go by."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the citizens of a service are asked. `channels`: empty is the address the agency reported."""

    aim: Aim
    delay: timedelta
    rest: timedelta
    reminder: timedelta
    notice: timedelta
    channels: tuple[Channel, ...] = ()


@dataclass(frozen=True)
class Plans:
    """The plan of each service that has one, and the one for all others."""

    others: Plan
    by_service: Mapping[UUID, Plan]

    def of(self, service_id: UUID | None) -> Plan:
        """The plan that counts for a service."""
        return self.by_service.get(service_id, self.others) if service_id else self.others

    @property
    def longest_rest(self) -> timedelta:
        """No plan looks further back."""
        return max((plan.rest for plan in (self.others, *self.by_service.values())), default=timedelta())


def current(session: Session) -> Plans:
    """The plans in force: the newest version of each; where none was made, everybody is asked as the settings say."""
    newest = rows(session)
    made = {service_id: plan_of(row) for service_id, row in newest.items() if not row.ended}
    others = made.pop(None, None) or plan_of(usual_row(settings()))
    return Plans(others, {service_id: plan for service_id, plan in made.items() if service_id is not None})


def rows(session: Session) -> dict[UUID | None, AskingPlan]:
    """The newest version for each service and for all others, ended ones too."""
    found: Sequence[AskingPlan] = session.exec(select(AskingPlan).order_by(col(AskingPlan.version))).all()
    return {row.service_id: row for row in found}


def usual_row(now: Settings) -> AskingPlan:
    """The plan of an installation that never made one; not a row of the database."""
    return AskingPlan(
        service_id=None,
        version=0,
        share=1.0,
        delay_minutes=now.survey_delay_minutes,
        rest_days=now.survey_rest_days,
        channels=[],
    )  # type: ignore[call-arg]


def plan_of(row: AskingPlan) -> Plan:
    """A stored version as the sweep reads it."""
    return Plan(
        Aim(row.share, row.target),
        timedelta(minutes=row.delay_minutes),
        timedelta(days=row.rest_days),
        timedelta(days=row.reminder_days),
        timedelta(hours=row.notice_hours),
        tuple(Channel(name) for name in row.channels if name in WAYS),
    )
