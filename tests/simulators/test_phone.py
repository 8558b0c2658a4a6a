"""The page /simulator/phone: by plain requests, and in a browser with and without JavaScript."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser

from core.errors import Misconfigured
from core.settings import Settings
from simulators.app import mount
from tests import chromium
from tests.axe import findings
from tests.simulators.world import CITIZEN, World, running, until

SHOULD_FIT = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.opened() as made:
        yield made


def test_the_page_says_what_it_is(net: World) -> None:
    answer = net.http.get(f"{net.url}/simulator/phone")
    assert "No message leaves this machine" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=", answer.text)
    assert len(answer.content) < SHOULD_FIT


@pytest.mark.parametrize("app", ["sms", "telegram"])
def test_a_message_by_plain_post(net: World, app: str) -> None:
    answer = net.http.post(f"{net.url}/simulator/phone/{app}", data={"number": CITIZEN, "text": "S'ka ujë <b>"})
    assert answer.status_code == 303
    page = net.http.get(net.url + answer.headers["location"].partition("#")[0])
    assert "S&#39;ka ujë &lt;b&gt;" in page.text
    messages = net.http.get(f"{net.url}/simulator/phone/messages", params={"number": CITIZEN, "app": app}).json()
    assert messages["messages"][-1]["text"] == "S'ka ujë <b>"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("sms", {"number": CITIZEN, "text": " "}),
        ("sms", {"number": "abc", "text": "x"}),
        ("sms", {"number": CITIZEN, "text": "x" * 1601}),
        ("telegram", {"number": CITIZEN, "text": "x" * 4097}),
        ("sms", {}),
        ("press", {"number": CITIZEN, "message": "999999", "data": "x"}),
        ("press", {"number": CITIZEN, "message": "x"}),
        ("block", {"number": ""}),
    ],
)
def test_what_cannot_be_used_says_why(net: World, path: str, fields: dict[str, str]) -> None:
    for given in ({"data": fields}, {"json": fields}):
        answer = net.http.post(f"{net.url}/simulator/phone/{path}", **given)  # type: ignore[arg-type]
        assert answer.status_code == 422
        assert answer.json()["detail"]


def test_a_number_that_is_none(net: World) -> None:
    page = net.http.get(f"{net.url}/simulator/phone", params={"number": "<x>"})
    assert page.status_code == 200
    assert "is no phone number" in page.text


def test_fragments_are_sent_only_when_changed(net: World) -> None:
    url, params = f"{net.url}/simulator/phone/thread", {"number": "+355690000150", "app": "sms"}
    tag = net.http.get(url, params=params).headers["etag"]
    assert net.http.get(url, params=params, headers={"if-none-match": tag}).status_code == 304
    net.http.post(f"{net.url}/simulator/phone/sms", data={"number": "+355690000150", "text": "new"})
    assert net.http.get(url, params=params, headers={"if-none-match": tag}).status_code == 200


def test_secrets_stay_out_of_the_engineers_view(net: World) -> None:
    token, secret = net.exchange.config.bot_token, "a-secret-nobody-sees"
    url = f"{net.url}/simulator/telegram/bot{token}/setWebhook"
    net.http.post(url, data={"url": "", "secret_token": secret})
    for page in ("phone/wire", "control/wire"):
        shown = net.http.get(f"{net.url}/simulator/{page}").text
        assert "setWebhook" in shown
        assert token not in shown
        assert secret not in shown


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_in_a_browser(net: World, browser: Browser, script: bool) -> None:
    number = "+35569000016" + ("1" if script else "2")
    page = browser.new_context(java_script_enabled=script, viewport={"width": 320, "height": 700}).new_page()
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.goto(f"{net.url}/simulator/phone")
    page.get_by_label("Or any other number").fill(number)
    page.get_by_role("button", name="Open").click()
    page.get_by_label("Message", exact=True).fill("No water since Monday")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("No water since Monday").wait_for()
    assert until(net.inbound)[0].sender == number

    page.get_by_role("link", name="Telegram").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator(".mine", has_text="/start").wait_for()
    chat = re.sub(r"\D", "", number)
    markup = '{"inline_keyboard": [[{"text": "Good", "callback_data": "rate:4"}]]}'
    url = f"{net.url}/simulator/telegram/bot{net.exchange.config.bot_token}/sendMessage"
    net.http.post(url, data={"chat_id": chat, "text": "How was it?", "reply_markup": markup}).raise_for_status()
    if not script:
        page.get_by_role("link", name="Look for new messages").click()
    page.get_by_role("button", name="Good").click()  # with JavaScript it came by itself
    page.locator("button[aria-pressed=true]", has_text="Good").wait_for()
    page.get_by_role("button", name="Block").click()
    page.get_by_text("you blocked it").wait_for()
    if script:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert mistakes == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(net: World, browser: Browser, scheme: str) -> None:
    net.http.post(f"{net.url}/simulator/phone/sms", data={"number": CITIZEN, "text": "hello"})
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{net.url}/simulator/phone")
    page.locator("details.wire > summary").click()
    page.locator(".wire table").wait_for()
    assert findings(page) == []
    context.close()


def test_mounted_into_ombud_and_gone_with_it() -> None:
    app = FastAPI()
    mount(app, Settings(time_zone="Europe/Tirane"))
    with running(app) as url:
        page = httpx.get(f"{url}/simulator/phone", trust_env=False).text
        assert "/static/ombud.css" in page
        assert "Republic of Velmora" in page
        assert httpx.get(f"{url}/simulator/static/phone.css", trust_env=False).status_code == 200
    assert app.state.simulators.closed
    assert not any(thread.is_alive() for thread in app.state.simulators.courier._threads)


def test_never_in_production() -> None:
    with pytest.raises(Misconfigured) as caught:
        mount(FastAPI(), Settings(environment="production"))
    assert caught.value.mend


def test_as_a_process_of_its_own() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "simulators", "--port", str(port), "--pace", "0"]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    try:
        until(lambda: up(port))
        assert httpx.get(f"http://127.0.0.1:{port}/simulator/control/sms", trust_env=False).json() == []
    finally:
        process.terminate()
    assert process.wait(timeout=10) in (0, -15)


def up(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
