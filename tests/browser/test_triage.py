"""Sorting by keyboard alone, in a real browser, against the served application."""

import sqlite3
import statistics
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect

from tests.browser.people import PATIENCE, case_of, email_of, sign_in, window
from tests.processes import Site

MESSAGES = 30


def waiting(served: Site) -> list[str]:
    """References at the triage desk in the order they are to be read."""
    with sqlite3.connect(urlsplit(served.environment["OMBUD_DATABASE_URL"]).path) as database:
        rows = database.execute('SELECT reference FROM "case" WHERE state = ? ORDER BY received_at, id', ("triage",))
        return [str(row[0]) for row in rows]


def test_thirty_messages_by_keyboard_alone(
    served: Site, browser: Browser, record_property: Callable[[str, object], None]
) -> None:
    for number in range(MESSAGES + 2):
        case_of(served, f"+3556912{number:05d}", f"they came and went away {chr(97 + number % 26)}")
    expected = waiting(served)
    assert len(expected) == MESSAGES + 2
    context = window(browser)
    page = sign_in(context, served, email_of("triage"), "/staff/triage")
    article = page.locator("#sorting article[data-message]")
    read, took = [], []
    for _ in range(MESSAGES):
        name = article.get_attribute("data-message")
        read.append(name)
        began = time.monotonic()
        page.keyboard.press("1")
        expect(page.locator(f'#sorting article[data-message="{name}"]')).to_have_count(0, timeout=PATIENCE)
        expect(article).to_be_visible(timeout=PATIENCE)
        took.append(time.monotonic() - began)
    assert read == expected[:MESSAGES]
    expect(page.locator("#counts")).to_contain_text(f"{MESSAGES} done", timeout=PATIENCE)
    assert waiting(served) == expected[MESSAGES:]
    page.keyboard.press("u")
    expect(page.locator(f'article[data-message="{read[-1]}"]')).to_be_visible(timeout=PATIENCE)
    assert read[-1] in waiting(served)
    record_property("median_ms_to_next", round(statistics.median(took) * 1000))
    context.close()
