"""Rate limits: per address and per case, kept in Redis in production and in memory in the embedded default."""

from functools import lru_cache

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter

from core.errors import TooMany
from core.settings import settings

RULES: dict[str, RateLimitItem] = {
    "report": parse("60 per 10 minutes"),  # many phones share one address behind a mobile network
    "exit": parse("240 per 10 minutes"),  # a busy kiosk
    "track": parse("20 per 10 minutes"),  # wrong references; right ones cost nothing
    "pin": parse("10 per hour"),  # per case, so that four digits hold
    "sign-in": parse("30 per 10 minutes"),
}


@lru_cache(maxsize=1)
def _limiter() -> MovingWindowRateLimiter:
    current = settings()
    storage: Storage = MemoryStorage() if current.embedded else RedisStorage(current.broker_url)
    return MovingWindowRateLimiter(storage)


def forget() -> None:
    """Start counting anew (after settings changed)."""
    _limiter.cache_clear()


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
    if not _limiter().hit(RULES[rule], rule, key):
        raise _too_many(rule)


def check(rule: str, key: str) -> None:
    """Raise TooMany if the attempts are used up, without counting one."""
    if not _limiter().test(RULES[rule], rule, key):
        raise _too_many(rule)


def _too_many(rule: str) -> TooMany:
    item = RULES[rule]
    minutes = max(1, int(item.get_expiry()) // 60)
    return TooMany(
        "There were too many attempts from here.",
        mend=f"Wait up to {minutes} minutes, then try again. Nothing you sent before is lost.",
        retry_after=item.get_expiry(),
    )
