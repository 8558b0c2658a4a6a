"""Reading a batch of transactions from its JSON in one go, a sixth of the time that models take.

Only what is right is read here, and to the very values that the models make of it (a test holds that). Whatever else
comes goes to the models, as any body does: they know the rest of what may be written, and say what is wrong.
"""

import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from msgspec import DecodeError, Meta, Struct, ValidationError
from msgspec.json import Decoder

from surveys.checking import TransactionIn


class Batch(Struct, forbid_unknown_fields=True):
    """A batch as it was read."""

    transactions: Annotated[list[TransactionIn], Meta(min_length=1)]


_decoder = Decoder(Batch)
# fractions below a microsecond would be rounded here and are cut off there; points and digits may be escaped
_FINER, _ESCAPED = re.compile(rb"\.\d{7}"), re.compile(rb"\\u00(?:2[eE]|3\d)")


def read(body: bytes) -> Batch | None:
    """The batch, if that is what the body is and nothing is wrong with it."""
    if _FINER.search(body) or (b"\\u00" in body and _ESCAPED.search(body)):
        return None
    try:
        return _decoder.decode(body)
    except (DecodeError, ValidationError, UnicodeDecodeError):
        return None


class _QuickRequest(Request):
    async def json(self) -> Any:
        """A `Batch` where it is one, else the JSON."""
        return read(await self.body()) or await super().json()


class QuickRoute(APIRoute):
    """A route whose body may be a `Batch`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As any route's, with a request that reads quickly."""
        handle = super().get_route_handler()

        async def quickly(request: Request) -> Response:
            return await handle(_QuickRequest(request.scope, request.receive))

        return quickly
