"""A thousand messages on a bad day: each delivered once, none twice, and no sender ever faster than it may be.

The real twilio library speaks to the simulated Twilio in a process of its own, whose clock counts. A tenth of the
requests is refused with 429, a twentieth is taken and then not answered in time, receipts come twice and mixed up.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import func, select

from cases import outcomes
from core.database import database
from core.settings import settings
from domain.outbox import OutboundMessage
from domain.states import OutboxState
from notifications import deliver, reconcile
from tests.journeys import storm
from tests.processes import HTTP, Process, environment_of, free_port, site, wait_for

SENDERS = [f"+35569000000{digit}" for digit in range(4)]
FAULTS = (
    {"kind": "rate_limited", "rate": 0.10, "seconds": 0.3},
    {"kind": "accepted_then_silent", "rate": 0.05, "seconds": storm.TIMEOUT * 1.6},
    {"kind": "receipts_twice", "rate": 0.02},
    {"kind": "receipts_reordered", "rate": 0.10},
    {"kind": "receipts_late", "rate": 0.50, "seconds": 2.0},
)


@pytest.mark.parametrize(("messages", "rate"), [(1_200, 110.0)])
def test_a_storm_is_weathered(
    tmp_path: Path,
    governed_database: str,
    scratch_redis: str,
    monkeypatch: pytest.MonkeyPatch,
    messages: int,
    rate: float,
) -> None:
    port = free_port()
    environment = environment_of(
        tmp_path,
        database_url=governed_database,
        broker_url=scratch_redis,
        OMBUD_TWILIO_API_URL=f"http://127.0.0.1:{port}/simulator/twilio",
        OMBUD_TELEGRAM_MODE="off",
    )
    for name in [name for name in environment if name.startswith("OMBUD_")]:
        monkeypatch.setenv(name, environment[name])
    settings.cache_clear()
    database.cache_clear()
    end = tmp_path / "end"
    with ExitStack() as stack:
        control = stack.enter_context(twilio(tmp_path, environment, port))
        stack.enter_context(site(tmp_path, environment))  # it takes the receipts; nobody works in it
        for fault in FAULTS:
            HTTP.post(f"{control}/faults", json={"provider": "twilio", "seed": 7, **fault}).raise_for_status()
        storm.crowd(messages, SENDERS, rate, datetime.now(UTC))
        began = datetime.now(UTC)
        workers = [
            Process(
                [sys.executable, "-m", "tests.journeys.storm", str(end)], environment, tmp_path / f"storm{number}.log"
            )
            for number in range(2)
        ]
        for worker in workers:
            worker.start()
            stack.callback(worker.kill)
        wait_for(lambda: states().get(OutboxState.queued, 0) == 0 and not moving(), seconds=600, every=0.5)
        # what timed out before Twilio took it, or has no receipt, is found by asking once its lease has run out
        later = datetime.now(UTC) + timedelta(minutes=5)
        hasty = storm.hasty()
        for _ in range(10):
            reconcile.reconcile_due(later, find_sent=hasty.find_sent, limit=1000, on_result=outcomes.on_result)
            later += timedelta(minutes=5)
            deliver.deliver_due(later, send=hasty.send, limit=1000, on_result=outcomes.on_result)
            if left() == 0:
                break
            wait_for(lambda: not moving(), seconds=20)
        wait_for(lambda: left() == 0, seconds=20)
        spent = (datetime.now(UTC) - began).total_seconds()
        end.touch()
        ended = [worker.running.wait(30) for worker in workers if worker.running]
        assert ended == [0, 0], [worker.log.read_text()[-2000:] for worker in workers]
        sent = Counter(text["to"] for text in HTTP.get(f"{control}/sms", timeout=60).json())
        pace = HTTP.get(f"{control}/pace").json()
    summary = f"{messages} messages in {spent:.1f} s: {pace}"
    assert set(sent.values()) == {1}, sent.most_common(3)
    assert len(sent) == messages
    assert states() == {OutboxState.delivered: messages}
    assert {sender: told["most"] <= rate for sender, told in pace.items()} == dict.fromkeys(SENDERS, True), summary
    assert sum(told["count"] for told in pace.values()) > messages * 1.08, summary  # the refusals really happened


def left() -> int:
    """Messages not delivered yet."""
    with database().read() as session:
        undone = select(func.count()).where(OutboundMessage.state != OutboxState.delivered)
        return session.exec(undone).one()


def moving() -> bool:
    """Whether receipts still change anything: looked at over two seconds, which is longer than they are late."""
    before = states()
    time.sleep(2.5)  # receipts come up to two seconds late
    return states() != before


def states() -> dict[str, int]:
    """How many messages are in each state."""
    with database().read() as session:
        query = select(OutboundMessage.state, func.count()).group_by(OutboundMessage.state)
        return {OutboxState(state): number for state, number in session.exec(query).all()}


@contextmanager
def twilio(folder: Path, environment: dict[str, str], port: int) -> Iterator[str]:
    """The simulators as a process; the address of their controls."""
    url = f"http://127.0.0.1:{environment['OMBUD_PORT']}"
    command = [sys.executable, "-m", "simulators", "--port", str(port), "--ombud", url, "--pace", "0.1"]
    process = Process(command, environment, folder / "simulators.log")
    process.start()
    control = f"http://127.0.0.1:{port}/simulator/control"
    try:
        wait_for(lambda: HTTP.get(f"{control}/waiting").status_code == 200)
        yield control
    finally:
        process.kill()
