"""The phone in Telegram: keys, places, changes and replies, by plain forms; and what the bot hears of them."""

import pytest

from channels.values import Inbound
from tests.simulators.world import BOT_TOKEN, CHAT, CITIZEN, SECRET, World, until

PHONE = "/simulator/phone"


def post(net: World, path: str, **fields: str) -> int:
    return net.http.post(f"{net.url}{PHONE}/{path}", data={"number": CITIZEN, **fields}).status_code


def page(net: World) -> str:
    return net.http.get(f"{net.url}{PHONE}", params={"number": CITIZEN, "app": "telegram"}).text


def told(net: World) -> list[Inbound]:
    return [value for value in net.updates() if isinstance(value, Inbound)]


@pytest.fixture
def hooked(net: World) -> World:
    url = f"{net.url}/simulator/telegram/bot{BOT_TOKEN}/setWebhook"
    hook = {"url": f"{net.public_url}/webhooks/telegram", "secret_token": SECRET, "drop_pending_updates": True}
    net.http.post(url, json=hook).raise_for_status()
    return net


def test_a_message_is_changed_and_another_replied_to(hooked: World) -> None:
    net = hooked
    assert post(net, "telegram", text="No water") == 303
    first = until(lambda: told(net))[0]
    number = str(first.message_key).partition(":")[2]
    assert "Change it" in page(net)
    assert post(net, "edit", message=number, text="No water in Lumas") == 303
    changed = until(lambda: told(net)[1:])[0]
    assert (changed.text, changed.message_key, changed.details.get("edited")) == (
        "No water in Lumas",
        first.message_key,
        True,
    )
    assert ">edited<" in page(net)
    assert post(net, "reply", message=number, text="Still none") == 303
    assert until(lambda: told(net)[2:])[0].reply_to == first.message_key
    assert post(net, "edit", message="99999", text="x") == 422
    assert post(net, "reply", message="x", text="x") == 422


def test_a_key_that_asks_for_a_place_shares_it(hooked: World) -> None:
    net = hooked
    post(net, "telegram", text="/start")
    until(lambda: told(net))
    keys = {
        "keyboard": [[{"text": "Where I am", "request_location": True}], [{"text": "No"}]],
        "one_time_keyboard": True,
    }
    url = f"{net.url}/simulator/telegram/bot{BOT_TOKEN}/sendMessage"
    net.http.post(url, json={"chat_id": int(CHAT), "text": "Where?", "reply_markup": keys}).raise_for_status()
    assert "Where I am" in page(net)
    assert post(net, "location", latitude="41.5", longitude="19.5") == 303
    place = until(lambda: told(net)[1:])[0]
    assert place.details["location"] == {"latitude": 41.5, "longitude": 19.5}
    shown = page(net)
    assert "Where I am" not in shown
    assert "41.5000, 19.5000" in shown
    assert post(net, "location", latitude="410", longitude="x") == 422
