"""STOP, START and HELP in every language, mirrored from Twilio, confirmed once by whoever knows of it."""

import unicodedata

import pytest
from sqlmodel import select

from cases.contacts import HELP_WORDS, START_WORDS, STOP_WORDS, TWILIO_STOPS, word_of
from channels.errors import Failure
from channels.values import Channel
from domain.citizen import ContactPoint
from tests.cases.conftest import CITIZEN, Town

WATER = "WAT1 no water in Lumas since Monday"


def opted_out(town: Town) -> bool:
    with town.database.read() as session:
        return session.exec(select(ContactPoint)).one().opted_out_at is not None


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("STOP", STOP_WORDS),
        (" Stop. ", STOP_WORDS),
        ("«СТОП»", STOP_WORDS),
        ("Stop all!", STOP_WORDS),
        ("STOP-ALL", STOP_WORDS),
        ("opt out", STOP_WORDS),
        ("unsubscribe", STOP_WORDS),
        ("Çregjistro", STOP_WORDS),
        (unicodedata.normalize("NFD", "Çregjistrohu"), STOP_WORDS),
        ("ndalo", STOP_WORDS),
        ("বন্ধ করুন।", STOP_WORDS),
        ("স্টপ", STOP_WORDS),
        ("Отписаться", STOP_WORDS),
        ("не пишите", STOP_WORDS),
        ("Старт", START_WORDS),
        ("শুরু", START_WORDS),
        ("fillo", START_WORDS),
        ("UNSTOP", START_WORDS),
        ("ndihmë", HELP_WORDS),
        ("সহায়তা", HELP_WORDS),
        ("০", HELP_WORDS),
        ("Помощь", HELP_WORDS),
    ],
)
def test_orders_are_understood_as_people_type_them(text: str, orders: frozenset[str]) -> None:
    assert word_of(text) in orders


@pytest.mark.parametrize(
    "text", ["Please stop the noise at night", "Stop the bus", "The end of the road is broken", "хватит", "", "no"]
)
def test_what_only_holds_such_a_word_is_a_message(text: str) -> None:
    assert word_of(text) not in STOP_WORDS | START_WORDS | HELP_WORDS


def test_no_word_means_two_things() -> None:
    assert not STOP_WORDS & (START_WORDS | HELP_WORDS)
    assert not START_WORDS & HELP_WORDS


@pytest.mark.parametrize(
    ("channel", "text", "details", "said"),
    [
        (Channel.sms, "STOP", {}, []),  # Twilio answers, and lets nothing of ours past
        (Channel.sms, "Stop all", {}, []),
        (Channel.sms, "anything", {"opt_out": "STOP"}, []),  # a word of the messaging service's own
        (Channel.sms, "NDALO", {}, ["START"]),  # Twilio does not know it
        (Channel.sms, "стоп", {}, ["START"]),
        (Channel.whatsapp, "STOP", {}, ["START"]),
        (Channel.whatsapp, "STOP", {"opt_out": "STOP"}, []),
        (Channel.telegram, "/stop", {}, ["START"]),
    ],
)
def test_an_opt_out_is_confirmed_once_by_whoever_knows_of_it(
    town: Town, channel: Channel, text: str, details: dict[str, str], said: list[str]
) -> None:
    for _ in range(2):
        town.arrives(text, channel=channel, **details)
    assert opted_out(town)
    assert [word in message for message, word in zip(town.texts(), said, strict=True)] == [True] * len(said)
    assert town.cases() == []


def test_a_short_code_is_not_confirmed_by_twilio(town: Town) -> None:
    from cases.inbox import receive
    from channels.values import Inbound

    receive([Inbound(Channel.sms, "acc", "SM1", CITIZEN, "55512", "STOP")], town.now)
    town.work()
    assert len(town.texts()) == 1


def test_nothing_follows_an_opt_out_and_start_lifts_it(town: Town) -> None:
    town.arrives("ndalo")
    town.arrives(WATER)
    assert len(town.cases()) == 1  # heard all the same
    assert len(town.texts()) == 1
    town.arrives("YES")
    assert not opted_out(town)
    assert len(town.texts()) == 2
    town.arrives("YES")  # now an answer to something, and no order any more
    assert len(town.texts()) >= 2
    assert not opted_out(town)


@pytest.mark.parametrize(("said", "replies"), [("START", 1), ("HELP", 0)])
def test_what_twilio_calls_a_word_counts(town: Town, said: str, replies: int) -> None:
    town.arrives("XYZ", opt_out=said)
    assert len(town.texts()) == replies
    assert town.cases() == []


def test_a_refusal_of_twilio_is_an_opt_out_until_the_citizen_says_start(town: Town) -> None:
    town.failing[CITIZEN] = Failure.opted_out
    town.arrives(WATER)
    assert opted_out(town)
    town.failing.clear()
    town.arrives("STATUS")
    assert town.texts() == []
    town.arrives("START")
    town.arrives("STATUS")
    assert len(town.texts()) == 2


def test_every_word_twilio_stops_on_is_a_stop_of_ours() -> None:
    assert TWILIO_STOPS <= STOP_WORDS
