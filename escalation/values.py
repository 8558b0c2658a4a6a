"""What a replay takes and gives: events, terms, clocks, holdings. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.states import ClockKind, ClockState, EntryKind
from escalation.calendar import WorkingCalendar
from escalation.policy import Plan

SILENCES = (ClockKind.first_response, ClockKind.reply_due)
LIVE = (ClockState.running, ClockState.paused)


@dataclass(frozen=True, slots=True)
class Event:
    """A timeline entry as a value. `office` is the code of the office that was accountable then."""

    number: int
    at: datetime
    kind: EntryKind
    office: str
    body: Mapping[str, object] = field(default_factory=dict)

    def says(self, key: str) -> str:
        """A text of the body, or nothing."""
        value = self.body.get(key)
        return value if isinstance(value, str) else ""


class Terms(NamedTuple):
    """What applies to a clock that starts: its plan and the rules of its policy."""

    plan: Plan
    policy_id: UUID | None
    policy: str
    counts_templated: bool
    pause_days: int
    entered_at: datetime | None = None


class Rules(Protocol):
    """Where a replay asks for policies and calendars, by office code, service code and moment."""

    def terms(
        self,
        clock: ClockKind,
        office: str,
        service: str | None,
        at: datetime,
        *,
        urgent: bool = False,
        known_by: datetime | None = None,
    ) -> Terms:
        """Terms of a clock that starts at an office; with `known_by` only by policies entered until then."""
        ...

    def calendar(self, office: str) -> WorkingCalendar:
        """The calendar an office works by."""
        ...

    def triage(self) -> str | None:
        """The office of the triage desk, which takes what is refused or released."""
        ...


Told = tuple[datetime, str, tuple[object, ...]]
"""When, what happened to a clock, and what belongs to it; `escalation.explanation` puts it into words."""


@dataclass(slots=True)
class ReplayedClock:
    """A clock as the timeline makes it; same columns as `domain.clock.Clock`, with the office's code.

    `stretches` are those in which it was counted, each by the calendar of an office; the last one, if it runs, begins
    at `counted_from`.
    """

    kind: ClockKind
    entry: int
    office: str
    started_at: datetime
    target_seconds: int
    deadline_at: datetime
    rungs: list[dict[str, object]]
    policy_id: UUID | None
    counts_templated: bool
    pause_days: int
    entered_at: datetime | None = None
    state: ClockState = ClockState.running
    worked_seconds: int = 0
    idle_seconds: int = 0
    counted_from: datetime | None = None
    paused_until: datetime | None = None
    ended_at: datetime | None = None
    elapsed_seconds: int | None = None
    working_seconds: int | None = None
    confirmed: bool = False
    service: str | None = None
    steps: list[Told] = field(default_factory=list)
    stretches: list[tuple[str, datetime, datetime]] = field(default_factory=list)


class Holding(NamedTuple):
    """How long one office had the case. `until` None: it still has it."""

    office: str
    since: datetime
    until: datetime | None
    elapsed_seconds: int
    working_seconds: int


@dataclass(slots=True)
class Replay:
    """All clocks of a case in order of their start, and who held it when."""

    clocks: tuple[ReplayedClock, ...]
    holdings: tuple[Holding, ...]

    def latest(self, kind: ClockKind) -> ReplayedClock | None:
        """The newest clock of a kind."""
        return next((clock for clock in reversed(self.clocks) if clock.kind == kind), None)


def span(seconds: int) -> str:
    """Seconds as a person says them: 2 h 05 min."""
    minutes, rest = divmod(max(seconds, 0), 60)
    if minutes < 1:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
