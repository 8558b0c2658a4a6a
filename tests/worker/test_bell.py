"""The doorbell: rings are gathered, a silent broker delays nobody, and what was not rung for is found all the same."""

import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from cases.inbox import Gatherer, receive
from channels.values import Channel, Inbound
from core import doorbell
from core.settings import settings
from tests.conftest import Installation
from tests.processes import wait_for
from worker.app import celery
from worker.bell import Bell


class Tower(Celery):  # type: ignore[misc]
    """A Celery application that only notes what it was asked to publish, and fails while told to."""

    def __init__(self) -> None:
        super().__init__("tower", broker="memory://localhost/")
        self.heard: list[str] = []
        self.failing: Exception | None = None
        self.slow = 0.0

    def send_task(self, name: str, *args: Any, **options: Any) -> Any:
        time.sleep(self.slow)
        if self.failing is not None:
            raise self.failing
        self.heard.append(name)


def message(number: int) -> Inbound:
    """One SMS."""
    return Inbound(Channel.sms, "acc", f"SM{number}", "+355691112233", "+355690000000", "No water")


@pytest.fixture
def rung() -> Any:
    """A bell on a tower; taken off afterwards."""
    tower = Tower()
    bell = Bell(tower)
    yield tower
    tower.failing, tower.slow = None, 0.0
    bell.close()


def test_a_thousand_rings_are_few_tasks(rung: Tower) -> None:
    for _ in range(1_000):
        doorbell.ring(doorbell.INBOX)
    wait_for(lambda: rung.heard, every=0.005)
    time.sleep(0.1)
    assert 1 <= len(rung.heard) <= 10
    assert set(rung.heard) == {"ombud.inbox"}


def test_rings_of_many_threads_and_kinds_are_all_heard(rung: Tower) -> None:
    kinds = (doorbell.INBOX, doorbell.OUTBOX, doorbell.RUNGS, doorbell.SURVEYS)

    def ring() -> None:
        for number in range(250):
            doorbell.ring(kinds[number % 4])

    threads = [threading.Thread(target=ring) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(lambda: len(set(rung.heard)) == 4)
    time.sleep(0.1)
    assert len(rung.heard) < 200


@pytest.mark.parametrize(
    "error", [OperationalError("down"), OSError("gone"), RuntimeError("out of memory"), ValueError("READONLY")]
)
def test_a_broker_that_fails_silences_no_bell_for_good(rung: Tower, error: Exception) -> None:
    rung.failing = error
    for _ in range(3):
        doorbell.ring(doorbell.INBOX)
        time.sleep(0.01)
    assert rung.heard == []
    rung.failing = None

    def heard() -> bool:
        doorbell.ring(doorbell.INBOX)
        return bool(rung.heard)

    wait_for(heard, seconds=8)


def test_a_broker_that_hangs_delays_no_ring(rung: Tower) -> None:
    rung.slow = 0.5
    started = time.monotonic()
    for _ in range(1_000):
        doorbell.ring(doorbell.INBOX)
    assert time.monotonic() - started < 0.2


def test_a_bell_taken_off_rings_no_more() -> None:
    tower = Tower()
    bell = Bell(tower)
    bell.close()
    doorbell.ring(doorbell.INBOX)
    time.sleep(0.05)
    assert tower.heard == []
    assert not any(thread.name == "doorbell" and thread.is_alive() for thread in threading.enumerate())


def test_intake_does_not_notice_that_the_broker_is_down(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real Celery application, and a Redis nobody listens for."""
    monkeypatch.setenv("OMBUD_BROKER_URL", "redis://127.0.0.1:9/0")
    settings.cache_clear()
    celery.cache_clear()
    bell = Bell(celery())
    gatherer = Gatherer()
    try:
        now = datetime.now(UTC)
        receive([message(0)], now)
        taken = []
        for number in range(1, 50):
            began = time.monotonic()
            gatherer.submit([message(number)], now).result(10)
            taken.append(time.monotonic() - began)
        assert sorted(taken)[len(taken) // 2] < 0.2
    finally:
        gatherer.close()
        began = time.monotonic()
        bell.close()
        assert time.monotonic() - began < 6
        celery.cache_clear()
    with installation.database.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM inbound_message").scalar() == 50
