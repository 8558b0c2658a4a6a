"""What the public's figures of a month are counted from: cases that may be counted before everybody, one by one.

Cases of the firewall, in confidence or about somebody's conduct are in none of them (`domain.visibility.countable`),
nor is what visitors of our own found. A case belongs to the month it was received in, and to one office.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as clock
from uuid import UUID

from sqlalchemy import and_, case, exists, literal
from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from cases.counted import taken_back, unanswered
from core.settings import settings
from core.types import UtcDateTime
from domain.case import Case
from domain.clock import Clock
from domain.states import NOT_LIVE_SOURCES, ClockKind, ClockState
from domain.visibility import countable
from reports.samples import epoch

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Matter:
    """One case. `seconds` of silence so far or until its answer; `late`: unanswered when its target passed."""

    office: UUID
    service: UUID | None
    channel: str
    seconds: int
    answered: bool
    late: bool
    closed: bool


@dataclass(slots=True)
class Heap:
    """Cases put together: their silences in seconds, ended and not, and how many of them are late."""

    answered: list[int] = field(default_factory=list)
    silent: list[int] = field(default_factory=list)
    late: int = 0

    @property
    def n(self) -> int:
        """How many cases."""
        return len(self.answered) + len(self.silent)

    @property
    def split(self) -> tuple[int, int]:
        """In time, or still within it; and late."""
        return self.n - self.late, self.late

    def put(self, matter: Matter) -> None:
        """Add one."""
        (self.answered if matter.answered else self.silent).append(matter.seconds)
        self.late += matter.late


def matters(session: Session, month: date, as_of: datetime) -> Iterator[Matter]:
    """The cases received in a month, as things stood at `as_of`."""
    silent = unanswered(as_of)
    end = case(
        (and_(silent, taken_back(as_of)), col(Case.closed_at)),
        (silent, literal(as_of, UtcDateTime)),
        else_=col(Case.first_response_at),
    )
    late = exists(
        sa_select(literal(1)).where(
            col(Clock.case_id) == col(Case.id),
            col(Clock.kind) == ClockKind.first_response,
            col(Clock.state) != ClockState.void,
            col(Clock.deadline_at) < end,
        )
    )
    rows = session.execute(
        sa_select(
            col(Case.office_id),
            col(Case.service_id),
            col(Case.channel),
            epoch(end) - epoch(col(Case.received_at)),
            ~silent,
            late,
            and_(col(Case.closed_at).is_not(None), col(Case.closed_at) <= as_of),
        ).where(
            countable(),
            col(Case.source).not_in(NOT_LIVE_SOURCES),
            col(Case.received_at) >= first_moment(month),
            col(Case.received_at) < min(first_moment(following(month)), as_of),
        ),
        execution_options={"yield_per": BATCH},
    )
    for office, service, channel, seconds, answered, is_late, closed in rows:
        yield Matter(office, service, str(channel), max(0, int(seconds)), bool(answered), bool(is_late), bool(closed))


def first_moment(month: date) -> datetime:
    """When a month begins at the government."""
    return datetime.combine(month, clock(), settings().zone)


def following(month: date) -> date:
    """The month after one."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def preceding(month: date) -> date:
    """The month before one."""
    return date(month.year, month.month - 1, 1) if month.month > 1 else date(month.year - 1, 12, 1)
