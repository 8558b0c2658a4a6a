"""Providers' webhooks: verify, store, answer. The one hot path.

These endpoints are coroutines, unlike all others: they wait for a commit that many requests share, and a thread each
would be the bottleneck. Nothing here touches the database but through `Gatherer`.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from cases.inbox import Arrival, Gatherer
from channels import sms, telegram
from channels.values import WebhookRequest
from core.logs import logger
from core.settings import Settings

router = APIRouter(include_in_schema=False)
log = logger("api.webhooks")

_TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


async def _hook(request: Request) -> WebhookRequest:
    url = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
    return WebhookRequest(url, headers, await request.body())


async def _store(request: Request, arrivals: Sequence[Arrival]) -> Response | None:
    """None once all of it is durable, else the answer that makes the provider try again."""
    if not arrivals:
        return None
    gatherer: Gatherer = request.app.state.gatherer
    try:
        await asyncio.wrap_future(gatherer.submit(arrivals, datetime.now(UTC)))
    except SQLAlchemyError as error:
        log.exception("not_stored", error=type(error).__name__, arrivals=len(arrivals))
        return JSONResponse(
            {"title": "Not stored", "status": 503, "detail": "The database did not take it. Send it again."},
            status_code=503,
            headers={"Retry-After": "5"},
            media_type="application/problem+json",
        )
    return None


@router.post("/webhooks/twilio/messages")
async def twilio_messages(request: Request) -> Response:
    """A citizen's SMS or WhatsApp message. 403 unless Twilio signed it."""
    now: Settings = request.app.state.settings
    arrivals = sms.parse_message(
        await _hook(request),
        public_url=now.site_url,
        auth_token=now.twilio_auth_token,
        account_sid=now.twilio_account_sid,
    )
    return await _store(request, arrivals) or Response(_TWIML, media_type="text/xml")


@router.post("/webhooks/twilio/status")
async def twilio_status(request: Request) -> Response:
    """A delivery receipt. 403 unless Twilio signed it."""
    now: Settings = request.app.state.settings
    arrivals = sms.parse_status(
        await _hook(request),
        public_url=now.site_url,
        auth_token=now.twilio_auth_token,
        account_sid=now.twilio_account_sid,
    )
    return await _store(request, arrivals) or Response(status_code=204)


@router.post("/webhooks/telegram")
async def telegram_update(request: Request) -> Response:
    """One update of the bot. 403 without the secret."""
    now: Settings = request.app.state.settings
    arrivals = telegram.parse(await _hook(request), secret=now.telegram_webhook_secret, token=now.telegram_token)
    failed = await _store(request, arrivals)
    return failed or JSONResponse(telegram.webhook_answer(arrivals) or {})
