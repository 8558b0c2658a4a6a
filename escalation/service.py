"""Clocks of a case in the database. The case must be locked or fresh; nothing here commits.

Each call writes the clock, the next rung of its ladder and the timeline entry that says so. `restate` brings all of
them in line with the timeline, and is enough after any entry; the others do the same for one clock without reading it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import inspect
from sqlmodel import Session, col, select

from core.ids import new_id
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.clock import Clock, Rung
from domain.states import CaseState, ClockKind, ClockState, EntryKind
from domain.timeline import TimelineEntry, append
from escalation import policy as policies
from escalation import rungs, ticking
from escalation.calendar import WorkingCalendar
from escalation.clocks import replay
from escalation.explanation import explain as explain_events
from escalation.terms import calendar_of, rules_of
from escalation.values import LIVE, SILENCES, Event, Replay, ReplayedClock


def start(session: Session, case: Case, kind: ClockKind, now: datetime, since: datetime | None = None) -> Clock:
    """Start a clock at `since` (else `now`), add its first rung and say so on the timeline. Does not flush.

    One that already runs is returned as it is; an `acceptance` that still runs is void, as its transfer was overtaken.
    """
    if kind is not ClockKind.first_response and inspect(case).persistent:
        for running in _live(session, case, kind):
            if kind is not ClockKind.acceptance:
                return running
            running.state = ClockState.void
            rungs.disarm(session, running)
    known = catalogue(session)
    began = since or now
    service = known.services.get(case.service_id) if case.service_id else None
    terms = rules_of(known, case.kind).terms(
        kind,
        known.offices[case.office_id].code,
        service.code if service else None,
        began,
        urgent=case.urgency is not None,
    )
    planned = terms.plan
    body: dict[str, object] = {
        "clock": kind,
        "target_seconds": planned.target_seconds,
        "deadline": planned.deadline_at.isoformat(),
        "policy": terms.policy,
        **({"since": began.isoformat()} if began != now else {}),
    }
    entry = append(session, case, EntryKind.clock_started, now, body=body)
    # all that has a default factory is given, here and for rungs: pydantic inspects a factory at each call
    clock = Clock(
        id=new_id(),
        rungs=[],
        case_id=case.id,
        kind=kind,
        entry=entry.number,
        office_id=case.office_id,
        policy_id=terms.policy_id,
        started_at=began,
        target_seconds=planned.target_seconds,
        deadline_at=planned.deadline_at,
    )
    ticking.start(clock, planned, began)
    session.add(clock)
    rungs.first(session, clock)
    return clock


def end(session: Session, case: Case, kind: ClockKind, now: datetime) -> None:
    """Stop the running clock of a kind, if there is one, and take its ladder down."""
    known = catalogue(session)
    for clock in _live(session, case, kind):
        calendar = calendar_of(known, clock.office_id)
        _wake(session, case, clock, calendar, now)
        ticking.end(clock, calendar, now)
        rungs.disarm(session, clock)
        _say_ended(session, case, clock, now)


def resume(session: Session, case: Case, kind: ClockKind, now: datetime) -> None:
    """Take up an ended clock again.

    A silence goes on as if it had not been answered: append `answer_failed` first, as it is replayed from the timeline.
    Another clock goes on where it stopped.
    """
    if kind in SILENCES:
        restate(session, case, now)
        return
    clock = _latest(session, case, kind)
    if clock is None or clock.state not in (ClockState.met, ClockState.missed):
        return
    clock.office_id = case.office_id
    ticking.proceed(clock, calendar_of(catalogue(session), case.office_id), now)
    rungs.arm(session, clock)
    append(session, case, EntryKind.clock_resumed, now, body={"clock": kind, "why": "taken up again"})


def pause(session: Session, case: Case, kind: ClockKind, now: datetime) -> None:
    """Stop counting while the citizen is asked something, for the policy's days at most; only `resolution` pauses."""
    if kind is not ClockKind.resolution:
        return
    known = catalogue(session)
    for clock in _live(session, case, kind):
        days = next((p.pause_days for p in known.policies if p.id == clock.policy_id), policies.BUILT_IN.pause_days)
        calendar = calendar_of(known, clock.office_id)
        _wake(session, case, clock, calendar, now)
        if ticking.pause(clock, calendar, now, now + timedelta(days=days)):
            rungs.arm(session, clock)
            append(
                session,
                case,
                EntryKind.clock_paused,
                now,
                body={"clock": kind, "until": (now + timedelta(days=days)).isoformat()},
            )


def unpause(session: Session, case: Case, kind: ClockKind, now: datetime) -> None:
    """Count again, as the citizen wrote."""
    known = catalogue(session)
    for clock in _live(session, case, kind):
        calendar = calendar_of(known, clock.office_id)
        _wake(session, case, clock, calendar, now)
        if ticking.unpause(clock, calendar, now):
            rungs.arm(session, clock)
            append(session, case, EntryKind.clock_resumed, now, body={"clock": kind, "why": "the citizen wrote"})


def wake(session: Session, case: Case, now: datetime) -> None:
    """Let clocks run again whose question to the citizen has expired; a waiting case is open again."""
    known = catalogue(session)
    for clock in _live(session, case, ClockKind.resolution):
        _wake(session, case, clock, calendar_of(known, clock.office_id), now)


def move(session: Session, case: Case, now: datetime) -> None:
    """The case went to another office (`case.office_id`): its clocks go on there, never reset.

    An `acceptance` ends, as the case was taken over.
    """
    known = catalogue(session)
    after = calendar_of(known, case.office_id)
    for clock in _live(session, case, *ClockKind):
        if clock.kind == ClockKind.acceptance:
            ticking.end(clock, calendar_of(known, clock.office_id), now)
            rungs.disarm(session, clock)
            _say_ended(session, case, clock, now)
        elif clock.office_id != case.office_id:
            before = calendar_of(known, clock.office_id)
            _wake(session, case, clock, before, now)
            clock.office_id = case.office_id
            ticking.move(clock, before, after, now)
            if before != after:
                rungs.arm(session, clock)


def restate(session: Session, case: Case, now: datetime) -> list[str]:
    """Bring the stored clocks in line with the timeline (after an entry).

    Returns what changed, in words; the starts and ends that follow are written to the timeline.
    """
    session.flush()
    known = catalogue(session)
    told = replay(events(session, case, known), rules_of(known, case.kind), now)
    stored = {(clock.kind, clock.entry): clock for clock in _all(session, case)}
    return bring(session, case, known, told, stored, rungs.ladders(session, [c.id for c in stored.values()]), now)


def bring(
    session: Session,
    case: Case,
    known: Catalogue,
    told: Replay,
    stored: Mapping[tuple[ClockKind, int], Clock],
    ladders: Mapping[UUID, Mapping[int, Rung]],
    now: datetime,
    *,
    quiet: bool = False,
) -> list[str]:
    """Write a replay's clocks to the stored ones and let the right rungs wait; returns what changed, in words.

    `quiet` leaves the timeline to the caller, but for clocks that start.
    """
    gone = dict(stored)
    codes = known.office_by_any_code
    changed: list[str] = []
    for clock in told.clocks:
        row = gone.pop((clock.kind, clock.entry), None)
        if row is None:
            changed.append(f"{clock.kind} starts")
            row = _started(session, case, known, clock, now)
        before = (row.state, row.ended_at, row.deadline_at)
        _copy(clock, row, codes[clock.office].id)
        rungs.arm(session, row, ladders.get(row.id, {}))
        if row.state in LIVE and before[0] in (ClockState.met, ClockState.missed, ClockState.void):
            changed.append(f"{row.kind} runs again")
            if not quiet:
                append(session, case, EntryKind.clock_resumed, now, body={"clock": row.kind, "why": "replayed"})
        elif row.ended_at is not None and before[:2] != (row.state, row.ended_at):
            changed.append(f"{row.kind} ended {row.state}")
            if not quiet:
                _say_ended(session, case, row, now)
        elif before[2] != row.deadline_at:
            changed.append(f"{row.kind} is due {row.deadline_at.isoformat()} instead of {before[2].isoformat()}")
    for row in gone.values():
        if row.state != ClockState.void:
            changed.append(f"{row.kind} is void")
            row.state, row.ended_at, row.elapsed_seconds, row.working_seconds = ClockState.void, None, None, None
            rungs.disarm(session, row)
    return changed


def _started(session: Session, case: Case, known: Catalogue, clock: ReplayedClock, now: datetime) -> Clock:
    body: dict[str, object] = {
        "clock": clock.kind,
        "target_seconds": clock.target_seconds,
        "deadline": clock.deadline_at.isoformat(),
        "policy": _policy_name(known, clock.policy_id),
        "since": clock.started_at.isoformat(),
        "cause": clock.entry,
    }
    append(session, case, EntryKind.clock_started, now, body=body)
    row = Clock(
        case_id=case.id,
        kind=clock.kind,
        entry=clock.entry,
        office_id=known.office_by_any_code[clock.office].id,
        started_at=clock.started_at,
        target_seconds=clock.target_seconds,
        deadline_at=clock.deadline_at,
    )
    session.add(row)
    return row


def explain(session: Session, case: Case, now: datetime) -> list[str]:
    """Every step of the case's clocks and holding times in words."""
    known = catalogue(session)
    return explain_events(events(session, case, known), rules_of(known, case.kind), now)


def events(session: Session, case: Case, known: Catalogue) -> list[Event]:
    """The case's timeline as values."""
    rows = session.exec(
        select(TimelineEntry).where(TimelineEntry.case_id == case.id).order_by(col(TimelineEntry.number))
    )
    return events_of(rows, known, case.office_id)


def events_of(entries: Iterable[TimelineEntry], known: Catalogue, fallback: UUID) -> list[Event]:
    """Timeline entries as values."""
    return [
        Event(
            entry.number,
            entry.at,
            EntryKind(entry.kind),
            known.offices[entry.office_id or fallback].code,
            entry.body,
        )
        for entry in entries
    ]


def _policy_name(known: Catalogue, wanted: UUID | None) -> str:
    return next((policy.name for policy in known.policies if policy.id == wanted), policies.BUILT_IN.name)


def _copy(clock: ReplayedClock, row: Clock, office_id: UUID) -> None:
    row.office_id, row.policy_id = office_id, clock.policy_id
    for name in (
        "state",
        "started_at",
        "target_seconds",
        "deadline_at",
        "rungs",
        "worked_seconds",
        "idle_seconds",
        "counted_from",
        "paused_until",
        "ended_at",
        "elapsed_seconds",
        "working_seconds",
    ):
        setattr(row, name, getattr(clock, name))


def _wake(session: Session, case: Case, clock: Clock, calendar: WorkingCalendar, now: datetime) -> None:
    if ticking.expire(clock, calendar, now) is None:
        return
    if case.state == CaseState.waiting:
        case.state = CaseState.open
    rungs.arm(session, clock)
    append(session, case, EntryKind.clock_resumed, now, body={"clock": clock.kind, "why": "the question expired"})


def _all(session: Session, case: Case) -> list[Clock]:
    return list(session.exec(select(Clock).where(Clock.case_id == case.id).order_by(col(Clock.entry))))


def _live(session: Session, case: Case, *kinds: ClockKind) -> list[Clock]:
    asked = select(Clock).where(Clock.case_id == case.id, col(Clock.kind).in_(kinds), col(Clock.state).in_(LIVE))
    return list(session.exec(asked.order_by(col(Clock.entry))))


def _latest(session: Session, case: Case, kind: ClockKind) -> Clock | None:
    asked = select(Clock).where(Clock.case_id == case.id, Clock.kind == kind).order_by(col(Clock.entry).desc()).limit(1)
    return session.exec(asked).first()


def _say_ended(session: Session, case: Case, clock: Clock, now: datetime) -> None:
    body: dict[str, object] = {
        "clock": clock.kind,
        "met": clock.state == ClockState.met,
        "elapsed_seconds": clock.elapsed_seconds,
        "working_seconds": clock.working_seconds,
    }
    append(session, case, EntryKind.clock_ended, now, body=body)
