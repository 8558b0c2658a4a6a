"""The triage desk: one message after the other, whose it may be and why, one key to say so.

Everything works by plain forms. With the script of the page a form also sends `have`, the messages the browser holds
already, and is answered with what it lacks instead of a whole page: the next message is there before it is asked for.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api import choices
from api import sorting as shown
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render, render_fragment
from cases import differences, history, placing, sorting
from cases.placing import Choice
from cases.sorting import Progress, progress_of
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.ids import normalise_reference
from domain.case import Case
from domain.catalogue import catalogue, name_of
from domain.states import Nature, Role

router = APIRouter(include_in_schema=False)

MEANWHILE = "Somebody placed it meanwhile. Here is the next one."
DAYS = 30
"""Days back in which triage and the routing table are compared."""
_LEADS = (Role.supervisor, Role.head, Role.leadership, Role.auditor, Role.admin)


@router.get("/staff/triage")
def show_triage(
    request: Request, staff: Staffed, at: str = "", place: str = "", q: str = "", apart: str = "", said: str = ""
) -> Response:
    """The message whose turn it is. `at` asks for a certain one, `apart` for those kept apart; `place` and `q` are
    what was typed for it."""
    _may_sort(staff)
    note = SAID.get(said, "")
    return _page(request, staff, at=at, place=place, sought=q, apart=bool(apart), note=note)


SAID = {
    "undone": "Taken back. It is before you again, and the citizen was told nothing.",
    "integrity": "Given to integrity. Only they see it now.",
    "meanwhile": MEANWHILE,
    "thanks": "Marked as thanks. Now say which office they thank; it goes there as a compliment.",
    "not_a_case": "Marked as saying nothing yet. It waits under “Kept apart” until somebody answers it.",
    "abuse": "Marked as insults or threats. It waits under “Kept apart” until somebody answers it.",
    "matter": "It is a matter like any other again.",
    "kept": "It is too late to take that back.",
}


@router.get("/staff/triage/next")
def show_next(request: Request, staff: Staffed, have: str = "", apart: str = "") -> Response:
    """The messages after those the browser has, for its script."""
    _may_sort(staff)
    return _more(request, staff, progress_of(staff.sorting), have, apart=bool(apart))


@router.get("/staff/triage/message")
def show_message(request: Request, staff: Staffed, at: str = "", place: str = "", q: str = "") -> Response:
    """One message anew, with another place or with what a search found; for the page's script."""
    _may_sort(staff)
    with database().read() as session:
        case = history.load(session, staff.viewer, at)
        item = shown.message(session, staff.viewer, case, _now(), place=place, sought=q)
        context = {"item": item, "offices": choices.offices(catalogue(session), "en"), "errors": {}, "apart": False}
    return render_fragment(request, "staff/triage_message.html", context)


@router.get("/staff/triage/waiting")
def show_waiting(request: Request, staff: Staffed) -> Response:
    """How many wait, how long, and who reads what; for those who answer for the desk."""
    who = staff.viewer
    if not who.triage and not who.has(*_LEADS):
        raise NotAllowed("This list is for the triage desk and those who answer for it.")
    now = _now()
    with database().read() as session:
        known = catalogue(session)
        waits = sorting.backlog(session, who)
        rows = [
            {
                "reference": case.reference,
                "text": case.text[:160],
                "language": case.language,
                "channel": str(case.channel),
                "place": case.place or "",
                "urgent": str(case.urgency) if case.urgency else "",
                "silent_seconds": int((now - case.received_at).total_seconds()),
                "read_now": case.triage_until is not None and case.triage_until > now,
                "perhaps": _perhaps(case, {code: name_of(one, "en") for code, one in known.service_by_code.items()}),
            }
            for case in sorting.listed(session, who)
        ]
    context = {"rows": rows, "waits": waits, "oldest_seconds": _since(waits.oldest, now), "sorts": who.triage}
    return render(request, "staff/triage_waiting.html", context)


def _perhaps(case: Case, names: dict[str, str]) -> str:
    code = str(case.routing_suggestions[0]["service"]) if case.routing_suggestions else ""
    return names.get(code, "")


@router.get("/staff/triage/rules")
def show_rules(request: Request, staff: Staffed) -> Response:
    """Where people at the desk and the routing table differ: each a hint that a rule is wrong or missing."""
    who, now = staff.viewer, _now()
    if not who.triage and not who.has(*_LEADS):
        raise NotAllowed("This list is for the triage desk and those who keep the routing table.")
    with database().read() as session:
        known = catalogue(session)
        found = differences.differences(session, who, now - timedelta(days=DAYS), now)
        rows = [
            {
                "times": one.times,
                "service": choices.service_name(known, one.service),
                "place": one.place,
                "sent_to": choices.office_name(known, one.sent_to),
                "sent_to_code": one.sent_to,
                "table_says": choices.office_name(known, one.table_says) if one.table_says else "",
                "table_says_code": one.table_says,
                "last_at": one.last_at,
            }
            for one in found
        ]
    return render(request, "staff/triage_rules.html", {"rows": rows, "days": DAYS})


@router.post("/staff/triage/undo")
def undo(request: Request, staff: Staffed, form: Filled) -> Response:
    """Take back the last placing of this session."""
    _may_sort(staff)
    progress = progress_of(staff.sorting)
    if progress.last is None:
        return _to(said="kept")
    try:
        with database().write() as session:
            case = placing.undo(session, progress.last, staff.viewer, _now())
            sorting.remember(session, staff.session_id, progress.without(case.id))
    except (Conflict, NotFound) as error:
        return _page(request, staff, note=f"{error} {error.mend}".strip(), tone="soon")
    return _to(at=case.reference, said="undone")


@router.post("/staff/triage/{reference}")
def place(request: Request, staff: Staffed, form: Filled, reference: str, have: str | None = None) -> Response:
    """Say whose it is: a suggestion or a result (`pick`), or a service and an office by code."""
    _may_sort(staff)
    now, picked = _now(), form.get("pick", "")
    parts = [*picked.split("|"), "", ""] if picked else [form.get("service", ""), form.get("office", ""), ""]
    choice = Choice(parts[0], parts[1], parts[2] or form.get("place", ""))
    progress = progress_of(staff.sorting)
    if progress.last_reference == normalise_reference(reference):
        return _on(request, staff, progress, have)  # the same key twice
    try:
        with database().write() as session:
            case = history.load(session, staff.viewer, reference)
            placed = placing.place(session, case.id, staff.viewer, choice, now)
            progress = progress.after(now, placed.case, name_of(placed.office, "en"))
            sorting.remember(session, staff.session_id, progress)
    except BadInput as error:
        return _page(request, staff, at=reference, place=choice.place, errors=error.fields, have=have)
    except NotAllowed as error:
        return _page(request, staff, at=reference, note=str(error), tone="late", have=have)
    except (NotFound, Conflict):
        return _on(request, staff, progress, have, MEANWHILE)
    return _on(request, staff, progress, have)


@router.post("/staff/triage/{reference}/skip")
def skip(request: Request, staff: Staffed, form: Filled, reference: str, have: str | None = None) -> Response:
    """That one to the end, for this session; others may take it now."""
    _may_sort(staff)
    progress = progress_of(staff.sorting)
    try:
        with database().write() as session:
            case = history.load(session, staff.viewer, reference)
            progress = progress.skipping(case.id)
            sorting.remember(session, staff.session_id, progress)
            sorting.let_go(session, staff.viewer, case.id)
    except NotFound:
        return _on(request, staff, progress, have, MEANWHILE)
    return _on(request, staff, progress, have)


@router.post("/staff/triage/{reference}/mark")
def mark(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Say that it is thanks, no matter at all, or abuse; closes nothing."""
    _may_sort(staff)
    nature = form.get("nature", "")
    if nature and nature not in set(Nature):
        return _page(request, staff, at=reference, errors={"nature": "Choose one of them."})
    try:
        with database().write() as session:
            case = history.load(session, staff.viewer, reference)
            placing.mark(session, case.id, staff.viewer, Nature(nature) if nature else None, _now())
    except (NotFound, Conflict):
        return _to(said="meanwhile")
    stays = nature in ("", Nature.thanks)
    return _to(at=case.reference if stays else "", said=nature or "matter")


@router.post("/staff/triage/{reference}/integrity")
def to_integrity(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """It is about the conduct of staff: integrity alone has it from here."""
    _may_sort(staff)
    now, progress = _now(), progress_of(staff.sorting)
    try:
        with database().write() as session:
            case = history.load(session, staff.viewer, reference)
            placing.to_integrity(session, case.id, staff.viewer, form.get("about", ""), now)
            sorting.remember(session, staff.session_id, progress.after(now))
    except BadInput as error:
        return _page(request, staff, at=reference, errors=error.fields)
    except NotFound:
        return _to(said="meanwhile")
    except Conflict as error:
        return _page(request, staff, at=reference, note=str(error), tone="late")
    return _to(said="integrity")


# -- what is shown ---------------------------------------------------------------------------------------------------


def _now() -> datetime:
    return datetime.now(UTC)


def _may_sort(staff: SignedIn) -> None:
    if not staff.viewer.triage:
        raise NotAllowed("The triage desk is for those who work there.", mend="Your own cases are on your desk.")


def _to(**query: str) -> Response:
    asked = urlencode({name: value for name, value in query.items() if value})
    return RedirectResponse(f"/staff/triage?{asked}" if asked else "/staff/triage", status_code=303)


def _on(request: Request, staff: SignedIn, progress: Progress, have: str | None, note: str = "") -> Response:
    """The next message: a page by redirect, or for the page's script what it lacks."""
    if have is None:
        return _to(said="meanwhile" if note else "")
    return _more(request, staff, progress, have, note)


def _more(
    request: Request, staff: SignedIn, progress: Progress, have: str, note: str = "", *, apart: bool = False
) -> Response:
    """Messages the browser has not got, the counts, and a note on what became of the last one."""
    held = {one for one in have.split(",") if one}
    now = _now()
    with database().write() as session:
        cases = sorting.take(session, staff.viewer, now, skipped=progress.skipped, apart=apart)
        context = _frame(session, staff, progress, now, apart)
        items = [shown.message(session, staff.viewer, case, now) for case in cases if case.reference not in held]
    context |= {"items": items, "note": note}
    return render(request, "staff/triage_next.html", context)


def _page(
    request: Request,
    staff: SignedIn,
    *,
    at: str = "",
    place: str = "",
    sought: str = "",
    apart: bool = False,
    errors: dict[str, str] | None = None,
    note: str = "",
    tone: str = "well",
    have: str | None = None,
) -> Response:
    """The page with the message whose turn it is, or with `at`; to the script the message that was wrong."""
    now, progress = _now(), progress_of(staff.sorting)
    wanted = normalise_reference(at) or ""
    with database().write() as session:
        cases = sorting.take(session, staff.viewer, now, first=wanted, skipped=progress.skipped, apart=apart, limit=1)
        context = _frame(session, staff, progress, now, apart)
        same = bool(cases) and cases[0].reference == wanted
        items = [
            shown.message(
                session, staff.viewer, case, now, place=place if same else "", sought=sought if same or not at else ""
            )
            for case in cases
        ]
    context |= {"errors": errors or {}, "note": note}
    if have is not None:
        return render(request, "staff/triage_next.html", {**context, "items": items}, status=422)
    context |= {"item": items[0] if items else None, "tone": tone}
    return render(request, "staff/triage.html", context, status=422 if errors else 200)


def _frame(session: Session, staff: SignedIn, progress: Progress, now: datetime, apart: bool) -> dict[str, object]:
    """What stands around a message: how far one is, how much waits, what can be taken back."""
    waits = sorting.backlog(session, staff.viewer)
    fresh = progress.last_at is not None and now - progress.last_at <= placing.UNDO
    return {
        "progress": progress,
        "waits": waits,
        "left": waits.apart if apart else waits.waiting,
        "oldest_seconds": _since(waits.oldest, now),
        "undo": progress.last_reference if fresh else "",
        "offices": choices.offices(catalogue(session), "en"),
        "apart": apart,
        "errors": {},
    }


def _since(moment: datetime | None, now: datetime) -> int | None:
    return int((now - moment).total_seconds()) if moment else None
