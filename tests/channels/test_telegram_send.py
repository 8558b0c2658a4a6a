"""The real python-telegram-bot against the simulated Bot API: sends, failures, webhooks and long polling."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from channels.errors import Failure, SendFailed
from channels.telegram import Telegram
from channels.values import Button, ContactChange, DeliveryStatus, Inbound, Outgoing
from tests.simulators.world import BOT_TOKEN, CHAT, CITIZEN, SECRET, World, until

Value = Inbound | ContactChange


@pytest.fixture
def bot(net: World) -> Iterator[Telegram]:
    made = Telegram(BOT_TOKEN, api_url=f"{net.url}/simulator/telegram", timeout=3)
    made.stop_webhook()
    drain(net)
    act(net, "telegram", text="/start")
    drain(net)
    yield made
    made.close()


def act(net: World, what: str, **fields: str) -> None:
    answer = net.http.post(
        f"{net.url}/simulator/phone/{what}",
        data={"number": CITIZEN, **fields},
        headers={"Accept": "application/json"},
    )
    answer.raise_for_status()


def drain(net: World) -> None:
    """Confirm every update that waits."""
    url = f"{net.url}/simulator/telegram/bot{BOT_TOKEN}/getUpdates"
    while found := net.http.post(url, json={"timeout": 0}).json()["result"]:
        net.http.post(url, json={"offset": found[-1]["update_id"] + 1, "timeout": 0})


def shown(net: World) -> list[dict[str, object]]:
    answer = net.http.get(f"{net.url}/simulator/phone/messages", params={"number": CITIZEN, "app": "telegram"})
    messages: list[dict[str, object]] = answer.json()["messages"]
    return messages


def outgoing(text: str = "We have your message.", to: str = CHAT, *rows: tuple[Button, ...]) -> Outgoing:
    return Outgoing(uuid4(), to, text, buttons=rows)


def failed(bot: Telegram, message: Outgoing) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        bot.send(message)
    return caught.value


def test_a_send_with_buttons(net: World, bot: Telegram) -> None:
    rows = ((Button("Good", "rate:4"), Button("Bad", "rate:2")), (Button("Not now", "later"),))
    sent = bot.send(outgoing("How was it? 🙂", CHAT, *rows))
    assert (sent.account, sent.status) == ("4242", DeliveryStatus.delivered)
    assert sent.provider_id.startswith(f"{CHAT}:")
    last = shown(net)[-1]
    assert (last["mine"], last["text"]) == (False, "How was it? 🙂")
    assert str(last["buttons"]).count("'data'") == 3
    assert bot.username() == "ombud_simulated_bot"


@pytest.mark.parametrize(
    ("kind", "how", "failure"),
    [
        ("blocked", {}, Failure.blocked),
        ("chat_not_found", {}, Failure.invalid_address),
        ("unauthorized", {}, Failure.credentials),
        ("refused", {"status": 403, "words": "Forbidden: user is deactivated"}, Failure.invalid_address),
        (
            "refused",
            {"status": 403, "words": "Forbidden: bot can't initiate conversation with a user"},
            Failure.blocked,
        ),
        ("refused", {"status": 400, "words": "Bad Request: can't parse entities"}, Failure.content_refused),
        ("server_error", {}, Failure.provider_down),
        ("server_error", {"status": 502, "words": "Bad Gateway"}, Failure.outcome_unknown),
    ],
)
def test_a_bad_day(net: World, bot: Telegram, kind: str, how: dict[str, object], failure: Failure) -> None:
    net.fault("telegram", kind, **how)
    error = failed(bot, outgoing())
    assert error.failure is failure
    assert error.detail
    assert bot.send(outgoing()).provider_id


@pytest.mark.filterwarnings("ignore:.*retry_after")  # the library reads its own deprecated attribute
def test_too_many_at_once(net: World, bot: Telegram) -> None:
    net.fault("telegram", "rate_limited", seconds=7)
    error = failed(bot, outgoing())
    assert (error.failure, error.retry_after) == (Failure.rate_limited, 7)


def test_words_and_addresses_that_are_refused(net: World, bot: Telegram) -> None:
    assert failed(bot, outgoing("x" * 4097)).failure is Failure.too_long
    assert failed(bot, outgoing(" ")).failure is Failure.content_refused
    assert failed(bot, outgoing("x", CHAT, (Button("long", "x" * 65),))).failure is Failure.content_refused
    assert failed(bot, outgoing("x", "999")).failure is Failure.invalid_address
    assert failed(bot, outgoing("x", "arta")).failure is Failure.invalid_address


def test_blocking_and_unblocking(net: World, bot: Telegram) -> None:
    act(net, "block", blocked="1")
    error = failed(bot, outgoing())
    assert error.failure is Failure.blocked
    assert error.failure.closes_contact
    act(net, "block", blocked="0")
    assert bot.send(outgoing()).provider_id


def test_wrong_token_and_none(net: World) -> None:
    wrong = Telegram("1:wrong", api_url=f"{net.url}/simulator/telegram", timeout=2)
    assert failed(wrong, outgoing()).failure is Failure.credentials
    wrong.close()
    assert failed(Telegram(""), outgoing()).failure is Failure.not_configured


def test_nobody_there() -> None:
    gone = Telegram(BOT_TOKEN, api_url="http://127.0.0.1:9", timeout=1)
    error = failed(gone, outgoing())
    assert error.failure is Failure.provider_down
    assert error.failure.retry
    gone.close()


def test_a_time_out_after_accepting_is_never_tried_again(net: World, bot: Telegram) -> None:
    hasty = Telegram(BOT_TOKEN, api_url=f"{net.url}/simulator/telegram", timeout=0.3)
    net.fault("telegram", "accepted_then_silent", seconds=0.6)
    error = failed(hasty, outgoing("Only once, please."))
    assert error.failure is Failure.outcome_unknown
    assert not error.failure.retry
    assert [m["text"] for m in shown(net)].count("Only once, please.") == 1
    hasty.close()


def test_one_loop_for_many_threads_and_a_clean_end(net: World, bot: Telegram) -> None:
    ids: list[str] = []
    threads = [threading.Thread(target=lambda: ids.append(bot.send(outgoing()).provider_id)) for _ in range(12)]
    for thread in threads:
        thread.start()
    assert sum(thread.name == "telegram" for thread in threading.enumerate()) == 1
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 12
    bot.close()
    assert not any(thread.name == "telegram" for thread in threading.enumerate())
    assert bot.send(outgoing()).provider_id  # opens again by itself


def test_webhooks_with_the_secret(net: World, bot: Telegram) -> None:
    bot.start_webhook(net.public_url, SECRET)
    act(net, "telegram", text="No water 🚱")
    found = until(net.updates)[0]
    assert isinstance(found, Inbound)
    assert (found.text, found.sender, found.account, found.language) == ("No water 🚱", CHAT, "4242", "sq")
    act(net, "block", blocked="1")
    act(net, "block", blocked="0")
    until(lambda: len(net.updates()) == 3)
    changes = sorted((c.provider_id, c.blocked) for c in net.updates() if isinstance(c, ContactChange))
    assert [blocked for _, blocked in changes] == [True, False]
    bot.stop_webhook()


def test_a_webhook_that_fails_comes_again_with_the_same_id(net: World, bot: Telegram) -> None:
    bot.start_webhook(net.public_url, SECRET)
    net.status = 500
    act(net, "telegram", text="again and again")
    until(net.updates)
    net.status = 200
    until(lambda: len(net.updates()) > 1)
    net.quiet()
    assert len({u.provider_id for u in net.updates()}) == 1
    bot.stop_webhook()


# -- long polling --


class Poller:
    """A poll on a thread of its own, and what it stored. `broken` lets that many batches fail to be stored."""

    def __init__(self, bot: Telegram) -> None:
        self.stored: list[Inbound | ContactChange] = []
        self.offered = 0
        self.broken = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=bot.poll, args=(self.store, self.stop))

    def store(self, values: list[Inbound | ContactChange]) -> None:
        self.offered += 1
        if self.broken:
            self.broken -= 1
            raise ValueError("the database is away")
        self.stored += values

    def texts(self) -> list[str]:
        return [value.text for value in self.stored if isinstance(value, Inbound)]


@contextmanager
def polling(bot: Telegram, *, broken: int = 0) -> Iterator[Poller]:
    poller = Poller(bot)
    poller.broken = broken
    poller.thread.start()
    try:
        yield poller
    finally:
        poller.stop.set()
        began = time.monotonic()
        poller.thread.join(timeout=5)
        assert time.monotonic() - began < 1.5, "the poll does not stop promptly"


def test_polling(net: World, bot: Telegram) -> None:
    act(net, "telegram", text="before")
    with polling(bot) as poller:
        until(lambda: poller.texts() == ["before"])
        act(net, "telegram", text="while")
        until(lambda: poller.texts() == ["before", "while"])
    drain(net)
    assert len({value.provider_id for value in poller.stored}) == 2


def test_polling_takes_over_from_a_webhook(net: World, bot: Telegram) -> None:
    bot.start_webhook(net.public_url, SECRET)
    with polling(bot) as poller:
        info = f"{net.url}/simulator/telegram/bot{BOT_TOKEN}/getWebhookInfo"
        until(lambda: not net.http.get(info).json()["result"]["url"])
        act(net, "telegram", text="now polled")
        until(lambda: poller.texts() == ["now polled"])


def test_what_was_not_stored_is_not_confirmed(net: World, bot: Telegram) -> None:
    act(net, "telegram", text="must not be lost")
    with polling(bot, broken=1) as poller:
        until(lambda: poller.texts() == ["must not be lost"])
        assert poller.offered == 2


def test_what_was_stored_but_not_confirmed_comes_again_with_the_same_id(net: World, bot: Telegram) -> None:
    act(net, "telegram", text="offered twice")
    ids = []
    for _ in range(2):
        stop, seen = threading.Event(), list[Value]()

        def store(values: list[Value], stop: threading.Event = stop, seen: list[Value] = seen) -> None:
            seen.extend(values)
            stop.set()  # the process ends before the next request could confirm

        bot.poll(store, stop)
        ids.append([value.provider_id for value in seen])
    assert ids[0] == ids[1] != []


def test_polling_survives_errors(net: World, bot: Telegram) -> None:
    net.fault("telegram", "server_error")
    net.fault("telegram", "unauthorized")
    with polling(bot) as poller:
        act(net, "telegram", text="after the storm")
        until(lambda: poller.texts() == ["after the storm"])


def test_a_button_is_answered_while_polling(net: World, bot: Telegram) -> None:
    sent = bot.send(outgoing("How was it?", CHAT, (Button("Good", "rate:4"),)))
    message = sent.provider_id.partition(":")[2]
    with polling(bot) as poller:
        act(net, "press", message=message, data="rate:4")
        found = until(lambda: poller.stored)[0]
        assert isinstance(found, Inbound)
        assert (found.button, found.text, found.reply_to) == ("rate:4", "Good", sent.provider_id)
        query = str(found.details["callback_query"])
        until(lambda: any(f"callback_query_id={query}" in row["body"] for row in wire(net)))
    bot.answer_button(query)  # answered already: too old, and that is fine


def wire(net: World) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = net.http.get(f"{net.url}/simulator/control/wire").json()
    return rows
