"""The simulated APIs as the unmodified libraries see them, beyond what sending needs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from channels.sms_client import make_client
from simulators.carrier import sign
from simulators.courier import Courier
from simulators.people import person_of
from tests.simulators.world import ACCOUNT, BOT_TOKEN, CHAT, CITIZEN, NUMBER, SECRET, TWILIO_TOKEN, World, until


@pytest.fixture
def client(net: World) -> Iterator[Client]:
    made = make_client(ACCOUNT, TWILIO_TOKEN, f"{net.url}/simulator/twilio", 5)
    yield made
    made.http_client.session.close()


def test_listing_pages_through_with_the_library(net: World, client: Client) -> None:
    to = "+355690000140"
    made = [client.messages.create(to=to, from_=NUMBER, body=f"number {i}").sid for i in range(7)]
    assert [message.sid for message in client.messages.list(to=to, page_size=3)] == made[::-1]
    assert len(client.messages.list(to=to, limit=2)) == 2
    assert client.messages.list(to="+355690000141") == []


def test_listing_by_date(net: World, client: Client) -> None:
    to = "+355690000142"
    client.messages.create(to=to, from_=NUMBER, body="today")
    now = datetime.now(UTC)
    until(lambda: client.messages.list(to=to, date_sent_after=now - timedelta(minutes=1)))
    assert client.messages.list(to=to, date_sent_after=now + timedelta(minutes=1)) == []
    assert client.messages.list(to=to, date_sent_before=now - timedelta(minutes=1)) == []
    raw = net.http.get(
        f"{net.url}/simulator/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json?To=%2B355690000142&DateSent>={now:%Y-%m-%d}",
        auth=(ACCOUNT, TWILIO_TOKEN),
    )
    assert len(raw.json()["messages"]) == 1


def test_one_message(net: World, client: Client) -> None:
    made = client.messages.create(to=CITIZEN, from_=NUMBER, body="one")
    assert (made.status, made.direction, made.date_sent) == ("queued", "outbound-api", None)
    fetched = until(lambda: (m := client.messages(made.sid).fetch()).status == "delivered" and m)
    assert fetched.date_sent is not None
    with pytest.raises(Exception, match="404"):
        client.messages("SM" + "0" * 32).fetch()


@pytest.mark.parametrize("auth", [("", ""), (ACCOUNT, "wrong"), ("wrong", TWILIO_TOKEN)])
def test_twilio_checks_who_asks(net: World, auth: tuple[str, str]) -> None:
    url = f"{net.url}/simulator/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    for answer in (net.http.get(url, auth=auth), net.http.post(url, auth=auth, data={"To": CITIZEN})):
        assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_the_signature_is_twilios_own() -> None:
    fields = {"Body": "ujë & 🚱", "To": "+1", "A": ""}
    url = "https://ombud.example/webhooks/twilio/messages?message=1"
    assert sign("token", url, fields) == RequestValidator("token").compute_signature(url, fields)


def test_a_citizens_text_arrives_signed(net: World) -> None:
    net.http.post(f"{net.url}/simulator/control/sms", json={"number": CITIZEN, "text": "S'ka ujë 🚱"})
    (found,) = until(net.inbound)
    assert (found.sender, found.recipient, found.text) == (CITIZEN, NUMBER, "S'ka ujë 🚱")
    assert net.webhooks("messages")[0].url.startswith(net.url)  # through the proxy's back door, signed for the front


def test_a_text_delivered_twice_has_one_id(net: World) -> None:
    net.fault("twilio", "delivered_twice")
    net.http.post(f"{net.url}/simulator/control/sms", json={"number": CITIZEN, "text": "twice"})
    until(lambda: len(net.inbound()) == 2)
    assert len({found.provider_id for found in net.inbound()}) == 1


def test_a_text_can_be_delivered_again_by_its_id(net: World) -> None:
    body = {"number": CITIZEN, "text": "again", "sid": "SM" + "b" * 32, "extra": {"ProfileName": "Arta"}}
    for _ in range(2):
        net.http.post(f"{net.url}/simulator/control/sms", json=body)
    until(lambda: len(net.inbound()) == 2)
    assert {(found.provider_id, found.details.get("name")) for found in net.inbound()} == {("SM" + "b" * 32, "Arta")}


def test_a_forged_text(net: World) -> None:
    net.fault("twilio", "forged")
    net.http.post(f"{net.url}/simulator/control/sms", json={"number": CITIZEN, "text": "not from Twilio"})
    until(lambda: net.webhooks("messages"))
    with pytest.raises(Exception, match="signature"):
        net.inbound()


def test_a_failing_webhook_is_repeated_as_its_address_asks(net: World) -> None:
    net.status = 503
    net.http.post(f"{net.url}/simulator/control/sms", json={"number": CITIZEN, "text": "hello"})
    until(lambda: len(net.inbound()) == 2)
    net.status = 200
    net.quiet()
    assert len({found.provider_id for found in net.inbound()}) == 1


# -- Telegram --


def with_bot(net: World, work: Callable[[Any], Awaitable[None]]) -> None:
    from telegram import Bot

    async def run() -> None:
        base = f"{net.url}/simulator/telegram"
        async with Bot(BOT_TOKEN, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot") as bot:
            await work(bot)

    asyncio.run(run())


def test_the_methods_with_the_library(net: World) -> None:
    from telegram import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup
    from telegram.error import BadRequest, EndPointNotFound

    async def work(bot: Any) -> None:
        assert (await bot.get_me()).id == 4242
        await bot.delete_webhook()
        net.http.post(f"{net.url}/simulator/phone/telegram", data={"number": CITIZEN, "text": "hi"})
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Good", callback_data="4")]])
        sent = await bot.send_message(CHAT, "How was it?", reply_markup=keyboard)
        assert sent.reply_markup == keyboard
        assert await bot.send_chat_action(CHAT, "typing")
        edited = await bot.edit_message_reply_markup(CHAT, sent.message_id, reply_markup=None)
        assert edited.reply_markup is None
        assert (await bot.edit_message_text("Changed", CHAT, sent.message_id)).text == "Changed"
        with pytest.raises(BadRequest, match="not modified"):
            await bot.edit_message_text("Changed", CHAT, sent.message_id)
        assert await bot.delete_message(CHAT, sent.message_id)
        with pytest.raises(BadRequest, match="not found"):
            await bot.delete_message(CHAT, sent.message_id)
        assert await bot.set_my_commands([BotCommand("status", "Where is my case")])
        assert (await bot.get_my_commands())[0].command == "status"
        assert (await bot.get_chat(CHAT)).first_name == "Arta"
        with pytest.raises(EndPointNotFound):
            await bot.do_api_request("sendRocket")

    with_bot(net, work)


def test_webhook_and_polling_exclude_each_other(net: World) -> None:
    from telegram.error import Conflict

    async def work(bot: Any) -> None:
        await bot.set_webhook(f"{net.public_url}/webhooks/telegram", secret_token=SECRET, allowed_updates=["message"])
        info = await bot.get_webhook_info()
        assert (info.url, tuple(info.allowed_updates)) == (f"{net.public_url}/webhooks/telegram", ("message",))
        with pytest.raises(Conflict, match="webhook is active"):
            await bot.get_updates()
        await bot.delete_webhook()

    with_bot(net, work)


def test_offsets_confirm_and_a_newer_poll_ends_an_older(net: World) -> None:
    from telegram.error import Conflict

    person = person_of(CITIZEN)

    async def work(bot: Any) -> None:
        await bot.delete_webhook(drop_pending_updates=True)
        for text in ("one", "two", "three"):
            net.http.post(f"{net.url}/simulator/control/telegram", json={"number": person.number, "text": text})
        first = await bot.get_updates(limit=2)
        assert [update.message.text for update in first] == ["one", "two"]
        assert len(await bot.get_updates()) == 3  # nothing was confirmed
        rest = await bot.get_updates(offset=first[-1].update_id + 1)
        assert [update.message.text for update in rest] == ["three"]
        assert await bot.get_updates(offset=rest[-1].update_id + 1) == ()
        older = asyncio.create_task(bot.get_updates(timeout=2))
        await asyncio.sleep(0.1)
        async with type(bot)(BOT_TOKEN, base_url=f"{net.url}/simulator/telegram/bot") as other:
            newer = asyncio.create_task(other.get_updates(timeout=2))
            with pytest.raises(Conflict, match="terminated by other"):
                await older
            net.http.post(f"{net.url}/simulator/control/telegram", json={"number": person.number, "text": "four"})
            assert [update.message.text for update in await newer] == ["four"]

    with_bot(net, work)


def test_an_update_of_any_kind(net: World) -> None:
    answer = net.http.post(f"{net.url}/simulator/control/update", json={"poll_answer": {"poll_id": "1"}})
    assert answer.json()["update_id"] > 0


def test_wrong_token_and_bad_json(net: World) -> None:
    base = f"{net.url}/simulator/telegram"
    wrong = net.http.post(f"{base}/bot1:wrong/getMe")
    assert (wrong.status_code, wrong.json()["ok"], wrong.json()["description"]) == (401, False, "Unauthorized")
    bad = net.http.post(
        f"{base}/bot{BOT_TOKEN}/sendMessage", content=b"{", headers={"content-type": "application/json"}
    )
    assert bad.status_code == 400


# -- the background --


def test_the_courier_keeps_time_and_order_and_ends() -> None:
    courier, done = Courier(threads=1), list[str]()
    courier.after(0.05, lambda: done.append("later"))
    courier.after(0, lambda: done.append("first"))
    courier.after(0, lambda: done.append(str(1 / 0)))  # a job that breaks takes nobody along
    courier.after(0, lambda: done.append("second"))
    until(lambda: courier.waiting == 0)
    assert done == ["first", "second", "later"]
    courier.after(60, lambda: done.append("never"))
    courier.close()
    assert courier.waiting == 0
    assert not any(thread.is_alive() for thread in courier._threads)
