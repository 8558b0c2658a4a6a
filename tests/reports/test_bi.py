"""The views for BI tools: what they show, what they never show, and to whom."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from channels.values import Channel
from core.errors import BadInput
from domain.answer import GivenAnswer
from domain.case import Case
from domain.states import ClockKind, EntryKind, LeadLink, Outcome
from domain.survey import Answer
from domain.timeline import append
from domain.visibility import countable
from escalation import service
from reports import bi
from tests.builders import NOW, Government, government, plain_case
from tests.conftest import SERVER, Installation

POSTGRESQL = pytest.mark.parametrize("installation", ["postgresql"], indirect=True)


@pytest.fixture
def viewed(installation: Installation) -> Iterator[Government]:
    """A government with a case of each sort, and the views over it."""
    with installation.database.write() as session:
        known = government(session)
        sorts: tuple[dict[str, Any], ...] = (
            {},
            {"first_response_at": NOW, "source": "imported"},
            {"outcome": Outcome.withdrawn, "closed_at": NOW},
            {"integrity": True},
            {"confidential": True},
            {"about_office_id": known.office["WAT1"]},
            {"about_staff_id": known.staff["officer1"]},
            {"lead_link": LeadLink.part},
        )
        for number, values in enumerate(sorts):
            case = plain_case(known, "WAT1" if number else "CIV1", text="secret words", **values)
            append(session, case, EntryKind.received, NOW, actor="citizen", body={"text": "secret words"})
            session.add(case)
            session.flush()
            service.start(session, case, ClockKind.first_response, NOW)
            session.add(
                GivenAnswer(
                    case_id=case.id, entry=1, staff_id=known.staff["officer1"], office_id=case.office_id, at=NOW,
                    words="secret words",
                )
            )  # fmt: skip
        for question, value in (("rating", 4), ("money", 1)):
            session.add(
                Answer(
                    source_id="s", question=question, value=value, channel=Channel.sms, office_id=known.office["WAT1"],
                    answered_at=NOW,
                )
            )  # fmt: skip
    with installation.database.connection() as connection:
        bi.make(connection)
    yield known
    with installation.database.connection() as connection:
        bi.drop(connection)
        if not installation.is_sqlite:
            for schema in [*(schema for schema, _ in bi._of_offices(connection)), bi.SCHEMA]:
                connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


def named(connection: Connection, view: str) -> str:
    return f"{bi.SCHEMA}.{view}" if connection.dialect.name == "postgresql" else f"{bi.PREFIX}{view}"


def test_each_column_is_documented_and_in_order(installation: Installation, viewed: Government) -> None:
    with installation.database.connection() as connection:
        schema = bi.SCHEMA if connection.dialect.name == "postgresql" else None
        prefix = "" if schema else bi.PREFIX
        found = inspect(connection)
        names = {name.removeprefix(prefix) for name in found.get_view_names(schema=schema) if name.startswith(prefix)}
        assert names == {view.name for view in bi.VIEWS}
        for view in bi.VIEWS:
            there = [column["name"] for column in found.get_columns(f"{prefix}{view.name}", schema=schema)]
            assert there == [name for name, _ in view.columns], view.name
            assert all(meaning.endswith((".", ")")) for _, meaning in view.columns)


def test_they_show_what_may_be_counted_and_nothing_else(installation: Installation, viewed: Government) -> None:
    with installation.database.connection() as connection:
        session = Session(connection)
        counted = set(session.exec(select(Case.id).where(countable())))
        assert len(counted) == 3
        for name in ("cases", "clocks", "answers"):
            rows = connection.execute(text(f"SELECT case_id FROM {named(connection, name)}")).scalars()
            assert {uuid.UUID(str(row)) for row in rows} == counted, name
        whole = ""
        for view in bi.VIEWS:
            whole += str(connection.execute(text(f"SELECT * FROM {named(connection, view.name)}")).all())
        references = session.exec(select(Case.reference)).all()
        assert not [one for one in ("secret", "officer1", "money", *references) if one in whole]
        ratings = connection.execute(text(f"SELECT rating FROM {named(connection, 'ratings')}")).scalars().all()
        assert ratings == [4]


def test_what_the_columns_say(installation: Installation, viewed: Government) -> None:
    with installation.database.connection() as connection:
        asked = "SELECT office_code, silence_seconds, silent, imported, answered_in_time FROM {} ORDER BY case_id"
        rows = connection.execute(text(asked.format(named(connection, "cases")))).all()
        told = [(row[0], row[1], bool(row[2]), bool(row[3]), None if row[4] is None else bool(row[4])) for row in rows]
        assert told == [
            ("CIV1", None, True, False, False),  # due long ago
            ("WAT1", 0, False, True, True),
            ("WAT1", None, False, False, False),  # taken back: nobody waits
        ]
        paths = connection.execute(text(f"SELECT office_code, path FROM {named(connection, 'offices')}")).all()
        assert ("WAT1", "GOV/WATER/WAT1") in [tuple(row) for row in paths]
        assert len(paths) == 7


def test_making_them_again_changes_nothing(installation: Installation, viewed: Government) -> None:
    for _ in range(2):
        with installation.database.connection() as connection:
            bi.make(connection)
    with installation.database.connection() as connection:
        bi.drop(connection)
        bi.drop(connection)
        bi.make(connection)


@pytest.fixture
def role() -> Iterator[str]:
    """A role of the server that may read nothing."""
    name = f"ombud_bi_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        yield name
        server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def as_role(connection: Connection, role: str, query: str) -> list[tuple[object, ...]] | str:
    """What a role gets for a query; the error's first words if it may not."""
    with connection.begin_nested() as inner:
        connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
        try:
            found: list[tuple[object, ...]] | str = [tuple(row) for row in connection.exec_driver_sql(query)]
        except DBAPIError as error:
            found = str(error.orig)
        inner.rollback()
    return found


@POSTGRESQL
def test_a_role_reads_views_and_no_tables(installation: Installation, viewed: Government, role: str) -> None:
    with installation.database.connection() as connection:
        assert "permission denied" in str(as_role(connection, role, "SELECT count(*) FROM bi.cases"))
        assert bi.grant(connection, role) == "bi"
        assert as_role(connection, role, "SELECT count(*) FROM bi.cases") == [(3,)]
        for table in ('"case"', "citizen", "timeline_entry"):
            assert "permission denied" in str(as_role(connection, role, f"SELECT * FROM {table}"))
        bi.drop(connection)  # as an upgrade does
        bi.make(connection)
        assert as_role(connection, role, "SELECT count(*) FROM bi.cases") == [(3,)]
        assert bi.revoke(connection, role) == ["bi"]
        assert "permission denied" in str(as_role(connection, role, "SELECT count(*) FROM bi.cases"))


@POSTGRESQL
def test_an_office_has_a_schema_of_its_own(installation: Installation, viewed: Government, role: str) -> None:
    with installation.database.connection() as connection:
        assert bi.grant(connection, role, "water") == "bi_water"
        assert as_role(connection, role, "SELECT DISTINCT office_code FROM bi_water.cases") == [("WAT1",)]
        offices = as_role(connection, role, "SELECT office_code FROM bi_water.offices ORDER BY 1")
        assert offices == [("WAT1",), ("WAT2",), ("WATER",)]
        assert "permission denied" in str(as_role(connection, role, "SELECT * FROM bi.cases"))
        bi.drop(connection)
        bi.make(connection)
        assert as_role(connection, role, "SELECT count(*) FROM bi_water.cases") == [(2,)]
        assert bi.revoke(connection, role) == ["bi_water"]


@POSTGRESQL
def test_who_cannot_be_granted_anything(installation: Installation, viewed: Government, role: str) -> None:
    with installation.database.connection() as connection:
        for given_role, office, said in (
            ("nobody_by_this_name", None, "has no role"),
            (role, "NOWHERE", "no office"),
            ("postgres", None, "may read the tables themselves"),
        ):
            with pytest.raises(BadInput, match=said):
                bi.grant(connection, given_role, office)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_sqlite_has_no_roles(installation: Installation, viewed: Government) -> None:
    with installation.database.connection() as connection, pytest.raises(BadInput, match="no roles"):
        bi.grant(connection, "figures")
