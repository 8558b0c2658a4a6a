"""Counting anew after a correction: what it would come to, and the job that does it. The row is the job.

Both look at a case with the same function: its timeline replayed by the catalogue as it is, or would be, beside the
clocks that are stored. The job then writes the difference, with one entry on the case's timeline; the preview counts
it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, func, select

from core import doorbell
from core.claims import claim, retry_at
from core.database import after_commit, database
from core.ids import new_id
from core.logs import logger
from domain.case import Case
from domain.catalogue import FRESH, Catalogue, catalogue
from domain.clock import Clock, Rung
from domain.policy import Correction, CorrectionState
from domain.states import ClockKind, ClockState, EntryKind
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer, countable, visible
from escalation import rungs, service
from escalation.clocks import replay
from escalation.terms import rules_of
from escalation.values import LIVE, SILENCES, Replay

BATCH = 50
"""Cases of one transaction."""
LEASE = timedelta(minutes=2)
LOOKED_AT = 1_000
"""Cases a preview looks at; of more it draws so many."""
SHOWN = 10

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Scope:
    """Cases that a change may concern: of these offices, now or before, with a clock that runs or, if `since` is given,
    that ended or was due then or later."""

    office_ids: frozenset[UUID]
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """What becomes of one clock of a case."""

    clock: ClockKind
    before: datetime
    after: datetime
    state_before: ClockState
    state_after: ClockState

    @property
    def seconds(self) -> int:
        """By how much the deadline of a clock that runs moves; 0 for one that ended."""
        return int((self.after - self.before).total_seconds()) if self.state_after in LIVE else 0

    def late(self, now: datetime) -> tuple[bool, bool]:
        """Whether it was late before, and is afterwards."""
        if self.state_after in LIVE:
            return self.before <= now, self.after <= now
        return self.state_before == ClockState.missed, self.state_after == ClockState.missed


@dataclass(frozen=True, slots=True)
class Looked:
    """A case beside what its timeline comes to by a catalogue."""

    case: Case
    told: Replay
    stored: Mapping[tuple[ClockKind, int], Clock]
    shifts: tuple[Shift, ...]

    @property
    def differs(self) -> bool:
        """Whether anything stored would be written anew, also what nobody is told of, as when an ended one was due."""
        for clock in self.told.clocks:
            row = self.stored.get((clock.kind, clock.entry))
            if row is not None and (row.deadline_at, row.rungs) != (clock.deadline_at, clock.rungs):
                return True
        return bool(self.shifts)


@dataclass(frozen=True, slots=True)
class Line:
    """A case among the most changed ones."""

    reference: str
    shift: Shift


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would come to. `n` of `total` cases were looked at; the other figures are of these.

    `seconds`: by how much each deadline that moves does so, in order.
    """

    total: int
    n: int
    moved: int
    seconds: tuple[int, ...]
    became_late: int
    no_longer_late: int
    ended: int
    most: tuple[Line, ...]


def look(session: Session, cases: Sequence[Case], known: Catalogue, now: datetime) -> list[Looked]:
    """What each case's timeline comes to by a catalogue, in two statements for all of them; nothing is written."""
    ids = [case.id for case in cases]
    entries: dict[UUID, list[TimelineEntry]] = {one: [] for one in ids}
    for entry in session.exec(
        select(TimelineEntry)
        .where(col(TimelineEntry.case_id).in_(ids))
        .order_by(col(TimelineEntry.case_id), col(TimelineEntry.number))
    ):
        entries[entry.case_id].append(entry)
    clocks: dict[UUID, dict[tuple[ClockKind, int], Clock]] = {one: {} for one in ids}
    for clock in session.exec(select(Clock).where(col(Clock.case_id).in_(ids))):
        clocks[clock.case_id][ClockKind(clock.kind), clock.entry] = clock
    found = []
    for case in cases:
        events = service.events_of(entries[case.id], known, case.office_id)
        told = replay(events, rules_of(known, case.kind), now)
        found.append(Looked(case, told, clocks[case.id], tuple(_shifts(clocks[case.id], told))))
    return found


def _shifts(stored: Mapping[tuple[ClockKind, int], Clock], told: Replay) -> Iterable[Shift]:
    for clock in told.clocks:
        row = stored.get((clock.kind, clock.entry))
        if row is None or (row.state == ClockState.void and clock.state is ClockState.void):
            continue
        moves = clock.state in LIVE and row.deadline_at != clock.deadline_at
        if moves or (row.state, row.working_seconds) != (clock.state, clock.working_seconds):
            yield Shift(clock.kind, row.deadline_at, clock.deadline_at, ClockState(row.state), clock.state)


def concerned(scope: Scope) -> ColumnElement[bool]:
    """SQL predicate over `Case`: what a change may concern."""
    counted: ColumnElement[bool] = col(Clock.state).in_(LIVE)
    if scope.since is not None:
        counted = or_(counted, col(Clock.ended_at) >= scope.since, col(Clock.deadline_at) >= scope.since)
    had_it = select(TimelineEntry.id).where(
        col(TimelineEntry.case_id) == col(Case.id),
        # always so; else PostgreSQL reads every timeline into a hash instead of looking into one case's
        col(TimelineEntry.number) <= col(Case.timeline_length),
        col(TimelineEntry.office_id).in_(scope.office_ids),
    )
    return (select(Clock.id).where(col(Clock.case_id) == col(Case.id), counted).correlate(Case).exists()) & or_(
        col(Case.office_id).in_(scope.office_ids), had_it.correlate(Case).exists()
    )


def preview(session: Session, who: Viewer, known: Catalogue, scope: Scope, now: datetime) -> Preview:
    """What a changed catalogue would come to, counted over what may be counted; the most changed cases only of those
    that the viewer may see. Of more than `LOOKED_AT` cases so many are drawn by lot."""
    counted = concerned(scope) & or_(visible(who), countable())
    total = session.exec(select(func.count()).select_from(Case).where(counted)).one()
    query = select(Case).where(counted)
    query = query.order_by(func.random()).limit(LOOKED_AT) if total > LOOKED_AT else query
    changed: list[Looked] = []
    n = 0
    cases = session.exec(query).all()
    for place in range(0, len(cases), BATCH):
        batch = cases[place : place + BATCH]
        n += len(batch)
        changed += [one for one in look(session, batch, known, now) if one.shifts]
    shifts = [shift for one in changed for shift in one.shifts]
    verdicts = [shift.late(now) for shift in shifts]
    mine = set(session.exec(select(Case.id).where(col(Case.id).in_([one.case.id for one in changed]), visible(who))))
    lines = [Line(one.case.reference, max(one.shifts, key=_weight)) for one in changed if one.case.id in mine]
    return Preview(
        total,
        n,
        len(changed),
        tuple(sorted(shift.seconds for shift in shifts if shift.seconds)),
        sum(after and not before for before, after in verdicts),
        sum(before and not after for before, after in verdicts),
        sum(shift.state_after not in LIVE for shift in shifts),
        tuple(sorted(lines, key=lambda line: _weight(line.shift), reverse=True)[:SHOWN]),
    )


def _weight(shift: Shift) -> tuple[bool, int]:
    return shift.state_before != shift.state_after, abs(shift.seconds)


# -- the job ---------------------------------------------------------------------------------------------------------


def ask(
    session: Session, who: Viewer, kind: str, row_id: UUID, title: str, why: list[str], scope: Scope, now: datetime
) -> Correction | None:
    """Have the cases of a scope counted anew, once every process has let go of the catalogue as it was before."""
    if not scope.office_ids:
        return None
    made = Correction(
        id=new_id(),
        kind=kind,
        row_id=row_id,
        title=title,
        why=why,
        staff_id=who.staff_id,
        by=who.name,
        at=now,
        office_ids=sorted(map(str, scope.office_ids)),
        since=scope.since,
        due_at=now + timedelta(seconds=FRESH + 1),
    )
    session.add(made)
    after_commit(session, lambda: doorbell.ring(doorbell.CORRECTIONS))
    return made


def correct_due(now: datetime, limit: int = BATCH) -> int:
    """Count up to `limit` cases of one correction that is due; returns how many, and 0 once nothing is to be done."""
    with database().write() as session:
        ids = claim(session, Correction, now, state=CorrectionState.waiting, limit=1, lease=LEASE)
        attempt = session.get_one(Correction, ids[0]).attempts if ids else 0
    for correction_id in ids:
        try:
            with database().write() as session:
                return count_batch(session, correction_id, attempt, now, limit)
        except Exception as error:
            log.exception("not_recounted", correction=str(correction_id))
            with database().write() as session:
                row = session.get_one(Correction, correction_id, with_for_update=True)
                row.last_error, row.leased_until = f"{type(error).__name__}: {error}"[:500], None
                row.due_at = retry_at(now, row.attempts)
    return 0


def count_batch(session: Session, correction_id: UUID, attempt: int, now: datetime, limit: int = BATCH) -> int:
    """The next cases of a correction, in the caller's transaction: what is written and how far it came are one.

    Whoever lost the row to another worker meanwhile (its `attempt` is not the last one) does nothing.
    """
    row = session.get_one(Correction, correction_id, with_for_update=True, populate_existing=True)
    if row.attempts != attempt or row.state != CorrectionState.waiting:
        return 0
    known = catalogue(session)
    scope = Scope(frozenset(map(UUID, row.office_ids)), row.since)
    query = select(Case).where(concerned(scope)).order_by(col(Case.id)).limit(limit).with_for_update(of=Case)
    if row.last_case_id is not None:
        query = query.where(col(Case.id) > row.last_case_id)
    cases = session.exec(query.execution_options(populate_existing=True)).all()
    for case in cases:
        service.wake(session, case, now)
    session.flush()
    public = set(session.exec(select(Case.id).where(col(Case.id).in_([case.id for case in cases]), countable())))
    found = look(session, cases, known, now)
    ladders = rungs.ladders(session, [clock.id for one in found for clock in one.stored.values()])
    for one in found:
        if one.differs:
            write(session, one, known, ladders, row, now)
        if one.case.id in public:
            verdicts = [shift.late(now) for shift in one.shifts]
            row.looked_at += 1
            row.moved += bool(one.shifts)
            row.became_late += sum(after and not before for before, after in verdicts)
            row.no_longer_late += sum(before and not after for before, after in verdicts)
    row.last_error = row.leased_until = None
    row.attempts = 0
    if len(cases) < limit:
        row.state, row.finished_at, row.due_at = CorrectionState.done, now, None
    else:
        row.last_case_id = cases[-1].id
    return len(cases) or 1


def write(
    session: Session,
    one: Looked,
    known: Catalogue,
    ladders: Mapping[UUID, Mapping[int, Rung]],
    correction: Correction,
    now: datetime,
) -> None:
    """Write a case's clocks as they are now counted, and one entry that says so; the citizen reads of an answer's."""
    service.bring(session, one.case, known, one.told, one.stored, ladders, now, quiet=True)
    if not one.shifts:
        return
    moved: list[dict[str, object]] = [
        {
            "clock": shift.clock,
            "before": shift.before.isoformat(),
            "after": shift.after.isoformat(),
            **({} if shift.state_before == shift.state_after else {"was": shift.state_before, "is": shift.state_after}),
        }
        for shift in one.shifts
    ]
    public = any(shift.clock in SILENCES and shift.seconds for shift in one.shifts)
    body: dict[str, object] = {"why": correction.why, "by": correction.by, "of": correction.title, "clocks": moved}
    append(session, one.case, EntryKind.recounted, now, public=public, body=body)
