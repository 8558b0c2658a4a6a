"""Signing in with an identity provider that signs real tokens: whom it lets in, and what of it is not believed."""

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlmodel import col, update

from api import identity
from api.auth import COOKIE
from core.database import database
from core.errors import Misconfigured
from core.settings import Settings, settings
from domain.staff import Staff, email_index
from simulators.identity import Provider
from tests.api.site import OneHop, Web, web_of
from tests.api.staffed import Browser, administered, person
from tests.conftest import Installation

SITE = "https://voice.example.org"
ISSUER = f"{SITE}/simulator/identity"
GIVEN = {
    "public_url": SITE,
    "oidc_issuer": ISSUER,
    "oidc_client_id": "ombud",
    "oidc_client_secret": "secret of a client",
    "oidc_name": "GovPass",
}
OFFICER = "officer1@gov.example"
pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


def served(installation: Installation, monkeypatch: pytest.MonkeyPatch, **given: str) -> Iterator[Web]:
    with web_of(installation, monkeypatch, **GIVEN | given) as web:
        portal = web.http.portal
        assert portal is not None
        monkeypatch.setattr(identity, "_client", lambda: httpx.Client(transport=OneHop(web.app, portal)))
        provider(web).__dict__["key"] = KEY
        identity.forget()
        yield administered(web)
        identity.forget()


@pytest.fixture
def site(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    yield from served(installation, monkeypatch)


def provider(web: Web) -> Provider:
    found: Provider = web.app.state.identity
    return found


def there(browser: Browser, path: str = "/staff/sign-in/provider?next=/staff/notices") -> dict[str, str]:
    """Go to the provider; what its address asks."""
    answer = browser._call("GET", path)
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    assert address.startswith(f"{ISSUER}/authorize?")
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def answered(web: Web, asked: dict[str, str], email: str, **more: str) -> str:
    """Say there who one is; the address one is sent back to."""
    form = asked | {"email": email, "verified": "yes", "go": "sign-in"} | more
    answer = web.call("POST", "/simulator/identity/authorize", data=form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).removeprefix(SITE)


def test_somebody_is_known_by_a_verified_address_and_from_then_on_by_name(site: Web) -> None:
    browser = Browser(site)
    browser.get("/staff/sign-in")
    assert browser.sees("Sign in with GovPass")
    asked = there(browser)
    assert (asked["code_challenge_method"], asked["scope"], asked["client_id"]) == (
        "S256",
        "openid email profile",
        "ombud",
    )
    page = site.get("/simulator/identity/authorize?" + str(httpx.QueryParams(asked)))
    assert page.status_code == 200
    back = answered(site, asked, OFFICER.upper())
    answer = browser._call("GET", back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/notices")
    assert browser.get("/staff").status_code == 200
    assert person(OFFICER).subject_index
    # the same person with another address there, and another person with the old address
    other = Browser(site)
    assert other._call("GET", answered(site, there(other), OFFICER, subject="successor")).status_code == 403
    assert other.sees("nobody here has your address")
    same = Browser(site)
    asked = there(same)
    first = hashlib.sha256(OFFICER.upper().encode()).hexdigest()[:20]
    assert same._call("GET", answered(site, asked, "renamed@gov.example", subject=first)).status_code == 303
    same.get("/staff/account")
    assert same.sees("officer1")


@pytest.mark.parametrize(
    ("email", "more"),
    [("stranger@gov.example", {}), (OFFICER, {"verified": "no"}), ("", {}), ("clerk@gov.example", {})],
)
def test_strangers_unverified_addresses_and_who_has_left_are_refused_with_a_page(
    site: Web, email: str, more: dict[str, str]
) -> None:
    with database().write() as session:
        gone = email_index("clerk@gov.example")
        session.execute(update(Staff).where(col(Staff.email_index) == gone).values(active=False))
    browser = Browser(site)
    answer = browser._call("GET", answered(site, there(browser), email, **more))
    assert answer.status_code == 403
    assert browser.sees("GovPass knows you, but nobody here has your address. Ask your administrator")
    assert COOKIE not in browser.cookies


def test_an_answer_counts_once_in_its_own_browser_and_for_a_while(site: Web) -> None:
    browser, thief = Browser(site), Browser(site)
    back = answered(site, there(browser), OFFICER)
    there(thief)
    for other, path in ((thief, back), (Browser(site), back), (browser, back.replace("state=", "state=x"))):
        answer = other._call("GET", path)
        assert (answer.status_code, COOKIE in other.cookies) == (401, False)
    browser = Browser(site)
    back = answered(site, there(browser), OFFICER)
    kept = dict(browser.cookies)
    assert browser._call("GET", back).status_code == 303
    again = Browser(site, cookies=kept)
    assert again._call("GET", back).status_code == 401, "the code was used"
    browser = Browser(site)
    asked = there(browser)
    assert browser._call("GET", answered(site, asked, OFFICER, go="refuse")).status_code == 401
    assert browser.sees("You were not signed in there")
    wrong = Browser(site)
    back = answered(site, there(wrong), OFFICER).replace("simulator%2Fidentity", "elsewhere")
    assert wrong._call("GET", back).status_code == 401, "another provider's answer"
    elsewhere = there(Browser(site)) | {"redirect_uri": "https://evil.example/back"}
    assert site.call("POST", "/simulator/identity/authorize", data=elsewhere).status_code == 400


def forged(change: Callable[[dict[str, Any]], object]) -> Callable[[Provider], None]:
    """A provider whose tokens say something else."""

    def install(it: Provider) -> None:
        plain = it.sign

        def sign(claims: dict[str, Any], nonce: str, now: float) -> str:
            body = jwt.decode(plain(claims, nonce, now), options={"verify_signature": False})
            change(body)
            return jwt.encode(body, it.key, algorithm="RS256", headers={"kid": it.key_id})

        it.sign = sign  # type: ignore[method-assign]

    return install


def signed_by(key: object, algorithm: str, kid: str = "") -> Callable[[Provider], None]:
    """A provider whose tokens somebody else signed."""

    def install(it: Provider) -> None:
        plain = it.sign

        def sign(claims: dict[str, Any], nonce: str, now: float) -> str:
            body = jwt.decode(plain(claims, nonce, now), options={"verify_signature": False})
            return jwt.encode(body, key, algorithm=algorithm, headers={"kid": kid or it.key_id})  # type: ignore[arg-type]

        it.sign = sign  # type: ignore[method-assign]

    return install


KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
"""Made once, for that is slow."""
FORGED = {
    "another issuer": forged(lambda body: body.update(iss="https://evil.example")),
    "another program": forged(lambda body: body.update(aud="other")),
    "several programs": forged(lambda body: body.update(aud=["ombud", "other"], azp="other")),
    "another attempt": forged(lambda body: body.update(nonce="x")),
    "no attempt": forged(lambda body: body.pop("nonce")),
    "too old": forged(lambda body: body.update(exp=int(time.time()) - 600)),
    "from the future": forged(lambda body: body.update(iat=int(time.time()) + 6000)),
    "no end": forged(lambda body: body.pop("exp")),
    "nobody": forged(lambda body: body.pop("sub")),
    "another key": signed_by(OTHER, "RS256"),
    "an unknown key": signed_by(OTHER, "RS256", "x"),
    "the client's secret": signed_by(GIVEN["oidc_client_secret"] * 2, "HS256"),
    "no signature": signed_by(None, "none"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_token_that_does_not_hold_lets_nobody_in(site: Web, what: str) -> None:
    FORGED[what](provider(site))
    browser = Browser(site)
    answer = browser._call("GET", answered(site, there(browser), OFFICER))
    assert (answer.status_code, COOKIE in browser.cookies) == (401, False)
    assert person(OFFICER).subject_index is None


def test_a_changed_key_is_fetched_anew(site: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(site)
    assert browser._call("GET", answered(site, there(browser), OFFICER)).status_code == 303
    it = provider(site)
    it.__dict__ |= {"key": OTHER, "key_id": "the next one"}
    browser = Browser(site)
    assert browser._call("GET", answered(site, there(browser), OFFICER)).status_code == 303


def test_a_provider_that_is_down_or_set_up_wrongly_is_told_apart_from_a_refusal(
    site: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no", request=request)

    for handler in (
        down,
        lambda request: httpx.Response(500),
        lambda request: httpx.Response(200, json={"issuer": "https://evil.example"}),
        lambda request: httpx.Response(200, text="hello"),
    ):
        identity.forget()
        monkeypatch.setattr(identity, "_client", lambda it=handler: httpx.Client(transport=httpx.MockTransport(it)))
        browser = Browser(site)
        browser._call("GET", "/staff/sign-in/provider")
        assert browser.page.status_code == 502
        assert browser.sees("The place to sign in at")


def test_passwords_can_be_switched_off_but_for_one(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"password_sign_in": "false", "break_glass_email": "Minister@gov.example"}
    for web in served(installation, monkeypatch, **given):
        assert Browser(web).sign_in(OFFICER).status_code == 403
        assert Browser(web).sign_in(OFFICER, "wrong").status_code == 401, "whether it was right is told to nobody else"
        assert Browser(web).sign_in("minister@gov.example").status_code == 200
        browser = Browser(web)
        assert browser._call("GET", answered(web, there(browser), OFFICER)).status_code == 303
        browser.get("/staff/account")
        assert not browser.sees("Change the password")


def test_a_second_factor_asked_for_there_counts_here(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for web in served(installation, monkeypatch, second_factor_roles="officer"):
        weak, strong = Browser(web), Browser(web)
        weak._call("GET", answered(web, there(weak), OFFICER))
        assert weak.sees("Your role needs a code")
        assert strong._call("GET", answered(web, there(strong), OFFICER, strong="yes")).status_code == 303
        assert strong.get("/staff").url.path == "/staff"


def test_without_a_provider_there_is_no_such_way(web: Web) -> None:
    assert web.get("/staff/sign-in/provider").status_code == 404
    assert web.get("/staff/sign-in/provider/back?code=x&state=y").status_code == 404
    assert settings().oidc_issuer == ""


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"oidc_issuer": "https://x.example"}, "OMBUD_OIDC_CLIENT_ID"),
        ({"password_sign_in": False}, "OMBUD_BREAK_GLASS_EMAIL"),
        ({"oidc_issuer": "x.example", "oidc_client_id": "y"}, "must start with http"),
    ],
)
def test_settings_that_would_lock_everybody_out_are_refused(
    installation: Installation, given: dict[str, Any], named: str
) -> None:
    with pytest.raises((ValueError, Misconfigured), match=named):
        Settings.model_validate(given)
