"""A worker of its own, for installations with Redis: as many of these as wanted."""

import os
from typing import Any

from celery.signals import worker_process_init, worker_process_shutdown, worker_ready, worker_shutting_down

from core import memory
from core.database import database
from core.errors import Misconfigured
from core.settings import settings
from nlp.training import apart
from notifications.senders import close_senders, senders
from worker import listen, mailroom, tasks
from worker.app import SCHEDULER, celery
from worker.bell import Bell
from worker.warm import warm_up


def run(*, concurrency: int, beat: bool) -> None:
    """Work until SIGTERM. Raises Misconfigured with the broker of the embedded mode.

    Any number of these may run with their beat: a sweep finds nothing twice, so a second beat costs only queries.
    """
    current = settings()
    current.check_production()
    if current.embedded:
        raise Misconfigured(
            "With the broker memory:// the worker lives inside `ombud serve`.",
            mend="Set OMBUD_BROKER_URL to a Redis (redis://…) to run workers of their own.",
        )
    app = celery()
    tasks.install(app)
    _connect_signals()
    arguments = ["worker", f"--concurrency={concurrency}", f"--loglevel={current.log_level}"]
    arguments += ["--without-gossip", "--without-mingle", "--hostname", f"ombud-{os.getpid()}@%h"]
    if beat:
        arguments += ["--beat", f"--scheduler={SCHEDULER}"]
    app.worker_main(arguments)


_open: dict[str, Any] = {}


def _connect_signals() -> None:
    # threads and connections do not survive a fork, so each child makes its own
    worker_process_init.connect(_start_child, weak=False)
    worker_process_shutdown.connect(_stop_child, weak=False)
    worker_ready.connect(_start_parent, weak=False)
    worker_shutting_down.connect(_stop_parent, weak=False)


def _start_child(**_: Any) -> None:
    database.cache_clear()
    senders.cache_clear()
    _open["bell"] = Bell(celery())
    warm_up()
    memory.settle()


def _stop_child(**_: Any) -> None:
    if "bell" in _open:
        _open.pop("bell").close()
    apart.stop()
    close_senders()


def _start_parent(**_: Any) -> None:
    if listen.wanted() or mailroom.wanted():
        _open["bell"] = Bell(celery())
    if listen.wanted():
        _open["listener"] = listen.Listener()
        _open["listener"].start()
    if mailroom.wanted():
        _open["mailroom"] = mailroom.Mailroom()
        _open["mailroom"].start()


def _stop_parent(**_: Any) -> None:
    for name in ("listener", "mailroom"):
        if name in _open:
            _open.pop(name).stop()
    if "bell" in _open:
        _open.pop("bell").close()
