"""Two processes send by one sender: each message once, and no second holds more than the rate though one is stopped."""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from channels.values import Channel
from core.database import database
from domain.outbox import OutboundMessage
from domain.sender import Sender
from domain.states import OutboxState
from tests.conftest import Installation
from tests.notifications.world import citizen, queue
from tests.processes import ROOT, wait_for

RATE, MESSAGES = 60, 130
STAMPED = 35
"""SO_TIMESTAMPNS: the kernel notes when a packet came, however busy whoever reads it is."""


class Post:
    """A provider that answers at once. Its kernel is who counts, so that this process may be held up."""

    def __init__(self) -> None:
        self.came: list[tuple[float, bytes, int]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, STAMPED, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def _answer(self) -> None:
        while True:
            said, more, _, sender = self._socket.recvmsg(64, 64)
            if not said:
                return
            seconds, parts = struct.unpack("qq", more[0][2])
            self.came.append((seconds + parts / 1e9, said[:16], int.from_bytes(said[16:])))
            self._socket.sendto(b"+", sender)

    def by(self, process: int) -> int:
        """How many one process sent."""
        return sum(by == process for *_, by in self.came)

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post()
    yield made
    made.close()


def test_two_processes_keep_to_a_rate_though_one_is_stopped_for_a_while(installation: Installation, post: Post) -> None:
    with database().write() as session:
        session.add(Sender(channel=Channel.sms, address="+355690000000", per_second=float(RATE)))
        for number in range(MESSAGES):
            queue(citizen(session, address=f"+35569{number:07}"), session, f"k{number}", body=f"Hello {number}")
        for row in session.exec(select(OutboundMessage)):
            row.due_at = datetime.now(UTC)
    command = (sys.executable, "-m", "tests.notifications.sending_process", str(post.port))
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    workers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(b"go\n")
            worker.stdin.flush()
        wait_for(lambda: post.by(workers[0].pid) > 5 and post.by(workers[1].pid) > 5)
        os.kill(workers[0].pid, signal.SIGSTOP)
        time.sleep(0.7)
        os.kill(workers[0].pid, signal.SIGCONT)
        assert [worker.wait(20) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait(10)
    with database().read() as session:
        left = [row for row in session.exec(select(OutboundMessage)) if row.state != OutboxState.accepted]
    assert left == []
    assert set(Counter(message for _, message, _ in post.came).values()) == {1}
    assert len(post.came) == MESSAGES
    times = sorted(at for at, *_ in post.came)
    assert max(bisect_left(times, at + 1.0) - place for place, at in enumerate(times)) <= RATE
    assert (MESSAGES - 1) / (times[-1] - times[0]) > RATE * 0.4  # what was promised to the stopped one was not lost
