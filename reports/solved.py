"""Solved as citizens say, and as calls by others check it: figures by the office that closed.

A share is shown with its n and Wilson's 95% interval. Who did not answer is counted apart: silence is no yes.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.case import Case
from domain.closing import CheckResult, SolvedCheck, SolvedQuestion, SolvedState
from domain.visibility import Viewer, counted_act
from surveys.shares import wilson


@dataclass(frozen=True, slots=True)
class Share:
    """`of` so many, `n` of them; None without any."""

    n: int
    of: int

    @property
    def value(self) -> float | None:
        """The share."""
        return self.n / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95% interval."""
        return wilson(self.n / self.of, self.of) if self.of else None


@dataclass(slots=True)
class Line:
    """What became of the closings of one office. `said` counts answers by state; `found` what calls found out, of those
    who said yes (True) and of those who said nothing (False)."""

    office_id: UUID
    said: dict[SolvedState, int] = field(default_factory=dict)
    found: dict[tuple[bool, CheckResult], int] = field(default_factory=dict)

    @property
    def closed(self) -> int:
        """Closings."""
        return sum(self.said.values())

    @property
    def claimed(self) -> Share:
        """Solved, of those who said either."""
        yes, no = self.said.get(SolvedState.yes, 0), self.said.get(SolvedState.no, 0)
        return Share(yes, yes + no)

    @property
    def silent(self) -> int:
        """Asked, and said nothing in time."""
        return self.said.get(SolvedState.silent, 0)

    def checked(self, claimed: bool) -> Share:
        """Solved as calls found, of those reached: of who had said yes, or of who had said nothing."""
        good = self.found.get((claimed, CheckResult.solved), 0)
        return Share(good, good + self.found.get((claimed, CheckResult.not_solved), 0))

    @property
    def not_reached(self) -> int:
        """Calls that nobody picked up."""
        return sum(number for (_, result), number in self.found.items() if result is CheckResult.not_reached)


def by_office(session: Session, who: Viewer, *, since: datetime, until: datetime) -> list[Line]:
    """Closings of a period by office, those first where calls found least of what was said; then most closings.

    An office's own closings count though an appeal took the case away; those of integrity and about it do not.
    """
    lines: dict[UUID, Line] = {}
    period = (
        col(SolvedQuestion.closed_at) >= since,
        col(SolvedQuestion.closed_at) < until,
        counted_act(who, col(SolvedQuestion.office_id)),  # type: ignore[arg-type]
    )
    said = (
        select(SolvedQuestion.office_id, SolvedQuestion.state, func.count())
        .join(Case, col(Case.id) == col(SolvedQuestion.case_id))
        .where(*period)
        .group_by(col(SolvedQuestion.office_id), col(SolvedQuestion.state))
    )
    for office_id, state, number in session.exec(said):
        lines.setdefault(office_id, Line(office_id)).said[SolvedState(state)] = number
    found = (
        select(SolvedQuestion.office_id, SolvedCheck.claimed, SolvedCheck.result, func.count())
        .join(SolvedQuestion, col(SolvedQuestion.id) == col(SolvedCheck.question_id))
        .join(Case, col(Case.id) == col(SolvedQuestion.case_id))
        .where(*period, col(SolvedCheck.result).is_not(None))
        .group_by(col(SolvedQuestion.office_id), col(SolvedCheck.claimed), col(SolvedCheck.result))
    )
    for office_id, claimed, result, number in session.exec(found):
        if result is not None:
            lines.setdefault(office_id, Line(office_id)).found[bool(claimed), CheckResult(result)] = number
    return sorted(lines.values(), key=lambda line: (_worst(line), -line.closed, str(line.office_id)))


def _worst(line: Line) -> float:
    interval = line.checked(claimed=True).interval
    return interval[1] if interval is not None else 1.0
