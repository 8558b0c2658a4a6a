"""A digest a day of where every timeline ended: made, chained to the one before, and checked.

Whoever kept a published digest can show later whether the timelines of that day are still what they were, also against
somebody who holds the database and the key of the seals.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, delete, exists, insert
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from core import merkle
from core.claims import claim, retry_at
from core.database import database
from core.ids import new_id
from core.logs import logger
from core.settings import settings
from domain.anchor import Anchor, AnchorLeaf
from domain.case import Case
from domain.states import AnchorState
from domain.timeline import TimelineEntry
from escalation.bulk import insert_rows

OVERLAP = timedelta(hours=1)
"""How far before the last anchor is looked again: a transaction may end long after the moment it wrote."""
LEASE = timedelta(minutes=15)
_BATCH = 2000
_log = logger(__name__)
_anchor = cast(Any, Anchor).__table__
_COLUMNS = ("id", "day", "state", "due_at", "attempts", "leaves", "root", "previous", "digest")


def line(reference: str, length: int, head: str) -> bytes:
    """What a leaf is the hash of: reference, number of entries, seal of the last one."""
    return f"{reference} {length} {head}".encode()


def digest(previous: str, day: date, root: str) -> str:
    """What is published for a day: SHA-256 of the digest before, the day and the root, in a line each."""
    return hashlib.sha256(f"{previous}\n{day.isoformat()}\n{root}\n".encode()).hexdigest()


def make_due(now: datetime) -> int:
    """Make the anchor of the last day that is over, once; returns how many were made.

    Days on which nothing ran have none: the next one takes all that changed since.
    """
    home = database()
    with home.write() as session:
        _ask(session, now)
        claimed = claim(session, Anchor, now, state=AnchorState.waiting, limit=1, lease=LEASE)
    for anchor_id in claimed:
        try:
            _make(anchor_id, now)
        except Exception as error:
            with home.write() as session:
                anchor = session.get_one(Anchor, anchor_id)
                anchor.last_error = f"{type(error).__name__}: {error}"[:500]
                anchor.leased_until = retry_at(now, anchor.attempts)
            raise
    return len(claimed)


def _ask(session: Session, now: datetime) -> None:
    day = now.astimezone(settings().zone).date() - timedelta(days=1)
    if session.exec(select(Anchor.id).where(col(Anchor.day) >= day).limit(1)).first() is None:
        # two workers may ask for it in the same moment
        row = (new_id(), day, AnchorState.waiting.value, now, 0, 0, "", "", "")
        insert_rows(session.connection(), _anchor, _COLUMNS, [row], once=True)


def _make(anchor_id: UUID, now: datetime) -> None:
    home = database()
    with home.write() as session:  # what somebody who was cut off has left
        session.execute(delete(AnchorLeaf).where(col(AnchorLeaf.anchor_id) == anchor_id))
    with home.read() as session:
        before = _last(session)
        rows = [
            {"anchor_id": anchor_id, "case_id": case_id, "reference": reference, "length": length, "head": head}
            for case_id, reference, length, head in session.execute(_grown(before))
        ]
    for start in range(0, len(rows), _BATCH):
        with home.write() as session:
            session.execute(insert(AnchorLeaf), rows[start : start + _BATCH])
    root = merkle.root([_leaf(row) for row in rows]).hex()
    with home.write() as session:
        anchor = session.get_one(Anchor, anchor_id)
        anchor.previous = before.digest if before else ""
        anchor.root, anchor.leaves, anchor.made_at = root, len(rows), now
        anchor.digest = digest(anchor.previous, anchor.day, root)
        anchor.state, anchor.due_at = AnchorState.made, None
        said = {"day": anchor.day.isoformat(), "digest": anchor.digest}
    _log.info("anchored", **said)  # a log kept elsewhere is one more place where it is published


def _last(session: Session) -> Anchor | None:
    made = select(Anchor).where(col(Anchor.state) == AnchorState.made)
    return session.exec(made.order_by(col(Anchor.day).desc()).limit(1)).first()


def _grown(before: Anchor | None) -> Select[UUID, str, int, str]:
    """Cases with entries that no anchor has yet, in order of their id."""
    known = exists().where(col(AnchorLeaf.case_id) == col(Case.id), col(AnchorLeaf.length) == col(Case.timeline_length))
    wanted = sa_select(col(Case.id), col(Case.reference), col(Case.timeline_length), col(Case.timeline_head)).where(
        ~known, col(Case.timeline_length) > 0
    )
    if before is not None and before.made_at is not None:
        wanted = wanted.where(col(Case.updated_at) > before.made_at - OVERLAP)
    return wanted.order_by(col(Case.id))


def _leaf(row: Mapping[str, object]) -> bytes:
    return merkle.leaf(line(str(row["reference"]), int(str(row["length"])), str(row["head"])))


def leaves_of(session: Session, anchor_id: UUID) -> list[AnchorLeaf]:
    """The leaves of an anchor in their order."""
    wanted = select(AnchorLeaf).where(col(AnchorLeaf.anchor_id) == anchor_id)
    return list(session.exec(wanted.order_by(col(AnchorLeaf.case_id))))


def hash_of(leaf: AnchorLeaf) -> bytes:
    """The hash of a stored leaf."""
    return merkle.leaf(line(leaf.reference, leaf.length, leaf.head))


def made(session: Session, limit: int | None = None) -> list[Anchor]:
    """Anchors, the newest first."""
    wanted = select(Anchor).where(col(Anchor.state) == AnchorState.made).order_by(col(Anchor.day).desc())
    return list(session.exec(wanted.limit(limit) if limit else wanted))


def verify(session: Session) -> Iterator[str]:
    """What no longer agrees with the anchors, in words; nothing when all holds."""
    previous = ""
    for anchor in reversed(made(session)):
        leaves = leaves_of(session, anchor.id)
        if merkle.root([hash_of(leaf) for leaf in leaves]).hex() != anchor.root or len(leaves) != anchor.leaves:
            yield f"anchor of {anchor.day}: its leaves are not those it was made of"
        if anchor.previous != previous:
            yield f"anchor of {anchor.day}: it does not follow the one before it"
        if digest(anchor.previous, anchor.day, anchor.root) != anchor.digest:
            yield f"anchor of {anchor.day}: its digest was changed"
        previous = anchor.digest
        session.expunge_all()
    there = exists().where(
        col(TimelineEntry.case_id) == col(AnchorLeaf.case_id),
        col(TimelineEntry.number) == col(AnchorLeaf.length),
        col(TimelineEntry.hash) == col(AnchorLeaf.head),
    )
    gone = (
        sa_select(col(AnchorLeaf.reference), col(AnchorLeaf.length), col(Anchor.day))
        .join(Anchor, col(Anchor.id) == col(AnchorLeaf.anchor_id))
        .where(~there, col(Anchor.state) == AnchorState.made)
        .order_by(col(Anchor.day), col(AnchorLeaf.reference))
    )
    for reference, length, day in session.execute(gone):
        yield f"{reference}: entry {length} is not the one that was anchored on {day}"


def unlike(session: Session, published: Iterable[tuple[date, str]]) -> Iterator[str]:
    """What differs from digests that somebody kept, in words."""
    here = {anchor.day: anchor.digest for anchor in made(session)}
    for day, kept in published:
        if day not in here:
            yield f"anchor of {day}: it was published and is not there any more"
        elif here[day] != kept.strip().lower():
            yield f"anchor of {day}: another digest was published"
