"""The main job, as people see it: phone, desk, phone, leadership, survey. One installation, told in order."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.people import PATIENCE, api_key, email_of, phone, received, reference_in, sign_in, text, window
from tests.processes import HTTP, Site, wait_for

CITIZEN, SERVED = "+355691112233", "+355694445566"
OTHERS = ("+355691112244", "+355691112255")
COMPLAINT = "No water in Torvin since Monday"
ANSWER = "Our crew is at the pump. Water is back by six this evening."
QUICK = 2.0
"""Seconds within which a text shows on the desk."""


@pytest.fixture
def contexts(browser: Browser) -> Iterator[list[BrowserContext]]:
    made = [window(browser) for _ in range(3)]
    yield made
    for context in made:
        context.close()


def silent_now(page: Page, expected: str) -> None:
    """The figure "silent now" of the leadership page follows within a minute at most, here within seconds."""

    def read() -> bool:
        page.reload()
        figure = page.locator(".figure").filter(has=page.locator("p", has_text=re.compile("^Silent now")))
        return bool(figure.count()) and figure.locator("b").inner_text() == expected

    wait_for(read, every=0.5)


def test_a_text_is_answered_and_the_silence_ends(served: Site, contexts: list[BrowserContext]) -> None:
    citizens, officers, ministers = contexts
    desk = sign_in(officers, served, email_of("officer", "WAT2"))
    expect(desk.locator(".queue")).to_contain_text("Nobody is waiting")
    stranger = sign_in(ministers, served, email_of("officer", "CIV1"))
    handset = phone(citizens, served, CITIZEN)

    began = time.monotonic()
    text(handset, COMPLAINT)
    row = desk.locator(".queue-row", has_text=COMPLAINT)
    expect(row).to_be_visible(timeout=PATIENCE)
    waits = [time.monotonic() - began]
    reference = reference_in(received(handset, "Torvin Water Works"))
    expect(row).to_contain_text(reference)
    expect(row).to_contain_text("left")
    expect(stranger.locator(".queue")).to_contain_text("Nobody is waiting")
    ministers.clear_cookies()
    figures = sign_in(ministers, served, email_of("leadership"), "/leadership")
    silent_now(figures, "1")
    expect(figures.locator("h1")).to_have_text("One citizen wrote and has no answer so far.")

    row.click()
    expect(desk.locator("h1")).to_contain_text("Torvin")
    desk.click("summary:has-text('Why is it here?')")
    expect(desk.locator(".case-head details p")).to_contain_text("Torvin Water Works")
    expect(desk.locator(".history .said").first).to_contain_text(COMPLAINT)
    desk.fill("#answer", ANSWER)
    desk.click("button[value=answer]")
    expect(desk.locator(".notice")).to_contain_text("Sent.")
    received(handset, ANSWER)
    expect(desk.locator(".queue")).to_contain_text("Nobody is waiting", timeout=PATIENCE)

    text(handset, f"STATUS {reference}")
    assert reference in received(handset, "answered")
    silent_now(figures, "0")
    expect(figures.locator("h1")).to_have_text("One citizen wrote and has an answer.")

    # other processes may hold up one text, not every one
    for number, words in ((OTHERS[0], "No water in Sanska today"), (OTHERS[1], "No water in Torvin, third floor")):
        if min(waits) <= QUICK:
            break
        other = phone(citizens, served, number)
        began = time.monotonic()
        text(other, words)
        expect(desk.locator(".queue-row", has_text=words)).to_be_visible(timeout=PATIENCE)
        waits.append(time.monotonic() - began)
    assert min(waits) <= QUICK, waits


def test_telegram_answers_on_telegram(served: Site, contexts: list[BrowserContext]) -> None:
    chat = phone(contexts[0], served, "+355692223344", "telegram")
    chat.click("button.begin")
    text(chat, "No water in Melit")
    reference = reference_in(received(chat, "Torvin Water Works"))
    desk = sign_in(contexts[1], served, email_of("officer", "WAT2"))
    desk.goto(f"{served.url}/staff/cases/{reference}")
    expect(desk.locator(".side")).to_contain_text("Telegram")
    desk.fill("#answer", "The pump is repaired tomorrow morning.")
    desk.click("button[value=answer]")
    received(chat, "The pump is repaired tomorrow morning.")
    text(chat, f"STATUS {reference}")
    received(chat, "answered")


def test_stop_is_heard_and_start_opens_again(served: Site, contexts: list[BrowserContext]) -> None:
    handset = phone(contexts[0], served, "+355697778899")
    text(handset, "No water in Sanska")
    reference = reference_in(received(handset, "Torvin Water Works"))
    text(handset, "STOP")
    expect(handset.locator(".contact")).to_contain_text("you sent STOP")
    desk = sign_in(contexts[1], served, email_of("officer", "WAT2"), f"/staff/cases/{reference}")
    expect(desk.locator(".side")).to_contain_text("wants no messages")
    text(handset, "START")
    expect(handset.locator(".contact")).not_to_contain_text("you sent STOP")


def test_a_finished_service_is_rated_on_the_phone(served: Site, contexts: list[BrowserContext]) -> None:
    transaction = {
        "external_id": "agency-1",
        "office": "CIV1",
        "service": "passport",
        "completed_at": (datetime.now(UTC) - timedelta(hours=2)).isoformat(),
        "phone": SERVED,
        "language": "en",
    }
    key = {"Authorization": f"Bearer {api_key(served, 'write')}"}
    posted = HTTP.post(f"{served.url}/api/v1/transactions", json=transaction, headers=key)
    assert posted.status_code == 201, posted.text
    handset = phone(contexts[0], served, SERVED)
    received(handset, "how was it?")
    text(handset, "4")
    received(handset, "extra money")
    text(handset, "no")
    received(handset, "Thank you")
    ratings = sign_in(contexts[1], served, email_of("leadership"), "/staff/figures/surveys")
    row = ratings.locator("tbody tr", has_text="Passport")
    expect(row.locator("td").nth(0)).to_have_text("1")
    expect(row.locator("td").nth(1)).to_have_text("4.0")
