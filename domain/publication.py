"""What the public is told: figures of whole months that are frozen, looked at, let out, and never changed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from core.types import Json, UtcDateTime
from domain.base import Row


class PublicationState(StrEnum):
    """Life of a publication. What was published stays so: a later version stands beside it."""

    waiting = "waiting"
    withheld = "withheld"
    published = "published"


class ActKind(StrEnum):
    """What was done to a publication."""

    frozen = "frozen"
    approved = "approved"
    withheld = "withheld"
    released = "released"
    published = "published"


class FigureScope(StrEnum):
    """What a figure is about: an office alone, an office with all below it, the whole, a service, a way of writing."""

    office = "office"
    below = "below"
    whole = "whole"
    service = "service"
    channel = "channel"


class DecisionState(StrEnum):
    """Life of a review's decision in words for the public."""

    proposed = "proposed"
    published = "published"
    refused = "refused"


class Publication(Row, table=True):
    """The figures of the cases received in one month as they stood at `as_of`; version 1, or a correction of it.

    It waits for `out_at` (the embargo) and for approval. `reason` is why there is a correction, asked for by
    `asked_by`. `least` is the smallest number that was told when it was made. `digest` is the SHA-256 of all it says.
    `classes` are the anonymous cases: [[office code, service, channel, silence, how many], …]; `loss` what making them
    anonymous took away. `basis` is never shown: what a correction is compared with.
    """

    __tablename__ = "publication"
    __table_args__ = (UniqueConstraint("month", "version"), Index("ix_publication_state_out_at", "state", "out_at"))

    month: date
    version: int
    state: PublicationState = Field(default=PublicationState.waiting, sa_type=Text)
    as_of: datetime = Field(sa_type=UtcDateTime)
    out_at: datetime = Field(sa_type=UtcDateTime)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    reason: str = ""
    asked_by: UUID | None = Field(default=None, foreign_key="staff.id")
    least: int
    digest: str = ""
    classes: list[Any] = Field(default_factory=list, sa_type=Json)
    loss: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    basis: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


class PublicationAct(Row, table=True):
    """Who did what to a publication, when and why. None is ever changed or taken out."""

    __tablename__ = "publication_act"

    publication_id: UUID = Field(foreign_key="publication.id", index=True)
    kind: ActKind = Field(sa_type=Text)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    by: str = ""
    at: datetime = Field(sa_type=UtcDateTime)
    reason: str = ""


class PublishedFigure(Row, table=True):
    """One line of a publication. What may not be told is None. Durations in whole hours, shares 0 to 1.

    Silence: `n` cases, `late` of them past their target unanswered; a median or p90 None is longer than
    `beyond_hours`. Satisfaction: `answers` to surveys, which `asked_share` of those asked gave; ratings 1 to 5.
    Of services and channels `n` is rounded to tens.
    """

    __tablename__ = "published_figure"
    __table_args__ = (UniqueConstraint("publication_id", "scope", "code"), Index("ix_published_figure_code", "code"))

    publication_id: UUID = Field(foreign_key="publication.id")
    scope: FigureScope = Field(sa_type=Text)
    code: str
    names: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    tier: str = ""
    above: str = ""
    n: int | None = None
    late: int | None = None
    late_share: float | None = None
    late_low: float | None = None
    late_high: float | None = None
    median_hours: int | None = None
    median_low: int | None = None
    median_high: int | None = None
    p90_hours: int | None = None
    p90_low: int | None = None
    p90_high: int | None = None
    beyond_hours: int | None = None
    answers: int | None = None
    asked_share: float | None = None
    rating: float | None = None
    rating_low: float | None = None
    rating_high: float | None = None


class PublicDecision(Row, table=True):
    """What a review decided about one case, in words for the public: by its chair, let out by somebody else."""

    __tablename__ = "public_decision"

    finding_id: UUID = Field(foreign_key="finding.id", unique=True)
    office_id: UUID = Field(foreign_key="office.id", index=True)
    month: date
    words: str
    state: DecisionState = Field(default=DecisionState.proposed, sa_type=Text)
    by_id: UUID = Field(foreign_key="staff.id")
    at: datetime = Field(sa_type=UtcDateTime)
    judged_by: UUID | None = Field(default=None, foreign_key="staff.id")
    judged_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
