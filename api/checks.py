"""Calls that check whether it is solved, under Call-backs, and the figures of what was said and found."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api import calls
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from cases import checks
from cases.acting import Form, Repeated
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from domain.catalogue import catalogue
from domain.closing import CheckResult
from domain.dashboard import READERS
from reports import solved

router = APIRouter(include_in_schema=False)

PERIODS = (4, 13, 52)
"""Weeks the figures may look back on."""


@router.post("/staff/checks/{check_id}/{action}")
def act(request: Request, staff: Staffed, form: Filled, check_id: str, action: str) -> Response:
    """Show the number, or write down what the call found out."""
    text, now = form.get("text", ""), datetime.now(UTC)
    results = {"solved": CheckResult.solved, "not-solved": CheckResult.not_solved, "no-answer": CheckResult.not_reached}
    try:
        wanted = UUID(check_id)
    except ValueError as error:
        raise NotFound("There is no such call.") from error
    if action not in results and action != "reveal":
        raise NotFound("There is no such thing to do with a call.")
    shown: dict[UUID, str] = {}
    try:
        with database().write() as session:
            if action == "reveal":
                shown[wanted] = checks.reveal(session, wanted, staff.viewer, now, _once(staff, form, check_id, action))
            else:
                once = _once(staff, form, check_id, action)
                checks.record(session, wanted, staff.viewer, results[action], text, now, once)
    except Repeated:
        pass
    except BadInput as error:
        said = next(iter(error.fields.values()), str(error))
        return calls.page(request, staff.viewer, errors={f"check-{check_id}": said}, typed={check_id: text})
    except (Conflict, NotAllowed) as error:
        return calls.refused(request, staff, error, {check_id: text})
    if shown:
        return calls.page(request, staff.viewer, numbers=shown)
    return RedirectResponse("/staff/callbacks?said=checked", status_code=303)


def _once(staff: SignedIn, form: Mapping[str, str], check_id: str, action: str) -> Form:
    version = form.get("version", "")
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    words = f"{staff.id}|{check_id}|{action}|{seen}|{form.get('text', '')}"
    return Form(seen, hashlib.sha256(words.encode()).hexdigest()[:32])


@router.get("/staff/solved")
def show_solved(request: Request, staff: Staffed, weeks: str = "") -> Response:
    """What citizens said of closings and what calls found, by office."""
    if not READERS & staff.roles:
        raise NotAllowed("These figures are for heads, reviewers and leadership.", mend="Your cases are on the desk.")
    period = next((one for one in PERIODS if weeks == str(one)), PERIODS[1])
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        lines = solved.by_office(session, staff.viewer, since=now - timedelta(weeks=period), until=now)
    rows = [
        {
            "office": known.name(line.office_id),
            "closed": line.closed,
            "claimed": _share(line.claimed),
            "silent": line.silent,
            "checked": _share(line.checked(claimed=True)),
            "checked_silent": _share(line.checked(claimed=False)),
            "not_reached": line.not_reached,
        }
        for line in lines
    ]
    return render(request, "staff/solved.html", {"rows": rows, "weeks": period, "periods": list(PERIODS)})


def _share(share: solved.Share) -> dict[str, object]:
    low, high = share.interval or (0.0, 1.0)
    return {"value": share.value, "n": share.of, "low": low, "high": high}
