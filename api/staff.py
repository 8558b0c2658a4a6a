"""Staff pages: the desk and what is done there, triage, notices, account. Every change is a POST with a CSRF token."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select, update

from api import choices, desk
from api.auth import SignedIn, Staffed, hashed_cookie
from api.citizen import Posted
from api.pages import render, render_fragment
from cases import handover, history, lifecycle
from cases.acting import Form, Repeated
from core.crypto import same
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, OmbudError
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.staff import Staff, StaffSession
from domain.states import CaseState, Outcome
from domain.visibility import Viewer, readable

router = APIRouter(include_in_schema=False)

SAID = {
    "answer": "Sent. The silence ends when it reaches the citizen.",
    "ask": "Your question is on its way. The silence goes on until you answer.",
    "note": "The note is kept.",
    "transfer": "Offered. It stays yours until they accept.",
    "assign": "Given.",
    "take": "It is yours.",
    "accept": "Accepted. Your office answers for it now.",
    "refuse": "Given to triage, with your reason.",
    "close": "Closed. The citizen gets your words.",
    "release": "Released to triage.",
    "placed": "Placed. The office has it, and the classifier learns from it.",
}


def checked_form(staff: Staffed, form: Posted) -> dict[str, str]:
    """Dependency: the posted form of somebody signed in, sent from our own page. Raises NotAllowed."""
    if not same(form.get("csrf", ""), staff.csrf):
        raise NotAllowed("This form is from another session.", mend="Go back, reload the page, and send it again.")
    return form


Filled = Annotated[dict[str, str], Depends(checked_form)]


def _now() -> datetime:
    return datetime.now(UTC)


@router.get("/staff")
def show_desk(request: Request, staff: Staffed, said: str = "") -> Response:
    """The desk, with the most urgent case open."""
    return _desk(request, staff.viewer, None, said=said)


@router.get("/staff/cases/{reference}")
def show_case(request: Request, staff: Staffed, reference: str, said: str = "") -> Response:
    """The desk with one case open."""
    return _desk(request, staff.viewer, reference, said=said)


@router.get("/staff/queue")
def show_queue(request: Request, staff: Staffed, open: str = "") -> Response:
    """The queue alone, for the live view; 304 when nothing changed."""
    with database().read() as session:
        context = desk.queue(session, staff.viewer, _minute())
    return render_fragment(request, "staff/queue.html", {**context, "opened": open})


def _minute() -> datetime:
    # seconds would change every figure on every look, and the page with it
    return _now().replace(second=0, microsecond=0)


@router.get("/staff/search")
def search(request: Request, staff: Staffed, q: str = "") -> Response:
    """Cases by reference or words, among those the person may see."""
    words = clean(q, 200)
    if not words:
        return RedirectResponse("/staff", status_code=303)
    return _desk(request, staff.viewer, None, chosen=history.Filter(words=words))


def _desk(
    request: Request,
    who: Viewer,
    reference: str | None,
    *,
    said: str = "",
    chosen: history.Filter | None = None,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    problem: OmbudError | None = None,
) -> Response:
    now = _now()
    if problem is not None:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    elif said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    with database().read() as session:
        context = desk.queue(session, who, now, chosen)
        rows = context["queue"]
        opened = reference or (rows[0]["reference"] if rows else None)  # type: ignore[index]
        nothing: dict[str, object] = {"case": None, "timeline": [], "may": set(), "version": 0}
        nothing |= {"offices": [], "people": [], "outcomes": [], "saved_replies": []}
        view = desk.case_view(session, who, history.load(session, who, opened), now) if opened else nothing
    form = {"answer": "", "note": "", "reason": ""} | dict(typed or {})
    context |= view | {"opened": opened or "", "explicit": reference is not None}
    context |= {"form": form, "errors": dict(errors or {})}
    status = problem.status if problem else 422 if errors else 200
    return render(request, "staff/desk.html", context, status=status)


Act = Callable[[Session, Case, Viewer, Form], object]


def _do(
    request: Request, staff: SignedIn, form: Mapping[str, str], reference: str, action: str, field: str, act: Act
) -> Response:
    """Do one action on a case, then show the case again; what cannot be done is said beside what was typed."""
    words = " ".join(f"{name}={value}" for name, value in sorted(form.items()) if name != "csrf")
    once = hashlib.sha256(f"{staff.id}|{reference}|{action}|{words}".encode()).hexdigest()[:32]
    version = form.get("version", "")
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    typed = {field: form.get("text", "") or form.get(field, "")}
    try:
        with database().write() as session:
            case = history.load(session, staff.viewer, reference)
            act(session, case, staff.viewer, Form(seen, once))
            still_theirs = _still_visible(session, staff.viewer, case)
    except Repeated:
        still_theirs = True
    except BadInput as error:
        at = {field if name == "text" else name: said for name, said in error.fields.items()}
        return _desk(request, staff.viewer, reference, errors=at or {field: str(error)}, typed=typed)
    except (Conflict, NotAllowed) as error:
        return _desk(request, staff.viewer, reference, problem=error, typed=typed)
    page = f"/staff/cases/{reference}" if still_theirs else "/staff"
    return RedirectResponse(f"{page}?{urlencode({'said': action})}", status_code=303)


def _still_visible(session: Session, who: Viewer, case: Case) -> bool:
    session.flush()
    return bool(history.find(session, who, history.Filter(words=case.reference), limit=1))


@router.post("/staff/cases/{reference}/answer")
def answer(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Answer the citizen, or ask them something."""
    text, asks = form.get("text", ""), form.get("go") == "ask"
    do = lifecycle.ask if asks else lifecycle.reply
    action = "ask" if asks else "answer"
    return _do(request, staff, form, reference, action, "answer", lambda s, c, w, f: do(s, c.id, w, text, _now(), f))


@router.post("/staff/cases/{reference}/note")
def note(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Keep a note for colleagues."""
    text = form.get("note", "")
    return _do(
        request, staff, form, reference, "note", "note", lambda s, c, w, f: lifecycle.note(s, c.id, w, text, _now(), f)
    )


@router.post("/staff/cases/{reference}/transfer")
def transfer(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Offer the case to another office."""

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        target = catalogue(session).office_by_code.get(form.get("office", "").upper())
        if target is None:
            raise BadInput("Choose the office it belongs to.", fields={"office": "Choose the office it belongs to."})
        return handover.transfer(session, case.id, who, target.id, form.get("reason", ""), _now(), once)

    return _do(request, staff, form, reference, "transfer", "reason", act)


@router.post("/staff/cases/{reference}/assign")
def assign(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Give the case to a colleague."""

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        return handover.assign(session, case.id, who, _uuid(form.get("staff", "")), _now(), once)

    return _do(request, staff, form, reference, "assign", "staff", act)


@router.post("/staff/cases/{reference}/take")
def take(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Take the case on oneself."""
    mine = UUID(staff.id)
    return _do(
        request,
        staff,
        form,
        reference,
        "take",
        "staff",
        lambda s, c, w, f: handover.assign(s, c.id, w, mine, _now(), f),
    )


@router.post("/staff/cases/{reference}/accept")
def accept(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Accept a case that was offered."""
    return _do(
        request, staff, form, reference, "accept", "reason", lambda s, c, w, f: handover.accept(s, c.id, w, _now(), f)
    )


@router.post("/staff/cases/{reference}/refuse")
def refuse(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Refuse a case that was offered; triage decides."""
    why = form.get("refuse_reason", "")
    return _do(
        request,
        staff,
        form,
        reference,
        "refuse",
        "reason",
        lambda s, c, w, f: handover.refuse(s, c.id, w, why, _now(), f),
    )


@router.post("/staff/cases/{reference}/release")
def release(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Release a case from integrity."""
    why = form.get("release_reason", "")
    return _do(
        request,
        staff,
        form,
        reference,
        "release",
        "reason",
        lambda s, c, w, f: handover.release(s, c.id, w, why, _now(), f),
    )


@router.post("/staff/cases/{reference}/close")
def close(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Close with an outcome, in words for the citizen."""

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        if form.get("outcome") not in set(Outcome):
            raise BadInput("Choose an outcome.", fields={"outcome": "Choose an outcome."})
        return lifecycle.close(session, case.id, who, Outcome(form["outcome"]), form.get("words", ""), _now(), once)

    return _do(request, staff, form, reference, "close", "words", act)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadInput("Choose a colleague.", fields={"staff": "Choose a colleague."}) from error


@router.get("/staff/triage")
def show_triage(request: Request, staff: Staffed, said: str = "") -> Response:
    """What needs a person to say whose it is, longest silent first."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _triage(request, staff.viewer)


def _triage(request: Request, who: Viewer, errors: Mapping[str, str] | None = None) -> Response:
    if not who.triage:
        raise NotAllowed("The triage desk is for those who work there.", mend="Your own cases are on your desk.")
    now = _now()
    waiting = history.Filter(states=frozenset({CaseState.triage}))
    with database().read() as session:
        known = catalogue(session)
        items = [
            {
                "reference": line.case.reference,
                "text": line.case.text,
                "channel": str(line.case.channel),
                "language": line.case.language,
                "opened_at": line.case.opened_at,
                "silent_seconds": int((now - line.case.received_at).total_seconds()),
                "reason": line.case.routing_reason,
                "suggestions": [
                    {
                        "service": guess["service"],
                        "name": choices.service_name(known, str(guess["service"])),
                        "office": guess["office"],
                        "office_name": choices.office_name(known, str(guess["office"])),
                        "probability": guess["probability"],
                    }
                    for guess in line.case.routing_suggestions
                ],
            }
            for line in history.find(session, who, waiting, order="oldest", limit=50)
        ]
        context = {
            "items": items,
            "services": choices.services(known, "en"),
            "offices": choices.offices(known, "en"),
            "total": history.count(session, who, waiting),
            "errors": dict(errors or {}),
        }
    return render(request, "staff/triage.html", context, status=422 if errors else 200)


@router.post("/staff/triage/{reference}")
def place(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Say whose it is: a suggestion, or a service and an office."""
    picked = form.get("pick", "")
    service_code, _, office_code = (
        picked.partition("|") if picked else (form.get("service", ""), "", form.get("office", ""))
    )
    once = hashlib.sha256(f"{staff.id}|{reference}|{service_code}|{office_code}".encode()).hexdigest()[:32]
    try:
        with database().write() as session:
            known = catalogue(session)
            case = history.load(session, staff.viewer, reference)
            service = known.service_by_code.get(service_code)
            office = known.office_by_code.get(office_code.upper())
            if office is None and service is not None:
                office = choices.responsible(known, service.id, case.place, _now())
            if office is None:
                raise BadInput("Choose a service or an office.", fields={f"office-{reference}": "Choose one of both."})
            handover.place_from_triage(
                session, case.id, staff.viewer, office.id, service.id if service else None, _now(), Form(2**31, once)
            )
    except Repeated:
        pass
    except BadInput as error:
        return _triage(request, staff.viewer, error.fields)
    except Conflict as error:
        request.state.flash = {"text": str(error), "tone": "soon", "undo": ""}
        return _triage(request, staff.viewer)
    return RedirectResponse("/staff/triage?said=placed", status_code=303)


NOTICES = 50


@router.get("/staff/notices")
def show_notices(request: Request, staff: Staffed, page: int = 0) -> Response:
    """What the person was told, newest first."""
    page = max(0, min(page, 1000))
    with database().read() as session:
        found = session.exec(
            select(Notice, Case.reference)
            .join(Case, col(Case.id) == col(Notice.case_id), isouter=True)
            .where(col(Notice.staff_id) == UUID(staff.id), readable(staff.viewer))
            .order_by(col(Notice.at).desc())
            .offset(page * NOTICES)
            .limit(NOTICES + 1)
        ).all()
    rows = [
        {
            # the reference is shown as a link of its own
            "text": notice.text.removeprefix(f"{reference}: "),
            "at": notice.at,
            "reference": reference or "",
            "unread": notice.read_at is None,
        }
        for notice, reference in found[:NOTICES]
    ]
    context = {
        "notices": rows,
        "newer": f"/staff/notices?page={page - 1}" if page else "",
        "older": f"/staff/notices?page={page + 1}" if len(found) > NOTICES else "",
    }
    return render(request, "staff/notices.html", context)


@router.post("/staff/notices")
def read_notices(staff: Staffed, form: Filled) -> Response:
    """Mark all as read."""
    with database().write() as session:
        session.execute(
            update(Notice)
            .where(col(Notice.staff_id) == UUID(staff.id), col(Notice.read_at).is_(None))
            .values(read_at=_now())
        )
    return RedirectResponse("/staff/notices", status_code=303)


@router.get("/staff/account")
def show_account(request: Request, staff: Staffed) -> Response:
    """Who one is here, and where one is signed in."""
    now = _now()
    with database().read() as session:
        known = catalogue(session)
        person = session.get_one(Staff, UUID(staff.id))
        open_sessions = session.exec(
            select(StaffSession)
            .where(
                col(StaffSession.staff_id) == person.id,
                col(StaffSession.revoked_at).is_(None),
                col(StaffSession.expires_at) > now,
            )
            .order_by(col(StaffSession.created_at).desc())
        ).all()
        here = hashed_cookie(request)
        context = {
            "roles": [
                {"role": role, "office": known.name(office)} for role, office in sorted(staff.viewer.roles, key=str)
            ],
            "email": person.email,
            "sessions": [
                {"agent": one.agent, "created_at": one.created_at, "current": one.token_hash == here}
                for one in open_sessions
            ],
        }
    return render(request, "staff/account.html", context)


@router.post("/staff/account/language")
def set_language(staff: Staffed, form: Filled) -> Response:
    """Language of the staff pages for this person."""
    wanted = form.get("language", "")
    if wanted not in settings().languages:
        raise BadInput("Choose one of the languages offered.", fields={"language": "choose one"})
    with database().write() as session:
        session.get_one(Staff, UUID(staff.id)).language = wanted
    return RedirectResponse("/staff/account", status_code=303)
