"""Policies (targets and ladders, by date) and office calendars."""

from datetime import date
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from core.types import Json
from domain.base import Row
from domain.states import CaseKind


class Calendar(Row, table=True):
    """When an office works.

    `week`: weekday 0 (Monday) to 6 → list of ["08:00", "12:00"] spans. `days`: ISO date → spans that replace the
    week's on that day (an empty list is a day off). `country` adds the public holidays of the `holidays` library.
    """

    __tablename__ = "calendar"

    name: str = Field(unique=True)
    time_zone: str
    week: dict[str, list[list[str]]] = Field(sa_type=Json)
    days: dict[str, list[list[str]]] = Field(default_factory=dict, sa_type=Json)
    country: str | None = None


class Policy(Row, table=True):
    """Targets in working hours and the ladder; the most specific one valid on the day a clock starts applies.

    `targets`: clock kind → working hours. `ladder`: list of {"share": 0.5, "tell": "officer"}; share of the target.
    `pause_days`: calendar days at most that a question to the citizen stops the resolution clock. `urgent_share`: part
    of each target that an urgent case is given.
    """

    __tablename__ = "policy"

    name: str
    office_id: UUID | None = Field(default=None, foreign_key="office.id")
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    kind: CaseKind | None = Field(default=None, sa_type=Text)
    targets: dict[str, float] = Field(sa_type=Json)
    ladder: list[dict[str, object]] = Field(sa_type=Json)
    counts_templated: bool = False
    pause_days: int = 14
    urgent_share: float = Field(default=0.25, sa_column_kwargs={"server_default": "0.25"})
    valid_from: date = date(1970, 1, 1)
    valid_to: date | None = None
