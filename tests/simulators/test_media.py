"""Pictures from the simulated phone: webhooks as Twilio writes them, files behind guarded addresses that lead on."""

from collections.abc import Sequence
from io import BytesIO

import httpx
import pytest
from PIL import Image

from channels.fetching import from_twilio
from channels.telegram_updates import read_update
from channels.values import Channel, Inbound
from simulators.samples import sample
from tests import files
from tests.simulators.world import ACCOUNT, CITIZEN, TWILIO_TOKEN, World, until

PHONE = "/simulator/phone"
Given = Sequence[tuple[str, tuple[str, bytes, str]]]
TWO = [("file", ("a.jpg", files.jpeg(), "image/jpeg")), ("file", ("b.pdf", files.PDF, "application/pdf"))]


def post(net: World, app: str, given: Given = (), **fields: str) -> httpx.Response:
    data = {"number": CITIZEN, **fields}
    headers = {"Accept": "application/json"}
    return net.http.post(
        f"{net.url}{PHONE}/{app}", data=data, files=list(given) or [("x", ("", b"", ""))], headers=headers
    )


@pytest.mark.parametrize(("app", "channel"), [("sms", Channel.sms), ("whatsapp", Channel.whatsapp)])
def test_two_files_in_one_message(net: World, app: str, channel: Channel) -> None:
    post(net, app, TWO, text="Look").raise_for_status()
    (message,) = until(net.inbound)
    assert (message.channel, message.sender, message.text) == (channel, CITIZEN, "Look")
    assert message.provider_id.startswith("MM")
    assert [(one.kind, one.content_type) for one in message.attachments] == [
        ("photo", "image/jpeg"),
        ("document", "application/pdf"),
    ]
    base = net.exchange.config.twilio_url
    got = [
        from_twilio(one.url, account_sid=ACCOUNT, auth_token=TWILIO_TOKEN, api_url=base, limit=10**6).data
        for one in message.attachments
    ]
    assert got == [files.jpeg(), files.PDF]


def test_the_file_is_guarded_and_its_store_signed(net: World) -> None:
    post(net, "sms", TWO[:1]).raise_for_status()
    (message,) = until(net.inbound)
    address = message.attachments[0].url
    assert net.http.get(address).status_code == 401
    assert net.http.get(address + "0", auth=(ACCOUNT, TWILIO_TOKEN)).status_code == 404
    led = net.http.get(address, auth=(ACCOUNT, TWILIO_TOKEN))
    assert led.status_code == 307
    assert net.http.get(led.headers["location"]).content == files.jpeg()
    forged = led.headers["location"].replace("Signature=", "Signature=0")
    assert net.http.get(forged).status_code == 403
    assert net.http.get(led.headers["location"].partition("?")[0]).status_code == 403


def test_the_thread_shows_what_was_sent_and_runs_nothing(net: World) -> None:
    page = b"<html><script>alert(1)</script></html>"
    post(net, "whatsapp", [*TWO, ("file", ("x.html", page, "text/html"))]).raise_for_status()
    listed = net.http.get(f"{net.url}{PHONE}/messages", params={"number": CITIZEN, "app": "whatsapp"}).json()
    shown = listed["messages"][-1]["files"]
    assert [one["kind"] for one in shown] == ["picture", "paper", "paper"]
    answers = [net.http.get(net.url + one["url"]) for one in shown]
    assert answers[0].headers["content-type"] == "image/jpeg"
    assert answers[2].headers["content-type"] == "application/octet-stream"
    assert all("sandbox" in answer.headers["content-security-policy"] for answer in answers)


def test_an_album_in_telegram(net: World) -> None:
    post(net, "telegram", [TWO[0], ("file", ("c.png", files.png(), "image/png"))], text="Both").raise_for_status()
    waiting = list(net.chats.updates)[-2:]
    both = [value for update in waiting for value in read_update(update, "4242") if isinstance(value, Inbound)]
    assert [message.text for message in both] == ["Both", ""]
    assert all(message.attachments[0].url.startswith("telegram:") for message in both)
    listed = net.http.get(f"{net.url}{PHONE}/messages", params={"number": CITIZEN, "app": "telegram"}).json()
    assert [one["files"][0]["kind"] for one in listed["messages"][-2:]] == ["picture", "picture"]


@pytest.mark.parametrize("text", [" ", "x" * 1601])
def test_nothing_and_too_much_say_so(net: World, text: str) -> None:
    assert post(net, "sms", text=text).status_code == 422


def test_the_samples_are_real_and_the_photo_says_where_it_was_taken() -> None:
    photo, voice = sample("photo"), sample("voice")
    assert photo is not None
    assert voice is not None
    with Image.open(BytesIO(photo.data)) as image:
        assert image.getexif().get_ifd(0x8825)[1] == "N"
    assert sample("else") is None
    assert voice.data.startswith(b"RIFF")


def test_whatsapp_answers_are_read(net: World) -> None:
    fields = {
        "To": f"whatsapp:{CITIZEN}",
        "From": f"whatsapp:{net.exchange.config.number}",
        "Body": "Hello",
        "StatusCallback": f"{net.public_url}/webhooks/twilio/status",
    }
    net.http.post(
        f"{net.url}/simulator/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        data=fields,
        auth=(ACCOUNT, TWILIO_TOKEN),
    ).raise_for_status()
    said = until(lambda: found if len(found := [hook.body for hook in net.webhooks("/status")]) == 3 else [])
    for word, body in zip((b"sent", b"delivered", b"read"), said, strict=True):
        assert b"MessageStatus=" + word in body
