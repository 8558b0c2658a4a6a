"""What the desk shows beside a case: the queue by what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from api import crowd_view
from cases import firewall, history, parts
from core.settings import settings
from core.texts import shorten
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Clock
from domain.staff import Staff
from domain.states import OPEN_STATES, CaseState, ClockKind, ClockState
from domain.visibility import Viewer

QUEUE = 60
SOON = 0.75
"""Share of a target from which a case is due soon."""
ANSWERS = frozenset({ClockKind.first_response, ClockKind.reply_due, ClockKind.acceptance})


@dataclass(frozen=True, slots=True)
class Left:
    """Time left of the clock that matters now.

    Seconds by the clock on the wall, as the citizen lives them, below zero when it is over: "18 days over" must not
    mean eighteen times 24 working hours.
    """

    seconds: int
    share: float
    tone: str
    due_at: datetime
    clock: Clock


def left(clocks: Sequence[Clock], now: datetime) -> Left | None:
    """The running clock for an answer that is due first, else the resolution's; None when none runs."""
    running = [clock for clock in clocks if clock.state == ClockState.running]
    first = [clock for clock in running if clock.kind in ANSWERS] or running
    if not first:
        return None
    clock = min(first, key=lambda clock: clock.deadline_at)
    seconds = int((clock.deadline_at - now).total_seconds())
    whole = (clock.deadline_at - clock.started_at).total_seconds()
    share = 1 - seconds / whole if whole > 0 else 1.0
    tone = "late" if seconds < 0 else "soon" if share >= SOON else "calm"
    return Left(seconds, max(0.0, share), tone, clock.deadline_at, clock)


def queue(session: Session, who: Viewer, now: datetime, chosen: history.Filter | None = None) -> dict[str, object]:
    """The rows of the queue, soonest due first, and how many wait in all."""
    known = catalogue(session)
    chosen = chosen or history.Filter(states=frozenset(OPEN_STATES) - {CaseState.answered}, folded=True)
    lines = history.find(session, who, chosen, order="due", limit=QUEUE)
    cases = [line.case for line in lines]
    clocks = clocks_of(session, [case.id for case in cases])
    names = names_of(session, {case.assignee_id for case in cases if case.assignee_id})
    sizes = crowd_view.sizes(session, who, cases)
    rows = []
    for case in cases:
        time_left = left(clocks.get(case.id, ()), now)
        rows.append(
            {
                "reference": case.reference,
                "title": shorten(case.text, 90) or "(no words)",
                "urgency": case.urgency or "",
                "nature": case.nature or "",
                "state": str(case.state),
                "channel": str(case.channel),
                "language": case.language,
                "left_seconds": time_left.seconds if time_left else None,
                "tone": time_left.tone if time_left else "calm",
                "share": time_left.share if time_left else 0.0,
                "silent_seconds": silent_seconds(case, now),
                "office": "" if case.office_id in who.home else known.name(case.office_id),
                "assignee": names.get(case.assignee_id, "") if case.assignee_id else "",
                "crowd": sizes.get(case.id, 0),
            }
        )
    month = now.astimezone(settings().zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    tally = firewall.tally(session, who, month.astimezone(UTC))
    return {"queue": rows, "queue_total": history.count(session, who, chosen), "tally": tally}


def silent_seconds(case: Case, now: datetime) -> int | None:
    """Seconds the citizen has heard nothing; None once answered, and for a part, whose silence is its lead's."""
    if parts.is_part(case):
        return None
    return int((now - case.received_at).total_seconds()) if case.first_response_at is None else None


def clocks_of(session: Session, case_ids: Sequence[UUID]) -> dict[UUID, list[Clock]]:
    """Clocks by case, in one query."""
    found: dict[UUID, list[Clock]] = {}
    for clock in session.exec(select(Clock).where(col(Clock.case_id).in_(case_ids))):
        found.setdefault(clock.case_id, []).append(clock)
    return found


def names_of(session: Session, ids: set[UUID]) -> dict[UUID, str]:
    """Names of staff by id."""
    return dict(session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(ids))).all()) if ids else {}
