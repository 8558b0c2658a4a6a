"""Draws docs/images/*.png from a demo that is running: `make screenshots` (OMBUD_PORT says where).

One small story: a citizen texts, an officer answers, and both sides are drawn on the way.
"""

import os
import re
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from cli.sample import government
from cli.sample.constants import PASSWORD

SITE = f"http://127.0.0.1:{os.environ.get('OMBUD_PORT', '8000')}"
IMAGES = Path(__file__).parent / "images"
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 390, "height": 780}
MESSAGE = "No water in Torvin since Monday"
ANSWER = "A pipe broke on Mill Street. Our crew is there now, and water is back by six this evening."
HEAVIEST = 200_000
"""Bytes a picture may weigh."""


def open_page(browser: Browser, window: ViewportSize, path: str) -> Page:
    """A page in a window of its own."""
    page = browser.new_context(viewport=window, color_scheme="light", locale="en-GB").new_page()
    page.goto(SITE + path)
    return page


def sign_in(browser: Browser, role: str, office: str) -> Page:
    """The first page of a sample member of staff."""
    email = next(p.email for p in government.load().staff if p.role == role and p.office == office)
    page = open_page(browser, WIDE, "/staff/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    with page.expect_navigation():
        page.click("main button[type=submit]")
    return page


def draw(page: Page, name: str) -> None:
    """Write one picture. Raises SystemExit for one that is too heavy for a README."""
    target = IMAGES / f"{name}.png"
    page.screenshot(path=target)
    if target.stat().st_size > HEAVIEST:
        raise SystemExit(f"{target.name} weighs {target.stat().st_size:,} bytes; at most {HEAVIEST:,} are allowed")


def main() -> None:
    """Draw all four."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        phone = open_page(
            browser, WIDE, f"/simulator/phone?number=%2B355690{time.time_ns() % 10**6:06d}"
        )  # nobody's yet
        phone.fill(".composer textarea", MESSAGE)
        phone.click(".composer .send")
        heard = phone.locator(".bubble.theirs p").last
        expect(heard).to_contain_text("Torvin Water Works", timeout=15_000)
        reference = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", heard.inner_text())
        if reference is None:
            raise SystemExit("the demo sent no reference")

        desk = sign_in(browser, "officer", "WAT2")
        desk.goto(f"{SITE}/staff/cases/{reference.group()}")
        desk.fill("#answer", ANSWER)
        desk.evaluate("document.activeElement.blur()")
        draw(desk, "desk")
        desk.click("button[value=answer]")
        expect(phone.locator(".bubble.theirs p").last).to_contain_text(ANSWER, timeout=15_000)
        expect(phone.locator(".bubble.theirs.delivered")).to_have_count(
            phone.locator(".bubble.theirs").count(), timeout=15_000
        )
        draw(phone, "phone")

        leadership = sign_in(browser, "leadership", "PMO")
        leadership.goto(f"{SITE}/leadership")
        draw(leadership, "leadership")
        draw(open_page(browser, NARROW, "/report"), "question")
        browser.close()


if __name__ == "__main__":
    main()
