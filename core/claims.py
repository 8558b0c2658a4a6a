"""The row is the job: claiming a batch of due rows so that no two workers hold the same one.

A claimable table has the columns of `Claimable`. A claim moves `leased_until` ahead and counts the attempt; whoever
dies simply lets the lease run out. PostgreSQL: `FOR UPDATE SKIP LOCKED`; SQLite: the write transaction is exclusive.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, bindparam, or_, select, true, update
from sqlalchemy.sql.dml import ReturningUpdate
from sqlmodel import Field, Session, SQLModel

from core.types import UtcDateTime

BACKOFF = (5, 30, 120, 600, 3600, 4 * 3600)
"""Seconds to wait after the first, second … failed attempt."""


class Claimable(SQLModel):
    """Columns that make a row a job. Times in UTC; `due_at` None means nothing to do."""

    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    attempts: int = 0
    last_error: str | None = None


def claim(
    session: Session,
    model: type[Claimable],
    now: datetime,
    *,
    state: str,
    limit: int = 100,
    lease: timedelta = timedelta(minutes=2),
    becomes: str | None = None,
    only: ColumnElement[bool] | None = None,
) -> list[UUID]:
    """Claim up to `limit` rows in `state` that are due and not leased; returns their ids, longest due first.

    With `becomes` their state changes in the same statement; `only` narrows which rows are wanted. The caller commits.
    """
    table: Table = model.__table__  # type: ignore[attr-defined]
    values = {"_state": state, "_now": now, "_until": now + lease, "_limit": limit, "_becomes": becomes}
    if becomes is None:
        del values["_becomes"]
    # the narrowed claim is rare, and as varied as what it leaves out: not worth keeping
    statement = _statement(table, becomes is not None) if only is None else _claim(table, becomes is not None, only)
    found = session.execute(statement, values)
    return [row.id for row in sorted(found, key=lambda row: (row.due_at, row.id))]


@lru_cache(maxsize=32)
def _statement(table: Table, changes_state: bool) -> ReturningUpdate[Any]:
    """The claim of one table; built once, as building it costs more than an empty claim does."""
    return _claim(table, changes_state, true())


def _claim(table: Table, changes_state: bool, only: ColumnElement[bool]) -> ReturningUpdate[Any]:
    now = bindparam("_now", type_=UtcDateTime)
    due = (
        select(table.c.id)
        .where(
            table.c.state == bindparam("_state"),
            table.c.due_at <= now,
            or_(table.c.leased_until.is_(None), table.c.leased_until <= now),
            only,
        )
        .order_by(table.c.due_at)
        .limit(bindparam("_limit"))
        .with_for_update(skip_locked=True)
    )
    values: dict[str, Any] = {"leased_until": bindparam("_until"), "attempts": table.c.attempts + 1}
    if changes_state:
        values["state"] = bindparam("_becomes")
    return (
        update(table).where(table.c.id.in_(due.scalar_subquery())).values(values).returning(table.c.id, table.c.due_at)
    )


def retry_at(now: datetime, attempts: int, asked: float | None = None) -> datetime:
    """When to try again after the `attempts`-th failure; a provider's own wish (`asked`, in seconds) goes first."""
    wait = BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]
    return now + timedelta(seconds=max(asked, 1.0) if asked is not None else wait)
