"""What looks as if somebody cheated the surveys, what was made of it, and the months of the money question."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field

from core.types import Json, UtcDateTime
from domain.base import Row


class FlagKind(StrEnum):
    """What is far more frequent at an office, or with an operator, than with its peers."""

    missing = "missing"
    repeated = "repeated"
    undeliverable = "undeliverable"
    staff_owned = "staff_owned"
    many_voices = "many_voices"
    pattern = "pattern"
    burst = "burst"
    uniform = "uniform"


class FlagState(StrEnum):
    """What people made of a sign: nobody looked yet, there is an innocent explanation, or it is as it seems."""

    open = "open"
    explained = "explained"
    confirmed = "confirmed"


class SurveyFlag(Row, table=True):
    """One sign at one office (`operator` empty) or operator in the week that begins on the Monday `period`.

    It is found by a program and judged by a person; nothing happens because of it. `evidence`: `hits` of `of`, the
    share of its `peers` and how many there are, the `chance` of as much at an honest office, 0 to 1, and `most`, a
    number that tells how far it goes, for some kinds. `words` is the last verdict, by `reviewer_id`.
    """

    __tablename__ = "survey_flag"
    __table_args__ = (UniqueConstraint("office_id", "operator", "kind", "period"),)

    office_id: UUID = Field(foreign_key="office.id")
    operator: str = ""
    kind: FlagKind = Field(sa_type=Text)
    period: date = Field(index=True)
    evidence: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    found_at: datetime = Field(sa_type=UtcDateTime)
    state: FlagState = Field(default=FlagState.open, sa_type=Text)
    reviewer_id: UUID | None = Field(default=None, foreign_key="staff.id")
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    words: str = ""


class FlagVerdict(Row, table=True):
    """A verdict on a sign, as it was given: none is ever changed or taken out."""

    __tablename__ = "flag_verdict"

    flag_id: UUID = Field(foreign_key="survey_flag.id", index=True)
    staff_id: UUID = Field(foreign_key="staff.id")
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
    state: FlagState = Field(sa_type=Text)
    words: str


class SurveyLook(Row, table=True):
    """One look for such signs, one a day: how many comparisons it made, and how many of them were found odd."""

    __tablename__ = "survey_look"

    day: date = Field(unique=True)
    at: datetime = Field(sa_type=UtcDateTime)
    judged: int
    found: int


class MoneyMonth(Row, table=True):
    """What was answered in one month to whether money was asked for: at an office, or (`below`) there and at all below
    it. `office_id` None is the whole government.

    Written once, when the month is over, and never counted anew: two readings that differ by one answer would tell it.
    Only what may be told is here, so no query can tell more. `n` 0 for the whole: too few answered to tell anything.
    """

    __tablename__ = "money_month"
    __table_args__ = (UniqueConstraint("month", "office_id", "below"),)

    month: date = Field(index=True)
    office_id: UUID | None = Field(default=None, foreign_key="office.id")
    below: bool
    n: int
    yes: int
