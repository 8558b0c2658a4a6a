"""How a clock counts: the same few rules for a row of the database and for a clock replayed from the timeline.

Working time is what was counted up to `counted_from`, and from there the calendar of the office that has the case. A
pause or a move to another office ends one such stretch and begins the next, so nothing is ever reset. Rungs at an
elapsed age stand still, whatever calendar counts; only time in which the clock did not run moves them on.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from domain.states import ClockKind, ClockState
from escalation.calendar import WorkingCalendar
from escalation.ladder import at_age
from escalation.policy import Plan


class Ticking(Protocol):
    """Columns of `domain.clock.Clock` that counting reads and writes."""

    kind: ClockKind
    state: ClockState
    started_at: datetime
    target_seconds: int
    deadline_at: datetime
    rungs: list[dict[str, object]]
    worked_seconds: int
    idle_seconds: int
    counted_from: datetime | None
    paused_until: datetime | None
    ended_at: datetime | None
    elapsed_seconds: int | None
    working_seconds: int | None


def start(clock: Ticking, plan: Plan, at: datetime) -> None:
    """Begin to count at `at` with the targets of a plan."""
    clock.started_at = clock.counted_from = at
    clock.target_seconds, clock.deadline_at = plan.target_seconds, plan.deadline_at
    clock.rungs = plan.rungs


def worked(clock: Ticking, calendar: WorkingCalendar, at: datetime) -> int:
    """Working seconds counted by `at`."""
    if clock.state != ClockState.running:
        return clock.worked_seconds
    return clock.worked_seconds + calendar.between(clock.counted_from or clock.started_at, at)


def end(clock: Ticking, calendar: WorkingCalendar, at: datetime) -> None:
    """Stop for good; met if the working time is within the target."""
    clock.working_seconds = worked(clock, calendar, at)
    clock.elapsed_seconds = max(0, int((at - clock.started_at).total_seconds()))
    in_time = at <= clock.deadline_at if clock.state == ClockState.running else left(clock) >= 0
    clock.ended_at = at
    clock.state = ClockState.met if in_time else ClockState.missed


def proceed(clock: Ticking, calendar: WorkingCalendar, at: datetime) -> None:
    """Take up a clock again that had ended; the time between is not counted as working time."""
    clock.worked_seconds = clock.working_seconds or 0
    clock.idle_seconds += _between(clock.ended_at, at)
    clock.ended_at = clock.elapsed_seconds = clock.working_seconds = None
    clock.state = ClockState.running
    clock.paused_until = None
    _continue(clock, calendar, at)


def lay_down(clock: Ticking, calendar: WorkingCalendar, at: datetime) -> None:
    """Count no more, though nothing ended it: nobody waits now. What was worked is kept, should somebody wait again."""
    clock.worked_seconds = worked(clock, calendar, at)
    if clock.state == ClockState.paused:
        clock.idle_seconds += _between(clock.counted_from, at)
    clock.counted_from = at
    clock.state = ClockState.void
    clock.paused_until = None


def take_up(clock: Ticking, calendar: WorkingCalendar, at: datetime) -> None:
    """Count a clock again that was laid down; the time between is not counted as working time."""
    clock.idle_seconds += _between(clock.counted_from, at)
    _continue(clock, calendar, at)


def pause(clock: Ticking, calendar: WorkingCalendar, at: datetime, until: datetime) -> bool:
    """Stop counting until the citizen writes, or `until`. No second time before the citizen has written."""
    if clock.state != ClockState.running or clock.paused_until is not None:
        return False
    clock.worked_seconds = worked(clock, calendar, at)
    clock.counted_from = at
    clock.state = ClockState.paused
    clock.paused_until = until
    return True


def unpause(clock: Ticking, calendar: WorkingCalendar, at: datetime) -> bool:
    """Count again, as the citizen wrote; tells whether it was paused."""
    was_paused = clock.state == ClockState.paused
    if was_paused:
        clock.idle_seconds += _between(clock.counted_from, at)
        _continue(clock, calendar, at)
    clock.paused_until = None
    return was_paused


def expire(clock: Ticking, calendar: WorkingCalendar, now: datetime) -> datetime | None:
    """Count again from the moment the question expired, if it has by `now`; returns that moment."""
    if clock.state != ClockState.paused or clock.paused_until is None or clock.paused_until > now:
        return None
    clock.idle_seconds += _between(clock.counted_from, clock.paused_until)
    _continue(clock, calendar, clock.paused_until)
    return clock.paused_until


def move(clock: Ticking, before: WorkingCalendar, after: WorkingCalendar, at: datetime) -> None:
    """Go on at another office: what is left of the target is counted by that office's calendar."""
    if clock.state == ClockState.running:
        clock.worked_seconds = worked(clock, before, at)
        _continue(clock, after, at)


def retarget(clock: Ticking, calendar: WorkingCalendar, plan: Plan, at: datetime, *, shorter: bool) -> None:
    """Another target for a live clock. A `shorter` one counts from `at`: nobody is late for what was not known before.

    What was worked stays counted, and a target never gets longer by being called urgent.
    """
    if clock.state == ClockState.running:
        clock.worked_seconds = worked(clock, calendar, at)
    before = clock.worked_seconds if shorter else 0
    target = before + plan.target_seconds
    clock.target_seconds = min(clock.target_seconds, target) if shorter else target
    lived = _between(clock.started_at, at) - clock.idle_seconds if shorter else 0
    if shorter and clock.state == ClockState.paused:
        lived -= _between(clock.counted_from, at)
    clock.rungs = _put_off(plan.rungs, before, lived, [rung["age"] for rung in clock.rungs if "age" in rung])
    if clock.state == ClockState.running:
        if left(clock) <= 0 and not shorter:  # the usual target is over as well: the moment at which it was
            clock.deadline_at = plan.deadline_at
        _continue(clock, calendar, at)


def left(clock: Ticking) -> int:
    """Working seconds of the target that were left when the present stretch began; below zero when it was late."""
    return clock.target_seconds - clock.worked_seconds


def _put_off(
    rungs: Iterable[dict[str, object]], worked: int, lived: int, ages: Iterable[object]
) -> list[dict[str, object]]:
    """Rungs that count from now on, each at an elapsed age no later than it was to be before."""
    usual = iter(ages)
    found = []
    for rung in rungs:
        if "age" in rung:
            age = _whole(rung["age"]) + lived
            found.append({**rung, "age": min(age, _whole(next(usual, age))) if lived else age})
        else:
            found.append({**rung, "after": _whole(rung["after"]) + worked})
    return found


def _continue(clock: Ticking, calendar: WorkingCalendar, at: datetime) -> None:
    clock.state = ClockState.running
    clock.counted_from = at
    if left(clock) > 0:
        clock.deadline_at = calendar.add(at, left(clock))
    worked = clock.worked_seconds
    clock.rungs = [
        {**rung, "at": at_age(clock.started_at, clock.idle_seconds, _whole(rung["age"])).isoformat()}
        if "age" in rung
        else rung
        if (after := _whole(rung["after"])) <= worked
        else {**rung, "at": calendar.add(at, after - worked).isoformat()}
        for rung in clock.rungs
    ]


def _between(start: datetime | None, end: datetime) -> int:
    return max(0, (end - start) // timedelta(seconds=1)) if start is not None else 0


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
