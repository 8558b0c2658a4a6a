"""Is somebody cheating? What is far more frequent at an office than at its peers, and how likely by chance. Pure.

Every sign is a share: so many of so many transactions, taps or ratings. Honest offices differ too, so a share is judged
by how honest peers spread (beta-binomial, fitted without those that stick out), and of all comparisons of one look the
odd ones are taken so that false ones are kept to a level (Benjamini & Hochberg). Sources: docs/methods.md.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from domain.flag import FlagKind

LEVEL = 0.05
"""Rate of false findings of one look: where all are honest, one look in twenty names anybody in the government."""
FEWEST_PEERS = 5
LEAST_OF_PEER = 5
"""A peer with fewer than this tells nothing of what is usual."""
LEAST = 20
"""Nobody is judged by fewer than this."""
ODD = 0.001
"""Peers less likely than this do not help to say what is usual."""
_START, _ROUNDS = 0.8, 10
_SURE = 0.1
"""How far peers spread is itself guessed from few: the spread that would look smaller one time in ten is taken."""

TAP_SECONDS = 15
RUN = 4
"""So many taps on one device, each within `TAP_SECONDS` of the one before, are a burst."""
RUN_DIGITS = 6
"""So many equal, rising or falling digits at the end of a number are a pattern."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a share is worth a look at all: this far above its peers, and from so many hits on."""

    above: float
    hits: int = 5
    share: float = 0.0


RULES: Mapping[FlagKind, Rule] = {
    FlagKind.missing: Rule(0.10),
    FlagKind.repeated: Rule(0.05),
    FlagKind.undeliverable: Rule(0.10),
    FlagKind.staff_owned: Rule(0.02, hits=3),
    FlagKind.many_voices: Rule(0.05),
    FlagKind.pattern: Rule(0.05),
    FlagKind.burst: Rule(0.05, hits=8),
    FlagKind.uniform: Rule(0.10, share=0.9),
}


@dataclass(frozen=True, slots=True)
class Count:
    """`hits` of `of` at an office, or with one of its operators where `operator` is not empty."""

    kind: FlagKind
    office: UUID
    operator: str
    hits: int
    of: int
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Usual:
    """What peers do: their mean share, how it spreads (intra-class correlation) and how many peers there are."""

    share: float
    spread: float
    peers: int


@dataclass(frozen=True, slots=True)
class Found:
    """A count that is odd: among honest peers as much comes about with this chance."""

    count: Count
    usual: Usual
    chance: float


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look came to: how many were `judged`, and those `found`."""

    judged: int
    found: tuple[Found, ...]


def look(counts: Collection[Count], level: float = LEVEL) -> Looked:
    """Judge all counts of one period together."""
    by_kind: dict[tuple[FlagKind, bool], list[Count]] = defaultdict(list)
    for one in counts:
        by_kind[one.kind, bool(one.operator)].append(one)
    judged: list[Found] = []
    for (kind, _), group in by_kind.items():
        usual = usual_of([(one.hits, one.of) for one in group])
        if usual is None:
            continue
        for one in group:
            if one.of < LEAST:
                continue
            share, rule = one.hits / one.of, RULES[kind]
            worth = one.hits >= rule.hits and share >= max(rule.share, usual.share + rule.above)
            judged.append(Found(one, usual, tail(one.hits, one.of, usual) if worth else 1.0))
    return Looked(len(judged), tuple(judged[place] for place in odd([one.chance for one in judged], level)))


def odd(chances: Sequence[float], level: float) -> list[int]:
    """Places of the chances that are found odd with this rate of false ones (Benjamini & Hochberg 1995)."""
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    last = max((rank for rank, place in enumerate(order, 1) if chances[place] <= level * rank / len(order)), default=0)
    return order[:last]


def usual_of(shares: Sequence[tuple[int, int]]) -> Usual | None:
    """What is usual among peers with (hits, of); None with too few of them.

    Begins with the lower four fifths and takes in all that fit to what was found so far: so a handful of cheats does
    not make cheating look usual, and honest offices that are a little high still count.
    """
    known = sorted((pair for pair in shares if pair[1] >= LEAST_OF_PEER), key=lambda pair: (pair[0] / pair[1], pair))
    if len(known) < FEWEST_PEERS:
        return None
    kept = known[: max(FEWEST_PEERS, round(_START * len(known)))]
    found = _fit(kept)
    for _ in range(_ROUNDS):
        fitting = [pair for pair in known if _fits(*pair, found)]
        if fitting == kept or len(fitting) < FEWEST_PEERS:
            break
        kept, found = fitting, _fit(fitting)
    return found


def _fits(hits: int, of: int, usual: Usual) -> bool:
    """Whether a peer helps to say what is usual; what is within two standard deviations needs no exact tail."""
    deviation = (of * usual.share * (1 - usual.share) * (1 + (of - 1) * usual.spread)) ** 0.5
    return hits <= of * usual.share + 2 * deviation or tail(hits, of, usual) >= ODD


def _fit(shares: Sequence[tuple[int, int]]) -> Usual:
    """Mean and intra-class correlation by moments, the latter on the safe side."""
    from scipy.stats import chi2

    k, n = len(shares), sum(of for _, of in shares)
    share = (sum(hits for hits, _ in shares) + 0.5) / (n + 1)
    squares = sum((hits - of * share) ** 2 / (of * share * (1 - share)) for hits, of in shares)
    squares *= k / float(chi2.ppf(_SURE, k - 1))
    spread = (squares - k) / max(1, sum(of - 1 for _, of in shares))
    return Usual(share, min(0.99, max(0.0, spread)), k)


def tail(hits: int, of: int, usual: Usual) -> float:
    """Chance of `hits` or more of `of` at an honest peer: beta-binomial, plain binomial where peers do not spread."""
    if hits <= 0:
        return 1.0
    import numpy
    from scipy.special import betaln, gammaln
    from scipy.stats import binom

    if usual.spread < 1e-6:
        return float(binom.sf(hits - 1, of, usual.share))
    strength = 1 / usual.spread - 1
    a, b = usual.share * strength, (1 - usual.share) * strength
    x = numpy.arange(hits, of + 1)
    ways = gammaln(of + 1) - gammaln(x + 1) - gammaln(of - x + 1)
    return min(1.0, float(numpy.exp(ways + betaln(x + a, of - x + b) - betaln(a, b)).sum()))


# -- what counts as a hit -------------------------------------------------------------------------------------------


def patterned(numbers: Sequence[str]) -> list[bool]:
    """Which numbers of one office look made up: digits that are all alike or count up or down, or a neighbour of
    another number there."""
    digits = [int(number.lstrip("+")) for number in numbers]
    there = frozenset(digits)
    return [
        _made_up(number) or one + 1 in there or one - 1 in there for number, one in zip(numbers, digits, strict=True)
    ]


def _made_up(number: str) -> bool:
    end = [int(digit) for digit in number[-RUN_DIGITS:]]
    steps = {(after - before) % 10 for before, after in pairwise(end)}
    return len(end) == RUN_DIGITS and steps in ({0}, {1}, {9})


@dataclass
class Bursts:
    """Counts taps that come in bursts, of one device after the other, in order of time."""

    taps: int = 0
    hits: int = 0
    most: int = 0
    _last: datetime | None = None
    _run: int = field(default=0)

    def tap(self, at: datetime) -> None:
        """One more tap."""
        near = self._last is not None and at - self._last <= timedelta(seconds=TAP_SECONDS)
        if not near:
            self.end()
        self._run, self._last, self.taps = self._run + 1, at, self.taps + 1

    def end(self) -> None:
        """The device has no more taps."""
        if self._run >= RUN:
            self.hits += self._run
            self.most = max(self.most, self._run)
        self._run, self._last = 0, None
