"""What citizens sent, served as Twilio serves it.

The address in the webhook wants the account and its token, and leads with a 307 to a signed address of the store that
holds the bytes and is good for some hours: nothing there wants a token.
"""

import hmac
import time

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from simulators.carrier import Carrier
from simulators.twilio import guarded

GOOD_FOR = 4 * 3600  # seconds a signed address is good for, as Twilio's


def router(carrier: Carrier) -> APIRouter:
    """Twilio's media, to be mounted where `twilio_api_url` points."""
    routes = APIRouter(include_in_schema=False)
    media = carrier.media

    @routes.get("/2010-04-01/Accounts/{account}/Messages/{message}/Media/{sid}")
    def medium(account: str, message: str, sid: str, request: Request) -> Response:
        def found() -> Response | None:
            kept = media.find(sid)
            if kept is None or kept.message != message:
                return None
            until = int(time.time()) + GOOD_FOR
            query = f"Expires={until}&Signature={media.signed(sid, until)}"
            return RedirectResponse(f"{carrier.exchange.config.twilio_url}/store/{account}/{sid}?{query}", 307)

        return guarded(request, account, carrier, found)

    @routes.get("/store/{account}/{sid}")
    def stored(sid: str, request: Request) -> Response:
        kept, expires = media.find(sid), request.query_params.get("Expires", "")
        until = int(expires) if expires.isascii() and expires.isdigit() and len(expires) < 12 else 0
        good = hmac.compare_digest(media.signed(sid, until), request.query_params.get("Signature", ""))
        if kept is None or not good or until < time.time():
            return JSONResponse({"code": "AccessDenied"}, 403)
        return Response(kept.picked.data, headers={"Content-Type": kept.picked.content_type})

    return routes
