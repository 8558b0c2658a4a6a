"""Faults to order: what the real providers do on a bad day, done on demand and a set number of times."""

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong. The first group answers a request to send; the second spoils what is delivered back."""

    refused = "refused"  # Twilio: `code` of its dictionary; Telegram: HTTP `status` and `words`
    unauthorized = "unauthorized"
    rate_limited = "rate_limited"  # 429, to be tried again after `seconds`
    server_error = "server_error"  # `status`, 500 if not given; nothing is sent
    accepted_then_silent = "accepted_then_silent"  # the message is taken, the answer comes `seconds` late
    silent = "silent"  # nothing is taken, and the answer comes `seconds` late
    blocked = "blocked"  # Telegram: the citizen blocked the bot
    chat_not_found = "chat_not_found"

    receipt_fails = "receipt_fails"  # Twilio: undelivered with `code`
    receipts_twice = "receipts_twice"
    receipts_reordered = "receipts_reordered"
    receipts_lost = "receipts_lost"
    receipts_late = "receipts_late"  # each up to `seconds` late, so that those of many messages arrive mixed
    delivered_twice = "delivered_twice"  # a webhook that arrives again, as after a lost answer
    forged = "forged"  # a webhook with a wrong signature or secret


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault for the next `times` messages to or from `address` (any, if empty)."""

    provider: str
    kind: FaultKind
    times: int = 1
    address: str = ""
    code: int = 0
    status: int = 0
    seconds: float = 1.0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Odds:
    """A fault that strikes by chance, at `rate` of one: always the same ones for the same seed, whatever runs side by
    side, since the dice fall for the address and how often it was asked."""

    fault: Fault
    rate: float
    seed: int = 0

    def strikes(self, address: str, times: int) -> bool:
        """Whether the `times`-th message to an address is hit."""
        return share(self.seed, self.fault.kind, address, times) < self.rate


def share(seed: int, *what: object) -> float:
    """A number from zero to one that only what is given decides."""
    said = "|".join(map(str, (seed, *what)))
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:6]) / 2**48


class Faults:
    """The faults still to come: those ordered, first ordered first used, then those by chance."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._odds: list[Odds] = []
        self._asked: Counter[tuple[FaultKind, str]] = Counter()

    def chance(self, odds: Odds) -> None:
        """Let a fault strike by chance from now on."""
        with self._lock:
            self._odds.append(odds)

    def order(self, fault: Fault) -> None:
        """Add a fault."""
        with self._lock:
            self._waiting.append(fault)

    def take(self, provider: str, address: str, *kinds: FaultKind) -> Fault | None:
        """The first waiting fault of these kinds for this address, used up once."""
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.provider == provider and fault.kind in kinds and fault.address in ("", address):
                    if fault.times > 1:
                        self._waiting[place] = replace(fault, times=fault.times - 1)
                    else:
                        del self._waiting[place]
                    return fault
            for odds in self._odds:
                if odds.fault.provider == provider and odds.fault.kind in kinds:
                    key = (odds.fault.kind, address)
                    self._asked[key] += 1
                    if odds.strikes(address, self._asked[key]):
                        return odds.fault
            return None

    def waiting(self) -> list[Fault]:
        """What is still to come."""
        with self._lock:
            return list(self._waiting)

    def clear(self) -> None:
        """Back to a good day."""
        with self._lock:
            self._waiting.clear()
            self._odds.clear()
            self._asked.clear()
