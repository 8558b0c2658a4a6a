"""Signing in: argon2 passwords, sessions kept on the server, a CSRF token in every form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, func, select

from api import throttle
from api.pages import render
from core.crypto import same, token, token_hash
from core.database import database
from core.errors import NotAllowed
from core.passwords import hash_password, matches
from core.settings import DEMO_PASSWORD, settings
from core.texts import clean
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.staff import Staff, StaffRole, StaffSession, email_index
from domain.states import Role
from domain.visibility import Viewer, readable, viewer

router = APIRouter(include_in_schema=False)

COOKIE = "ombud_session"
FREE_ATTEMPTS = 5
LONGEST_LOCK = timedelta(minutes=15)


class SignInNeeded(Exception):
    """Nobody is signed in; the app answers with the sign-in page and comes back to where one was going."""


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in, as pages show it and as rules know it."""

    id: str
    name: str
    office_name: str
    roles: frozenset[str]
    language: str
    unread: int
    csrf: str
    viewer: Viewer
    session_id: UUID
    sorting: Mapping[str, object]


def signed_in(request: Request) -> Iterator[SignedIn]:
    """Dependency: whoever is signed in. Raises SignInNeeded."""
    now = datetime.now(UTC)
    value = request.cookies.get(COOKIE, "")
    if not value:
        raise SignInNeeded
    with database().read() as session:
        found = session.exec(
            select(StaffSession, Staff)
            .join(Staff, col(Staff.id) == col(StaffSession.staff_id))
            .where(
                col(StaffSession.token_hash) == token_hash(value),
                col(StaffSession.expires_at) > now,
                col(StaffSession.revoked_at).is_(None),
                col(Staff.active).is_(True),
            )
        ).first()
        if found is None:
            raise SignInNeeded
        open_session, person = found
        who = viewer(session, person.id, person.name)
        unread = session.exec(
            select(func.count()).where(col(Notice.staff_id) == person.id, col(Notice.read_at).is_(None), readable(who))
        ).one()
        offices = sorted(catalogue(session).name(office) for office in who.home)
    staff = SignedIn(
        id=str(person.id),
        name=person.name,
        office_name=offices[0] if offices else "",
        roles=frozenset(str(role) for role, _ in who.roles),
        language=person.language,
        unread=unread,
        csrf=open_session.csrf,
        viewer=who,
        session_id=open_session.id,
        sorting=open_session.sorting,
    )
    request.state.staff = staff
    request.state.csrf = staff.csrf
    yield staff


Staffed = Annotated[SignedIn, Depends(signed_in)]


def checked(staff: Staffed, csrf: Annotated[str, Form()] = "") -> SignedIn:
    """Dependency of every form that changes something: signed in, and the form is ours. Raises NotAllowed."""
    if not same(csrf, staff.csrf):
        raise NotAllowed("This form is from another session.", mend="Go back, reload the page, and send it again.")
    return staff


Checked = Annotated[SignedIn, Depends(checked)]


def hashed_cookie(request: Request) -> str:
    """What the database knows this browser's session by."""
    return token_hash(request.cookies.get(COOKIE, ""))


def local_path(target: str) -> str:
    """Where to go after signing in: a path of ours, never another site."""
    try:
        parts = urlsplit(target)
    except ValueError:  # an address that cannot be taken apart, such as //[
        return "/staff"
    safe = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if safe and not parts.scheme and not parts.netloc else "/staff"


@router.get("/staff/sign-in")
def show_sign_in(request: Request, next: str = "/staff") -> Response:
    """The sign-in page."""
    return _page(request, next)


def _page(request: Request, target: str, error: str = "", email: str = "", status: int = 200) -> Response:
    demo = settings().environment == "demo"
    context = {
        "next": local_path(target),
        "email": email,
        "error": error,
        "samples": _samples() if demo else [],
        "sample_password": DEMO_PASSWORD if demo else "",
    }
    return render(request, "staff/signin.html", context, status=status)


def _samples() -> list[dict[str, str]]:
    """One sample sign-in per role, for the demo alone."""
    with database().read() as session:
        people = session.exec(
            select(Staff, StaffRole.role)
            .join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
            .where(col(Staff.active).is_(True))
            .order_by(col(Staff.id))
        ).all()
    first = {str(role): person for person, role in reversed(people)}
    return [{"name": first[role].name, "email": first[role].email, "role": role} for role in Role if role in first]


@router.post("/staff/sign-in")
def sign_in(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/staff",
) -> Response:
    """Check the password and open a session. Attempts beyond five make each further one wait longer."""
    now, address = datetime.now(UTC), throttle.address_of(request)
    throttle.check("sign-in", address)
    wrong = "That e-mail and password do not go together. Check both, or ask your administrator for a new password."
    with database().read() as session:
        person = session.exec(select(Staff).where(col(Staff.email_index) == email_index(email))).first()
    if person is not None and person.locked_until is not None and person.locked_until > now:
        seconds = int((person.locked_until - now).total_seconds()) + 1
        return _page(request, next, f"Too many wrong passwords. Try again in {seconds} seconds.", email, 429)
    # a stranger costs the same time as a colleague, so the time tells nobody who works here
    right = matches(password[:1000], person.password_hash if person else _decoy())
    if person is None or not right or not person.active:
        throttle.spend("sign-in", address)  # one password tried on many people locks none of them
        if person is not None:
            _count_failure(person, now)
        return _page(request, next, wrong, email, 401)
    value = token()
    with database().write() as session:
        row = session.get_one(Staff, person.id, with_for_update=True)
        row.failed_attempts, row.locked_until = 0, None
        session.add(
            StaffSession(
                token_hash=token_hash(value),
                csrf=token(),
                staff_id=row.id,
                created_at=now,
                expires_at=now + timedelta(hours=settings().session_hours),
                agent=clean(request.headers.get("user-agent", ""), 200),
            )
        )
    response = RedirectResponse(local_path(next), status_code=303)
    response.set_cookie(
        COOKIE,
        value,
        max_age=settings().session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=settings().site_url.startswith("https://"),
        path="/",
    )
    return response


@lru_cache(maxsize=1)
def _decoy() -> str:
    """A hash that no password matches."""
    return hash_password(token())


def _count_failure(person: Staff, now: datetime) -> None:
    with database().write() as session:
        row = session.get_one(Staff, person.id, with_for_update=True)
        row.failed_attempts += 1
        if row.failed_attempts >= FREE_ATTEMPTS:
            wait = timedelta(seconds=2 ** min(row.failed_attempts - FREE_ATTEMPTS + 1, 10))
            row.locked_until = now + min(wait, LONGEST_LOCK)


@router.post("/staff/sign-out")
def sign_out(request: Request, staff: Checked) -> Response:
    """End this session on the server too."""
    _end(request, datetime.now(UTC))
    response = RedirectResponse("/staff/sign-in", status_code=303)
    response.delete_cookie(COOKIE, path="/")
    return response


def _end(request: Request, now: datetime) -> None:
    with database().write() as session:
        _revoke(session, hashed_cookie(request), now)


def _revoke(session: Session, hashed: str, now: datetime) -> None:
    row = session.exec(select(StaffSession).where(col(StaffSession.token_hash) == hashed)).first()
    if row is not None:
        row.revoked_at = now
