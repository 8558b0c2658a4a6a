"""Database sessions: one way to read, one way to write, on SQLite and PostgreSQL alike.

SQLite's traps are handled here: a write session begins IMMEDIATE (else concurrent read-modify-write loses updates
silently), the journal is WAL with full sync (a 200 is a promise), foreign keys are on.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlmodel import Session

from core import sets
from core.settings import settings

_WRITE = "ombud_write"
_BUSY_SECONDS = 30


class Database:
    """An engine with sessions. `url` is a SQLAlchemy URL; `pool` the connections one process may hold."""

    def __init__(self, url: str, pool: int = 4) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            path = url.partition("///")[2]
            if path and path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(
                url,
                hide_parameters=True,
                connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
                pool_size=pool,
                max_overflow=16,
            )
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self.engine = create_engine(
                url,
                hide_parameters=True,
                pool_size=pool,
                max_overflow=pool,
                pool_pre_ping=True,
                # to compile a query takes longer than any of ours runs, rebuilding figures apart
                connect_args={"options": "-c timezone=utc -c jit=off"},
            )
            event.listen(self.engine, "do_execute", _planned)
        self._writer: Engine = self.engine.execution_options(**{_WRITE: True})

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; whatever it changed is rolled back."""
        with Session(self.engine, autoflush=False, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one write transaction: committed at the end, rolled back by an exception."""
        with Session(self._writer, expire_on_commit=False) as session:
            yield session
            session.commit()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A bare connection in one write transaction, for the paths where an ORM costs too much."""
        with self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def ping(self) -> None:
        """Ask the database for a sign of life; raises what the driver raises."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))


def _planned(cursor: Any, statement: str, parameters: Any, _: Any) -> bool:
    """Let a statement about a set of ids be planned for these: it is not prepared. True where it was executed.

    After ten executions PostgreSQL takes one plan for any values where that seems cheaper, and to it a country is the
    average office: what took 70 ms takes nine seconds. To plan all statements anew costs where batches are worked off.
    """
    if sets.OWN_PLAN not in statement:
        return False
    cursor.execute(statement, parameters, prepare=False)
    return True


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own; `_begin_sqlite` does
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@lru_cache(maxsize=1)
def database() -> Database:
    """The installation's database, opened at first use."""
    current = settings()
    return Database(current.sql_url, current.database_pool)


def after_commit(session: Session, action: Callable[[], None]) -> None:
    """Run `action` once the session's transaction is durable; never if it is rolled back."""
    event.listen(session, "after_commit", lambda _: action(), once=True)
