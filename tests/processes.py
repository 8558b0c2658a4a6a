"""Real processes to test against: the web process, a worker of its own, both sizes of installation."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx

ROOT = Path(__file__).resolve().parent.parent
OMBUD = (sys.executable, "-c", "from cli.main import app; app()")
T = TypeVar("T")
HTTP = httpx.Client(trust_env=False, timeout=15)
"""For single requests: `httpx.get` reads all authorities of the world anew for each, at 25 ms of CPU."""


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def wait_for(what: Callable[[], T | None], *, seconds: float = 20.0, every: float = 0.05) -> T:
    """The first truthy result of `what`; fails after `seconds` with what it gave last.

    Looks again after `every` seconds, then more and more seldom up to four times that: looking is work too, and on two
    cores it is taken from what is waited for.
    """
    end, pause = time.monotonic() + seconds, every
    last: object = None
    while time.monotonic() < end:
        try:
            last = what()
        except httpx.TransportError as error:
            last = error
        else:
            if last:
                return last
        time.sleep(pause)  # between two looks, up to a deadline
        pause = min(pause * 1.3, every * 4)
    raise AssertionError(f"not within {seconds} s; last: {last!r}")


@dataclass
class Process:
    """One running process of ours, with what it wrote."""

    arguments: list[str]
    environment: dict[str, str]
    log: Path
    running: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it in a group of its own, so that all of it can be killed."""
        with self.log.open("ab") as output:
            self.running = subprocess.Popen(
                self.arguments, env=self.environment, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
            )

    def kill(self) -> None:
        """kill -9, children too."""
        if self.running is not None and self.running.poll() is None:
            os.killpg(self.running.pid, signal.SIGKILL)
        if self.running is not None:
            self.running.wait(10)

    def stop(self, seconds: float = 20.0) -> int:
        """SIGTERM, and the exit code."""
        assert self.running is not None
        if self.running.poll() is None:
            self.running.terminate()
        try:
            return self.running.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@dataclass
class Site:
    """A running installation with its simulators."""

    url: str
    environment: dict[str, str]
    web: Process
    workers: list[Process] = field(default_factory=list)

    def client(self) -> httpx.Client:
        """A browser without JavaScript: cookies kept, redirects followed."""
        return httpx.Client(base_url=self.url, follow_redirects=True, timeout=20)

    def ombud(self, *arguments: str) -> str:
        """Run the command line against this installation; gives what it printed."""
        done = subprocess.run(
            [*OMBUD, *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def logs(self) -> str:
        """What all its processes wrote."""
        return "\n".join(process.log.read_text(errors="replace") for process in [self.web, *self.workers])


def environment_of(
    folder: Path, *, database_url: str = "", broker_url: str = "memory://", **more: str
) -> dict[str, str]:
    """The environment of an installation in `folder`, without any setting of the developer's own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("OMBUD_")}
    return own | {
        "OMBUD_DATA_DIR": str(folder / "data"),
        "OMBUD_DATABASE_URL": database_url or f"sqlite:///{folder / 'site.sqlite3'}",
        "OMBUD_BROKER_URL": broker_url,
        "OMBUD_PORT": str(free_port()),
        "OMBUD_SWEEP_SECONDS": "1",
        "OMBUD_FIGURES_SECONDS": "1",
        "OMBUD_UNDO_SECONDS": "0",
        "OMBUD_SURVEY_DAY_START": "0",  # so that a test of surveys holds at night too
        "OMBUD_SURVEY_DAY_END": "24",
        "OMBUD_LOG_LEVEL": "info",
        "PYTHONPATH": str(ROOT),
        **more,
    }


INSTALL = """
from cli.sample import government, load
from cli.sample.rows import Rows
from cli.setup import prepare
from core.database import database
from domain import catalogue
prepare()
rows = Rows()
load.put_government(rows, government.load())
with database().write() as session:
    rows.write(session)
    session.flush()
    catalogue.touch(session)
"""


def prepare(environment: dict[str, str], model_of: Path | None = None) -> None:
    """Migrate, load the sample government without its history, train the starter model or take a prepared folder's."""
    commands = [[sys.executable, "-c", INSTALL]]
    if model_of is None:
        commands.append([*OMBUD, "nlp", "train", "--json"])
    for command in commands:
        done = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    if model_of is not None:
        shutil.copytree(model_of / MODELS, Path(environment["OMBUD_DATA_DIR"]) / "models")


MODELS = Path("data", "models")
"""Where a prepared folder has its models."""


@contextmanager
def site(folder: Path, environment: dict[str, str], workers: int = 0) -> Iterator[Site]:
    """Serve a prepared installation, with workers of its own if asked for; all is ended afterwards."""
    url = f"http://127.0.0.1:{environment['OMBUD_PORT']}"
    command = [*OMBUD]
    web = Process([*command, "serve"], environment, folder / "web.log")
    running = Site(url, environment, web)
    web.start()
    for number in range(workers):
        worker = Process([*command, "worker", "--concurrency", "2"], environment, folder / f"worker{number}.log")
        worker.start()
        running.workers.append(worker)
    try:
        wait_for(lambda: HTTP.get(f"{url}/readyz").status_code == 200, seconds=40)
        yield running
    finally:
        for process in [*running.workers, web]:
            process.kill()
