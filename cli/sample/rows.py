"""Rows gathered in memory and written by plain inserts, table by table in the order their foreign keys want.

They are plain objects with the columns as attributes: building 70,000 ORM objects would take longer than all the rest.
"""

from collections.abc import Callable
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Table, insert
from sqlmodel import Session, SQLModel

import domain.tables  # noqa: F401  (so that the metadata is whole)
from core.ids import new_id
from domain.base import metadata

CHUNK = 2_000


class Rows:
    """What will be inserted. Rows of one table keep the order they were added in."""

    def __init__(self) -> None:
        self._rows: dict[type[SQLModel], list[Any]] = {}

    def add(self, model: type[SQLModel], **values: Any) -> Any:
        """Gather one row of a table; what is not given has the column's default. It may be changed until written."""
        return self.put(model, plain(model, **values))

    def put(self, model: type[SQLModel], row: Any) -> Any:
        """Gather a row made by `plain`."""
        self._rows.setdefault(model, []).append(row)
        return row

    def of(self, model: type[SQLModel]) -> list[Any]:
        """The gathered rows of a table."""
        return self._rows.get(model, [])

    def counts(self) -> dict[str, int]:
        """How many rows by table."""
        return {_table(model).name: len(rows) for model, rows in self._rows.items()}

    def write(self, session: Session) -> None:
        """Insert all; the caller commits."""
        by_table = {_table(model): rows for model, rows in self._rows.items()}
        for table in metadata().sorted_tables:
            rows = by_table.get(table, [])
            for start in range(0, len(rows), CHUNK):
                session.execute(insert(table), [row.__dict__ for row in rows[start : start + CHUNK]])


def plain(model: type[SQLModel], **values: Any) -> Any:
    """A row of a table as a plain object."""
    fixed, made = _defaults(model)
    if unknown := values.keys() - _columns(model):
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(unknown))}")
    row = fixed | values
    for name, make in made:
        if name not in values:
            row[name] = make()
    return SimpleNamespace(**row)


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


@lru_cache
def _columns(model: type[SQLModel]) -> frozenset[str]:
    return frozenset(column.name for column in _table(model).columns)


@lru_cache
def _defaults(model: type[SQLModel]) -> tuple[dict[str, Any], tuple[tuple[str, Callable[[], Any]], ...]]:
    fixed: dict[str, Any] = {}
    made: list[tuple[str, Callable[[], Any]]] = []
    for column in _table(model).columns:
        field = model.model_fields[column.name]
        if column.name == "id" and field.default_factory is not None:
            made.append(("id", new_id))
        elif field.default_factory is not None:
            made.append((column.name, field.default_factory))  # type: ignore[arg-type]
        elif not field.is_required():
            fixed[column.name] = field.default
    return fixed, tuple(made)
