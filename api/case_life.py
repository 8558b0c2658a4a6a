"""The life of a case at the desk: appeals decided, cases merged, split and linked. Every change is a POST."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from api import life_view
from api.auth import Staffed
from api.forms import Filled
from api.pages import render
from api.staff import act_on
from cases import appeals, links, merges, splits
from cases.acting import Form
from core.database import database
from core.errors import BadInput
from domain.case import Case
from domain.closing import AppealOutcome
from domain.visibility import Viewer

router = APIRouter(include_in_schema=False)


@router.get("/staff/appeals")
def show_appeals(request: Request, staff: Staffed) -> Response:
    """Appeals to decide, and how those against one's own office were decided."""
    with database().read() as session:
        lines = life_view.listed(session, staff.viewer, datetime.now(UTC))
    return render(request, "staff/appeals.html", {"lines": lines})


@router.post("/staff/cases/{reference}/decide")
def decide(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Decide an appeal."""

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        if form.get("decision") not in {str(one) for one in AppealOutcome}:
            raise BadInput("Choose how you decide.", fields={"decision": "Choose how you decide."})
        outcome = AppealOutcome(form["decision"])
        return appeals.decide(session, case.id, who, outcome, form.get("decision_words", ""), datetime.now(UTC), once)

    return act_on(request, staff, form, reference, "decide", "decision_words", act)


@router.post("/staff/cases/{reference}/merge")
def merge(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Merge a case with another of the same citizen."""
    into, why = form.get("into", ""), form.get("merge_reason", "")
    return act_on(
        request,
        staff,
        form,
        reference,
        "merge",
        "merge_reason",
        lambda s, c, w, f: merges.merge(s, c.id, w, into, why, datetime.now(UTC), f),
    )


@router.post("/staff/cases/{reference}/unmerge")
def unmerge(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Take a merged case apart again."""
    why = form.get("unmerge_reason", "")
    return act_on(
        request,
        staff,
        form,
        reference,
        "unmerge",
        "unmerge_reason",
        lambda s, c, w, f: merges.unmerge(s, c.id, w, why, datetime.now(UTC), f),
    )


@router.post("/staff/cases/{reference}/divide")
def divide(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Give the second matter of a message a case of its own."""

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        number = form.get("entry", "")
        entry = int(number) if number.isascii() and number.isdigit() and len(number) < 8 else 0
        return splits.divide(session, case.id, who, entry, form.get("split_text", ""), datetime.now(UTC), once)

    return act_on(request, staff, form, reference, "divide", "split_text", act)


@router.post("/staff/cases/{reference}/link")
def link(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Link two cases, or take the link away."""
    to, why, undo = form.get("link_to", ""), form.get("link_why", ""), form.get("undo") == "yes"

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        if undo:
            return links.unlink(session, case.id, who, to, datetime.now(UTC), once)
        return links.link(session, case.id, who, to, why, datetime.now(UTC), once)

    return act_on(request, staff, form, reference, "unlink" if undo else "link", "link_to", act)
