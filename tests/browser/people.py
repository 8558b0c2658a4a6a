"""What citizens and staff do in a browser, in one step each."""

import json
import re

from playwright.sync_api import Browser, BrowserContext, Page, expect

from cli.sample import government
from core.safety import DEMO_PASSWORD
from tests.processes import HTTP, Site, wait_for

REFERENCE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
PATIENCE = 15_000
"""Milliseconds after which something that should happen by itself counts as missing, on a busy machine."""


def email_of(role: str, office: str = "") -> str:
    """E-mail of a sample member of staff."""
    return next(p.email for p in government.load().staff if p.role == role and office in ("", p.office))


def window(browser: Browser, *, width: int = 1280, height: int = 900, scripts: bool = True) -> BrowserContext:
    """A person's own browser window: nothing shared, nothing cached."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=scripts, locale="en-GB"
    )
    context.set_default_timeout(PATIENCE)
    return context


def sign_in(context: BrowserContext, site: Site, email: str, path: str = "/staff") -> Page:
    """Sign in with mouse and keyboard, and go to a page."""
    page = context.new_page()
    page.goto(f"{site.url}/staff/sign-in")
    page.fill("#email", email)
    page.fill("#password", DEMO_PASSWORD)
    with page.expect_navigation():
        page.click("main button[type=submit]")
    if path != "/staff":
        page.goto(site.url + path)
    return page


def phone(context: BrowserContext, site: Site, number: str, app: str = "sms") -> Page:
    """A citizen's phone on the simulator's page."""
    page = context.new_page()
    page.goto(f"{site.url}/simulator/phone?number={number.replace('+', '%2B')}&app={app}")
    return page


def text(page: Page, words: str) -> None:
    """Type on the phone and send."""
    page.fill(".composer textarea", words)
    page.click(".composer .send")


def received(page: Page, words: str | re.Pattern[str]) -> str:
    """The newest bubble on the phone that has `words`, once it is there."""
    bubble = page.locator(".bubble.theirs p", has_text=words).last
    expect(bubble).to_be_visible(timeout=PATIENCE)
    return bubble.inner_text()


def reference_in(words: str) -> str:
    """The reference in a text. Fails without one."""
    found = REFERENCE.search(words)
    assert found, words
    return found.group()


def tab_to(page: Page, selector: str, presses: int = 60) -> None:
    """Press Tab until the focus is on `selector`; fails when it cannot be reached."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
    raise AssertionError(f"{selector} cannot be reached with the Tab key on {page.url}")


def press_and_go(page: Page, key: str = "Enter") -> None:
    """Press a key that leads to another page, and be there."""
    with page.expect_navigation():
        page.keyboard.press(key)


def api_key(site: Site, scope: str) -> str:
    """A fresh API key of the installation."""
    return str(json.loads(site.ombud("api-key", "create", "--name", "browser", "--scope", scope))["key"])


def case_of(site: Site, sender: str, words: str) -> str:
    """Open a case by SMS, past the browser; gives its reference."""
    sent = {"number": sender, "text": words, "sid": ""}
    HTTP.post(f"{site.url}/simulator/control/sms", json=sent).raise_for_status()
    answers = wait_for(
        lambda: [t["body"] for t in HTTP.get(f"{site.url}/simulator/control/sms").json() if t["to"] == sender]
    )
    return reference_in(answers[0])
