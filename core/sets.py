"""Asking a database about many values at once."""

from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import ColumnElement, any_, literal
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col


def among(session: Session, this: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """`this IN values`; on PostgreSQL as one array, since thousands of placeholders cost more than the query."""
    if session.get_bind().dialect.name == "sqlite":
        return cast(ColumnElement[bool], col(this).in_(values))
    kind = ARRAY(this.type)
    return cast(ColumnElement[bool], this == any_(sql_cast(literal(list(values), kind), kind)))
