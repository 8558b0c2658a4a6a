"""What those who answered say about all who were served: weights, and estimates with intervals. Pure.

A weight is one over the chance of being drawn, times one over the share that answered among those asked alike: the same
service, channel and time between service and question. Cells with few answers are put together, heavy weights are cut.
Sources: docs/methods.md, "Weighting".
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from surveys.results import FEW, student
from surveys.shares import wilson

LEAST_ANSWERS = 20
"""A cell with fewer answers is put together with its neighbours."""
HEAVIEST = 5.0
"""No answer weighs more than this many times the mean answer."""
LEAST = 10
"""Fewer answers than this are too few to say anything: no figure, no place in a ranking."""
AGES = (6, 24, 72)
"""Hours between service and question at which a new class of age begins."""

Cell = tuple[UUID | None, str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """`count` citizens who were asked alike, with this chance, and of whom each gave the same answer (None: none).

    `age` is the class of `AGES` that the time between service and question falls into.
    """

    office: UUID
    service: UUID | None
    channel: str
    age: int
    probability: float
    value: int | None
    count: int

    @property
    def cell(self) -> Cell:
        """Those who were asked alike."""
        return self.service, self.channel, self.age


@dataclass(frozen=True, slots=True)
class Weighed:
    """`count` answers of the same value that weigh the same; `group` is the number of those weighed together, -1
    where none were."""

    value: float
    weight: float
    count: int
    group: int = -1


@dataclass(frozen=True, slots=True)
class Group:
    """Those weighed together: the sum of the weights of all its answers, of their squares, and of the squares of what
    each of those asked stood for."""

    weight: float
    squares: float
    asked: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean or share of `n` answers with its 95% interval; `effective` is the number of equal weights worth as much
    (Kish)."""

    n: int
    effective: float
    value: float
    low: float
    high: float

    @property
    def few(self) -> bool:
        """Too few to say."""
        return self.n < LEAST


@dataclass(frozen=True, slots=True)
class Response:
    """How many were asked and answered; the `undeliverable` among those asked are told apart, and stay in `asked`.

    That is AAPOR's response rate 2: whoever gave any answer over all who were asked. Leaving out those who could not
    be reached would make an office look better for every number it got wrong.
    """

    asked: int
    answered: int
    undeliverable: int

    @property
    def rate(self) -> float | None:
        """Share of those asked who answered."""
        return self.answered / self.asked if self.asked else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95% interval of it (Wilson)."""
        return wilson(self.answered / self.asked, self.asked) if self.asked else None


class Scales:
    """The weight of each answer, by what all those asked did. `groups` are those weighed together."""

    def __init__(self, factors: Mapping[Cell, float], places: Mapping[Cell, int], heaviest: float) -> None:
        self._factors, self._places, self._heaviest = factors, places, heaviest
        self.groups: tuple[Group, ...] = ()

    def weight(self, tally: Tally) -> float:
        """Weight of one answer of a tally."""
        return min(self._factors.get(tally.cell, 1.0) / tally.probability, self._heaviest)

    def weigh(self, tallies: Iterable[Tally]) -> list[Weighed]:
        """The answers among tallies, with their weights."""
        return [
            Weighed(one.value, self.weight(one), one.count, self._places.get(one.cell, -1))
            for one in tallies
            if one.value is not None
        ]


def scales(tallies: Sequence[Tally]) -> Scales:
    """Weights from all who were asked, over all offices: so a figure does not depend on who looks at it."""
    asked: dict[Cell, float] = defaultdict(float)
    told: dict[Cell, float] = defaultdict(float)
    answers: dict[Cell, int] = defaultdict(int)
    for one in tallies:
        asked[one.cell] += one.count / one.probability
        if one.value is not None:
            told[one.cell] += one.count / one.probability
            answers[one.cell] += one.count
    groups = together(asked, answers)
    factors, places = {}, {}
    for place, group in enumerate(groups):
        given = sum(told[cell] for cell in group)
        for cell in group:
            places[cell] = place
            factors[cell] = sum(asked[one] for one in group) / given if given else 1.0
    plain = Scales(factors, places, math.inf)
    weights = [(plain.weight(one), one.count) for one in tallies if one.value is not None]
    number = sum(count for _, count in weights)
    mean = sum(weight * count for weight, count in weights) / number if number else 1.0
    made = Scales(factors, places, HEAVIEST * mean)
    sums = [[0.0, 0.0, 0.0] for _ in groups]
    for one in tallies:
        into = sums[places[one.cell]]
        into[2] += one.count / one.probability**2
        if one.value is not None:
            weight = made.weight(one)
            into[0] += one.count * weight
            into[1] += one.count * weight**2
    made.groups = tuple(Group(*one) for one in sums)
    return made


def together(cells: Iterable[Cell], answers: Mapping[Cell, int]) -> list[list[Cell]]:
    """Groups of cells with `LEAST_ANSWERS` or more: single cells, else what is left of a service on a channel, else of
    a service, else of all. What is left at the very end is put with the smallest group."""
    groups: list[list[Cell]] = []
    left = [[cell] for cell in sorted(cells, key=str)]
    for depth in (3, 2, 1, 0):
        merged: dict[tuple[object, ...], list[Cell]] = defaultdict(list)
        for group in left:
            merged[group[0][:depth]].extend(group)
        left = []
        for group in merged.values():
            (groups if _number(group, answers) >= LEAST_ANSWERS else left).append(group)
    if left and groups:
        min(groups, key=lambda group: (_number(group, answers), str(group))).extend(left[0])
        return groups
    return groups + left


def _number(group: Sequence[Cell], answers: Mapping[Cell, int]) -> int:
    return sum(answers.get(cell, 0) for cell in group)


def mean(
    answers: Sequence[Weighed], groups: Sequence[Group] = (), lowest: float = 1.0, highest: float = 5.0
) -> Estimate | None:
    """Weighted mean on a scale; None without answers. `groups` are those of the scales that the answers come from.

    Its interval is Student's t with the effective number. With few answers, or where all agree, it is Wilson's on the
    scale stretched to 0–1.
    """
    n, total, effective = _sums(answers)
    if not n:
        return None
    value = sum(one.count * one.weight * one.value for one in answers) / total
    spread = error(answers, groups, value)
    if effective < FEW or spread == 0:
        low, high = wilson((value - lowest) / (highest - lowest), effective)
        width = highest - lowest
        return Estimate(n, effective, value, lowest + width * low, lowest + width * high)
    half = student(effective - 1) * math.sqrt(spread)
    return Estimate(n, effective, value, max(lowest, value - half), min(highest, value + half))


def share(answers: Sequence[Weighed], groups: Sequence[Group] = ()) -> Estimate | None:
    """Weighted share of answers that are 1 among those of 0 and 1.

    The interval is Wilson's, at the number of answers by which chance alone would give the same variance.
    """
    n, total, effective = _sums(answers)
    if not n:
        return None
    value = min(1.0, sum(one.count * one.weight * one.value for one in answers) / total)
    spread = error(answers, groups, value)
    worth = min(float(n), value * (1 - value) / spread) if spread and effective >= FEW else effective
    return Estimate(n, effective, value, *wilson(value, worth))


def error(answers: Sequence[Weighed], groups: Sequence[Group], value: float) -> float:
    """Variance of a weighted mean: Taylor's linearisation of a ratio of sums whose weights are themselves estimated.

    What all in a group have in common is not left to chance by weighting, so each answer counts by its distance from
    its group; what the group has in common varies with how many of it were asked. An office that is a small part of
    its groups gains next to nothing by that, the whole government much.
    """
    n, total, _ = _sums(answers)
    if n < 2:
        return 0.0
    sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for one in answers:
        away, into = one.value - value, sums[one.group]
        into[0] += one.count * one.weight * away
        into[1] += one.count * one.weight**2 * away
        into[2] += one.count * one.weight**2 * away**2
    found = 0.0
    for place, (sum_of, square_of, squares) in sums.items():
        found += squares
        if 0 <= place < len(groups) and groups[place].weight:
            group = groups[place]
            common = sum_of / group.weight
            found += common**2 * (group.squares + group.asked) - 2 * common * square_of
    return max(0.0, found) * n / (n - 1) / total**2


def variance(answers: Sequence[Weighed]) -> float:
    """Weighted variance of the answers themselves, not of their mean; 0 with fewer than two."""
    n, total, _ = _sums(answers)
    if n < 2:
        return 0.0
    value = sum(one.count * one.weight * one.value for one in answers) / total
    return sum(one.count * one.weight * (one.value - value) ** 2 for one in answers) / total * n / (n - 1)


def median(answers: Sequence[Weighed]) -> float | None:
    """Weighted median: the smallest value that half of the weight does not exceed."""
    _, total, _ = _sums(answers)
    passed = 0.0
    for one in sorted(answers, key=lambda one: one.value):
        passed += one.count * one.weight
        if passed >= total / 2:
            return one.value
    return None


def median_of(answers: Sequence[Weighed]) -> Estimate | None:
    """Weighted median with its interval: the values at the ends of the interval of a share of one half (Woodruff, JASA
    47, 1952), at the effective number of answers. None without answers."""
    n, total, effective = _sums(answers)
    middle = median(answers)
    if middle is None:
        return None
    ordered = sorted(answers, key=lambda one: one.value)

    def at(share: float) -> float:
        passed = 0.0
        for one in ordered:
            passed += one.count * one.weight
            if passed >= share * total:
                return one.value
        return ordered[-1].value

    low, high = wilson(0.5, effective)
    return Estimate(n, effective, middle, at(low), at(high))


def _sums(answers: Sequence[Weighed]) -> tuple[int, float, float]:
    """How many, their weight, and the effective number: the weights' sum squared over the sum of their squares."""
    n = sum(one.count for one in answers)
    total = sum(one.count * one.weight for one in answers)
    squares = sum(one.count * one.weight**2 for one in answers)
    return n, total, total * total / squares if squares else 0.0
