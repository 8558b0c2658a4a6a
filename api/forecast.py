"""What will be late before a day's noon, office by office, and which cases these are."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.auth import Staffed
from api.leadership import READERS
from api.pages import render
from core.database import database
from core.errors import NotAllowed
from core.settings import settings
from domain.catalogue import Catalogue, catalogue
from escalation.calendar import WorkingCalendar
from escalation.terms import calendar_of
from reports import forecast

router = APIRouter(include_in_schema=False)

AHEAD, FARTHEST, SHOWN = 2, 14, 20
"""Working days to look ahead by itself, days at most, and cases listed of an office."""


@router.get("/staff/forecast")
def show_forecast(request: Request, staff: Staffed, day: str = "") -> Response:
    """Until noon of a day, by itself the second working day from now."""
    if not staff.roles & READERS:
        raise NotAllowed("This page is for those who lead.", mend="Your own cases are on your desk.")
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        before = noon(known, now, day)
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


def noon(known: Catalogue, now: datetime, day: str) -> datetime:
    """Noon of the day that was asked for, if it lies ahead and not too far; else of the second day from now on which
    the government works, by the calendar of the office at the top; where none follows in time, of the last."""
    zone = settings().zone
    today = now.astimezone(zone).date()
    ahead = [today + timedelta(days=days) for days in range(1, FARTHEST + 1)]
    top = next((office for office in known.offices.values() if office.parent_id is None), None)
    worked = [one for one in ahead if top is None or _works(calendar_of(known, top.id), one, zone)]
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        asked = today
    if asked not in ahead:
        asked = worked[AHEAD - 1] if len(worked) >= AHEAD else ahead[-1]
    return datetime.combine(asked, time(12), zone).astimezone(UTC)


def _works(calendar: WorkingCalendar, day: date, zone: ZoneInfo) -> bool:
    start = datetime.combine(day, time(), zone)
    return calendar.between(start, start + timedelta(days=1)) > 0
