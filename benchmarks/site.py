"""Scratch installations to measure: a fresh PostgreSQL database, the sample government, real processes."""

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"
BROKER = "redis://127.0.0.1:6379/14"
OMBUD = (sys.executable, "-c", "from cli.main import app; app()")
TWILIO_ACCOUNT = "AC" + "b" * 32
TWILIO_TOKEN = "bench-twilio-token"
PUBLIC_URL = "https://ombud.example"

GOVERNMENT = """
from cli.sample import government, load
from cli.sample.rows import Rows
from core.database import database
from domain import catalogue
rows = Rows()
load.put_government(rows, government.load())
with database().write() as session:
    rows.write(session)
    session.flush()
    catalogue.touch(session)
"""


class Unusable(Exception):
    """The machine lacks what a benchmark needs; says what."""


def server() -> str:
    """Address of the PostgreSQL server to make scratch databases on."""
    return os.environ.get("OMBUD_BENCH_DATABASE_URL", SERVER).replace("+psycopg", "")


def broker() -> str:
    """Address of the Redis database that serves as broker."""
    return os.environ.get("OMBUD_BENCH_BROKER_URL", BROKER)


@dataclass(frozen=True, slots=True)
class Scratch:
    """An installation in a production's settings, with a database that is gone afterwards."""

    url: str
    folder: Path
    environment: dict[str, str]

    def run(self, *command: str) -> str:
        """Run to the end in this installation; gives what was printed."""
        done = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unusable(f"{' '.join(command)[:80]} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def prepare(self, *, model: bool) -> None:
        """Migrate and load the sample government without its history; with `model` train the starter model.

        The first of a process is kept as a template that the next are copies of.
        """
        if not _kept:
            self.run(*OMBUD, "init")
            self.run(sys.executable, "-c", GOVERNMENT)
            self._keep()
        else:
            with psycopg.connect(server(), autocommit=True) as connection:
                _drop(connection, self.name)
                _copy(connection, self.name, _kept[0])
            shutil.copytree(Path(_kept[1].name), self.folder / "data", dirs_exist_ok=True)
        if model:
            self.run(*OMBUD, "nlp", "train", "--json")

    @property
    def name(self) -> str:
        """Of the database."""
        return self.url.rsplit("/", 1)[1]

    def _keep(self) -> None:
        name = f"{self.name}_template"
        data = tempfile.TemporaryDirectory(prefix="ombud-bench-")
        shutil.copytree(self.folder / "data", data.name, dirs_exist_ok=True)
        with psycopg.connect(server(), autocommit=True) as connection:
            _copy(connection, name, self.name)
        _kept.extend((name, data))
        atexit.register(_forget)


_kept: list[Any] = []
"""Name of the template database and its folder of data, once there is one."""


def _forget() -> None:
    with psycopg.connect(server(), autocommit=True) as connection:
        _drop(connection, _kept[0])


def _copy(connection: psycopg.Connection, name: str, template: str) -> None:
    connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))


def _drop(connection: psycopg.Connection, name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def scratch(folder: Path, **more: str) -> Iterator[Scratch]:
    """A scratch installation in `folder`. Raises Unusable without a PostgreSQL server."""
    name = f"ombud_bench_{uuid.uuid4().hex[:12]}"
    try:
        with psycopg.connect(server(), autocommit=True, connect_timeout=3) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.OperationalError as error:
        raise Unusable(f"PostgreSQL cannot be reached ({server()}): set OMBUD_BENCH_DATABASE_URL. {error}") from error
    url = f"{server().rsplit('/', 1)[0]}/{name}"
    own = {key: value for key, value in os.environ.items() if not key.startswith("OMBUD_")}
    environment = own | {
        "OMBUD_ENVIRONMENT": "production",
        "OMBUD_DATABASE_URL": url,
        "OMBUD_BROKER_URL": broker(),
        "OMBUD_DATA_DIR": str(folder / "data"),
        "OMBUD_PUBLIC_URL": PUBLIC_URL,
        "OMBUD_SECRET_KEY": "a secret of the benchmarks, which guards nothing",
        "OMBUD_TWILIO_ACCOUNT_SID": TWILIO_ACCOUNT,
        "OMBUD_TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
        "OMBUD_TELEGRAM_TOKEN": "",
        "OMBUD_TELEGRAM_MODE": "off",
        "OMBUD_LOG_LEVEL": "warning",
        "PYTHONPATH": str(ROOT),
        **more,
    }
    try:
        yield Scratch(url, folder, environment)
    finally:
        with psycopg.connect(server(), autocommit=True) as connection:
            _drop(connection, name)


@contextmanager
def running(log: Path, environment: dict[str, str], *command: str) -> "Iterator[subprocess.Popen[bytes]]":
    """A process of the installation, ended with SIGTERM."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@dataclass(frozen=True, slots=True)
class Web:
    """A serving web process."""

    port: int
    pid: int


@contextmanager
def web(installed: Scratch, **more: str) -> Iterator[Web]:
    """`ombud serve` of an installation, once it answers. Settings in `more` are for this process only."""
    port = free_port()
    environment = installed.environment | {"OMBUD_PORT": str(port), **more}
    log = installed.folder / f"web-{port}.log"
    with running(log, environment, *OMBUD, "serve") as process:
        end = time.monotonic() + 60
        while not _answers(f"http://127.0.0.1:{port}/healthz"):
            if process.poll() is not None or time.monotonic() > end:
                raise Unusable(f"The web process does not serve:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)  # between two looks, up to a deadline
        yield Web(port, process.pid)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def memory(pid: int) -> float:
    """MiB that a process holds in memory (RSS; what it shares with its parent counted in full)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise Unusable(f"/proc says nothing of the memory of process {pid}")
