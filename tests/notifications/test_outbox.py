"""Writing messages: once per key, never against the citizen's will, one statement."""

import threading
from contextlib import suppress

import pytest
from sqlmodel import func, select

from channels.values import Button, Channel
from core import doorbell
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from notifications import pacing
from notifications.outbox import cancel_queued, enqueue
from tests.builders import told
from tests.conftest import Installation
from tests.notifications.world import NOW, Told, citizen, queue, state


def count(installation: Installation) -> int:
    with installation.database.read() as session:
        return session.exec(select(func.count()).select_from(OutboundMessage)).one()


def test_the_same_key_writes_one_row(installation: Installation) -> None:
    with installation.database.write() as session:
        contact = citizen(session)
        first = queue(contact, session, "answer:1", body="one")
        assert queue(contact, session, "answer:1", body="two") == first
        queue(contact, session, "answer:2")  # the transaction is still good
    assert count(installation) == 2
    with installation.database.read() as session:
        assert session.get_one(OutboundMessage, first).body == "one"


def test_two_at_once_write_one_row(installation: Installation) -> None:
    with installation.database.write() as session:
        contact = citizen(session)
    together, ids = threading.Barrier(4), []

    def write() -> None:
        together.wait()
        with installation.database.write() as session:
            ids.append(queue(contact, session, "same"))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 4
    assert len(set(ids)) == 1
    assert count(installation) == 1


def test_who_may_be_written_to(installation: Installation) -> None:
    def write(purpose: Purpose) -> OutboundMessage | None:
        return enqueue(
            session, purpose=purpose, contact=contact, language="en", body="-", dedupe_key=str(purpose), now=NOW
        )

    with installation.database.write() as session:
        contact = citizen(session)
        contact.unreachable_at = NOW
        assert write(Purpose.survey) is None
        assert write(Purpose.answer) is not None
        contact.opted_out_at = NOW
        assert [purpose for purpose in Purpose if write(purpose) is not None] == [Purpose.stopped]
    assert count(installation) == 2  # the answer, and what confirms the opt-out


def test_a_fresh_message_is_one_statement(installation: Installation) -> None:
    with installation.database.write() as session:
        contact = citizen(session)
        pacing.senders_of(session)  # read every other second, not for every message
        with told(session.get_bind()) as said:
            message = enqueue(
                session,
                purpose=Purpose.survey,
                contact=contact,
                language="en",
                body="How was it?",
                dedupe_key="s",
                now=NOW,
                buttons=[[Button("1", "r:1"), Button("5", "r:5")]],
            )
        assert message is not None
        assert message.buttons == [[{"text": "1", "data": "r:1"}, {"text": "5", "data": "r:5"}]]
        assert (message.state, message.due_at, message.channel) == (OutboxState.queued, NOW, Channel.sms)
        assert len(said) == 1


@pytest.mark.parametrize("commits", [True, False])
def test_the_bell_rings_once_and_after_the_commit(installation: Installation, commits: bool) -> None:
    rung: list[str] = []
    silence = doorbell.register(rung.append)
    try:
        with suppress(InterruptedError), installation.database.write() as session:
            contact = citizen(session)
            queue(contact, session, "a")
            queue(contact, session, "b")
            assert rung == []
            if not commits:
                raise InterruptedError
        assert rung == ([doorbell.OUTBOX] if commits else [])
    finally:
        silence()


def test_sms_is_made_lighter_and_telegram_is_not(installation: Installation) -> None:
    words = "Uji do të vijë nesër në mëngjes, ju lutemi mbyllni çezmat derisa presioni të kthehet."
    with installation.database.write() as session:
        for channel, e in ((Channel.sms, "e"), (Channel.telegram, "ë")):
            contact = citizen(session, channel)
            queue(contact, session, channel.value, body=words)
            body = session.exec(select(OutboundMessage.body).where(OutboundMessage.dedupe_key == channel.value)).one()
            assert f"t{e} vij{e} nes{e}r" in body


def test_stop_cancels_what_waits(installation: Installation) -> None:
    told = Told()
    with installation.database.write() as session:
        contact, other = citizen(session), citizen(session)
        mine, theirs = queue(contact, session, "a"), queue(other, session, "b")
        assert cancel_queued(session, contact, NOW, told) == 1
    assert (state(mine), state(theirs)) == (OutboxState.cancelled, OutboxState.queued)
    assert told.states == ["cancelled"]
