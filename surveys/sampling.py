"""Who is asked: a chance for each completed service, and a draw that a retry cannot change. Pure.

The draw gives each transaction a number between 0 and 1 that hangs on nothing but the installation's secret and the
agency's own id of it; it is asked when the number lies below its chance (Poisson sampling with permanent random
numbers, Ohlsson 1995). So a repeated batch, another order or a changed plan never draws anybody anew, a larger share
asks everybody a smaller one did, and no agency can tell beforehand who will be asked.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

MONTH = 30.4375
"""Days of a month, on average."""
START_RATE = 0.25
"""Share of those asked that is taken to answer until it is known better."""
START_WEIGHT = 40
"""Questions sent that outweigh that belief: with so many, belief and experience count the same."""
LEAST = 0.02
"""Smallest chance where answers are aimed at: whoever is asked never stands for more than fifty."""
AHEAD, BEHIND = 0.25, 2.0
"""A month that is ahead of its aim asks at least this share of the usual; one behind at most so many times it."""
_RANGE = float(1 << 64)


@dataclass(frozen=True, slots=True)
class Aim:
    """What a plan wants: a `share` of the transactions, or `target` answers a month and office."""

    share: float = 1.0
    target: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one office and service.

    `monthly` is how many transactions a month brings, None where nothing is known; `sent` and `answered` are questions
    old enough to be answered, `sent_now` and `answered_now` those of this month, `left` the share of it still to come.
    """

    monthly: float | None = None
    sent: int = 0
    answered: int = 0
    sent_now: int = 0
    answered_now: int = 0
    left: float = 1.0

    @property
    def rate(self) -> float:
        """Share of those asked that answers: what was seen, pulled towards `START_RATE` while it is little."""
        return (min(self.answered, self.sent) + START_WEIGHT * START_RATE) / (self.sent + START_WEIGHT)


def usual(aim: Aim, known: Known) -> float:
    """The chance that gives an aim over a whole month."""
    if aim.target is None:
        return min(max(aim.share, 0.0), 1.0)
    if aim.target <= 0:
        return 0.0
    if not known.monthly:
        return 1.0
    return min(max(aim.target / (known.monthly * known.rate), LEAST), 1.0)


def chance(aim: Aim, known: Known) -> float:
    """The chance now: the usual one, less where this month is ahead of its aim and more where it is behind."""
    plain = usual(aim, known)
    if aim.target is None or plain == 0.0 or not known.monthly:
        return plain
    coming = max(known.answered_now, known.sent_now * known.rate)
    lacking = (aim.target - coming) / (aim.target * max(known.left, 1 / MONTH))
    return min(max(plain * min(max(lacking, AHEAD), BEHIND), LEAST), 1.0)


def draws(key: bytes, names: Iterable[str]) -> list[float]:
    """The number between 0 and 1 of each transaction, by its name; `key` is a secret of at most 64 bytes.

    Keyed BLAKE2b (RFC 7693) of the name; its first 64 bits.
    """
    blake, whole = hashlib.blake2b, int.from_bytes
    return [whole(blake(name.encode(), digest_size=8, key=key).digest(), "big") / _RANGE for name in names]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a plan comes to at one office in a month."""

    transactions: float
    asked: float
    answers: float
    chance: float


def expected(aim: Aim, known: Known, thinned: float = 1.0) -> Expected:
    """A month of an aim; `thinned` is what a budget leaves of each chance."""
    share = usual(aim, known) * thinned
    transactions = known.monthly or 0.0
    return Expected(transactions, transactions * share, transactions * share * known.rate, share)
