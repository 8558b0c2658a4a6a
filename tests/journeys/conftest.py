"""The two sizes of installation, running: SQLite with the worker inside, PostgreSQL and Redis with one outside."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from tests.conftest import REDIS, SERVER, left_out
from tests.processes import Site, environment_of, prepare, site


@pytest.fixture
def scratch_database() -> Iterator[str]:
    """URL of an empty PostgreSQL database of its own."""
    name = f"ombud_site_{uuid.uuid4().hex[:12]}"
    try:
        with psycopg.connect(SERVER, autocommit=True, connect_timeout=3) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.OperationalError:
        left_out("PostgreSQL could not be reached")
    yield SERVER.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def scratch_redis() -> Iterator[str]:
    """URL of a Redis database that is empty before and after."""
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=2).flushdb()
    except redis.exceptions.ConnectionError:
        left_out("Redis could not be reached")
    yield REDIS
    redis.Redis.from_url(REDIS).flushdb()


@pytest.fixture(params=["embedded", "production"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """The sample government without its history, with a trained model, serving."""
    if request.param == "embedded":
        environment, workers = environment_of(tmp_path), 0
    else:
        environment = environment_of(
            tmp_path,
            database_url=request.getfixturevalue("scratch_database"),
            broker_url=request.getfixturevalue("scratch_redis"),
        )
        workers = 1
    prepare(environment)
    with site(tmp_path, environment, workers) as made:
        yield made
