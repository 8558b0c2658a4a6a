"""In a real browser: no serious accessibility finding, no sideways scrolling; phone and desk, light and dark."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from api.pages import navigation
from tests import chromium
from tests.axe import findings, ready
from tests.look import samples, samples_staff
from tests.look.site import build, serving

# The kiosk's thank-you page goes back by itself: a shared device nobody resets, and nothing is lost by it.
ALLOWED = {"exit-thanks": {"meta-refresh"}}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serving(build()) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.opened() as made:
        yield made


PAGES = (
    [("citizen", name) for name in samples.CITIZEN]
    + [("staff-pages", name) for name in samples_staff.STAFF if name not in samples_staff.FRAGMENTS]
    + [("", "styleguide")]
)


LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((320, "light"), (1280, "dark"))


def look_like(page: Page, width: int, scheme: Literal["light", "dark"]) -> None:
    """Another device, once nothing moves any more on its way there."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.evaluate("Promise.all(document.getAnimations().map(one => one.finished)).then(() => true)")


@pytest.mark.parametrize("part", range(2))
def test_pages_have_no_serious_finding_and_fit(base: str, browser: Browser, part: int) -> None:
    """Each page is opened once, by turns on a narrow light phone that grows into a wide dark desk and the other way
    round. Citizens' pages are examined in both looks, staff's in one of them, since they are made of the same parts."""
    context = browser.new_context()
    ready(context)
    page = context.new_page()
    refused: list[str] = []
    page.on(
        "console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None
    )
    faults: dict[str, list[str]] = {}
    look_like(page, *LOOKS[0])
    for turn, (folder, name) in enumerate(PAGES[part::2]):
        page.goto(f"{base}/{folder}/{name}" if folder else f"{base}/{name}")
        for number, (width, scheme) in enumerate(LOOKS if turn % 2 == 0 else LOOKS[::-1]):
            if number:
                look_like(page, width, scheme)
                if name in ALLOWED:
                    page.reload()  # before it goes elsewhere by itself
            by_turns = folder == "staff-pages" and turn // 2 % 2 != number
            found = [] if by_turns else findings(page, ALLOWED.get(name, set()))
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if found or over > 0:
                faults[f"{name}, {width} {scheme}"] = [*found, *([f"{over}px too wide"] if over > 0 else [])]
    context.close()
    assert faults == {}
    assert refused == []


TOO_WIDE = """async addresses => {
    document.body.replaceChildren();
    const opened = await Promise.all(addresses.map(address => new Promise(done => {
        const frame = document.createElement("iframe");
        frame.style = "border: 0; width: 320px; height: 640px";
        frame.onload = () => done([address, frame.contentDocument]);
        frame.src = address;
        document.body.append(frame);
    })));
    return opened.map(([address, page]) => [
        address, page.documentElement.lang, page.documentElement.scrollWidth - page.documentElement.clientWidth]);
}"""
"""Many pages side by side, each in a frame as wide as a phone, which takes a third of opening one after the other."""


def test_no_language_runs_off_a_narrow_phone(browser: Browser) -> None:
    page = browser.new_page()
    with serving(build(policy="default-src 'self'")) as base:  # our own lets nobody frame a page
        page.goto(f"{base}/citizen/start")
        for lang in ("sq", "bn", "ru"):
            seen = page.evaluate(TOO_WIDE, [f"/citizen/{name}?lang={lang}" for name in samples.CITIZEN])
            assert len(seen) == len(samples.CITIZEN)
            assert [one for one in seen if one[1] != lang or one[2] > 0] == []
    page.close()


def test_desk_keys(base: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{base}/staff-pages/desk")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.dataset.row") == "P9WX-41KC"
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.id") == "note"
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.id") == "answer"
    page.keyboard.type("j")
    assert page.input_value("#answer").endswith("j")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("dialog[open]").count() == 1
    page.close()


@pytest.mark.parametrize(("width", "tabs"), [(320, 0), (1280, 7)])
def test_menu_opens_by_keyboard_with_scripts_and_without(base: str, browser: Browser, width: int, tabs: int) -> None:
    pages = len(navigation(samples.Person()))
    for scripts in (True, False):
        context = browser.new_context(viewport={"width": width, "height": 640}, java_script_enabled=scripts)
        page = context.new_page()
        page.goto(f"{base}/staff-pages/messages")
        assert page.locator("nav .tab:visible").count() == tabs
        page.focus(".menu summary")
        page.keyboard.press("Enter")
        listed = page.locator(".menu-list a:visible")
        assert listed.count() == pages - tabs, "each page stands in one place only"
        assert page.locator(".menu-list [aria-current]:visible").inner_text() == "Messages"
        if scripts:
            assert findings(page) == []
            page.keyboard.press("Tab")
            page.keyboard.press("Escape")
            assert page.evaluate("document.activeElement.matches('.menu:not([open]) summary')")
        context.close()


def test_draft_survives_a_reload_and_is_gone_after_sending(base: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{base}/citizen/report-what")
    page.fill("#text", "No water since Monday")
    page.goto(f"{base}/citizen/report-what")
    assert page.input_value("#text") == "No water since Monday"
    page.goto(f"{base}/citizen/receipt")
    page.goto(f"{base}/citizen/report-what")
    assert page.input_value("#text") == ""
    page.close()


def test_queue_refreshes_by_itself_and_keeps_the_focus(base: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{base}/staff-pages/desk")
    page.focus('[data-row="T3VN-62QE"]')
    page.wait_for_selector('[data-row="N3WC-00AA"]', timeout=8000)
    assert page.evaluate("document.activeElement.dataset.row") == "T3VN-62QE"
    page.close()
