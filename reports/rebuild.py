"""All figures anew from the cases, and whether those that are kept are what that would give."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, insert, select
from sqlmodel import Session, col

from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.figures import FigureCase, FigureCell, FigureMark, FigureOffice, FigureTree, watch
from reports import footing, regroup, scores
from reports.cells import Fact, Key, sums_of
from reports.facts import facts, runs

SHOWN = 5
"""Cases that are named of those that differ."""


def everything(session: Session, now: datetime) -> int:
    """Build all figures anew from the cases, in the caller's transaction; how many cases count.

    Readers see the figures as they were until it commits, and on PostgreSQL nobody who writes is held up: what changes
    meanwhile is marked, and looked at afterwards.
    """
    state = footing.lock(session, wait=True)
    if state is None:  # never so: whoever waits gets it
        raise RuntimeError("the state of figures is not there")
    known, zone = catalogue(session), settings().zone
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    for table in (FigureMark, FigureCase, FigureCell, FigureOffice, FigureTree):  # marks first: later ones stay
        session.execute(delete(table))
    session.execute(insert(FigureCase).from_select(list(Fact._fields), facts(now)))
    footing.write_tree(session, footing.closure(known))
    if on_postgresql:  # else the planner takes the tables to be empty
        session.connection().exec_driver_sql("ANALYZE figure_case, figure_tree")
    own = [
        footing.NEW
        | {"office_id": row[0], "below": False}
        | dict(zip((*footing.ADDED, "oldest"), row[1:], strict=True))
        for row in session.execute(_by_office())
    ]
    if own:
        session.execute(insert(FigureOffice.__table__), own)  # type: ignore[attr-defined]
    footing.sum_up(session)
    footing.keep_cells(session, footing.grown(session), zone, now)
    if on_postgresql:
        session.connection().exec_driver_sql("ANALYZE figure_cell, figure_office")
    state.zone, state.revision, state.tree = zone.key, known.revision, footing.digest(known)
    state.rebuilt_at = state.as_of = now
    scores.everything(session, state, known, zone, now)
    session.add(state)
    session.flush()
    return sum(int(row["cases"]) for row in own)


def _by_office() -> Select[UUID, int, int, int, int | None]:
    office = col(FigureCase.office_id)
    waits, late = func.count().filter(runs()), func.count().filter(col(FigureCase.late))
    oldest = func.min(col(FigureCase.received)).filter(runs())
    return select(office, func.count(), waits, late, oldest).group_by(office)


def mend_marks(session: Session) -> None:
    """Have the database mark what changes, where somebody took that away."""
    watch(session.connection())


def differences(session: Session, now: datetime) -> Iterator[str]:
    """How the figures that are kept differ from what a rebuild would give, in words. They were just refreshed at `now`,
    and the caller holds the lock of their state."""
    yield from _of_cases(session, now)
    yield from _of_offices(session)
    yield from _of_cells(session, now)


def _of_cases(session: Session, now: datetime) -> Iterator[str]:
    kept = select(*(getattr(FigureCase, name) for name in Fact._fields))
    for what, query in (
        ("are missing or wrong", facts(now).except_(kept)),
        ("should not be there", kept.except_(facts(now))),
    ):
        rows = query.subquery()
        # a case that changed since is marked, and no difference
        unmarked = select(rows.c.case_id).where(rows.c.case_id.not_in(select(col(FigureMark.case_id))))
        found = session.scalars(unmarked).all()
        if found:
            named = select(col(Case.reference)).where(col(Case.id).in_(found[:SHOWN])).order_by(col(Case.reference))
            yield f"{len(found)} cases {what}: {', '.join(session.scalars(named))}"


def _of_offices(session: Session) -> Iterator[str]:
    table = FigureOffice.__table__  # type: ignore[attr-defined]
    known = catalogue(session)
    wanted: dict[tuple[UUID, bool], tuple[Any, ...]] = {}
    for office, *counts, oldest in session.execute(_by_office()):
        wanted[office, False] = (*counts, oldest)
        for above in known.chain(office):
            *before, since = wanted.get((above.id, True), (*[0] * len(counts), None))
            first = min((one for one in (since, oldest) if one is not None), default=None)
            wanted[above.id, True] = (*(one + other for one, other in zip(before, counts, strict=True)), first)
    columns = [table.c[name] for name in ("office_id", "below", *footing.ADDED, "oldest")]
    kept = {(row[0], row[1]): tuple(row[2:]) for row in session.execute(select(*columns)) if any(row[2:])}
    places = wanted.keys() | kept.keys()
    wrong = sorted({known.name(place[0]) for place in places if wanted.get(place) != kept.get(place)})
    if wrong:
        yield f"{len(wrong)} offices have other numbers: {', '.join(wrong[:SHOWN])}"


def _of_cells(session: Session, now: datetime) -> Iterator[str]:
    table = FigureCell.__table__  # type: ignore[attr-defined]
    wrong, seen = set[Key](), 0
    for found in regroup.expected(session, footing.kept(session), settings().zone, now):
        for key, sums in found.items():
            row = session.execute(select(table).where(table.c.id == key.id)).first()
            if row is None or sums_of(row).values() != sums.values():
                wrong.add(key)
        seen += len(found)
    if wrong:
        named = ", ".join(f"{one.dimension} {one.value} since {one.since}" for one in sorted(wrong)[:SHOWN])
        yield f"{len(wrong)} sums are wrong: {named}"
    stored = session.scalar(select(func.count()).select_from(table)) or 0
    if not wrong and stored != seen:
        yield f"{stored} sums are kept where there should be {seen}"
