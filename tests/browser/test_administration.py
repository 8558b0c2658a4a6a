"""A newcomer adds an office, a service and a rule in the browser, and sees the next text go there."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.people import PATIENCE, api_key, email_of, phone, received, reference_in, sign_in, text, window
from tests.processes import HTTP, Site

SENTENCES = (
    "There is a swarm of bees in the tree at the school gate",
    "Wild bees made a nest under our roof, who takes them away?",
    "A beekeeper put twenty hives right beside the playground",
)
WORDED_OTHERWISE = "Hundreds of bees came down my chimney this morning, I think a whole swarm moved in"


def saved(page: Page, button: str, path: str) -> None:
    """Press a button and be on the page of what was saved."""
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()
    assert page.url.split("?")[0].endswith(path), page.url


def test_what_a_newcomer_sets_up_answers_the_next_text(served: Site, browser: Browser) -> None:
    desk, street = window(browser, width=360, scripts=False), window(browser)
    page = sign_in(desk, served, email_of("admin"), "/staff/admin")
    page.get_by_role("link", name="Offices").first.click()
    page.get_by_role("link", name="Add an office").click()
    page.get_by_label("Name in English").fill("Beekeeping Service")
    page.get_by_label("Code").fill("BEE1")
    page.get_by_label("What kind of office").select_option("district")
    page.get_by_label("Stands under").fill("PMO")
    saved(page, "Add the office", "/staff/offices/BEE1")

    page.goto(f"{served.url}/staff/services/new")
    page.get_by_label("Name in English").fill("Bees and swarms")
    page.get_by_label("Sentences as citizens would write them").fill("\n".join(SENTENCES))
    page.get_by_role("button", name="Add the service", exact=True).click()
    expect(page.get_by_role("heading", name="Which of these words tell it?")).to_be_visible()
    expect(page.get_by_label("bees", exact=True)).to_be_checked()
    saved(page, "Add the service with these words", "/staff/services/bees-and-swarms")
    expect(page.locator("main")).to_contain_text("No rule names it")

    page.get_by_role("link", name="Add a rule").click()
    page.get_by_label("Go to").fill("beekeeping")
    page.get_by_role("button", name="See what it changes").click()
    page.get_by_label("Beekeeping Service (BEE1)").check()
    page.get_by_role("button", name="See what it changes").click()
    expect(page.locator("#preview")).to_contain_text(
        "Messages about Bees and swarms go to Beekeeping Service (BEE1) instead of the triage desk."
    )
    with page.expect_navigation():
        page.get_by_role("button", name="Save the rule").click()
    expect(page.locator("h1")).to_contain_text("Bees and swarms")

    handset = phone(street, served, "+355691119911")
    text(handset, WORDED_OTHERWISE)
    reference = reference_in(received(handset, "Beekeeping Service"))
    key = {"Authorization": f"Bearer {api_key(served, 'admin')}"}
    case = HTTP.get(f"{served.url}/api/v1/cases/{reference}", headers=key).json()
    assert (case["office"]["code"], case["service"]["code"]) == ("BEE1", "bees-and-swarms")
    assert "“bees”" in case["routing"]["reason"]
    assert "Beekeeping Service" in case["routing"]["reason"]

    page.goto(f"{served.url}/staff/services/bees-and-swarms")
    for _ in range(60):  # the model is taught beside all this
        if page.locator("main").get_by_text("learnt", exact=True).count():
            break
        page.wait_for_timeout(PATIENCE / 60)
        page.reload()
    expect(page.locator("main")).to_contain_text("learnt")
    page.goto(f"{served.url}/staff/changes")
    expect(page.locator(".changes > li")).to_have_count(3)
    desk.close()
    street.close()
