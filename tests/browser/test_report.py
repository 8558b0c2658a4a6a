"""Reporting in a real browser: ways back, a network that drops, the device's own place and a map, on a small phone."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.people import press_and_go, reference_in, tab_to, window
from tests.browser.test_pages import findings
from tests.files import jpeg
from tests.processes import Site, environment_of, site

TEXT = "No water in Torvin since Monday"
PICTURE: Any = {"name": "pump.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}


@pytest.fixture(scope="module")
def served(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An installation with a map."""
    folder = tmp_path_factory.mktemp("mapped")
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    with site(folder, environment_of(folder, OMBUD_TILE_URL="https://tiles.example/{z}/{x}/{y}.png")) as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = window(browser, width=320, height=640)
    yield made
    made.close()


def on(page: Page, button: str) -> None:
    """Press a button that leads on, and be there."""
    with page.expect_navigation():
        page.locator(f"main button[value='{button}']:visible").first.click()


def begun(page: Page, site: Site) -> None:
    """The first answer given."""
    page.goto(f"{site.url}/report?lang=en")
    page.fill("#text", TEXT)
    on(page, "next")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_the_browsers_way_back_shows_what_was_typed(served: Site, browser: Browser, scripts: bool) -> None:
    context = window(browser, width=320, height=640, scripts=scripts)
    page = context.new_page()
    begun(page, served)
    page.fill("#q", "watr")
    press_and_go(page)
    page.locator("[name=service]").first.check()
    on(page, "next")
    on(page, "next")
    page.set_input_files("#file", files=[PICTURE])
    on(page, "next")
    page.check("#answer-anonymous")
    on(page, "next")
    for heading in ("How shall we answer you?", "Do you have pictures of it?", "Where was it?", "What is it about?"):
        page.go_back()
        expect(page.locator("h1")).to_have_text(heading)
    on(page, "next")
    on(page, "next")
    expect(page.locator(".uploads")).to_contain_text("pump.jpg")
    on(page, "next")
    page.check("#answer-anonymous")
    on(page, "next")
    on(page, "send")
    reference = reference_in(page.locator(".number").first.inner_text())
    page.go_back()
    on(page, "send")
    assert reference in page.locator(".number").first.inner_text(), "sent twice it is one case"
    context.close()


def test_a_draft_outlives_the_network_and_is_gone_once_sent(served: Site, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{served.url}/report?lang=en")
    page.fill("#text", TEXT)
    page.check("[name=about_staff]")
    context.set_offline(True)
    page.click("button[value=next]:visible")
    expect(page.locator("[data-offline]")).to_be_visible()
    expect(page.locator("#text")).to_have_value(TEXT)
    page.close()  # the phone gave up
    context.set_offline(False)
    page = context.new_page()
    page.goto(f"{served.url}/report?lang=en")
    expect(page.locator("#text")).to_have_value(TEXT)
    expect(page.locator("[name=about_staff]")).to_be_checked()
    expect(page.locator("[data-draft-notice]")).to_be_visible()
    page.click("[data-draft-notice] button")
    expect(page.locator("#text")).to_have_value("")
    page.reload()
    expect(page.locator("#text")).to_have_value("")
    page.fill("#text", TEXT)
    for _ in range(4):
        on(page, "next")
    page.fill("#phone", "069 123 0042")
    page.check("#answer-phone")
    on(page, "next")
    kept = page.evaluate("localStorage.getItem('ombud-report')")
    assert TEXT in kept
    assert "0042" not in kept, "no number stays on a device that may be shared"
    on(page, "send")
    assert page.evaluate("localStorage.length") == 0


def test_the_devices_place_and_the_map_by_keyboard(served: Site, browser: Browser) -> None:
    context = browser.new_context(
        viewport={"width": 320, "height": 640},
        geolocation={"latitude": 41.32812, "longitude": 19.81831},
        permissions=["geolocation"],
    )
    page = context.new_page()
    asked: list[str] = []

    def tile(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page.route(re.compile(r"//tiles\.example"), tile)
    begun(page, served)
    on(page, "next")
    page.click("[data-locate-ask]")
    expect(page.locator("#latitude")).to_have_value("41.328")
    tab_to(page, ".map-view")
    page.keyboard.press("+")
    page.keyboard.press("ArrowUp")
    tab_to(page, "[data-map-take]")
    page.keyboard.press("Enter")
    expect(page.locator("#latitude")).not_to_have_value("41.328")
    expect(page.locator("#longitude")).to_have_value("19.818")
    assert any("/17/" in url for url in asked), asked
    assert findings(page) == []
    context.close()


def test_languages_and_a_search_by_keyboard_alone(served: Site, context: BrowserContext) -> None:
    page = context.new_page()
    begun(page, served)
    with page.expect_navigation():
        page.get_by_role("button", name="Русский").click()
    tab_to(page, "#q")
    page.keyboard.type("паспрт")
    press_and_go(page)
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.locator("fieldset")).to_contain_text("Паспорт")
    assert findings(page) == []
