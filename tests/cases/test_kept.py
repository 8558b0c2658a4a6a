"""What queues and searches stand on is checked against its source, made anew from it, and filled by the migration."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlmodel import col, select

from cases import history, kept, lifecycle
from cases.acting import Form
from cases.filters import Filter
from core.database import Database
from domain import catalogue
from domain.case import Case
from domain.clock import Clock
from domain.states import EntryKind
from domain.timeline import append
from domain.words import CaseWords
from migrations.check import scratch_postgres
from migrations.schema import config
from tests.builders import NOW, government, plain_case
from tests.cases.conftest import Town
from tests.conftest import left_out

BEFORE = "5ca5e11fe502"
WORDS = ("water", "lumas", "drilled", "পানি")


def opened(town: Town, text: str, number: int = 1) -> Case:
    """A case with words, a note and a clock."""
    with town.database.write() as session:
        case = plain_case(town.known, text=text, place="Lumas")
        append(session, case, EntryKind.received, NOW, actor="citizen", public=True, body={"text": text})
        append(session, case, EntryKind.noted, NOW, actor="system", body={"text": "Drilled a hole"})
        append(session, case, EntryKind.reopened, NOW, actor="citizen", public=True)
        session.add(case)
        session.flush()
        clock: dict[str, Any] = {
            "case_id": case.id,
            "office_id": case.office_id,
            "kind": "first_response",
            "target_seconds": 60,
        }
        session.add(Clock(entry=1, started_at=NOW, deadline_at=NOW + timedelta(hours=number), **clock))
    return case


def found(town: Town) -> list[int]:
    """How many cases each of the words finds."""
    with town.database.read() as session:
        who = town.viewer("officer1")
        return [history.count(session, who, Filter(words=words)) for words in WORDS]


def faults(town: Town) -> list[str]:
    with town.database.read() as session:
        return list(kept.faults(session))


def test_what_is_amiss_is_named_and_made_anew(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "BATCH", 2)
    cases = [opened(town, f"No water পানি {number}", number) for number in range(5)]
    assert faults(town) == []
    with town.database.write() as session:
        session.get_one(Case, cases[0].id).due_at = None
        session.get_one(Case, cases[1].id).due_at = NOW
        session.delete(session.exec(select(CaseWords).where(col(CaseWords.case_id) == cases[2].id)).one())
    named = faults(town)
    assert [any(case.reference in fault for fault in named) for case in cases] == [True, True, True, False, False]
    assert found(town) == [4, 4, 4, 4]
    assert kept.rebuild(town.database) == 5
    assert faults(town) == []
    assert found(town) == [5, 5, 5, 5]
    with town.database.write() as session:
        lifecycle.note(session, cases[3].id, town.viewer("officer1"), "Tarpaulin", town.now, town_form())
    with town.database.read() as session:
        assert history.count(session, town.viewer("officer1"), Filter(words="tarpaulin water")) == 1


def town_form() -> Form:
    return Form(99, "t")


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a database that the migrations made."""
    try:
        if request.param == "sqlite":
            with tempfile.TemporaryDirectory() as folder:
                yield f"sqlite:///{Path(folder) / 'old.sqlite3'}"
        else:
            with scratch_postgres() as url:
                yield url
    except psycopg.OperationalError:
        left_out("PostgreSQL could not be reached")


def test_the_migration_fills_in_what_is_there(migrated: str) -> None:
    command.upgrade(config(migrated), "head")
    home = Database(migrated)
    with home.write() as session:
        town = Town(home, government(session))
    case = opened(town, "No water পানি", 3)
    home.close()
    command.downgrade(config(migrated), BEFORE)
    command.upgrade(config(migrated), "head")
    catalogue.forget()
    assert faults(town) == []
    assert found(town) == [1, 1, 1, 1]
    with home.read() as session:
        now = session.get_one(Case, case.id)
        assert (now.due_at, now.reopened_at) == (NOW + timedelta(hours=3), NOW)
    home.close()
    catalogue.forget()
