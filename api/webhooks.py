"""Providers' webhooks: verify, store, answer. The one hot path.

They stand before the router, as a plain ASGI middleware: what a framework does for a page costs several times what a
webhook itself does. They are coroutines, unlike all other endpoints, because they wait for a commit that many requests
share. Nothing here touches the database but through `Gatherer`, save the one look for the reference that a caller on
the hotline waits for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import of_ombud, problem
from cases.calls import opened
from cases.inbox import Arrival, Gatherer
from channels import sms, spoken, telegram, voice
from channels.values import WebhookRequest
from core.errors import OmbudError
from core.logs import logger
from core.settings import Settings

log = logger("api.webhooks")

_TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


@dataclass(frozen=True, slots=True)
class Reading:
    """What one request brought, and the answer once that is stored; `answer` may look into the database."""

    arrivals: Sequence[Arrival]
    answer: Response | Callable[[], Response]


Hook = Callable[[WebhookRequest], Reading]
"""What one address does with a request. Raises OmbudError for a forged or broken one."""


def hooks(current: Settings) -> dict[str, Hook]:
    """The webhooks of an installation by path."""

    twilio = {
        "public_url": current.site_url,
        "auth_token": current.twilio_auth_token,
        "account_sid": current.twilio_account_sid,
    }

    def message(request: WebhookRequest) -> Reading:
        return Reading(sms.parse_message(request, **twilio), taken)

    def status(request: WebhookRequest) -> Reading:
        return Reading(sms.parse_status(request, **twilio), noted)

    def update(request: WebhookRequest) -> Reading:
        found = telegram.parse(request, secret=current.telegram_webhook_secret, token=current.telegram_token)
        return Reading(found, JSONResponse(telegram.webhook_answer(found) or {}))

    taken = Response(_TWIML, media_type="text/xml")
    noted = Response(status_code=204)
    line = spoken.Line(
        **twilio,
        government=current.government,
        languages=current.languages,
        seconds=current.voice_seconds,
        audio=current.voice_audio,
        any_voice=current.environment == "demo" and not current.twilio_api_url,
    )
    return {
        "/webhooks/twilio/messages": message,
        "/webhooks/twilio/status": status,
        "/webhooks/telegram": update,
        **{voice.PATH + step: partial(_call, step=step, line=line) for step in voice.STEPS},
    }


def _call(request: WebhookRequest, *, step: str, line: spoken.Line) -> Reading:
    """One step of a call to the hotline."""
    turn = voice.take(request, step, line)

    def tell() -> Response:
        found = opened(line.account_sid, turn.call.sid)
        return Response(voice.tell(turn.call, line, found), media_type="text/xml")

    if turn.waits:
        return Reading(turn.arrivals, tell)
    answer = Response(turn.twiml, media_type="text/xml") if turn.twiml else Response(status_code=204)
    return Reading(turn.arrivals, answer)


class Webhooks:
    """Answers the providers' addresses itself and passes everything else on."""

    def __init__(self, app: ASGIApp, current: Settings) -> None:
        self._app = app
        self._hooks = hooks(current)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hook = self._hooks.get(scope["path"]) if scope["type"] == "http" else None
        if hook is None:
            await self._app(scope, receive, send)
            return
        try:
            answer = await self._take(hook, scope, receive)
        except OmbudError as error:
            answer = of_ombud(error)
        except HTTPException as error:
            answer = problem(error.status_code, "Not taken", error.detail, headers=error.headers)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def _take(self, hook: Hook, scope: Scope, receive: Receive) -> Response:
        if scope["method"] != "POST":
            raise HTTPException(405, "A webhook is posted.", {"Allow": "POST"})
        query = scope["query_string"].decode("latin-1")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        url = f"{scope['path']}?{query}" if query else scope["path"]
        reading = hook(WebhookRequest(url, headers, await _body(receive)))
        gatherer: Gatherer = scope["app"].state.gatherer
        try:
            await gatherer.keep(reading.arrivals, datetime.now(UTC))
        except SQLAlchemyError as error:
            log.error("not_stored", error=type(error).__name__, arrivals=len(reading.arrivals))  # noqa: TRY400  (no text of people in the log)
            return problem(
                503, "Not stored", "The database did not take it. Send it again.", headers={"Retry-After": "5"}
            )
        answer = reading.answer
        return answer if isinstance(answer, Response) else await run_in_threadpool(answer)


async def _body(receive: Receive) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)
