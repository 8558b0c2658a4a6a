"""How many cases each office has, and how many of them wait: by itself, and summed up the tree of offices."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.sets import among
from domain.catalogue import Catalogue
from domain.figures import FigureCase, FigureOffice, FigureState, FigureTree
from reports import bulk, regroup
from reports.cells import Fact, Kept
from reports.facts import runs

HEAVY = 5_000
"""Cases from which on sums are kept of an office and all below it; fewer are read as they are (docs/benchmarks.md)."""
SPLIT = 30_000
"""Cases from which on they are kept by each dimension too. Not fewer than `HEAVY`."""

ADDED = ("cases", "waiting", "late")
NEW = {"celled": False, "split": False, "n": 0, "answered": 0, "due": 0, "failed": 0}


def lock(session: Session, *, wait: bool) -> FigureState | None:
    """The row that one refresher holds; None where another has it and one does not `wait`."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    if session.execute(select(col(FigureState.id))).first() is None:
        session.execute(dialect.insert(FigureState).values(id=1, zone="", revision=0, tree="").on_conflict_do_nothing())
    return session.scalars(select(FigureState).with_for_update(skip_locked=not wait)).first()


# -- the numbers -----------------------------------------------------------------------------------------------------


def count_changes(
    session: Session, changes: Sequence[tuple[int, Fact]], chains: Mapping[UUID, Collection[UUID]]
) -> None:
    """Add to the numbers of the offices concerned, and of all above them; find their longest silences."""
    own: dict[UUID, list[int]] = {office: [0] * len(ADDED) for office in chains}
    for sign, fact in changes:
        numbers = own[fact.office_id]
        numbers[0] += sign
        numbers[1] += sign * fact.waits
        numbers[2] += sign * fact.late
    below: dict[UUID, list[int]] = {}
    for office, chain in chains.items():
        one, two, three = own[office]
        for above in chain:
            numbers = below.setdefault(above, [0] * len(ADDED))
            numbers[0] += one
            numbers[1] += two
            numbers[2] += three
    table = FigureOffice.__table__  # type: ignore[attr-defined]
    columns = ("office_id", "below", *ADDED, *NEW)
    for kind, found in ((False, own), (True, below)):
        rows = [(office, kind, *numbers, *NEW.values()) for office, numbers in found.items() if any(numbers)]
        bulk.upsert(session, table, columns, rows, added=ADDED)
    _keep_oldest(session, changes, chains)
    session.execute(delete(table).where(table.c.cases <= 0, table.c.celled.is_(False)))


def _keep_oldest(
    session: Session, changes: Iterable[tuple[int, Fact]], chains: Mapping[UUID, Collection[UUID]]
) -> None:
    """Keep since when the longest silence of each office runs. It is looked for only where the longest ended."""
    begun: dict[tuple[UUID, bool], int] = {}
    over: dict[tuple[UUID, bool], set[int]] = defaultdict(set)
    for sign, fact in changes:
        if fact.waits:
            for place in ((fact.office_id, False), *((one, True) for one in chains[fact.office_id])):
                if sign > 0:
                    begun[place] = min(fact.received, begun.get(place, fact.received))
                else:
                    over[place].add(fact.received)
    table = FigureOffice.__table__  # type: ignore[attr-defined]
    concerned = list({at for at, _ in (*begun, *over)})
    stored = select(table.c.office_id, table.c.below, table.c.oldest).where(
        among(session, table.c.office_id, concerned)
    )
    was = {(row[0], row[1]): row[2] for row in session.execute(stored)}
    for below in (False, True):
        lost = [at for (at, kind), gone in over.items() if kind is below and was.get((at, kind)) in gone]
        oldest = dict.fromkeys(lost) | (_oldest_of(session, lost, below) if lost else {})
        for (at, kind), received in begun.items():
            known = was.get((at, kind))
            if kind is below and at not in oldest and (known is None or received < known):
                oldest[at] = received
        if oldest:
            at_it = (table.c.below == below) & (table.c.office_id == bindparam("_at"))
            rows = [{"_at": at, "_oldest": received} for at, received in oldest.items()]
            session.execute(update(table).where(at_it).values(oldest=bindparam("_oldest")), rows)


def _oldest_of(session: Session, offices: Collection[UUID], below: bool) -> dict[UUID, int | None]:
    """Since when the longest silence runs: of offices by themselves, or, from what is known of each, with all below."""
    own = aliased(FigureOffice)
    if below:
        found = (
            select(col(FigureTree.above_id), func.min(col(own.oldest)))
            .join(own, (col(own.office_id) == col(FigureTree.office_id)) & col(own.below).is_(False))
            .where(among(session, FigureTree.above_id, list(offices)))
            .group_by(col(FigureTree.above_id))
        )
    else:
        found = (
            select(col(FigureCase.office_id), func.min(col(FigureCase.received)))
            .where(among(session, FigureCase.office_id, list(offices)), runs())
            .group_by(col(FigureCase.office_id))
        )
    return {row[0]: row[1] for row in session.execute(found)}


# -- of which sums are kept ------------------------------------------------------------------------------------------


def kept(session: Session) -> Kept:
    """Offices of which sums are kept."""
    return _with(session, col(FigureOffice.celled).is_(True), col(FigureOffice.split).is_(True))


def grown(session: Session) -> Kept:
    """Offices of which sums should be kept from now on, and are not."""
    whole, split = col(FigureOffice.celled), col(FigureOffice.split)
    return _with(
        session,
        and_(whole.is_(False), col(FigureOffice.cases) >= HEAVY),
        and_(split.is_(False), col(FigureOffice.cases) >= SPLIT),
    )


def _with(session: Session, whole: ColumnElement[bool], split: ColumnElement[bool]) -> Kept:
    rows = select(col(FigureOffice.office_id), whole, split).where(col(FigureOffice.below), or_(whole, split))
    found = session.execute(rows).all()
    return Kept(frozenset(row[0] for row in found if row[1]), frozenset(row[0] for row in found if row[2]))


def keep_cells(session: Session, offices: Kept, zone: ZoneInfo, now: datetime) -> None:
    """Keep sums of these offices from now on, or count anew those that are kept."""
    if not offices:
        return
    for column, those in ((FigureOffice.celled, offices.whole), (FigureOffice.split, offices.split)):
        at = among(session, FigureOffice.office_id, list(those))
        session.execute(update(FigureOffice).where(at, col(FigureOffice.below)).values({col(column): True}))
    regroup.recount(session, offices, zone, now)


# -- the tree --------------------------------------------------------------------------------------------------------


def digest(known: Catalogue) -> str:
    """What a tree of offices is known by."""
    pairs = sorted(f"{one.id.hex}{one.parent_id.hex if one.parent_id else ''}" for one in known.offices.values())
    return hashlib.blake2b("".join(pairs).encode(), digest_size=16).hexdigest()


def closure(known: Catalogue) -> set[tuple[UUID, UUID]]:
    """Each office with every one it is or hangs under."""
    return {(office, above.id) for office in known.offices for above in known.chain(office)}


def write_tree(session: Session, pairs: Iterable[tuple[UUID, UUID]]) -> None:
    """Add to the tree that sums are made by."""
    rows = [{"office_id": office, "above_id": above} for office, above in dict.fromkeys(pairs)]
    if rows:
        session.execute(insert(FigureTree.__table__), rows)  # type: ignore[attr-defined]


def sum_up(session: Session, offices: Collection[UUID] | None = None) -> None:
    """Sum the numbers of offices up the tree anew: into these, or into all."""
    table, own = FigureOffice.__table__, aliased(FigureOffice)  # type: ignore[attr-defined]
    summed = (
        select(
            col(FigureTree.above_id),
            *(func.sum(getattr(own, name)).label(name) for name in ADDED),
            func.min(col(own.oldest)).label("oldest"),
        )
        .join(own, (col(own.office_id) == col(FigureTree.office_id)) & col(own.below).is_(False))
        .group_by(col(FigureTree.above_id))
    )
    if offices is not None:
        summed = summed.where(among(session, FigureTree.above_id, list(offices)))
    sums = {row.above_id: row for row in session.execute(summed)}
    there = select(table.c.office_id, table.c.celled).where(table.c.below)
    if offices is not None:
        there = there.where(among(session, table.c.office_id, list(offices)))
    was = {row.office_id: row.celled for row in session.execute(there)}
    gone = [office for office in was if office not in sums and not was[office]]
    if gone:
        session.execute(delete(table).where(table.c.below, among(session, table.c.office_id, gone)))
    rows = [
        {"_at": at, "_oldest": sums[at].oldest if at in sums else None}
        | {f"_{name}": int(getattr(sums.get(at), name, 0)) for name in ADDED}
        for at in was
        if at in sums or was[at]
    ]
    if rows:
        named: dict[str, Any] = {name: bindparam(f"_{name}") for name in (*ADDED, "oldest")}
        session.execute(update(table).where(table.c.below, table.c.office_id == bindparam("_at")).values(named), rows)
    fresh = [
        NEW | {"office_id": at, "below": True, "oldest": row.oldest} | {name: int(getattr(row, name)) for name in ADDED}
        for at, row in sums.items()
        if at not in was
    ]
    if fresh:
        session.execute(insert(table), fresh)
