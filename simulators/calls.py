"""The telephone on the phone page: dial, hear, press, speak, hang up; and where Twilio keeps what was recorded."""

import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile

from simulators.switchboard import Switchboard, spoken
from simulators.twilio import guarded

LARGEST = 5_000_000
KEYS = "1234567890*#"
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_OFFICE = re.compile(r"[A-Za-z0-9-]{0,64}")


def phone_router(board: Switchboard) -> APIRouter:
    """What the page posts, to be mounted at /simulator/phone/call."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("")
    def now(number: str) -> JSONResponse:
        call = board.of("+" + number.strip().lstrip("+"))
        return JSONResponse(call.as_json() if call else {"state": "none", "lines": []})

    @routes.post("/dial")
    async def dial(request: Request) -> Response:
        fields = dict(await request.form())
        office = str(fields.get("office", ""))
        if not _OFFICE.fullmatch(office):
            return _problem("This is no code of an office.", "Write it as it stands on the poster, such as WAT2.")
        if number := _number(fields):
            board.dial(number, office=office.upper(), withheld=bool(fields.get("withheld")))
        return _done(request, number)

    @routes.post("/press")
    async def press(request: Request) -> Response:
        fields = dict(await request.form())
        number, key = _number(fields), str(fields.get("key", ""))
        if number and len(key) == 1 and key in KEYS:
            board.press(number, key)
        return _done(request, number)

    @routes.post("/wait")
    async def wait(request: Request) -> Response:
        number = _number(dict(await request.form()))
        if number:
            board.wait(number)
        return _done(request, number)

    @routes.post("/hang-up")
    async def hang_up(request: Request) -> Response:
        number = _number(dict(await request.form()))
        if number:
            board.hang_up(number)
        return _done(request, number)

    @routes.post("/speak")
    async def speak(request: Request) -> Response:
        fields = dict(await request.form())
        number, given = _number(fields), fields.get("sound")
        sound = await given.read(LARGEST + 1) if isinstance(given, UploadFile) else b""
        if len(sound) > LARGEST:
            return _problem("This sound is too large.", "Choose one of at most 5 MB.")
        if number and not board.speak(number, sound or spoken(4)):
            return _problem("Nobody records now.", "Speak after the tone.")
        return _done(request, number)

    return routes


def twilio_router(board: Switchboard) -> APIRouter:
    """Recordings and numbers of the account, to be mounted where the simulated Twilio is."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/2010-04-01/Accounts/{account}/Recordings/{name}")
    def recording(account: str, name: str, request: Request) -> Response:
        return guarded(request, account, board.carrier, lambda: _sound(board, name))

    @routes.get("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json")
    def numbers(account: str, request: Request) -> Response:
        found = board.numbers(request.query_params.get("PhoneNumber", ""))
        content = {"incoming_phone_numbers": found, "page": 0, "page_size": 50}
        return guarded(request, account, board.carrier, lambda: JSONResponse(content))

    return routes


def _sound(board: Switchboard, name: str) -> Response | None:
    sid, _, _ = name.partition(".")
    sound = board.recordings.get(sid)
    return Response(sound, media_type="audio/x-wav") if sound is not None else None


def _number(fields: dict[str, Any]) -> str:
    number = "+" + str(fields.get("number", "")).strip().lstrip("+").replace(" ", "")
    return number if _NUMBER.fullmatch(number) else ""


def _problem(title: str, mend: str) -> Response:
    content = {"type": "about:blank", "title": title, "status": 422, "detail": mend}
    return JSONResponse(content, 422, media_type="application/problem+json")


def _done(request: Request, number: str) -> Response:
    if not number:
        return _problem("This is no phone number.", "Write it with its country, such as +355690000101.")
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"ok": True})
    return RedirectResponse(f"/simulator/phone?number=%2B{number[1:]}&app=call#last", 303)
