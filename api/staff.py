"""The desk and what is done there. Every change is a POST with a CSRF token."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api import answer_box, case_pane, queue, surges
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render, render_fragment
from api.said import SAID
from cases import firewall, handover, history, lifecycle, marks, merges, parts, presence
from cases.acting import Form, Repeated
from cases.filters import Filter
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, OmbudError
from core.texts import clean
from domain.case import Case
from domain.catalogue import catalogue
from domain.dashboard import READERS
from domain.states import Outcome
from domain.visibility import Viewer

router = APIRouter(include_in_schema=False)


def _now() -> datetime:
    return datetime.now(UTC)


@router.get("/staff")
def show_desk(
    request: Request, staff: Staffed, said: str = "", view: str = "", q: str = "", order: str = ""
) -> Response:
    """The desk with a view of the queue, by default the one chosen last, or with what was searched for."""
    asked = queue.asked_of(request, view, q, order)
    return queue.remember(_desk(request, staff.viewer, None, said=said, asked=asked), asked)


@router.get("/staff/cases/{reference}")
def show_case(
    request: Request,
    staff: Staffed,
    reference: str,
    said: str = "",
    use: str = "",
    reply: str = "",
    entry: int = 0,
    view: str = "",
    q: str = "",
    order: str = "",
) -> Response:
    """The desk with one case open, beside the view or the search it was chosen from.

    `use` is the part whose answer is to be sent on, put into the box; `reply` the saved reply to put there; `entry` the
    answer that was just sent and may still be taken back.
    """
    presence.look_in(staff.viewer, reference, _now())
    asked = queue.asked_of(request, view, q, order)
    back = f"/staff/cases/{reference}/answer/{entry}/undo" if said == "answer" and entry else ""
    return _desk(request, staff.viewer, reference, said=said, use=use, reply=reply, undo=back, asked=asked)


@router.get("/staff/queue")
def show_queue(
    request: Request, staff: Staffed, open: str = "", view: str = "", q: str = "", order: str = ""
) -> Response:
    """The queue alone, for the live view; 304 when nothing changed."""
    asked = queue.asked_of(request, view, q, order)
    with database().read() as session:
        context = queue.queue(session, staff.viewer, _minute(), asked)
    return render_fragment(request, "staff/queue.html", {**context, "opened": open})


def _minute() -> datetime:
    # seconds would change every figure on every look, and the page with it
    return _now().replace(second=0, microsecond=0)


@router.get("/staff/search")
def search(request: Request, staff: Staffed, q: str = "", order: str = "") -> Response:
    """Cases by reference or words, among those the person may see."""
    if not clean(q):
        return RedirectResponse("/staff", status_code=303)
    return _desk(request, staff.viewer, None, asked=queue.asked_of(request, q=q, order=order))


def _desk(
    request: Request,
    who: Viewer,
    reference: str | None,
    *,
    said: str = "",
    asked: queue.Asked | None = None,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    problem: OmbudError | None = None,
    use: str = "",
    reply: str = "",
    seen: int | None = None,
    undo: str = "",
) -> Response:
    now = _now()
    if problem is not None:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    elif said.startswith("part-off-"):
        request.state.flash = {"text": "Called off. They are told.", "tone": "well", "undo": ""}
    elif said in SAID:
        undo = undo or (f"/staff/cases/{reference}/crowd/undo" if said == "join" and reference else "")
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": undo}
    with database().read() as session:
        asked = asked or queue.asked_of(request)
        context = queue.column(session, who, now, asked)
        only = "" if reference else queue.the_only_one(context, asked)
        if only:
            return RedirectResponse(f"/staff/cases/{only}?{asked.query}", status_code=303)
        opened = reference
        nothing: dict[str, object] = {"case": None, "timeline": [], "may": set(), "version": 0}
        nothing |= {"pending_files": [], "recordings": [], "crowd": None, "together": case_pane.ALONE, "about": {}}
        nothing |= {
            "offices": [],
            "people": [],
            "outcomes": [],
            "answer": None,
            "news": [],
            "fresh": False,
            "life": None,
        }
        form = dict.fromkeys(case_pane.FIELDS, "") | {"reply": reply} | dict(typed or {})
        case = history.load(session, who, opened) if opened else None
        if case is not None and use:
            said_by = (part.answer for part in parts.parts_of(session, who, case) if part.reference == use)
            form["answer"] = next(said_by, "")
        reply = form["reply"]
        language = request.state.staff.language
        view = (
            case_pane.case_view(session, who, case, now, form["answer"], reply=reply, seen=seen, language=language)
            if case
            else nothing
        )
        band = surges.band(session, who) if reference is None else []
    context |= view | {"surges": band, "opened": opened or "", "explicit": reference is not None}
    context["leads"] = bool({role for role, _ in who.roles} & READERS)
    context |= {"form": form, "errors": dict(errors or {})}
    context["as_it_is"] = answer_box.digest(form["words"]) if "words" in context["errors"] and form["words"] else ""  # type: ignore[operator]
    status = problem.status if problem else 422 if errors else 200
    return render(request, "staff/desk.html", context, status=status)


def case_page(request: Request, staff: SignedIn, reference: str, problem: OmbudError) -> Response:
    """A case, with what could not be done about it."""
    return _desk(request, staff.viewer, reference, problem=problem)


Act = Callable[[Session, Case, Viewer, Form], object]


def act_on(
    request: Request, staff: SignedIn, form: Mapping[str, str], reference: str, action: str, field: str, act: Act
) -> Response:
    """Do one action on a case, then show the case again; what cannot be done is said beside what was typed."""
    words = " ".join(f"{name}={value}" for name, value in sorted(form.items()) if name != "csrf")
    once = hashlib.sha256(f"{staff.id}|{reference}|{action}|{words}".encode()).hexdigest()[:32]
    version = form.get("version", "")
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    kept = ("outcome", "part_office", "anyway", "reply", "why", "duplicate_of", "decision")
    typed = {name: form[name] for name in kept if name in form}
    typed |= {field: form.get("text", "") or form.get(field, "")}
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
        return _desk(request, staff.viewer, reference, problem=error, typed=typed, seen=seen)
    page = f"/staff/cases/{reference}" if still_theirs else "/staff"
    return RedirectResponse(f"{page}?{urlencode({'said': action})}", status_code=303)


def _still_visible(session: Session, who: Viewer, case: Case) -> bool:
    session.flush()
    return bool(history.find(session, who, Filter(words=case.reference), limit=1))


@router.post("/staff/cases/{reference}/note")
def note(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Keep a note for colleagues."""
    text = form.get("note", "")
    return act_on(
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

    return act_on(request, staff, form, reference, "transfer", "reason", act)


@router.post("/staff/cases/{reference}/assign")
def assign(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Give the case to a colleague."""

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        return handover.assign(session, case.id, who, _uuid(form.get("staff", "")), _now(), once)

    return act_on(request, staff, form, reference, "assign", "staff", act)


@router.post("/staff/cases/{reference}/take")
def take(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Take the case on oneself."""
    mine = UUID(staff.id)
    return act_on(
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
    return act_on(
        request, staff, form, reference, "accept", "reason", lambda s, c, w, f: handover.accept(s, c.id, w, _now(), f)
    )


@router.post("/staff/cases/{reference}/refuse")
def refuse(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Refuse a case that was offered; triage decides."""
    why = form.get("refuse_reason", "")
    return act_on(
        request,
        staff,
        form,
        reference,
        "refuse",
        "reason",
        lambda s, c, w, f: handover.refuse(s, c.id, w, why, _now(), f),
    )


@router.post("/staff/cases/{reference}/withdraw")
def withdraw(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Take back an offer to another office."""
    return act_on(
        request,
        staff,
        form,
        reference,
        "withdraw",
        "reason",
        lambda s, c, w, f: handover.withdraw(s, c.id, w, _now(), f),
    )


@router.post("/staff/cases/{reference}/release")
def release(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Release a case from integrity."""
    why = form.get("release_reason", "")
    return act_on(
        request,
        staff,
        form,
        reference,
        "release",
        "reason",
        lambda s, c, w, f: firewall.release(s, c.id, w, why, _now(), f),
    )


@router.post("/staff/cases/{reference}/restrict")
def restrict(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Give a case about somebody's conduct to the integrity office alone."""
    why = form.get("restrict_reason", "")
    return act_on(
        request,
        staff,
        form,
        reference,
        "restrict",
        "restrict_reason",
        lambda s, c, w, f: firewall.restrict(s, c.id, w, why, _now(), f),
    )


@router.post("/staff/cases/{reference}/about")
def say_about(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Say which office and which person a case of integrity is about."""

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        code, person = form.get("about", ""), form.get("person", "")
        office = catalogue(session).office_by_code.get(code.upper())
        if code and office is None:
            raise BadInput("Choose an office.", fields={"about": "Choose an office."})
        chosen = _uuid(person) if person else None
        return firewall.say_about(session, case.id, who, office.id if office else None, chosen, _now(), once)

    return act_on(request, staff, form, reference, "about", "about", act)


@router.post("/staff/cases/{reference}/close")
def close(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Close with an outcome, in words for the citizen."""

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        if form.get("outcome") not in set(Outcome):
            raise BadInput("Choose an outcome.", fields={"outcome": "Choose an outcome."})
        words, anyway, outcome = form.get("words", ""), form.get("anyway", ""), Outcome(form["outcome"])
        if outcome is Outcome.duplicate:
            other = form.get("duplicate_of", "")
            return merges.close_as_duplicate(session, case.id, who, words, other, _now(), once)
        why = form.get("why", "")
        answer_box.warn(session, case, who, words, _now(), said=form.get("as_it_is", ""), field="words")
        return lifecycle.close(session, case.id, who, outcome, words, _now(), once, anyway=anyway, why=why)

    return act_on(request, staff, form, reference, "close", "words", act)


@router.post("/staff/cases/{reference}/urgent")
def urgent(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Say that a case cannot wait, or can after all."""
    yes, why = form.get("urgent") == "yes", form.get("urgent_reason", "")
    return act_on(
        request,
        staff,
        form,
        reference,
        "urgent",
        "urgent_reason",
        lambda s, c, w, f: marks.mark_urgent(s, c.id, w, yes, why, _now(), f),
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadInput("Choose a colleague.", fields={"staff": "Choose a colleague."}) from error
