"""Answering at the desk: sending, asking, drafts, taking back, and what is said while one writes."""

from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api import answer_box, case_pane
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render_fragment
from api.staff import act_on, case_page
from cases import drafts, history, lifecycle, people, presence, recall, translations
from cases.acting import Form
from cases.rights import works_on
from channels.translator import TranslatorAway
from core.database import database
from core.errors import Conflict
from domain.case import Case
from domain.states import Doing, Purpose
from domain.visibility import Viewer

router = APIRouter(include_in_schema=False)


def _now() -> datetime:
    return datetime.now(UTC)


@router.post("/staff/cases/{reference}/answer")
def answer(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Answer the citizen, ask them something, or keep what was written so far."""
    text, go, now = form.get("text", ""), form.get("go", "answer"), _now()
    if go in ("keep", "drop"):
        return _keep(staff, reference, text if go == "keep" else "", form.get("reply", ""), now)
    if go == "ask":
        response = act_on(
            request, staff, form, reference, "ask", "answer", lambda s, c, w, f: lifecycle.ask(s, c.id, w, text, now, f)
        )
        return _unsent(response, staff, reference, form, now)
    sent: list[int] = []

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        answer_box.warn(session, case, who, text, now, said=form.get("as_it_is", ""), field="answer")
        reply, leaves = _uuid(form.get("reply", "")), recall.leaves_at(now)
        entry = lifecycle.reply(session, case.id, who, text, now, once, saved=reply, leaves_at=leaves)
        sent.extend([entry] if leaves > now and case.contact_point_id is not None else ())
        return entry

    response = act_on(request, staff, form, reference, "answer", "answer", act)
    if sent and isinstance(response, RedirectResponse):
        response.headers["location"] += f"&entry={sent[-1]}"
    return _unsent(response, staff, reference, form, now)


def _unsent(response: Response, staff: SignedIn, reference: str, form: dict[str, str], now: datetime) -> Response:
    """Keep what was refused as a draft too: whoever closes the page that says why loses nothing."""
    if response.status_code >= 400:
        with database().write() as session:
            case = history.load(session, staff.viewer, reference)
            if works_on(case, staff.viewer):
                drafts.keep(session, case, staff.viewer, form.get("text", ""), _uuid(form.get("reply", "")), now)
    return response


def _keep(staff: SignedIn, reference: str, text: str, reply: str, now: datetime) -> Response:
    with database().write() as session:
        case = history.load(session, staff.viewer, reference)
        drafts.keep(session, case, staff.viewer, text, _uuid(reply), now)
    return RedirectResponse(f"/staff/cases/{reference}?{urlencode({'said': 'kept' if text else 'dropped'})}", 303)


@router.post("/staff/cases/{reference}/answer/{number}/undo")
def undo(request: Request, staff: Staffed, form: Filled, reference: str, number: int) -> Response:
    """Take an answer back that has not left yet."""
    return act_on(
        request,
        staff,
        form,
        reference,
        "recall",
        "answer",
        lambda s, c, w, f: recall.recall(s, c.id, number, w, _now(), f),
    )


@router.post("/staff/cases/{reference}/draft")
def keep_draft(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """While one writes: keep the draft, tell others, and show how it will look."""
    text, now = form.get("text", ""), _now()
    with database().write() as session:
        case = history.load(session, staff.viewer, reference)
        if works_on(case, staff.viewer):
            drafts.keep(session, case, staff.viewer, text, _uuid(form.get("reply", "")), now)
            presence.mark(session, case, staff.viewer, Doing.writing if text.strip() else Doing.reading, now)
    with database().read() as session:
        case = history.load(session, staff.viewer, reference)
        contact = people.address_of(session, case, Purpose.answer)
        shown = answer_box.look(session, case, staff.viewer, contact, text, now)
    return render_fragment(request, "staff/answer_look.html", {"look": shown, "warned": False})


@router.get("/staff/cases/{reference}/here")
def show_here(request: Request, staff: Staffed, reference: str) -> Response:
    """Who else has the case before them."""
    with database().read() as session:
        case = history.load(session, staff.viewer, reference)
        names = answer_box.here(session, case, staff.viewer, _now())
    return render_fragment(request, "staff/case_here.html", {"here": names})


@router.post("/staff/cases/{reference}/here")
def say_here(staff: Staffed, form: Filled, reference: str) -> Response:
    """The page is still open, or was closed (`doing=gone`)."""
    now, doing = _now(), form.get("doing", "")
    with database().write() as session:
        case = history.load(session, staff.viewer, reference)
        if doing == "gone":
            presence.leave(session, case, staff.viewer, now)
        elif works_on(case, staff.viewer):
            presence.mark(session, case, staff.viewer, Doing.writing if doing == "writing" else Doing.reading, now)
    return Response(status_code=204)


@router.get("/staff/cases/{reference}/history")
def show_history(request: Request, staff: Staffed, reference: str, seen: int = 0) -> Response:
    """What happened to a case, alone, for the live view; with what is new since `seen`."""
    with database().read() as session:
        case = history.load(session, staff.viewer, reference)
        view = case_pane.case_view(
            session, staff.viewer, case, _now().replace(second=0, microsecond=0), seen=seen, language=staff.language
        )
    form = dict.fromkeys(case_pane.FIELDS, "")
    return render_fragment(request, "staff/case_live.html", {**view, "form": form, "errors": {}})


@router.post("/staff/cases/{reference}/translate")
def translate(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Have the citizen's words translated, as far as they are not."""
    try:
        translations.translate(staff.viewer, reference, staff.language, _now())
    except (TranslatorAway, Conflict) as error:
        return case_page(request, staff, reference, error)
    return RedirectResponse(f"/staff/cases/{reference}?said=translated", 303)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
