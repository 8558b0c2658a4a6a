"""Tasks drain what is due; the embedded worker starts and stops in order, and knows that it must be alone."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from cases.inbox import receive
from channels.values import Channel, DeliveryStatus, Inbound, Outgoing, Sent
from core.errors import Misconfigured
from core.settings import settings
from domain.case import Case
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from notifications import senders
from tests.builders import government
from tests.conftest import Installation
from tests.processes import wait_for
from worker import standalone, tasks
from worker.app import celery
from worker.embedded import EmbeddedWorker

MESSAGES = 60


@pytest.fixture
def at_work(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Outgoing]]:
    """A government whose messages are noted instead of sent; gives what was sent."""
    monkeypatch.setenv("OMBUD_TELEGRAM_MODE", "off")
    monkeypatch.setenv("OMBUD_PORT", "9")
    monkeypatch.setenv("OMBUD_SWEEP_SECONDS", "0.3")
    settings.cache_clear()
    celery.cache_clear()
    sent: list[Outgoing] = []

    def send(_: object, outgoing: Outgoing, channel: Channel) -> Sent:
        sent.append(outgoing)
        return Sent(f"OUT{len(sent)}", "acc", DeliveryStatus.accepted)

    monkeypatch.setattr(senders.Senders, "send", send)
    with installation.database.write() as session:
        government(session)
    yield sent
    senders.close_senders()
    celery.cache_clear()


def arrive(first: int = 0, count: int = MESSAGES) -> None:
    """That many citizens write."""
    now = datetime.now(UTC)
    receive(
        [
            Inbound(Channel.sms, "acc", f"SM{n}", f"+35569{n:07d}", "+355690000000", f"No water in house {n}")
            for n in range(first, first + count)
        ],
        now,
    )


def cases(installation: Installation) -> int:
    """How many there are."""
    with installation.database.read() as session:
        return len(session.exec(select(Case.id)).all())


def test_tasks_drain_what_is_due(installation: Installation, at_work: list[Outgoing]) -> None:
    arrive()
    assert tasks.process_inbox() == MESSAGES
    assert tasks.deliver_outbox() == MESSAGES
    assert (tasks.process_inbox(), tasks.deliver_outbox(), tasks.climb_ladders(), tasks.send_surveys()) == (0, 0, 0, 0)
    assert cases(installation) == len({outgoing.to for outgoing in at_work}) == MESSAGES
    with installation.database.read() as session:
        assert set(session.exec(select(InboundMessage.state))) == {"processed"}


def test_a_drain_lets_others_have_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ROUNDS", 3)
    assert tasks._drain(lambda: 5) == 15


def test_two_drains_at_once_do_nothing_twice(installation: Installation, at_work: list[Outgoing]) -> None:
    arrive()
    for work in (tasks.process_inbox, tasks.deliver_outbox):
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    wait_for(lambda: tasks.process_inbox() + tasks.deliver_outbox() == 0)
    assert cases(installation) == MESSAGES
    assert len(at_work) == len({outgoing.to for outgoing in at_work}) == MESSAGES


def test_the_schedule_names_every_task(at_work: list[Outgoing]) -> None:
    app = celery()
    tasks.install(app)
    planned = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert planned == {f"ombud.{kind}" for kind in tasks.TASKS}
    assert planned <= set(app.tasks)
    for entry in app.conf.beat_schedule.values():
        assert entry["options"]["expires"] > entry["schedule"]
    assert (app.conf.task_ignore_result, app.conf.task_acks_late) == (True, True)


def own_threads() -> set[str]:
    """Names of the threads that a worker starts."""
    names = ("embedded-worker", "doorbell", "Beat", "beat", "Service")
    return {thread.name for thread in threading.enumerate() if thread.name.startswith(names)}


def test_the_embedded_worker_starts_works_and_stops(
    installation: Installation, at_work: list[Outgoing], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By ring, and by sweep for what no bell rang for; afterwards nothing of it runs or lies about."""
    here = set(Path.cwd().iterdir())
    worker = EmbeddedWorker()
    worker.start()
    try:
        arrive(count=5)
        wait_for(lambda: len(at_work) == 5)
        monkeypatch.setattr("core.doorbell._ringers", [])
        arrive(first=5, count=5)
        wait_for(lambda: len(at_work) == 10)
    finally:
        worker.stop()
    assert cases(installation) == 10
    assert own_threads() == set()
    assert set(Path.cwd().iterdir()) == here, "the schedule is kept in the data folder"
    arrive(first=10, count=1)
    assert cases(installation) == 10, "stopped is stopped"
    with installation.database.read() as session:
        assert len(session.exec(select(OutboundMessage)).all()) == 10


@pytest.mark.parametrize("processes", ["2", "8"])
def test_the_embedded_worker_is_refused_in_more_than_one_process(
    monkeypatch: pytest.MonkeyPatch, processes: str
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", processes)
    with pytest.raises(Misconfigured, match="more than one web process"):
        EmbeddedWorker()


def test_a_worker_of_its_own_is_refused_with_the_broker_of_the_embedded_mode(at_work: list[Outgoing]) -> None:
    with pytest.raises(Misconfigured, match="memory://"):
        standalone.run(concurrency=1, beat=False)
