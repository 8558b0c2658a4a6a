"""Setting up the second factor: the square an app reads, the first code, and the recovery codes that are shown once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from segno import make_qr

from api import throttle, tickets
from api.auth import SignedIn, Staffed, with_session
from api.forms import Filled
from api.pages import render
from cases import second_factor
from cases.staff_accounts import drop_factor
from core import totp
from core.database import database
from core.errors import BadInput, NotAllowed
from core.passwords import matches
from core.settings import settings
from domain.staff import Staff

router = APIRouter(include_in_schema=False)

SET_UP = "set up"
"""The ticket of who has to set it up before they are let in; what is written on it: secret, then where to go."""
OWN = "own"
"""The ticket of who sets it up while signed in."""


def show_set_up(
    request: Request, person: Staff, target: str, now: datetime, *, secret: str = "", error: str = ""
) -> Response:
    """The page between password and desk, for who has to have a second factor and has none yet."""
    secret = secret or totp.new_secret()
    ticket = tickets.issue(SET_UP, person, now, f"{secret} {target}")
    context = {**_square(secret, person), "ticket": ticket, "inside": False, "errors": {"code": error} if error else {}}
    return render(request, "staff/second_factor.html", context, status=422 if error else 200)


def _square(secret: str, person: Staff) -> dict[str, object]:
    qr = make_qr(totp.address(secret, person.email, settings().government), error="m")
    return {
        # drawn by segno from squares alone: no words of anybody's, nothing inline the policy of all pages forbids
        "square": Markup(qr.svg_inline(scale=5, border=2, svgclass=None, lineclass=None, omitsize=True)),  # noqa: S704
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }


@router.post("/staff/sign-in/set-up")
def set_up_first(request: Request, ticket: Annotated[str, Form()] = "", code: Annotated[str, Form()] = "") -> Response:
    """The first code: it shows that the app is set up, so its owner is let in, with recovery codes to keep."""
    now = datetime.now(UTC)
    held = tickets.read(SET_UP, ticket, now)
    if held is None:
        return RedirectResponse("/staff/sign-in", 303)
    throttle.spend("code", str(held.staff_id))
    secret, _, target = held.extra.partition(" ")
    with database().write() as session:
        person = session.get(Staff, held.staff_id, with_for_update=True)
        if person is None or not person.active or tickets.mark_of(person) != held.mark:
            return RedirectResponse("/staff/sign-in", 303)
        try:
            codes = second_factor.set_up(session, person, secret, code, now)
        except BadInput as error:
            return show_set_up(request, person, target, now, secret=secret, error=error.fields["code"])
    return with_session(_codes(request, codes, target), request, person, now)


def _codes(request: Request, codes: list[str], target: str) -> Response:
    return render(request, "staff/recovery_codes.html", {"codes": codes, "next": target})


@router.get("/staff/account/factor")
def show_factor(request: Request, staff: Staffed) -> Response:
    """One's own second factor: set up, changed, taken off, fresh recovery codes."""
    return _own(request, staff, datetime.now(UTC))


def _own(
    request: Request,
    staff: SignedIn,
    now: datetime,
    *,
    secret: str = "",
    errors: Mapping[str, str] | None = None,
    status: int = 422,
) -> Response:
    secret = secret or totp.new_secret()
    with database().read() as session:
        person = session.get_one(Staff, UUID(staff.id))
        left = second_factor.codes_left(session, person.id)
    context = {
        **_square(secret, person),
        "ticket": tickets.issue(OWN, person, now, secret),
        "inside": True,
        "since": person.factor_since,
        "left": left,
        "needed": second_factor.needed(staff.roles),
        "errors": dict(errors or {}),
    }
    return render(request, "staff/second_factor.html", context, status=status if errors else 200)


@router.post("/staff/account/factor")
def change_factor(request: Request, staff: Staffed, form: Filled) -> Response:
    """Set up an app, take it off, or make fresh recovery codes; each with the password, since a browser left open is
    not its owner."""
    now, go = datetime.now(UTC), form.get("go", "")
    held = tickets.read(OWN, form.get("ticket", ""), now)
    secret = held.extra if held is not None and held.staff_id == UUID(staff.id) else ""
    throttle.check("code", staff.id)
    with database().read() as session:
        stored = session.get_one(Staff, UUID(staff.id)).password_hash
    if not matches(form.get("current", "")[:1000], stored):
        throttle.spend("code", staff.id)
        return _own(request, staff, now, secret=secret, errors={"current": "This is not your password."})
    with database().write() as session:
        person = session.get_one(Staff, UUID(staff.id), with_for_update=True)
        if go == "off":
            if second_factor.needed(staff.roles):
                raise NotAllowed("Your role needs a second factor.", mend="Set up another telephone instead.")
            drop_factor(session, person)
            codes: list[str] = []
        elif go == "codes" and person.factor_secret is not None:
            codes = second_factor.new_codes(session, person)
        else:
            if not secret:
                return RedirectResponse("/staff/account/factor", 303)
            throttle.spend("code", staff.id)
            try:
                codes = second_factor.set_up(session, person, secret, form.get("code", ""), now)
            except BadInput as error:
                return _own(request, staff, now, secret=secret, errors=error.fields)
    if not codes:
        return RedirectResponse("/staff/account?said=factor-off", 303)
    return _codes(request, codes, "/staff/account")
