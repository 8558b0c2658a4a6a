"""How fast each sender sends, by this side's own clock: the provider is who counts."""

import threading
import time
from bisect import bisect_left


class Meter:
    """Arrivals by sender, and the most that came within any one second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrivals: dict[str, list[float]] = {}

    def count(self, sender: str) -> None:
        """One request of a sender arrived now."""
        with self._lock:
            self._arrivals.setdefault(sender, []).append(time.monotonic())

    def told(self, seconds: float = 1.0) -> dict[str, dict[str, float]]:
        """For each sender: how many arrived, over how many seconds, and the most within `seconds`."""
        with self._lock:
            copied = {sender: sorted(times) for sender, times in self._arrivals.items()}
        return {
            sender: {
                "count": len(times),
                "over": times[-1] - times[0],
                "most": max(bisect_left(times, at + seconds) - place for place, at in enumerate(times)),
            }
            for sender, times in copied.items()
        }

    def clear(self) -> None:
        """Count from nothing."""
        with self._lock:
            self._arrivals.clear()
