"""Ways in besides the password: links, the second factor, recovery codes."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlmodel import col, select, update

from api import throttle
from api.auth import COOKIE
from cases import staff_links
from channels.errors import Failure, SendFailed
from channels.values import Channel, DeliveryStatus, Outgoing, Sent
from core.database import database
from core.settings import Settings
from domain.clock import Notice
from domain.staff import MailState, RecoveryCode, Staff, StaffLink
from tests.api.site import Web, web_of
from tests.api.staffed import PASSWORD, Browser, administered, changes, code, person
from tests.conftest import Installation

OFFICER = "officer1@gov.example"
MINISTER = "minister@gov.example"
LATER = "/staff/sign-in/code"
BETTER = "a new and longer one"
sqlite_only = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


@pytest.fixture
def site(web: Web) -> Web:
    return administered(web)


@pytest.fixture
def strict(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """Administrators need a second factor; nothing but the page is used, so the served application may go."""
    with web_of(installation, monkeypatch, second_factor_roles="admin,integrity") as web:
        yield administered(web)


def link_shown(web: Web, name: str = "officer1") -> str:
    """A link the administrator hands over, as its path."""
    page = web.post(f"/staff/people/{web.known.staff[name]}", "minister", go="show").text
    found = re.search(r'id="link">[^<]*(/staff/sign-in/link/[0-9a-f]+)<', page)
    assert found
    return found[1]


def mails(web: Web, now: datetime | None = None) -> list[Outgoing]:
    """Send what waits; gives it."""
    sent: list[Outgoing] = []

    def send(outgoing: Outgoing, channel: Channel) -> Sent:
        assert channel == Channel.email
        sent.append(outgoing)
        return Sent("1", "a", DeliveryStatus.accepted)

    staff_links.mail_due(now or datetime.now(UTC), send)
    return sent


# -- links -------------------------------------------------------------------------------------------------------------


def test_a_link_opens_once_and_the_password_counts_from_then_on(site: Web) -> None:
    elsewhere = Browser(site)
    elsewhere.sign_in(OFFICER)
    path, browser = link_shown(site), Browser(site)
    for _ in range(2):
        assert browser.get(path).status_code == 200, "looking uses nothing up"
    for new, again, said in (
        ("short", "short", "Choose 12 to 200"),
        (OFFICER, OFFICER, "your name or address"),
        ("aaaaaaaaaaaaaa", "aaaaaaaaaaaaaa", "again and again"),
        (BETTER, "another", "not the same"),
    ):
        assert browser.post(path, new=new, again=again).status_code == 422
        assert browser.sees(said), said
    assert browser.post(path, new=BETTER, again=BETTER).url.path == "/staff"
    assert browser.get(path).status_code == 404
    assert browser.post(path, new=PASSWORD, again=PASSWORD).status_code == 404
    assert elsewhere.get("/staff").url.path == "/staff/sign-in", "other browsers are signed out"
    assert Browser(site).sign_in(OFFICER).status_code == 401
    assert Browser(site).sign_in(OFFICER, BETTER).status_code == 200
    with database().read() as session:
        assert path.rpartition("/")[2] not in str([one.model_dump() for one in session.exec(select(StaffLink))])
    assert (changes()[-1].title, changes()[-1].after) == ("officer1", {"link to choose a password": "handed over"})


@sqlite_only
def test_links_end_with_their_time_a_newer_one_and_the_person(site: Web) -> None:
    first = link_shown(site)
    second = link_shown(site)
    assert (site.get(first).status_code, site.get(second).status_code) == (404, 200)
    with database().write() as session:
        session.execute(update(StaffLink).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert site.get(second).status_code == 404
    third = link_shown(site)
    site.post(f"/staff/people/{site.known.staff['officer1']}", "minister", go="leave")
    assert site.get(third).status_code == 404
    assert site.get("/staff/sign-in/link/" + "0" * 64).status_code == 404


def test_a_forgotten_password_is_mended_by_mail_and_tells_nobody_who_works_here(site: Web) -> None:
    answers = [site.post("/staff/sign-in/forgot", email=email) for email in (OFFICER, "nobody@gov.example")]
    assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, "/staff/sign-in/forgot?sent=true")}
    (mail,) = mails(site)
    assert mail.to == OFFICER
    found = re.search(r"http://\S+(/staff/sign-in/link/\w+)", mail.text)
    assert found
    assert mails(site) == [], "once"
    browser = Browser(site)
    browser.get(found[1])
    assert browser.post(found[1], new=BETTER, again=BETTER).url.path == "/staff"


@sqlite_only
def test_links_are_asked_for_three_times_an_hour_and_undo_no_invitation(site: Web) -> None:
    handed = link_shown(site)
    for _ in range(5):
        site.post("/staff/sign-in/forgot", email=OFFICER)
    assert len(mails(site)) == staff_links.ASKED_AN_HOUR
    assert site.get(handed).status_code == 200
    codes = {site.post("/staff/sign-in/forgot", email="x@y.example").status_code for _ in range(10)}
    assert codes == {303, 429}


@sqlite_only
def test_a_mail_that_cannot_be_sent_is_tried_again_then_given_up_and_shown(site: Web) -> None:
    path = f"/staff/people/{site.known.staff['officer1']}"
    assert site.post(path, "minister", go="link").status_code == 303
    now = datetime.now(UTC)

    def fail(failure: Failure) -> None:
        def send(outgoing: Outgoing, channel: Channel) -> Sent:
            raise SendFailed(failure, "no")

        staff_links.mail_due(now, send)

    fail(Failure.provider_down)
    with database().read() as session:
        link = session.exec(select(StaffLink)).one()
    assert (link.state, link.attempts) == (MailState.queued, 1)
    assert link.due_at is not None
    assert link.due_at > now
    now = link.due_at
    fail(Failure.invalid_address)
    assert "could not be sent by e-mail" in site.get(path, "minister").text
    assert mails(site, now + timedelta(hours=1)) == []


# -- the second factor -------------------------------------------------------------------------------------------------


def set_up(browser: Browser) -> tuple[str, list[str]]:
    """On the page for setting up: do it. The secret and the recovery codes."""
    secret = browser.secret()
    browser.post("/staff/sign-in/set-up", code=code(secret))
    codes = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", browser.page.text)
    assert len(codes) == 10
    return secret, codes


@sqlite_only
def test_who_needs_a_second_factor_sets_it_up_before_anything_else(strict: Web) -> None:
    browser = Browser(strict)
    assert browser.sign_in(MINISTER).status_code == 200
    assert browser.sees("Your role needs a code")
    assert COOKIE not in browser.cookies
    assert browser.post("/staff/sign-in/set-up", code="000000").status_code == 422
    assert COOKIE not in browser.cookies
    secret, codes = set_up(browser)
    assert browser.get("/staff").url.path == "/staff"
    with database().read() as session:
        stored = str([one.model_dump() for one in session.exec(select(RecoveryCode))])
    assert not any(one in stored or one.replace("-", "") in stored for one in codes)
    other = Browser(strict)
    other.sign_in(MINISTER)
    assert other.sees("The code of your telephone")
    used = code(secret)
    assert other.post("/staff/sign-in/code", code=used).status_code == 401, "the code that set it up is used"
    assert other.post("/staff/sign-in/code", code=code(secret, 1)).url.path == "/staff"
    third = Browser(strict)
    third.sign_in(MINISTER)
    assert third.post("/staff/sign-in/code", code=code(secret, 1)).status_code == 401, "a replay"
    assert third.post("/staff/sign-in/code", code=f" {codes[0].upper()} ").url.path == "/staff"
    fourth = Browser(strict)
    fourth.sign_in(MINISTER)
    assert fourth.post("/staff/sign-in/code", code=codes[0]).status_code == 401, "a recovery code counts once"
    assert Browser(strict).sign_in(OFFICER).url.path == "/staff", "others need none"


@sqlite_only
def test_codes_cannot_be_guessed_through_and_tickets_do_not_last(strict: Web) -> None:
    browser = Browser(strict)
    browser.sign_in(MINISTER)
    secret, _ = set_up(browser)
    other = Browser(strict)
    other.sign_in(MINISTER)
    statuses = [other.post("/staff/sign-in/code", code="000000").status_code for _ in range(12)]
    assert set(statuses) == {401, 429}
    throttle.forget()
    other.sign_in(MINISTER)
    kept = re.search(r'name="ticket" value="([^"]+)"', other.page.text)
    assert kept
    for ticket in ("", "x", kept[1][:-4], kept[1].replace("s.", "t.")):
        answer = strict.post("/staff/sign-in/code", ticket=ticket, code=code(secret, 1))
        assert (answer.status_code, COOKIE in answer.cookies) == (401, False)
    with database().write() as session:
        session.execute(update(Staff).values(password_hash="!"))
    answer = strict.post("/staff/sign-in/code", ticket=kept[1], code=code(secret, 1))
    assert (answer.status_code, COOKIE in answer.cookies) == (401, False), "another password voids it"


@sqlite_only
def test_a_lost_telephone_is_mended_by_an_administrator_and_by_nobody_else(strict: Web) -> None:
    browser = Browser(strict)
    browser.sign_in("head_water@gov.example")
    set_up(browser)
    path = f"/staff/people/{strict.known.staff['head_water']}"
    assert strict.post(path, "head_water", go="forget").status_code == 409, "not one's own"
    assert strict.post(path, "auditor", go="forget").status_code == 403
    assert strict.post(path, "minister", go="forget").status_code == 303
    assert browser.get("/staff").url.path == "/staff/sign-in"
    assert person("head_water@gov.example").factor_secret is None
    assert changes()[-1].after == {"second factor": "taken off"}
    with database().read() as session:
        assert session.exec(select(RecoveryCode)).all() == []
        told = session.exec(select(Notice.text).where(col(Notice.staff_id) == strict.known.staff["head_water"])).all()
    assert any("took off your second factor" in text for text in told)
    browser.sign_in("head_water@gov.example")
    set_up(browser)


@sqlite_only
def test_anybody_may_have_a_second_factor_and_changes_it_with_the_password(site: Web) -> None:
    browser = Browser(site)
    browser.sign_in(OFFICER)
    browser.get("/staff/account/factor")
    secret = browser.secret()
    form = {"go": "set-up", "code": code(secret)}
    assert browser.post("/staff/account/factor", current="wrong", **form).status_code == 422
    assert browser.secret() == secret, "the square stays the same"
    assert browser.post("/staff/account/factor", current=PASSWORD, **form).status_code == 200
    first = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", browser.page.text)
    browser.get("/staff/account/factor")
    assert browser.sees("10 recovery codes are left")
    browser.post("/staff/account/factor", go="codes", current=PASSWORD)
    second = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", browser.page.text)
    assert len(set(first + second)) == 20
    other = Browser(site)
    other.sign_in(OFFICER)
    assert other.post("/staff/sign-in/code", code=first[0]).status_code == 401
    assert other.post("/staff/sign-in/code", code=second[0]).url.path == "/staff"
    other.get("/staff/account/factor")
    assert other.post("/staff/account/factor", go="off", current=PASSWORD).url.path == "/staff/account"
    assert Browser(site).sign_in(OFFICER).url.path == "/staff"


def test_one_code_at_once_from_many_browsers_opens_one(site: Web) -> None:
    owner = Browser(site)
    owner.sign_in(OFFICER)
    owner.get("/staff/account/factor")
    secret = owner.secret()
    owner.post("/staff/account/factor", go="set-up", current=PASSWORD, code=code(secret))
    codes = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", owner.page.text)
    for typed in (code(secret, 1), codes[0]):
        asking = Browser(site)
        asking.sign_in(OFFICER)
        ticket = re.search(r'name="ticket" value="([^"]+)"', asking.page.text)
        assert ticket
        send = partial(site.http.post, LATER, data={"ticket": ticket[1], "code": typed}, follow_redirects=False)
        with ThreadPoolExecutor(4) as pool:
            answers = [one.result().status_code for one in [pool.submit(send) for _ in range(4)]]
        assert sorted(answers) == [303, 401, 401, 401], typed


@sqlite_only
def test_who_needs_it_cannot_take_it_off(strict: Web) -> None:
    browser = Browser(strict)
    browser.sign_in(MINISTER)
    set_up(browser)
    browser.get("/staff/account/factor")
    assert not browser.sees("Take it off")
    assert browser.post("/staff/account/factor", go="off", current=PASSWORD).status_code == 403


@pytest.mark.parametrize(
    ("environment", "given", "roles"),
    [
        ("demo", {}, frozenset()),
        ("production", {}, frozenset({"admin", "integrity"})),
        ("demo", {"second_factor_roles": "head, *"}, frozenset({"head", "*"})),
        ("production", {"second_factor_roles": "none"}, frozenset()),
    ],
)
def test_who_needs_one_by_the_settings(environment: str, given: dict[str, str], roles: frozenset[str]) -> None:
    now = Settings.model_validate({"environment": environment, **given})
    assert now.factor_roles(demo=now.environment == "demo") == roles


# -- sessions ----------------------------------------------------------------------------------------------------------
