"""The two sizes of installation, running: SQLite with the worker inside, PostgreSQL and Redis with one outside."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from tests.conftest import REDIS, SERVER, left_out
from tests.processes import MODELS, Site, environment_of, prepare, site


@contextmanager
def fresh_database(model: str = "template1") -> Iterator[str]:
    """URL of a PostgreSQL database of its own: an empty one, or a copy of the one called `model`."""
    name = f"ombud_site_{uuid.uuid4().hex[:12]}"
    try:
        with psycopg.connect(SERVER, autocommit=True, connect_timeout=3) as server:
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(model))
            )
    except psycopg.OperationalError:
        left_out("PostgreSQL could not be reached")
    yield SERVER.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def fresh_redis() -> Iterator[str]:
    """URL of a Redis database that is empty before and after."""
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=2).flushdb()
    except redis.exceptions.ConnectionError:
        left_out("Redis could not be reached")
    yield REDIS
    redis.Redis.from_url(REDIS).flushdb()


@pytest.fixture(scope="package")
def model(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Name of a PostgreSQL database that is migrated and filled with the sample government, to be copied."""
    with fresh_database() as url:
        prepare(environment_of(tmp_path_factory.mktemp("model"), database_url=url), model_of=prepared)
        yield url.rsplit("/", 1)[1]


@pytest.fixture
def governed_database(model: str) -> Iterator[str]:
    """A PostgreSQL database with the sample government for one test."""
    with fresh_database(model) as url:
        yield url


@pytest.fixture
def scratch_redis() -> Iterator[str]:
    """An empty Redis for one test."""
    with fresh_redis() as url:
        yield url


@pytest.fixture(params=["embedded", "production"], scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Site]:
    """The sample government without its history, with a trained model, serving all tests of a module."""
    folder = tmp_path_factory.mktemp(str(request.param))
    with ExitStack() as stack:
        if request.param == "embedded":
            environment, workers = environment_of(folder), 0
            shutil.copytree(prepared, folder, dirs_exist_ok=True)
        else:
            model = request.getfixturevalue("model")
            database, broker = stack.enter_context(fresh_database(model)), stack.enter_context(fresh_redis())
            environment, workers = environment_of(folder, database_url=database, broker_url=broker), 1
            shutil.copytree(prepared / MODELS, folder / MODELS)
        yield stack.enter_context(site(folder, environment, workers))
