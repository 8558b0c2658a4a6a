"""The rungs of a clock as rows: which of them wait to be climbed. Nothing here commits."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from core.ids import new_id
from domain.clock import Clock, Rung
from domain.states import ClockState, RungState
from escalation.ladder import next_rungs

EXPIRY = 0
"""Number of the rung that wakes a clock whose question to the citizen expires; a ladder counts from 1."""
RESUME = "resume"


def ladders(session: Session, clock_ids: list[UUID]) -> dict[UUID, dict[int, Rung]]:
    """Rungs by clock and number."""
    if not clock_ids:
        return {}
    found: dict[UUID, dict[int, Rung]] = {}
    for rung in session.exec(select(Rung).where(col(Rung.clock_id).in_(clock_ids))):
        found.setdefault(rung.clock_id, {})[rung.number] = rung
    return found


def first(session: Session, clock: Clock) -> None:
    """Let the first rungs of a clock wait that has just been started."""
    for step in next_rungs(clock.rungs, {}):
        session.add(_rung(clock, step))


def disarm(session: Session, clock: Clock) -> None:
    """Take a ladder down: nothing of it waits any more."""
    session.execute(
        update(Rung)
        .where(col(Rung.clock_id) == clock.id, col(Rung.state) == RungState.waiting)
        .values(state=RungState.void)
        .execution_options(synchronize_session="fetch")
    )


def arm(session: Session, clock: Clock, rows: Mapping[int, Rung] | None = None) -> None:
    """Let those rungs wait that are next, or the end of the pause; the others are void."""
    if rows is None:
        session.flush()
        rows = ladders(session, [clock.id]).get(clock.id, {})
    wanted = {int(str(step["number"])): step for step in _next(clock, rows)}
    for number, rung in rows.items():
        if rung.state == RungState.waiting and number not in wanted:
            rung.state = RungState.void
    for number, step in wanted.items():
        fresh, row = _rung(clock, step), rows.get(number)
        if row is None:
            session.add(fresh)
        elif row.state != RungState.waiting or row.due_at != fresh.due_at or row.tell != fresh.tell:
            row.state, row.due_at, row.tell = RungState.waiting, fresh.due_at, fresh.tell
            row.leased_until, row.attempts, row.last_error = None, 0, None


def _next(clock: Clock, rows: Mapping[int, Rung]) -> list[Mapping[str, object]]:
    if clock.state == ClockState.paused and clock.paused_until is not None:
        return [{"number": EXPIRY, "tell": RESUME, "at": clock.paused_until.isoformat()}]
    if clock.state != ClockState.running:
        return []
    climbed = {
        number: (rung.tell, rung.climbed_at or rung.due_at or clock.started_at)
        for number, rung in rows.items()
        if rung.state == RungState.climbed and number != EXPIRY
    }
    return next_rungs(clock.rungs, climbed)


def _rung(clock: Clock, step: Mapping[str, object]) -> Rung:
    return Rung(
        id=new_id(),
        told=[],
        clock_id=clock.id,
        case_id=clock.case_id,
        number=int(str(step["number"])),
        tell=str(step["tell"]),
        due_at=datetime.fromisoformat(str(step["at"])),
    )
