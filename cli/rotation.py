"""Key rotation: every encrypted value is written anew under the newest key, batch by batch, while Ombud runs."""

from collections.abc import Callable, Iterator
from uuid import UUID

from rich.progress import Progress
from sqlalchemy import Column, ColumnElement, Table, Text, func, select, type_coerce, update
from sqlmodel import col

import domain.tables  # noqa: F401  (so that the metadata is whole)
from cases.inbox import PERSONAL
from cli.output import err
from core import files, streams
from core.crypto import cipher, decrypt, encrypt
from core.database import database
from core.types import Encrypted
from domain.base import metadata
from domain.inbox import InboundMessage

BATCH = 500


def columns() -> Iterator[Column[str]]:
    """Every encrypted column of every table."""
    for table in metadata().sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Encrypted):
                yield column


def rotate() -> dict[str, int]:
    """Encrypt anew what an older key holds; returns how many values by table.column, and how many files.

    Safe to interrupt and to repeat: each batch is its own transaction, and a value changed meanwhile is left alone.

    Raises:
        Tampered: a value was changed in the database, or its key is no longer among the settings.
    """
    counts: dict[str, int] = {}
    with Progress(console=err, transient=True) as progress:
        for column in columns():
            name = f"{column.table.name}.{column.name}"
            counts[name] = 0
            task = progress.add_task(name, total=_waiting(column))
            for done in _batches(column):
                counts[name] += done
                progress.advance(task, done)
        counts["inbound_message.details"] = sum(_details())
        counts["attachment files"] = 0
        kept = [file_id for file_id, _ in files.kept()]
        for file_id in progress.track(kept, description="attachment files"):
            counts["attachment files"] += _rewritten(file_id, files.rewrite)
        counts["export files"] = sum(_rewritten(file_id, streams.rewrite) for file_id in list(streams.kept()))
    return counts


def _details() -> Iterator[int]:
    """The details of inbox rows that are encrypted on their own, such as a mail's subject; gives how many per batch."""
    last: UUID | None = None
    while True:
        query = select(InboundMessage).order_by(col(InboundMessage.id)).limit(BATCH).with_for_update()
        with database().write() as session:
            rows = session.scalars(query if last is None else query.where(col(InboundMessage.id) > last)).all()
            done = [_sealed_anew(row) for row in rows]
            last = rows[-1].id if rows else None
        yield sum(done)
        if last is None:
            return


def _sealed_anew(row: InboundMessage) -> int:
    old = {name: str(row.details[name]) for name in PERSONAL if row.details.get(name)}
    old = {name: stored for name, stored in old.items() if not stored.startswith(f"{cipher().current}.")}
    if old:
        row.details = row.details | {name: encrypt(decrypt(stored)) for name, stored in old.items()}
    return len(old)


def _rewritten(file_id: UUID, rewrite: Callable[[UUID], bool]) -> bool:
    try:
        return rewrite(file_id)
    except FileNotFoundError:  # dropped meanwhile
        return False


def _old(column: Column[str]) -> tuple[ColumnElement[str], ColumnElement[bool]]:
    """The stored text of a column, and whether an older key holds it."""
    raw = type_coerce(column, Text)
    return raw, ~raw.startswith(f"{cipher().current}.", autoescape=True)


def _waiting(column: Column[str]) -> int:
    _, older = _old(column)
    with database().read() as session:
        return int(session.execute(select(func.count()).select_from(column.table).where(older)).scalar_one())


def _batches(column: Column[str]) -> Iterator[int]:
    table = column.table
    assert isinstance(table, Table)  # noqa: S101  (a column of the metadata hangs in a table)
    raw, older = _old(column)
    last = None
    while True:
        query = select(table.c.id, raw.label("stored")).where(older).order_by(table.c.id).limit(BATCH)
        with database().connection() as connection:
            rows = connection.execute(query if last is None else query.where(table.c.id > last)).all()
            for row in rows:
                fresh = cipher().encrypt(cipher().decrypt(row.stored))
                connection.execute(
                    update(table)
                    .where(table.c.id == row.id, raw == row.stored)
                    .values({column.name: type_coerce(fresh, Text)})
                )
        if not rows:
            return
        last = rows[-1].id
        yield len(rows)
