"""What answers were worth, by office and officer, for those who lead."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.auth import Staffed
from api.handovers import PERIODS
from api.pages import render
from core.database import database
from core.errors import NotAllowed, NotFound
from core.texts import shorten
from domain.catalogue import catalogue
from domain.states import Templated
from reports import answers
from reports.answers import Given

router = APIRouter(include_in_schema=False)

READERS = frozenset({"supervisor", "head", "leadership", "reviewer", "auditor", "admin"})
WHY = {
    Templated.empty: "says nothing about the matter",
    Templated.saved: "a saved reply as it stands",
    Templated.copy: "nearly a copy of another",
}


@router.get("/staff/figures/answers")
def show_answers(request: Request, staff: Staffed, weeks: str = "", office: str = "") -> Response:
    """How many answers were written for their citizen, and how many were not."""
    if not staff.roles & READERS:
        raise NotAllowed("These figures are for those who lead an office.", mend="Ask the head of your office.")
    period = int(weeks) if weeks in {str(one) for one in PERIODS} else PERIODS[0]
    now = datetime.now(UTC)
    since = now - timedelta(weeks=period)
    with database().read() as session:
        known = catalogue(session)
        lines = answers.by_office(session, staff.viewer, since=since, until=now)
        chosen = next((one for one in lines if known.offices[one.office_id].code == office), None)
        if office and chosen is None:
            raise NotFound("There are no answers of that office for you to see.")
        people = answers.by_person(session, staff.viewer, chosen.office_id, since=since, until=now) if chosen else []
        cases = answers.references(session, staff.viewer, chosen.office_id, since=since, until=now) if chosen else []
    context = {
        "weeks": period,
        "periods": PERIODS,
        "rows": [_row(one, known.offices[one.office_id].code) for one in lines],
        "chosen": _row(chosen, office) if chosen else None,
        "people": [_row(one, "") for one in people],
        "cases": [
            {"reference": one, "title": shorten(text, 90) or "(no words)", "why": WHY[why]} for one, text, why in cases
        ],
    }
    return render(request, "staff/answers.html", context)


def _row(one: Given, code: str) -> dict[str, object]:
    return {
        "code": code,
        "name": one.name,
        "all": one.all,
        "empty": one.empty,
        "saved": one.saved,
        "copies": one.copies,
        "share": one.share,
    }
