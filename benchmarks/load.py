"""A crowd of Twilio's webhooks: N clients on kept connections, each sending the next as soon as it has its answer.

Run as a process of its own (`python -m benchmarks.load`), so that it does not share the interpreter with what is
measured; requests are signed and laid out as bytes beforehand, so that it takes little of the machine. Reads one JSON
object of settings from stdin, prints one JSON object of results.
"""

import asyncio
import base64
import csv
import hashlib
import hmac
import json
import random
import sys
import time
from pathlib import Path
from statistics import quantiles
from typing import cast
from urllib.parse import quote_plus

import uvloop

MESSAGES = Path(__file__).resolve().parent.parent / "nlp" / "starter" / "messages.csv"
PATIENCE = 30.0
"""Seconds to wait for the last answers."""
PATH = "/webhooks/twilio/messages"
# what Twilio sends with a message besides what differs between messages
USUAL = {
    "ToCountry": "AL",
    "ToState": "",
    "NumMedia": "0",
    "ToCity": "",
    "FromZip": "",
    "FromState": "",
    "SmsStatus": "received",
    "FromCity": "",
    "FromCountry": "AL",
    "To": "+355690000000",
    "ToZip": "",
    "NumSegments": "1",
    "ApiVersion": "2010-04-01",
}


def requests(count: int, *, public_url: str, token: str, account: str, seed: int) -> list[bytes]:
    """Signed requests, each of another message from another number."""
    chance = random.Random(seed)
    with MESSAGES.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    url = f"{public_url}{PATH}"
    made = []
    for _ in range(count):
        sid = f"SM{chance.getrandbits(128):032x}"
        fields = USUAL | {
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "MessageSid": sid,
            "AccountSid": account,
            "From": f"+35569{chance.randrange(10**7):07}",
            "Body": chance.choice(texts),
        }
        signed = url + "".join(name + fields[name] for name in sorted(fields))
        signature = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
        body = "&".join(f"{name}={quote_plus(value)}" for name, value in fields.items())
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: ombud.example\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
            f"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: {len(body)}\r\n"
            f"X-Twilio-Signature: {signature}\r\n\r\n"
        )
        made.append((head + body).encode())
    return made


class Crowd:
    """What all clients share: the requests not sent yet, and how long each took."""

    def __init__(self, waiting: list[bytes], until: float) -> None:
        self.waiting = waiting
        self.until = until
        self.spent: list[float] = []
        self.refused = 0
        self.last = 0.0


class Client(asyncio.Protocol):
    """One connection; `done` ends when nothing more is to be sent."""

    def __init__(self, crowd: Crowd, done: "asyncio.Future[None]") -> None:
        self.crowd = crowd
        self.done = done
        self.taken = b""
        self.began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)
        self.send()

    def send(self) -> None:
        """Send the next request, or end."""
        self.began = time.perf_counter()
        if self.crowd.waiting and self.began < self.crowd.until:
            self.transport.write(self.crowd.waiting.pop())
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        self.taken += data
        head, found, body = self.taken.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(body) < length:
            return
        self.taken = b""
        now = time.perf_counter()
        if head.startswith(b"HTTP/1.1 200"):
            self.crowd.spent.append(now - self.began)
            self.crowd.last = now
        else:
            self.crowd.refused += 1
        self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def run(port: int, clients: int, seconds: float, waiting: list[bytes]) -> dict[str, float]:
    """Let the crowd send for some seconds, or until all is sent."""
    loop = asyncio.get_running_loop()
    offered = len(waiting)
    began = time.perf_counter()
    crowd = Crowd(waiting, began + seconds)
    ended = [loop.create_future() for _ in range(clients)]
    for done in ended:
        await loop.create_connection(lambda done=done: Client(crowd, done), "127.0.0.1", port)  # type: ignore[misc]
    async with asyncio.timeout(seconds + PATIENCE):
        await asyncio.gather(*ended)
    cuts = quantiles(crowd.spent, n=100) if len(crowd.spent) > 1 else [0.0] * 99
    return {
        "rate": len(crowd.spent) / max(crowd.last - began, 1e-9),
        "p50": cuts[49] * 1000,
        "p99": cuts[98] * 1000,
        "stored": len(crowd.spent),
        "refused": crowd.refused,
        "unanswered": offered - len(crowd.waiting) - len(crowd.spent) - crowd.refused,
    }


def main() -> None:
    """As a process: settings from stdin, results to stdout."""
    asked = json.load(sys.stdin)
    waiting = requests(
        asked["count"],
        public_url=asked["public_url"],
        token=asked["token"],
        account=asked["account"],
        seed=asked["seed"],
    )
    print(json.dumps(uvloop.run(run(asked["port"], asked["clients"], asked["seconds"], waiting))))


if __name__ == "__main__":
    main()
