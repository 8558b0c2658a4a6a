"""Send: messages that leave by SMS, one worker process, beside the bare twilio library with as many threads.

Both speak to the simulated Twilio in a process of its own; neither is paced. What lies between is the claim, the look
at opt-outs and loops, the sender's moment, and the note of what became of each message.
"""

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from requests.adapters import HTTPAdapter
from sqlalchemy import insert
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from benchmarks import site
from benchmarks.figures import Figure, figure, folder, rounds
from benchmarks.process import Statements, in_process
from cases import outcomes
from channels.values import Channel
from core.crypto import blind_index
from core.database import Database
from core.ids import new_id
from domain.citizen import Citizen, ContactPoint
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from notifications import deliver
from notifications.senders import close_senders, senders
from notifications.sending import PARALLEL
from worker.tasks import KEEP_ON

NUMBER = "+355690000000"
LEAST = 0.9
"""Of the bare library's rate."""
STATEMENTS = 2


def run(quick: bool = False) -> list[Figure]:
    """Measure on a scratch database; `quick` is short and serves to see that it works."""
    messages, times = (60, 1) if quick else (1500, 3)
    port = site.free_port()
    more = {
        "OMBUD_TWILIO_FROM": NUMBER,
        "OMBUD_TWILIO_PER_SECOND": "100000",
        "OMBUD_TWILIO_API_URL": f"http://127.0.0.1:{port}/simulator/twilio",
    }
    with folder() as where, site.scratch(where, **more) as installed:
        installed.run(*site.OMBUD, "init")
        with simulated_twilio(installed, port), in_process(installed) as home:
            _ours(home, PARALLEL)
            found = rounds(times, lambda: _once(home, messages, more["OMBUD_TWILIO_API_URL"]))
            close_senders()
    return [
        figure("send: messages", found["ours"], found["bare"], "messages/s", least=LEAST),
        figure("send: statements per message", found["statements"], STATEMENTS, "statements", most=1.0),
    ]


@contextmanager
def simulated_twilio(installed: site.Scratch, port: int) -> Iterator[None]:
    environment = installed.environment | {"OMBUD_ENVIRONMENT": "demo"}
    # receipts go to a port where nobody listens: they are another benchmark's matter
    command = (
        sys.executable,
        "-m",
        "simulators",
        "--port",
        str(port),
        "--ombud",
        "http://127.0.0.1:9",
        "--pace",
        "600",
    )
    with site.running(installed.folder / "simulators.log", environment, *command):
        end = time.monotonic() + 30
        while not _listens(port):
            if time.monotonic() > end:
                raise site.Unusable("The simulated Twilio does not start.")
            time.sleep(0.1)  # between two looks, up to a deadline
        yield


def _listens(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/simulator/control/waiting", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _once(home: Database, count: int, url: str) -> dict[str, float]:
    statements = Statements(home)
    ours = _ours(home, count)
    return {"ours": ours, "bare": _bare(count, url), "statements": statements.end() / count}


def _ours(home: Database, count: int) -> float:
    """Messages a second that a worker sends."""
    queued(home, count)
    began = time.perf_counter()
    while deliver.deliver_due(datetime.now(UTC), send=senders().send, on_result=outcomes.on_result, keep_on=KEEP_ON):
        pass
    return count / (time.perf_counter() - began)


def queued(home: Database, count: int, purpose: Purpose = Purpose.status) -> None:
    """Messages that are due, each to somebody of its own."""
    now = datetime.now(UTC)
    citizens, contacts, messages = [], [], []
    for number in range(count):
        person, contact, address = new_id(), new_id(), f"+35569{number:07}"
        citizens.append({"id": person, "created_at": now})
        contacts.append(
            {"id": contact, "citizen_id": person, "channel": Channel.sms, "address": address, "hint": "…",
             "address_index": blind_index(str(new_id()), address), "created_at": now}
        )  # fmt: skip
        messages.append(
            {"id": new_id(), "dedupe_key": str(contact), "purpose": purpose, "channel": Channel.sms,
             "contact_point_id": contact, "language": "en", "body": f"Message {number}", "sender": NUMBER,
             "state": OutboxState.queued, "due_at": now, "created_at": now}
        )  # fmt: skip
    with home.connection() as connection:
        for table, rows in ((Citizen, citizens), (ContactPoint, contacts), (OutboundMessage, messages)):
            connection.execute(insert(table), rows)


class _AsItComes(TwilioHttpClient):  # type: ignore[misc]
    """The library's own client, at another address, with as many connections as threads."""

    def __init__(self, url: str) -> None:
        super().__init__(timeout=10)
        self._url = url
        if self.session is not None:
            self.session.mount(url, HTTPAdapter(pool_maxsize=PARALLEL))
            self.session.trust_env = False

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        return super().request(method, url.replace("https://api.twilio.com", self._url), *args, **kwargs)


def _bare(count: int, url: str) -> float:
    """Messages a second when the library alone is asked, as it comes."""
    client = Client(site.TWILIO_ACCOUNT, site.TWILIO_TOKEN, http_client=_AsItComes(url))
    began = time.perf_counter()
    with ThreadPoolExecutor(PARALLEL) as pool:
        for made in [
            pool.submit(client.messages.create, to=f"+35569{number:07}", from_=NUMBER, body=f"Message {number}")
            for number in range(count)
        ]:
            made.result()
    return count / (time.perf_counter() - began)
