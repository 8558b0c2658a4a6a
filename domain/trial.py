"""Trials: which of several wordings, times or ways works better, found out by lot."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field

from core.types import Json, UtcDateTime
from domain.base import Row


class Moment(StrEnum):
    """The message whose sending a citizen enters a trial with, and that the arms vary."""

    survey = "survey"
    survey_reminder = "survey_reminder"
    solved = "solved"
    expiring = "expiring"


class Outcome(StrEnum):
    """What is measured of everybody in an arm. Rating and satisfied are of those who rated, the others of all. Solved
    is what citizens say of their closed case, renewed that they came again before what they had expired."""

    response = "response"
    rating = "rating"
    satisfied = "satisfied"
    money = "money"
    solved = "solved"
    renewed = "renewed"


class Stop(StrEnum):
    """Why a trial is over: all were asked and waited for, a bound was reached at a look, harm, or somebody's decision
    for a written reason."""

    planned = "planned"
    bound = "bound"
    harm = "harm"
    by_hand = "by_hand"


class Trial(Row, table=True):
    """A randomised comparison as it was registered. Nothing of it changes afterwards but what is below `starts_at`.

    `population`: ids of services and of offices with all below them, languages and channels; an empty list means all.
    `arms`: name and what differs, the first is the control. `effect`, `base`: shares of 1, or steps of a rating;
    `spread` is the standard deviation of ratings, `response` the share expected to answer. `planned` is how many
    citizens are assigned in all, `looks` how often the result is looked at, `days` how long each answer is waited for.
    `seed` decides every assignment. `protocol` is the text it was registered with.
    It begins at `starts_at` once somebody else has read it (`confirmed_at`).
    `entered` counts citizens; `results` holds what each look found, once and for all. `promoted_arm` is what has become
    the default for the population.
    """

    __tablename__ = "trial"

    title: str
    hypothesis: str
    moment: Moment = Field(sa_type=Text)
    outcome: Outcome = Field(sa_type=Text)
    secondary: list[str] = Field(default_factory=list, sa_type=Json)
    population: dict[str, list[str]] = Field(default_factory=dict, sa_type=Json)
    arms: list[dict[str, object]] = Field(default_factory=list, sa_type=Json)
    base: float
    spread: float | None = None
    response: float
    effect: float
    alpha: float
    power: float
    planned: int
    looks: int
    days: int
    seed: str
    protocol: str
    registered_at: datetime = Field(sa_type=UtcDateTime)
    registered_by: UUID | None = Field(default=None, foreign_key="staff.id")
    starts_at: datetime = Field(sa_type=UtcDateTime, index=True)

    confirmed_by: UUID | None = Field(default=None, foreign_key="staff.id")
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    entered: int = 0
    results: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stopped: Stop | None = Field(default=None, sa_type=Text)
    end_reason: str | None = None
    ended_by: UUID | None = Field(default=None, foreign_key="staff.id")
    promoted_arm: int | None = None
    promoted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TrialAssignment(Row, table=True):
    """One citizen in one trial: for good, whatever becomes of the messages.

    `number` is the place in the order of entry, from 1; `stratum` and `position` (from 0) the place within people like
    them, from which and from the seed the `arm` follows. What they entered with is what counts: `invitation_id`, or
    `solved_id` where they were asked whether their case is solved, `reminder_id` where they were told that something
    expires. Answers count until `until`.
    """

    __tablename__ = "trial_assignment"
    __table_args__ = (
        UniqueConstraint("trial_id", "citizen_id"),
        UniqueConstraint("trial_id", "number"),
        UniqueConstraint("trial_id", "stratum", "position"),
    )

    trial_id: UUID = Field(foreign_key="trial.id")
    citizen_id: UUID = Field(foreign_key="citizen.id", index=True)
    number: int
    stratum: str
    position: int
    arm: int
    invitation_id: UUID | None = Field(default=None, foreign_key="invitation.id", index=True)
    solved_id: UUID | None = Field(default=None, foreign_key="solved_question.id", index=True)
    reminder_id: UUID | None = Field(default=None, foreign_key="reminder.id", index=True)
    assigned_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
