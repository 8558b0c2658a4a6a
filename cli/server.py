"""Running: the web process, and the Celery worker of larger installations."""

import os
import signal
import sys
from types import FrameType

from core import memory
from core.errors import Misconfigured
from core.settings import settings

APPLICATION = "api.app:create_app"


def stop_politely() -> None:
    """Let SIGTERM end this process with code 0, once whatever runs has been stopped in order."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def check_ready() -> None:
    """Raise Misconfigured where serving would be unsafe or would fail on the first request."""
    from core.database import database
    from migrations import schema

    current = settings()
    current.check_production()
    if current.embedded and int(os.environ.get("WEB_CONCURRENCY", "1")) > 1:
        raise Misconfigured(
            "More than one web process cannot share the broker memory://.",
            mend="Set OMBUD_BROKER_URL to a Redis (redis://…) or leave WEB_CONCURRENCY out.",
        )
    if missing := schema.pending(database().engine):
        raise Misconfigured(f"The database is not ready: {missing}.", mend="Run `ombud init`.")


def serve(*, host: str | None = None, port: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT. Raises Misconfigured."""
    if port is not None:  # the simulators' addresses follow from the port
        os.environ["OMBUD_PORT"] = str(port)
        settings.cache_clear()
    check_ready()
    stop_politely()  # uvicorn stops in order first, then passes the signal on
    import uvicorn

    from api import live_hub

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            live_hub.hub().close()  # else uvicorn would wait for streams that never end by themselves
            super().handle_exit(sig, frame)

    current = settings()
    config = uvicorn.Config(
        APPLICATION,
        factory=True,
        host=host or current.host,
        port=current.port,
        loop="auto",
        http="httptools",
        workers=1,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # api.throttle reads them, and only as far as OMBUD_PROXY_COUNT allows
        timeout_graceful_shutdown=10,
        limit_concurrency=None,
    )
    server = Server(config)
    config.load()
    memory.settle()
    server.run()
    if not server.started:
        sys.exit(3)


def work(*, concurrency: int, beat: bool) -> None:
    """Run a Celery worker until SIGTERM. Raises Misconfigured with the broker of the embedded mode."""
    from worker import standalone

    standalone.run(concurrency=concurrency, beat=beat)
