"""How alembic reaches the database. Run by alembic, in the one transaction that all migrations share.

Migrations name plain SQL types, never Ombud's, so that an old one means the same for ever.
"""

import sqlite3
from pathlib import Path
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Connection, Engine, create_engine, event, inspect, pool, text
from sqlalchemy.types import TypeDecorator

import domain.tables  # noqa: F401  (so that the metadata is whole)
from core.settings import settings
from domain.base import metadata
from domain.figures import FigureMark, watch, watch_no_more
from domain.words import FTS

_LOCK = 0x6F6D6275  # "ombu": advisory lock of PostgreSQL, so that two processes starting at once take turns


def _render(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    if kind != "type":
        return False
    if isinstance(item, JSON):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def _engine(url: str) -> Engine:
    engine = create_engine(url, poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":
        if engine.url.database and engine.url.database != ":memory:":
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

        # Foreign keys stay off while tables are rebuilt; the driver must not begin transactions of its own.
        @event.listens_for(engine, "connect")
        def _prepare(connection: sqlite3.Connection, _: Any) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA busy_timeout=30000")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _included(item: Any, name: str | None, kind: str, reflected: bool, _: Any) -> bool:
    """Leave out what SQLite keeps beside a table for full text, and an index that is not for this dialect."""
    if kind == "table":
        return not (reflected and str(name).startswith(FTS))
    wanted = getattr(item, "_ddl_if", None)
    return wanted is None or wanted.dialect == context.get_context().dialect.name


def _configure(**where: Any) -> None:
    context.configure(
        target_metadata=metadata(),
        render_item=_render,
        include_object=_included,
        render_as_batch=True,
        compare_server_default=True,
        **where,
    )


def _online(url: str) -> None:
    with _engine(url).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        _configure(connection=connection)
        # a table that is copied loses its triggers, and a column that one names cannot go
        watch_no_more(connection)
        with context.begin_transaction():
            context.run_migrations()
        if inspect(connection).has_table(FigureMark.__tablename__):
            watch(connection)


def _offline(url: str) -> None:
    _configure(url=url, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()


_url = context.config.attributes.get("url") or settings().sql_url
if context.is_offline_mode():
    _offline(_url)
else:
    _online(_url)
