"""After the closing: whether it is solved, as the citizen says and as a call checks; appeals; cases that belong
together."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row


class SolvedState(StrEnum):
    """Life of the question whether a closed case is solved.

    `unasked`: nobody could be asked, but the tracking page still takes the answer. `void`: the case went on without it.
    """

    waiting = "waiting"
    asked = "asked"
    unasked = "unasked"
    yes = "yes"
    no = "no"
    silent = "silent"
    void = "void"


class AppealOutcome(StrEnum):
    """How the office above decided: the citizen is right, partly, or the decision below stands; or nobody has to, as
    the citizen took it back."""

    allowed = "allowed"
    partly = "partly"
    dismissed = "dismissed"
    withdrawn = "withdrawn"


class CheckResult(StrEnum):
    """What a call about a case that is said to be solved found out."""

    solved = "solved"
    not_solved = "not_solved"
    not_reached = "not_reached"


class SolvedQuestion(Row, Claimable, table=True):
    """ "Is it solved?", once for each closing of a case: a job due when it is to be asked, then when it is over.

    `entry` is the number of the closing on the timeline, `office_id` and `closed_by` who closed it, `until` the end of
    the time in which a "no" counts. `why` says why nobody was asked. `draw` is the number, 0 to 1, that decided about a
    call-back, and `share` those below which one was made.
    """

    __tablename__ = "solved_question"
    __table_args__ = (
        UniqueConstraint("case_id", "entry"),
        Index("ix_solved_question_state_due_at", "state", "due_at"),
        Index("ix_solved_question_office_closed", "office_id", "closed_at"),
    )

    case_id: UUID = Field(foreign_key="case.id")
    entry: int
    office_id: UUID = Field(foreign_key="office.id")
    closed_by: UUID | None = Field(default=None, foreign_key="staff.id")
    contact_point_id: UUID | None = Field(default=None, foreign_key="contact_point.id", index=True)
    state: SolvedState = Field(default=SolvedState.waiting, sa_type=Text)
    closed_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    why: str | None = None
    draw: float | None = None
    share: float | None = None


class SolvedCheck(Row, table=True):
    """A call to a citizen whose case is said to be solved, by somebody outside the office that closed it.

    `tries`: [{"at": ISO time, "by": staff id, "note": words}]. Without `result` it is still to be made.
    """

    __tablename__ = "solved_check"
    __table_args__ = (Index("ix_solved_check_result_drawn", "result", "drawn_at"),)

    question_id: UUID = Field(foreign_key="solved_question.id", unique=True)
    case_id: UUID = Field(foreign_key="case.id", index=True)
    claimed: bool
    tries: list[dict[str, object]] = Field(default_factory=list, sa_type=Json)
    result: CheckResult | None = Field(default=None, sa_type=Text)
    drawn_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")


class Appeal(Row, table=True):
    """A citizen's appeal, one for a case: from the office that decided to the one above. Without `outcome` it is open.

    `entry` is the number of the entry that tells of it. `not_by` are the members of staff (ids) who decided below.
    """

    __tablename__ = "appeal"
    __table_args__ = (Index("ix_appeal_from_office_lodged", "from_office_id", "lodged_at"),)

    case_id: UUID = Field(foreign_key="case.id", unique=True)
    entry: int
    from_office_id: UUID = Field(foreign_key="office.id")
    office_id: UUID = Field(foreign_key="office.id")
    not_by: list[str] = Field(default_factory=list, sa_type=Json)
    text: str
    lodged_at: datetime = Field(sa_type=UtcDateTime)
    outcome: AppealOutcome | None = Field(default=None, sa_type=Text)
    words: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: UUID | None = Field(default=None, foreign_key="staff.id")


class CaseLink(Row, table=True):
    """That two cases have to do with each other, and why; the smaller id is `case_id`."""

    __tablename__ = "case_link"
    __table_args__ = (UniqueConstraint("case_id", "other_id"),)

    case_id: UUID = Field(foreign_key="case.id")
    other_id: UUID = Field(foreign_key="case.id", index=True)
    why: str
    at: datetime = Field(sa_type=UtcDateTime)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
