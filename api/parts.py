"""A matter of several offices at the desk: giving out parts, calling them off, and what is shown of them."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.auth import Staffed
from api.forms import Filled
from api.staff import act_on
from cases import parts
from cases.acting import Form
from core.errors import BadInput
from domain.case import Case
from domain.catalogue import catalogue
from domain.visibility import Viewer

router = APIRouter(include_in_schema=False)


@router.post("/staff/cases/{reference}/parts")
def give_part(request: Request, staff: Staffed, form: Filled, reference: str) -> Response:
    """Give another office its part of a case."""

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        target = catalogue(session).office_by_code.get(form.get("part_office", "").upper())
        if target is None:
            raise BadInput("Choose the other office.", fields={"part_office": "Choose the other office."})
        return parts.split(session, case.id, who, target.id, form.get("task", ""), datetime.now(UTC), once)

    return act_on(request, staff, form, reference, "give-part", "task", act)


@router.post("/staff/cases/{reference}/parts/{part}/off")
def call_off(request: Request, staff: Staffed, form: Filled, reference: str, part: str) -> Response:
    """Call a part off."""

    def act(session: Session, case: Case, who: Viewer, once: Form) -> object:
        return parts.call_off(session, case.id, part, who, form.get("off_reason", ""), datetime.now(UTC), once)

    return act_on(request, staff, form, reference, f"part-off-{part}"[:40], "off_reason", act)
