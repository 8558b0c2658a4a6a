"""Background work of the simulators: jobs that run later, on a few threads that end when they are told to."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable

from core.logs import logger

log = logger("simulators")


class Courier:
    """Runs jobs after a delay. Jobs due at the same moment start in the order they were given."""

    def __init__(self, threads: int = 4) -> None:
        self._jobs: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._changed = threading.Condition()
        self._busy = 0
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"simulator-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def after(self, seconds: float, job: Callable[[], None]) -> None:
        """Run `job` in `seconds`; after `close` it is dropped."""
        with self._changed:
            if not self._closed:
                heapq.heappush(self._jobs, (time.monotonic() + seconds, next(self._count), job))
                self._changed.notify()

    @property
    def waiting(self) -> int:
        """Jobs not finished yet."""
        with self._changed:
            return len(self._jobs) + self._busy

    def close(self) -> None:
        """Drop what has not begun and wait a moment for what has."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=2)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception:  # a job that breaks must not take its thread along
                log.exception("simulator_job_failed")
            finally:
                with self._changed:
                    self._busy -= 1

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._closed:
                pause = self._jobs[0][0] - time.monotonic() if self._jobs else None
                if pause is not None and pause <= 0:
                    self._busy += 1
                    return heapq.heappop(self._jobs)[2]
                self._changed.wait(pause)
            return None
