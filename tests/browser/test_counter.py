"""Writing in for somebody and keying in a page of the book: by keyboard alone, wide and narrow."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import email_of, press_and_go, reference_in, sign_in, tab_to, window
from tests.browser.test_pages import findings
from tests.processes import Site

WORDS = "The office in Torvin was closed when I came at ten on Friday"


@pytest.fixture(scope="module")
def served(shared: Site) -> Site:
    """The one of the package."""
    return shared


@pytest.fixture(params=[1280, 320])
def page(request: pytest.FixtureRequest, served: Site, browser: Browser) -> Iterator[Page]:
    """An operator's window."""
    context = window(browser, width=request.param, height=800)
    yield sign_in(context, served, email_of("operator"), "/staff/intake")
    context.close()


def test_a_call_is_written_in_by_keyboard_alone(page: Page) -> None:
    width = page.viewport_size["width"]  # type: ignore[index]
    press_and_go(page, "1")
    expect(page.locator("h1")).to_have_text("Hotline call")
    page.keyboard.type(f"{WORDS} and {width} others waited")
    tab_to(page, "[aria-label='Find: Service']")
    page.keyboard.type("pasport")  # with a slip of the finger
    expect(page.locator("#service option:checked")).to_have_text(re.compile("passport", re.IGNORECASE))
    tab_to(page, "#contact")
    page.keyboard.type(f"+35569123{width:04d}")
    assert findings(page) == []
    press_and_go(page, "Control+Enter")
    reference = reference_in(page.locator(".ticket .number").inner_text())
    assert findings(page) == []
    press_and_go(page)  # "Next" has the focus, as a message is on its way
    page.keyboard.type(f"{WORDS} and {width} others waited")
    tab_to(page, "#contact")
    page.keyboard.type(f"+35569123{width:04d}")
    if width == 1280:  # an operator of the triage desk sees no case of the office it went to
        expect(page.locator("#known")).to_contain_text("No open case of theirs that you may see")
    assert reference not in page.locator("#known").inner_text()


def test_a_page_of_the_book_is_keyed_by_keyboard_alone(page: Page, served: Site) -> None:
    width = page.viewport_size["width"]  # type: ignore[index]
    page.goto(f"{served.url}/staff/book/page?office=CIV1&page={width}")
    keyboard = page.keyboard
    for value in ("23.11.2026", f"No chairs in the waiting room, {width}", "Arta", "", "They are ordered"):
        keyboard.type(value)
        keyboard.press("Enter")
    expect(page.locator("#said_on-1")).to_be_focused()
    expect(page.locator("#said_on-1")).to_have_value("23.11.2026")
    keyboard.press("Tab")
    keyboard.type(f"Window three was closed, {width}")
    # a spreadsheet's rows, more of them than the page has: new ones come by themselves
    lines = [f"22.11.2026\tEntry {letter * 9} of the sheet {width}" for letter in "abcdefghijk"]
    page.evaluate(
        """text => { const data = new DataTransfer(); data.setData("text/plain", text);
        document.getElementById("said_on-2").dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true })) }""",
        "\n".join(lines),
    )
    expect(page.locator("#text-12")).to_have_value(re.compile("kkk"))
    page.reload()  # the window was closed by mistake
    expect(page.locator("#text-12")).to_have_value(re.compile("kkk"))
    page.fill("#said_on-4", "31.12.2099")
    assert findings(page) == []
    page.locator("#text-0").focus()
    press_and_go(page, "Control+Enter")
    expect(page.locator("#errors li")).to_have_count(1)
    expect(page.locator("[aria-invalid=true]")).to_be_focused()
    assert findings(page) == []
    keyboard.press("Control+A")
    keyboard.type("21.11.2026")
    press_and_go(page, "Control+Enter")
    expect(page.locator("tr[data-keyed]")).to_have_count(13)
    expect(page.locator("#draft-note")).to_have_text("")
    assert page.evaluate("Object.keys(localStorage).length") == 0
