"""Draws docs/images/*.png from a demo that is running: `make screenshots` (OMBUD_PORT says where)."""

import os
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from cli.demonstration import sign_ins
from cli.sample.constants import PASSWORD

SITE = f"http://127.0.0.1:{os.environ.get('OMBUD_PORT', '8000')}"
IMAGES = Path(__file__).parent / "images"
WINDOW: ViewportSize = {"width": 1280, "height": 800}
# picture, address, role to sign in as
PICTURES = (
    ("leadership", "/leadership", "leadership"),
    ("desk", "/staff", "officer"),
    ("phone", "/simulator/phone", None),
)


def sign_in(page: Page, email: str) -> None:
    """Sign in as a sample member of staff."""
    page.goto(f"{SITE}/staff/sign-in")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_load_state()


def main() -> None:
    """Draw all; the demo's own data folder says whom to sign in as."""
    IMAGES.mkdir(exist_ok=True)
    emails = {role: email for role, email, _ in sign_ins()}
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"))
        for name, path, role in PICTURES:
            context = browser.new_context(viewport=WINDOW, color_scheme="light", locale="en-GB")
            page = context.new_page()
            if role is not None:
                sign_in(page, emails[role])
            page.goto(SITE + path)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=IMAGES / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
