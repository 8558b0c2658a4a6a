"""A bound on request bodies, before anything reads them; chunked ones are counted as they come."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGER: Mapping[str, int] = {"/api/v1/transactions": 8}
"""Paths that take so many times the usual bound: a batch of 10,000 transactions is about 3 MB."""
UPLOADS: Mapping[str, int] = {"/staff/transactions": 100_000_000}
"""Bytes of files that a path takes where it is more than the usual: a million transactions, which go to the disk."""


class BodyLimit:
    """ASGI middleware that ends a request with 413 once its body is longer than `limit` bytes.

    A form that uploads may carry `files` bytes more; its parts go to the disk as they come, not into memory.

    The error is raised where the endpoint reads the body, so that the application's own handlers word it. A declared
    length over the bound is refused without reading a byte.
    """

    def __init__(self, app: ASGIApp, limit: int, larger: Mapping[str, int] = LARGER, files: int = 0) -> None:
        self._app = app
        self._limit = limit
        self._larger = larger
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counting `receive`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit * self._larger.get(scope["path"], 1)
        if any(value.startswith(b"multipart/") for name, value in scope["headers"] if name == b"content-type"):
            limit += UPLOADS.get(scope["path"], self._files)
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        length = int(declared) if declared.isdigit() and len(declared) < 20 else 0
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            if length > limit:
                raise _too_much(limit)
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > limit:
                    raise _too_much(limit)
            return message

        await self._app(scope, counted, send)


def _too_much(limit: int) -> HTTPException:
    return HTTPException(413, f"The request is larger than {limit:,} bytes.", {"Connection": "close"})
