"""The simulated telephone: real TwiML from the hotline's own channel, keys, recordings, hanging up at any moment."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from channels.spoken import Line
from channels.values import WebhookRequest
from channels.voice import PATH, Opened, take, tell
from simulators.app import install
from simulators.exchange import Config
from simulators.switchboard import seconds_of, spoken
from tests.simulators.world import ACCOUNT, BOT_TOKEN, CITIZEN, NUMBER, TWILIO_TOKEN, running, until

PUBLIC = "https://ombud.example"
LINE = Line(PUBLIC, ACCOUNT, TWILIO_TOKEN, "Velmora", ("en", "sq"), any_voice=True)


class Phone:
    """A simulated phone and the hotline it calls."""

    def __init__(self, url: str, steps: list[tuple[str, str]]) -> None:
        self.url, self.steps = url, steps
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=20)

    def do(self, what: str, **fields: str) -> httpx.Response:
        quiet = {"Accept": "application/json"}
        return self.http.post(f"/simulator/phone/call/{what}", data={"number": CITIZEN, **fields}, headers=quiet)

    def state(self) -> dict[str, object]:
        return dict(self.http.get("/simulator/phone/call", params={"number": CITIZEN}).json())

    def until(self, state: str) -> list[str]:
        until(lambda: self.state()["state"] == state)
        return [line["text"] for line in self.state()["lines"]]  # type: ignore[attr-defined]


@pytest.fixture
def phone() -> Iterator[Phone]:
    app = FastAPI()
    steps: list[tuple[str, str]] = []

    @app.post(PATH + "{step:path}")
    async def hotline(step: str, request: Request) -> Response:
        turn = take(WebhookRequest(str(request.url), dict(request.headers), await request.body()), step, LINE)
        steps.extend((step, one.provider_id) for one in turn.arrivals)
        return Response(tell(turn.call, LINE, Opened("K7QF-3M9V")) if turn.waits else turn.twiml)

    config = Config(ACCOUNT, TWILIO_TOKEN, NUMBER, BOT_TOKEN, PUBLIC, "http://127.0.0.1:1", pace=0.02)
    install(app, config, standalone=True)
    with running(app) as url:
        object.__setattr__(config, "local_url", url)  # the port is known only now
        made = Phone(url, steps)
        yield made
        made.http.close()


def test_a_call_from_the_menu_to_the_reference(phone: Phone) -> None:
    phone.do("dial", office="WAT1")
    assert phone.until("asked")[-1] == "Për shqip, shtypni 2."
    assert phone.do("speak").status_code == 422, "nobody records yet"
    phone.do("press", key="2")
    phone.until("recording")
    phone.do("speak")
    phone.do("press", key="#")
    heard = phone.until("over")
    assert "K, 7, Q, F." in heard
    assert heard[-1] == "The line hung up."
    sid = str(phone.state()["sid"])
    until(lambda: ("/status", f"{sid}/ended") in phone.steps)
    recordings = {name for step, name in phone.steps if name.startswith("RE")}
    assert len(recordings) == 1
    assert {step for step, name in phone.steps if name in recordings} >= {"/recorded"}
    url = f"/simulator/twilio/2010-04-01/Accounts/{ACCOUNT}/Recordings/{recordings.pop()}"
    assert phone.http.get(url).status_code == 401
    sound = phone.http.get(url, auth=(ACCOUNT, TWILIO_TOKEN))
    assert (sound.status_code, sound.content[:4], seconds_of(sound.content)) == (200, b"RIFF", 4)
    assert phone.http.get(url + "0", auth=(ACCOUNT, TWILIO_TOKEN)).status_code == 404


def test_silence_at_every_question_ends_the_call(phone: Phone) -> None:
    phone.do("dial", withheld="1")
    for state in ("asked", "asked", "recording", "recording"):
        phone.until(state)
        phone.do("wait")
    assert any("do not see your number" in line for line in phone.until("over"))
    assert not [name for _, name in phone.steps if name.startswith("RE")]


@pytest.mark.parametrize(("state", "spoke"), [("asked", False), ("recording", False), ("recording", True)])
def test_hanging_up_at_any_moment(phone: Phone, state: str, spoke: bool) -> None:
    phone.do("dial")
    phone.until("asked")
    if state == "recording":
        phone.do("press", key="1")
        phone.until("recording")
    if spoke:
        phone.http.post(
            "/simulator/phone/call/speak",
            data={"number": CITIZEN},
            files={"sound": ("own.wav", spoken(2), "audio/wav")},
            headers={"Accept": "application/json"},
        )
    phone.do("hang-up")
    assert phone.until("over")[-1] == "You hung up."
    until(lambda: any(step == "/status" and name.endswith("/ended") for step, name in phone.steps))
    if spoke:
        until(lambda: any(name.startswith("RE") for _, name in phone.steps))
    else:
        assert not [name for _, name in phone.steps if name.startswith("RE")]


def test_the_account_lists_its_number(phone: Phone) -> None:
    listed = f"/simulator/twilio/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json"
    known = phone.http.get(listed, params={"PhoneNumber": NUMBER}, auth=(ACCOUNT, TWILIO_TOKEN)).json()
    (number,) = known["incoming_phone_numbers"]
    assert number["voice_url"].startswith(PUBLIC + PATH)
    unknown = phone.http.get(listed, params={"PhoneNumber": "+35542000000"}, auth=(ACCOUNT, TWILIO_TOKEN)).json()
    assert unknown["incoming_phone_numbers"] == []


def test_the_page_offers_the_keys_without_scripts(phone: Phone) -> None:
    page = f"/simulator/phone?number=%2B{CITIZEN[1:]}&app=call"
    assert "Call the hotline" in phone.http.get(page).text
    phone.do("dial")
    phone.until("asked")
    shown = phone.http.get(page).text
    assert shown.count('action="/simulator/phone/call/press"') == 12
    assert "composer" not in shown
    assert phone.do("dial", number="no number").status_code == 422
    assert phone.do("dial", office="<b>").status_code == 422
