"""Rows gathered in memory and written by plain inserts, table by table in the order their foreign keys want."""

from typing import Any, TypeVar

from sqlalchemy import Table, insert
from sqlmodel import Session, SQLModel

import domain.tables  # noqa: F401  (so that the metadata is whole)
from domain.base import metadata

T = TypeVar("T", bound=SQLModel)
CHUNK = 2_000
# tables that point at themselves or at each other in a ring: their rows are gathered in an order that holds


class Rows:
    """What will be inserted. Rows of one table keep the order they were added in."""

    def __init__(self) -> None:
        self._rows: dict[type[SQLModel], list[SQLModel]] = {}

    def add(self, row: SQLModel) -> None:
        """Gather one row."""
        self._rows.setdefault(type(row), []).append(row)

    def of(self, model: type[T]) -> list[T]:
        """The gathered rows of a table."""
        return self._rows.get(model, [])  # type: ignore[return-value]

    def counts(self) -> dict[str, int]:
        """How many rows by table."""
        return {_table(model).name: len(rows) for model, rows in self._rows.items()}

    def write(self, session: Session) -> None:
        """Insert all; the caller commits."""
        by_table = {_table(model): rows for model, rows in self._rows.items()}
        for table in metadata().sorted_tables:
            rows = by_table.get(table, [])
            names = [column.name for column in table.columns]
            for start in range(0, len(rows), CHUNK):
                values = [{name: row.__dict__[name] for name in names} for row in rows[start : start + CHUNK]]
                session.execute(insert(table), values)


def _table(model: type[SQLModel]) -> Table:
    table: Any = model.__table__  # type: ignore[attr-defined]
    assert isinstance(table, Table)  # noqa: S101
    return table
