"""What will be late before a day's noon, office by office, and which cases these are."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.auth import Staffed
from api.pages import render
from core.database import database
from core.errors import NotAllowed
from core.settings import settings
from domain.catalogue import catalogue
from domain.dashboard import READERS
from reports import forecast

router = APIRouter(include_in_schema=False)

SHOWN = 20
"""Cases listed of an office."""


@router.get("/staff/forecast")
def show_forecast(request: Request, staff: Staffed, day: str = "") -> Response:
    """Until noon of a day, by itself the second working day from now."""
    if not staff.roles & READERS:
        raise NotAllowed("This page is for those who lead.", mend="Your own cases are on your desk.")
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        before = forecast.noon(known, now, day)
        found = forecast.outlook(session, staff.viewer, before, now)
        rows = [
            {
                "office": known.name(one.office_id),
                "due": len(one.due),
                "late": one.late,
                "answers": one.answers,
                "pace": one.pace,
                "breach": len(one.breach),
                "cases": [{"reference": case.reference, "at": case.deadline} for case in one.breach[:SHOWN]],
            }
            for one in found
        ]
    context = {
        "before": before,
        "day": before.astimezone(settings().zone).date().isoformat(),
        "total": sum(len(one.breach) for one in found),
        "due": sum(len(one.due) for one in found),
        "silent": sum(one.pace is None for one in found),
        "weeks": forecast.WEEKS,
        "fewest": forecast.FEWEST,
        "rows": rows,
    }
    return render(request, "staff/forecast.html", context)
