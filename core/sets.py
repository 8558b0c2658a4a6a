"""Asking a database about many values at once."""

import json
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, Dialect, Float, Uuid, any_, bindparam, literal
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine, UserDefinedType
from sqlmodel import Session, col

OWN_PLAN = "/* planned for its values */"
"""What tells `core.database` that a statement is."""
FEW = 24
"""Ids that are placeholders of a statement of their own: the planner knows more of these."""

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


# -- ids, on either database and without asking which ----------------------------------------------------------------


def one_of(this: Any, ids: Collection[UUID]) -> ColumnElement[bool]:
    """`this IN ids`, for a column of ids: as one value where they are many, such as the offices of a country.

    Thousands of placeholders cost more than the query, and SQLite takes no more than 32,766.
    """
    if len(ids) <= FEW:
        return cast(ColumnElement[bool], this.in_(ids))
    return cast(ColumnElement[bool], _OneOf(this, literal(frozenset(ids), _Ids())))


def one_of_given(this: Any, name: str) -> ColumnElement[bool]:
    """`this IN` the ids (a frozenset) that the statement is given under a name when it is executed."""
    return cast(ColumnElement[bool], _OneOf(this, bindparam(name, type_=_Ids())))


class _OneOf(FunctionElement[bool]):
    """A column, and the ids it is to be among."""

    name = "one_of"
    type = Boolean()
    inherit_cache = True


@compiles(_OneOf)
def _as_array(element: _OneOf, compiler: SQLCompiler, **how: Any) -> str:
    column, ids = (compiler.process(one, **how) for one in element.clauses)
    return f"({column} = ANY ({ids}) {OWN_PLAN})"


@compiles(_OneOf, "sqlite")
def _as_table(element: _OneOf, compiler: SQLCompiler, **how: Any) -> str:
    column, ids = (compiler.process(one, **how) for one in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({ids})))"  # noqa: S608  (a column and a placeholder)


class _Ids(UserDefinedType[frozenset[UUID]]):
    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: Any) -> str:
        return "UUID[]"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        return _json if dialect.name == "sqlite" else _text


@lru_cache(maxsize=32)
def _text(ids: frozenset[UUID]) -> str:
    return _written([one.hex for one in ids])


@lru_cache(maxsize=32)
def _json(ids: frozenset[UUID]) -> str:
    return json.dumps([one.hex for one in ids])
