"""A telephone in one window, the desk in the other: call, listen, write down, call back."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import PATIENCE, email_of, phone, reference_in, sign_in, window
from tests.processes import HTTP, Site

CITIZEN = "+355691117788"
WORDS = "No water in Torvin since Monday"


@pytest.fixture(scope="module")
def served(shared: Site) -> Site:
    """The one of the package."""
    return shared


def test_a_call_is_listened_to_written_down_and_called_back(served: Site, browser: Browser) -> None:
    citizens, officers = window(browser, width=360), window(browser)
    handset = phone(citizens, served, CITIZEN, "call")
    handset.fill("#office", "WAT2")
    handset.click(".other button:has-text('Call')")
    handset.get_by_role("button", name="1", exact=True).click()
    handset.get_by_role("button", name="Say something").click()
    expect(handset.locator(".bubble.mine", has_text="speaks for")).to_be_visible(timeout=PATIENCE)
    handset.get_by_role("button", name="# Done").click()
    expect(handset.locator(".call-note", has_text="The line hung up")).to_be_visible(timeout=PATIENCE)
    sent = HTTP.get(f"{served.url}/simulator/control/sms").json()
    reference = reference_in(next(text["body"] for text in sent if text["to"] == CITIZEN))

    desk = sign_in(officers, served, email_of("officer", "WAT2"), f"/staff/cases/{reference}")
    recording = desk.locator(".history audio")
    for _ in range(50):
        if recording.count():
            break
        desk.wait_for_timeout(100)  # between two looks, while the recording is fetched
        desk.reload()
    expect(recording).to_be_visible(timeout=PATIENCE)
    desk.wait_for_function("document.querySelector('.history audio').duration > 3", timeout=PATIENCE)
    desk.fill("#transcript", WORDS)
    desk.click("button:has-text('Keep these words')")
    expect(desk.locator(".notice.well")).to_contain_text("words of the case now")
    expect(desk.locator(".history")).to_contain_text(WORDS)

    desk.click("a:has-text('Call them')")
    card = desk.locator(".callback", has_text=reference)
    expect(card).to_contain_text("Phone ending 788")
    card.get_by_role("button", name="Show the number").click()
    card = desk.locator(".callback", has_text=reference)
    expect(card.locator("h2 a")).to_have_attribute("href", f"tel:{CITIZEN}")
    assert CITIZEN[1:] not in desk.url
    card.locator("textarea").fill("The crew comes at six.")
    card.get_by_role("button", name="We spoke").click()
    expect(desk.locator(".notice.well")).to_contain_text("silence has ended")
    expect(desk.locator(".callback", has_text=reference)).to_have_count(0)
    for context in (citizens, officers):
        context.close()
