"""Nothing smaller than k follows from what the public is told: attacks by linear algebra and linear programming."""

from itertools import combinations
from uuid import UUID

import numpy
import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scipy.optimize import linprog

from reports.public.build import Numbers, Telling, telling
from reports.public.telling import Told, cells, tell
from reports.public.versions import corrected, dump, load

OFFICES = [UUID(int=number) for number in range(1, 8)]
LEAST = 10
A, B, C, D, E = OFFICES[:5]
Tree = dict[UUID, UUID | None]
Splits = dict[UUID, tuple[int, int]]
FLAT: Tree = {A: None, B: A, C: A, D: A, E: A}
NOBODY = Told(frozenset(), frozenset(), False)


def under(office: UUID, top: UUID, parents: Tree) -> bool:
    at: UUID | None = office
    while at is not None and at != top:
        at = parents[at]
    return at == top


def sets(told: Told, parents: Tree) -> list[set[UUID]]:
    """The sets of offices that are told of together."""
    found = [{office} for office in told.own]
    found += [{one for one in parents if under(one, top, parents)} for top in told.below]
    return found + ([set(parents)] if told.whole else [])


def small(may: Telling, cases: Splits, parents: Tree) -> list[tuple[tuple[UUID, int], ...]]:
    """Every group of offices' kinds of case, of 1 to k - 1 cases, that follows by adding and taking away, also for
    somebody who knows which offices had none at all."""
    atoms = [(office, kind) for office, split in cases.items() for kind in (0, 1) if any(split)]
    rows = [[float(office in one) for office, _ in atoms] for one in sets(may.cases, parents)]
    rows += [[float(office in one and kind == 1) for office, kind in atoms] for one in sets(may.late, parents)]
    if not rows or not atoms:
        return []
    known = numpy.array(rows)
    outside = numpy.eye(len(atoms)) - numpy.linalg.pinv(known) @ known
    sizes = numpy.array([cases[office][kind] for office, kind in atoms])
    groups = ((numpy.arange(2 ** len(atoms))[:, None] >> numpy.arange(len(atoms))) & 1).astype(float)
    follows = numpy.abs(groups @ outside).max(axis=1) < 1e-6
    counts = groups @ sizes
    return [
        tuple(atom for atom, chosen in zip(atoms, groups[row], strict=True) if chosen)
        for row in numpy.flatnonzero(follows & (counts > 0) & (counts < LEAST))
    ]


@st.composite
def trees(draw: st.DrawFn, most: int = 6) -> Tree:
    parents: Tree = {}
    for place, office in enumerate(OFFICES[: draw(st.integers(1, most))]):
        above = draw(st.integers(-1 if place > 3 else 0, place - 1)) if place else -1
        parents[office] = OFFICES[above] if above >= 0 else None
    return parents


NUMBER = st.one_of(st.integers(0, 14), st.integers(0, 60))


@st.composite
def governments(draw: st.DrawFn) -> tuple[Splits, Tree]:
    parents = draw(trees())
    return {office: (draw(NUMBER), draw(NUMBER)) for office in parents}, parents


def may_of(cases: Splits, parents: Tree) -> Telling:
    return telling(Numbers(cases, {}), parents, LEAST)


@examples(max_examples=60)
@given(governments())
@example(({A: (0, 0), B: (40, 3), C: (3, 0), D: (30, 12), E: (25, 11)}, FLAT))
@example(({A: (2, 2), B: (40, 11), C: (0, 0), D: (30, 4), E: (25, 3)}, {A: None, B: A, C: B, D: B, E: A}))
def test_no_sum_or_difference_tells_of_fewer_than_k(government: tuple[Splits, Tree]) -> None:
    cases, parents = government
    assert small(may_of(cases, parents), cases, parents) == []


def test_the_attack_finds_what_is_told_carelessly() -> None:
    """Else the test above could not fail: C is what is left of the whole, and its three late cases of the late ones."""
    cases = {B: (30, 11), C: (40, 3), D: (30, 12)}
    parents: Tree = {B: None, C: None, D: None}
    every = Told(frozenset({B, D}), frozenset(), True)
    assert small(Telling(every, every, NOBODY), cases, parents) == [((C, 1),)]


@examples(max_examples=40)
@given(governments())
@example(({A: (0, 0), B: (9, 0), C: (9, 0), D: (50, 0)}, {A: None, B: A, C: A, D: A}))
def test_no_bound_says_more_than_fewer_than_k(government: tuple[Splits, Tree]) -> None:
    """Somebody who knows the rules knows that an office that is not told has fewer than k. What is told leaves each of
    them anything from none to k - 1."""
    cases, parents = government
    numbers = {office: sum(split) for office, split in cases.items()}
    told = tell({office: (n,) for office, n in numbers.items()}, parents, LEAST)
    for cell in cells(told, list(parents), parents).values():
        members = sorted(one for one in cell if numbers[one])
        hidden = [one for one in members if numbers[one] < LEAST]
        if not hidden or len(members) == 0:
            continue
        known_small = len(hidden) == len(members)
        total = sum(numbers[one] for one in members)
        for place, _ in enumerate(members):
            reach = []
            for sign in (1, -1):
                goal = numpy.zeros(len(members))
                goal[place] = sign
                top = LEAST - 1 if known_small else None
                solved = linprog(goal, A_eq=[[1.0] * len(members)], b_eq=[total], bounds=[(0, top)] * len(members))
                assert solved.success
                reach.append(round(sign * solved.fun, 6))
            assert reach[0] == 0
            assert reach[1] >= LEAST - 1


def test_two_nines_are_not_told_as_eighteen() -> None:
    """Each has fewer than ten: eighteen could only be nine and nine."""
    parents: Tree = {A: None, B: A, C: A, D: A}
    told = tell({B: (9,), C: (9,), D: (50,)}, parents, LEAST)
    assert (told.own, told.below, told.whole) == (frozenset(), frozenset(), True)
    told = tell({B: (6,), C: (6,), E: (6,), D: (50,)}, parents | {E: A}, LEAST)
    assert (told.own, told.below, told.whole) == (frozenset({D}), frozenset({A}), True)


@pytest.mark.parametrize(
    ("numbers", "parents", "own", "below", "whole"),
    [
        ({B: 40, C: 30, D: 30}, {A: None, B: A, C: A, D: A}, {B, C, D}, {A}, True),
        # one small: the total of its parent gives way, and at the top the smallest office does
        ({B: 40, C: 3, D: 30}, {A: None, B: A, C: A, D: A}, {B}, set(), True),
        ({B: 4, C: 5}, {A: None, B: A, C: A}, set(), set(), False),
        # the small ones of two branches, with the smallest of the others, in the whole
        ({B: 3, C: 40, D: 4, E: 30}, {A: None, B: A, C: A, D: None, E: D}, {C}, set(), True),
        ({}, {A: None}, set(), set(), False),
    ],
)
def test_what_gives_way(numbers: dict[UUID, int], parents: Tree, own: set[UUID], below: set[UUID], whole: bool) -> None:
    told = tell({office: (n,) for office, n in numbers.items()}, parents, LEAST)
    assert (set(told.own), set(told.below), told.whole) == (own, below, whole)


@st.composite
def changes(draw: st.DrawFn) -> tuple[Splits, Splits, Tree]:
    cases, parents = draw(governments())
    moves = st.one_of(st.just(0), st.integers(-3, 3), st.integers(-30, 30))
    later = {office: (max(0, one + draw(moves)), max(0, two + draw(moves))) for office, (one, two) in cases.items()}
    return cases, later, parents


@examples(max_examples=60)
@given(changes())
def test_two_versions_taken_from_each_other_tell_of_k_or_nothing(given_: tuple[Splits, Splits, Tree]) -> None:
    before, after, parents = given_
    may = may_of(before, parents)
    numbers, changed, _ = corrected(Numbers(before, {}), Numbers(after, {}), may, parents, LEAST)
    told = dict(numbers.cases)
    for office in parents.keys() - changed:
        assert told[office] == before[office]
    atoms = [(office, kind) for office in parents for kind in (0, 1)]
    rows = [[float(office in one) for office, _ in atoms] for one in sets(may.cases, parents)]
    rows += [[float(office in one and kind == 1) for office, kind in atoms] for one in sets(may.late, parents)]
    if not rows:
        return
    known = numpy.array(rows)
    outside = numpy.eye(len(atoms)) - numpy.linalg.pinv(known) @ known
    smallest: list[set[tuple[UUID, int]]] = []
    for size in range(1, len(atoms) + 1):
        for group in combinations(range(len(atoms)), size):
            chosen = {atoms[place] for place in group}
            wanted = numpy.array([float(place in group) for place in range(len(atoms))])
            if any(one <= chosen for one in smallest) or numpy.abs(wanted @ outside).max() > 1e-6:
                continue
            smallest.append(chosen)
            old, new = (sum(given[office][kind] for office, kind in chosen) for given in (before, told))
            assert new == 0 or new >= LEAST
            assert new == old or abs(new - old) >= LEAST
        if size >= 4:  # larger ones are sums of these but for the rarest; the machine has other things to do
            break


def test_a_late_event_alone_changes_nothing() -> None:
    before = {B: (40, 12), C: (30, 10)}
    parents: Tree = {A: None, B: A, C: A}
    after = {B: (39, 13), C: (31, 10)}
    numbers, changed, _ = corrected(Numbers(before, {}), Numbers(after, {}), may_of(before, parents), parents, LEAST)
    assert (numbers.cases, changed) == (before, frozenset())


def test_what_a_correction_is_compared_with_survives_json() -> None:
    cases = {B: (40, 12), C: (3, 1), D: (30, 10)}
    parents: Tree = {A: None, B: A, C: A, D: A}
    may = may_of(cases, parents)
    numbers = Numbers(cases, {B: (20, 60)})
    assert load(dump(numbers, may)) == (numbers, may)
