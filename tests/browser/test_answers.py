"""Two people on one case, each in their own window: they see each other, hear of changes at once, and lose nothing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.people import PATIENCE, email_of, phone, received, reference_in, sign_in, text, window
from tests.processes import Site

HERS = "The valve is broken, a crew changes it on Friday at nine."


@pytest.fixture(scope="module")
def served(shared: Site) -> Site:
    """The one of the package."""
    return shared


@pytest.fixture
def contexts(browser: Browser) -> Iterator[list[BrowserContext]]:
    made = [window(browser) for _ in range(3)]
    yield made
    for context in made:
        context.close()


def test_two_on_one_case(served: Site, contexts: list[BrowserContext]) -> None:
    citizen, mine, hers = contexts
    handset = phone(citizen, served, "+355691110077")
    text(handset, "No water in Torvin since Monday")
    reference = reference_in(received(handset, "Torvin Water Works"))
    path = f"/staff/cases/{reference}"
    desk = sign_in(mine, served, email_of("officer", "WAT2"), path)
    other = sign_in(hers, served, email_of("head", "WAT2"), path)

    other.keyboard.press("r")
    other.keyboard.type(HERS)
    expect(desk.locator("#here")).to_contain_text("is writing an answer", timeout=PATIENCE)
    expect(other.locator("#answer-look .bubble")).to_contain_text(f"Ref {reference}", timeout=PATIENCE)
    desk.fill("#answer", "I think it is the pump")
    other.keyboard.press("Control+Enter")
    expect(other.locator(".notice.well")).to_contain_text("Sent", timeout=PATIENCE)
    expect(desk.locator(".history")).to_contain_text(HERS, timeout=PATIENCE)  # by itself, and what is being typed stays
    expect(desk.locator("#answer")).to_have_value("I think it is the pump")
    with desk.expect_navigation():
        desk.keyboard.press("Control+Enter")
    expect(desk.locator(".news")).to_contain_text(HERS, timeout=PATIENCE)
    expect(desk.locator("#answer")).to_have_value("I think it is the pump")
    expect(desk.locator("#answer")).to_be_editable()
    assert received(handset, HERS)
    assert handset.locator(".bubble.theirs", has_text="pump").count() == 0

    desk.goto(served.url + path)  # a closed window loses nothing
    expect(desk.locator("#answer")).to_have_value("I think it is the pump")
    expect(desk.locator("#draft")).to_be_visible()
