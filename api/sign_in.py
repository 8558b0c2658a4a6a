"""The way in: the page for signing in, the code after it, and a link for a forgotten password."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import col, select
from starlette.background import BackgroundTask

from api import throttle, tickets
from api.auth import browser_of, enter, is_familiar, local_path
from api.pages import render
from api.setting_up import show_set_up
from cases import second_factor, sign_in, staff_accounts, staff_links
from core.database import database
from core.errors import NotFound
from core.passwords import hash_password
from core.safety import DEMO_PASSWORD
from core.settings import settings
from domain.staff import LinkKind, Staff, StaffLink, StaffRole
from domain.states import Role
from domain.visibility import viewer

router = APIRouter(include_in_schema=False)

CODE = "code"
"""The ticket of who has shown a password and owes a code."""


@router.get("/staff/sign-in")
def show_sign_in(request: Request, next: str = "/staff") -> Response:
    """The sign-in page."""
    return _page(request, next)


def _page(request: Request, target: str, error: str = "", email: str = "", status: int = 200) -> Response:
    demo, current = settings().environment == "demo", settings()
    context = {
        "next": local_path(target),
        "email": email,
        "error": error,
        "samples": _samples() if demo else [],
        "sample_password": DEMO_PASSWORD if demo else "",
        "provider": provider_name(),
        "by_password": current.password_sign_in,
        "glass": bool(current.break_glass_email),
    }
    return render(request, "staff/signin.html", context, status=status)


def show_refused(request: Request, target: str, why: str, status: int) -> Response:
    """The sign-in page, with why another way in did not lead in."""
    return _page(request, target, why, status=status)


def provider_name() -> str:
    """What the identity provider is called on the button; "" where there is none."""
    current = settings()
    return (
        (current.oidc_name or current.oidc_issuer.partition("://")[2].partition("/")[0]) if current.oidc_issuer else ""
    )


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
def take_password(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/staff",
) -> Response:
    """Check the password. Attempts beyond five make each further one from a strange browser wait longer."""
    now, address = datetime.now(UTC), throttle.address_of(request)
    throttle.check("sign-in", address)
    person = sign_in.find(email)
    familiar = person is not None and is_familiar(request, person.id)
    if familiar:
        throttle.check("browser", browser_of(request))
    tried = sign_in.try_password(email, password, now, familiar=familiar)
    if tried.wait:
        return _page(request, next, f"Too many wrong passwords. Try again in {tried.wait} seconds.", email, 429)
    if tried.shut:
        return _page(request, next, f"Passwords are switched off here. Sign in with {provider_name()}.", email, 403)
    if tried.person is None:
        throttle.spend("sign-in", address)  # one password tried on many people locks none of them
        if familiar:
            throttle.spend("browser", browser_of(request))
        wrong = "That e-mail and password do not go together. Check both, or ask your administrator for a new password."
        return _page(request, next, wrong, email, 401)
    return go_on(request, tried.person, next, now)


def go_on(request: Request, person: Staff, target: str, now: datetime, *, strong: bool = False) -> Response:
    """Somebody has shown who they are: ask for what is still missing, else let them in. `strong`: the identity provider
    has asked for a second factor itself."""
    if strong:
        return enter(request, person, target, now)
    if person.factor_secret is not None:
        return _ask_code(request, tickets.issue(CODE, person, now, local_path(target)))
    with database().read() as session:
        roles = viewer(session, person.id, now=now).roles
    if second_factor.needed(role for role, _ in roles):
        return show_set_up(request, person, target, now)
    return enter(request, person, target, now)


def _ask_code(request: Request, ticket: str, error: str = "", status: int = 200) -> Response:
    context = {"ticket": ticket, "errors": {"code": error} if error else {}}
    return render(request, "staff/signin_code.html", context, status=status)


@router.post("/staff/sign-in/code")
def take_code(request: Request, ticket: Annotated[str, Form()] = "", code: Annotated[str, Form()] = "") -> Response:
    """Check the six digits, or a recovery code, and let them in."""
    now = datetime.now(UTC)
    held = tickets.read(CODE, ticket, now)
    if held is None:
        return _again(request)
    for rule in ("code", "code-day"):
        throttle.check(rule, str(held.staff_id))
    with database().write() as session:
        person = session.get(Staff, held.staff_id, with_for_update=True)
        if person is None or not person.active or tickets.mark_of(person) != held.mark:
            return _again(request)
        passed = second_factor.passes(session, person, code, now)
    if passed:
        return enter(request, person, held.extra, now)
    for rule in ("code", "code-day"):
        throttle.spend(rule, str(held.staff_id))
    wrong = "This code opens nothing. Type the six digits the app shows now; each is good once."
    return _ask_code(request, ticket, wrong, 401)


def _again(request: Request) -> Response:
    return _page(request, "/staff", "That took too long. Sign in once more.", status=401)


# -- a link to choose a password ---------------------------------------------------------------------------------------


@router.get("/staff/sign-in/forgot")
def show_forgot(request: Request, sent: bool = False) -> Response:
    """Where to ask for a link."""
    return _forgot(request, sent=sent)


def _forgot(request: Request, *, sent: bool = False, error: str = "") -> Response:
    context = {"mails": staff_links.can_mail(), "sent": sent, "error": error}
    return render(request, "staff/signin_forgot.html", context, status=422 if error else 200)


@router.post("/staff/sign-in/forgot")
def forgot(request: Request, email: Annotated[str, Form()] = "") -> Response:
    """Mail a link, if there is somebody to mail it to; what is answered, and when, is the same either way."""
    throttle.spend("forgot", throttle.address_of(request))
    if not email.strip():
        return _forgot(request, error="Type the address you sign in with.")
    ask = BackgroundTask(staff_links.ask, email[:254], datetime.now(UTC))
    return RedirectResponse("/staff/sign-in/forgot?sent=true", 303, background=ask)


@router.get("/staff/sign-in/link/{token}")
def show_link(request: Request, token: str) -> Response:
    """Where the invited, and those who forgot, choose a password. Looking uses nothing up: mail programs look too."""
    return _choose(request, token, {})


@router.post("/staff/sign-in/link/{token}")
def choose_password(
    request: Request, token: str, new: Annotated[str, Form()] = "", again: Annotated[str, Form()] = ""
) -> Response:
    """Keep the password, and go on as if it had been typed for signing in."""
    now = datetime.now(UTC)
    _, person = _opened(request, token, now)
    fault = sign_in.password_fault(new, person)
    if fault or new != again:
        errors = {"new": fault} if fault else {"again": "These two are not the same. Type it twice."}
        return _choose(request, token, errors)
    hashed = hash_password(new)
    with database().write() as session:
        person = staff_links.use(session, token, hashed, now)
        staff_accounts.end_sessions(session, person.id, now)
    return go_on(request, person, "/staff", now)


def _choose(request: Request, token: str, errors: Mapping[str, str]) -> Response:
    link, person = _opened(request, token, datetime.now(UTC))
    context = {
        "token": token,
        "name": person.name,
        "email": person.email,
        "invited": link.kind == LinkKind.invite,
        "until": link.expires_at,
        "errors": dict(errors),
        "shortest": sign_in.SHORTEST,
    }
    return render(request, "staff/signin_link.html", context, status=422 if errors else 200)


def _opened(request: Request, token: str, now: datetime) -> tuple[StaffLink, Staff]:
    """The link and its person. Raises NotFound, TooMany."""
    throttle.check("link", throttle.address_of(request))
    try:
        with database().read() as session:
            return staff_links.open_link(session, token, now)
    except NotFound:
        throttle.spend("link", throttle.address_of(request))
        raise
