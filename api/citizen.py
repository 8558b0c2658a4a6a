"""Citizens' pages: start, report, receipt, tracking. Plain forms; everything a step needs travels in the form."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import segno
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from sqlmodel import Session

from api import choices, throttle
from api.forms import Posted
from api.pages import choose_language, render
from api.words import EVENTS, N_, STATES
from cases import history, intake, lifecycle
from cases.opening import pin_of
from channels import web
from channels.phones import readable
from channels.values import Inbound
from core.crypto import cipher, mask, same
from core.database import database
from core.errors import BadInput, NotFound
from core.i18n import translator
from core.ids import new_id, normalise_reference
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.citizen import ContactPoint
from domain.clock import Clock
from domain.states import CaseState, ClockKind, ClockState, EntryKind, OfficeFunction
from domain.timeline import TimelineEntry

router = APIRouter(include_in_schema=False)

STEPS = ("what", "where", "how", "check")
FIELDS = ("text", "service", "place", "answer", "phone", "name", "about_staff")
STEP_OF_FIELD = {"text": "what", "service": "where", "place": "where"}


@router.get("/")
def start(request: Request) -> Response:
    """Where every citizen begins."""
    current = settings()
    contacts: list[dict[str, object]] = []
    if current.twilio_from.startswith("+"):
        contacts.append({"channel": "sms", "name": readable(current.twilio_from), "url": f"sms:{current.twilio_from}"})
    context = {"contacts": contacts, "answer_days": choices.answer_days()}
    return render(request, "citizen/start.html", context)


@router.get("/report")
def show_report(request: Request, office: str = "", service: str = "", place: str = "") -> Response:
    """First question of a report. A poster's code may say the office, the service or the place."""
    values = dict.fromkeys(FIELDS, "") | {"service": service[:64], "place": place[:200]}
    return _report(request, "what", values, {"office": office[:32]} if office else {}, str(new_id()))


@router.post("/report")
def post_report(request: Request, form: Posted) -> Response:
    """One step further, one back, or sent."""
    step = form.get("step", "what") if form.get("step") in STEPS else "what"
    go = form.get("go", "next")
    values = {name: form.get(name, "") for name in FIELDS}
    hidden = {"office": form["office"][:32]} if form.get("office") else {}
    form_id = form.get("form_id", "")[:64] or str(new_id())
    place = STEPS.index(step)
    if go == "back":
        return _report(request, STEPS[max(place - 1, 0)], values, hidden, form_id)
    if go in STEPS:
        return _report(request, go, values, hidden, form_id)
    lang, _ = choose_language(request)
    try:
        message = _read(values, hidden, form_id, lang)
        errors: dict[str, str] = _missing(values) if place >= STEPS.index("how") else {}
    except BadInput as error:
        errors = dict(error.fields)
    so_far = {name: text for name, text in errors.items() if STEPS.index(STEP_OF_FIELD.get(name, "how")) <= place}
    if so_far:
        first = min((STEPS.index(STEP_OF_FIELD.get(name, "how")) for name in so_far), default=place)
        translated = {name: translator(lang).gettext(text) for name, text in so_far.items()}
        return _report(request, STEPS[first], values, hidden, form_id, translated, status=422)
    if step != "check" or go != "send":
        return _report(request, STEPS[min(place + 1, len(STEPS) - 1)], values, hidden, form_id)
    throttle.spend("report", throttle.address_of(request))
    return _sent(request, message, values)


def _read(values: Mapping[str, str], hidden: Mapping[str, str], form_id: str, lang: str) -> Inbound:
    anonymous = values["answer"] == "anonymous"
    given = {**values, **hidden, "token": form_id, "anonymous": anonymous, "language": lang}
    if anonymous:
        given["phone"] = ""
    return web.parse(given, region=settings().region)


def _missing(values: Mapping[str, str]) -> dict[str, str]:
    if values["answer"] not in ("phone", "anonymous"):
        return {"answer": N_("Choose how we shall answer you.")}
    if values["answer"] == "phone" and not clean(values["phone"]):
        return {"phone": N_("Enter a phone number, or choose to stay anonymous.")}
    return {}


def _report(
    request: Request,
    step: str,
    values: Mapping[str, str],
    hidden: Mapping[str, str],
    form_id: str,
    errors: Mapping[str, str] | None = None,
    *,
    status: int = 200,
) -> Response:
    lang, _ = choose_language(request)
    with database().read() as session:
        known = catalogue(session)
        services, places = choices.services(known, lang), choices.places(known, lang)
    context = {
        "step": step,
        "values": dict(values),
        "errors": dict(errors or {}),
        "form_id": form_id,
        "hidden": dict(hidden),
        "services": services,
        "places": places,
        "service_name": choices.label(services, values["service"]),
        "place_name": choices.label(places, values["place"]) or values["place"],
        "answer_days": choices.answer_days(),
    }
    return render(request, "citizen/report.html", context, status=status)


def _sent(request: Request, message: Inbound, values: Mapping[str, str]) -> Response:
    # clicked twice it is one message; changed on the way back from the receipt it is another
    said = hashlib.sha256(f"{message.sender}\0{message.text}".encode()).hexdigest()[:16]
    row = intake.receive_and_process(replace(message, provider_id=f"{message.provider_id}/{said}"), datetime.now(UTC))
    lang, _ = choose_language(request)
    with database().read() as session:
        case = session.get(Case, row.case_id) if row.case_id else None
        if case is None:  # stored, but not yet a case: the worker goes on with it
            raise BadInput(
                "We have your message, but its number is not ready yet.",
                mend="Send the form again in a minute to see the number; it will not count twice.",
            )
        context = _receipt(session, case, lang)
    return render(request, "citizen/receipt.html", context)


def _receipt(session: Session, case: Case, lang: str) -> dict[str, object]:
    url = f"{settings().site_url}/track/{case.reference}"
    contact = session.get(ContactPoint, case.contact_point_id) if case.contact_point_id else None
    return {
        "reference": case.reference,
        "pin": pin_of(case.id),
        "office": "" if case.state == CaseState.triage else catalogue(session).name(case.office_id, lang),
        "confidential": case.integrity,
        "opened_at": case.opened_at,
        "due_at": _first_due(session, case) or case.opened_at,
        "by_phone": mask(contact.address) if contact else "",
        "qr": Markup(segno.make(url, error="m").svg_inline(scale=4, border=2, svgclass="qr", lineclass=None)),  # noqa: S704
        "track_url": url,
    }


def _first_due(session: Session, case: Case) -> datetime | None:
    due = [clock.deadline_at for clock in history.clocks(session, case) if clock.kind == ClockKind.first_response]
    return due[0] if due else None


@router.get("/track")
def show_track(request: Request, reference: str = "") -> Response:
    """Ask for the reference."""
    if wanted := normalise_reference(reference):
        return RedirectResponse(f"/track/{wanted}", status_code=303)
    return render(request, "citizen/track.html", {"reference": reference[:40], "errors": {}})


@router.post("/track")
def post_track(request: Request, form: Posted) -> Response:
    """Find a case by its reference, and with a code open its answers."""
    typed = form.get("reference", "")[:40]
    lang, _ = choose_language(request)
    address = throttle.address_of(request)
    throttle.check("track", address)
    with database().read() as session:
        try:
            case = history.tracked(session, typed)
        except NotFound:
            throttle.spend("track", address)
            said = translator(lang)
            errors = {"reference": said.gettext(_UNKNOWN)}
            return render(request, "citizen/track.html", {"reference": typed, "errors": errors}, status=404)
    if not form.get("code", "").strip():
        query = f"?lang={quote(request.query_params['lang'])}" if "lang" in request.query_params else ""
        return RedirectResponse(f"/track/{case.reference}{query}", status_code=303)
    return _tracked(request, case.reference, code=form["code"])


@router.get("/track/{reference}")
def show_tracked(request: Request, reference: str) -> Response:
    """Where one case stands, without a word of what was written."""
    return _tracked(request, reference)


@router.post("/track/{reference}")
def unlock_tracked(request: Request, reference: str, form: Posted) -> Response:
    """The same with the answers, for whoever has the PIN or the last digits of the number."""
    return _tracked(request, reference, code=form.get("code", ""))


@router.post("/track/{reference}/message")
def add_message(request: Request, reference: str, form: Posted) -> Response:
    """A further message from the tracking page, for whoever opened the answers."""
    text = clean(form.get("text", ""), web.MAX_TEXT)
    now = datetime.now(UTC)
    if not text:
        return _tracked(
            request, reference, unlock=form.get("unlock", ""), errors={"text": N_("Write your message first.")}
        )
    throttle.spend("report", throttle.address_of(request))
    with database().write() as session:
        case = history.tracked(session, reference)
        if not _opens(case, form.get("unlock", "")) and not _code_right(session, case, form.get("message_code", "")):
            return _tracked(request, reference, errors={"message_code": _WRONG_CODE})
        case = session.get_one(Case, case.id, with_for_update=True)
        said = history.timeline(session, case)
        last = said[-1] if said else None
        doubled = last is not None and last.kind == EntryKind.citizen_wrote and last.body.get("text") == text
        if not doubled:
            lifecycle.citizen_wrote(session, case, text, now)
        proof = _proof(case)
    return _tracked(request, reference, unlock=proof, sent=True)


_UNKNOWN = N_(
    "We do not know this number. It has eight letters and digits, such as K7QF-3M9V. "
    "Check each one, or ask at any office."
)
_WRONG_CODE = N_(
    "These digits do not go with this number. Use the PIN of your receipt, or the last four of your phone."
)


def _proof(case: Case) -> str:
    """Shows that the code was right, for a day, so that it need not be typed again."""
    day = datetime.now(UTC).date().isoformat()
    return cipher().seal(f"unlock {case.id} {day}".encode())


def _opens(case: Case, unlock: str) -> bool:
    return same(unlock, _proof(case))


def _code_right(session: Session, case: Case, code: str) -> bool:
    for rule in ("pin", "pin-week"):
        throttle.check(rule, case.reference)
    if history.unlocks(session, case, code):
        return True
    for rule in ("pin", "pin-week"):
        throttle.spend(rule, case.reference)
    return False


def _tracked(
    request: Request,
    reference: str,
    *,
    code: str | None = None,
    unlock: str = "",
    errors: Mapping[str, str] | None = None,
    sent: bool = False,
) -> Response:
    now = datetime.now(UTC)
    lang, _ = choose_language(request)
    address = throttle.address_of(request)
    throttle.check("track", address)
    wrong: dict[str, str] = {name: translator(lang).gettext(text) for name, text in (errors or {}).items()}
    with database().read() as session:
        try:
            case = history.tracked(session, reference)
        except NotFound:
            throttle.spend("track", address)
            raise
        is_open = bool(unlock) and _opens(case, unlock)
        if code is not None:
            is_open = _code_right(session, case, code)
            if not is_open:
                wrong["code"] = translator(lang).gettext(_WRONG_CODE)
    if is_open and code is not None:
        with database().write() as session:
            lifecycle.read_on_page(session, session.get_one(Case, case.id, with_for_update=True), now)
    with database().read() as session:
        context = _view(session, session.get_one(Case, case.id), lang, now, is_open=is_open)
    context |= {"unlock": _proof(case) if is_open else "", "errors": wrong, "sent": sent}
    return render(request, "citizen/tracked.html", context, status=422 if wrong else 200)


def _view(session: Session, case: Case, lang: str, now: datetime, *, is_open: bool) -> dict[str, object]:
    known = catalogue(session)
    clocks = history.clocks(session, case)
    running = _running(clocks)
    silent = case.first_response_at is None
    public = [entry for entry in history.timeline(session, case) if entry.public]
    said = [_shown(entry, known, lang, is_open=is_open) for entry in reversed(public)]
    return {
        "case": {
            "reference": case.reference,
            "state": case.state,
            "office": "" if case.state == CaseState.triage or case.integrity else known.name(case.office_id, lang),
            "confidential": case.integrity,
            "opened_at": case.received_at,
            "silent_seconds": int((now - case.received_at).total_seconds()) if silent else None,
            "silent_since": case.received_at if silent else None,
            "due_at": running.deadline_at if running else None,
            "late": bool(running and running.deadline_at < now),
            "answered_at": case.first_response_at,
            "outcome": case.outcome,
        },
        "timeline": said,
    }


def _running(clocks: Sequence[Clock]) -> Clock | None:
    answers = (ClockKind.first_response, ClockKind.reply_due)
    running = [c for c in clocks if c.state == ClockState.running and c.kind in answers]
    return min(running, key=lambda clock: clock.deadline_at) if running else None


def _shown(entry: TimelineEntry, known: Catalogue, lang: str, *, is_open: bool) -> dict[str, object]:
    office = known.name(entry.office_id, lang) if entry.actor != "citizen" else ""
    words = str(entry.body.get("text") or "") if is_open else ""
    to = known.office_by_code.get(str(entry.body.get("office")))
    sorting = entry.kind == EntryKind.routed and to is not None and to.function == OfficeFunction.triage
    return {
        "at": entry.at,
        "text": translator(lang).gettext(STATES[CaseState.triage] if sorting else EVENTS[EntryKind(entry.kind)]),
        "kind": EntryKind(entry.kind),
        "by": office,
        "said": words,
        "ours": entry.actor != "citizen",
    }
