"""What one was told, who one is here, and where one is signed in."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import col, select, update

from api import throttle
from api.auth import SignedIn, Staffed, hashed_cookie
from api.devices import device
from api.forms import Filled
from api.pages import render
from cases import second_factor, sign_in, staff_accounts, staff_links
from core.database import database
from core.errors import BadInput
from core.passwords import hash_password, matches
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.staff import Staff, StaffSession
from domain.visibility import readable
from reviews.telling import page_of

router = APIRouter(include_in_schema=False)

NOTICES = 50
SAID = {
    "password": "Your password is changed. Every other browser is signed out.",
    "ended": "Signed out there.",
    "ended-all": "Every other browser is signed out.",
    "factor-off": "Your second factor is taken off.",
    "language": "Kept.",
}


def _page_of(key: str) -> str:
    """The page that a notice about no case leads to; "" for none."""
    if key.startswith("surge:"):
        return "/staff/surges"
    return "/staff/exports" if key.startswith("export:") else page_of(key)


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
            "url": _page_of(notice.dedupe_key),
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
def show_account(request: Request, staff: Staffed, said: str = "") -> Response:
    """Who one is here, what one signs in with, and where one is signed in."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _account(request, staff)


def _account(request: Request, staff: SignedIn, *, errors: Mapping[str, str] | None = None) -> Response:
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        person = session.get_one(Staff, UUID(staff.id))
        here = hashed_cookie(request)
        context = {
            "roles": [
                {"role": role, "office": known.name(office)} for role, office in sorted(staff.viewer.roles, key=str)
            ],
            "email": person.email,
            "errors": dict(errors or {}),
            "by_password": staff_links.by_password(person),
            "factor": {
                "since": person.factor_since,
                "needed": second_factor.needed(staff.roles),
                "left": second_factor.codes_left(session, person.id),
            },
            "sessions": session_rows(sign_in.sessions_of(session, person.id, now), here),
        }
    return render(request, "staff/account.html", context, status=422 if errors else 200)


def session_rows(sessions: Iterable[StaffSession], here: str = "") -> list[dict[str, object]]:
    """Signed-in browsers as pages show them."""
    return [
        {
            "id": str(one.id),
            "device": device(one.agent),
            "since": one.created_at,
            "seen": one.last_seen_at or one.created_at,
            "current": one.token_hash == here,
        }
        for one in sessions
    ]


@router.post("/staff/account/sessions")
def end_sessions(request: Request, staff: Staffed, form: Filled) -> Response:
    """Sign out another browser of one's own, or all others."""
    now = datetime.now(UTC)
    with database().write() as session:
        if form.get("go") == "all":
            staff_accounts.end_sessions(session, UUID(staff.id), now, but=staff.session_id)
            said = "ended-all"
        else:
            staff_accounts.end_session(session, UUID(staff.id), form.get("session", ""), now)
            said = "ended"
    return RedirectResponse(f"/staff/account?said={said}", status_code=303)


@router.post("/staff/account/language")
def set_language(staff: Staffed, form: Filled) -> Response:
    """Language of the staff pages for this person."""
    wanted = form.get("language", "")
    if wanted not in settings().languages:
        raise BadInput("Choose one of the languages offered.", fields={"language": "choose one"})
    with database().write() as session:
        session.get_one(Staff, UUID(staff.id)).language = wanted
    return RedirectResponse("/staff/account?said=language", status_code=303)


@router.post("/staff/account/password")
def change_password(request: Request, staff: Staffed, form: Filled) -> Response:
    """Another password for this person; every other session of theirs ends."""
    throttle.check("sign-in", throttle.address_of(request))
    new, now = form.get("new", ""), datetime.now(UTC)
    with database().read() as session:
        person = session.get_one(Staff, UUID(staff.id))
    if not matches(form.get("current", "")[:1000], person.password_hash):
        throttle.spend("sign-in", throttle.address_of(request))
        return _account(request, staff, errors={"current": "This is not your password now."})
    if fault := sign_in.password_fault(new, person):
        return _account(request, staff, errors={"new": fault})
    hashed = hash_password(new)
    with database().write() as session:
        session.get_one(Staff, UUID(staff.id)).password_hash = hashed
        staff_links.void(session, UUID(staff.id), now)
        staff_accounts.end_sessions(session, UUID(staff.id), now, but=staff.session_id)
    return RedirectResponse("/staff/account?said=password", status_code=303)
