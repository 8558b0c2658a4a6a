"""Who is signed in: sessions kept on the server, a CSRF token in every form, the cookies of both.

How one gets in is in `api.sign_in` and its kin.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, func, select, update

from cases.sign_in import alive
from core.crypto import cipher, same, token, token_hash
from core.database import database
from core.errors import NotAllowed
from core.settings import settings
from core.texts import clean
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.staff import Staff, StaffSession
from domain.visibility import Viewer, readable, viewer

router = APIRouter(include_in_schema=False)

COOKIE = "ombud_session"
FAMILIAR = "ombud_browser"
FAMILIAR_DAYS = 180
FAMILIAR_PEOPLE = 5
"""People whom one browser is familiar to, as at a counter that colleagues share."""
SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is kept when a session was last used."""


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
            .where(col(StaffSession.token_hash) == token_hash(value), alive(now), col(Staff.active).is_(True))
        ).first()
        if found is None:
            raise SignInNeeded
        open_session, person = found
        who = viewer(session, person.id, person.name, now=now)
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
    if _is_click(request) and now - (open_session.last_seen_at or open_session.created_at) > SEEN_EVERY:
        with database().write() as session:
            session.execute(
                update(StaffSession).where(col(StaffSession.id) == open_session.id).values(last_seen_at=now)
            )
    request.state.staff = staff
    request.state.csrf = staff.csrf
    yield staff


def _is_click(request: Request) -> bool:
    """Whether a person did something: what a page fetches by itself keeps nobody signed in."""
    if request.method != "GET":
        return not request.url.path.endswith("/here")  # an open page says so every few seconds
    return request.headers.get("sec-fetch-mode", "navigate") == "navigate"


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


def enter(request: Request, person: Staff, target: str, now: datetime) -> Response:
    """Open a session for somebody who has shown who they are, and go on to a page."""
    return with_session(RedirectResponse(local_path(target), status_code=303), request, person, now)


def with_session(response: Response, request: Request, person: Staff, now: datetime) -> Response:
    """The same answer, with a fresh session in its cookie."""
    value, hours = token(), settings().session_hours
    with database().write() as session:
        row = session.get_one(Staff, person.id, with_for_update=True)
        row.failed_attempts, row.locked_until = 0, None
        session.add(
            StaffSession(
                token_hash=token_hash(value),
                csrf=token(),
                staff_id=row.id,
                created_at=now,
                expires_at=now + timedelta(hours=hours),
                last_seen_at=now,
                agent=clean(request.headers.get("user-agent", ""), 200),
            )
        )
    _set(response, COOKIE, value, hours * 3600)
    _set(response, FAMILIAR, _familiar_with(request, person.id), FAMILIAR_DAYS * 86400)
    return response


def _set(response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=settings().site_url.startswith("https://"),
        path="/",
    )


def is_familiar(request: Request, staff_id: UUID) -> bool:
    """Whether this browser has signed this person in before: it carries a mark that only we can make."""
    nonce, *marks = request.cookies.get(FAMILIAR, "").split(".")[: FAMILIAR_PEOPLE + 1]
    return any(same(_mark(nonce, staff_id), mark) for mark in marks)


def browser_of(request: Request) -> str:
    """What the wrong passwords of a familiar browser are counted under."""
    return request.cookies.get(FAMILIAR, "").partition(".")[0][:64]


def _familiar_with(request: Request, staff_id: UUID) -> str:
    nonce, *marks = request.cookies.get(FAMILIAR, "").split(".")[: FAMILIAR_PEOPLE + 1]
    nonce = nonce if marks else token()
    own = _mark(nonce, staff_id)
    return ".".join([nonce, own, *(mark for mark in marks if mark != own)][: FAMILIAR_PEOPLE + 1])


def _mark(nonce: str, staff_id: UUID) -> str:
    return cipher().seal(b"familiar browser\0" + staff_id.bytes + nonce.encode())[:32]


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
