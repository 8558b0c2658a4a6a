"""The browser the tests look with."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.conftest import left_out

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CHROMIUM = Path(
    os.environ.get("CHROMIUM")
    or shutil.which("chromium-headless-shell")  # the same engine without a window: a page costs it half
    or shutil.which("chromium")
    or "/usr/bin/chromium"
)


def needed() -> None:
    """Skip loudly, or fail where everything is required, if there is none."""
    if not CHROMIUM.exists():
        left_out(f"chromium is missing at {CHROMIUM}: nothing was tried in a browser")


@contextmanager
def opened() -> Iterator[Browser]:
    """A browser, for as long as it is wanted. Not for a whole session: asyncio runs nothing else beside it."""
    needed()
    with sync_playwright() as engine:
        made = engine.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield made
        made.close()
