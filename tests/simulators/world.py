"""A world for tests: the simulators and the place their webhooks go, in a real uvicorn on loopback."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response

from channels import sms, telegram
from channels.values import ContactChange, Inbound, Receipt, WebhookRequest
from simulators.app import install
from simulators.chats import Chats
from simulators.exchange import Config, Exchange

T = TypeVar("T")
ACCOUNT = "AC" + "7" * 32
TWILIO_TOKEN = "test-twilio-token"
NUMBER = "+355690000000"
BOT_TOKEN = "4242:test-telegram-token"
SECRET = "test-webhook-secret"
CITIZEN = "+355690000101"
CHAT = "7100000101"  # the same citizen in Telegram


@dataclass
class World:
    """What runs, and what came out of it. `status` is what webhooks are answered with."""

    url: str
    exchange: Exchange
    chats: Chats
    requests: list[WebhookRequest] = field(default_factory=list)
    status: int = 200
    lock: threading.Lock = field(default_factory=threading.Lock)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=20))

    @property
    def public_url(self) -> str:
        return self.exchange.config.public_url

    def fault(self, provider: str, kind: str, **how: object) -> None:
        """Order a fault over the wire, as a test in another process would."""
        body = {"provider": provider, "kind": kind, **how}
        self.http.post(f"{self.url}/simulator/control/faults", json=body).raise_for_status()

    def keys(self, chat: str) -> dict[str, Any] | None:
        """The reply keyboard that stands in a chat."""
        return self.chats.chats[int(chat)].keys

    def webhooks(self, path: str) -> list[WebhookRequest]:
        with self.lock:
            return [request for request in self.requests if path in request.url]

    def inbound(self) -> list[Inbound]:
        known = {"public_url": self.public_url, "auth_token": TWILIO_TOKEN, "account_sid": ACCOUNT}
        return [value for r in self.webhooks("/twilio/messages") for value in sms.parse_message(r, **known)]

    def receipts(self) -> list[Receipt]:
        known = {"public_url": self.public_url, "auth_token": TWILIO_TOKEN, "account_sid": ACCOUNT}
        return [value for r in self.webhooks("/twilio/status") for value in sms.parse_status(r, **known)]

    def updates(self) -> list[Inbound | ContactChange]:
        hooks = self.webhooks("/webhooks/telegram")
        return [value for r in hooks for value in telegram.parse(r, secret=SECRET, token=BOT_TOKEN)]

    def quiet(self) -> None:
        """Until nothing is under way in the simulators."""
        until(lambda: self.exchange.courier.waiting == 0)

    def reset(self) -> None:
        self.quiet()
        self.exchange.faults.clear()
        self.status = 200
        with self.lock:
            self.requests.clear()


def until(found: Callable[[], T], seconds: float = 8.0) -> T:
    """Wait for something truthy; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)  # between two looks, up to a deadline
    return result


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port of this machine; its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on", timeout_graceful_shutdown=3))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


@contextmanager
def world(*, telegram_webhook: bool = False) -> Iterator[World]:
    """Simulators that believe Ombud is at https://ombud.example, behind a proxy that leads to this process."""
    app, holder = FastAPI(), list[World]()

    @app.post("/webhooks/{rest:path}")
    async def webhook(rest: str, request: Request) -> Response:
        body, made = await request.body(), holder[0]
        with made.lock:
            made.requests.append(WebhookRequest(str(request.url), dict(request.headers), body))
        return Response(status_code=made.status)

    config = Config(
        account_sid=ACCOUNT,
        auth_token=TWILIO_TOKEN,
        number=NUMBER,
        bot_token=BOT_TOKEN,
        public_url="https://ombud.example/citizens",
        local_url="http://127.0.0.1:1",
        telegram_secret=SECRET,
        telegram_webhook=telegram_webhook,
        pace=0.02,
        telegram_chat_burst=500,
    )
    exchange = install(app, config, standalone=True)
    with running(app) as url:
        object.__setattr__(config, "local_url", url)  # the port is known only now
        made = World(url, exchange, app.state.chats)
        holder.append(made)
        try:
            yield made
        finally:
            made.http.close()
