"""The doorbell's ringer: publishes at most one task per kind every few milliseconds, and never blocks whoever rings.

Publishing costs as much as a durable insert, so rings are coalesced; and a broker that is down must not slow intake,
so a thread of its own publishes, backs off while it cannot, and the sweep does the rest.
"""

import threading
import time

from celery import Celery

from core import doorbell
from core.logs import logger

COALESCE = 0.02
LONGEST_PAUSE = 5.0

log = logger("worker.bell")


class Bell:
    """Rings the workers of a Celery application."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._wanted: set[str] = set()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._publish, name="doorbell", daemon=True)
        self._thread.start()
        self._take_off = doorbell.register(self.ring)

    def ring(self, kind: str) -> None:
        """Ask for a task of this kind soon."""
        with self._changed:
            if kind not in self._wanted:
                self._wanted.add(kind)
                self._changed.notify()

    def close(self) -> None:
        """Take the bell off. What was not published is found by the sweep."""
        self._take_off()
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout=5)

    def _publish(self) -> None:
        pause = 0.0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._closing)
                if self._closing:
                    return
            time.sleep(COALESCE)  # lets rings gather; a thread of its own, so nobody waits
            with self._changed:
                kinds, self._wanted = self._wanted, set()
            try:
                for kind in kinds:
                    self._app.send_task(f"ombud.{kind}", retry=False, ignore_result=True, expires=60)
                pause = 0.0
            except Exception as error:  # noqa: BLE001  (a full or read-only Redis too must not end this thread for good)
                pause = min(max(pause * 2, 0.25), LONGEST_PAUSE)
                log.warning("doorbell_silent", error=type(error).__name__, pause_seconds=pause)
                with self._changed:
                    self._changed.wait_for(lambda: self._closing, timeout=pause)
