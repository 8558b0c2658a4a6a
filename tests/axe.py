"""axe-core in a page of the browser: what is wrong with it for those who read with other means."""

import importlib.util
from collections.abc import Collection
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

_spec = importlib.util.find_spec("axe_playwright_python")
assert _spec is not None
assert _spec.submodule_search_locations
SCRIPT = next(path for place in _spec.submodule_search_locations for path in Path(place).rglob("axe.min.js"))
# nothing but violations, and no style sheet fetched again: a third of the time, the same findings
_RUN = "axe.run({resultTypes: ['violations'], preload: false}).then(found => found.violations)"


def ready(context: BrowserContext) -> None:
    """Have axe-core in every page from its beginning; without it each look brings it along, which takes as long."""
    context.add_init_script(path=SCRIPT)


def findings(page: Page, allowed: Collection[str] = ()) -> list[str]:
    """Serious and critical findings, but for the rules that are `allowed` to be broken here."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(SCRIPT.read_text("utf-8"))
    return [
        f"{item['id']}: {[node['target'] for node in item['nodes']][:3]}"
        for item in page.evaluate(_RUN)
        if item["impact"] in ("serious", "critical") and item["id"] not in allowed
    ]
