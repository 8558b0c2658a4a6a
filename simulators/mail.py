"""The page /simulator/mail: a citizen's mail program. Write, read, answer, let a mail bounce, be away.

Plain forms that work by POST and reload; simulators/static/phone.js only keeps the list fresh.
"""

import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader
from starlette.datastructures import UploadFile

from simulators.faults import Fault, FaultKind
from simulators.people import PEOPLE, Person, person_of
from simulators.postoffice import Enclosure, PostOffice, Slip, words_of

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
LIMIT = 20_000
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


@dataclass(frozen=True, slots=True)
class Shown:
    """A mail as the page shows it. `before` is what it quotes; `unsubscribe` a link that programs show as a button."""

    id: int
    mine: bool
    at: Any
    subject: str
    sender: str
    text: str
    before: str
    note: str
    files: tuple[str, ...]
    automatic: bool
    unsubscribe: str


def router(post: PostOffice, *, standalone: bool) -> APIRouter:
    """The page's routes, to be mounted at /simulator/mail."""
    routes = APIRouter(include_in_schema=False)
    pages = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )

    def shown(request: Request) -> dict[str, Any]:
        number = "+" + request.query_params.get("number", PEOPLE[0].number).strip().lstrip("+").replace(" ", "")
        person = person_of(number) if _NUMBER.fullmatch(number) else PEOPLE[0]
        mails = [_shown(slip) for slip in post.slips_of(person.email)]
        wanted = request.query_params.get("answers", "")
        answered = next((mail for mail in mails if str(mail.id) == wanted and not mail.mine), None)
        return {
            "person": person,
            "people": PEOPLE,
            "mails": mails[::-1],
            "answered": answered,
            "config": post.exchange.config,
            "limit": LIMIT,
            "standalone": standalone,
            "address": _address,
        }

    @routes.get("")
    def page(request: Request) -> HTMLResponse:
        html = pages.get_template("mail.html").render(shown(request))
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})

    @routes.get("/list")
    def listing(request: Request) -> Response:
        html = pages.get_template("mail_list.html").render(shown(request))
        tag = f'"{hashlib.blake2b(html.encode(), digest_size=12).hexdigest()}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return HTMLResponse(html, headers={"ETag": tag, "Cache-Control": "no-cache"})

    @routes.post("/send")
    async def send(request: Request) -> Response:
        form = await request.form()
        person = _person(form.get("number"))
        text, subject = str(form.get("text") or ""), str(form.get("subject") or "")
        files = [
            Enclosure(file.filename or "file", file.content_type or "application/octet-stream", await file.read())
            for file in form.getlist("file")
            if isinstance(file, UploadFile) and file.filename
        ]
        if person is None or not (text.strip() or subject.strip() or files) or len(text) > LIMIT:
            return _problem("The mail is empty or too long.", f"Write something, of at most {LIMIT} letters.")
        answers = _whole(form.get("answers"))
        post.write(person, subject, text, answers=post.slip(person.email, answers), files=files)
        return _done(request, person)

    @routes.post("/fate")
    async def fate(request: Request) -> Response:
        form = await request.form()
        person = _person(form.get("number"))
        slip = post.slip(person.email, _whole(form.get("mail"))) if person is not None else None
        if person is None or slip is None or slip.mine:
            return _problem("There is no such mail.", "Choose one that the citizen got.")
        match form.get("what"):
            case "away":
                post.answer_by_machine(person, slip)
            case "delay":
                post.bounce(
                    person.email, slip, Fault("email", FaultKind.receipt_fails, status=450, words="4.2.2 Mailbox full")
                )
            case _:
                post.bounce(person.email, slip)
        return _done(request, person)

    return routes


def _shown(slip: Slip) -> Shown:
    mail = message_from_bytes(slip.raw, policy=policy.default)
    text = words_of(slip.raw)
    cut = re.search(r"(?m)^On .{5,200} wrote:\n>", text)
    own, before = (text[: cut.start()].strip(), text[cut.start() :]) if cut else (text, "")
    link = re.search(r"<(https?://[^>\s]+)>", str(mail.get("List-Unsubscribe", "")))
    return Shown(
        id=slip.id,
        mine=slip.mine,
        at=slip.at,
        subject=str(mail.get("Subject", "")),
        sender=str(mail.get("From", "")),
        text=own,
        before=before,
        note=slip.note,
        files=tuple(part.get_filename() or "file" for part in mail.walk() if part.get_filename()),
        automatic=str(mail.get("Auto-Submitted", "no")) != "no",
        unsubscribe=link.group(1) if link else "",
    )


def _address(person: Person, path: str = "", **more: object) -> str:
    query = {"number": person.number} | {name: str(value) for name, value in more.items()}
    return f"/simulator/mail{path}?{urlencode(query)}"


def _person(number: object) -> Person | None:
    written = "+" + str(number or "").strip().lstrip("+").replace(" ", "")
    return person_of(written) if _NUMBER.fullmatch(written) else None


def _whole(given: object) -> int:
    text = str(given or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _problem(title: str, mend: str) -> Response:
    content = {"type": "about:blank", "title": title, "status": 422, "detail": mend}
    return JSONResponse(content, 422, media_type="application/problem+json")


def _done(request: Request, person: Person) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"ok": True})
    return RedirectResponse(_address(person) + "#mails", 303)
