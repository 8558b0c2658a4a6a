"""A holiday is announced the evening before: an administrator sees what it moves, and a citizen reads that it moved."""

from datetime import UTC, date, datetime, timedelta

from playwright.sync_api import Browser, expect

from core.settings import settings
from tests.browser.people import PATIENCE, case_of, email_of, sign_in, window
from tests.processes import Site

SUNDAY = 6


def next_working_day() -> date:
    """The next weekday that is none of the sample's fixed holidays."""
    day = datetime.now(UTC).astimezone(settings().zone).date() + timedelta(days=1)
    while day.weekday() in (5, SUNDAY) or f"{day:%m-%d}" in {"01-01", "03-14", "05-01", "06-19", "09-05", "11-28"}:
        day += timedelta(days=1)
    return day


def test_a_holiday_announced_late_moves_what_is_due_and_says_so(served: Site, browser: Browser) -> None:
    reference = case_of(served, "+355691119922", "The lamp in front of the school in Torvin is broken")
    desk, street = window(browser, width=360, scripts=False), window(browser)
    page = sign_in(desk, served, email_of("admin"), "/staff/calendars")
    page.get_by_role("link", name="Offices of Velmora").click()
    page.get_by_label("Day", exact=True).fill(next_working_day().isoformat())
    page.get_by_label("What the day is").fill("Feast of the new moon")
    page.get_by_label("Announced on").fill(date.today().isoformat())
    page.get_by_role("button", name="See what it moves").first.click()
    expect(page.locator("#preview")).to_contain_text("Feast of the new moon, closed, announced on")
    expect(page.locator("#preview")).to_contain_text("2 deadlines are later")
    page.get_by_role("button", name="Save the day").click()
    expect(page.get_by_role("status").first).to_contain_text("counted anew within a minute")
    expect(page.locator("main")).to_contain_text("Feast of the new moon")
    for _ in range(60):  # the worker waits until every process has let go of the old calendar
        if page.get_by_text("1 looked at, 1 changed").count():
            break
        page.wait_for_timeout(PATIENCE / 60)
        page.reload()
    expect(page.locator("main")).to_contain_text("1 looked at, 1 changed")
    page = street.new_page()
    page.goto(f"{served.url}/track/{reference}")
    expect(page.locator(".timeline")).to_contain_text("counted anew, as opening days or rules were corrected")
    page.get_by_role("link", name="How is this counted?").click()
    expect(page.locator("main")).to_contain_text("You have waited so far")
    desk.close()
    street.close()
