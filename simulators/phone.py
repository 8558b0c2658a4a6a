"""The page /simulator/phone: a citizen's phone (SMS, WhatsApp, Telegram, calls), and what went over the wire.

Plain forms that work by POST and reload; simulators/static/phone.js only makes them quicker.
"""

import hashlib
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader
from starlette.datastructures import UploadFile

from simulators.calls import KEYS
from simulators.carrier import Carrier
from simulators.chats import Chats
from simulators.media import LARGEST, MOST, SAFE, Picked, shown_as
from simulators.people import PEOPLE, Person, person_of
from simulators.samples import sample
from simulators.switchboard import Switchboard
from simulators.thread import Bubble, sms_thread, telegram_thread

HERE = Path(__file__).parent
WIRE_SHOWN = 40
LIMITS = {"sms": 1600, "whatsapp": 4096, "telegram": 4096}
NAMES = {"sms": "SMS", "whatsapp": "WhatsApp", "telegram": "Telegram"}
APPS = (*LIMITS, "call")
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; media-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_WHOLE = re.compile(r"[0-9]{1,15}")
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


def router(carrier: Carrier, chats: Chats, board: Switchboard, *, standalone: bool) -> APIRouter:
    """The page's routes, to be mounted at /simulator/phone. `standalone` leaves out Ombud's own stylesheet."""
    routes = APIRouter(include_in_schema=False)
    pages = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    exchange = carrier.exchange

    def bubbles(person: Person, app: str) -> list[Bubble]:
        if app == "telegram":
            return telegram_thread(chats, person)
        return sms_thread(carrier, f"whatsapp:{person.number}" if app == "whatsapp" else person.number)

    def shown(request: Request) -> dict[str, Any]:
        given, app = request.query_params.get("number", ""), request.query_params.get("app", "sms")
        number = "+" + given.strip().lstrip("+").replace(" ", "") if given else PEOPLE[0].number
        wrong = bool(given) and not _NUMBER.fullmatch(number)
        person = PEOPLE[0] if wrong else person_of(number)
        app = app if app in APPS else "sms"
        return {
            "person": person,
            "app": app,
            "people": PEOPLE,
            "bubbles": bubbles(person, app),
            "chat": chats.chat_of(person),
            "opted_out": carrier.stopped(person.number),
            "config": exchange.config,
            "limit": LIMITS.get(app, 0),
            "call": board.of(person.number),
            "keys": KEYS,
            "names": NAMES,
            "wire": list(exchange.wire)[: -WIRE_SHOWN - 1 : -1],
            "wrong_number": given if wrong else "",
            "show_wire": "wire" in request.query_params,
            "moment": time.time_ns(),  # makes a link that always loads, also where the page is already
            "standalone": standalone,
            "address": _address,
            "readable": _readable,
        }

    def fragment(request: Request, name: str) -> Response:
        html = pages.get_template(name).render(shown(request))
        tag = f'"{hashlib.blake2b(html.encode(), digest_size=12).hexdigest()}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return HTMLResponse(html, headers={"ETag": tag, "Cache-Control": "no-cache"})

    @routes.get("")
    def page(request: Request) -> HTMLResponse:
        html = pages.get_template("phone.html").render(shown(request))
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})

    @routes.get("/thread")
    def thread(request: Request) -> Response:
        return fragment(request, "call.html" if request.query_params.get("app") == "call" else "thread.html")

    @routes.get("/wire")
    def wire(request: Request) -> Response:
        return fragment(request, "wire.html")

    @routes.get("/messages")
    def messages(request: Request) -> JSONResponse:
        now = shown(request)
        return JSONResponse(
            {
                "number": now["person"].number,
                "app": now["app"],
                "messages": [bubble.as_json() for bubble in now["bubbles"]],
                "opted_out": now["opted_out"],
                "blocked": now["chat"].blocked,
            }
        )

    @routes.post("/sms")
    async def send_sms(request: Request) -> Response:
        fields, files = await fields_of(request), await _files(request)
        if error := unusable(request, fields, "sms", files):
            return error
        carrier.text_in(number_of(fields), fields.get("text", ""), files=files)
        return done(request, fields, "sms")

    @routes.post("/whatsapp")
    async def send_whatsapp(request: Request) -> Response:
        fields, files = await fields_of(request), await _files(request)
        if error := unusable(request, fields, "whatsapp", files):
            return error
        number = number_of(fields)
        carrier.whatsapp_in(number, person_of(number).name, fields.get("text", ""), files=files)
        return done(request, fields, "whatsapp")

    @routes.post("/telegram")
    async def send_telegram(request: Request) -> Response:
        fields, files = await fields_of(request), await _files(request)
        if error := unusable(request, fields, "telegram", files):
            return error
        person = person_of(number_of(fields))
        chats.block(person, False)  # Telegram lets nobody write to a bot they block: writing means unblocking first
        album = {"media_group_id": str(time.time_ns())} if len(files) > 1 else {}
        for place, file in enumerate(files):
            carried = chats.files.add(file.data, file.name, file.content_type)
            chats.write(person, fields.get("text", "") if place == 0 else "", {**carried, **album})
        if not files:
            chats.write(person, fields["text"])
        return done(request, fields, "telegram")

    @routes.get("/files/sms/{sid}")
    def sent_by_sms(sid: str) -> Response:
        kept = carrier.media.find(sid)
        return _file(kept.picked.data, kept.picked.content_type) if kept else Response(status_code=404)

    @routes.get("/files/telegram/{file_id}")
    def sent_by_telegram(file_id: str) -> Response:
        kept = chats.files.find(file_id)
        return _file(kept.data, kept.content_type) if kept else Response(status_code=404)

    @routes.post("/press")
    async def press(request: Request) -> Response:
        fields = await fields_of(request)
        message = fields.get("message", "")
        if error := unusable(request, fields):
            return error
        pressed = _WHOLE.fullmatch(message) and chats.press(
            person_of(number_of(fields)), int(message), fields.get("data", "")
        )
        if not pressed:
            return problem("There is no such button.", "Give the message and the data that /messages lists.")
        return done(request, fields, "telegram")

    @routes.post("/block")
    async def block(request: Request) -> Response:
        fields = await fields_of(request)
        if error := unusable(request, fields):
            return error
        chats.block(person_of(number_of(fields)), fields.get("blocked", "").lower() in ("1", "true", "yes", "on"))
        return done(request, fields, "telegram")

    return routes


def _address(person: Person, app: str, path: str = "") -> str:
    return f"/simulator/phone{path}?{urlencode({'number': person.number, 'app': app})}"


def _readable(body: str) -> str:
    """A form's fields one a line; JSON as it is."""
    if body.startswith(("{", "[")) or "=" not in body:
        return body
    return "\n".join(f"{name}: {value}" for name, value in parse_qsl(body, keep_blank_values=True))


async def fields_of(request: Request) -> dict[str, str]:
    """A form's or a JSON object's fields as text."""
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("application/json"):
        try:
            given = await request.json()
        except (ValueError, RecursionError):
            return {}
        return {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    if content_type.startswith("multipart/"):
        return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


async def _files(request: Request) -> list[Picked]:
    """What a form carries besides text: files that were picked, or one of the samples."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return []
    found = []
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            data = await value.read(LARGEST + 1)
            if data:
                given = (value.content_type or "").partition(";")[0].strip().lower()
                found.append(Picked(value.filename or "file", given or "application/octet-stream", data))
        elif name == "sample" and (one := sample(value)):
            found.append(one)
    return found[:MOST]


def _file(data: bytes, content_type: str) -> Response:
    """A file for the phone's screen; what a browser might run is only ever saved."""
    show = shown_as(content_type) != "paper"
    way = {} if show else {"Content-Disposition": "attachment"}
    return Response(data, headers={"Content-Type": content_type if show else "application/octet-stream", **way, **SAFE})


def number_of(fields: dict[str, str]) -> str:
    """Whose phone a form came from."""
    return "+" + fields.get("number", "").strip().lstrip("+").replace(" ", "")


def unusable(request: Request, fields: dict[str, str], app: str = "", files: Sequence[Picked] = ()) -> Response | None:
    """Why a form cannot be used, if so."""
    if not _NUMBER.fullmatch(number_of(fields)):
        return problem("This is no phone number.", "Write it with its country, such as +355690000101.")
    if not app:
        return None
    text = fields.get("text", "")
    if not text.strip() and not files:
        if "text/html" in request.headers.get("accept", ""):
            return done(request, fields, app)  # a form without scripts: nothing was written, so nothing happens
        return problem("The message is empty.", "Write something first, or pick a file.")
    if len(text) > LIMITS[app]:
        return problem("The message is too long.", f"Write at most {LIMITS[app]} letters.")
    if any(len(file.data) > LARGEST for file in files):
        return problem("The file is too large.", "Pick one of at most 20 MB.")
    return None


def problem(title: str, mend: str) -> Response:
    """What is wrong, and how to mend it."""
    content = {"type": "about:blank", "title": title, "status": 422, "detail": mend}
    return JSONResponse(content, 422, media_type="application/problem+json")


def done(request: Request, fields: dict[str, str], app: str) -> Response:
    """Back to the phone, or a word for a script."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"ok": True})
    return RedirectResponse(_address(person_of(number_of(fields)), app) + "#last", 303)
