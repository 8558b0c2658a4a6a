"""Clocks of a case in the database. The case must be locked or fresh; nothing here commits.

Each call writes the clock, the next rung of its ladder and the timeline entry that says so. `restate` brings all of
them in line with the timeline, and is enough after any entry; the others do the same for one clock without reading it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import inspect, update
from sqlmodel import Session, col, select

from core.ids import new_id
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.clock import Clock, Rung
from domain.states import CaseState, ClockKind, ClockState, EntryKind, RungState
from domain.timeline import TimelineEntry, append
from escalation import policy as policies
from escalation import ticking
from escalation.calendar import WorkingCalendar
from escalation.clocks import replay
from escalation.explanation import explain as explain_events
from escalation.terms import CatalogueRules, calendar_of, policy_id
from escalation.values import LIVE, SILENCES, Event, ReplayedClock

EXPIRY = 0
"""Number of the rung that wakes a clock whose question to the citizen expires; a ladder counts from 1."""
RESUME = "resume"


def start(session: Session, case: Case, kind: ClockKind, now: datetime, since: datetime | None = None) -> Clock:
    """Start a clock at `since` (else `now`), add its first rung and say so on the timeline. Does not flush.

    One that already runs is returned as it is; an `acceptance` that still runs is void, as its transfer was overtaken.
    """
    if kind is not ClockKind.first_response and inspect(case).persistent:
        for running in _live(session, case, kind):
            if kind is not ClockKind.acceptance:
                return running
            running.state = ClockState.void
            _disarm(session, running)
    known = catalogue(session)
    began = since or now
    chosen = CatalogueRules(known, case.kind).policy(kind, case.office_id, case.service_id, began)
    calendar = calendar_of(known, case.office_id)
    planned = policies.plan(chosen, kind, began, calendar, urgent=case.urgency is not None)
    body: dict[str, object] = {
        "clock": kind,
        "target_seconds": planned.target_seconds,
        "deadline": planned.deadline_at.isoformat(),
        "policy": chosen.name,
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
        policy_id=policy_id(chosen),
        started_at=began,
        target_seconds=planned.target_seconds,
        deadline_at=planned.deadline_at,
    )
    ticking.start(clock, planned, began)
    session.add(clock)
    if clock.rungs:
        session.add(_rung(clock, clock.rungs[0]))
    return clock


def end(session: Session, case: Case, kind: ClockKind, now: datetime) -> None:
    """Stop the running clock of a kind, if there is one, and take its ladder down."""
    known = catalogue(session)
    for clock in _live(session, case, kind):
        calendar = calendar_of(known, clock.office_id)
        _wake(session, case, clock, calendar, now)
        ticking.end(clock, calendar, now)
        _disarm(session, clock)
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
    _arm(session, clock)
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
            _arm(session, clock)
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
            _arm(session, clock)
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
            _disarm(session, clock)
            _say_ended(session, case, clock, now)
        elif clock.office_id != case.office_id:
            before = calendar_of(known, clock.office_id)
            _wake(session, case, clock, before, now)
            clock.office_id = case.office_id
            ticking.move(clock, before, after, now)
            if before != after:
                _arm(session, clock)


def restate(session: Session, case: Case, now: datetime) -> list[str]:
    """Bring the stored clocks in line with the timeline (after an entry, or a corrected calendar or policy).

    Returns what changed, in words; the starts and ends that follow are written to the timeline.
    """
    session.flush()
    known = catalogue(session)
    told = replay(events(session, case, known), CatalogueRules(known, case.kind), now)
    stored = {(clock.kind, clock.entry): clock for clock in _all(session, case)}
    ladders = _ladders(session, [clock.id for clock in stored.values()])
    codes = {office.code: office.id for office in known.offices.values()}
    changed: list[str] = []
    for clock in told.clocks:
        row = stored.pop((clock.kind, clock.entry), None)
        if row is None:
            changed.append(f"{clock.kind} starts")
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
                office_id=codes[clock.office],
                started_at=clock.started_at,
                target_seconds=clock.target_seconds,
                deadline_at=clock.deadline_at,
            )
            session.add(row)
        before = (row.state, row.ended_at, row.deadline_at)
        _copy(clock, row, codes[clock.office])
        _arm(session, row, ladders.get(row.id, {}))
        if row.state in LIVE and before[0] in (ClockState.met, ClockState.missed, ClockState.void):
            changed.append(f"{row.kind} runs again")
            append(session, case, EntryKind.clock_resumed, now, body={"clock": row.kind, "why": "replayed"})
        elif row.ended_at is not None and before[:2] != (row.state, row.ended_at):
            changed.append(f"{row.kind} ended {row.state}")
            _say_ended(session, case, row, now)
        elif before[2] != row.deadline_at:
            changed.append(f"{row.kind} is due {row.deadline_at.isoformat()} instead of {before[2].isoformat()}")
    for row in stored.values():
        if row.state != ClockState.void:
            changed.append(f"{row.kind} is void")
            row.state, row.ended_at, row.elapsed_seconds, row.working_seconds = ClockState.void, None, None, None
            _disarm(session, row)
    return changed


def explain(session: Session, case: Case, now: datetime) -> list[str]:
    """Every step of the case's clocks and holding times in words."""
    known = catalogue(session)
    return explain_events(events(session, case, known), CatalogueRules(known, case.kind), now)


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
    _arm(session, clock)
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


def _rung(clock: Clock, step: dict[str, object]) -> Rung:
    return Rung(
        id=new_id(),
        told=[],
        clock_id=clock.id,
        case_id=clock.case_id,
        number=int(str(step["number"])),
        tell=str(step["tell"]),
        due_at=datetime.fromisoformat(str(step["at"])),
    )


def _disarm(session: Session, clock: Clock) -> None:
    session.execute(
        update(Rung)
        .where(col(Rung.clock_id) == clock.id, col(Rung.state) == RungState.waiting)
        .values(state=RungState.void)
        .execution_options(synchronize_session="fetch")
    )


def _ladders(session: Session, clock_ids: list[UUID]) -> dict[UUID, dict[int, Rung]]:
    """Rungs of clocks by number."""
    found: dict[UUID, dict[int, Rung]] = {}
    for rung in session.exec(select(Rung).where(col(Rung.clock_id).in_(clock_ids))):
        found.setdefault(rung.clock_id, {})[rung.number] = rung
    return found


def _arm(session: Session, clock: Clock, rows: dict[int, Rung] | None = None) -> None:
    """Let the one rung wait that is next: the first not climbed, or the end of the pause; the others are void."""
    if rows is None:
        session.flush()
        rows = _ladders(session, [clock.id]).get(clock.id, {})
    wanted: dict[str, object] | None = None
    if clock.state == ClockState.paused and clock.paused_until is not None:
        wanted = {"number": EXPIRY, "tell": RESUME, "at": clock.paused_until.isoformat()}
    elif clock.state == ClockState.running:
        climbed = {number for number, rung in rows.items() if rung.state == RungState.climbed}
        wanted = next((step for step in clock.rungs if step["number"] not in climbed), None)
    for number, rung in rows.items():
        if rung.state == RungState.waiting and (wanted is None or wanted["number"] != number):
            rung.state = RungState.void
    if wanted is None:
        return
    fresh = _rung(clock, wanted)
    row = rows.get(fresh.number)
    if row is None:
        session.add(fresh)
    elif row.state != RungState.waiting or row.due_at != fresh.due_at or row.tell != fresh.tell:
        row.state, row.due_at, row.tell = RungState.waiting, fresh.due_at, fresh.tell
        row.leased_until, row.attempts, row.last_error = None, 0, None
