"""Room for others while figures are refreshed: a burst of changes is worked off in pieces with a rest after each."""

import time
from collections.abc import Callable

Rest = Callable[[], None]
"""Called after each piece of work."""

MOST = 15.0
"""Seconds of rest in one transaction: with them, and the wait for the next refresh, figures are within the minute."""


def never() -> None:
    """For whoever is in a hurry."""


class Evenly:
    """Rests for as long as the piece of work before took, so that half of a processor is left to whoever waits for it.

    `most`: seconds of rest in all, after which it works on without any.
    """

    def __init__(self, most: float = MOST) -> None:
        self.left, self.since = most, time.monotonic()

    def __call__(self) -> None:
        """Rest, if some is left."""
        for_seconds = min(self.left, time.monotonic() - self.since)
        if for_seconds > 0:
            time.sleep(for_seconds)  # the processor is left to whoever waits for it; nobody waits for this thread
        self.left -= for_seconds
        self.since = time.monotonic()
