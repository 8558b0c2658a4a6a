"""Rate limits: per address and per case, kept in Redis in production and in memory in the embedded default."""

import time
from collections.abc import Callable
from functools import lru_cache
from math import ceil
from typing import TypeVar

from fastapi import Request
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from core.errors import TooMany
from core.logs import logger
from core.settings import settings

log = logger("api.throttle")
T = TypeVar("T")

RULES: dict[str, RateLimitItem] = {
    "report": parse("60 per 10 minutes"),  # many phones share one address behind a mobile network
    "upload": parse("100 per 10 minutes"),  # requests with pictures, of reports that may never be sent
    "exit": parse("240 per 10 minutes"),  # phones behind one address, or a tablet nobody paired
    "kiosk": parse("6000 per 10 minutes"),  # answers of a paired tablet: a month without network, sent in one go
    "pair": parse("10 per 10 minutes"),  # pairing codes typed, right or wrong
    "track": parse("20 per 10 minutes"),  # wrong references; right ones cost nothing
    "pin": parse("10 per hour"),  # per case, so that four digits hold
    "pin-week": parse("30 per 7 days"),  # … against the patient too: ten an hour would try them all in six weeks
    "sign-in": parse("30 per 10 minutes"),  # wrong passwords, whoever they are for
    "browser": parse("10 per 10 minutes"),  # … of one that has signed the person in before, and waits for no stranger
    "code": parse("10 per 10 minutes"),  # per person, from who has the password already
    "code-day": parse("60 per 1 day"),  # … against the patient too: three of a million codes are right at a time
    "forgot": parse("10 per hour"),  # links asked for from one address
    "link": parse("30 per 10 minutes"),  # links that open nothing
    "open": parse("600 per 10 minutes"),  # pages of figures from one address; caches ask for many readers
    "open-data": parse("120 per 10 minutes"),  # files of figures: each costs more than a page
    "embed": parse("600 per 10 minutes"),  # dashboards on other sites: many readers share one address
    "survey": parse("30 per 10 minutes"),  # the same of surveys; right ones cost nothing
}
REDIS_PAUSE = 10.0
"""Seconds without asking a Redis that did not answer; this process counts alone meanwhile."""


class _Counter:
    """Counts in Redis where there is one, and on its own while that does not answer: nobody's message waits for it."""

    def __init__(self, broker_url: str) -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared: MovingWindowRateLimiter | None = None
        self._url = broker_url
        self._alone_until = 0.0

    def ask(self, question: Callable[[MovingWindowRateLimiter], T]) -> T:
        """The answer of the limiter that can be reached."""
        if not self._url.startswith("memory:") and time.monotonic() >= self._alone_until:
            try:
                if self._shared is None:
                    storage = RedisStorage(
                        self._url, wrap_exceptions=True, socket_connect_timeout=0.5, socket_timeout=0.5
                    )
                    self._shared = MovingWindowRateLimiter(storage)
                return question(self._shared)
            except StorageError as error:
                self._alone_until = time.monotonic() + REDIS_PAUSE
                log.warning("counting_alone", error=type(error.storage_error).__name__, seconds=REDIS_PAUSE)
        return question(self._own)


@lru_cache(maxsize=1)
def _counter() -> _Counter:
    return _Counter(settings().broker_url)


def forget() -> None:
    """Start counting anew (after settings changed)."""
    _counter.cache_clear()


def address_of(request: Request) -> str:
    """The caller's address; behind trusted proxies the one the outermost of them saw."""
    depth = settings().proxy_count
    if depth:
        seen = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
        if len(seen) >= depth:
            return seen[-depth]
    return request.client.host if request.client else "unknown"


def spend(rule: str, key: str) -> None:
    """Count one attempt. Raises TooMany when there were too many of them lately."""
    if not _counter().ask(lambda limiter: limiter.hit(RULES[rule], rule, key)):
        raise _too_many(rule, key)


def check(rule: str, key: str) -> None:
    """Raise TooMany if the attempts are used up, without counting one."""
    if not _counter().ask(lambda limiter: limiter.test(RULES[rule], rule, key)):
        raise _too_many(rule, key)


def _too_many(rule: str, key: str) -> TooMany:
    item = RULES[rule]
    free_at = _counter().ask(lambda limiter: limiter.get_window_stats(item, rule, key)).reset_time
    minutes = max(1, int(item.get_expiry()) // 60)
    wait = f"{minutes} minutes" if minutes <= 120 else f"{minutes // 1440} days"
    return TooMany(
        "There were too many attempts.",
        mend=f"Wait up to {wait}, then try again. Nothing you sent before is lost.",
        retry_after=max(1, min(ceil(free_at - time.time()), item.get_expiry())),
    )
