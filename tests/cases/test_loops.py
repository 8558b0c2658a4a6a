"""The loop brake, both ways: it stops, and staff are told once."""

import pytest
from sqlmodel import col, select

from channels.values import Channel
from core.database import database
from core.settings import settings
from domain.citizen import ContactPoint
from domain.clock import Notice
from domain.inbox import InboundMessage
from domain.states import OutboxState, Purpose
from notifications import brake
from notifications.outbox import enqueue
from tests.cases.conftest import CITIZEN, Town

SAME = "I am out of office until Monday."


def notices(town: Town) -> list[Notice]:
    with town.database.read() as session:
        return list(session.exec(select(Notice).where(col(Notice.dedupe_key).startswith("loop:"))))


def test_the_same_words_again_and_again_open_nothing_more(town: Town) -> None:
    most = settings().loop_messages
    for _ in range(most + 5):
        town.arrives(SAME)
        town.later(seconds=5)
    with town.database.read() as session:
        outcomes = [row.outcome for row in session.exec(select(InboundMessage).order_by(col(InboundMessage.id)))]
    assert outcomes[most:] == ["loop"] * 5  # kept, every one
    assert "loop" not in outcomes[:most]
    cases, texts = len(town.cases()), len(town.texts())
    town.arrives(SAME)
    assert (len(town.cases()), len(town.texts())) == (cases, texts)
    assert len(notices(town)) == 1  # one person in triage, told once
    town.arrives("Now in my own words: the water is brown")
    with town.database.read() as session:
        newest = session.exec(select(InboundMessage).order_by(col(InboundMessage.id).desc())).first()
    assert newest is not None
    assert newest.outcome != "loop"


def test_slow_repeats_and_other_citizens_are_no_loop(town: Town) -> None:
    for number in range(settings().loop_messages + 2):
        town.arrives(SAME, sender=f"+35569111223{number}")
    for _ in range(settings().loop_messages + 2):
        town.later(minutes=settings().loop_minutes)
        town.arrives(SAME)
    assert notices(town) == []


def test_stop_is_obeyed_however_often_it_is_said(town: Town) -> None:
    for _ in range(settings().loop_messages + 2):
        town.arrives("STOP")
    with town.database.read() as session:
        assert {row.outcome for row in session.exec(select(InboundMessage))} == {"opted_out"}


@pytest.mark.parametrize("channel", [Channel.sms, Channel.whatsapp])
def test_the_same_words_to_one_address_stop_and_staff_are_told_once(town: Town, channel: Channel) -> None:
    town.arrives("hello there", channel=channel)
    town.sent.clear()
    most = settings().loop_messages
    with database().write() as session:
        contact = session.exec(select(ContactPoint)).one()
        for number in range(most + 3):
            enqueue(
                session, purpose=Purpose.help, contact=contact, language="en",
                body="The same", dedupe_key=f"same{number}", now=town.now,
            )  # fmt: skip
    town.work()
    assert town.texts(CITIZEN) == ["The same"] * most
    stopped = [row for row in town.outbox() if row.last_error == brake.LOOP]
    assert [row.state for row in stopped] == [OutboxState.cancelled] * 3
    assert len(notices(town)) == 1
