"""A sender as one process sees it: how many of its messages count at the provider now, and whether others send too.

A provider counts when a message reaches it, which nobody here knows: only that it lies between asking and the answer.
So a message counts from the moment it is asked for until a second after its answer, less the quickest answer seen
lately, since no message is there and back any faster. However long a request, a provider or this process is held up,
the messages of one process then never come to more than the rate in any second:

Take a second in which one too many arrive, and of them the one asked for last. When it was asked for, all the others
had been, and none had been answered longer than a second ago; so each of them still counted, and it was held back.
"""

import threading
import time
from collections import deque
from datetime import datetime, timedelta
from math import inf

ALONE = timedelta(seconds=1)
"""How long nobody else must have taken a moment, for a process to count as the only one that sends."""

CLOSER = 0.005
"""Seconds more than a second that a message counts, for clocks that tick and answers quicker than any before."""

FEW = 500
"""Answers before the quickest is believed, and half of those that are remembered; the first ones shake hands."""


class Gate:
    """What this process knows of one sender. Safe between threads."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._most, self._seconds = 1, 1.0 + CLOSER
        self._under_way = 0
        self._ends: deque[float] = deque()
        self._quickest = _Quickest()
        self._late = 0
        self._promised: datetime | None = None
        self._next: datetime | None = None
        self._others_at: datetime | None = None
        self._quiet_until: datetime | None = None

    def pause(self, until: datetime) -> None:
        """The provider wants nothing from the sender until then."""
        self._quiet_until = max(self._quiet_until, until) if self._quiet_until else until

    def opens(self, now: datetime) -> datetime:
        """When the provider takes messages of the sender: now, or later."""
        return max(self._quiet_until, now) if self._quiet_until else now

    def look(self, promised: datetime | None, per_second: float, now: datetime) -> bool:
        """What stands in the sender's locked row; a moment that is not what this process left there is another's.

        Gives whether others send by it too, now or within the last second (`ALONE`).
        """
        with self._turn:
            self._most = max(int(per_second), 1)
            self._seconds = self._most / per_second + CLOSER
        if promised != self._promised:
            self._next = promised
            if promised is not None and promised > now - ALONE:
                self._others_at = now
        return self._others_at is not None and now - self._others_at < ALONE

    @property
    def next(self) -> datetime | None:
        """The first moment that is free for this process, after `look`."""
        return self._next

    def note(self, next_at: datetime, promised: datetime) -> None:
        """The next moment of this process, and what it leaves in the row for others."""
        self._next, self._promised = next_at, promised

    def owed(self) -> int:
        """How many messages came so late that they took the place of others; asking forgets them."""
        with self._turn:
            late, self._late = self._late, 0
        return late

    def enter(self) -> float:
        """Wait until one more message is not one too many, and count it; gives what `leave` wants back."""
        with self._turn:
            while True:
                now = time.monotonic()
                while self._ends and self._ends[0] <= now:
                    self._ends.popleft()
                if self._under_way + len(self._ends) < self._most:
                    self._under_way += 1
                    return now
                # the sender's rate asks for it: until the oldest counts no more, or one that is under way is answered
                self._turn.wait(self._ends[0] - now if self._ends else None)

    def leave(self, entered: float, *, asked: bool, late: float = 0.0) -> None:
        """The message was answered, or was not asked for after all and counts no more.

        It is owed where its answer came longer after asking than the quickest does by more than `late` seconds.
        """
        with self._turn:
            self._under_way -= 1
            if asked:
                now = time.monotonic()
                self._quickest.note(now - entered)
                came = max(now - self._quickest.seconds, entered)
                self._late += came - entered > late
                ends = came + self._seconds
                self._ends.append(max(ends, self._ends[-1]) if self._ends else ends)
            self._turn.notify()


class _Quickest:
    """The quickest of the last answers: of the last `FEW` to twice as many."""

    def __init__(self) -> None:
        self._before, self._now, self._count = 0.0, inf, 0

    def note(self, seconds: float) -> None:
        self._now, self._count = min(self._now, seconds), self._count + 1
        if self._count == FEW:
            self._before, self._now, self._count = self._now, inf, 0

    @property
    def seconds(self) -> float:
        return min(self._before, self._now)
