"""The worker inside the web process: the same application, tasks and schedule, as threads, over `memory://`."""

import os
import threading
from typing import Any

from celery.beat import EmbeddedService

from core.errors import Misconfigured
from core.logs import logger
from nlp.training import apart
from notifications.senders import close_senders
from worker import tasks
from worker.app import QUEUE, SCHEDULER, celery
from worker.bell import Bell
from worker.warm import warm_up

log = logger("worker.embedded")


class EmbeddedWorker:
    """A Celery worker and beat in threads. Start once per process; `stop` ends beat, then the worker."""

    def __init__(self) -> None:
        if os.environ.get("WEB_CONCURRENCY", "1") not in ("", "1"):
            raise Misconfigured(
                "memory:// carries no message to another process, so more than one web process cannot work.",
                mend="Set OMBUD_BROKER_URL to a Redis and run `ombud worker`, or serve with one process.",
            )
        self._app = celery()
        tasks.install(self._app)
        self._beat: Any = None
        self._worker: Any = None
        self._thread: threading.Thread | None = None
        self._bell: Bell | None = None

    def start(self) -> None:
        """Start worker, beat and doorbell."""
        self._worker = self._app.WorkController(
            app=self._app,
            hostname="embedded@ombud",
            pool_cls="threads",
            concurrency=3,
            queues=[QUEUE],
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel="WARNING",
            quiet=True,
            optimization="fair",
        )
        self._thread = threading.Thread(target=self._worker.start, name="embedded-worker", daemon=True)
        self._thread.start()
        # kept in memory: a schedule file that a killed process left half-written would end beat, and with it all sweeps
        self._beat = EmbeddedService(self._app, thread=True, max_interval=1, scheduler_cls=SCHEDULER)
        self._beat.daemon = True
        self._beat.start()
        self._bell = Bell(self._app)
        warm_up()

    def stop(self) -> None:
        """An orderly stop; whatever was under way keeps its lease and is taken up again after the next start."""
        if self._bell is not None:
            self._bell.close()
        if self._beat is not None and self._beat.is_alive():
            self._beat.stop()
        apart.stop()  # a training would keep its thread for many seconds; it is taken up again
        if self._worker is not None:
            self._worker.stop(in_sighandler=False)
        if self._thread is not None:
            self._thread.join(timeout=10)
        close_senders()
