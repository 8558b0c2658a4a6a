"""The page behind a survey's link: one tap, and words if one likes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session
from starlette.datastructures import FormData

import surveys.web
from api.forms import read_form, text_of
from api.pages import choose_language, render
from api.words import reasons_for
from cases import forms
from channels import kiosk
from core.database import database
from core.errors import Conflict, NotFound
from core.settings import settings
from domain.case import Case

router = APIRouter(include_in_schema=False)

Posted = Annotated[FormData, Depends(read_form)]


@router.get("/s/{token}")
def show_survey(request: Request, token: str) -> Response:
    """The question behind a link. Looking counts nothing."""
    lang, asked = choose_language(request)
    try:
        with database().read() as session:
            opened = surveys.web.look(session, token, datetime.now(UTC), lang if asked else None)
    except NotFound:
        return _survey(request, "gone", status=404)
    return _survey(request, "gone" if opened.over else "rate", opened, status=410 if opened.over else 200)


@router.post("/s/{token}")
def post_survey(request: Request, token: str, form: Posted) -> Response:
    """One tap counts; words may follow, and become a case where something must be put right."""
    now = datetime.now(UTC)
    why = text_of(form, "step") == "why"
    words = text_of(form, "words", kiosk.MAX_WORDS) if why and text_of(form, "go") != "skip" else ""
    reference = ""
    try:
        with database().write() as session:
            taken = surveys.web.answer(session, token, text_of(form, "rating"), now, words=words)
            reference = _case_of(session, taken, now)
            opened = surveys.web.look(session, token, now)
    except (NotFound, Conflict) as error:
        return _survey(request, "gone", status=error.status)
    if not why:
        return _survey(request, "why", opened, rating=taken.rating or 0)
    return _survey(request, "thanks", opened, rating=taken.rating or 0, reference=reference)


def _case_of(session: Session, taken: surveys.web.Taken, now: datetime) -> str:
    case = forms.open_from_survey(session, taken, now) if taken.opens_case else None
    if case is None and taken.case_id is not None:
        case = session.get(Case, taken.case_id)
    return case.reference if case else ""


def _survey(
    request: Request,
    step: str,
    opened: surveys.web.Opened | None = None,
    *,
    rating: int = 0,
    reference: str = "",
    chosen: Sequence[str] = (),
    status: int = 200,
) -> Response:
    lang, _ = choose_language(request)
    context = {
        "step": step,
        "token": opened.token if opened else "",
        "service": opened.service if opened else "",
        "office": opened.office if opened else "",
        "completed_on": opened.completed_at.astimezone(settings().zone).date() if opened else None,
        "rating": rating,
        "reasons": reasons_for(rating, lang) if step == "why" else [],
        "values": {"reasons": list(chosen), "words": opened.words if opened else ""},
        "errors": {},
        "reference": reference,
    }
    return render(request, "citizen/survey.html", context, status=status)
