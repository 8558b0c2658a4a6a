"""How many answers will be late before a moment, if each office goes on at its own pace.

An office's pace is its answers of the last `WEEKS` weeks by the working hours of its calendar in them. What waits is
taken in order of deadline, those that are late already first. So with `late` of these, and a pace of `p` answers a
working hour, the k-th of the others is answered `(late + k) / p` working hours from now; it will be late if that is
more than the working hours until its deadline. Answers are those to the citizen's first and further messages; of a
crowd, as one answer goes to all, only its lead waits. Under `FEWEST` answers nothing is foretold.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.clock import Clock
from domain.states import ClockKind, ClockState, LeadLink
from domain.visibility import Viewer, visible
from escalation.calendar import WorkingCalendar
from escalation.terms import calendar_of

WEEKS, FEWEST = 4, 10
AHEAD, FARTHEST = 2, 14
"""Working days to look ahead by itself, and days at most."""
KINDS = (ClockKind.first_response, ClockKind.reply_due)
MOST = 20_000
"""Clocks that are looked at; beyond it the figure is of the first of them."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A clock that runs: its case, and when it ends."""

    reference: str
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is foretold of an office. `pace` in answers a working hour, None where `answers` are too few to say."""

    office_id: UUID
    answers: int
    pace: float | None
    late: int
    due: tuple[Waiting, ...]
    breach: tuple[Waiting, ...]


def breaches(hours: Sequence[float], late: int, pace: float) -> list[bool]:
    """Which of those that wait, in order of deadline, will be late. `hours` are working hours until each deadline."""
    return [late + place > ahead * pace for place, ahead in enumerate(hours, start=1)]


def outlook(session: Session, who: Viewer, before: datetime, now: datetime) -> list[Outlook]:
    """Of each office with answers due by then whose cases one sees; those with most to come first."""
    known, since = catalogue(session), now - timedelta(weeks=WEEKS)
    mine = (visible(who), col(Clock.kind).in_(KINDS), col(Case.lead_link).is_distinct_from(LeadLink.same))
    runs = (*mine, col(Clock.state) == ClockState.running)
    rows = session.exec(
        select(Clock.office_id, Case.reference, Clock.deadline_at)
        .join(Case, col(Case.id) == col(Clock.case_id))
        .where(*runs, col(Clock.deadline_at) > now, col(Clock.deadline_at) <= before)
        .order_by(col(Clock.deadline_at), col(Clock.id))
        .limit(MOST)
    ).all()
    counted = select(Clock.office_id, func.count()).join(Case, col(Case.id) == col(Clock.case_id))
    overdue = counted.where(*runs, col(Clock.deadline_at) <= now).group_by(col(Clock.office_id))
    ended = col(Clock.state).in_((ClockState.met, ClockState.missed))
    done = counted.where(*mine, ended, col(Clock.ended_at) > since, col(Clock.ended_at) <= now)
    late, answers = dict(session.exec(overdue).all()), dict(session.exec(done.group_by(col(Clock.office_id))).all())
    due: dict[UUID, list[Waiting]] = {}
    for office_id, reference, deadline in rows:
        due.setdefault(office_id, []).append(Waiting(reference, deadline))
    found = []
    for office_id, waiting in due.items():
        calendar, n, behind = calendar_of(known, office_id), answers.get(office_id, 0), late.get(office_id, 0)
        worked = calendar.between(since, now) / 3600
        pace = n / worked if n >= FEWEST and worked else None
        coming: Iterable[bool] = ()
        if pace is not None:
            coming = breaches([calendar.between(now, one.deadline) / 3600 for one in waiting], behind, pace)
        breach = tuple(one for one, is_late in zip(waiting, coming, strict=False) if is_late)
        found.append(Outlook(office_id, n, pace, behind, tuple(waiting), breach))
    return sorted(found, key=lambda one: (-len(one.breach), known.name(one.office_id)))


def noon(known: Catalogue, now: datetime, day: str) -> datetime:
    """Noon of the day that was asked for, if it lies ahead and not too far; else of the second day from now on which
    the government works, by the calendar of the office at the top; where none follows in time, of the last."""
    zone = settings().zone
    today = now.astimezone(zone).date()
    ahead = [today + timedelta(days=days) for days in range(1, FARTHEST + 1)]
    top = next((office for office in known.offices.values() if office.parent_id is None), None)
    worked = [one for one in ahead if top is None or _works(calendar_of(known, top.id), one, zone)]
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        asked = today
    if asked not in ahead:
        asked = worked[AHEAD - 1] if len(worked) >= AHEAD else ahead[-1]
    return datetime.combine(asked, time(12), zone).astimezone(UTC)


def _works(calendar: WorkingCalendar, day: date, zone: ZoneInfo) -> bool:
    start = datetime.combine(day, time(), zone)
    return calendar.between(start, start + timedelta(days=1)) > 0
