"""An administrator's first day: a colleague is invited, comes in by the mailed link with a second factor, and is signed
out when their telephone is lost; a holiday the moon decides is entered; what was changed stands written down."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core import totp
from simulators.people import person_of
from tests.browser.people import PATIENCE, email_of, press_and_go, sign_in, tab_to, window
from tests.processes import HTTP, Site, environment_of, site, wait_for

NUMBER = "+355690007711"
PASSWORD = "the lamp over the desk is green"


@pytest.fixture(scope="module")
def strict(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An installation in which supervisors sign in with a second factor."""
    folder = tmp_path_factory.mktemp("strict")
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    with site(folder, environment_of(folder, OMBUD_SECOND_FACTOR_ROLES="supervisor")) as running:
        yield running


def mails(where: Site) -> list[dict[str, str]]:
    """What the colleague's mail program shows."""
    found: list[dict[str, str]] = HTTP.get(f"{where.url}/simulator/control/mail", params={"number": NUMBER}).json()
    return found


def secret_on(page: Page) -> str:
    """The key of the square, as one types it who cannot read squares."""
    page.get_by_text("The app cannot read it").click()
    return page.locator(".key-text").inner_text().replace(" ", "")


def code(secret: str, ahead: int = 0) -> str:
    """What the app shows, now or a step later."""
    return totp.code_at(secret, totp.step_at(datetime.now(UTC)) + ahead)


def test_a_colleague_is_invited_comes_in_and_is_signed_out(strict: Site, browser: Browser) -> None:
    desk, home = window(browser), window(browser, width=360, scripts=False)
    address = person_of(NUMBER).email
    page = sign_in(desk, strict, email_of("admin"), "/staff/people")
    tab_to(page, "a[href='/staff/people/new']")
    press_and_go(page)
    page.get_by_label("Name").fill("Nila Ora")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Role", exact=True).select_option("supervisor")
    page.get_by_label("At the office").fill("PMO")
    page.get_by_role("button", name="Invite by e-mail").click()
    expect(page.get_by_role("heading", name="Nila Ora")).to_be_visible()
    expect(page.get_by_text("None yet, so nobody gets in.")).to_be_visible()
    theirs = page.url.partition("?")[0]

    mail = wait_for(lambda: mails(strict))[0]
    link = re.search(r"http://\S+/staff/sign-in/link/\w+", str(mail))
    assert link
    colleague = home.new_page()
    colleague.goto(link[0])
    expect(colleague.get_by_role("heading", name="Welcome, Nila Ora")).to_be_visible()
    colleague.get_by_label("Password").fill("short")
    colleague.get_by_label("The same once more").fill("short")
    colleague.get_by_role("button", name="Keep this password").click()
    expect(colleague.locator("#new-error")).to_be_visible()
    colleague.get_by_label("Password").fill(PASSWORD)
    colleague.get_by_label("The same once more").fill(PASSWORD)
    colleague.get_by_role("button", name="Keep this password").click()

    expect(colleague.get_by_role("heading", name="Second factor")).to_be_visible()
    secret = secret_on(colleague)
    colleague.get_by_label("Code").fill(code(secret))
    colleague.get_by_role("button", name="Set it up").click()
    expect(colleague.locator(".codes code")).to_have_count(10)
    recovery = colleague.locator(".codes code").first.inner_text()
    assert colleague.evaluate("document.documentElement.scrollWidth") <= 360
    colleague.get_by_role("link", name="I have kept them, go on").click()
    assert colleague.url.endswith("/staff"), colleague.url

    colleague.goto(f"{strict.url}/staff/account")
    colleague.get_by_role("button", name="Sign out", exact=True).last.click()
    colleague.fill("#email", address)
    colleague.fill("#password", PASSWORD)
    colleague.click("main button[type=submit]")
    colleague.get_by_label("Code").fill(code(secret, 1))
    colleague.get_by_role("button", name="Go on").click()
    assert colleague.url.endswith("/staff"), colleague.url

    page.goto(f"{strict.url}/staff/calendars")
    page.locator("main ul a, main table a").first.click()
    page.get_by_label("Day", exact=True).fill((datetime.now(UTC) + timedelta(days=20)).date().isoformat())
    page.get_by_role("radio", name="Closed").check()
    page.get_by_label("What the day is").fill("Bajram")
    page.get_by_label("Announced on").fill(datetime.now(UTC).date().isoformat())
    page.get_by_role("button", name="Save the day").click()
    expect(page.get_by_role("cell", name="Bajram")).to_be_visible()

    page.goto(theirs)
    expect(page.get_by_text("last used")).to_have_count(1)
    page.get_by_text("The telephone is lost").click()
    page.get_by_role("button", name="Take the second factor off").click()
    expect(page.get_by_text("Their second factor is off.")).to_be_visible(timeout=PATIENCE)
    colleague.goto(f"{strict.url}/staff")
    assert "/staff/sign-in" in colleague.url
    colleague.fill("#email", address)
    colleague.fill("#password", PASSWORD)
    colleague.click("main button[type=submit]")
    expect(colleague.get_by_role("heading", name="Second factor")).to_be_visible()
    assert recovery not in colleague.content()

    page.goto(f"{strict.url}/staff/changes?kind=staff")
    for words in ("Nila Ora", "second factor", "taken off"):
        expect(page.get_by_text(words).first).to_be_visible()
    assert address not in page.content(), "no address stands in the record"
