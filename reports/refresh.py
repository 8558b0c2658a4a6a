"""Keeping figures true: what changed is taken off the sums as it was and added as it is. The mark is the job.

One refresher works at a time: it holds the lock of the one row of `FigureState` while its transaction lasts, so one
that dies leaves nothing behind. A mark that is written while it reads is not seen, stays, and has its case looked at
again, which changes nothing where nothing changed.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select, text, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from core.database import database
from core.logs import logger
from core.sets import among
from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.figures import FigureCase, FigureCell, FigureMark, FigureState, FigureTree
from reports import bulk, cells, deltas, footing, rebuild, rests, scores
from reports.cells import Fact, Grain
from reports.facts import counted, facts, runs, seconds_of
from reports.rests import Rest
from reports.weeks import start_of

BATCH = {"postgresql": 50_000, "sqlite": 5000}
"""Marks of one transaction: many together write each sum once, but where one writes others wait."""

AT_ONCE = 5000
"""Cases that are looked at by one statement."""

log = logger(__name__)


def work_off(now: datetime) -> int:
    """One batch in a transaction of its own; how many cases were looked at. 0: all is done, or another is at it."""
    with database().write() as session:
        # where one writes others wait, so there is no resting on SQLite
        return refresh(session, now, rest=rests.Evenly() if bulk.on_postgresql(session) else rests.never)


def refresh(session: Session, now: datetime, limit: int | None = None, *, rest: Rest = rests.never) -> int:
    """Bring figures in line with what changed; how many cases were looked at. What was never built is built.

    `rest` is called after each piece of work, unless so much changed that more is left than one transaction takes.
    """
    state = footing.lock(session, wait=False)
    if state is None:
        return 0
    known, zone = catalogue(session), settings().zone
    if state.rebuilt_at is None or state.zone != zone.key:
        return rebuild.everything(session, now)
    if state.revision != known.revision:
        _follow_tree(session, state, known, zone, now)
    if state.as_of is None or cells.first_week(state.as_of, zone) != cells.first_week(now, zone):
        old = col(FigureCell.since) < cells.first_week(now, zone)
        session.execute(delete(FigureCell).where(col(FigureCell.grain) == str(Grain.week), old))
    limit = limit or BATCH[session.get_bind().dialect.name]
    taken, full = _marked(session, limit)
    due = _to_be_late(session, now, limit)
    looked_at = taken | due
    full = full or len(due) >= limit
    rest = rests.never if full else rest
    rest()
    changed = _bring_in_line(session, known, zone, list(looked_at), now, rest) if looked_at else set()
    if full:
        scores.forget(session, changed)
    else:
        full = not scores.keep(session, state, known, zone, now, changed, rest)
        state.as_of = now
    session.add(state)
    session.flush()
    return max(len(looked_at), int(full))


def _marked(session: Session, limit: int) -> tuple[set[UUID], bool]:
    """Cases that were marked, whose marks are taken away; and whether there may be more."""
    table = FigureMark.__table__  # type: ignore[attr-defined]
    # by the last one's number: marks come in bursts, and what is planned for none of them must do for many
    last = session.scalar(select(table.c.id).order_by(table.c.id).offset(limit - 1).limit(1))
    gone = delete(table).returning(table.c.case_id)
    gone = gone if last is None else gone.where(table.c.id <= last)
    if bulk.on_postgresql(session):
        once = select(gone.cte("gone").c.case_id).distinct()  # several of one case come as one
        return set(session.scalars(once)), last is not None
    return set(session.scalars(gone)), last is not None


def _to_be_late(session: Session, now: datetime, limit: int) -> set[UUID]:
    """Cases whose target has passed since figures were last refreshed."""
    # as the index says it, else all who wait are looked through
    passed = (runs(), text("NOT figure_case.late"), col(FigureCase.target) <= seconds_of(now))
    return set(session.scalars(select(col(FigureCase.case_id)).where(*passed).limit(limit)))


def _bring_in_line(
    session: Session, known: Catalogue, zone: ZoneInfo, ids: Sequence[UUID], now: datetime, rest: Rest
) -> set[scores.Place]:
    """Whose cases that offices are compared by have changed."""
    changes: list[tuple[int, Fact]] = []
    for first in range(0, len(ids), AT_ONCE):
        changes += _written(session, ids[first : first + AT_ONCE], now)
        rest()
    if not changes:
        return set()
    chains = _chains(known, {fact.office_id for _, fact in changes})
    kept = footing.kept(session)
    above = {office: kept.within(chain) for office, chain in chains.items()}
    if added := deltas.tally(changes, above, zone, cells.first_week(now, zone)):
        rest()
        deltas.apply(session, added, rest)
    footing.count_changes(session, changes, chains)
    rest()
    footing.keep_cells(session, footing.grown(session), zone, now)
    since = seconds_of(start_of(scores.window(now, zone), zone))
    compared = {fact.office_id for _, fact in changes if fact.received >= since}
    return {(office, False) for office in compared} | {(one, True) for office in compared for one in chains[office]}


def _chains(known: Catalogue, offices: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Each office and those above it; thousands hang under a few."""
    found, above = {}, dict[UUID, list[UUID]]()
    for office in offices:
        parent = known.offices[office].parent_id if office in known.offices else None
        if parent is None:
            found[office] = [one.id for one in known.chain(office)]
            continue
        if parent not in above:
            above[parent] = [one.id for one in known.chain(parent)]
        found[office] = [office, *(one for one in above[parent] if one != office)]
    return found


def _written(session: Session, ids: Collection[UUID], now: datetime) -> list[tuple[int, Fact]]:
    """Write down what these cases count for now; what each did where that is something else (-1), and does (1)."""
    table = FigureCase.__table__  # type: ignore[attr-defined]
    before = {row[0]: Fact(*row) for row in bulk.fetch(session, table, Fact._fields, "case_id", ids)}
    made: Any = (postgresql if bulk.on_postgresql(session) else sqlite).insert(table)
    # "WHERE true": else SQLite takes ON for that of a join
    made = made.from_select(Fact._fields, facts(now, among(session, Case.id, ids)).where(true()))
    changed = [name for name in Fact._fields if name != "case_id"]
    made = made.on_conflict_do_update(
        index_elements=["case_id"],
        set_={name: made.excluded[name] for name in changed},
        where=or_(*(table.c[name].is_distinct_from(made.excluded[name]) for name in changed)),
    )
    after = {row[0]: Fact(*row) for row in session.execute(made.returning(*(table.c[name] for name in Fact._fields)))}
    counts = select(col(Case.id)).where(col(Case.id) == table.c.case_id, counted()).correlate(table).exists()
    gone = delete(table).where(among(session, table.c.case_id, ids), ~counts).returning(table.c.case_id)
    changes: list[tuple[int, Fact]] = []
    for case_id in session.scalars(gone):
        after.pop(case_id, None)
        if case_id in before:
            changes.append((-1, before[case_id]))
    for case_id, fact in after.items():
        changes += [(-1, before[case_id])] if case_id in before else []
        changes.append((1, fact))
    return changes


def _follow_tree(session: Session, state: FigureState, known: Catalogue, zone: ZoneInfo, now: datetime) -> None:
    """Sum anew what an office that was moved hangs under, and hung under."""
    found = footing.digest(known)
    if found != state.tree:
        stored = {
            (row[0], row[1]) for row in session.execute(select(col(FigureTree.office_id), col(FigureTree.above_id)))
        }
        wanted = footing.closure(known)
        touched = {above for _, above in stored ^ wanted}
        gone = [office for office, _ in stored - wanted]
        if gone:
            session.execute(delete(FigureTree).where(among(session, FigureTree.office_id, gone)))
            fresh = [pair for pair in wanted if pair[0] in set(gone)] + list(wanted - stored)
        else:
            fresh = list(wanted - stored)
        footing.write_tree(session, fresh)
        footing.sum_up(session, touched)
        concerned = footing.kept(session).within(touched) | footing.grown(session)
        footing.keep_cells(session, concerned, zone, now)
        log.info("figures_follow_tree", offices=len(touched))
    state.tree, state.revision = found, known.revision
