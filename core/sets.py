"""Asking a database about many values at once."""

from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import ColumnElement, Float, Uuid, any_, literal
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine, UserDefinedType
from sqlmodel import Session, col

by_id = attrgetter("int")
"""Key to sort UUIDs by: their own comparison is Python, and takes five times as long."""


def among(session: Session, this: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """`this IN values`; on PostgreSQL as one array, since thousands of placeholders cost more than the query."""
    if session.get_bind().dialect.name == "sqlite":
        return cast(ColumnElement[bool], col(this).in_(values))
    return cast(ColumnElement[bool], this == any_(array(list(values), this.type)))


def array(values: Sequence[Any], kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """Values of a column's type as one array of PostgreSQL.

    Ids and numbers are written out here: the driver looks into each value for what to quote, and takes three times as
    long. All else is left to it.
    """
    whole = ARRAY(kind, dimensions=1)
    if isinstance(kind, Uuid):
        return literal(_written(["NULL" if one is None else one.hex for one in values]), _Written("UUID[]"))
    if type(kind) is Float:
        return literal(_written(["NULL" if one is None else str(one) for one in values]), _Written("FLOAT[]"))
    return sql_cast(literal(list(values), whole), whole)


def _written(values: Sequence[str]) -> str:
    return f"{{{','.join(values)}}}"


class _Written(UserDefinedType[str]):
    """An array that goes as text and is one to the planner: a cast of a text to an array would be worked out anew for
    each row it is compared with."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name
