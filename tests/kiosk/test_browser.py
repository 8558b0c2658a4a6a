"""The kiosk in a real browser: without a network, killed, cut off; wiped when left alone; any hand, any language."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect, sync_playwright
from sqlmodel import select

from core.settings import settings
from domain.states import SurveyKind
from domain.survey import Answer, Survey
from surveys.definitions import EXIT_QUESTIONS
from surveys.flow import Condition, Kind, Question, store
from tests import chromium
from tests.api.site import web_of
from tests.axe import findings
from tests.browser.people import tab_to
from tests.conftest import Installation
from tests.kiosk.line import Line
from tests.kiosk.screen import DRIVE, SMALL, WORDS, Tablet, kept, rated, ready, sealed_in
from tests.kiosk.tablet import code, devices, ratings
from tests.look.site import serving

PHONE = "069 123 4567"
IDLE = 25
SIZES = ((320, 640), (768, 1024), (1280, 800))


@pytest.fixture(scope="module")
def engine() -> Iterator[Playwright]:
    chromium.needed()
    with sync_playwright() as made:
        yield made


@pytest.fixture
def tablet(
    engine: Playwright, installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Tablet]:
    with web_of(installation, monkeypatch) as web:
        line = Line(web.app)
        with serving(line) as url:
            made = Tablet(engine, tmp_path / "profile", line, url, web)
            yield made
            made.stop()


pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)  # test_answers.py holds it on both


def test_fifty_answers_without_a_network_arrive_exactly_once(tablet: Tablet) -> None:
    page = tablet.start()
    ready(page)
    tablet.network(False)
    page.evaluate(DRIVE, 25)
    expect(page.locator("#unsent")).to_have_text("25")
    tablet.kill()
    page = tablet.start(online=False)  # a cold start
    expect(page.locator("#unsent")).to_have_text("25")
    page.evaluate(DRIVE, 25)
    expect(page.locator("#unsent")).to_have_text("50")
    everything = str(kept(page))
    assert "sealed" in everything
    assert not [word for word in ("window", "money", "rating", "reason") if word in everything]
    assert len({len(str(one["sealed"])) for one in sealed_in(page)}) == 1, "their length tells nothing"
    tablet.kill()
    assert tablet.web.inbox() == []
    page = tablet.start(online=False, path="/exit/WAT1?lang=ru")
    expect(page.locator("h1")).to_have_text("Как прошёл ваш визит сегодня?")
    expect(page.locator("#unsent")).to_have_text("50", timeout=15_000)
    tablet.line.lose = 2
    tablet.network(True)
    expect(page.locator("#unsent")).to_be_empty(timeout=30_000)
    assert tablet.line.lose == 0, "two replies were lost, and what they answered was sent again"
    assert rated(tablet.web, 50) == [1] * 10 + [2] * 10 + [3] * 10 + [4] * 10 + [5] * 10
    assert len(tablet.web.inbox()) == 50
    tablet.stop()
    for path in tablet.profile.rglob("*"):  # nor in what the browser keeps of its own accord
        if path.is_file():
            assert WORDS.encode() not in path.read_bytes(), path
            assert WORDS.encode("utf-16-le") not in path.read_bytes(), path


def test_the_browser_sends_what_waits_when_the_page_is_gone(tablet: Tablet) -> None:
    page = tablet.start()
    ready(page)
    tablet.network(False)
    page.evaluate(DRIVE, 3)
    registration: list[str] = []
    protocol = page.context.new_cdp_session(page)
    protocol.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registration.extend(one["registrationId"] for one in event["registrations"]),
    )
    protocol.send("ServiceWorker.enable")
    while not registration:
        page.wait_for_timeout(20)  # the browser's own events are heard only while it is waited for
    tablet.network(True)
    page.goto(f"{tablet.url}/healthz")
    sync = {"origin": tablet.url, "registrationId": registration[0], "tag": "answers", "lastChance": False}
    protocol.send("ServiceWorker.dispatchSyncEvent", sync)
    assert rated(tablet.web, 3) == [1, 2, 3]


def test_left_alone_it_is_wiped_and_the_face_counts(tablet: Tablet) -> None:
    page = tablet.start()
    page.clock.install()
    page.reload()
    ready(page)
    page.click("button.f1")
    page.click(".pick[value=wait]")
    page.fill("#words", WORDS)
    page.fill("#phone", PHONE)
    page.click("#hand")
    assert page.locator("body").get_attribute("data-hand") == "left"
    page.clock.run_for((IDLE - 7) * 1000)
    expect(page.locator("#soon")).to_contain_text("Touch it to stay")
    page.keyboard.press("Shift")
    expect(page.locator("#soon")).to_be_empty()
    page.clock.run_for((IDLE + 1) * 1000)
    expect(page.locator("button.f1")).to_be_visible()
    assert page.locator("textarea, input:not([type=hidden])").count() == 0
    assert WORDS not in page.content()
    assert page.locator("body").get_attribute("data-hand") == "right"
    assert rated(tablet.web, 1) == [1]
    page.go_back()
    page.go_forward()
    assert WORDS not in page.content()
    assert page.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]
    with tablet.web.database.read() as session:
        assert {(one.question, one.text) for one in session.exec(select(Answer))} == {
            ("rating", None),
            ("reason", "wait"),
        }
    assert tablet.web.cases() == []


def test_a_face_whose_page_was_closed_counts_too(tablet: Tablet) -> None:
    page = tablet.start()
    page.clock.install()
    page.reload()
    ready(page)
    page.click("button.f4")
    expect(page.locator(".pick").first).to_be_visible()
    page.reload()
    expect(page.locator("#unsent")).to_have_text("1")
    assert tablet.web.inbox() == [], "somebody may still be thinking"
    page.clock.run_for(3 * IDLE * 1000)
    assert rated(tablet.web, 1) == [4]


def test_second_thoughts_another_language_and_a_wrong_number(tablet: Tablet) -> None:
    after = (Condition("reason", frozenset({"closed"})),)
    with tablet.web.database.write() as session:
        asked = store((*EXIT_QUESTIONS, Question("clean", Kind.yes_no, {"sq": "A ishte pastër?"}, when=after)))
        session.add(Survey(code="exit", kind=SurveyKind.exit, questions=asked))
    page = tablet.start()
    ready(page)
    page.click("button.f5")
    page.get_by_role("button", name="Back").click()
    page.click("button.f2")
    page.click("a[lang=sq]")
    expect(page.locator("#kiosk h1")).to_have_text("Çfarë nuk shkoi mirë?")
    page.click(".pick[value=closed]")
    expect(page.locator("#kiosk h1")).to_have_text("A ishte pastër?")
    page.click("[value=back]")
    page.click(".pick[value=closed]")
    page.click(".pick[value='0']")
    page.fill("#words", WORDS)
    page.fill("#phone", "12")
    page.click("[value=send]")
    expect(page.locator("#phone-error")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "phone"
    page.fill("#phone", PHONE)
    page.click("[value=send]")
    expect(page.locator(".number")).to_have_text(re.compile("^[0-9A-Z]{4}-[0-9A-Z]{4}$"))
    assert page.locator(".number").inner_text() == tablet.web.case().reference
    assert rated(tablet.web, 1) == [2]
    assert (tablet.web.case().language, tablet.web.case().text) == ("sq", WORDS)
    with tablet.web.database.read() as session:
        found = {one.question: one.text or one.value for one in session.exec(select(Answer))}
    assert found == {"rating": 2, "reason": "closed", "clean": 0, "words": WORDS, "money": 1}


def test_by_keyboard_alone(tablet: Tablet) -> None:
    page = tablet.start()
    ready(page)
    tab_to(page, "button.f4")
    page.keyboard.press("Enter")
    expect(page.locator("#kiosk h1")).to_be_focused()
    tab_to(page, ".pick[value=kind]")
    page.keyboard.press("Space")
    tab_to(page, "#words")
    page.keyboard.type("Good")
    tab_to(page, "#phone")
    page.keyboard.press("Enter")
    expect(page.locator("#kiosk h1")).to_have_text("Thank you")
    tab_to(page, "[value=start]")
    page.keyboard.press("Enter")
    expect(page.locator("button.f1")).to_be_visible()
    assert rated(tablet.web, 1) == [4]


STEPS = (("faces", ""), ("reasons", "button.f1"), ("words", ".pick[value=wait]"), ("thanks", "[value=skip]"))
"""The pages of a visit, by the press that leads to each."""


def test_every_step_fits_every_screen_in_every_language_and_has_no_finding(tablet: Tablet) -> None:
    page = tablet.start()
    faults = []
    for number, lang in enumerate(settings().languages):
        page.goto(f"{tablet.url}/exit/WAT1?lang={lang}")
        expect(page.locator("body.ready")).to_be_attached()
        if lang == "sq":  # as a language that is written from the right
            page.evaluate("document.documentElement.dir = 'rtl'")
        for name, press in STEPS:
            if press:
                page.click(press)
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                small = page.evaluate(SMALL)
                found = findings(page) if number == SIZES.index((width, height)) else []
                if over > 0 or small or found:
                    faults.append((lang, width, name, over, small, found))
            if name == "words":
                assert sides(page, "right")
                page.click("#hand")
                assert sides(page, "left")
    assert faults == []


def sides(page: Page, hand: str) -> bool:
    """Whether the buttons lie at a hand's side of the screen, whatever way the text runs."""
    buttons, fields = (page.locator(where).bounding_box() for where in (".words .actions", ".words .fields"))
    assert buttons is not None
    assert fields is not None
    return (buttons["x"] > fields["x"]) == (hand == "right")


def test_paired_revoked_and_paired_again(tablet: Tablet) -> None:
    web = tablet.web
    page = tablet.start(path=f"/exit/WAT1/setup#code={code(web)}")
    expect(page).to_have_url(f"{tablet.url}/exit/WAT1/setup")
    page.fill("#new-pin", "2468")
    page.get_by_role("button", name="Pair this tablet").click()
    expect(page.locator("#name")).to_have_text("Main door")
    expect(page.locator("#told")).to_contain_text("Everything was sent")
    page.select_option("#language-of", "sq")
    page.get_by_role("link", name="Back to the question").last.click()
    expect(page.locator("h1")).to_have_text("Si ishte vizita juaj sot?")
    ready(page)
    assert page.locator("body").get_attribute("data-hand") == "left"
    page.click("button.f5")
    page.click(".pick[value=fast]")
    page.click("[value=skip]")
    assert rated(web, 1) == [5]
    (device,) = devices(web)
    assert [one.kiosk_device_id for one in ratings(web)] == [device.id]
    web.post(f"/staff/kiosks/{device.id}/revoke", "head1")
    page.click("[value=start]")
    page.evaluate(DRIVE, 1)
    expect(page.locator("#kiosk h1")).to_have_text("Ky tablet tani nuk merr përgjigje")
    expect(page.locator("#unsent")).to_have_text("1")
    assert len(web.inbox()) == 1
    page.click(".corner")
    page.fill("#pin", "1111")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("not this tablet's PIN")
    page.fill("#pin", "2468")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("revoked")
    fresh = web.post(f"/staff/kiosks/{device.id}/code", "head1").text.partition('<span class="number" dir="ltr">')[2][
        :9
    ]
    page.fill("#code", fresh)
    page.fill("#new-pin", "2468")
    page.keyboard.press("Enter")
    expect(page.locator("#waiting")).to_have_text("0")
    assert rated(web, 2) == [1, 5]
    assert devices(web)[0].waiting == 0


VOICE = """
  window.said = [];
  const voices = [{ lang: "en-GB", name: "A" }];
  Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => voices, cancel() {}, speak: (one) => said.push(one.text), addEventListener() {} } });
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""


def test_it_reads_aloud_where_the_browser_has_a_voice(tablet: Tablet) -> None:
    page = tablet.start(path="/healthz")
    page.add_init_script(VOICE)
    page.goto(f"{tablet.url}/exit/WAT1")
    expect(page.locator("#listen")).to_be_visible()
    assert page.evaluate("said") == []
    page.click("#listen")
    page.click("button.f1")
    expect(page.locator(".pick").first).to_be_visible()
    first, second = page.evaluate("said")
    assert first.startswith("How was your visit today?. Very bad. Bad")
    assert "I was asked for extra money" in second
    page.goto(f"{tablet.url}/exit/WAT1?lang=bn")
    expect(page.locator("body.ready")).to_be_attached()
    expect(page.locator("#listen")).to_be_hidden()


def test_where_nothing_can_be_sealed_the_plain_form_answers(tablet: Tablet) -> None:
    page = tablet.start(path="/healthz")
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page.goto(f"{tablet.url}/exit/WAT1/setup")
    expect(page.locator("#checks .late").first).to_contain_text("https")
    expect(page.locator("#pair")).to_be_hidden()
    page.goto(f"{tablet.url}/exit/WAT1")
    page.click("button.f3")
    expect(page.locator("h1")).to_have_text("What went wrong?")
    page.click("button[value=skip]")
    assert rated(tablet.web, 1) == [3]
