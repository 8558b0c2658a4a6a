"""The triage desk: messages that need a person to say whose they are, longest silent first."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api import choices
from api.auth import Staffed
from api.forms import Filled
from api.pages import render
from api.staff import SAID
from cases import handover, history
from cases.acting import Form, Repeated
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed
from core.settings import settings
from domain.catalogue import catalogue
from domain.states import CaseState
from domain.visibility import Viewer
from routing.rules import Method, answering

router = APIRouter(include_in_schema=False)


@router.get("/staff/triage")
def show_triage(request: Request, staff: Staffed, said: str = "") -> Response:
    """What needs a person to say whose it is, longest silent first."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _triage(request, staff.viewer)


def _triage(request: Request, who: Viewer, errors: Mapping[str, str] | None = None) -> Response:
    if not who.triage:
        raise NotAllowed("The triage desk is for those who work there.", mend="Your own cases are on your desk.")
    now = datetime.now(UTC)
    waiting = history.Filter(states=frozenset({CaseState.triage}))
    with database().read() as session:
        known = catalogue(session)
        items = [
            {
                "reference": line.case.reference,
                "text": line.case.text,
                "channel": str(line.case.channel),
                "language": line.case.language,
                "opened_at": line.case.opened_at,
                "silent_seconds": int((now - line.case.received_at).total_seconds()),
                "reason": line.case.routing_reason,
                "held": line.case.routing_method == Method.held,
                "suggestions": [
                    {
                        "service": guess["service"],
                        "name": choices.service_name(known, str(guess["service"])),
                        "office": guess["office"],
                        "office_name": choices.office_name(known, str(guess["office"])),
                        "probability": guess["probability"],
                    }
                    for guess in line.case.routing_suggestions
                ],
            }
            for line in history.find(session, who, waiting, order="oldest", limit=50)
        ]
        context = {
            "items": items,
            "services": choices.services(known, "en"),
            "offices": choices.offices(known, "en"),
            "total": history.count(session, who, waiting),
            "errors": dict(errors or {}),
        }
    return render(request, "staff/triage.html", context, status=422 if errors else 200)


@router.post("/staff/triage/{reference}")
def place(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Say whose it is: a suggestion, or a service and an office."""
    picked = form.get("pick", "")
    service_code, _, office_code = (
        picked.partition("|") if picked else (form.get("service", ""), "", form.get("office", ""))
    )
    once = hashlib.sha256(f"{staff.id}|{reference}|{service_code}|{office_code}".encode()).hexdigest()[:32]
    try:
        with database().write() as session:
            known = catalogue(session)
            case = history.load(session, staff.viewer, reference)
            service = known.service_by_code.get(service_code)
            office = known.office_by_code.get(office_code.upper())
            if office is None and service is not None:
                day = datetime.now(UTC).astimezone(settings().zone).date()
                office = answering(known, service.id, case.place, day)
            if office is None:
                raise BadInput("Choose a service or an office.", fields={f"office-{reference}": "Choose one of both."})
            handover.place_from_triage(
                session,
                case.id,
                staff.viewer,
                office.id,
                service.id if service else None,
                datetime.now(UTC),
                Form(2**31 - 1, once),
            )
    except Repeated:
        pass
    except BadInput as error:
        return _triage(request, staff.viewer, error.fields)
    except Conflict as error:
        request.state.flash = {"text": str(error), "tone": "soon", "undo": ""}
        return _triage(request, staff.viewer)
    return RedirectResponse("/staff/triage?said=placed", status_code=303)
