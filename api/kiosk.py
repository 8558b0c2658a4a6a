"""The exit survey at `/exit/{office_code}`: plain pages for any phone, and the same address as a tablet's program that
works without a network (api/static/kiosk*.js)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from sqlmodel import Session, col, select
from starlette.datastructures import FormData

from api import shell, throttle
from api.forms import read_form, text_of
from api.pages import choose_language, render
from cases import intake, kiosks
from cases.inbox import receive
from channels import kiosk
from channels.values import JSON
from core import sealing
from core.database import database
from core.errors import BadInput, NotFound
from core.i18n import translator
from core.ids import new_id
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.catalogue import catalogue
from domain.inbox import InboundMessage
from domain.kiosk import KioskDevice
from domain.office import Office
from surveys import definitions
from surveys.flow import RATING, Kind, Question
from surveys.reach import answers_of, rules_on

router = APIRouter(include_in_schema=False)

KIOSK_PAUSE = 8
"""Seconds until a kiosk shows its first page again; longer when there is a reference to write down."""
REFERENCE_PAUSE = 30

Posted = Annotated[FormData, Depends(read_form)]


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


def _office(code: str) -> Office:
    with database().read() as session:
        return _office_in(session, code)


def _at(code: str) -> tuple[Office, tuple[Question, ...]]:
    """An office, and what is asked at its doors."""
    with database().read() as session:
        return _office_in(session, code), definitions.at_the_door(session)


def _office_in(session: Session, code: str) -> Office:
    office = catalogue(session).office_by_code.get(code.upper())
    if office is None:
        raise NotFound(
            f"There is no office {code[:32]}.", mend="Check the address on the poster, or start at the front page."
        )
    return office


@router.get("/exit/{office_code}")
def show_exit(request: Request, office_code: str) -> Response:
    """Five faces."""
    # a tablet keeps this page for days; its program makes the visit's id at the tap
    visit = "" if request.query_params.get("shell") == "1" else str(new_id())
    return _exit(request, *_at(office_code), "rate", visit)


@router.post("/exit/{office_code}")
def post_exit(request: Request, office_code: str, form: Posted) -> Response:
    """A face counts at once; a reason, words and a number may follow, and belong to the same visit."""
    office, door = _at(office_code)
    throttle.spend("exit", throttle.address_of(request))
    lang, _ = choose_language(request)
    visit, why = text_of(form, "visit", 64), text_of(form, "step") == "why"
    if why and text_of(form, "go") == "skip":
        return _thanks(request, office, "")
    given = {"rating": text_of(form, "rating"), "token": visit, "language": lang}
    if why:
        given |= {"words": text_of(form, "words", 20_000), "phone": text_of(form, "phone", 64)}
    try:
        message = kiosk.parse(given, office=office.code, region=settings().region)
    except BadInput as error:
        if not why or "rating" in error.fields or "token" in error.fields:
            raise
        translated = {name: translator(lang).gettext(text) for name, text in error.fields.items()}
        values = {one.code: text_of(form, one.code, 40) for one in door}
        values |= {"words": given["words"], "phone": given["phone"]}
        return _exit(request, office, door, "why", visit, int(given["rating"]), values, translated)
    details = {**message.details, "visit": visit}
    if not why:
        receive([replace(message, details=details)], datetime.now(UTC))
        return _exit(request, office, door, "why", visit, int(given["rating"]))
    if answers := _chosen(door, int(given["rating"]), form):
        details["answers"] = answers
    row = intake.receive_and_process(
        replace(message, provider_id=f"{message.provider_id}/why", details=details), datetime.now(UTC)
    )
    return _thanks(request, office, _reference(row))


def _chosen(door: Sequence[Question], rating: int, form: FormData) -> dict[str, JSON]:
    """What was chosen of what is put to somebody with this face and these answers."""
    answers: dict[str, JSON] = {}
    given: dict[str, int | str | None] = {RATING: rating}
    for one in door:
        said = text_of(form, one.code, 40)
        if one.code != RATING and one.applies(given) and said in (answers_of(one).among or ()):
            answers[one.code] = said
            given[one.code] = int(said) if one.kind is Kind.yes_no else said
    return answers


def _reference(row: InboundMessage) -> str:
    if row.case_id is None:
        return ""
    with database().read() as session:
        return session.exec(select(Case.reference).where(col(Case.id) == row.case_id)).one()


def _exit(
    request: Request,
    office: Office,
    door: Sequence[Question],
    step: str,
    visit: str,
    rating: int = 0,
    values: Mapping[str, object] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    lang, _ = choose_language(request)
    context = {
        **shell.context(office, lang, door),
        "step": step,
        "visit": visit,
        "rating": rating,
        "questions": [shell.asked(one, lang) for one in _on_one_page(door, rating)] if step == "why" else [],
        "values": {**{one.code: "" for one in door}, "words": "", "phone": "", **(values or {})},
        "errors": errors or {},
    }
    return render(request, "citizen/exit.html", context, status=422 if errors else 200, headers=shell.HEADERS)


def _on_one_page(door: Sequence[Question], rating: int) -> list[Question]:
    """The questions that may follow a face: a page without scripts shows them at once, whatever the others' answers."""
    return [
        one
        for one in door
        if one.kind in (Kind.choice, Kind.yes_no)
        and all(rule.holds({RATING: rating}) for rule in rules_on(door, door.index(one)) if rule.question == RATING)
    ]


def _thanks(request: Request, office: Office, reference: str) -> Response:
    lang, _ = choose_language(request)
    context = {
        "office": shell.named(office, lang),
        "reference": reference,
        "seconds": REFERENCE_PAUSE if reference else KIOSK_PAUSE,
    }
    return render(request, "citizen/exit_thanks.html", context)


@router.get("/exit/{office_code}/worker.js")
def show_worker(request: Request, office_code: str) -> Response:
    """The program that starts the page without a network. Its text changes whenever anything it keeps does."""
    office, door = _at(office_code)
    headers = {"Service-Worker-Allowed": shell.path(office), "Cache-Control": "no-cache"}
    return Response(shell.worker(request, office, door), media_type="text/javascript", headers=headers)


@router.get("/exit/{office_code}/app.webmanifest")
def show_manifest(request: Request, office_code: str) -> Response:
    """What makes the page an app on a tablet's home screen, without a browser's bars."""
    lang, _ = choose_language(request)
    return JSONResponse(shell.manifest(_office(office_code), lang), media_type="application/manifest+json")


@router.get("/exit/{office_code}/icon-{size}.png")
def show_icon(office_code: str, size: str) -> Response:
    """The app's icon, for tablets that take no drawing."""
    _office(office_code)
    if size not in shell.ICON_SIZES:
        raise NotFound("There is no icon of this size.")
    return Response(shell.icon(int(size)), media_type="image/png", headers={"Cache-Control": "max-age=86400"})


@router.get("/exit/{office_code}/setup")
def show_setup(request: Request, office_code: str) -> Response:
    """For staff, on the tablet: pair it, see what waits, change its hand."""
    office, door = _at(office_code)
    return render(request, "staff/kiosk_setup.html", shell.context(office, "en", door), headers=shell.HEADERS)


def _bearer(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _told(device: KioskDevice) -> dict[str, str]:
    return {"name": device.name, "hand": device.hand}


def _key() -> dict[str, str]:
    opener = sealing.current()
    return {"id": opener.id, "public": shell.base64url(opener.public)}


@router.post("/exit/{office_code}/pair")
def pair(request: Request, office_code: str, body: Body) -> Response:
    """Give a tablet its token, for a code that staff made."""
    office = _office(office_code)
    throttle.spend("pair", throttle.address_of(request))
    given = kiosk.parse_object(body)
    with database().write() as session:
        device, value = kiosks.pair(
            session, office, clean(str(given.get("code") or ""), 40), str(given.get("version") or ""), datetime.now(UTC)
        )
        told = _told(device)
    return JSONResponse({"token": value, "device": told, "key": _key()}, headers={"Cache-Control": "no-store"})


@router.post("/exit/{office_code}/unpair")
def unpair(request: Request, office_code: str, body: Body) -> Response:
    """A tablet gives its token back."""
    _office(office_code)
    with database().write() as session:
        kiosks.leave(session, _bearer(request))
    return JSONResponse({})


@router.post("/exit/{office_code}/answers")
def take_answers(request: Request, office_code: str, body: Body) -> Response:
    """Take what waited on a device; says of each answer what became of it.

    `device` is null for a browser nobody paired, and {"gone": true} for a tablet that was revoked or paired anew: its
    answers are not taken and stay sealed on it, until somebody of staff vouches for it by pairing it again.
    """
    office, now = _office(office_code), datetime.now(UTC)
    batch = kiosk.parse_batch(body)
    value = _bearer(request)
    device: KioskDevice | None = None
    if value:
        with database().read() as session:
            device = kiosks.by_token(session, value)
        if device is None or device.revoked_at is not None or device.office_id != office.id:
            return _answered([], {"gone": True})
    with database().read() as session:
        allowed = definitions.answers_at_doors(session)
    rule, key = ("kiosk", str(device.id)) if device else ("exit", throttle.address_of(request))
    outcomes = kiosks.take(
        batch, office, device.id if device else None, allowed, now, lambda: throttle.spend(rule, key)
    )
    told = None
    if device is not None:
        with database().write() as session:
            stored = sum(one.state == "stored" for one in outcomes)
            told = _told(kiosks.hear(session, device.id, batch, stored, now))
    return _answered(outcomes, told)


def _answered(outcomes: list[kiosks.Outcome], device: Mapping[str, object] | None) -> Response:
    results = [{"id": one.id, "state": one.state, "why": one.why, "reference": one.reference} for one in outcomes]
    return JSONResponse({"results": results, "device": device, "key": _key()}, headers={"Cache-Control": "no-store"})
