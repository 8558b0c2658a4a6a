"""Keeping figures true: what changed is taken off the sums as it was and added as it is. The mark is the job.

One refresher works at a time: it holds the lock of the one row of `FigureState` while its transaction lasts, so one
that dies leaves nothing behind. A mark that is written while it reads is not seen, stays, and has its case looked at
again, which changes nothing where nothing changed.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select
from sqlmodel import Session, col

from core.database import database
from core.logs import logger
from core.sets import among
from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.figures import FigureCase, FigureCell, FigureMark, FigureState, FigureTree
from reports import cells, footing, rebuild, scores
from reports.cells import Fact, Grain
from reports.facts import facts, runs, seconds_of

BATCH = {"postgresql": 50_000, "sqlite": 5000}
"""Marks of one transaction: many together write each sum once, but where one writes others wait."""

log = logger(__name__)


def work_off(now: datetime) -> int:
    """One batch in a transaction of its own; how many cases were looked at. 0: all is done, or another is at it."""
    with database().write() as session:
        return refresh(session, now)


def refresh(session: Session, now: datetime, limit: int | None = None) -> int:
    """Bring figures in line with what changed; how many cases were looked at. What was never built is built."""
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
    taken = _marked(session, limit)
    due = _to_be_late(session, now, limit)
    looked_at = taken | due
    if looked_at:
        _bring_in_line(session, known, zone, looked_at, now)
    full = len(taken) >= limit or len(due) >= limit
    if not full:
        scores.keep(session, state, known, zone, now)
        state.as_of = now
    session.add(state)
    session.flush()
    return max(len(looked_at), int(full))


def _marked(session: Session, limit: int) -> set[UUID]:
    """Cases that were marked; their marks are taken away."""
    first = select(col(FigureMark.id)).order_by(col(FigureMark.id)).limit(limit)
    gone = delete(FigureMark).where(col(FigureMark.id).in_(first.scalar_subquery())).returning(col(FigureMark.case_id))
    found = session.execute(gone.execution_options(synchronize_session=False)).scalars().all()
    return set(found)


def _to_be_late(session: Session, now: datetime, limit: int) -> set[UUID]:
    """Cases whose target has passed since figures were last refreshed."""
    passed = (runs(), col(FigureCase.late).is_(False), col(FigureCase.target) <= seconds_of(now))
    return set(session.scalars(select(col(FigureCase.case_id)).where(*passed).limit(limit)))


def _bring_in_line(
    session: Session, known: Catalogue, zone: ZoneInfo, case_ids: Collection[UUID], now: datetime
) -> None:
    ids, table = list(case_ids), FigureCase.__table__  # type: ignore[attr-defined]
    columns = [table.c[name] for name in Fact._fields]
    before = {
        row[0]: Fact(*row) for row in session.execute(select(*columns).where(among(session, table.c.case_id, ids)))
    }
    wanted = facts(now, among(session, Case.id, ids))
    after = {row[0]: Fact(*row) for row in session.execute(wanted)}
    changes: list[tuple[int, Fact]] = []
    for case_id in ids:
        old, new = before.get(case_id), after.get(case_id)
        if old != new:
            changes += [(sign, fact) for sign, fact in ((-1, old), (1, new)) if fact is not None]
    if not changes:
        return
    gone = [fact.case_id for sign, fact in changes if sign < 0]
    session.execute(delete(table).where(among(session, table.c.case_id, gone)))
    if fresh := [fact._asdict() for sign, fact in changes if sign > 0]:
        session.execute(insert(table), fresh)
    at = {fact.office_id for _, fact in changes}
    chains = {office: [one.id for one in known.chain(office)] for office in at}
    kept = footing.kept(session)
    above = {office: kept.within(chain) for office, chain in chains.items()}
    cells.apply(session, cells.tally(changes, above, zone, cells.first_week(now, zone)))
    footing.count_changes(session, changes, chains)
    footing.keep_cells(session, footing.grown(session), zone, now)


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
