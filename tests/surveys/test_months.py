"""The money question: nobody can work out what fewer than k people said, whatever they add or subtract."""

from itertools import combinations
from uuid import UUID

import numpy
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from surveys.months import Out, publish

OFFICES = [UUID(int=number) for number in range(1, 9)]
LEAST = 10

Tree = dict[UUID, UUID | None]


def told(out: Out, numbers: dict[UUID, int], parents: Tree) -> list[set[UUID]]:
    """The sets of offices whose answers are told together."""

    def is_below(office: UUID, top: UUID) -> bool:
        at: UUID | None = office
        while at is not None and at != top:
            at = parents[at]
        return at == top

    sets = [{office} for office, _ in out.own]
    sets += [{one for one in numbers if is_below(one, office)} for office, _ in out.below]
    return sets + ([set(numbers)] if out.whole else [])


def worked_out(sets: list[set[UUID]], numbers: dict[UUID, int]) -> list[tuple[UUID, ...]]:
    """Every group of fewer than `LEAST` answers that follows from the sets by adding and subtracting."""
    offices = sorted(office for office, n in numbers.items() if n)
    rows = [[float(office in one) for office in offices] for one in sets]
    known = numpy.array(rows) if rows else numpy.zeros((1, len(offices)))
    found = []
    for size in range(1, len(offices) + 1):
        for group in combinations(offices, size):
            if sum(numbers[office] for office in group) >= LEAST:
                continue
            wanted = numpy.array([float(office in group) for office in offices])
            solved = numpy.linalg.lstsq(known.T, wanted, rcond=None)[0]
            if numpy.allclose(known.T @ solved, wanted, atol=1e-6):
                found.append(group)
    return found


@st.composite
def governments(draw: st.DrawFn) -> tuple[dict[UUID, int], Tree]:
    size = draw(st.integers(1, 8))
    parents: Tree = {}
    for place, office in enumerate(OFFICES[:size]):
        above = draw(st.integers(-1, place - 1)) if place else -1
        parents[office] = OFFICES[above] if above >= 0 else None
    numbers = {office: draw(st.one_of(st.integers(0, 12), st.integers(0, 60))) for office in parents}
    return numbers, parents


A, B, C, D, E = OFFICES[:5]
ALL_UNDER_A: Tree = {A: None, B: A, C: A, D: A, E: A}


@given(governments())
@example(({A: 0, B: 40, C: 3, D: 30, E: 25}, ALL_UNDER_A))
@example(({A: 4, B: 40, C: 0, D: 30, E: 25}, {A: None, B: A, C: B, D: B, E: A}))
def test_no_sum_or_difference_tells_of_fewer_than_k(government: tuple[dict[UUID, int], Tree]) -> None:
    numbers, parents = government
    sets = told(publish(numbers, parents, LEAST), numbers, parents)
    assert worked_out(sets, numbers) == []


def test_the_attack_finds_what_is_told_carelessly() -> None:
    """Else the test above could not fail."""
    numbers = {A: 0, B: 40, C: 3, D: 30, E: 25}
    careless = [{B}, {D}, {E}, set(numbers)]
    assert worked_out(careless, numbers) == [(C,)]


def offices(out: Out) -> tuple[set[UUID], set[UUID]]:
    return {office for office, _ in out.own}, {office for office, _ in out.below}


@pytest.mark.parametrize(
    ("numbers", "parents", "own", "below", "whole"),
    [
        # all large: everything is told
        ({B: 40, C: 30, D: 30}, {A: None, B: A, C: A, D: A}, {B, C, D}, {A}, True),
        # one small: the total of its parent gives way, and at the top the smallest office does
        ({B: 40, C: 3, D: 30}, {A: None, B: A, C: A, D: A}, {B}, set(), True),
        # two small that are enough together: nothing gives way
        ({B: 40, C: 6, D: 7}, {A: None, B: A, C: A, D: A}, {B}, {A}, True),
        # too few in all: nothing is told
        ({B: 4, C: 5}, {A: None, B: A, C: A}, set(), set(), False),
        # small ones of two branches are enough for the whole, not for a branch
        ({C: 20, D: 6, E: 5}, {A: None, B: A, C: B, D: B, E: A}, {C}, {A}, True),
        # exactly enough
        ({B: 10, C: 10}, {A: None, B: A, C: A}, {B, C}, {A}, True),
        ({}, {A: None}, set(), set(), False),
    ],
)
def test_what_gives_way(numbers: dict[UUID, int], parents: Tree, own: set[UUID], below: set[UUID], whole: bool) -> None:
    out = publish(numbers, parents, LEAST)
    assert offices(out) == (own, below)
    assert out.whole is whole
