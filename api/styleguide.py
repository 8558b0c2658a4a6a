"""`/styleguide`: every shape of the pages in every state. In the demo only."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.pages import render
from core.errors import NotFound
from core.settings import settings

router = APIRouter(include_in_schema=False)

NOW = datetime(2026, 11, 24, 13, 20, tzinfo=UTC)
ROW: dict[str, object] = {
    "reference": "K7QF-3M9V",
    "title": "No water in Rruga e Kavajës since Monday",
    "state": "open",
    "channel": "sms",
    "language": "en",
    "left_seconds": -14400,
    "tone": "late",
    "share": 1.0,
    "urgency": "child",
    "nature": "",
    "silent_seconds": 259200,
    "office": "",
    "assignee": "",
    "crowd": 0,
    "pieces": [],
}
SAMPLES: dict[str, object] = {
    "now": NOW,
    "case_row": ROW,
    "case_row_calm": {
        **ROW,
        "urgency": "",
        "left_seconds": 90000,
        "tone": "calm",
        "share": 0.2,
        "silent_seconds": 7200,
        "crowd": 12,
    },
    "case_row_waiting": {
        **ROW,
        "state": "waiting",
        "left_seconds": None,
        "silent_seconds": None,
        "assignee": "Arta Hoxha",
    },
}


@router.get("/styleguide", response_class=HTMLResponse)
def show_styleguide(request: Request) -> HTMLResponse:
    """All shapes, light and dark side by side, and in other scripts and directions."""
    if settings().environment != "demo":
        raise NotFound("There is nothing at this address.")
    return render(request, "styleguide.html", SAMPLES)
