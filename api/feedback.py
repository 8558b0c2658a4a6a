"""Ratings by citizens: the exit survey of an office's kiosk and poster, and the page behind a survey's link."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session, col, select
from starlette.datastructures import FormData

import surveys.web
from api import throttle
from api.forms import read_form
from api.pages import choose_language, render
from api.words import BAD_REASONS, GOOD_REASONS, REASONS
from cases import forms, intake
from cases.inbox import receive
from channels import kiosk
from core.database import database
from core.errors import BadInput, Conflict, NotFound
from core.i18n import translator
from core.ids import new_id
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue, name_of
from domain.inbox import InboundMessage
from domain.office import Office

router = APIRouter(include_in_schema=False)

KIOSK_PAUSE = 8
"""Seconds until a kiosk shows its first page again; longer when there is a reference to write down."""
REFERENCE_PAUSE = 30

Posted = Annotated[FormData, Depends(read_form)]


def _text(form: FormData, name: str, limit: int = 2000) -> str:
    value = form.get(name, "")
    return value[:limit] if isinstance(value, str) else ""


def _chosen(form: FormData) -> list[str]:
    return [value for value in form.getlist("reason") if isinstance(value, str) and value in REASONS]


def _reasons(rating: int, lang: str) -> list[dict[str, str]]:
    codes = GOOD_REASONS if rating >= 4 else BAD_REASONS
    return [{"code": code, "text": translator(lang).gettext(REASONS[code])} for code in codes]


def _office(code: str) -> Office:
    with database().read() as session:
        office = catalogue(session).office_by_code.get(code.upper())
    if office is None:
        raise NotFound(
            f"There is no office {code[:32]}.", mend="Check the address on the poster, or start at the front page."
        )
    return office


@router.get("/exit/{office_code}")
def show_exit(request: Request, office_code: str) -> Response:
    """Five faces."""
    return _exit(request, _office(office_code), "rate", str(new_id()))


@router.post("/exit/{office_code}")
def post_exit(request: Request, office_code: str, form: Posted) -> Response:
    """A face counts at once; a reason, words and a number may follow, and belong to the same visit."""
    office = _office(office_code)
    throttle.spend("exit", throttle.address_of(request))
    lang, _ = choose_language(request)
    visit, why = _text(form, "visit", 64), _text(form, "step") == "why"
    if why and _text(form, "go") == "skip":
        return _thanks(request, office, "")
    given = {"rating": _text(form, "rating"), "token": visit, "language": lang}
    if why:
        given |= {"words": _text(form, "words", 20_000), "phone": _text(form, "phone", 64)}
    try:
        message = kiosk.parse(given, office=office.code, region=settings().region)
    except BadInput as error:
        if not why or "rating" in error.fields or "token" in error.fields:
            raise
        translated = {name: translator(lang).gettext(text) for name, text in error.fields.items()}
        values = {"reasons": _chosen(form), "words": given["words"], "phone": given["phone"]}
        return _exit(request, office, "why", visit, int(given["rating"]), values, translated)
    details = {**message.details, "visit": visit}
    if not why:
        receive([replace(message, details=details)], datetime.now(UTC))
        return _exit(request, office, "why", visit, int(given["rating"]))
    if reasons := _chosen(form):
        details["reason"] = ",".join(reasons)
    row = intake.receive_and_process(
        replace(message, provider_id=f"{message.provider_id}/why", details=details), datetime.now(UTC)
    )
    return _thanks(request, office, _reference(row))


def _reference(row: InboundMessage) -> str:
    if row.case_id is None:
        return ""
    with database().read() as session:
        return session.exec(select(Case.reference).where(col(Case.id) == row.case_id)).one()


def _named(office: Office, lang: str) -> dict[str, str]:
    return {"code": office.code, "name": name_of(office, lang)}


def _exit(
    request: Request,
    office: Office,
    step: str,
    visit: str,
    rating: int = 0,
    values: Mapping[str, object] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    lang, _ = choose_language(request)
    context = {
        "step": step,
        "office": _named(office, lang),
        "visit": visit,
        "rating": rating,
        "reasons": _reasons(rating, lang) if step == "why" else [],
        "values": values or {"reasons": [], "words": "", "phone": ""},
        "errors": errors or {},
    }
    return render(request, "citizen/exit.html", context, status=422 if errors else 200)


def _thanks(request: Request, office: Office, reference: str) -> Response:
    lang, _ = choose_language(request)
    context = {
        "office": _named(office, lang),
        "reference": reference,
        "seconds": REFERENCE_PAUSE if reference else KIOSK_PAUSE,
    }
    return render(request, "citizen/exit_thanks.html", context)


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
    why = _text(form, "step") == "why"
    words = _text(form, "words", kiosk.MAX_WORDS) if why and _text(form, "go") != "skip" else ""
    reference = ""
    try:
        with database().write() as session:
            taken = surveys.web.answer(session, token, _text(form, "rating"), now, words=words)
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
        "reasons": _reasons(rating, lang) if step == "why" else [],
        "values": {"reasons": list(chosen), "words": opened.words if opened else ""},
        "errors": {},
        "reference": reference,
    }
    return render(request, "citizen/survey.html", context, status=status)
