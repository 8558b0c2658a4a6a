"""A tablet with a screen: a real browser with a profile that outlives it, and what can be seen of it."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page, Playwright, expect

from tests.api.site import Web
from tests.chromium import ARGUMENTS, CHROMIUM
from tests.kiosk.line import Line
from tests.kiosk.tablet import ratings
from tests.processes import wait_for

WORDS = "The man at window three wanted money"
DRIVE = f"""async (count) => {{
  const app = document.getElementById("kiosk");
  const step = async (name) => {{ while (app.dataset.step !== name) await new Promise((go) => setTimeout(go, 1)); }};
  for (let number = 0; number < count; number++) {{
    await step("faces");
    app.querySelector(`.f${{number % 5 + 1}}`).click();
    await step(number % 5 > 2 ? "ask-liked" : "ask-reason");
    app.querySelector(".pick").click();
    await step("ask-words");
    if (number % 10 === 0) app.querySelector("#words").value = "{WORDS}";
    app.querySelector(`[value=${{number % 10 ? "skip" : "send"}}]`).click();
    await step("thanks");
    app.querySelector("[value=start]").click();
  }}
}}"""
"""Somebody who answers fast, with the page's own buttons."""
KEPT = """async () => {
  const result = (request) => new Promise((go) => (request.onsuccess = () => go(request.result)));
  const all = [];
  for (const { name } of await indexedDB.databases()) {
    const db = await result(indexedDB.open(name));
    for (const store of db.objectStoreNames)
      all.push(...await result(db.transaction(store).objectStore(store).getAll()));
    db.close();
  }
  return all;
}"""
SMALL = """() => [...document.querySelectorAll("#kiosk button, .languages a, #tools button")]
  .filter((one) => one.getClientRects().length && Math.min(one.offsetWidth, one.offsetHeight) < 36).length"""
"""Targets too small for a finger."""


class Tablet:
    """A browser with a profile that outlives it."""

    def __init__(self, engine: Playwright, profile: Path, line: Line, url: str, web: Web) -> None:
        self.engine, self.profile, self.line, self.url, self.web = engine, profile, line, url, web
        self.context: BrowserContext | None = None

    def start(self, *, online: bool = True, path: str = "/exit/WAT1", **more: Any) -> Page:
        """Open the page, as after switching the tablet on."""
        self.context = self.engine.chromium.launch_persistent_context(
            self.profile,
            executable_path=CHROMIUM,
            args=ARGUMENTS,
            locale="en-GB",
            **({"viewport": {"width": 1024, "height": 768}} | more),
        )
        self.context.set_default_timeout(15_000)
        self.network(online)
        page = self.context.new_page()
        page.goto(self.url + path)
        return page

    def network(self, there: bool) -> None:
        """Pull the plug at both ends, since a service worker may not hear of the browser's own switch."""
        self.line.cut = not there
        assert self.context is not None
        self.context.set_offline(not there)

    def kill(self) -> None:
        """kill -9 of all its processes."""
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and str(self.profile).encode() in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # ended meanwhile, or not ours
        assert self.context is not None
        with suppress(Error):  # what is closed is gone already
            self.context.close()
        self.context = None

    def stop(self) -> None:
        """Close it, if it is open."""
        if self.context is not None:
            self.context.close()
            self.context = None


def ready(page: Page) -> None:
    """Wait until it would start without a network."""
    expect(page.locator("body.ready")).to_be_attached()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def kept(page: Page) -> list[dict[str, object]]:
    """Everything in the page's database, keys of the pairing too."""
    found: list[dict[str, object]] = page.evaluate(KEPT)
    return found


def sealed_in(page: Page) -> list[dict[str, object]]:
    return [one for one in kept(page) if isinstance(one, dict) and "sealed" in one]


def rated(web: Web, count: int) -> list[int]:
    """The ratings, once so many came in."""

    def there() -> bool:
        web.work()
        return len(ratings(web)) >= count

    wait_for(there)
    return sorted(one.value or 0 for one in ratings(web))
