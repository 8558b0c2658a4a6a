"""Many rows of figures at once: through a passing table on PostgreSQL, row by row on SQLite.

Thousands of rows cost the driver more than the database where each is a statement of its own; copied into a passing
table first they are one statement. A few go row by row, for a passing table has its price too.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Table, and_, bindparam, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from core.sets import among

FEW = 50
"""Rows up to which a passing table is not worth it."""
_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]
_KNOWN_AS = {"float": "float8"}
"""Types that the driver knows by another name."""

Row = Sequence[Any]


def fetch(session: Session, table: Table, columns: Sequence[str], key: str, values: Collection[Any]) -> list[Row]:
    """Columns of the rows that have one of these values; from PostgreSQL as they lie there, and not as text."""
    if not values:
        return []
    if not on_postgresql(session):
        query = select(*(table.c[name] for name in columns)).where(among(session, table.c[key], values))
        return [tuple(row) for row in session.execute(query)]
    wanted = f"SELECT {', '.join(columns)} FROM {table.name} WHERE {key} = ANY(%b)"  # noqa: S608  (our own names)
    with _driver(session).cursor(binary=True) as cursor:
        found: list[Row] = cursor.execute(wanted, (list(values),)).fetchall()
    return found


def upsert(
    session: Session,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    added: Collection[str] = (),
    replaced: Collection[str] = (),
) -> None:
    """Insert rows; where one of the same primary key is there already, add these columns to it and replace those."""
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    if not on_postgresql(session) or len(rows) <= FEW:
        changes = {name: table.c[name] + literal_column(f"excluded.{name}") for name in added}
        changes |= {name: literal_column(f"excluded.{name}") for name in replaced}
        made: Any = (postgresql if on_postgresql(session) else sqlite).insert(table)
        made = made.on_conflict_do_update(index_elements=key, set_=changes)
        session.execute(made, [dict(zip(columns, row, strict=True)) for row in rows])
        return
    sets = [f"{name} = {table.name}.{name} + excluded.{name}" for name in added]
    sets += [f"{name} = excluded.{name}" for name in replaced]
    listed = ", ".join(columns)
    with _passing(session, table, columns, rows) as passing:
        _driver(session).execute(
            f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {passing} "  # noqa: S608
            f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(sets)}"
        )


def change(session: Session, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Set columns row by row; those of the primary key among them say which row it is."""
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    new = [name for name in columns if name not in key]
    if not on_postgresql(session) or len(rows) <= FEW:
        at = and_(*(table.c[name] == bindparam(f"_{name}") for name in key))
        made = update(table).where(at).values({name: bindparam(f"_{name}") for name in new})
        session.execute(made, [{f"_{name}": one for name, one in zip(columns, row, strict=True)} for row in rows])
        return
    with _passing(session, table, columns, rows) as passing:
        _driver(session).execute(
            f"UPDATE {table.name} SET {', '.join(f'{name} = {passing}.{name}' for name in new)} FROM {passing} "  # noqa: S608
            f"WHERE {' AND '.join(f'{table.name}.{name} = {passing}.{name}' for name in key)}"
        )


def on_postgresql(session: Session) -> bool:
    """Whether that is where it is."""
    return session.get_bind().dialect.name == "postgresql"


def _driver(session: Session) -> Any:
    """The driver's own connection, in the session's transaction."""
    return session.connection().connection.driver_connection


@contextmanager
def _passing(session: Session, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Name of a table of these rows that goes at the end."""
    name = f"passing_{table.name}"
    kinds = [table.c[one].type.compile(dialect=_POSTGRESQL).lower() for one in columns]
    with _driver(session).cursor() as cursor:
        made = ", ".join(f"{one} {kind}" for one, kind in zip(columns, kinds, strict=True))
        cursor.execute(f"CREATE TEMP TABLE {name} ({made}) ON COMMIT DROP")
        with cursor.copy(f"COPY {name} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types([_KNOWN_AS.get(kind, kind) for kind in kinds])
            for row in rows:
                copy.write_row(row)
        yield name
        cursor.execute(f"DROP TABLE {name}")
