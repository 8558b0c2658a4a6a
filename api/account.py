"""What one was told, who one is here, and where one is signed in."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import col, select, update

from api import throttle
from api.auth import SignedIn, Staffed, hashed_cookie
from api.forms import Filled
from api.pages import render
from core.database import database
from core.errors import BadInput
from core.passwords import hash_password, matches
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.staff import Staff, StaffSession
from domain.visibility import readable

router = APIRouter(include_in_schema=False)

SHORTEST, LONGEST = 12, 200
"""Length of a password: NIST SP 800-63B asks for length, not for signs."""

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
            "url": "/staff/surges" if notice.dedupe_key.startswith("surge:") else "",
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
def show_account(request: Request, staff: Staffed, changed: bool = False) -> Response:
    """Who one is here, and where one is signed in."""
    return _account(request, staff, changed=changed)


def _account(
    request: Request, staff: SignedIn, *, changed: bool = False, errors: Mapping[str, str] | None = None
) -> Response:
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
            "changed": changed,
            "errors": dict(errors or {}),
            "sessions": [
                {"agent": one.agent, "created_at": one.created_at, "current": one.token_hash == here}
                for one in open_sessions
            ],
        }
    return render(request, "staff/account.html", context, status=422 if errors else 200)


@router.post("/staff/account/language")
def set_language(staff: Staffed, form: Filled) -> Response:
    """Language of the staff pages for this person."""
    wanted = form.get("language", "")
    if wanted not in settings().languages:
        raise BadInput("Choose one of the languages offered.", fields={"language": "choose one"})
    with database().write() as session:
        session.get_one(Staff, UUID(staff.id)).language = wanted
    return RedirectResponse("/staff/account", status_code=303)


@router.post("/staff/account/password")
def change_password(request: Request, staff: Staffed, form: Filled) -> Response:
    """Another password for this person; every other session of theirs ends."""
    throttle.check("sign-in", throttle.address_of(request))
    new, now = form.get("new", ""), datetime.now(UTC)
    with database().read() as session:
        stored = session.get_one(Staff, UUID(staff.id)).password_hash
    if not matches(form.get("current", "")[:1000], stored):
        throttle.spend("sign-in", throttle.address_of(request))
        return _account(request, staff, errors={"current": "This is not your password now."})
    if not SHORTEST <= len(new) <= LONGEST:
        return _account(request, staff, errors={"new": f"Choose {SHORTEST} to {LONGEST} letters or digits."})
    hashed = hash_password(new)
    with database().write() as session:
        session.get_one(Staff, UUID(staff.id)).password_hash = hashed
        session.execute(
            update(StaffSession)
            .where(
                col(StaffSession.staff_id) == UUID(staff.id),
                col(StaffSession.token_hash) != hashed_cookie(request),
                col(StaffSession.revoked_at).is_(None),
            )
            .values(revoked_at=now)
        )
    return RedirectResponse("/staff/account?changed=true", status_code=303)
