"""What a guide needs of the wire: messages rewritten, keyboards, menus, files and limits, with the real library."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from channels.errors import Failure, SendFailed
from channels.telegram import Telegram
from channels.telegram_menu import COMMANDS, menus
from channels.values import Button, Outgoing
from core.i18n import LANGUAGES
from simulators.limits import Limits
from tests.channels.test_telegram_send import act, bot, drain, failed, outgoing, shown
from tests.simulators.world import BOT_TOKEN, CHAT, World

__all__ = ["bot"]
CHOICE = ((Button("Water", "topic:1"), Button("Roads", "topic:2")),)
SHARE = ((Button("Share where I am", "", asks="location"),), (Button("Back", "back"),))


def api(net: World, method: str, **fields: Any) -> Any:
    """A method of the simulated Bot API, as a script would call it."""
    return net.http.post(f"{net.url}/simulator/telegram/bot{BOT_TOKEN}/{method}", json=fields).json()["result"]


def last(net: World) -> Any:
    return shown(net)[-1]


def test_a_step_of_a_guide_is_rewritten_in_place(net: World, bot: Telegram) -> None:
    first = bot.send(outgoing("What is it about?", CHAT, *CHOICE))
    known = len(shown(net))
    for _ in range(2):  # a repeat changes nothing and is no failure
        again = bot.send(Outgoing(uuid4(), CHAT, "Which place?", replaces=first.provider_id, in_place=True))
        assert again.provider_id == first.provider_id
    assert (len(shown(net)), last(net)["text"], last(net)["buttons"]) == (known, "Which place?", [])


def test_what_cannot_be_rewritten_is_sent_anew(net: World, bot: Telegram) -> None:
    gone = f"{CHAT}:999999"
    sent = bot.send(Outgoing(uuid4(), CHAT, "Still here", replaces=gone, in_place=True))
    assert sent.provider_id != gone
    assert last(net)["text"] == "Still here"
    assert bot.send(Outgoing(uuid4(), CHAT, "And here", replaces="77:5", in_place=True)).provider_id != "77:5"


def test_about_a_case_the_words_stay_and_the_buttons_go(net: World, bot: Telegram) -> None:
    asked = bot.send(outgoing("We have your message. Which place?", CHAT, *CHOICE))
    bot.send(Outgoing(uuid4(), CHAT, "It is with Kelda Water Works.", replaces=asked.provider_id))
    before, after = shown(net)[-2:]
    assert (before["text"], before["buttons"]) == ("We have your message. Which place?", [])
    assert after["text"] == "It is with Kelda Water Works."


def test_rewriting_on_a_bad_day(net: World, bot: Telegram) -> None:
    first = bot.send(outgoing("One", CHAT, *CHOICE))
    hasty = Telegram(BOT_TOKEN, api_url=f"{net.url}/simulator/telegram", timeout=0.3)
    net.fault("telegram", "accepted_then_silent", seconds=0.6)
    error = failed(hasty, Outgoing(uuid4(), CHAT, "Two", replaces=first.provider_id, in_place=True))
    assert error.failure is Failure.provider_down  # rewriting twice shows once, so it is simply tried again
    hasty.close()
    net.fault("telegram", "blocked")
    assert (
        failed(bot, Outgoing(uuid4(), CHAT, "Three", replaces=first.provider_id, in_place=True)).failure
        is Failure.blocked
    )


def test_buttons_that_stay_are_no_failure(net: World, bot: Telegram) -> None:
    sent = bot.send(Outgoing(uuid4(), CHAT, "Words", replaces=f"{CHAT}:999999"))
    assert sent.provider_id
    assert bot.send(Outgoing(uuid4(), CHAT, "Words", replaces="strange")).provider_id


def test_keys_that_ask_for_a_location_and_go_again(net: World, bot: Telegram) -> None:
    bot.send(outgoing("Where?", CHAT, *SHARE))
    keys = net.keys(CHAT)
    assert keys is not None
    assert [[bool(key.get("request_location")) for key in row] for row in keys["keyboard"]] == [[True], [False]]
    bot.send(outgoing("Thank you."))
    assert net.keys(CHAT) is None


def test_commands_and_descriptions_in_every_language(net: World, bot: Telegram) -> None:
    bot.set_menu(menus(tuple(LANGUAGES)))
    private = {"type": "all_private_chats"}
    told = {}
    for language in ("", *LANGUAGES):
        commands = api(net, "getMyCommands", scope=private, language_code=language)
        assert [command["command"] for command in commands] == list(COMMANDS)
        told[language] = commands[0]["description"]
        assert api(net, "getMyShortDescription", language_code=language)["short_description"]
        assert api(net, "getMyDescription", language_code=language)["description"]
    assert told[""] == told["en"]
    assert len(set(told.values())) == len(LANGUAGES)
    assert api(net, "getMyCommands") == []  # groups get none


def test_a_photo_can_be_fetched_and_a_huge_file_cannot(net: World, bot: Telegram) -> None:
    act(net, "telegram", text="/start")
    drain(net)
    chats = net.chats
    fields = chats.files.add(b"\xff\xd8jpeg", "pump.jpg", "image/jpeg")
    largest = fields["photo"][-1]["file_id"]

    async def fetched() -> bytes:
        from telegram import Bot

        base = f"{net.url}/simulator/telegram"
        async with Bot(BOT_TOKEN, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot") as real:
            return bytes(await (await real.get_file(largest)).download_as_bytearray())

    assert asyncio.run(fetched()) == b"\xff\xd8jpeg"
    huge = chats.files.add(b"x" * (20 * 1024 * 1024 + 1), "film.mp4", "video/mp4")["video"]["file_id"]
    refused = net.http.post(f"{net.url}/simulator/telegram/bot{BOT_TOKEN}/getFile", json={"file_id": huge}).json()
    assert refused["description"] == "Bad Request: file is too big"
    assert net.http.get(f"{net.url}/simulator/telegram/file/bot1:wrong/photos/file_0.jpg").status_code == 404


@pytest.mark.filterwarnings("ignore:.*retry_after")  # the library reads its own deprecated attribute
def test_a_chat_that_is_written_to_too_fast(net: World, bot: Telegram) -> None:
    net.chats.limits = Limits(30.0, 3)
    for _ in range(3):
        bot.send(outgoing())
    with pytest.raises(SendFailed) as caught:
        bot.send(outgoing())
    net.chats.limits = Limits(1000.0, 1000)
    assert caught.value.failure is Failure.rate_limited
    assert (caught.value.retry_after or 0) >= 1


def test_limits_in_all_and_by_chat() -> None:
    limits = Limits(5.0, 100)
    assert [limits.refuses(str(chat)) for chat in range(5)] == [0] * 5
    assert limits.refuses("6") == 1
