"""A tiny site on the loopback address that shows the samples through the real templates, sheets and policy."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

from api import styleguide
from api.pages import CONTENT_SECURITY_POLICY, STATIC, render, render_fragment
from tests.look import samples, samples_desk, samples_staff


def build(policy: str = CONTENT_SECURITY_POLICY) -> FastAPI:
    """`/citizen/{sample}` and `/staff-pages/{sample}`, each with the real headers but for the policy."""
    app = FastAPI()
    app.state.policy = policy

    @app.get("/static/accent.css")
    def accent() -> Response:
        return Response("", media_type="text/css")

    app.mount("/static", StaticFiles(directory=STATIC))

    @app.get("/citizen/{name}")
    def citizen(request: Request, name: str) -> HTMLResponse:
        return _show(request, "citizen", samples.CITIZEN, name)

    @app.get("/staff-pages/{name}")
    def staff(request: Request, name: str) -> HTMLResponse:
        request.state.staff = samples.Person()
        request.state.csrf = "c5rf"
        return _show(request, "staff", samples_staff.STAFF, name)

    @app.get("/staff/queue")
    def queue(request: Request) -> Response:
        fresh = samples_desk.row("N3WC-00AA", "Street light out")
        return render_fragment(
            request,
            "staff/queue.html",
            {**samples_desk.DESK, "queue": [fresh, *samples_desk.QUEUE], "opened": "", "queue_total": 13},
        )

    app.include_router(styleguide.router)
    return app


def _show(request: Request, folder: str, pages: dict[str, tuple[str, dict[str, object]]], name: str) -> HTMLResponse:
    if name not in pages:
        raise HTTPException(404)
    template, context = pages[name]
    policy = request.app.state.policy
    return render(request, f"{folder}/{template}.html", context, headers={"Content-Security-Policy": policy})


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Address of the app while it runs on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("the sample site did not start")
        time.sleep(0.01)  # between two looks, up to a deadline
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
