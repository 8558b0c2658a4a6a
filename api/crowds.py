"""The same matter, many times: joining, sending one answer on, taking apart. Every change is a POST with a token."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api import crowd_view
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from api.said import SAID
from cases import crowds, history, proposals, relays
from cases.acting import Form, Repeated
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, OmbudError
from core.ids import normalise_reference
from domain.case import Case
from domain.visibility import Viewer

router = APIRouter(include_in_schema=False)

SEEN_ALL = 2**31 - 1
"""Version of a form that is right whatever happened since: it takes back what somebody did."""


def _now() -> datetime:
    return datetime.now(UTC)


@router.get("/staff/cases/{reference}/crowd")
def show_crowd(request: Request, staff: Staffed, reference: str, said: str = "") -> Response:
    """Who reported the same matter, since when, and who is answered; and what looks the same."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _page(request, staff, reference)


def _page(
    request: Request,
    staff: SignedIn,
    reference: str,
    errors: Mapping[str, str] | None = None,
    number: str = "",
    problem: OmbudError | None = None,
) -> Response:
    if problem is not None:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    with database().read() as session:
        context = crowd_view.page(session, staff.viewer, history.load(session, staff.viewer, reference), _now())
    context |= {"errors": dict(errors or {}), "typed": {"number": number}}
    return render(request, "staff/crowd.html", context, status=problem.status if problem else 422 if errors else 200)


Act = Callable[[Session, Case, Viewer, Form], object]


def _act(
    request: Request, staff: SignedIn, form: Mapping[str, str], reference: str, said: str, act: Act, *, seen: int = -1
) -> Response:
    """Do one action, once, then show the case again; what cannot be done is said on the page of the crowd."""
    words = " ".join(f"{name}={value}" for name, value in sorted(form.items()) if name != "csrf")
    once = hashlib.sha256(f"{staff.id}|{reference}|{said}|{words}".encode()).hexdigest()[:32]
    version = form.get("version", "")
    if seen < 0:
        seen = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    try:
        with database().write() as session:
            case = history.load(session, staff.viewer, reference)
            act(session, case, staff.viewer, Form(seen, once))
    except Repeated:
        pass
    except (BadInput, Conflict, NotAllowed) as error:
        return _page(request, staff, reference, number=form.get("number", ""), problem=error)
    page = f"/staff/cases/{reference}{'/crowd' if said == 'refused' else ''}"
    return RedirectResponse(f"{page}?said={said}", status_code=303)


@router.post("/staff/cases/{reference}/crowd/join")
def join(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Join all that look the same, those ticked, or one by its number."""
    number = form.get("number", "").strip()
    if "number" in form and normalise_reference(number) is None:
        return _page(request, staff, reference, {"number": "Eight letters and digits, such as K7QF-3M9V."}, number)

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        chosen = [number] if number else _ticked(form)
        if form.get("all"):
            ids = [one.id for one, _ in proposals.proposed(session, who, case)]
        else:
            ids = crowd_view.by_references(session, who, chosen)
        return crowds.join(session, case.id, who, ids, _now(), once)

    return _act(request, staff, form, reference, "join", act)


@router.post("/staff/cases/{reference}/crowd/refuse")
def refuse(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Those ticked are another matter."""

    def act(session: Session, case: Case, who: Viewer, once: Form) -> None:
        ids = crowd_view.by_references(session, who, _ticked(form))
        proposals.refuse(session, case.id, who, ids, _now(), once)

    return _act(request, staff, form, reference, "refused", act)


@router.post("/staff/cases/{reference}/crowd/send")
def send(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """The last answer holds for those who joined since: each of them gets it."""
    return _act(request, staff, form, reference, "send", lambda s, c, w, f: relays.send_again(s, c.id, w, _now(), f))


@router.post("/staff/cases/{reference}/crowd/undo")
def undo(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Take apart what the last click joined."""
    return _act(
        request,
        staff,
        form,
        reference,
        "undone",
        lambda s, c, w, f: crowds.undo(s, c.id, w, _now(), f),
        seen=SEEN_ALL,
    )


@router.post("/staff/cases/{reference}/crowd/part")
def part(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Take one case out of its crowd."""
    back = reference
    try:
        with database().write() as session:
            case = history.load(session, staff.viewer, reference)
            lead = crowds.lead_of(session, staff.viewer, case)
            back = lead.reference if lead else reference
            once = Form(SEEN_ALL, f"part:{case.id}:{case.timeline_length}")
            reason = form.get(f"reason-{case.reference}", "")
            crowds.part(session, case.id, staff.viewer, reason, _now(), once)
    except (BadInput, Conflict, NotAllowed) as error:
        return _page(request, staff, back, problem=error)
    return RedirectResponse(f"/staff/cases/{back}/crowd?said=part", status_code=303)


def _ticked(form: Mapping[str, str]) -> list[str]:
    return [name.removeprefix("case-") for name in form if name.startswith("case-")]
