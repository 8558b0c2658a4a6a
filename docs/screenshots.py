"""Draws docs/images/*.png from a demo that is running: `make screenshots` (OMBUD_PORT says where)."""

import os
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from cli.demonstration import sign_ins
from cli.sample.constants import PASSWORD

SITE = f"http://127.0.0.1:{os.environ.get('OMBUD_PORT', '8000')}"
IMAGES = Path(__file__).parent / "images"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 780}
# picture, address, role to sign in as, window
PICTURES = (
    ("leadership", "/leadership", "leadership", WIDE),
    ("desk", "/staff", "officer", WIDE),
    ("review", "/staff/reviews", "leadership", WIDE),
    ("phone", "/simulator/phone", None, WIDE),
    ("start", "/", None, NARROW),
    ("kiosk", "/exit/CIV1", None, WIDE),
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
        for name, path, role, window in PICTURES:
            context = browser.new_context(viewport=window, color_scheme="light", locale="en-GB")  # type: ignore[arg-type]
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
