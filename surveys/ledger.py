"""Writing what is counted: set-based inserts that skip what is there, and answers whose corrections are kept."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Table, column, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from channels.values import Channel
from core.ids import new_id
from core.sets import among, array
from domain.survey import Answer

__all__ = ["CHUNK", "FEW", "among", "chunks", "insert_new", "put", "said"]

T = TypeVar("T")
CHUNK = 5_000
"""Values in one IN list or rows in one statement; both databases take more, so this is only for memory's sake."""

FEW = 20
"""Fewer rows than this are inserted as VALUES; more as one array a column, which PostgreSQL reads many times faster."""


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The values in slices of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def insert_new(
    session: Session, model: type[SQLModel], rows: Sequence[dict[str, Any]], unique: Sequence[str]
) -> set[UUID]:
    """Insert the rows whose `unique` columns are not there yet; returns the ids that were inserted.

    All rows name the same columns; one that is left out becomes NULL. They should come in the order of `unique`, so
    that two batches that overlap wait for each other instead of locking each other out.
    """
    if not rows:
        return set()
    table: Table = model.__table__  # type: ignore[attr-defined]
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    if is_sqlite or len(rows) < FEW:
        make = sqlite.insert if is_sqlite else postgresql.insert
        made = make(table).on_conflict_do_nothing(index_elements=list(unique)).returning(table.c.id)
        return {row.id for chunk in chunks(rows) for row in session.execute(made, list(chunk))}
    columns = [table.c[name] for name in rows[0]]
    arrays = [array([row[c.name] for row in rows], c.type) for c in columns]
    given = func.unnest(*arrays).table_valued(*(column(c.name, c.type) for c in columns)).render_derived()
    written = (
        postgresql.insert(table)
        .from_select([c.name for c in columns], select(*given.c), include_defaults=False)
        .on_conflict_do_nothing(index_elements=list(unique))
        .returning(table.c.id)
    )
    return {row.id for row in session.execute(written)}


def put(
    session: Session,
    *,
    source_id: str,
    question: str,
    value: int | None,
    text: str | None,
    office_id: UUID,
    service_id: UUID | None,
    channel: Channel,
    now: datetime,
    invitation_id: UUID | None = None,
    kiosk_device_id: UUID | None = None,
) -> bool:
    """Write one answer, once per (source, question). Another value replaces it and the old one goes into its history.

    Returns whether anything changed: False for a mere repeat.
    """
    made = insert_new(
        session,
        Answer,
        [
            {
                "id": new_id(),
                "source_id": source_id,
                "question": question,
                "invitation_id": invitation_id,
                "office_id": office_id,
                "service_id": service_id,
                "kiosk_device_id": kiosk_device_id,
                "channel": channel,
                "value": value,
                "text": text,
                "answered_at": now,
                "history": [],
            }
        ],
        ["source_id", "question"],
    )
    if made:
        return True
    answer = session.exec(
        select(Answer).where(col(Answer.source_id) == source_id, col(Answer.question) == question).with_for_update()
    ).one()
    if (answer.value, answer.text) == (value, text):
        return False
    answer.history = [
        *answer.history,
        {"value": answer.value, "text": answer.text, "at": answer.answered_at.isoformat(timespec="seconds")},
    ]
    answer.value, answer.text, answer.answered_at, answer.channel = value, text, now, channel
    session.add(answer)
    return True


def said(session: Session, source_id: str) -> dict[str, Answer]:
    """What one source has answered so far, by question."""
    return {
        answer.question: answer for answer in session.exec(select(Answer).where(col(Answer.source_id) == source_id))
    }
