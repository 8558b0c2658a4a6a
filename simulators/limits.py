"""How many messages a bot may send: so many a second in all, and one a second to a chat with short bursts allowed."""

import math
import threading
import time


class Limits:
    """Counts what was taken. Telegram names 30 a second in all; of a chat's bursts it only says that they end."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second, self._burst = per_second, float(burst)
        self._lock = threading.Lock()
        self._all = (per_second, time.monotonic())
        self._chats: dict[str, tuple[float, float]] = {}

    def refuses(self, chat: str) -> int:
        """Seconds to wait before the next message to a chat; 0 where it is taken, and then it counts."""
        now = time.monotonic()
        with self._lock:
            free = _filled(self._all, self._per_second, self._per_second, now)
            own = _filled(self._chats.get(chat, (self._burst, now)), 1.0, self._burst, now)
            self._all, self._chats[chat] = (free, now), (own, now)
            if free < 1:
                return max(1, math.ceil((1 - free) / self._per_second))
            if own < 1:
                return max(1, math.ceil(1 - own))
            self._all, self._chats[chat] = (free - 1, now), (own - 1, now)
            return 0


def _filled(level: tuple[float, float], per_second: float, most: float, now: float) -> float:
    left, since = level
    return min(most, left + (now - since) * per_second)
