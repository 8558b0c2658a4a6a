"""The stream that tells an open page what changed (server-sent events); see `api.live_hub`."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from api.auth import SignedIn, Staffed
from api.live_hub import Listener, hub
from cases import history
from core.database import database
from core.errors import NotFound

router = APIRouter(include_in_schema=False)

TYPE = "text/event-stream"
BEAT = 15.0
"""Seconds after which a line is sent all the same, so that whatever is in between keeps the stream open."""
RETRY = 3000
"""Milliseconds after which a page whose stream broke comes back."""


@router.get("/staff/live")
async def stream(request: Request, staff: Staffed, case: str = "") -> Response:
    """Tell an open page what changed, until it is closed or its person signed out. Raises TooMany."""
    if TYPE not in request.headers.get("accept", ""):
        raise HTTPException(406, "This address is for pages that listen.")
    listener = Listener(staff.session_id, staff.viewer, None, loop=asyncio.get_running_loop())
    await run_in_threadpool(_open, listener, staff, case, _moment(request.headers.get("last-event-id", "")))
    return StreamingResponse(
        _events(listener), media_type=TYPE, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


def _open(listener: Listener, staff: SignedIn, reference: str, since: datetime | None) -> None:
    if reference:
        try:
            with database().read() as session:
                listener.case_id = history.load(session, staff.viewer, reference).id
                listener.seen.add(listener.case_id)
        except NotFound:
            pass  # it went out of their sight meanwhile; the queue may still be told of
    hub().join(listener)
    hub().catch_up(listener, since, datetime.now(UTC))


async def _events(listener: Listener) -> AsyncIterator[str]:
    try:
        yield f"retry: {RETRY}\n\n"
        while not listener.ended:
            kinds = listener.taken()
            if kinds:
                name = int(datetime.now(UTC).timestamp() * 1000)
                yield "".join(f"id: {name}\nevent: {kind}\ndata: {{}}\n\n" for kind in kinds)
            try:
                await asyncio.wait_for(listener.bell.wait(), BEAT)
                listener.bell.clear()
            except TimeoutError:
                yield ": still here\n\n"
        yield "event: over\ndata: {}\n\n"
    finally:
        hub().leave(listener)


def _moment(name: str) -> datetime | None:
    """When the event was told that a page heard last."""
    if not (name.isascii() and name.isdigit() and len(name) < 15):
        return None
    return datetime.fromtimestamp(int(name) / 1000, UTC)
