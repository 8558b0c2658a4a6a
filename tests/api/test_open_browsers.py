"""Browsers that are signed in: listed and ended; locks for strangers that leave the owner in."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select, update

from api import throttle
from api.auth import COOKIE, FAMILIAR
from api.devices import device
from cases import sign_in as entry
from core.database import database
from core.settings import settings
from domain.staff import StaffSession
from tests.api.site import Web
from tests.api.staffed import Browser, administered, person

OFFICER = "officer1@gov.example"
MINISTER = "minister@gov.example"
LATER = "/staff/sign-in/code"
BETTER = "a new and longer one"
sqlite_only = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


@pytest.fixture
def site(web: Web) -> Web:
    return administered(web)


def test_sessions_are_listed_and_ended_one_by_one_or_all_others(site: Web) -> None:
    agents = ("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Mozilla/5.0 (iPhone) CriOS/140", "curl/8")
    here, phone, other = (Browser(site, agent) for agent in agents)
    for browser in (here, phone, other):
        browser.sign_in(OFFICER)
    stranger = Browser(site)
    stranger.sign_in("clerk@gov.example")
    here.get("/staff/account")
    assert here.sees("Firefox, Linux")
    assert here.sees("Chrome, iPhone")
    with database().read() as session:
        ids = dict(session.exec(select(StaffSession.agent, StaffSession.id)).all())
        theirs = session.exec(
            select(StaffSession.id).where(
                col(StaffSession.staff_id) == site.known.staff["clerk"], col(StaffSession.agent) != ""
            )
        ).one()
    for one in (str(ids[agents[1]]), str(theirs), "x", ""):
        here.get("/staff/account")
        assert here.post("/staff/account/sessions", session=one).status_code == 200
    assert phone.get("/staff").url.path == "/staff/sign-in"
    assert other.get("/staff").url.path == "/staff"
    assert stranger.get("/staff").url.path == "/staff", "nobody ends another's"
    here.get("/staff/account")
    here.post("/staff/account/sessions", go="all")
    assert other.get("/staff").url.path == "/staff/sign-in"
    assert here.get("/staff").url.path == "/staff"


@sqlite_only
def test_a_browser_nobody_uses_is_signed_out_and_what_pages_fetch_is_no_use(site: Web) -> None:
    browser = Browser(site)
    browser.sign_in(OFFICER)

    def ago(minutes: float) -> None:
        with database().write() as session:
            session.execute(update(StaffSession).values(last_seen_at=datetime.now(UTC) - timedelta(minutes=minutes)))

    def seen() -> timedelta:
        with database().read() as session:
            at = session.exec(select(StaffSession.last_seen_at).where(col(StaffSession.agent) == browser.agent)).one()
        assert at is not None
        return datetime.now(UTC) - at

    idle = settings().session_idle_minutes
    ago(idle - 1)
    headers = {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}", "Sec-Fetch-Mode": "cors"}
    assert site.get("/staff/queue", headers=headers).status_code == 200
    assert seen() > timedelta(minutes=idle - 2)
    assert browser.get("/staff").status_code == 200
    assert seen() < timedelta(minutes=1)
    ago(idle + 1)
    assert browser.get("/staff").url.path == "/staff/sign-in"


# -- locks -------------------------------------------------------------------------------------------------------------


@sqlite_only
def test_a_stranger_cannot_lock_a_colleague_out(site: Web) -> None:
    own = Browser(site)
    own.sign_in(OFFICER)
    stranger = Browser(site)
    for _ in range(entry.FREE_ATTEMPTS):
        stranger.sign_in(OFFICER, "wrong")
    assert stranger.sign_in(OFFICER).status_code == 429
    own.cookies.pop(COOKIE)
    assert own.sign_in(OFFICER).url.path == "/staff", "their own browser does not wait"
    assert person(OFFICER).locked_until is None
    own.get("/staff/notices")
    assert own.sees("wrong passwords for you from a browser you have not used before")
    assert own.page.text.count("wrong passwords for you") == 1


@sqlite_only
def test_a_familiar_browser_is_of_one_person_and_may_not_guess_for_ever(site: Web) -> None:
    own = Browser(site)
    own.sign_in(OFFICER)
    own.cookies.pop(COOKIE)
    for _ in range(entry.FREE_ATTEMPTS):
        own.sign_in("clerk@gov.example", "wrong")
    assert own.sign_in("clerk@gov.example").status_code == 429, "it is a stranger to others"
    statuses = [own.sign_in(OFFICER, "wrong").status_code for _ in range(throttle.RULES["browser"].amount + 1)]
    assert statuses[-1] == 429
    throttle.forget()
    forged = Browser(site, cookies={FAMILIAR: f"abc.{'0' * 32}"})
    for _ in range(entry.FREE_ATTEMPTS):
        forged.sign_in("head1@gov.example", "wrong")
    assert forged.sign_in("head1@gov.example").status_code == 429


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15) AppleWebKit/605 Version/19 Safari/605", "Safari, Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("curl/8.5", ""),
        ("", ""),
    ],
)
def test_a_browser_is_called_what_people_call_it(agent: str, words: str) -> None:
    assert device(agent) == words
