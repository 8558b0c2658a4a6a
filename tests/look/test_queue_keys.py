"""The queue by keyboard, in a real browser on the sample pages: ticks outlive a refresh, digits open views."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests import chromium
from tests.look.site import build, serving


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with serving(build()) as base, chromium.opened() as browser:
        shown = browser.new_page(viewport={"width": 1280, "height": 800})
        shown.goto(f"{base}/staff-pages/desk-overview")
        yield shown


def ticked(page: Page) -> list[str]:
    """References of the cases that are ticked."""
    found: list[str] = page.eval_on_selector_all("[name=case]:checked", "boxes => boxes.map(box => box.value)")
    return found


def test_ticks_are_set_by_key_and_outlive_a_refresh(page: Page) -> None:
    page.focus('[data-row="M2HD-88TA"]')
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("x")
    before = ticked(page)
    assert len(before) == 2
    page.wait_for_selector('[data-row="N3WC-00AA"]', timeout=8000)
    assert ticked(page) == before, "the list was refreshed, and a case above them is new"
    page.keyboard.press("b")
    assert page.evaluate("document.activeElement.id") == "bulk-what"
    page.keyboard.press("Escape")


def test_views_open_and_are_chosen_by_digit(page: Page) -> None:
    page.keyboard.press("v")
    assert page.evaluate("document.getElementById('views').open")
    page.keyboard.press("v")
    assert not page.evaluate("document.getElementById('views').open")
    with page.expect_request("**/staff?view=late"):
        page.keyboard.press("5")
