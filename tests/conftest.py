"""Installations to test against: a fresh one per test, on SQLite and on PostgreSQL."""

import fcntl
import gc
import os
import shutil
import sqlite3
import uuid
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as examples
from psycopg import sql
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import QueuePool, event

from channels.values import Channel
from core import database as core_database
from core import logs, passwords
from core.database import Database
from core.settings import settings
from domain import catalogue, tables
from domain.base import metadata
from notifications import pacing
from tests.processes import ROOT, environment_of, prepare

SERVER = os.environ.get("OMBUD_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("OMBUD_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
REQUIRE_ALL = os.environ.get("OMBUD_TEST_REQUIRE_ALL") == "1"


LONGEST = (
    "journeys/test_storm",
    "journeys/",
    "test_benchmarks",
    "look/test_browser",
    "browser/",
    "kiosk/test_browser",
    "api/test_pages_visibility",
    "api/test_roles",
    "api/test_hostile",
    "api/test_firewall",
)
"""Where the tests are that take longest, or that share one broker: first, and so on one process while others go on."""


examples.register_profile(
    "same",
    derandomize=True,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=(HealthCheck.too_slow,),
)
examples.register_profile("search", deadline=None, print_blob=True, suppress_health_check=(HealthCheck.too_slow,))


def pytest_configure() -> None:
    """Logs as they are in service: what structlog does by itself draws each traceback in colours, for seconds.

    Hypothesis takes the same examples each time, so that a change is what makes a test fail, and shows one that fails
    as it is. OMBUD_TEST_EXAMPLES=search takes others each time, and makes what fails small, which may take minutes.
    """
    logs.configure()
    examples.load_profile(os.environ.get("OMBUD_TEST_EXAMPLES", "same"))
    gc.set_threshold(50_000, 20, 20)


def pytest_collection_finish() -> None:
    """What was imported stays: looking for garbage among it again and again took a seventh of the suite's time."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no process ends long after the others."""

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(ROOT / "tests").as_posix() if item.path.is_relative_to(ROOT / "tests") else ""
        return next((number for number, start in enumerate(LONGEST) if path.startswith(start)), len(LONGEST))

    items.sort(key=place)


def left_out(what: str) -> None:
    """Skip loudly; where everything is required, fail."""
    if REQUIRE_ALL:
        pytest.fail(f"{what}, and OMBUD_TEST_REQUIRE_ALL=1")
    warnings.warn(f"LEFT OUT: {what}", stacklevel=2)
    pytest.skip(f"LEFT OUT: {what}")


@dataclass
class Installation:
    """A migrated, empty installation whose settings are in the environment."""

    url: str
    database: Database
    path: Path

    @property
    def is_sqlite(self) -> bool:
        return self.database.is_sqlite


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str | None]:
    """A scratch database with all tables, for this test process; None where no server can be reached."""
    name = f"ombud_test_{uuid.uuid4().hex[:12]}"
    try:
        with psycopg.connect(SERVER, autocommit=True, connect_timeout=3) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.OperationalError:
        yield None
        return
    url = SERVER.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(url, autocommit=True) as server:  # a scratch database need not outlive a power cut
        server.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
    database = Database(url.replace("postgresql://", "postgresql+psycopg://"))
    metadata().create_all(database.engine)
    database.close()
    yield url
    _cleaner.cache_clear()
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to be copied: making them anew costs twenty times as much."""
    assert tables.__all__
    file = tmp_path_factory.mktemp("template") / "empty.sqlite3"
    database = Database(f"sqlite:///{file}")
    metadata().create_all(database.engine)
    database.close()
    return file


def emptied(url: str) -> None:
    """Take all rows out of the tables of a PostgreSQL database.

    Truncating gives every table and index new files, a second for all of ours; so only the big ones are truncated,
    and the others, which hold a handful of rows, have these deleted. Looking for the children of each row would be
    nine tenths of the work: whoever may, leaves it, since nobody stays who could miss a parent.
    """
    every = [table.name for table in metadata().sorted_tables]
    connection, may_leave_it = _cleaner(url)
    with connection.transaction():
        sizes: dict[str, int] = dict(
            connection.execute(
                "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind = 'r'"
            ).fetchall()
        )
        filled = [name for name in every if sizes[name]]
        big = [name for name in filled if sizes[name] > MANY_ROWS]
        if big:
            truncated = sql.SQL(", ").join(map(sql.Identifier, big))
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(truncated))
        small = [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in reversed(filled) if name not in big]
        if may_leave_it:
            connection.execute("SET LOCAL session_replication_role = replica")
        if small:
            connection.execute(sql.SQL("; ").join(small))


@lru_cache(maxsize=1)
def _cleaner(url: str) -> tuple[psycopg.Connection, bool]:
    """A connection that stays (making one costs more than the emptying), and whether it may switch triggers off."""
    connection = psycopg.connect(url, autocommit=True)
    (superuser,) = connection.execute("SELECT usesuper FROM pg_user WHERE usename = current_user").fetchone() or (
        False,
    )
    return connection, bool(superuser)


@lru_cache
def same_database(url: str, pool: int = 4) -> Database:
    """The one `Database` a test process has for an address.

    An engine made anew for each test compiles every statement anew, which was a quarter of the suite's time. Nothing
    of a test is left in it: what it kept are statements' texts and, on PostgreSQL, connections.
    """
    database = Database(url, pool)
    if database.is_sqlite:
        event.listen(database.engine, "connect", _hastily)
    return database


def _put_back(database: Database) -> None:
    """End a test's use of it. A file is about to be replaced; a connection somebody still holds is not for the next."""
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    if database.is_sqlite or pool.checkedout():
        database.close()


MANY_ROWS = 1_000_000
"""Bytes of a table that is quicker truncated than emptied row by row."""
CHEAP = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an installation that is migrated, filled with the sample government and has a model; never served.

    All processes of a test run share it: whoever comes first makes it, the others wait.
    """
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder, done = shared / "prepared", shared / "prepared.done"
    with (shared / "prepared.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir()
            prepare(environment_of(folder))
            done.touch()
    return folder


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 all the same, without the price that makes guessing dear."""
    monkeypatch.setattr(passwords, "_hasher", lambda: CHEAP)


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No test reads the developer's settings or writes in the checkout."""
    for name in [name for name in os.environ if name.startswith("OMBUD_") and not name.startswith("OMBUD_TEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OMBUD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("OMBUD_TWILIO_PER_SECOND", "2000")  # nobody's test waits for a sender's pace, but those of it
    monkeypatch.setenv("OMBUD_TELEGRAM_PER_SECOND", "2000")
    monkeypatch.setenv("OMBUD_UNDO_SECONDS", "0")  # nor for an answer that could still be taken back
    settings.cache_clear()
    yield
    settings.cache_clear()


def _hastily(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # a test's database need not outlive a power cut


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    postgres_url: str | None,
    sqlite_template: Path,
) -> Iterator[Installation]:
    """An empty installation, once per kind of database."""
    if request.param == "sqlite":
        file = sqlite_template.with_name("test.sqlite3")
        for old in file.parent.glob(f"{file.name}*"):  # a new file: a thread left over may still have the old one
            old.unlink()
        url = f"sqlite:///{shutil.copyfile(sqlite_template, file)}"
    else:
        if postgres_url is None:
            left_out("PostgreSQL could not be reached")
        assert postgres_url is not None
        url = postgres_url
        emptied(url)
    monkeypatch.setenv("OMBUD_DATABASE_URL", url)
    for way in ("TWILIO", "TELEGRAM", "MAIL"):  # who tests the pace sets one
        monkeypatch.setenv(f"OMBUD_{way}_PER_SECOND", "1000")
    monkeypatch.setattr(core_database, "Database", same_database)
    # nor does a busy machine make a message late; tests of pace see to it
    monkeypatch.setattr(pacing, "LATE", timedelta(minutes=1))
    monkeypatch.setitem(pacing.CHAT_GAP, Channel.telegram, timedelta(milliseconds=1))
    settings.cache_clear()
    core_database.database.cache_clear()
    catalogue.forget()
    pacing.begin_anew()
    database = core_database.database()
    yield Installation(url, database, tmp_path)
    _put_back(database)
    core_database.database.cache_clear()
    catalogue.forget()
    pacing.begin_anew()
