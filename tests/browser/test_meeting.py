"""A weekly review held on the wall: by keyboard alone, and once more without scripts; two people at once."""

import sqlite3
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from core.settings import settings
from reports.weeks import monday_of
from tests import axe
from tests.browser.people import case_of, email_of, sign_in, window
from tests.processes import Site

OFFICE = "WAT1"


@pytest.fixture(scope="module")
def served(shared: Site) -> Site:
    """The one of the package."""
    return shared


def path(office: str = OFFICE) -> str:
    """The meeting about this week, which may be held as soon as there is something to talk about."""
    return f"/staff/reviews/{office}/{monday_of(datetime.now(UTC), settings().zone)}"


def office_of(served: Site, reference: str) -> str:
    with sqlite3.connect(urlsplit(served.environment["OMBUD_DATABASE_URL"]).path) as database:
        rows = database.execute(
            'SELECT office.code FROM "case" JOIN office ON office.id = office_id WHERE reference = ?', (reference,)
        )
        return str(rows.fetchone()[0])


def press(page: Page, key: str) -> None:
    """A key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def write(page: Page, key: str, words: str) -> None:
    """The key that goes to a field, and what is typed there."""
    page.keyboard.press(key)
    page.keyboard.type(words)
    page.keyboard.press("Escape")


def test_a_meeting_by_keyboard_alone(served: Site, browser: Browser) -> None:
    reference = case_of(served, "+355691250001", "No water in Torvin since Monday, nobody answers")
    office = office_of(served, reference)
    context = window(browser)
    page = sign_in(context, served, email_of("head", office), f"{path(office)}/wall")
    assert page.url.endswith("/pack")  # nobody has made it yet
    page.get_by_role("button", name="Make it now").focus()
    press(page, "Enter")
    page.goto(f"{served.url}{path(office)}/wall")
    page.locator("input[name^=here-]").first.focus()
    page.keyboard.press("Space")
    press(page, "Control+Enter")
    expect(page.locator(".bar-top")).to_contain_text("The meeting:")
    while f"case-{reference}" not in page.url:
        press(page, "n")
    page.keyboard.press("?")
    expect(page.get_by_text("hand it up to the office above", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("hand it up to the office above", exact=True)).to_be_hidden()
    expect(page.locator("#why2")).to_be_hidden()
    page.keyboard.press("w")
    page.keyboard.type("The pump stood still")
    page.keyboard.press("Tab")
    page.keyboard.type("Nobody had the key")
    page.keyboard.press("Escape")
    write(page, "d", "A second key")
    write(page, "a", "Have a key cut")
    page.locator("#owner").focus()
    page.keyboard.press("ArrowDown")
    assert axe.findings(page) == []
    press(page, "Control+Enter")
    expect(page.get_by_role("heading", name="Decision")).to_be_visible()
    page.keyboard.press("e")
    page.keyboard.type("We have no money for keys")
    press(page, "Enter")
    expect(page.get_by_text("We have no money for keys")).to_be_visible()
    page.get_by_role("button", name="Undo").focus()
    press(page, "Enter")
    expect(page.get_by_text("We have no money for keys")).to_be_hidden()
    press(page, "p")
    page.keyboard.press("o")
    expect(page.get_by_text("decided", exact=True).first).to_be_visible()
    page.keyboard.press("Escape")
    while "at=end" not in page.url:
        press(page, "PageDown")  # as a presenter's clicker does
    page.get_by_role("button", name="End the meeting").focus()
    press(page, "Enter")
    expect(page.locator("main")).to_contain_text("Nobody had the key")
    expect(page.locator("main")).to_contain_text("Have a key cut")
    context.close()


def test_a_meeting_without_scripts_and_two_who_press_at_once(served: Site, browser: Browser) -> None:
    reference = case_of(served, "+355691250002", "The road in Torvin is full of holes")
    office = office_of(served, reference)
    one, two = window(browser, scripts=False), window(browser, width=320, height=640, scripts=False)
    address = f"{path(office)}/wall"
    pages = [sign_in(context, served, email_of("head", office), path(office) + "/pack") for context in (one, two)]
    if pages[0].get_by_role("button", name="Make it now").count():
        pages[0].get_by_role("button", name="Make it now").click()
    for page in pages:
        page.goto(f"{served.url}{address}?at=case-{reference}")
        page.fill("#why", "Nobody looked")
        page.fill("#decision", "Look each Friday")
    for page in pages:
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_role("heading", name="Decision")).to_be_visible()
        expect(page.locator("main")).to_contain_text("Look each Friday")
    wide = pages[1].evaluate("document.documentElement.scrollWidth")
    assert wide <= 320
    pages[1].goto(f"{served.url}{address}?at=end")
    with sqlite3.connect(urlsplit(served.environment["OMBUD_DATABASE_URL"]).path) as database:
        found = database.execute(
            'SELECT count(*) FROM finding JOIN "case" ON "case".id = case_id WHERE reference = ?', (reference,)
        )
        assert found.fetchone()[0] == 1
    one.close()
    two.close()


def test_what_is_being_written_outlives_going_on_a_reload_and_a_mistake(served: Site, browser: Browser) -> None:
    reference = case_of(served, "+355691250003", "The street light in Kelda is dark since Friday")
    context = window(browser)
    page = sign_in(context, served, email_of("head", office_of(served, reference)), "/staff")
    address = f"{path(office_of(served, reference))}/wall?at=case-{reference}"
    page.goto(f"{served.url}{address.replace('/wall?', '/pack?')}")
    if page.get_by_role("button", name="Make it now").count():
        page.get_by_role("button", name="Make it now").click()
    page.goto(served.url + address)
    write(page, "w", "Nobody stands in")
    press(page, "n")
    press(page, "p")
    expect(page.locator("#why")).to_have_value("Nobody stands in")
    page.reload()
    expect(page.locator("#why")).to_have_value("Nobody stands in")
    page.locator("#why").focus()
    press(page, "Control+Enter")  # without a decision
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#decision")).to_be_focused()
    assert page.url.endswith(address)  # and not where the form was sent: a reload sends nothing again
    page.keyboard.type("Somebody does")
    page.reload()
    expect(page.locator("#decision")).to_have_value("Somebody does")
    page.locator("#decision").focus()
    press(page, "Control+Enter")
    expect(page.get_by_role("heading", name="Decision")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('ombud-wall')") == "{}"
    context.close()
