"""The timeline's proof: whatever is changed in the database itself is found."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from cases.history import verify
from domain.case import Case
from domain.states import EntryKind
from domain.timeline import append
from tests.builders import NOW, government, plain_case
from tests.conftest import Installation


@pytest.fixture
def case(installation: Installation) -> Case:
    with installation.database.write() as session:
        known = government(session)
        for _ in range(2):
            case = plain_case(known)
            session.add(case)
            session.flush()
            for step in range(5):
                body: dict[str, object] = {"text": f"entry {step} «ë» বাংলা"}
                append(session, case, EntryKind.noted, NOW + timedelta(minutes=step), body=body)
    return case


def test_what_nobody_touched_holds(installation: Installation, case: Case) -> None:
    with installation.database.read() as session:
        assert list(verify(session)) == []


def _sql(statement: str) -> Callable[[Connection, Case], None]:
    def change(connection: Connection, case: Case) -> None:
        key = case.id.hex if connection.dialect.name == "sqlite" else str(case.id)
        connection.execute(text(statement), {"case": key})

    return change


def _insert_copy(connection: Connection, case: Case) -> None:
    key = case.id.hex if connection.dialect.name == "sqlite" else str(case.id)
    connection.execute(
        text("UPDATE timeline_entry SET number = number + 100 WHERE case_id = :case AND number > 3"), {"case": key}
    )
    columns = "case_id, at, kind, actor, office_id, public, body, previous_hash, hash"
    new = "lower(hex(randomblob(16)))" if connection.dialect.name == "sqlite" else "gen_random_uuid()"
    connection.execute(
        text(
            f"INSERT INTO timeline_entry (id, number, {columns}) SELECT {new}, 4, {columns} FROM timeline_entry "
            "WHERE case_id = :case AND number = 3"
        ),
        {"case": key},
    )
    connection.execute(
        text("UPDATE timeline_entry SET number = number - 99 WHERE case_id = :case AND number > 100"), {"case": key}
    )


CHANGES = {
    "text edited": _sql(
        """UPDATE timeline_entry SET body = '{"text": "nothing happened"}' WHERE case_id = :case AND number = 2"""
    ),
    "time moved": _sql("UPDATE timeline_entry SET at = '2026-03-01 00:00:00' WHERE case_id = :case AND number = 2"),
    "actor swapped": _sql("UPDATE timeline_entry SET actor = 'citizen' WHERE case_id = :case AND number = 3"),
    "made public": _sql("UPDATE timeline_entry SET public = true WHERE case_id = :case AND number = 3"),
    "first deleted": _sql("DELETE FROM timeline_entry WHERE case_id = :case AND number = 1"),
    "middle deleted": _sql("DELETE FROM timeline_entry WHERE case_id = :case AND number = 3"),
    "last deleted": _sql("DELETE FROM timeline_entry WHERE case_id = :case AND number = 5"),
    "all deleted": _sql("DELETE FROM timeline_entry WHERE case_id = :case"),
    "inserted": _insert_copy,
    "hash edited": _sql("UPDATE timeline_entry SET hash = previous_hash WHERE case_id = :case AND number = 4"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_change_in_the_database_is_found(
    installation: Installation, case: Case, change: Callable[[Connection, Case], None]
) -> None:
    with installation.database.connection() as connection:
        change(connection, case)
    with installation.database.read() as session:
        found = list(verify(session))
    assert found
    assert all(case.reference in fault for fault in found)


def test_reordered_entries_are_found(installation: Installation, case: Case) -> None:
    for statement in (
        "UPDATE timeline_entry SET number = 99 WHERE case_id = :case AND number = 2",
        "UPDATE timeline_entry SET number = 2 WHERE case_id = :case AND number = 3",
        "UPDATE timeline_entry SET number = 3 WHERE case_id = :case AND number = 99",
    ):
        with installation.database.connection() as connection:
            _sql(statement)(connection, case)
    with installation.database.read() as session:
        assert list(verify(session))


def test_a_cut_tail_is_found_even_when_the_case_is_cut_to_match(installation: Installation, case: Case) -> None:
    with installation.database.connection() as connection:
        _sql("DELETE FROM timeline_entry WHERE case_id = :case AND number = 5")(connection, case)
        _sql('UPDATE "case" SET timeline_length = 4 WHERE id = :case')(connection, case)
    with installation.database.read() as session:
        assert list(verify(session))
