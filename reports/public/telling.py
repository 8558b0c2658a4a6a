"""Which numbers may be told so that nothing can be worked out of fewer than k. Pure.

What is told of a month is a tree of sets of offices, each with a count or with counts of several kinds of case that
together make it up. By adding and taking away, all that follows from it are unions of *cells*: what is left of one told
set when the sets told within it are taken off. So every cell is to hold nothing, or k and more of each kind. And what
"fewer than k" says of an office is not to be narrowed by its cell: m offices of which each has fewer than k have
together at most (m - 1)(k - 1), or one of them could not be empty. Sources: docs/methods.md, "The public's figures".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from surveys.months import above

Counts: TypeAlias = Mapping[UUID, Sequence[int]]
Parents: TypeAlias = Mapping[UUID, UUID | None]


@dataclass(frozen=True, slots=True)
class Told:
    """What may be told: offices by themselves, offices with all below them, and the whole."""

    own: frozenset[UUID]
    below: frozenset[UUID]
    whole: bool


@dataclass(slots=True)
class _Left:
    """What is left of a set: sums by kind, how many offices have any, and of which kinds one alone has k or more."""

    sums: list[int]
    offices: int
    big: list[bool]

    def add(self, other: "_Left") -> None:
        self.sums = [one + more for one, more in zip(self.sums, other.sums, strict=True)]
        self.offices += other.offices
        self.big = [one or more for one, more in zip(self.big, other.big, strict=True)]

    def safe(self, least: int) -> bool:
        if not any(self.sums):
            return True
        return all(
            number == 0 or (number >= least and (big or number <= (self.offices - 1) * (least - 1)))
            for number, big in zip(self.sums, self.big, strict=True)
        )


def tell(counts: Counts, parents: Parents, least: int, among: Told | None = None) -> Told:
    """What may be told of the `counts` of each office (by kind; all of one length) so that no cell is too small.

    `among` is what was told of coarser kinds before: nothing else is then told. Within the tree a total that leaves
    too little is not told, and what it leaves goes to the total above; at the top the smallest offices give way.
    """
    kinds = len(next(iter(counts.values()), (0,)))
    chains = {office: (office, *above(office, parents)) for office in counts}
    totals: dict[UUID, list[int]] = {}
    for office, given in counts.items():
        for one in chains[office]:
            into = totals.setdefault(one, [0] * kinds)
            for kind, number in enumerate(given):
                into[kind] += number
    own = {office for office, given in counts.items() if _enough(given, least) and (not among or office in among.own)}
    over = {parent for parent in parents.values() if parent is not None}
    below = {
        office
        for office in over & totals.keys()
        if _enough(totals[office], least) and (not among or office in among.below)
    }
    left: dict[UUID | None, _Left] = {place: _Left([0] * kinds, 0, [False] * kinds) for place in (None, *below)}
    for office, given in counts.items():
        if office not in own and any(given):
            left[_holder(chains[office], below)].add(_alone(given, least))
    for office in sorted(below, key=lambda one: (-_depth(one, parents), str(one))):
        if not left[office].safe(least):
            below.discard(office)
            left[_holder((office, *above(office, parents)), below)].add(left.pop(office))
    rest = left[None]
    highest = sorted(
        (one for one in own if _holder(chains[one], below) is None), key=lambda one: (sum(counts[one]), str(one))
    )
    tops = sorted(
        (one for one in below if not below & set(above(one, parents))), key=lambda one: (sum(totals[one]), str(one))
    )
    while not rest.safe(least) and (highest or tops):
        if highest:
            office = highest.pop(0)
            own.discard(office)
            rest.add(_alone(counts[office], least))
        else:
            office = tops.pop(0)
            below.discard(office)
            rest.add(left.pop(office))
            for one in sorted(own, key=lambda one: (sum(counts[one]), str(one))):
                if one not in highest and _holder(chains[one], below) is None:
                    highest.append(one)
            tops += [one for one in below if one not in tops and not below & set(above(one, parents))]
    every = [sum(given[kind] for given in counts.values()) for kind in range(kinds)]
    whole = _enough(every, least) and rest.safe(least) and (among is None or among.whole)
    return Told(frozenset(own), frozenset(below), whole)


def cells(told: Told, offices: Sequence[UUID], parents: Parents) -> dict[tuple[str, UUID | None], frozenset[UUID]]:
    """The cells of what is told, by the set they are left of: a partition of the offices.

    That of the whole, `("rest", None)`, is left out where the whole is not told: then nobody knows anything of it.
    """
    found: dict[tuple[str, UUID | None], set[UUID]] = {}
    for office in offices:
        if office in told.own:
            found[("own", office)] = {office}
            continue
        holder = _holder((office, *above(office, parents)), told.below)
        if holder is not None or told.whole:
            found.setdefault(("rest", holder), set()).add(office)
    return {key: frozenset(members) for key, members in found.items()}


def safe(members: Sequence[Sequence[int]], least: int) -> bool:
    """Whether a cell of offices with these counts may be told."""
    given = [one for one in members if any(one)]
    if len(given) == 1:
        return _enough(given[0], least)
    left = _Left([0] * max(map(len, given), default=1), 0, [False] * max(map(len, given), default=1))
    for one in given:
        left.add(_alone(one, least))
    return left.safe(least)


def _enough(given: Sequence[int], least: int) -> bool:
    return sum(given) >= least and all(number == 0 or number >= least for number in given)


def _alone(given: Sequence[int], least: int) -> _Left:
    return _Left(list(given), 1, [number >= least for number in given])


def _holder(chain: Sequence[UUID], below: set[UUID] | frozenset[UUID]) -> UUID | None:
    return next((one for one in chain if one in below), None)


def _depth(office: UUID, parents: Parents) -> int:
    return sum(1 for _ in above(office, parents))


def within(office: UUID, counts: Counts, parents: Parents) -> Iterator[UUID]:
    """The office and all below it that have counts."""
    return (one for one in counts if office in (one, *above(one, parents)))
