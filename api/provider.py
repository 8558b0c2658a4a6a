"""Signing in with the government's identity provider: there, and back."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api import identity, throttle
from api.auth import local_path
from api.identity import Errand, NotVouched
from api.sign_in import go_on, provider_name, show_refused
from cases import identities
from core.crypto import decrypt, encrypt
from core.errors import NotFound, Tampered
from core.settings import settings

router = APIRouter(include_in_schema=False)

COOKIE = "ombud_provider"
PATH = "/staff/sign-in/provider"
MINUTES = 10


@router.get(PATH)
def leave(request: Request, next: str = "/staff") -> Response:
    """Go to the provider; what must come back with the browser stays in a sealed cookie."""
    _check()
    errand = Errand()
    try:
        response = RedirectResponse(identity.way_there(errand), 303)
    except NotVouched as error:
        return show_refused(request, next, str(error), 502)
    kept = {**asdict(errand), "next": local_path(next), "until": datetime.now(UTC).timestamp() + MINUTES * 60}
    response.set_cookie(
        COOKIE,
        encrypt(json.dumps(kept)),
        max_age=MINUTES * 60,
        httponly=True,
        samesite="lax",
        secure=settings().site_url.startswith("https://"),
        path=PATH,
    )
    return response


@router.get(f"{PATH}/back")
def come_back(request: Request, state: str = "", code: str = "", error: str = "", iss: str = "") -> Response:
    """From the provider: who is it, and are they somebody here?"""
    _check()
    now = datetime.now(UTC)
    throttle.check("sign-in", throttle.address_of(request))
    kept = _kept(request, now)
    if kept is None:
        return show_refused(request, "/staff", "That took too long. Sign in once more.", 401)
    target = str(kept["next"])
    errand = Errand(str(kept["state"]), str(kept["nonce"]), str(kept["verifier"]))
    brought = {"state": state, "code": code, "error": error} | ({"iss": iss} if iss else {})
    try:
        who = identity.vouched(errand, brought)
    except NotVouched as refused:
        throttle.spend("sign-in", throttle.address_of(request))
        return _once(show_refused(request, target, str(refused), 401))
    person = identities.match(who.issuer, who.subject, who.email, now)
    if person is None:
        text = (
            f"{provider_name()} knows you, but nobody here has your address. Ask your administrator to add you with "
            "the address you have there."
        )
        return _once(show_refused(request, target, text, 403))
    return _once(go_on(request, person, target, now, strong=who.strong))


def _check() -> None:
    if not settings().oidc_issuer:
        raise NotFound("There is no such way to sign in.", mend="Sign in with e-mail and password.")


def _kept(request: Request, now: datetime) -> dict[str, object] | None:
    try:
        kept = json.loads(decrypt(request.cookies.get(COOKIE, "")))
    except (Tampered, ValueError):
        return None
    return kept if isinstance(kept, dict) and float(kept["until"]) > now.timestamp() else None


def _once(response: Response) -> Response:
    response.delete_cookie(COOKIE, path=PATH)
    return response
