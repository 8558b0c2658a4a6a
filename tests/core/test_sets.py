"""Many values at once go to PostgreSQL as arrays of their own type, NULLs among them, and come back as they were."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ColumnClause, Float, Text, Uuid, column, func, literal, not_, select
from sqlalchemy.types import TypeEngine

from core.ids import new_id
from core.sets import FEW, among, array, one_of
from domain.survey import Transaction
from tests.conftest import Installation

POSTGRESQL = pytest.mark.parametrize("installation", ["postgresql"], indirect=True)


@POSTGRESQL
def test_arrays_carry_what_they_were_given(installation: Installation) -> None:
    ids: list[UUID | None] = [new_id(), None, new_id()]
    numbers, texts = [0.1, None, 1e-9], ['a "quoted" \\ one, with {braces}', None, ""]
    kinds: tuple[TypeEngine[Any], ...] = (Uuid(), Float(), Text())
    lists: tuple[list[Any], ...] = (ids, numbers, texts)
    given = func.unnest(*(array(some, kind) for some, kind in zip(lists, kinds, strict=True)))
    columns: list[ColumnClause[Any]] = [column(name, kind) for name, kind in zip("abc", kinds, strict=True)]
    rows = select(given.table_valued(*columns).render_derived())
    with installation.database.read() as session:
        assert [tuple(row) for row in session.execute(rows)] == list(zip(ids, numbers, texts, strict=True))
        assert session.execute(select(func.cardinality(array([], Uuid())))).scalar_one() == 0


@POSTGRESQL
def test_ids_are_compared_with_an_array_and_not_with_a_text_made_one_for_each_row(installation: Installation) -> None:
    """As a text that is cast, two thousand ids among five thousand rows took half a minute."""
    with installation.database.read() as session:
        said = str(among(session, Transaction.id, [new_id()]).compile(session.get_bind()))
    assert "::UUID[]" in said
    assert "CAST" not in said


@pytest.mark.parametrize("many", [0, 1, FEW, FEW + 1, 40_000])
def test_an_id_is_one_of_few_and_of_more_than_a_statement_takes(installation: Installation, many: int) -> None:
    ids = frozenset(new_id() for _ in range(many))
    inside, outside, nobody = [literal(one, Uuid()) for one in (next(iter(ids), new_id()), new_id(), None)]
    asked = [one_of(inside, ids), not_(one_of(inside, ids)), one_of(outside, ids), not_(one_of(outside, ids))]
    with installation.database.read() as session:
        found = session.execute(select(*asked)).one()
        assert [bool(one) for one in found] == [many > 0, many == 0, False, True]
        assert not session.execute(select(one_of(nobody, ids))).scalar_one()
        again = session.execute(select(one_of(inside, ids | {new_id()}), one_of(outside, ids | {new_id()}))).one()
        assert [bool(one) for one in again] == [many > 0, False], "a statement that is kept takes other ids"
