"""The words of the messages: what each weighs and costs by SMS, and a deployment's own instead of those shipped."""

from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import median_low
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.settings import settings
from domain.catalogue import Catalogue, catalogue, name_of
from domain.office import Office
from domain.service import Service
from domain.staff import Staff
from domain.states import OfficeFunction, Role
from domain.wording import Wording
from notifications import checking, compose, wordings
from notifications.segments import Weight, for_sms, plainer, weigh

router = APIRouter(include_in_schema=False)

MESSAGES = {
    "acknowledgement": "We have your message",
    "added": "Added to a case",
    "ask_belongs": "Which one does it belong to?",
    "ask_place": "Which place?",
    "ask_service": "What is it about?",
    "declined": "Not in a group",
    "files_refused": "A file was not kept",
    "guide": "The bot asks, step by step",
    "link": "One person, two ways",
    "missed_call": "You called",
    "over": "That question is over",
    "poster": "A poster was scanned",
    "too_large": "A file is too large",
    "answer": "An office answers",
    "apart": "Only another team reads it",
    "help": "What one can write",
    "proof": "A code to prove an address",
    "question": "An office asks",
    "raised": "It has gone further up",
    "reopened": "A case is open again",
    "resumed": "Messages again, after START",
    "status": "Where a case stands",
    "stopped": "No more messages, after STOP",
    "survey": "How was it?",
    "survey_notice": "A question is coming",
    "survey_reminder": "The question once more",
    "survey_thanks": "Thanks for an answer",
    "survey_unclear": "Which question does it answer?",
    "transfer": "Another office has it",
    "unreadable": "We could not read it",
}
READERS = frozenset({Role.admin, Role.head, Role.supervisor, Role.leadership, Role.auditor})
SAID = {
    "saved": "Saved. From the next message on these words are sent.",
    "shipped": "The words that Ombud ships are sent again. Yours are kept below.",
}


def may_edit(session: Session, staff: SignedIn) -> bool:
    """Administrators, and who heads the whole government: the words speak for every office."""
    known = catalogue(session)
    tops = {office.id for office in known.children.get(None, ())}
    return staff.viewer.has(Role.admin) or any(
        role is Role.head and office in tops for role, office in staff.viewer.roles
    )


@router.get("/staff/wordings")
def show_wordings(request: Request, staff: Staffed, said: str = "") -> Response:
    """Every message in every language, and what it weighs."""
    _may_read(staff)
    today = datetime.now(UTC).astimezone(settings().zone).date()
    with database().read() as session:
        own = wordings.newest(session)
        samples = {language: _samples(catalogue(session), language) for language in settings().languages}
    rows = []
    for name in compose.names():
        cells = []
        for language in settings().languages:
            body = own[name, language].body if (name, language) in own else compose.shipped(name, language)
            weight = _heaviest(name, language, body, checking.sample_values(language, *samples[language], today))
            cells.append({"language": language, "own": (name, language) in own, **_told(weight)})
        rows.append({"name": name, "title": MESSAGES.get(name, name.replace("_", " ")), "cells": cells})
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return render(request, "staff/wordings.html", {"rows": rows, "priced": settings().sms_price > 0})


@router.get("/staff/wordings/{name}/{language}")
def show_wording(request: Request, staff: Staffed, name: str, language: str) -> Response:
    """One message in one language: its words, how they look on a phone, and what they cost."""
    return _page(request, staff, name, language)


@router.post("/staff/wordings/{name}/{language}")
def edit(request: Request, staff: Staffed, form: Filled, name: str, language: str) -> Response:
    """Look at words, make their letters plain, or keep them as a new version."""
    body, now = form.get("body", ""), datetime.now(UTC)
    if form.get("go") == "mend":
        body = plainer(body)
    try:
        with database().write() as session:
            _may_edit(session, staff)
            samples = checking.sample_values(language, *_samples(catalogue(session), language), now.date())
            checked = checking.checked(name, _language(language), body, samples)
            if form.get("go") == "save":
                seen = _number(form.get("seen", ""))
                wordings.save(session, name, language, checked, seen=seen, staff_id=UUID(staff.id), now=now)
    except BadInput as error:
        return _page(request, staff, name, language, typed=body, errors=error.fields)
    except Conflict as error:
        return _page(request, staff, name, language, typed=body, problem=error)
    if form.get("go") != "save":
        return _page(request, staff, name, language, typed=body)
    wordings.forget()  # once more, now that it is durable
    return RedirectResponse("/staff/wordings?said=saved", status_code=303)


@router.post("/staff/wordings/{name}/{language}/revert")
def revert(request: Request, staff: Staffed, form: Filled, name: str, language: str) -> Response:
    """Go back to an older version, which becomes the newest, or to the words shipped (version 0)."""
    _known(name, language)
    wanted, seen, now = _number(form.get("version", "")), _number(form.get("seen", "")), datetime.now(UTC)
    try:
        with database().write() as session:
            _may_edit(session, staff)
            if wanted == 0:
                wordings.use_shipped(session, name, language, seen=seen)
            else:
                old = next((one for one in wordings.versions(session, name, language) if one.version == wanted), None)
                if old is None:
                    raise NotFound("There is no such version.", mend="Choose one from the list.")
                wordings.save(session, name, language, old.body, seen=seen, staff_id=UUID(staff.id), now=now)
    except Conflict as error:
        return _page(request, staff, name, language, problem=error)
    wordings.forget()
    return RedirectResponse(f"/staff/wordings?said={'saved' if wanted else 'shipped'}", status_code=303)


def _page(
    request: Request,
    staff: SignedIn,
    name: str,
    language: str,
    *,
    typed: str | None = None,
    errors: Mapping[str, str] | None = None,
    problem: OmbudError | None = None,
) -> Response:
    _known(name, language)
    _may_read(staff)
    today = datetime.now(UTC).astimezone(settings().zone).date()
    with database().read() as session:
        office, service = _samples(catalogue(session), language)
        kept = wordings.versions(session, name, language)
        people = dict(
            session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_({v.staff_id for v in kept}))).all()
        )
        editable = may_edit(session, staff)
    used = next((version for version in kept if version.active), None)
    shipped = compose.shipped(name, language)
    body = typed if typed is not None else (used.body if used else shipped)
    wanted = checking.placeholders(name)
    previews = (
        [] if errors else _previews(name, language, body, checking.sample_values(language, office, service, today))
    )
    if problem is not None:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    context = {
        "name": name,
        "title": MESSAGES.get(name, name.replace("_", " ")),
        "language": language,
        "body": body,
        "shipped": shipped,
        "used": used.version if used else 0,
        "seen": kept[0].version if kept else 0,
        "required": sorted(wanted.required),
        "optional": sorted(wanted.known - wanted.required),
        "previews": previews,
        "letters": _letters(body, previews),
        "mendable": plainer(body) != body,
        "versions": [_version(one, people) for one in kept],
        "editable": editable,
        "priced": settings().sms_price > 0,
        "errors": dict(errors or {}),
    }
    status = problem.status if problem else 422 if errors else 200
    return render(request, "staff/wording.html", context, status=status)


def _version(wording: Wording, people: Mapping[UUID, str]) -> dict[str, object]:
    by = people.get(wording.staff_id, "") if wording.staff_id else ""
    return {"number": wording.version, "body": wording.body, "at": wording.at, "by": by, "active": wording.active}


def _previews(name: str, language: str, body: str, samples: Mapping[str, object]) -> list[dict[str, object]]:
    """Each way the message can come out, as it will look on a phone, the usual one first; [] for no template."""
    shown = []
    try:
        for values in checking.variants(name, samples):
            text = compose.fill(body, language, **values)
            sent = for_sms(text)
            shown.append({"text": sent, "plainer": sent != text, **_told(weigh(sent))})
    except Exception:  # noqa: BLE001  (an old version need not fit the placeholders of today; saving says what is wrong)
        return shown
    return [one for place, one in enumerate(shown) if one["text"] not in [other["text"] for other in shown[:place]]]


def _heaviest(name: str, language: str, body: str, samples: Mapping[str, object]) -> Weight:
    weights = [weigh(for_sms(compose.fill(body, language, **values))) for values in checking.variants(name, samples)]
    return max(weights, key=lambda weight: (weight.segments, weight.size))


def _told(weight: Weight) -> dict[str, object]:
    return {
        "alphabet": weight.alphabet,
        "size": weight.size,
        "segments": weight.segments,
        "left": weight.left,
        "price": price(weight.segments),
    }


def price(segments: int) -> str:
    """What so many segments cost, as in "0.08 EUR"; empty where no price is set."""
    current = settings()
    return f"{current.sms_price * segments:.4g} {current.sms_currency}" if current.sms_price else ""


def _letters(body: str, previews: list[dict[str, object]]) -> list[dict[str, object]]:
    """Letters of the wording that make the whole message UCS-2, where the language itself is not to blame for it."""
    if previews and previews[0]["alphabet"] == "UCS-2" and not any(o.plain is not None for o in weigh(body).odd):
        return []
    return [
        {"letter": odd.letter, "name": odd.name, "count": odd.count, "plain": odd.plain, "typing": odd.typographic}
        for odd in weigh(body).odd
        if odd.plain is not None
    ]


def _samples(known: Catalogue, language: str) -> tuple[str, str]:
    """An office and a service with names of usual length."""
    offices = [o for o in known.offices.values() if o.active and o.function == OfficeFunction.service]
    return _usual(offices, language, "Water Works"), _usual(list(known.services.values()), language, "Water supply")


def _usual(rows: "list[Office] | list[Service]", language: str, otherwise: str) -> str:
    names = sorted((name_of(row, language) for row in rows), key=lambda name: (len(name), name))
    usual = median_low([len(name) for name in names]) if names else 0
    return next((name for name in names if len(name) == usual), otherwise)


def _known(name: str, language: str) -> None:
    if name not in compose.names():
        raise NotFound("There is no such message.", mend="Choose one from the list.")
    _language(language)


def _language(language: str) -> str:
    if language not in settings().languages:
        raise NotFound("This deployment does not speak that language.", mend="Choose one from the list.")
    return language


def _may_read(staff: SignedIn) -> None:
    if not staff.viewer.has(*READERS):
        raise NotAllowed("The wordings are for those who lead or administer.", mend="Ask your administrator.")


def _may_edit(session: Session, staff: SignedIn) -> None:
    if not may_edit(session, staff):
        raise NotAllowed("Only administrators change the words of messages.", mend="Tell yours what should read how.")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
