"""Pictures from the citizen's phone to the officer's desk, in real browsers and real processes."""

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests import files
from tests.browser.people import PATIENCE, email_of, phone, received, reference_in, sign_in, window
from tests.processes import Site


@pytest.fixture(scope="module")
def served(shared: Site) -> Site:
    """The one of the package."""
    return shared


@pytest.mark.parametrize("app", ["sms", "whatsapp"])
def test_two_pictures_from_the_phone_are_on_the_desk_and_on_the_tracking_page(
    served: Site, browser: Browser, app: str
) -> None:
    number = {"sms": "+355690000141", "whatsapp": "+355690000142"}[app]
    citizen, staff = window(browser, width=360, height=740), window(browser)
    mine = phone(citizen, served, number, app)
    pictures = [
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": files.jpeg(orientation=6, width=600, height=400)},
        {"name": "b.png", "mimeType": "image/png", "buffer": files.png()},
    ]
    mine.set_input_files(".composer input[type=file]", pictures)  # type: ignore[arg-type]
    expect(mine.locator("[data-picked]")).to_contain_text("2 files")
    mine.fill(".composer textarea", "The pipe in our street burst")
    mine.click(".composer .send")
    expect(mine.locator(".bubble.mine img")).to_have_count(2)
    reference = reference_in(received(mine, re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")))
    desk = sign_in(staff, served, email_of("auditor"), f"/staff/cases/{reference}")
    for _ in range(20):
        if desk.locator(".enclosed img").count() == 2:
            break
        desk.wait_for_timeout(250)  # until the worker has fetched them
        desk.reload()
    shown = desk.locator(".enclosed img")
    expect(shown).to_have_count(2)
    for place in range(2):
        # in one step: what comes in meanwhile draws the pane anew
        desk.evaluate("at => document.querySelectorAll('.enclosed img')[at].scrollIntoView()", place)
        expect(shown.nth(place)).to_have_js_property("complete", True)
        assert shown.nth(place).evaluate("image => image.naturalWidth") > 0
    assert shown.first.evaluate("image => image.naturalHeight > image.naturalWidth")  # upright
    viewer = str(desk.locator(".enclosure.picture a").first.get_attribute("href"))
    whole = desk.request.get(served.url + viewer.removesuffix("/view"))
    assert files.SECRET not in whole.body()
    with Image.open(BytesIO(whole.body())) as image:
        assert not image.getexif()
    track = citizen.new_page()
    track.goto(f"{served.url}/track/{reference}")
    assert track.locator(".enclosed").count() == 0
    track.fill("#code", number[-4:])
    with track.expect_navigation():
        track.press("#code", "Enter")
    expect(track.locator(".enclosed img")).to_have_count(2, timeout=PATIENCE)
    assert track.locator(".enclosed img").first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    citizen.close()
    staff.close()
