"""What both stand-ins share: configuration, the lock, faults, the delivery of webhooks, and a record of the wire."""

import asyncio
import re
import ssl
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import httpx

from simulators.courier import Courier
from simulators.faults import Faults

WIRE_KEPT = 200
WEBHOOK_TIMEOUT = 15.0  # seconds, as Twilio's


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    """Whom to trust on the way to Ombud: read once, since reading them costs more than all else of a new world."""
    return httpx.create_ssl_context(trust_env=False)


@dataclass(frozen=True, slots=True)
class Config:
    """Who the simulated account, number and bot are, and where their webhooks go.

    Webhooks are signed for `public_url` and posted to `local_url`, since a simulator cannot come in through the proxy.
    `pace` is the seconds between accepted, sent and delivered. `telegram_chat_burst` messages may go to one chat at
    once, then one a second. `own_url` is where the simulators are, if not in Ombud's process.
    """

    account_sid: str
    auth_token: str
    number: str
    bot_token: str
    public_url: str
    local_url: str
    telegram_secret: str = ""
    telegram_webhook: bool = False
    government: str = "Government"
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    pace: float = 0.15
    own_url: str = ""
    mail_address: str = "voice@velmora.example"
    mail_password: str = ""
    smtp: tuple[str, int] | None = None
    imap: tuple[str, int] | None = None
    telegram_per_second: float = 30.0
    telegram_chat_burst: int = 20

    @property
    def twilio_url(self) -> str:
        """Where the simulated Twilio keeps its recordings and pictures."""
        return f"{(self.own_url or self.local_url).rstrip('/')}/simulator/twilio"

    @property
    def bot_id(self) -> int:
        digits = self.bot_token.partition(":")[0]
        return int(digits) if digits.isdigit() else 1


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One request on the wire. `trust` says in words how it was signed and whether that held."""

    number: int
    at: datetime
    provider: str
    inward: bool  # towards Ombud
    method: str
    url: str
    status: int | None
    milliseconds: float
    trust: str
    body: str


@dataclass(slots=True)
class Exchange:
    """The shared part of one simulated world. Thread-safe; `close` ends its threads and connections."""

    config: Config
    lock: threading.RLock = field(default_factory=threading.RLock)
    faults: Faults = field(default_factory=Faults)
    courier: Courier = field(default_factory=Courier)
    wire: deque[Exchanged] = field(default_factory=lambda: deque(maxlen=WIRE_KEPT))
    version: int = 0
    closed: bool = False
    _requests: int = 0
    _listeners: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = field(default_factory=set)
    _http: httpx.Client = field(
        default_factory=lambda: httpx.Client(timeout=WEBHOOK_TIMEOUT, trust_env=False, verify=_authorities())
    )

    def changed(self) -> None:
        """Something happened that a phone or a poll would want to know."""
        with self.lock:
            self.version += 1
            listeners = list(self._listeners)
        for loop, event in listeners:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def wait(self, known: int, seconds: float) -> bool:
        """Until the version is no longer `known`, the world closes, or `seconds` are over (then False)."""
        listener = (asyncio.get_running_loop(), asyncio.Event())
        with self.lock:
            if self.version != known or self.closed:
                return True
            self._listeners.add(listener)
        try:
            await asyncio.wait_for(listener[1].wait(), seconds)
        except TimeoutError:
            return False
        finally:
            with self.lock:
                self._listeners.discard(listener)
        return True

    async def stall(self, seconds: float) -> None:
        """Keep a caller waiting, but not longer than this world lasts."""
        end = time.monotonic() + seconds
        while not self.closed and (left := end - time.monotonic()) > 0:
            await self.wait(self.version, left)

    def post(
        self, provider: str, url: str, body: bytes, headers: Mapping[str, str], trust: str
    ) -> httpx.Response | None:
        """Deliver one webhook. None when nobody could be reached, or nobody answered in time."""
        began, response = time.perf_counter(), None
        try:
            response = self._http.post(self._local(url), content=body, headers=dict(headers))
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: the client was closed under way
            trust = f"{trust}; {type(error).__name__}"
        status = response.status_code if response is not None else None
        self.record(provider, True, "POST", url, status, time.perf_counter() - began, trust, body)
        return response

    def record(
        self,
        provider: str,
        inward: bool,
        method: str,
        url: str,
        status: int | None,
        seconds: float,
        trust: str,
        body: bytes,
    ) -> None:
        """Keep a request for the engineer's view, without its secrets."""
        words = _SECRETS.sub("…", body[:4000].decode("utf-8", "replace"))
        with self.lock:
            self._requests += 1
            self.wire.append(
                Exchanged(
                    self._requests,
                    datetime.now(UTC),
                    provider,
                    inward,
                    method,
                    _SECRETS.sub("…", url),
                    status,
                    round(seconds * 1000, 1),
                    trust,
                    words,
                )
            )
        self.changed()

    def close(self) -> None:
        """End polls, threads and connections."""
        self.closed = True
        self.changed()
        self._http.close()
        self.courier.close()

    def _local(self, url: str) -> str:
        public, local, asked = urlsplit(self.config.public_url), urlsplit(self.config.local_url), urlsplit(url)
        if asked.netloc != public.netloc:
            return urlunsplit(asked._replace(fragment=""))
        path = asked.path.removeprefix(public.path.rstrip("/"))
        return urlunsplit((local.scheme, local.netloc, local.path.rstrip("/") + path, asked.query, ""))


# a bot token in an address, and the webhook secret in a form
_SECRETS = re.compile(r"(?<=/bot)\d+:[\w-]+|(?<=secret_token=)[^&]+")
