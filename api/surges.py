"""Surges: where far more comes in than usual, what it is about, and the way to one answer for all."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.auth import Staffed
from api.pages import render
from core.database import database
from core.texts import shorten
from domain.catalogue import Catalogue, catalogue, name_of
from domain.crowd import Surge
from domain.visibility import Viewer
from reports import surges

router = APIRouter(include_in_schema=False)


@router.get("/staff/surges")
def show_surges(request: Request, staff: Staffed) -> Response:
    """Surges of the last two weeks at the offices the person may look into, those that go on first."""
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        rows = [_row(known, one) for one in surges.lately(session, staff.viewer, known, now)]
    return render(request, "staff/surges.html", {"surges": rows})


def band(session: Session, who: Viewer) -> list[dict[str, object]]:
    """What the desk and the figures say of surges that go on."""
    known = catalogue(session)
    return [_said(known, row) for row in surges.now_on(session, who)]


def _said(known: Catalogue, row: Surge) -> dict[str, object]:
    service = known.services.get(row.service_id) if row.service_id else None
    return {
        "id": str(row.id),
        "office": known.name(row.office_id),
        "service": name_of(service, "en") if service else "",
        "observed": row.observed,
        "expected": row.expected,
        "seconds": row.window_seconds,
        "since": row.started_at,
        "over": row.over_at,
        "words": list(row.words),
    }


def _row(known: Catalogue, one: surges.Seen) -> dict[str, object]:
    return _said(known, one.surge) | {
        "number": one.number,
        "lead": one.lead,
        "alike": one.alike,
        "newest": [
            {
                "reference": case.reference,
                "text": shorten(case.text, 160) or "(no words)",
                "language": case.language,
                "at": case.received_at,
            }
            for case in one.newest
        ],
    }
