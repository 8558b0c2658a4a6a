"""`python -m migrations.check`: do the migrations make exactly the tables that the code expects, up and down again?

Runs on a scratch SQLite file and on a scratch database of the PostgreSQL server at OMBUD_TEST_DATABASE_URL.
"""

import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.util import CommandError
from psycopg import sql

from migrations.schema import config

SERVER = os.environ.get("OMBUD_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


@contextmanager
def scratch_postgres() -> Iterator[str]:
    """URL of an empty database that is dropped afterwards."""
    name = f"ombud_check_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(SERVER.replace("+psycopg", ""), autocommit=True, connect_timeout=3) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"postgresql+psycopg://{SERVER.partition('://')[2].rsplit('/', 1)[0]}/{name}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def check(url: str) -> None:
    """Raise CommandError unless the migrations end at the code's tables and lead back to none."""
    made = config(url)
    command.upgrade(made, "head")
    command.check(made)
    command.downgrade(made, "base")
    command.upgrade(made, "head")


def main() -> int:
    """Check both; 1 with a sentence when one does not hold."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            check(f"sqlite:///{Path(folder) / 'check.sqlite3'}")
        print("SQLite: the migrations make the tables of the code.")  # noqa: T201
        with scratch_postgres() as url:
            check(url)
        print("PostgreSQL: the migrations make the tables of the code.")  # noqa: T201
    except CommandError as error:
        # alembic prints every column of a new table; the first words of each difference are enough
        differences = str(error).partition(": ")[2].split("), ('")
        for difference in differences or [str(error)]:
            print(f"The migrations and the tables differ: {difference[:200]}", file=sys.stderr)  # noqa: T201
        return 1
    except psycopg.OperationalError as error:
        print(f"LEFT OUT: PostgreSQL at OMBUD_TEST_DATABASE_URL does not answer ({error}).", file=sys.stderr)  # noqa: T201
        return 1 if os.environ.get("OMBUD_TEST_REQUIRE_ALL") == "1" else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
