"""Every page, served for real: without scripts, by keyboard alone, for everybody's eyes and on a slow line."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from core.safety import DEMO_PASSWORD
from tests import axe
from tests.browser.people import (
    api_key,
    case_of,
    email_of,
    press_and_go,
    reference_in,
    sign_in,
    tab_to,
    window,
)
from tests.processes import HTTP, Site, wait_for

ALLOWED = {"meta-refresh"}
"""A kiosk's thank-you page goes back by itself; nobody resets a shared device, and nothing is lost by it."""
LIMIT = 60_000
"""Bytes over the wire for a citizen's page with all it needs, nothing cached."""


@pytest.fixture(scope="module")
def served(shared: Site) -> Site:
    """The one of the package."""
    return shared


@pytest.fixture(scope="module")
def reference(served: Site) -> str:
    """A case at the water works of Torvin."""
    return case_of(served, "+355691230001", "No water in Torvin for three days")


@pytest.fixture(scope="module")
def survey(served: Site) -> str:
    """Token of a survey that was sent and is open."""
    completed = datetime.now(UTC) - timedelta(hours=2)
    transaction = {"external_id": "agency-7", "office": "CIV1", "service": "passport", "language": "en"}
    transaction |= {"completed_at": completed.isoformat(), "phone": "+355691230002"}
    key = {"Authorization": f"Bearer {api_key(served, 'write')}"}
    HTTP.post(f"{served.url}/api/v1/transactions", json=transaction, headers=key).raise_for_status()

    def sent() -> str:
        path = urlsplit(served.environment["OMBUD_DATABASE_URL"]).path
        with sqlite3.connect(path) as database:
            row = database.execute("SELECT token FROM invitation WHERE sent_at IS NOT NULL").fetchone()
        return str(row[0]) if row else ""

    return wait_for(sent)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = window(browser)
    yield made
    made.close()


@pytest.fixture
def plain(browser: Browser) -> Iterator[BrowserContext]:
    """A phone with JavaScript switched off."""
    made = window(browser, width=360, height=740, scripts=False)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "The clinic in Kelda was closed again"),
        ("bn", "কেলডা ক্লিনিক আবার বন্ধ ছিল"),
        ("ru", "Поликлиника в Кельде опять закрыта"),
    ],
)
def test_report_without_scripts(served: Site, plain: BrowserContext, lang: str, words: str) -> None:
    page = plain.new_page()
    page.goto(f"{served.url}/report?lang={lang}")
    page.click("button[value=next]")
    expect(page.locator("#errors")).to_be_visible()
    page.fill("#text", words)
    for _ in ("what", "about", "where", "files"):
        page.click("button[value=next]")
    page.check("#answer-anonymous")
    page.click("button[value=next]")
    expect(page.locator("main")).to_contain_text(words)
    page.click("button.big[value=send]")
    assert page.locator("html").get_attribute("lang") == lang
    code, pin = page.locator(".number").first.inner_text(), page.locator(".pin").inner_text()
    page.goto(f"{served.url}/track?lang={lang}")
    page.fill("#reference", code.lower().replace("-", " "))
    page.fill("#code", pin)
    page.click("main button")
    expect(page.locator(".said")).to_contain_text(words)


def test_exit_survey_without_scripts(served: Site, plain: BrowserContext) -> None:
    page = plain.new_page()
    page.goto(f"{served.url}/exit/CIV1")
    page.click("button.f2")
    page.check("input[value=wait]")
    page.fill("#words", "I waited four hours at window three")
    page.fill("#phone", "069 333 4455")
    page.click("button[value=send]:visible >> nth=-1")
    reference_in(page.locator(".number").inner_text())


def test_survey_link_without_scripts(served: Site, plain: BrowserContext, survey: str) -> None:
    page = plain.new_page()
    page.goto(f"{served.url}/s/{survey}")
    page.click("button.f4")
    page.click("button[value=skip]")
    expect(page.locator("h1")).to_contain_text("Thank you")


def test_a_link_with_an_answer_counts_where_a_person_looks(
    served: Site, context: BrowserContext, plain: BrowserContext, survey: str
) -> None:
    link = f"{served.url}/s/{survey}/2?lang=en"
    robot = context.new_page()  # says so itself, as mail scanners that run scripts do
    robot.goto(link)
    expect(robot.locator("main button")).to_have_text("Send this answer")
    unscripted = plain.new_page()
    unscripted.goto(link)
    unscripted.click("main button")
    expect(unscripted.locator("h1")).to_have_text("What went wrong?")
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false })")
    person = context.new_page()
    person.goto(link.replace("/2?", "/1?"))
    expect(person.locator("h1")).to_have_text("What went wrong?")
    expect(person.locator(".counted")).to_contain_text("Very bad")


def test_report_by_keyboard_alone(served: Site, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{served.url}/")
    tab_to(page, 'a[href="/report"]')
    press_and_go(page)
    tab_to(page, "#text")
    page.keyboard.type("The road in Kelda has a hole as big as a bath")
    tab_to(page, "button[value=next]")
    press_and_go(page)
    tab_to(page, "#q")
    page.keyboard.type("rood wth hol")
    press_and_go(page)
    tab_to(page, "[name=service]")
    page.keyboard.press("Space")
    tab_to(page, "button[value=next]")
    press_and_go(page)
    tab_to(page, "#spot")
    page.keyboard.type("beside the well")
    press_and_go(page)
    tab_to(page, "#file")
    tab_to(page, "button[value=next]")
    press_and_go(page)
    tab_to(page, "[name=answer]")
    page.keyboard.press("Space")
    tab_to(page, "#phone")
    page.keyboard.type("069 123 0003")
    tab_to(page, "button[value=next]")
    press_and_go(page)
    tab_to(page, "button[value=send]")
    press_and_go(page)
    reference_in(page.locator(".number").first.inner_text())


def test_officer_answers_by_keyboard_alone(served: Site, context: BrowserContext) -> None:
    code = case_of(served, "+355691230004", "Water in Torvin smells of petrol")
    page = context.new_page()
    page.goto(f"{served.url}/staff/sign-in")
    tab_to(page, "#email")
    page.keyboard.type(email_of("officer", "WAT2"))
    tab_to(page, "#password")
    page.keyboard.type(DEMO_PASSWORD)
    press_and_go(page)
    page.keyboard.press("/")
    page.keyboard.type(code)
    press_and_go(page)
    expect(page.locator(".case-head")).to_contain_text(code)
    page.keyboard.press("n")
    page.keyboard.type("The lab has the bottle.")
    press_and_go(page, "Control+Enter")
    expect(page.locator(".said.note")).to_contain_text("The lab has the bottle.")
    page.keyboard.press("r")
    page.keyboard.type("Please do not drink it. A tanker comes at noon.")
    press_and_go(page, "Control+Enter")
    expect(page.locator(".said.ours").last).to_contain_text("A tanker comes at noon.")


def test_second_tab_is_told_what_happened_and_loses_nothing(served: Site, context: BrowserContext) -> None:
    code = case_of(served, "+355691230005", "Again no water in Torvin, third floor")
    first = sign_in(context, served, email_of("officer", "WAT2"), f"/staff/cases/{code}")
    second = context.new_page()
    second.goto(first.url)
    first.fill("#answer", "A fitter comes on Thursday.")
    first.click("button[value=answer]")
    expect(first.locator(".said.ours")).to_contain_text("Thursday")
    second.fill("#answer", "Please send a photograph.")
    second.click("button[value=answer]")
    expect(second.locator(".notice.late")).to_be_visible()
    expect(second.locator(".said.ours")).to_contain_text("Thursday")
    expect(second.locator("#answer")).to_have_value("Please send a photograph.")


def test_a_case_is_offered_accepted_and_closed(served: Site, browser: Browser) -> None:
    code = case_of(served, "+355691230006", "Water bill in Torvin for an empty flat")
    giver, taker = window(browser), window(browser)
    page = sign_in(giver, served, email_of("officer", "WAT2"), f"/staff/cases/{code}")
    page.keyboard.press("t")
    page.select_option("#office", "WAT3")
    page.fill("#reason", "The meter stands in Marenza.")
    page.click("#act-transfer button")
    expect(page.locator(".notice.well")).to_contain_text("stays yours until they accept")
    page = sign_in(taker, served, email_of("officer", "WAT3"), f"/staff/cases/{code}")
    expect(page.locator(".history")).to_contain_text("Offered to Coast Water Works: The meter stands in Marenza")
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".side")).to_contain_text("Coast Water Works")
    page.keyboard.press("c")
    page.fill("#words", "The bill is cancelled.")
    page.click("#act-close button")
    expect(page.locator(".said.ours")).to_contain_text("The bill is cancelled.")
    expect(page.locator(".case-head")).to_contain_text("closed")
    giver.close()
    taker.close()


def findings(page: Page) -> list[str]:
    """Serious findings of axe, and sideways scrolling."""
    found = axe.findings(page, ALLOWED)
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, *([f"{over}px too wide"] if over > 0 else [])]


CITIZEN = ("/", "/report", "/track", "/track/{reference}", "/exit/CIV1", "/s/{survey}", "/nothing-here")
OPEN = (*CITIZEN, "/staff/sign-in", "/simulator/phone", "/styleguide")
SEEN_BY = {
    "": OPEN,
    "officer WAT2": (
        "/staff",
        "/staff/cases/{reference}",
        "/staff/notices",
        "/staff/account",
        "/staff/search?q=water",
        "/staff/triage",  # refused, on a page of its own
    ),
    "triage TRI": ("/staff/triage",),
    "head WAT2": ("/staff/reviews", "/staff/reviews/WAT2/{week}", "/leadership"),
    "leadership PMO": ("/leadership?office=WAT&weeks=13", "/staff/figures/surveys"),
}


@pytest.mark.parametrize("who", SEEN_BY)
def test_pages_have_no_serious_finding_and_fit(
    served: Site, context: BrowserContext, reference: str, survey: str, who: str
) -> None:
    today = datetime.now(UTC).date()
    names = {"reference": reference, "survey": survey, "week": str(today - timedelta(days=today.weekday() + 7))}
    if who.startswith("triage"):
        case_of(served, "+355691230007", "hello is anybody there")
    page = sign_in(context, served, email_of(*who.split())) if who else context.new_page()
    faults: dict[str, list[str]] = {}
    for path in SEEN_BY[who]:
        for width, scheme in ((1280, "light"), (320, "dark")):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            answer = page.goto(served.url + path.format(**names))
            assert answer is not None
            refused = who.startswith("officer") and path == "/staff/triage"
            assert answer.status == (404 if path == "/nothing-here" else 403 if refused else 200), path
            if found := findings(page):
                faults[f"{path} at {width} {scheme}"] = found
    assert faults == {}


def weigh(browser: Browser, url: str) -> int:
    """Bytes over the wire of a page with all it needs, in a browser that has seen nothing. Fails for a foreign host."""
    context = window(browser, width=360, height=740)
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  (playwright refuses a builtin)
    page.goto(url)
    assert {urlsplit(answer.url).netloc for answer in answers} == {urlsplit(url).netloc}
    sizes = [answer.request.sizes() for answer in answers]
    context.close()
    return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)


@pytest.mark.parametrize("lang", ["en", "bn"])  # the lightest, and the heaviest: three bytes a letter
def test_citizens_pages_are_light_over_the_wire(
    served: Site, browser: Browser, reference: str, survey: str, lang: str
) -> None:
    addresses = [path.format(reference=reference, survey=survey) for path in CITIZEN]
    weights = {address: weigh(browser, f"{served.url}{address}?lang={lang}") for address in addresses}
    assert all(0 < weight < LIMIT for weight in weights.values()), weights
