"""An OpenID Connect provider, asked for who somebody is: the code flow with PKCE, state and nonce (RFC 6749, 7636).

The protocol alone: what comes out is what the provider vouches for. Whom that makes of it is `cases.identities`.
"""

import base64
import hashlib
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from core.crypto import same, token
from core.logs import logger
from core.settings import settings

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures that are believed: never one the client itself could make (HS256), and never none."""
STRONG = frozenset({"mfa", "otp", "hwk"})
"""Words of `amr` (RFC 8176) that say that the provider asked for a second factor."""
FRESH = 3600.0
"""Seconds that the provider's addresses and keys are kept."""
LEEWAY = 60
"""Seconds its clock may differ from ours."""
TIMEOUT = 8.0

log = logger("api.identity")


class NotVouched(Exception):
    """The provider did not say who it is, or said it in a way that cannot be believed. The text is for staff."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom the provider vouches for. `email` is empty unless the provider has verified it."""

    issuer: str
    subject: str
    email: str
    strong: bool


@dataclass(frozen=True, slots=True)
class Errand:
    """What a browser that was sent to the provider has to bring back; kept sealed in its cookie meanwhile."""

    state: str = field(default_factory=token)
    nonce: str = field(default_factory=token)
    verifier: str = field(default_factory=token)


@dataclass(slots=True)
class _Kept:
    addresses: dict[str, Any]
    keys: dict[str, Any]
    at: float


_lock = threading.Lock()
_kept: dict[str, _Kept] = {}


def forget() -> None:
    """Ask the provider anew (after settings changed)."""
    with _lock:
        _kept.clear()


def check() -> None:
    """Ask the provider for its addresses and keys. Raises NotVouched."""
    _provider(anew=True)


def back_url() -> str:
    """Where the provider sends browsers back to."""
    return f"{settings().site_url}/staff/sign-in/provider/back"


def way_there(errand: Errand) -> str:
    """The provider's page for this errand. Raises NotVouched where it cannot be reached."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(errand.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "scope": "openid email profile",
        "client_id": settings().oidc_client_id,
        "redirect_uri": back_url(),
        "state": errand.state,
        "nonce": errand.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    address = str(_provider().addresses["authorization_endpoint"])
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def vouched(errand: Errand, brought: dict[str, str]) -> Vouched:
    """Whom the provider vouches for, from what the browser brought back. Raises NotVouched."""
    if not same(brought.get("state", ""), errand.state):
        raise NotVouched("This answer belongs to another attempt. Sign in once more.")
    issuer = settings().oidc_issuer
    if brought.get("iss", issuer).rstrip("/") != issuer:  # RFC 9207: another provider's answer is none
        raise NotVouched("This answer is from another place. Sign in once more.")
    if brought.get("error"):
        log.info("refused_there", error=brought["error"][:80])
        raise NotVouched("You were not signed in there. Try again, or ask who looks after that account.")
    if not brought.get("code"):
        raise NotVouched("The answer was not complete. Sign in once more.")
    claims = _claims(_id_token(brought["code"], errand.verifier))
    if not same(str(claims.get("nonce", "")), errand.nonce):
        raise NotVouched("This answer belongs to another attempt. Sign in once more.")
    verified = claims.get("email_verified") in (True, "true")
    ways = claims.get("amr")
    return Vouched(
        issuer=issuer,
        subject=str(claims["sub"]),
        email=str(claims.get("email") or "") if verified else "",
        strong=isinstance(ways, list) and bool(STRONG & set(map(str, ways))),
    )


def _id_token(code: str, verifier: str) -> str:
    current = settings()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back_url(),
        "code_verifier": verifier,
        "client_id": current.oidc_client_id,
    }
    secret = current.oidc_client_secret
    answer = _ask(
        "POST",
        str(_provider().addresses["token_endpoint"]),
        data=form,
        auth=httpx.BasicAuth(current.oidc_client_id, secret) if secret else None,
    )
    return str(answer.get("id_token", ""))


def _claims(id_token: str) -> dict[str, Any]:
    """What a token says, once its signature, issuer, audience and times hold. Raises NotVouched."""
    import jwt  # only installations with a provider need it

    try:
        header = jwt.get_unverified_header(id_token)
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError(str(header.get("alg")))
        claims: dict[str, Any] = jwt.decode(
            id_token,
            _key(str(header.get("kid") or "")),
            algorithms=list(ALGORITHMS),
            audience=settings().oidc_client_id,
            issuer=_provider().addresses["issuer"],
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except jwt.PyJWTError as error:
        log.warning("token_not_believed", error=type(error).__name__, detail=str(error)[:200])
        text = "What was said there about you cannot be checked. An administrator finds more in the log."
        raise NotVouched(text) from error
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != settings().oidc_client_id:
        raise NotVouched("What was said there about you was meant for another program.")
    return claims


def _key(key_id: str) -> Any:
    """The provider's key of this name; its keys are fetched anew once where the name is not known: keys are changed."""
    import jwt

    for anew in (False, True):
        provider = _provider(anew=anew)
        usable = [key for key in jwt.PyJWKSet.from_dict(provider.keys).keys if key.public_key_use in (None, "sig")]
        found = [key for key in usable if key.key_id == key_id] if key_id else usable
        if len(found) == 1:
            return found[0]
    raise jwt.InvalidKeyError("no such key, or more than one")


def _provider(*, anew: bool = False) -> _Kept:
    """The provider's addresses and keys. Raises NotVouched."""
    issuer = settings().oidc_issuer
    with _lock:
        kept = _kept.get(issuer)
    if kept is not None and not anew and time.monotonic() - kept.at < FRESH:
        return kept
    addresses = _ask("GET", f"{issuer}/.well-known/openid-configuration")
    if str(addresses.get("issuer", "")).rstrip("/") != issuer or not {
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
    } <= set(addresses):
        log.error("provider_misconfigured", issuer=issuer, says=str(addresses.get("issuer", ""))[:200])
        raise NotVouched("The place to sign in at is not set up well. An administrator finds more in the log.")
    kept = _Kept(addresses, _ask("GET", str(addresses["jwks_uri"])), time.monotonic())
    with _lock:
        _kept[issuer] = kept
    return kept


def _client() -> httpx.Client:
    return httpx.Client(timeout=TIMEOUT)


def _ask(method: str, address: str, **request: Any) -> dict[str, Any]:
    try:
        with _client() as client:
            answer = client.request(method, address, headers={"Accept": "application/json"}, **request)
        if answer.status_code == 200 and isinstance(found := answer.json(), dict):
            return found
        log.warning("provider_refused", path=answer.url.path, status=answer.status_code)
    except (httpx.HTTPError, ValueError) as error:
        log.warning("provider_unreachable", error=type(error).__name__)
    raise NotVouched("The place to sign in at does not answer as it should. Try again in a few minutes.")
