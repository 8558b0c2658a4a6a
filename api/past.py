"""What a citizen raised before, at every office, as far as the person who asks may see; nothing of who wrote in
confidence."""

from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session, col, select

from api.auth import Staffed
from api.pages import render
from api.queue import silent_seconds
from cases import history
from core.database import database
from core.texts import shorten
from domain.case import Case
from domain.catalogue import catalogue, name_of
from domain.survey import Answer
from domain.visibility import names_citizen

router = APIRouter(include_in_schema=False)

MOST = 100


@router.get("/staff/cases/{reference}/citizen")
def show_past(request: Request, staff: Staffed, reference: str) -> Response:
    """The other cases of a case's citizen."""
    now = datetime.now(UTC)
    with database().read() as session:
        case = history.load(session, staff.viewer, reference)
        known = catalogue(session)
        others = history.earlier(session, staff.viewer, case, limit=MOST)
        rated = _ratings(session, others)
        lines = [
            {
                "reference": one.reference,
                "title": shorten(one.text, 120) or "(no words)",
                "language": one.language,
                "state": str(one.state),
                "outcome": str(one.outcome) if one.outcome else "",
                "office": known.name(one.office_id),
                "service": name_of(known.services[one.service_id], "en") if one.service_id else "",
                "channel": str(one.channel),
                "opened_at": one.opened_at,
                "answered_seconds": int((one.first_response_at - one.received_at).total_seconds())
                if one.first_response_at
                else None,
                "silent_seconds": silent_seconds(one, now),
                "reopened": one.reopened_at is not None,
                "rating": rated.get(str(one.invitation_id)),
            }
            for one in others
        ]
    context = {
        "reference": case.reference,
        "told": names_citizen(case) and case.citizen_id is not None,
        "lines": lines,
        "offices": len({line["office"] for line in lines}),
        "since": min((one.opened_at for one in others), default=None),
        "channels": sorted({str(one.channel) for one in others}),
    }
    return render(request, "staff/past.html", context)


def _ratings(session: Session, cases: Sequence[Case]) -> dict[str, int]:
    """What the citizen gave, of five, by the invitation that a case came of."""
    asked = [one.invitation_id for one in cases if one.invitation_id]
    found = session.exec(
        select(Answer.invitation_id, Answer.value).where(
            col(Answer.invitation_id).in_(asked), col(Answer.question) == "rating"
        )
    )
    return {str(invitation): value for invitation, value in found if value is not None}
