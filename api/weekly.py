"""Dashboards by mail every Monday: asked for on the page, ended there or in one click of the mail (RFC 8058).

Looking at the link of a mail changes nothing, since mail programs and virus scanners open links too.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api import throttle
from api.auth import Checked, SignedIn
from api.kpi_view import address
from api.pages import choose_language, render
from channels.values import Channel
from core.database import database
from core.errors import NotFound
from domain.catalogue import Catalogue, catalogue, name_of
from domain.dashboard import DashboardMail, MailState
from domain.office import Office
from domain.visibility import Viewer
from notifications import letters
from notifications.staff_channels import set_up
from reports import mailing
from reports.tables import may_read

router = APIRouter(include_in_schema=False)


def office_of(known: Catalogue, who: Viewer, code: str) -> Office:
    """An active office the viewer may look into, by its code. Raises NotFound."""
    found = known.office_by_code.get(code.strip().upper())
    if found is None or not may_read(who, found.id):
        raise NotFound("There is no such office for you to look into.", mend="Go back to the figures and choose one.")
    return found


def mailed(session: Session, staff: SignedIn, office: Office) -> bool | None:
    """Whether somebody gets an office's dashboard by mail; None where no mail leaves here."""
    if Channel.email not in set_up() or staff.viewer.staff_id is None:
        return None
    row = mailing.of(session, staff.viewer.staff_id, office.id)
    return row is not None and row.state == MailState.active


@router.post("/staff/weekly")
def choose(
    staff: Checked,
    office: Annotated[str, Form()] = "",
    weeks: Annotated[str, Form()] = "",
    go: Annotated[str, Form()] = "",
) -> Response:
    """Mail an office's dashboard every Monday (go = `start`), or no more (`stop`)."""
    now = datetime.now(UTC)
    with database().write() as session:
        chosen = office_of(catalogue(session), staff.viewer, office)
        if go == "start":
            mailing.start(session, staff.viewer, chosen.id, now)
        elif staff.viewer.staff_id and (row := mailing.of(session, staff.viewer.staff_id, chosen.id)) is not None:
            mailing.stop(session, row.id, now)
    return RedirectResponse(address("/leadership", office=chosen.code, weeks=weeks), 303)


@router.get("/unsubscribe/weekly/{token}")
def show(request: Request, token: str) -> Response:
    """Ask once more; a button does it."""
    mail_id = letters.weekly_of(token)
    with database().read() as session:
        row = session.get(DashboardMail, mail_id) if mail_id else None
        if row is None:
            return _unknown(request)
        return _page(request, session, row, token)


@router.post("/unsubscribe/weekly/{token}")
def end(request: Request, token: str) -> Response:
    """No more of it. The body is not read: a mail program sends `List-Unsubscribe=One-Click`, a person nothing."""
    mail_id = letters.weekly_of(token)
    with database().write() as session:
        if mail_id is None or session.get(DashboardMail, mail_id) is None:
            return _unknown(request)
        row = mailing.stop(session, mail_id, datetime.now(UTC))
        return _page(request, session, row, token)


def _page(request: Request, session: Session, row: DashboardMail, token: str) -> Response:
    step = "ask" if row.state == MailState.active else "done"
    office = name_of(catalogue(session).offices[row.office_id], choose_language(request)[0])
    return render(request, "staff/weekly_stop.html", {"step": step, "token": token, "office": office})


def _unknown(request: Request) -> Response:
    throttle.spend("link", throttle.address_of(request))
    return render(request, "staff/weekly_stop.html", {"step": "gone", "token": "", "office": ""}, status=404)
