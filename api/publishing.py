"""What the public will see: months before they are out, approved, held back or corrected; decisions of reviews."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from api import open_view
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.open_pages import month_of
from api.pages import choose_language, render
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.i18n import translator
from domain.catalogue import catalogue
from domain.publication import FigureScope, Publication, PublicationState
from reports.public import decisions, freezing, publishing, shown

router = APIRouter(include_in_schema=False)

ROWS = 200
"""Lines of a preview; all of them are in the open data once it is out."""
SAID = {
    "approved": "Kept. It is out once its embargo is over and enough people have approved it.",
    "withheld": "Held back. The public page says so, with your reason.",
    "released": "Not held back any more. It must be approved anew.",
    "corrected": "Counted anew. Somebody else looks at it and approves it.",
    "proposed": "Kept. Somebody who leads the whole government lets it out.",
    "judged": "Kept.",
}


@router.get("/staff/open")
def show_list(request: Request, staff: Staffed, said: str = "") -> Response:
    """Every month that was counted, and the decisions that wait."""
    _reader(staff)
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _list(request, staff)


@router.get("/staff/open/{publication_id}")
def show_preview(request: Request, staff: Staffed, publication_id: str, said: str = "") -> Response:
    """One publication as the public will see it, and what was done to it."""
    _reader(staff)
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _preview(request, staff, _id(publication_id))


@router.post("/staff/open/{publication_id}/{act}")
def post_act(request: Request, staff: Staffed, form: Filled, publication_id: str, act: str) -> Response:
    """Approve, hold back or release a publication."""
    _reader(staff)
    wanted, now, who = _id(publication_id), datetime.now(UTC), staff.viewer
    try:
        with database().write() as session:
            match act:
                case "approve":
                    publishing.approve(session, who, wanted, form.get("seen", ""), now)
                case "withhold":
                    publishing.withhold(session, who, wanted, form.get("reason", ""), now)
                case "release":
                    publishing.release(session, who, wanted, now)
                case _:
                    raise NotFound("There is no such act.", mend="Go back to the list.")
    except (BadInput, Conflict, NotAllowed) as error:
        return _preview(request, staff, wanted, error, form)
    said = {"approve": "approved", "withhold": "withheld", "release": "released"}[act]
    return RedirectResponse(f"/staff/open/{wanted}?{urlencode({'said': said})}", status_code=303)


@router.post("/staff/open-months/{month}")
def post_correction(request: Request, staff: Staffed, form: Filled, month: str) -> Response:
    """Count a month that is out anew."""
    _reader(staff)
    day = month_of(month)
    if day is None:
        raise NotFound("There is no such month.", mend="Go back to the list.")
    try:
        made = publishing.correct(database(), staff.viewer, day, form.get("reason", ""), datetime.now(UTC))
    except (BadInput, Conflict, NotAllowed) as error:
        with database().read() as session:
            last = session.exec(
                select(Publication.id).where(Publication.month == day).order_by(col(Publication.version).desc())
            ).first()
        if last is None:
            raise
        return _preview(request, staff, last, error, form)
    return RedirectResponse(f"/staff/open/{made}?{urlencode({'said': 'corrected'})}", status_code=303)


@router.post("/staff/open-decisions/{finding_id}/{act}")
def post_decision(request: Request, staff: Staffed, form: Filled, finding_id: str, act: str) -> Response:
    """Put a decision into words for the public, let these out, or refuse them."""
    _reader(staff)
    wanted, now = _id(finding_id), datetime.now(UTC)
    try:
        with database().write() as session:
            if act == "propose":
                decisions.propose(session, staff.viewer, wanted, form.get("words", ""), now)
            elif act in ("publish", "refuse"):
                decisions.judge(session, staff.viewer, wanted, form.get("words", ""), out=act == "publish", now=now)
            else:
                raise NotFound("There is no such act.", mend="Go back to the list.")
    except (BadInput, Conflict, NotAllowed) as error:
        return _list(request, staff, error, {str(wanted): form.get("words", "")})
    said = "proposed" if act == "propose" else "judged"
    return RedirectResponse(f"/staff/open?{urlencode({'said': said})}#d-{wanted}", status_code=303)


def _reader(staff: SignedIn) -> None:
    if not publishing.reads(staff.viewer):
        raise NotAllowed(
            "Figures that are not out yet are for those who lead an office.", mend="The public page is open to all."
        )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such publication.", mend="Go back to the list.") from error


def _list(
    request: Request, staff: SignedIn, problem: OmbudError | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    lang, _ = choose_language(request, staff)
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        rows = session.exec(
            select(Publication).order_by(col(Publication.month).desc(), col(Publication.version).desc())
        ).all()
        context: dict[str, object] = {
            "publications": [_row(session, one, now) for one in rows],
            "decides": publishing.decides(session, staff.viewer),
            "decisions": [
                {
                    "id": str(one.finding_id),
                    "office": known.name(one.office_id, lang),
                    "week": one.week,
                    "reference": one.reference,
                    "decision": one.decision,
                    "words": (typed or {}).get(str(one.finding_id), one.words),
                    "said": one.words,
                    "state": str(one.state) if one.state else "",
                    "by": one.by,
                    "mine": one.mine,
                }
                for one in decisions.candidates(session, staff.viewer)
            ],
        }
    wrong = problem.fields.get("words", "") if isinstance(problem, BadInput) else ""
    context["errors"] = {f"words-{key}": wrong for key in typed or {}} if wrong else {}
    if problem is not None and not wrong:
        request.state.flash = {"text": f"{problem} {problem.mend}", "tone": "late", "undo": ""}
    return render(request, "staff/publications.html", context, status=problem.status if problem else 200)


def _preview(
    request: Request,
    staff: SignedIn,
    publication_id: UUID,
    problem: OmbudError | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    words = translator(choose_language(request, staff)[0])
    now, lang = datetime.now(UTC), words.language
    with database().read() as session:
        one = session.get(Publication, publication_id)
        if one is None:
            raise NotFound("There is no such publication.", mend="Go back to the list.")
        rows = shown.figures(session, [one])
        approvals = publishing.approvals(session, one)
        decides = publishing.decides(session, staff.viewer)
        newest = session.exec(
            select(Publication.id).where(Publication.month == one.month).order_by(col(Publication.version).desc())
        ).first()
        me = staff.viewer.staff_id
        mine = any(act.staff_id == me for act in approvals) or (one.asked_by is not None and one.asked_by == me)
        whole = next((row for row in rows if row.scope == FigureScope.whole), None)
        context: dict[str, object] = {
            "publication": _row(session, one, now) | {"digest": one.digest, "loss": one.loss, "least": one.least},
            "holds": freezing.holds(session, one),
            "acts": [
                {"kind": str(act.kind), "by": act.by, "at": act.at, "reason": act.reason}
                for act in publishing.acts(session, one.id)
            ],
            "whole": open_view.figure(whole, lang) if whole else None,
            "offices": [open_view.figure(row, lang) for row in rows if row.scope == FigureScope.office][:ROWS],
            "totals": [open_view.figure(row, lang) for row in rows if row.scope == FigureScope.below][:ROWS],
            "before": _before(session, one, lang),
            "may": {
                "approve": decides and one.state == PublicationState.waiting and not mine,
                "withhold": decides and one.state == PublicationState.waiting,
                "release": decides and one.state == PublicationState.withheld,
                "correct": decides and one.state == PublicationState.published and newest == one.id,
            },
        }
    wrong = problem.fields.get("reason", "") if isinstance(problem, BadInput) else ""
    context |= {"errors": {"reason": wrong} if wrong else {}, "reason": (typed or {}).get("reason", "")}
    if problem is not None and not wrong:
        request.state.flash = {"text": f"{problem} {problem.mend}", "tone": "late", "undo": ""}
    return render(request, "staff/publication.html", context, status=problem.status if problem else 200)


def _before(session: Session, one: Publication, lang: str) -> dict[str, dict[str, object]]:
    """Of a correction, the lines of the version before by scope and code."""
    if one.version == 1:
        return {}
    last = session.exec(
        select(Publication).where(Publication.month == one.month, Publication.version == one.version - 1)
    ).one()
    return {f"{row.scope}-{row.code}": open_view.figure(row, lang) for row in shown.figures(session, [last])}


def _row(session: Session, one: Publication, now: datetime) -> dict[str, object]:
    """A publication as a list shows it."""
    waiting = one.state == PublicationState.waiting
    return open_view.publication(one) | {
        "id": str(one.id),
        "state": str(one.state),
        "out_at": one.out_at,
        "embargo": waiting and one.out_at > now,
        "approvals": len(publishing.approvals(session, one)),
        "needed": publishing.needed(one),
    }
