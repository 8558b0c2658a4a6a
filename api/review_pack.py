"""The pack of a weekly review: as a page, as paper, made now, and when it makes itself."""

from dataclasses import asdict
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from api.review_place import back, pdf_answer, place, read_number
from core.database import database
from core.errors import BadInput, NotFound
from core.i18n import SOURCE_LANGUAGE, format_datetime
from core.settings import settings
from domain.catalogue import catalogue
from domain.office import Office
from reviews import chairs, packs, printing, reading
from reviews.layout import blocks, figures
from reviews.snapshot import Body
from reviews.telling import address

router = APIRouter(include_in_schema=False)

SAID = {
    "made": "The pack is made. It stays as it is now.",
    "planned": "Kept.",
}


@router.get("/staff/reviews/{office_code}/{week}/pack")
def show_pack(request: Request, staff: Staffed, office_code: str, week: str, said: str = "") -> Response:
    """The pack as a page."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _page(request, staff, office_code, week)


@router.get("/staff/reviews/{office_code}/{week}/pack.pdf")
def show_paper(staff: Staffed, office_code: str, week: str) -> Response:
    """The pack on paper, as this person may read it."""
    office, monday, _ = place(staff, office_code, week, reading.reads_pack)
    with database().read() as session:
        known = catalogue(session)
        body = reading.read_pack(session, staff.viewer, office.id, monday)
    if body is None:
        raise NotFound("There is no pack for this review yet.", mend="It is made on the morning of the meeting.")
    return pdf_answer(printing.pack(known, body, _today(body)), f"review-{office.code}-{monday}.pdf")


@router.post("/staff/reviews/{office_code}/{week}/pack")
def post_pack(staff: Staffed, form: Filled, office_code: str, week: str) -> Response:
    """Make the pack now."""
    office, monday, now = place(staff, office_code, week, reading.reads_pack)
    with database().write() as session:
        chairs.check_chair(session, staff.viewer, office.id)
        packs.ensure(session, office.id, monday, now)
    return back(office, monday, "/pack", said="made")


@router.post("/staff/reviews/{office_code}/{week}/plan")
def post_plan(request: Request, staff: Staffed, form: Filled, office_code: str, week: str) -> Response:
    """Say when the office's packs are made, and how many closed cases they draw."""
    office, monday, now = place(staff, office_code, week, reading.reads_pack)
    hour, checks = read_number(form.get("hour", "")), read_number(form.get("checks", ""))
    try:
        with database().write() as session:
            packs.choose_plan(
                session, staff.viewer, office.id, holds="holds" in form, hour=hour, checks=checks, now=now
            )
    except BadInput as error:
        return _page(request, staff, office_code, week, problem=error, typed=dict(form))
    return back(office, monday, "/pack", said="planned")


def _page(
    request: Request,
    staff: SignedIn,
    office_code: str,
    week: str,
    *,
    problem: BadInput | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    office, monday, _ = place(staff, office_code, week, reading.reads_pack)
    with database().read() as session:
        known = catalogue(session)
        body = reading.read_pack(session, staff.viewer, office.id, monday)
        may = chairs.chairs(session, staff.viewer, office.id)
        plan = _plan(session, office, monday, typed) if may else None
    context: dict[str, Any] = {
        "review": {"url": address(office.code, monday), "week": monday, "office": known.name(office.id)},
        "may": may,
        "made_at": body.at if body else None,
        "figures": figures(body) if body else [],
        "blocks": [asdict(one) for one in blocks(known, body, _today(body))] if body else [],
        "plan": plan,
        "errors": problem.fields if problem else {},
    }
    return render(request, "staff/review_pack.html", context, status=problem.status if problem else 200)


def _plan(session: Session, office: Office, week: date, typed: dict[str, str] | None) -> dict[str, object]:
    holds, hour, checks = packs.plan_of(session, office.id)
    calendar = packs.calendar_of(catalogue(session), office.id)
    due = packs.due_at(calendar, week, hour).astimezone(calendar.zone)
    found: dict[str, object] = {"holds": holds, "hour": str(hour), "checks": str(checks)}
    if typed is not None:
        found |= {"holds": "holds" in typed, "hour": typed.get("hour", ""), "checks": typed.get("checks", "")}
    return found | {"due": format_datetime(due, SOURCE_LANGUAGE, calendar.zone, "long") if holds else ""}


def _today(body: Body) -> date:
    """The day a pack was made on: what was late then is late on its paper, whenever that is printed."""
    return body.at.astimezone(settings().zone).date()
