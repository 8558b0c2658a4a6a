"""Threads that ask the providers, and touch no database: what is given to them comes back with what came of it."""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from math import exp
from types import TracebackType
from typing import Self

from channels.values import Sent
from notifications.sending import Claimed

Ended = tuple[Claimed, Sent | BaseException]
"""A message that was asked for, and the provider's word or what was raised instead."""


class Crew:
    """A few threads beside the one that works with the database; messages begin in the order they are given.

    What is given waits here for a free thread, so that no thread waits while a transaction is under way.
    """

    def __init__(self, threads: int, ask: Callable[[Claimed], Sent]) -> None:
        self._ask = ask
        self._todo: queue.SimpleQueue[Claimed | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name=f"ombud-send-{n}") for n in range(threads)]
        self.busy = 0
        """Messages given and not yet taken back."""

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join()

    def give(self, messages: Iterable[Claimed]) -> None:
        """Have these asked for."""
        for message in messages:
            self.busy += 1
            self._todo.put(message)

    def ended(self, pause: float | None, gather: float, enough: int) -> list[Ended]:
        """What has ended: waits up to `pause` seconds for the first (None: as long as it takes), and then up to
        `gather` seconds for more, until there are `enough` or nothing is under way. Never longer than `pause`."""
        if not self.busy:
            return []
        until = None if pause is None else time.monotonic() + pause
        found: list[Ended] = []
        while self.busy and len(found) < enough:
            left = None if until is None else max(until - time.monotonic(), 0.0)
            try:
                found.append(self._done.get(timeout=left))
            except queue.Empty:
                break
            self.busy -= 1
            if len(found) == 1:
                soon = time.monotonic() + gather
                until = soon if until is None else min(until, soon)
        return found

    def _work(self) -> None:
        while (message := self._todo.get()) is not None:
            try:
                self._done.put((message, self._ask(message)))
            except BaseException as error:  # noqa: BLE001  (the thread that works with the database judges it)
                self._done.put((message, error))


class Lately:
    """How many messages ended lately: what ended is forgotten little by little, within about so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._count, self._at = seconds, 0.0, time.monotonic()

    def ended(self, more: int = 0) -> int:
        """Add some; gives how many there are."""
        now = time.monotonic()
        self._count, self._at = self._count * exp((self._at - now) / self._seconds) + more, now
        return int(self._count)
