"""The line between a tablet and the server, which can be cut, and can lose what the server answers."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send


class LineCut(Exception):
    """Ends a connection without an answer."""


@dataclass
class Line:
    """Stands before the application. `lose`: so many next replies to answers are lost after the server did its work."""

    app: ASGIApp
    cut: bool = False
    lose: int = 0
    batches: list[int] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.cut:
            raise LineCut
        answers = scope["path"].endswith("/answers")
        if answers:
            self.batches.append(1)
        if answers and self.lose:
            self.lose -= 1
            await self.app(scope, receive, _nowhere())
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"999")]})
            raise LineCut
        await self.app(scope, receive, send)


def _nowhere() -> Callable[[MutableMapping[str, Any]], Awaitable[None]]:
    async def swallow(message: MutableMapping[str, Any]) -> None:
        return None

    return swallow
