"""The ladder of an action that is not done by its day: who is told, and when. The setting says after how many working
days; an office's calendar says which days those are."""

from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from core.settings import settings
from domain.catalogue import catalogue
from domain.review import Action, ActionRung, ActionStep
from domain.states import RungState
from escalation.calendar import WorkingCalendar
from escalation.terms import calendar_of
from reports.weeks import start_of

FARTHEST = 400
"""Days ahead among which working days are looked for."""


def steps() -> list[tuple[ActionStep, int]]:
    """The steps in order, each with its working days after the action's day."""
    return [(ActionStep(name), days) for name, days in settings().action_ladder.items()]


def morning(calendar: WorkingCalendar | None, day: date, days: int) -> datetime:
    """When an office opens on the `days`-th working day after a day, in UTC. Where no calendar says, or it never opens
    again, so many days later at midnight."""
    left = days
    for ahead in range(1, FARTHEST if calendar else 1):
        at = day + timedelta(days=ahead)
        if calendar and (spans := calendar.spans(at)):
            left -= 1
            if left <= 0:
                return start_of(at, calendar.zone) + timedelta(seconds=spans[0][0])
    return start_of(day + timedelta(days=days), calendar.zone if calendar else settings().zone)


def due_at(session: Session, action: Action, number: int, climbed: datetime | None = None) -> datetime | None:
    """When a rung is due (the first is 1); None for one that the ladder does not have.

    `climbed` is when the rung before it was: whoever was told then has the days between the two to act, however late
    that was.
    """
    ladder, known = steps(), catalogue(session)
    if not 1 <= number <= len(ladder):
        return None
    calendar = calendar_of(known, action.office_id) if known.calendar(action.office_id) else None
    planned = morning(calendar, action.due_on, ladder[number - 1][1])
    if climbed is None or number == 1:
        return planned
    day = climbed.astimezone(calendar.zone if calendar else settings().zone).date()
    return max(planned, morning(calendar, day, ladder[number - 1][1] - ladder[number - 2][1]))


def arm(session: Session, action: Action) -> None:
    """Let an action that is to do wait for its next rung, at the right moment. What was climbed stays climbed: a new
    day or a new owner does not begin the ladder anew."""
    rungs = session.exec(
        select(ActionRung).where(ActionRung.action_id == action.id).order_by(col(ActionRung.number)).with_for_update()
    ).all()
    last = rungs[-1] if rungs else None
    if last is None or last.state == RungState.climbed:
        add(session, action, (last.number if last else 0) + 1, last.climbed_at if last else None)
        return
    last.state, last.due_at, last.leased_until, last.attempts = (
        RungState.waiting,
        due_at(session, action, last.number),
        None,
        0,
    )
    session.add(last)
    session.flush()


def add(session: Session, action: Action, number: int, climbed: datetime | None = None) -> None:
    """Let it wait for this rung, where the ladder has it; `climbed` as in `due_at`."""
    due = due_at(session, action, number, climbed)
    if due is None:
        return
    tell = steps()[number - 1][0]
    session.add(ActionRung(action_id=action.id, number=number, tell=tell, due_at=due))
    session.flush()


def disarm(session: Session, action: Action) -> None:
    """Let nothing climb any more."""
    for rung in session.exec(
        select(ActionRung)
        .where(ActionRung.action_id == action.id, ActionRung.state == RungState.waiting)
        .with_for_update()
    ).all():
        rung.state, rung.due_at, rung.leased_until = RungState.void, None, None
        session.add(rung)
    session.flush()
