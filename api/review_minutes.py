"""The minutes of a weekly review: as a page, on paper, and what was added later."""

from collections.abc import Mapping
from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import select

from api import causes
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from api.review_place import back, pdf_answer, place
from core.database import database
from core.errors import BadInput, NotFound
from domain.catalogue import catalogue
from domain.review import Review
from reviews import cause_figures, chairs, minutes, printing, reading
from reviews.minutes_layout import heading, parts
from reviews.telling import address

router = APIRouter(include_in_schema=False)

SAID = {"closed": "The meeting is over. Its minutes are out.", "added": "Added. Their readers are told."}


@router.get("/staff/reviews/{office_code}/{week}/minutes")
def show_minutes(request: Request, staff: Staffed, office_code: str, week: str, said: str = "") -> Response:
    """The minutes as a page."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _page(request, staff, office_code, week)


@router.get("/staff/reviews/{office_code}/{week}/minutes.pdf")
def show_paper(staff: Staffed, office_code: str, week: str) -> Response:
    """The minutes on paper."""
    office, monday, _ = place(staff, office_code, week, reading.reads_minutes)
    with database().read() as session:
        kept = minutes.read(session, staff.viewer, office.id, monday)
        if kept is None:
            raise NotFound("There are no minutes of this review.", mend="They are written when the meeting ends.")
        more = minutes.additions(session, office.id, monday)
        known = catalogue(session)
    return pdf_answer(printing.minutes(known, kept, more), f"minutes-{office.code}-{monday}.pdf")


@router.post("/staff/reviews/{office_code}/{week}/minutes")
def post_addition(request: Request, staff: Staffed, form: Filled, office_code: str, week: str) -> Response:
    """Add a correction."""
    office, monday, now = place(staff, office_code, week, reading.reads_minutes)
    try:
        with database().write() as session:
            minutes.add(session, staff.viewer, office.id, monday, form.get("words", ""), now)
    except BadInput as error:
        return _page(request, staff, office_code, week, problem=error, typed=form)
    return back(office, monday, "/minutes", said="added")


def _page(
    request: Request,
    staff: SignedIn,
    office_code: str,
    week: str,
    *,
    problem: BadInput | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    office, monday, _ = place(staff, office_code, week, reading.reads_minutes)
    with database().read() as session:
        known = catalogue(session)
        kept = minutes.read(session, staff.viewer, office.id, monday)
        more = minutes.additions(session, office.id, monday)
        review = session.exec(select(Review).where(Review.office_id == office.id, Review.week == monday)).first()
        may = review is not None and kept is not None and minutes.may_add(session, staff.viewer, review)
        closed = review is not None and review.closed_at is not None
        reads = chairs.attends(session, staff.viewer, office.id)
        helped = cause_figures.findings_at(session, staff.viewer, review.id) if review is not None else {}
    context = {
        "review": {"url": address(office.code, monday), "office": known.name(office.id), "week": monday},
        "reads": reads,
        "helped": helped if causes.READERS & staff.roles else {},
        "closed": closed,
        "head": heading(known, kept) if kept else None,
        "blocks": [asdict(one) for one in parts(known, kept, more)] if kept else [],
        "may": may,
        "errors": problem.fields if problem else {},
        "words": (typed or {}).get("words", ""),
    }
    return render(request, "staff/review_minutes.html", context, status=problem.status if problem else 200)
