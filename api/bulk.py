"""Many cases at once: chosen in the queue, looked at on a page of their own, done, and taken back."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from api import case_pane, choices, queue
from api.auth import SignedIn, Staffed
from api.forms import Filled, read_form
from api.pages import render
from api.words import CHANNELS
from cases import bulk, bulk_undo
from cases.disposal import IN_BULK
from cases.rights import WORKING
from core import doorbell
from core.crypto import same
from core.database import database
from core.errors import BadInput, NotAllowed, NotFound
from core.ids import normalise_reference
from core.texts import shorten
from domain.case import Case
from domain.catalogue import Catalogue, catalogue, name_of
from domain.queue import BulkAct, BulkItem, BulkWhat
from domain.visibility import Viewer, visible

router = APIRouter(include_in_schema=False)

FIELDS = ("staff", "office", "reason", "outcome", "text")
NONE = "Tick at least one case, then choose what to do."


async def ticked(request: Request, staff: Staffed) -> dict[str, list[str]]:
    """Dependency: the posted form with every value of a field. Raises NotAllowed unless it is from our own page."""
    form = await read_form(request, fields=queue.SHOWN * 2)
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        found.setdefault(name, []).append(value if isinstance(value, str) else "")
    if not same(found.get("csrf", [""])[-1], staff.csrf):
        raise NotAllowed("This form is from another session.", mend="Go back, reload the page, and send it again.")
    return found


Ticked = Annotated[dict[str, list[str]], Depends(ticked)]


@router.post("/staff/bulk")
def choose(request: Request, staff: Staffed, form: Ticked) -> Response:
    """Choose cases and what to do with them. Nothing is done yet."""
    what, now = form.get("what", [""])[-1], datetime.now(UTC)
    asked = queue.asked_of(request, *(form.get(name, [""])[-1] for name in ("view", "q", "order")))
    if what not in set(BulkWhat):
        raise BadInput("Choose what to do with them.", mend="Go back and choose.")
    if not staff.viewer.has(*WORKING):
        raise NotAllowed("You may read these cases but not work on them.")
    with database().write() as session:
        cases = (
            queue.of_list(session, staff.viewer, now, asked, bulk.MOST)
            if form.get("all")
            else _by_references(session, staff.viewer, form.get("case", []))
        )
        if not cases:
            raise BadInput(NONE, mend="Go back to the queue.")
        act = bulk.draft(session, staff.viewer, BulkWhat(what), cases, now)
    if bulk.complete(act):
        bulk.look(database(), staff.viewer, act.id, now)
    return RedirectResponse(f"/staff/bulk/{act.id}", status_code=303)


def _by_references(session: Session, who: Viewer, typed: list[str]) -> list[Case]:
    wanted = {reference for one in typed if (reference := normalise_reference(one))}
    query = select(Case).where(col(Case.reference).in_(wanted), visible(who)).order_by(col(Case.due_at), col(Case.id))
    return list(session.exec(query))


@router.get("/staff/bulk/{act_id}")
def show(request: Request, staff: Staffed, act_id: str) -> Response:
    """What would be done, or what came of it."""
    return _page(request, staff, _uuid(act_id))


@router.post("/staff/bulk/{act_id}/look")
def look(request: Request, staff: Staffed, form: Filled, act_id: str) -> Response:
    """Say what the act needs, and see what would come of it in each case."""
    key = _uuid(act_id)
    try:
        with database().write() as session:
            bulk.say(session, staff.viewer, key, form)
    except BadInput as error:
        return _page(request, staff, key, error.fields or {"text": str(error)}, form)
    bulk.look(database(), staff.viewer, key, datetime.now(UTC))
    return RedirectResponse(f"/staff/bulk/{key}", status_code=303)


@router.post("/staff/bulk/{act_id}/go")
def go(staff: Staffed, form: Filled, act_id: str) -> Response:
    """Do it: here, if it is not much, else a worker does."""
    assert form  # noqa: S101  (checked by its token)
    key, now = _uuid(act_id), datetime.now(UTC)
    with database().write() as session:
        here = bulk.ask_for(session, staff.viewer, key, now)
    if here:
        bulk.run(database(), key, now)
    else:
        doorbell.ring(doorbell.BULK)
    return RedirectResponse(f"/staff/bulk/{key}", status_code=303)


@router.post("/staff/bulk/{act_id}/undo")
def undo(staff: Staffed, form: Filled, act_id: str) -> Response:
    """Take it back, where that is still possible."""
    assert form  # noqa: S101  (checked by its token)
    key = _uuid(act_id)
    bulk_undo.undo(database(), staff.viewer, key, datetime.now(UTC))
    return RedirectResponse(f"/staff/bulk/{key}", status_code=303)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such act of yours.", mend="Go back to the queue and choose again.") from error


def _page(
    request: Request,
    staff: SignedIn,
    act_id: UUID,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    now = datetime.now(UTC)
    with database().read() as session:
        act = bulk.load(session, staff.viewer, act_id)
        lines = _lines(session, staff.viewer, bulk.items(session, act_id))
        known = catalogue(session)
        first = next((case for _, case in lines if case is not None), None)
        people = case_pane.colleagues(session, first, now) if act.what == BulkWhat.assign and first is not None else []
        names = queue.names_of(session, {case.assignee_id for _, case in lines if case and case.assignee_id})
        offices = choices.offices(known, "en") if act.what == BulkWhat.transfer else []
    given = {name: (typed or act.given).get(name, "") for name in FIELDS}
    effect = _effect(act, known, next((str(p["name"]) for p in people if p["id"] == act.given.get("staff")), ""))
    context = {
        "act": {
            "id": str(act.id),
            "what": str(act.what),
            "name": queue.ACTS[BulkWhat(act.what)],
            "state": str(act.state),
            "needs": list(bulk.NEEDS[BulkWhat(act.what)]),
            "complete": bulk.complete(act) and not errors,
            "may_undo": bulk_undo.may_undo(act, now),
            "for_good": act.what in bulk_undo.FOR_GOOD,
            "until": act.done_at + bulk_undo.UNDO if act.done_at else None,
        },
        "lines": [
            {
                "reference": case.reference if case else "",
                "title": (shorten(case.text, 90) or "(no words)") if case else "",
                "language": case.language if case else "en",
                "case_state": str(case.state) if case else "",
                "assignee": names.get(case.assignee_id, "") if case and case.assignee_id else "",
                "state": str(item.state),
                "why": item.why,
                "effect": f"{effect} {_told(case)}" if act.what in bulk_undo.FOR_GOOD else effect,
            }
            for item, case in lines
        ],
        "most": bulk.MOST,
        "people": people,
        "offices": offices,
        "outcomes": [str(outcome) for outcome in IN_BULK],
        "given": given,
        "errors": dict(errors or {}),
    }
    return render(request, "staff/bulk.html", context, status=422 if errors else 200)


def _effect(act: BulkAct, known: Catalogue, person: str) -> str:
    """What happens to a case that is not left out, in words."""
    match BulkWhat(act.what):
        case BulkWhat.take:
            return "You take it on."
        case BulkWhat.assign:
            return f"{person} takes it on."
        case BulkWhat.note:
            return "The note is kept for colleagues."
        case BulkWhat.transfer:
            office = known.office_by_code.get(act.given.get("office", "").upper())
            return f"Offered to {name_of(office, 'en')}. It stays where it is until they accept." if office else ""
        case BulkWhat.urgent:
            return "Marked as urgent. Its target gets shorter, and the head is told."
        case BulkWhat.close:
            return "Closed."


def _told(case: Case | None) -> str:
    if case is None:
        return ""
    if case.contact_point_id is None:
        return "The citizen reads your words on the tracking page."
    return f"The citizen gets your words by {CHANNELS[str(case.channel)]}."


def _lines(session: Session, who: Viewer, items: Sequence[BulkItem]) -> list[tuple[BulkItem, Case | None]]:
    """The cases of an act, None for one that this person does not see any more."""
    ids = [item.case_id for item in items]
    seen = {case.id: case for case in session.exec(select(Case).where(col(Case.id).in_(ids), visible(who)))}
    return [(item, seen.get(item.case_id)) for item in items]
