"""Closed cases one by one, made anonymous: generalised until k are alike, and left out where nothing helps. Pure.

A row says where (a district, or what is above it), which service, by which way, and how long the silence was, in five
steps. Rows are settled in rounds, from the most exact to the most general: those that k share stay as they are, the
others become more general together (local recoding, Sweeney 2002). So the classes are a partition and each has k or
more. Of each class only as many rows are told as are a multiple of `STEP`: so no sum over rows is exact, and
none can be taken from the offices' exact numbers.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

STEP = 5
"""Rows of a class are told in multiples of this."""
SHARES = 0.05
"""What was lost is told in steps of this share: an exact one would tell how many cases there are."""
ANY = "*"
"""Any office, service or way."""
DAY = 86_400
STEPS: tuple[tuple[str, int], ...] = (
    ("under_1_day", DAY),
    ("1_to_3_days", 3 * DAY),
    ("3_to_7_days", 7 * DAY),
    ("7_to_30_days", 30 * DAY),
    ("over_30_days", 10**12),
)
NO_ANSWER = "no_answer"
SILENCES = (*(name for name, _ in STEPS), NO_ANSWER)
"""Steps of silence in their order."""

Class: TypeAlias = tuple[str, str, str, str, int]
"""Office, service, channel, silence, and how many rows."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed case. `places` are codes from the most exact to the most general that may be named, at least one."""

    places: tuple[str, ...]
    service: str
    channel: str
    silence: str


@dataclass(frozen=True, slots=True)
class Loss:
    """What anonymity took: shares of all rows that are told as exactly as they could be, with no channel, with no
    service besides, with no place; and that are left out."""

    rows: int
    exact: float
    no_channel: float
    wider_place: float
    no_service: float
    left_out: float


def silence_of(seconds: int, answered: bool) -> str:
    """The step that a silence falls into."""
    return next(name for name, end in STEPS if seconds < end) if answered else NO_ANSWER


def anonymise(cases: Iterable[Closed], least: int) -> tuple[list[Class], Loss]:
    """Classes of `least` rows and more, and what was lost on the way to them."""
    left = Counter(cases)
    total = sum(left.values())
    classes: Counter[tuple[str, str, str, str]] = Counter()
    told: Counter[str] = Counter()
    for name, place, with_service, with_channel in _rounds(left):
        groups: Counter[tuple[str, str, str, str]] = Counter()
        keys: dict[Closed, tuple[str, str, str, str]] = {}
        for one, number in left.items():
            where = one.places[min(place, len(one.places) - 1)]
            key = (where, one.service if with_service else ANY, one.channel if with_channel else ANY, one.silence)
            keys[one] = key
            groups[key] += number
        settled = {key for key, number in groups.items() if number >= least or key in classes}
        for one, key in keys.items():
            if key in settled:
                classes[key] += left.pop(one)
        told[name] += sum(groups[key] // STEP * STEP for key in settled)
    rows = [(*key, number // STEP * STEP) for key, number in sorted(classes.items())]
    kept = sum(row[-1] for row in rows)

    def share(number: int) -> float:
        return round(number / total / SHARES) * SHARES if total else 0.0

    levels = {name: round(share(told[name]), 2) for name in ("exact", "no_channel", "wider_place", "no_service")}
    return rows, Loss(kept, **levels, left_out=round(share(total - kept), 2))


def _rounds(cases: Iterable[Closed]) -> Sequence[tuple[str, int, bool, bool]]:
    """The rounds: what each costs, which place it names, and whether service and channel."""
    deepest = max((len(one.places) for one in cases), default=1) - 1
    return (
        ("exact", 0, True, True),
        ("no_channel", 0, True, False),
        *(("wider_place", place, True, False) for place in range(1, deepest + 1)),
        ("no_service", deepest, False, False),
    )


def rows_of(classes: Iterable[Sequence[object]]) -> Iterable[tuple[str, str, str, str]]:
    """The rows that classes stand for."""
    for place, service, channel, silence, number in classes:
        for _ in range(int(str(number))):
            yield str(place), str(service), str(channel), str(silence)
