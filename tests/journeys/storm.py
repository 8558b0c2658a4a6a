"""A crowd of messages to send, and a worker that sends them with the real library, for the storm test.

As a process (`python -m tests.journeys.storm`) it is one worker: two threads send, one turns receipts into what they
mean, until a file named on its command line appears.
"""

import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from cases import intake, outcomes
from channels.sms import Sms
from channels.values import Channel
from core.crypto import blind_index
from core.database import database
from core.ids import new_id
from core.settings import settings
from domain.citizen import Citizen, ContactPoint
from domain.outbox import OutboundMessage
from domain.sender import Sender
from domain.states import OutboxState, Purpose
from notifications import deliver
from notifications.senders import Senders

TIMEOUT = 0.5
"""Seconds the client waits for an answer; the simulator stalls for longer where it takes a message and falls silent."""


def citizen(number: int) -> str:
    """Phone number of the citizen who gets message `number`."""
    return f"+35569{2_000_000 + number}"


def crowd(count: int, senders: list[str], per_second: float, now: datetime) -> None:
    """`count` messages due now, each to a citizen of its own, in turn by each sender."""
    citizens, contacts, messages = [], [], []
    for number in range(count):
        person, contact, address = new_id(), new_id(), citizen(number)
        citizens.append({"id": person, "created_at": now})
        contacts.append(
            {
                "id": contact,
                "citizen_id": person,
                "channel": Channel.sms,
                "address": address,
                "address_index": blind_index("sms", address),
                "hint": "…",
                "created_at": now,
            }
        )
        messages.append(
            {
                "id": new_id(),
                "dedupe_key": f"storm:{number}",
                "purpose": Purpose.status,
                "channel": Channel.sms,
                "contact_point_id": contact,
                "language": "en",
                "body": f"Message {number}",
                "sender": senders[number % len(senders)],
                "state": OutboxState.queued,
                "due_at": now,
                "created_at": now,
            }
        )
    with database().connection() as connection:
        own = [{"id": new_id(), "channel": Channel.sms, "address": one, "per_second": per_second} for one in senders]
        connection.execute(insert(Sender), own)
        for table, rows in ((Citizen, citizens), (ContactPoint, contacts), (OutboundMessage, messages)):
            connection.execute(insert(table), rows)


def hasty() -> Senders:
    """The installation's senders, with less patience than usual."""
    current = settings()
    made = Senders(current)
    made._twilio[Channel.sms] = Sms(
        current.twilio_account_sid, current.twilio_auth_token, current.twilio_from, current.twilio_url, timeout=TIMEOUT
    )
    return made


class Worker:
    """Threads that send and that take receipts, until they are stopped."""

    def __init__(self, senders: Senders, sending: int = 2) -> None:
        self.ended = threading.Event()
        self.broken: list[BaseException] = []
        self._senders = senders
        jobs = [self._deliver] * sending + [self._take]
        self._threads = [threading.Thread(target=self._loop, args=(job,), daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()

    def _deliver(self) -> int:
        return deliver.deliver_due(datetime.now(UTC), send=self._senders.send, on_result=outcomes.on_result)

    def _take(self) -> int:
        return intake.process_due(datetime.now(UTC), limit=100)

    def _loop(self, job: "object") -> None:
        while not self.ended.is_set():
            try:
                worked = job()  # type: ignore[operator]
            except BaseException as error:  # noqa: BLE001  (told when the worker is stopped)
                self.broken.append(error)
                return
            if not worked:
                time.sleep(0.05)  # nothing is due just now

    def stop(self) -> None:
        """End the threads; raises what broke one of them."""
        self.ended.set()
        for thread in self._threads:
            thread.join(timeout=20)
        if self.broken:
            raise self.broken[0]


def main() -> None:
    """Work until the file appears."""
    worker, end = Worker(hasty()), Path(sys.argv[1])
    while not end.exists() and not worker.broken:
        time.sleep(0.1)  # between two looks
    worker.stop()


if __name__ == "__main__":
    main()
