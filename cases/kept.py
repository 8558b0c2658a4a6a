"""What is kept beside its source so that queues and searches are quick: checked against it, and made anew from it."""

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from core.database import Database
from domain import words
from domain.case import Case
from domain.clock import Clock, next_due, settle_due
from domain.states import ClockState, EntryKind
from domain.timeline import SEARCHED, TimelineEntry, searched
from domain.words import CaseWords
from nlp.indexing import terms

BATCH = 500


def faults(session: Session) -> Iterator[str]:
    """Every case whose next deadline is not that of its clocks, and every case that no word finds; in words."""
    for cases in _batches(session):
        ids = [case.id for case in cases]
        clocks: dict[UUID, list[Clock]] = {}
        running = select(Clock).where(col(Clock.case_id).in_(ids), col(Clock.state) == ClockState.running)
        for clock in session.exec(running):
            clocks.setdefault(clock.case_id, []).append(clock)
        indexed = set(session.exec(select(CaseWords.case_id).where(col(CaseWords.case_id).in_(ids))))
        for case in cases:
            if case.due_at != (due := next_due(clocks.get(case.id, ()))):
                yield f"{case.reference}: the queue sorts it by {case.due_at}, its clocks say {due}"
            if case.id not in indexed:
                yield f"{case.reference}: no word finds it; run `ombud reindex`"
        session.expunge_all()


def rebuild(home: Database, progress: Callable[[int], None] = lambda done: None) -> int:
    """Make the words of all cases and their next deadlines anew, a batch in a transaction; how many cases.

    Cases that change meanwhile wait for their batch; what is said later is added as always.
    """
    done, last = 0, None
    while True:
        with home.write() as session:
            query = select(Case).order_by(col(Case.id)).limit(BATCH).with_for_update()
            cases = session.exec(query.where(col(Case.id) > last) if last else query).all()
            if not cases:
                return done
            index(session, cases)
            settle_due(session.connection(), [case.id for case in cases])
        done, last = done + len(cases), cases[-1].id
        progress(done)


def index(session: Session, cases: Sequence[Case]) -> None:
    """Write the words of these cases anew, from all that was said in them."""
    ids = [case.id for case in cases]
    found = {case.id: words.of_case(case) for case in cases}
    entries = session.exec(
        select(TimelineEntry)
        .where(col(TimelineEntry.case_id).in_(ids), col(TimelineEntry.kind).in_(SEARCHED))
        .order_by(col(TimelineEntry.case_id), col(TimelineEntry.number))
    )
    gone = _taken_back(session, ids)
    for entry in entries:
        if (entry.case_id, entry.number) not in gone:
            found[entry.case_id].extend(terms(searched(entry)))
    connection = session.connection()
    connection.execute(delete(CaseWords).where(col(CaseWords.case_id).in_(ids)))
    words.write(connection, [(case, found[case.id]) for case in cases])


def _taken_back(session: Session, ids: Sequence[UUID]) -> set[tuple[UUID, int]]:
    """Notes that nobody reads any more."""
    entries = session.exec(
        select(TimelineEntry).where(
            col(TimelineEntry.case_id).in_(ids), col(TimelineEntry.kind) == EntryKind.note_taken_back
        )
    )
    return {(entry.case_id, int(str(entry.body["note"]))) for entry in entries}


def _batches(session: Session) -> Iterator[Sequence[Case]]:
    last: UUID | None = None
    while True:
        query = select(Case).order_by(col(Case.id)).limit(BATCH)
        cases = session.exec(query.where(col(Case.id) > last) if last else query).all()
        if not cases:
            return
        last = cases[-1].id
        yield cases
