"""The append-only, hash-chained history of a case.

Every entry's hash is an HMAC over the hash before it and all that the entry says (RFC 8785-like canonical JSON), under
a key that is not in the database; the case keeps the length and the head of its chain. So an entry edited, removed,
inserted or reordered in the database breaks the chain or misses the head.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint, event
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Field, Session

from core.crypto import cipher
from core.ids import new_id
from core.types import Json, UtcDateTime
from domain import words
from domain.base import Row
from domain.case import Case
from domain.states import EntryKind

GENESIS = ""


class TimelineEntry(Row, table=True):
    """One thing that happened to a case. `actor` is citizen, system, or the id of the staff member."""

    __tablename__ = "timeline_entry"
    __table_args__ = (UniqueConstraint("case_id", "number"),)

    case_id: UUID = Field(foreign_key="case.id")
    number: int
    at: datetime = Field(sa_type=UtcDateTime)
    kind: EntryKind = Field(sa_type=Text)
    actor: str
    office_id: UUID | None = None
    public: bool = False
    body: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    previous_hash: str
    hash: str


def seal(entry: TimelineEntry) -> str:
    """The hash an entry must carry."""
    said = [
        entry.previous_hash,
        str(entry.case_id),
        entry.number,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        str(entry.kind),
        entry.actor,
        str(entry.office_id) if entry.office_id else None,
        entry.public,
        entry.body,
    ]
    return cipher().seal(json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def next_entry(
    case: Case,
    kind: EntryKind,
    now: datetime,
    *,
    actor: str = "system",
    public: bool = False,
    office_id: UUID | None = None,
    body: dict[str, object] | None = None,
) -> TimelineEntry:
    """Chain one entry to the case and return it, not yet in any session.

    The caller holds the case locked (`lock_case`) or has just made it. `body` holds JSON values only.
    """
    entry = TimelineEntry(
        id=new_id(),
        case_id=case.id,
        number=case.timeline_length + 1,
        at=now,
        kind=kind,
        actor=actor,
        office_id=office_id or case.office_id,
        public=public,
        body=body or {},
        previous_hash=case.timeline_head,
        hash="",
    )
    entry.hash = seal(entry)
    case.timeline_length = entry.number
    case.timeline_head = entry.hash
    case.updated_at = max(case.updated_at, now)
    if kind is EntryKind.reopened:
        case.reopened_at = now
    return entry


def append(
    session: Session,
    case: Case,
    kind: EntryKind,
    now: datetime,
    *,
    actor: str = "system",
    public: bool = False,
    office_id: UUID | None = None,
    body: dict[str, object] | None = None,
) -> TimelineEntry:
    """`next_entry`, added to the session."""
    entry = next_entry(case, kind, now, actor=actor, public=public, office_id=office_id, body=body)
    session.add(entry)
    return entry


SEARCHED = frozenset(
    {
        EntryKind.received,
        EntryKind.citizen_wrote,
        EntryKind.edited,
        EntryKind.transcribed,
        EntryKind.answered,
        EntryKind.asked,
        EntryKind.called_back,
        EntryKind.part_answered,
        EntryKind.noted,
        EntryKind.appealed,
    }
)
"""Entries whose words a case is found by. What closed it was sent as an answer."""


def searched(entry: TimelineEntry) -> str:
    """The words of an entry that its case is found by; empty for none."""
    said = entry.body.get("text") if entry.kind in SEARCHED else None
    return said if isinstance(said, str) else ""


@event.listens_for(AnySession, "after_flush")
def _index(session: AnySession, _: Any) -> None:
    """What was just written is found from the same transaction on."""
    fresh = [row for row in session.new if isinstance(row, Case)]
    changed = [row for row in session.dirty if isinstance(row, Case)]
    said: dict[UUID, list[str]] = {}
    for row in session.new:
        if isinstance(row, TimelineEntry) and (text := searched(row)):
            said.setdefault(row.case_id, []).append(text)
    if fresh or changed or said:
        words.follow(session, fresh, changed, said)


def unbroken(reference: str, entries: Iterable[TimelineEntry]) -> list[str]:
    """What is wrong within a chain, in words; `entries` from the first on, in order of number."""
    found: list[str] = []
    head, number = GENESIS, 0
    for entry in entries:
        number += 1
        if entry.number != number:
            found.append(f"{reference}: entry {number} is missing or out of order (found {entry.number})")
            number = entry.number
        if entry.previous_hash != head:
            found.append(f"{reference}: entry {entry.number} does not follow the one before it")
        if seal(entry) != entry.hash:
            found.append(f"{reference}: entry {entry.number} was changed")
        head = entry.hash
    return found


def faults(case: Case, entries: Iterable[TimelineEntry]) -> list[str]:
    """What is wrong with a case's chain and its end, in words; `entries` in order of number. Empty when it holds."""
    said = list(entries)
    found = unbroken(case.reference, said)
    number, head = (said[-1].number, said[-1].hash) if said else (0, GENESIS)
    if number != case.timeline_length or head != case.timeline_head:
        found.append(
            f"{case.reference}: the timeline ends at entry {number}, its case remembers {case.timeline_length}"
        )
    return found
