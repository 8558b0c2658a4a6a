"""Twilio's REST API for messages, exact enough on the wire for the unmodified twilio library."""

import base64
import binascii
import hmac
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulators.carrier import Carrier, Refused
from simulators.faults import FaultKind

PAGE_SIZE, LARGEST_PAGE = 50, 1000


def router(carrier: Carrier) -> APIRouter:
    """The API's routes, to be mounted where `twilio_api_url` points."""
    routes = APIRouter(include_in_schema=False)
    exchange = carrier.exchange

    @routes.post("/2010-04-01/Accounts/{account}/Messages.json")
    async def create(account: str, request: Request) -> JSONResponse:
        began, body = time.perf_counter(), await request.body()
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            _authenticate(request, account, carrier)
            to = fields.get("To", "").removeprefix("whatsapp:")
            if fault := exchange.faults.take("twilio", to, FaultKind.silent):
                await exchange.stall(fault.seconds)
                raise Refused(500, 20500, "An internal server error has occurred")
            text = carrier.take(fields)
            if fault := exchange.faults.take("twilio", to, FaultKind.accepted_then_silent):
                await exchange.stall(fault.seconds)
            answer = JSONResponse(carrier.as_json(text), 201)
        except Refused as refused:
            answer = _refusal(refused)
        seconds = time.perf_counter() - began
        exchange.record("twilio", False, "POST", request.url.path, answer.status_code, seconds, _trust(answer), body)
        return answer

    @routes.get("/2010-04-01/Accounts/{account}/Messages.json")
    async def listing(account: str, request: Request) -> JSONResponse:
        began, wanted = time.perf_counter(), dict(request.query_params)
        try:
            _authenticate(request, account, carrier)
            answer = JSONResponse(_page(carrier, account, wanted))
        except Refused as refused:
            answer = _refusal(refused)
        seconds, query = time.perf_counter() - began, request.url.query.encode()
        exchange.record("twilio", False, "GET", request.url.path, answer.status_code, seconds, _trust(answer), query)
        return answer

    @routes.get("/2010-04-01/Accounts/{account}/Messages/{sid}.json")
    async def one(account: str, sid: str, request: Request) -> JSONResponse:
        try:
            _authenticate(request, account, carrier)
            if sid not in carrier.texts:
                raise Refused(404, 20404, f"The requested resource {request.url.path} was not found")
            return JSONResponse(carrier.as_json(carrier.texts[sid]))
        except Refused as refused:
            return _refusal(refused)

    @routes.get("/2010-04-01/Accounts/{account}.json")
    async def the_account(account: str, request: Request) -> JSONResponse:
        try:
            _authenticate(request, account, carrier)
        except Refused as refused:
            return _refusal(refused)
        return JSONResponse({"sid": account, "status": "active", "type": "Full", "friendly_name": "Simulated account"})

    @routes.get("/v1/Services/{service}")
    async def messaging_service(service: str, request: Request) -> JSONResponse:
        try:
            _authenticate(request, exchange.config.account_sid, carrier)
        except Refused as refused:
            return _refusal(refused)
        hook = f"{exchange.config.public_url}/webhooks/twilio/messages#rc=3&rp=all"
        return JSONResponse({"sid": service, "inbound_request_url": hook, "use_inbound_webhook_on_number": False})

    return routes


def guarded(request: Request, account: str, carrier: Carrier, make: Callable[[], Response | None]) -> Response:
    """What `make` gives, for whoever has the account's token; None is what is not there."""
    began = time.perf_counter()
    answer: Response
    try:
        _authenticate(request, account, carrier)
        made = make()
        if made is None:
            raise Refused(404, 20404, f"The requested resource {request.url.path} was not found")
        answer = made
    except Refused as refused:
        answer = _refusal(refused)
    seconds = time.perf_counter() - began
    carrier.exchange.record("twilio", False, "GET", request.url.path, answer.status_code, seconds, _trust(answer), b"")
    return answer


def _authenticate(request: Request, account: str, carrier: Carrier) -> None:
    config = carrier.exchange.config
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
    except binascii.Error:
        given = b""
    if not hmac.compare_digest(given, f"{config.account_sid}:{config.auth_token}".encode()):
        raise Refused(401, 20003, "Authenticate")
    if account != config.account_sid:
        raise Refused(404, 20404, f"The requested resource {request.url.path} was not found")


def _refusal(refused: Refused) -> JSONResponse:
    headers = {} if refused.retry_after is None else {"Retry-After": f"{refused.retry_after:g}"}
    more = f"https://www.twilio.com/docs/errors/{refused.code}"
    content = {"code": refused.code, "message": refused.words, "more_info": more, "status": refused.status}
    return JSONResponse(content, refused.status, headers)


def _page(carrier: Carrier, account: str, wanted: dict[str, str]) -> dict[str, object]:
    size = min(max(_number(wanted.get("PageSize"), PAGE_SIZE), 1), LARGEST_PAGE)
    page = _number(wanted.get("Page"), 0)
    texts, first = carrier.listed(wanted), page * size
    shown = texts[first : first + size]

    def address(number: int) -> str:
        kept = {name: value for name, value in wanted.items() if name not in ("Page", "PageSize", "PageToken")}
        query = urlencode(
            {**kept, "PageSize": size, "Page": number, **({"PageToken": f"PA{number}"} if number else {})}
        )
        return f"/2010-04-01/Accounts/{account}/Messages.json?{query}"

    return {
        "messages": [carrier.as_json(text) for text in shown],
        "first_page_uri": address(0),
        "next_page_uri": address(page + 1) if first + size < len(texts) else None,
        "previous_page_uri": address(page - 1) if page else None,
        "page": page,
        "page_size": size,
        "start": first,
        "end": max(first + len(shown) - 1, 0),
        "uri": address(page),
    }


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else otherwise


def _trust(answer: Response) -> str:
    return "account and token did not match" if answer.status_code == 401 else "account and token matched"
