"""`/unsubscribe/{token}`: the end of surveys by e-mail, in one click of a mail program (RFC 8058) or two of a person.

Looking changes nothing, since mail programs and virus scanners open links too. The token names no address.
"""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.pages import choose_language, render
from cases import mail
from core.database import database
from domain.citizen import ContactPoint
from notifications import letters

router = APIRouter(include_in_schema=False)


@router.get("/unsubscribe/{token}")
def show(request: Request, token: str) -> Response:
    """Ask once more; a button does it."""
    contact_id = letters.contact_of(token)
    with database().read() as session:
        contact = session.get(ContactPoint, contact_id) if contact_id else None
    if contact is None:
        return _page(request, "gone", status=404)
    return _page(request, "done" if contact.no_surveys_at else "ask", token, contact.language)


@router.post("/unsubscribe/{token}")
def end(request: Request, token: str) -> Response:
    """No more surveys. The body is not read: a mail program sends `List-Unsubscribe=One-Click`, a person nothing."""
    with database().write() as session:
        contact = mail.end_surveys(session, token, datetime.now(UTC))
        language = contact.language if contact is not None else None
    if contact is None:
        return _page(request, "gone", status=404)
    return _page(request, "done", token, language)


def _page(request: Request, step: str, token: str = "", language: str | None = None, status: int = 200) -> Response:
    lang, asked = choose_language(request)
    context = {"step": step, "token": token, "lang": lang if asked or not language else language}
    return render(request, "citizen/unsubscribe.html", context, status=status)
