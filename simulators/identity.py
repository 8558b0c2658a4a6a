"""A stand-in for a government's identity provider: OpenID Connect with real keys and signatures, for anybody one likes.

Its page asks whom to sign in as. It checks what a provider checks: the client's secret, the address to go back to, that
a code is used once and within a minute, and PKCE.
"""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader

from core.crypto import token

POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
CODE_SECONDS = 60
TOKEN_SECONDS = 300
ASKED = ("client_id", "redirect_uri", "state", "nonce", "code_challenge")


@dataclass(slots=True)
class _Given:
    """What a code stands for."""

    asked: dict[str, str]
    claims: dict[str, Any]
    at: float


@dataclass
class Provider:
    """One provider with one client. `codes` are those not used yet."""

    issuer: str
    client_id: str
    client_secret: str
    back: str
    codes: dict[str, _Given] = field(default_factory=dict)

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        """The key it signs with, made when it is first asked for."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def key_id(self) -> str:
        """What its key is called."""
        return token()[:12]

    def give(self, asked: dict[str, str], claims: dict[str, Any]) -> str:
        """A fresh code."""
        code = token()
        self.codes[code] = _Given(asked, claims, time.time())
        return code

    def sign(self, claims: dict[str, Any], nonce: str, now: float) -> str:
        """The ID token."""
        import jwt

        body = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": int(now),
            "exp": int(now) + TOKEN_SECONDS,
            "nonce": nonce,
        }
        return jwt.encode({**body, **claims}, self.key, algorithm="RS256", headers={"kid": self.key_id})

    def public(self) -> dict[str, Any]:
        """Its public key as a JWK (RFC 7517)."""
        numbers = self.key.public_key().public_numbers()
        modulus, exponent = _number(numbers.n), _number(numbers.e)
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id, "n": modulus, "e": exponent}


def router(provider: Provider) -> APIRouter:
    """Its routes, to be mounted where the issuer's address says."""
    routes = APIRouter(include_in_schema=False)
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)

    @routes.get("/.well-known/openid-configuration")
    def configuration() -> dict[str, Any]:
        return {
            "issuer": provider.issuer,
            "authorization_endpoint": f"{provider.issuer}/authorize",
            "token_endpoint": f"{provider.issuer}/token",
            "jwks_uri": f"{provider.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    @routes.get("/keys")
    def keys() -> dict[str, Any]:
        return {"keys": [provider.public()]}

    @routes.get("/authorize")
    def ask(request: Request) -> Response:
        asked = dict(request.query_params)
        if fault := _fault(provider, asked):
            return JSONResponse({"error": "invalid_request", "error_description": fault}, 400)
        html = pages.get_template("identity.html").render(asked={name: asked.get(name, "") for name in ASKED})
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})

    @routes.post("/authorize")
    async def answer(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        asked = {name: form.get(name, "") for name in ASKED}
        asked |= {"response_type": "code", "code_challenge_method": "S256"}
        if fault := _fault(provider, asked):
            return JSONResponse({"error": "invalid_request", "error_description": fault}, 400)
        back = {"state": asked["state"], "iss": provider.issuer}
        if form.get("go") == "refuse":
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back | {'error': 'access_denied'})}", 303)
        email = form.get("email", "").strip()
        claims = {
            "sub": form.get("subject", "").strip() or hashlib.sha256(email.encode()).hexdigest()[:20],
            "email": email,
            "email_verified": form.get("verified") == "yes",
            "amr": ["pwd", "mfa"] if form.get("strong") == "yes" else ["pwd"],
        }
        back["code"] = provider.give(asked, claims)
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 303)

    @routes.post("/token")
    async def exchange(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        if not _is_client(provider, request.headers.get("authorization", ""), form):
            return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
        given = provider.codes.pop(form.get("code", ""), None)
        now = time.time()
        if given is None or now - given.at > CODE_SECONDS or form.get("redirect_uri") != given.asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if _base64url(digest) != given.asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant", "error_description": "PKCE"}, 400)
        body = {"access_token": token(), "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        body["id_token"] = provider.sign(given.claims, given.asked["nonce"], now)
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    return routes


def _fault(provider: Provider, asked: dict[str, str]) -> str:
    if asked.get("client_id") != provider.client_id:
        return "unknown client"
    if asked.get("redirect_uri") != provider.back:
        return "this address is not registered"
    if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
        return "only the code flow with PKCE"
    return "" if asked.get("code_challenge") and asked.get("state") else "state and code_challenge are needed"


def _is_client(provider: Provider, header: str, form: dict[str, str]) -> bool:
    if not provider.client_secret:
        return form.get("client_id") == provider.client_id
    kind, _, given = header.partition(" ")
    try:
        name, _, secret = base64.b64decode(given).decode().partition(":")
    except ValueError:
        return False
    right = hmac.compare_digest(unquote(secret).encode(), provider.client_secret.encode())
    return kind == "Basic" and unquote(name) == provider.client_id and right


def _number(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
