"""Call-backs, what staff heard in a recording, who is not one person. Every change is a POST with a CSRF token."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api import check_view, heard
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from api.said import SAID
from api.staff import act_on
from cases import callbacks, history, people, transcripts
from cases.acting import Form, Repeated, lock
from cases.checks import CALLERS
from cases.rights import WORKING
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from domain.case import Case
from domain.visibility import Viewer

router = APIRouter(include_in_schema=False)

SAID["split"] = "Taken apart. Their cases are with whom they came from."
SAID["transcript"] = "Written down. These are the words of the case now."
_SAID = {
    "no-answer": "Noted. They stay on the list, and the silence goes on.",
    "checked": "Noted. It is kept beside what the citizen said.",
    "spoke": "Noted. You spoke with them, so the silence has ended.",
}


@router.get("/staff/callbacks")
def show_callbacks(request: Request, staff: Staffed, said: str = "") -> Response:
    """Who waits to be called back, longest first."""
    if said in _SAID:
        request.state.flash = {"text": _SAID[said], "tone": "well", "undo": ""}
    return page(request, staff.viewer)


def page(
    request: Request,
    who: Viewer,
    *,
    shown: Mapping[UUID, str] | None = None,
    numbers: Mapping[UUID, str] | None = None,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The list; `shown` and `numbers` are numbers just looked at, of citizens who wait and of calls that check."""
    if not who.has(*CALLERS):
        raise NotAllowed("Call-backs are for those who answer citizens.", mend="Your figures are under Figures.")
    with database().read() as session:
        lines = heard.waiting(session, who, datetime.now(UTC), shown or {}) if who.has(*WORKING) else []
        to_check = check_view.waiting(session, who, numbers or {})
    context = {"items": lines, "checks": to_check, "errors": dict(errors or {}), "typed": dict(typed or {})}
    return render(request, "staff/callbacks.html", context, status=422 if errors else status)


Act = Callable[[Session, Case, Form], str]


def _do(request: Request, staff: SignedIn, form: Mapping[str, str], reference: str, action: str, act: Act) -> Response:
    """Do one thing about one call, then show the list; what cannot be done is said beside what was typed."""
    version = form.get("version", "")
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    words = f"{staff.id}|{reference}|{action}|{seen}|{form.get('text', '')}"
    once = Form(seen, hashlib.sha256(words.encode()).hexdigest()[:32])
    typed = {reference: form.get("text", "")}
    shown: dict[UUID, str] = {}
    try:
        with database().write() as session:
            case = history.load(session, staff.viewer, reference)
            if number := act(session, case, once):
                shown[case.id] = number
    except Repeated:
        pass
    except NotFound:
        raise
    except BadInput as error:
        said = next(iter(error.fields.values()), str(error))
        return page(request, staff.viewer, errors={f"said-{reference}": said}, typed=typed)
    except (Conflict, NotAllowed) as error:
        return refused(request, staff, error, typed)
    if shown:
        return page(request, staff.viewer, shown=shown)
    return RedirectResponse(f"/staff/callbacks?said={action}", status_code=303)


def refused(request: Request, staff: SignedIn, error: OmbudError, typed: Mapping[str, str]) -> Response:
    """The list, with why something was not done and what was typed."""
    request.state.flash = {"text": str(error), "tone": "late", "undo": ""}
    return page(request, staff.viewer, typed=typed, status=error.status)


@router.post("/staff/callbacks/{reference}/reveal")
def reveal(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Show the number to call; that it was looked at stands on the timeline. It is in no address."""
    now = datetime.now(UTC)
    return _do(
        request, staff, form, reference, "reveal", lambda s, c, f: callbacks.reveal(s, c.id, staff.viewer, now, f)
    )


@router.post("/staff/callbacks/{reference}/no-answer")
def no_answer(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Nobody picked up."""
    now, note = datetime.now(UTC), form.get("text", "")

    def act(session: Session, case: Case, once: Form) -> str:
        callbacks.no_answer(session, case.id, staff.viewer, note, now, once)
        return ""

    return _do(request, staff, form, reference, "no-answer", act)


@router.post("/staff/callbacks/{reference}/spoke")
def spoke(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Somebody spoke with the citizen, and says what was said."""
    now, text = datetime.now(UTC), form.get("text", "")

    def act(session: Session, case: Case, once: Form) -> str:
        callbacks.spoke(session, case.id, staff.viewer, text, now, once)
        return ""

    return _do(request, staff, form, reference, "spoke", act)


@router.post("/staff/cases/{reference}/transcript")
def transcript(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Write down what was said in a recording."""
    text, which = form.get("transcript", ""), form.get("recording", "")

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        try:
            recording = UUID(which)
        except ValueError as error:
            raise BadInput("Choose a recording.", fields={"transcript": "Choose a recording."}) from error
        return transcripts.transcribe(session, case.id, who, recording, text, datetime.now(UTC), once)

    return act_on(request, staff, form, reference, "transcript", "transcript", act)


@router.post("/staff/cases/{reference}/split")
def split(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Say that one of a citizen's contact points is somebody else's."""
    why, which = form.get("split_reason", ""), form.get("other", "")

    def act(session: Session, case: Case, who: Viewer, once: Form) -> None:
        try:
            other = UUID(which)
        except ValueError as error:
            raise BadInput("Choose which one.", fields={"split_reason": "Choose which one."}) from error
        held = lock(session, case.id, who)
        people.split_by_staff(session, held, other, who, why, datetime.now(UTC), once.token)

    return act_on(request, staff, form, reference, "split", "split_reason", act)
