"""An officer's day and a head's day, from signing in to the last case; the citizens at their phones and on the web."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.people import (
    PATIENCE,
    case_of,
    email_of,
    phone,
    press_and_go,
    received,
    reference_in,
    sign_in,
    tab_to,
    text,
    window,
)
from tests.processes import Site

ANA, BESA, CELI = "+355691118001", "+355691118002", "+355691118003"
LEAK = "The water main under our street in Torvin leaks since Sunday"
DONE = "Our crew changed the main under your street on Tuesday and tested it."


@pytest.fixture
def people(browser: Browser) -> Iterator[list[BrowserContext]]:
    """The citizen on a narrow phone, the officer, the head."""
    made = [window(browser, width=360, height=740), window(browser), window(browser)]
    yield made
    for context in made:
        context.close()


def close(desk: Page, words: str) -> None:
    """Close the open case by keyboard, as put right."""
    desk.keyboard.press("c")
    desk.locator("#outcome").select_option("upheld")
    desk.locator("#words").fill(words)
    with desk.expect_navigation():
        desk.locator("#words").press("Control+Enter")
    expect(desk.locator(".case-head")).to_contain_text("closed", timeout=PATIENCE)


def unlocked(web: Page, site: Site, reference: str, number: str) -> None:
    """The citizen opens their case with the last digits of their number."""
    web.goto(f"{site.url}/track/{reference}")
    web.fill("#code", number[-4:])
    with web.expect_navigation():
        web.press("#code", "Enter")


def not_solved(web: Page, site: Site, reference: str, why: str) -> None:
    """The citizen says on the tracking page that it is not solved."""
    unlocked(web, site, reference, ANA)
    web.get_by_label("If not: what is still wrong").fill(why)
    with web.expect_navigation():
        web.get_by_role("button", name="No, it is not solved").click()


def test_an_officers_day_ends_with_an_appeal_and_the_heads_with_a_decision(
    served: Site, people: list[BrowserContext]
) -> None:
    citizens, officers, heads = people
    handset = phone(citizens, served, ANA)
    text(handset, LEAK)
    first = reference_in(received(handset, "Torvin Water Works"))
    second = case_of(served, BESA, "No water in Torvin, the whole of the school street")
    third = case_of(served, CELI, "No water in Torvin on the fourth floor of the tower")

    # the queue, by keyboard: what is due first, a search, a case
    desk = sign_in(officers, served, email_of("officer", "WAT2"))
    for reference in (first, second, third):
        expect(desk.locator(f'[data-row="{reference}"]')).to_be_visible(timeout=PATIENCE)
    desk.keyboard.press("/")
    desk.keyboard.type("leaking main")
    press_and_go(desk)
    desk.goto(f"{served.url}/staff")
    desk.keyboard.press("/")
    desk.keyboard.type("leaks")
    press_and_go(desk)
    expect(desk.locator("h1")).to_contain_text("Torvin")
    expect(desk.locator(".history .said").first).to_contain_text(LEAK)

    # two others get a note at once, looked at first, and taken back
    desk.goto(f"{served.url}/staff")
    for reference in (second, third):
        desk.locator(f'[data-row="{reference}"]').focus()
        desk.keyboard.press("x")
    desk.keyboard.press("b")
    desk.locator("#bulk-what").select_option("note")
    with desk.expect_navigation():
        desk.get_by_role("button", name="Look first").click()
    desk.get_by_label("Note", exact=True).fill("The pump is being looked at.")
    with desk.expect_navigation():
        desk.get_by_role("button", name="Look what would happen").click()
    expect(desk.locator(".notice")).to_contain_text("It can be done with all of them.")
    with desk.expect_navigation():
        desk.get_by_role("button", name="Do it with 2 cases").click()
    expect(desk.get_by_role("status")).to_contain_text("Done")
    with desk.expect_navigation():
        desk.get_by_role("button", name="Take it back").click()
    expect(desk.get_by_role("status")).to_contain_text("Taken back in 2 cases.")

    # an answer: the silence ends on the phone, not at the button
    desk.goto(f"{served.url}/staff/cases/{second}")
    desk.keyboard.press("r")
    desk.keyboard.type("The valve at the school is open again since nine.")
    with desk.expect_navigation():
        desk.keyboard.press("Control+Enter")
    expect(desk.locator(".notice")).to_contain_text("Sent.")
    expect(desk.locator(f'[data-row="{second}"]')).to_have_count(0, timeout=PATIENCE)

    # closed, not solved, opened again; closed once more, not solved: now it is an appeal
    desk.goto(f"{served.url}/staff/cases/{first}")
    close(desk, DONE)
    received(handset, "changed the main")
    web = citizens.new_page()
    not_solved(web, served, first, "It drips again, at number nine")
    expect(web.locator(".state")).not_to_contain_text("Closed")
    desk.goto(f"{served.url}/staff")
    expect(desk.locator(f'[data-row="{first}"]')).to_be_visible(timeout=PATIENCE)
    desk.goto(f"{served.url}/staff/cases/{first}")
    expect(desk.locator(".history")).to_contain_text("It drips again")
    close(desk, "We tightened the joint at number nine on Wednesday.")
    received(handset, "tightened the joint")
    not_solved(web, served, first, "It still drips and nobody came on Wednesday")
    expect(web.locator("main")).to_contain_text("decides on your appeal")
    desk.goto(f"{served.url}/staff/appeals")
    mine = desk.locator("article", has_text=first)
    expect(mine).to_contain_text("to decide")
    expect(mine).to_contain_text("It still drips")

    # the head above: told, reads, decides; final
    head = sign_in(heads, served, email_of("head", "WAT"), "/staff/appeals")
    with head.expect_navigation():
        head.locator("article", has_text=first).get_by_role("link", name=re.compile(first)).first.click()
    expect(head.locator("#appeal-title")).to_contain_text("to decide")
    tab_to(head, "#decision", presses=90)
    head.locator("#decision").select_option(index=1)
    head.locator("#decision_words").fill(
        "You are right. The joint is replaced today, and the crew's sheet is being looked at."
    )
    with head.expect_navigation():
        head.get_by_role("button", name="Decide the appeal").click()
    received(handset, "This is final")
    unlocked(web, served, first, ANA)
    expect(web.locator("main")).to_contain_text("This decision is final.")
    desk.goto(f"{served.url}/staff/appeals")
    expect(desk.locator("article", has_text=first)).to_contain_text("You are right.")

    # the head's own morning: a reply an officer wrote, published by four eyes; who is late, and why
    head.goto(f"{served.url}/staff/replies/new")
    head.get_by_label("Name", exact=True).fill("Crew on its way")
    head.get_by_label("For which office").select_option("WAT")
    head.locator("#body-en").fill("A crew is on its way to you and comes today.")
    with head.expect_navigation():
        head.get_by_role("button", name="Keep as a draft").click()
    expect(head.locator(".notice").first).to_contain_text("Somebody else who leads the office publishes it")
    head.goto(f"{served.url}/staff?view=todo")
    expect(head.locator(f'[data-row="{third}"]')).to_be_visible(timeout=PATIENCE)
    head.goto(f"{served.url}/staff/cases/{third}/clocks")
    expect(head.locator("main")).to_contain_text("of working time")
