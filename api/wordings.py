"""The words of the messages: what each weighs and costs by SMS, and a deployment's own instead of those shipped."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import col, select

from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from cases import wording_editing
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.settings import settings
from domain.catalogue import catalogue
from domain.staff import Staff
from domain.states import Role
from domain.wording import Wording, WordingState
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
    "expiring": "Something expires soon",
    "transfer": "Another office has it",
    "unreadable": "We could not read it",
}
READERS = frozenset({Role.admin, Role.head, Role.supervisor, Role.leadership, Role.auditor})
SAID = {
    "save": "Kept as a draft. Citizens read the words as before, until somebody else publishes these.",
    "publish": "Published. From the next message on these words are sent.",
    "return": "Returned. Whoever wrote it reads your reason; citizens read the words as before.",
    "shipped": "The words that Ombud ships are sent again. Yours are kept below.",
}
STATES = {
    WordingState.draft: ("waits to be published", "soon"),
    WordingState.published: ("in use", "well"),
    WordingState.replaced: ("replaced", ""),
    WordingState.returned: ("returned", "late"),
    WordingState.withdrawn: ("withdrawn", ""),
}


@router.get("/staff/wordings")
def show_wordings(request: Request, staff: Staffed) -> Response:
    """Every message in every language, and what it weighs."""
    _may_read(staff)
    now = datetime.now(UTC)
    with database().read() as session:
        own, waiting = wordings.newest(session), wordings.newest(session, WordingState.draft)
        samples = {one: wording_editing.samples(catalogue(session), one, now) for one in settings().languages}
    rows = []
    for name in compose.names():
        cells = []
        for language in settings().languages:
            body = own[name, language].body if (name, language) in own else compose.shipped(name, language)
            weight, key = _heaviest(name, language, body, samples[language]), (name, language)
            cells.append({"language": language, "own": key in own, "waits": key in waiting, **_told(weight)})
        rows.append({"name": name, "title": MESSAGES.get(name, name.replace("_", " ")), "cells": cells})
    return render(request, "staff/wordings.html", {"rows": rows, "priced": settings().sms_price > 0})


@router.get("/staff/wordings/{name}/{language}")
def show_wording(request: Request, staff: Staffed, name: str, language: str, said: str = "") -> Response:
    """One message in one language: its words, how they look on a phone, and what they cost."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _page(request, staff, name, language)


@router.post("/staff/wordings/{name}/{language}")
def edit(request: Request, staff: Staffed, form: Filled, name: str, language: str) -> Response:
    """Look at words, make their letters plain, keep them as a draft, publish the one that waits, or return it."""
    go, now, seen = form.get("go", ""), datetime.now(UTC), _number(form.get("seen", ""))
    body = plainer(form.get("body", "")) if go == "mend" else form.get("body", "")
    decides = go in ("publish", "return")
    try:
        with database().write() as session:
            if go == "publish":
                wording_editing.publish(session, staff.viewer, name, language, seen, now)
            elif go == "return":
                wording_editing.send_back(session, staff.viewer, name, language, form.get("reason", ""), seen, now)
            elif go == "save":
                wording_editing.write(session, staff.viewer, name, language, body, seen, now)
            else:
                wording_editing.check_known(name, language)
                known = catalogue(session)
                wording_editing.check_editor(known, staff.viewer)
                wording_editing.checked(known, name, language, body, now)
    except BadInput as error:
        return _page(request, staff, name, language, typed=None if decides else body, errors=error.fields)
    except Conflict as error:
        return _page(request, staff, name, language, typed=None if decides else body, problem=error)
    if go not in SAID:
        return _page(request, staff, name, language, typed=body)
    wordings.forget()  # once more, now that it is durable
    return RedirectResponse(f"/staff/wordings/{name}/{language}?said={go}", status_code=303)


@router.post("/staff/wordings/{name}/{language}/revert")
def revert(request: Request, staff: Staffed, form: Filled, name: str, language: str) -> Response:
    """Go back to the words shipped (version 0) at once, or to an older version, which then waits as the newest."""
    wording_editing.check_known(name, language)
    wanted, seen, now = _number(form.get("version", "")), _number(form.get("seen", "")), datetime.now(UTC)
    try:
        with database().write() as session:
            if wanted == wording_editing.SHIPPED:
                wording_editing.use_shipped(session, staff.viewer, name, language, seen, now)
            else:
                wording_editing.check_editor(catalogue(session), staff.viewer)
                old = next((one for one in wordings.versions(session, name, language) if one.version == wanted), None)
                if old is None:
                    raise NotFound("There is no such version.", mend="Choose one from the list.")
                wording_editing.write(session, staff.viewer, name, language, old.body, seen, now)
    except BadInput as error:
        return _page(request, staff, name, language, errors=error.fields)
    except Conflict as error:
        return _page(request, staff, name, language, problem=error)
    wordings.forget()
    return RedirectResponse(f"/staff/wordings/{name}/{language}?said={'save' if wanted else 'shipped'}", 303)


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
    wording_editing.check_known(name, language)
    _may_read(staff)
    with database().read() as session:
        samples = wording_editing.samples(catalogue(session), language, datetime.now(UTC))
        kept = wordings.versions(session, name, language)
        ids = {one.staff_id for one in kept} | {one.decided_by for one in kept}
        people = dict(session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(ids))).all())
        editable = wording_editing.may_edit(catalogue(session), staff.viewer)
    used = next((one for one in kept if one.state == WordingState.published), None)
    draft = kept[0] if kept and kept[0].state == WordingState.draft else None
    shipped, shown = compose.shipped(name, language), draft or used
    body = typed if typed is not None else (shown.body if shown else shipped)
    wanted = checking.placeholders(name)
    previews = [] if "body" in (errors or {}) else _previews(name, language, body, samples)
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
        "waits": _version(draft, people) if draft else None,
        "decides": editable and draft is not None and str(draft.staff_id) != staff.id,
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
    return {
        "number": wording.version,
        "body": wording.body,
        "at": wording.at,
        "by": people.get(wording.staff_id, "") if wording.staff_id else "command line",
        "state": STATES[WordingState(wording.state)],
        "published": wording.state == WordingState.published,
        "decided_by": people.get(wording.decided_by, "") if wording.decided_by else "",
        "decided_at": wording.decided_at,
        "reason": wording.reason,
    }


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


def _may_read(staff: SignedIn) -> None:
    if not staff.viewer.has(*READERS):
        raise NotAllowed("The wordings are for those who lead or administer.", mend="Ask your administrator.")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
