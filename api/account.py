"""What one was told, who one is here, and where one is signed in."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import col, select, update

from api.auth import Staffed, hashed_cookie
from api.forms import Filled
from api.pages import render
from core.database import database
from core.errors import BadInput
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.staff import Staff, StaffSession
from domain.visibility import readable

router = APIRouter(include_in_schema=False)

NOTICES = 50


@router.get("/staff/notices")
def show_notices(request: Request, staff: Staffed, page: int = 0) -> Response:
    """What the person was told, newest first."""
    page = max(0, min(page, 1000))
    with database().read() as session:
        found = session.exec(
            select(Notice, Case.reference)
            .join(Case, col(Case.id) == col(Notice.case_id), isouter=True)
            .where(col(Notice.staff_id) == UUID(staff.id), readable(staff.viewer))
            .order_by(col(Notice.at).desc())
            .offset(page * NOTICES)
            .limit(NOTICES + 1)
        ).all()
    rows = [
        {
            # the reference is shown as a link of its own
            "text": notice.text.removeprefix(f"{reference}: "),
            "at": notice.at,
            "reference": reference or "",
            "unread": notice.read_at is None,
        }
        for notice, reference in found[:NOTICES]
    ]
    context = {
        "notices": rows,
        "newer": f"/staff/notices?page={page - 1}" if page else "",
        "older": f"/staff/notices?page={page + 1}" if len(found) > NOTICES else "",
    }
    return render(request, "staff/notices.html", context)


@router.post("/staff/notices")
def read_notices(staff: Staffed, form: Filled) -> Response:
    """Mark all as read."""
    with database().write() as session:
        session.execute(
            update(Notice)
            .where(col(Notice.staff_id) == UUID(staff.id), col(Notice.read_at).is_(None))
            .values(read_at=datetime.now(UTC))
        )
    return RedirectResponse("/staff/notices", status_code=303)


@router.get("/staff/account")
def show_account(request: Request, staff: Staffed) -> Response:
    """Who one is here, and where one is signed in."""
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        person = session.get_one(Staff, UUID(staff.id))
        open_sessions = session.exec(
            select(StaffSession)
            .where(
                col(StaffSession.staff_id) == person.id,
                col(StaffSession.revoked_at).is_(None),
                col(StaffSession.expires_at) > now,
            )
            .order_by(col(StaffSession.created_at).desc())
        ).all()
        here = hashed_cookie(request)
        context = {
            "roles": [
                {"role": role, "office": known.name(office)} for role, office in sorted(staff.viewer.roles, key=str)
            ],
            "email": person.email,
            "sessions": [
                {"agent": one.agent, "created_at": one.created_at, "current": one.token_hash == here}
                for one in open_sessions
            ],
        }
    return render(request, "staff/account.html", context)


@router.post("/staff/account/language")
def set_language(staff: Staffed, form: Filled) -> Response:
    """Language of the staff pages for this person."""
    wanted = form.get("language", "")
    if wanted not in settings().languages:
        raise BadInput("Choose one of the languages offered.", fields={"language": "choose one"})
    with database().write() as session:
        session.get_one(Staff, UUID(staff.id)).language = wanted
    return RedirectResponse("/staff/account", status_code=303)
