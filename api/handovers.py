"""Hand-overs by office, with the cases behind them; and the same as CSV."""

import csv
import io
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.auth import SignedIn, Staffed
from api.pages import render
from core.database import database
from core.errors import NotAllowed, NotFound
from core.texts import shorten
from domain.catalogue import catalogue
from reports import handovers
from reports.handovers import HandOvers

router = APIRouter(include_in_schema=False)

READERS = frozenset({"supervisor", "head", "leadership", "triage", "reviewer", "auditor", "admin"})
PERIODS = (4, 13, 52)
"""Weeks a page may look back on."""
LISTED = 50
COLUMNS = (
    "offered",
    "accepted",
    "bounced",
    "withdrawn",
    "received",
    "took",
    "refused",
    "unanswered",
    "late",
    "came_back",
)


@router.get("/staff/handovers")
def show_handovers(request: Request, staff: Staffed, weeks: str = "", office: str = "") -> Response:
    """Who sends cases away, whose come back, who is slow to accept."""
    period = _period(weeks)
    lines = _lines(staff, period)
    chosen = next((line for line in lines if line[0] == office), None)
    if office and chosen is None:
        raise NotFound("There are no hand-overs of that office for you to see.")
    cases: list[tuple[str, str]] = []
    if chosen is not None:
        with database().read() as session:
            cases = handovers.references(session, staff.viewer, chosen[2].cases)
    context = {
        "rows": [_row(*line) for line in lines],
        "weeks": period,
        "periods": PERIODS,
        "chosen": _row(*chosen) if chosen else None,
        "cases": [{"reference": one, "title": shorten(text, 90) or "(no words)"} for one, text in cases[:LISTED]],
        "more": max(0, len(cases) - LISTED),
        "hidden": len(chosen[2].cases) - len(cases) if chosen else 0,
    }
    return render(request, "staff/handovers.html", context)


@router.get("/staff/handovers.csv")
def save_handovers(staff: Staffed, weeks: str = "") -> Response:
    """The table for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["office", *COLUMNS, "median_seconds_to_accept"])
    for code, _, one in _lines(staff, _period(weeks)):
        middle = one.median_seconds
        writer.writerow([code, *(getattr(one, name) for name in COLUMNS), "" if middle is None else middle])
    headers = {"Content-Disposition": 'attachment; filename="handovers.csv"', "Cache-Control": "no-store"}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(staff: SignedIn, weeks: int) -> list[tuple[str, str, HandOvers]]:
    if not staff.roles & READERS:
        raise NotAllowed("These figures are for those who lead an office.", mend="Ask the head of your office.")
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        found = handovers.by_office(session, staff.viewer, None, since=now - timedelta(weeks=weeks), until=now)
    return [(known.offices[one.office_id].code, known.name(one.office_id), one) for one in found]


def _row(code: str, name: str, one: HandOvers) -> dict[str, object]:
    figures = {column: getattr(one, column) for column in (*COLUMNS, "median_seconds")}
    return {"code": code, "office": name, **figures}


def _period(weeks: str) -> int:
    return int(weeks) if weeks in {str(one) for one in PERIODS} else PERIODS[0]
