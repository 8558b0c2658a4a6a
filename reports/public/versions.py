"""What a correction may change: never so little that the two versions taken from each other tell of a few. Pure.

A correction tells of the same sets of offices as the version before. A cell of these (`telling.cells`) takes its new
numbers only if no kind of case in it changed by more than nothing and less than k, and none would become too small;
else it keeps what was told. Cells of how many cases there are lie in larger ones of how many are late: as many of the
former are taken as leave the latter such a change. Totals are the sums of what their cells tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from reports.public.build import Numbers, Telling
from reports.public.telling import Parents, Told, cells, safe

Split = tuple[int, int]


def dump(numbers: Numbers, may: Telling) -> dict[str, object]:
    """What a later correction is compared with, as JSON."""
    return {
        "cases": {str(office): list(split) for office, split in numbers.cases.items()},
        "answers": {str(office): list(split) for office, split in numbers.answers.items()},
        "told": {
            name: {"own": sorted(map(str, one.own)), "below": sorted(map(str, one.below)), "whole": one.whole}
            for name, one in (("cases", may.cases), ("late", may.late), ("answers", may.answers))
        },
    }


def load(basis: Mapping[str, object]) -> tuple[Numbers, Telling]:
    """The numbers and what was told of them, as `dump` wrote them."""
    splits: dict[str, dict[UUID, Split]] = {}
    for name in ("cases", "answers"):
        given = basis[name]
        splits[name] = {UUID(office): (int(one), int(other)) for office, (one, other) in given.items()}  # type: ignore[attr-defined]
    told = [
        Told(frozenset(map(UUID, one["own"])), frozenset(map(UUID, one["below"])), bool(one["whole"]))
        for one in (basis["told"][name] for name in ("cases", "late", "answers"))  # type: ignore[index]
    ]
    return Numbers(splits["cases"], splits["answers"]), Telling(*told)


def corrected(
    old: Numbers, new: Numbers, may: Telling, parents: Parents, least: int
) -> tuple[Numbers, frozenset[UUID], frozenset[UUID]]:
    """The numbers that a correction tells; and the offices that have new ones, of cases and of answers."""
    offices = sorted({*old.cases, *new.cases}, key=str)
    coarse = list(cells(may.cases, offices, parents).values())
    fine = list(cells(may.late, offices, parents).values())
    covered = frozenset[UUID]().union(*fine)
    changed: set[UUID] = set()
    for cell in fine:
        changed |= _taken(cell, coarse, old.cases, new.cases, least)
    for cell in coarse:
        if not cell & covered and _may(cell, _sums(old.cases), _sums(new.cases), least):
            changed |= cell
    said = set[UUID]()
    for cell in cells(may.answers, sorted({*old.answers, *new.answers}, key=str), parents).values():
        if _may(cell, old.answers, new.answers, least):
            said |= cell
    numbers = Numbers(_mixed(old.cases, new.cases, changed), _mixed(old.answers, new.answers, said))
    return (
        numbers,
        frozenset(one for one in changed if old.cases.get(one) != new.cases.get(one)),
        frozenset(one for one in said if old.answers.get(one) != new.answers.get(one)),
    )


def _taken(
    cell: frozenset[UUID],
    coarse: Iterable[frozenset[UUID]],
    old: Mapping[UUID, Split],
    new: Mapping[UUID, Split],
    least: int,
) -> frozenset[UUID]:
    """The offices of a cell that take their new numbers: all cells within it that may, or the most changed of them."""
    parts = [one for one in coarse if one <= cell and _may(one, _sums(old), _sums(new), least)]
    parts.sort(key=lambda one: (-_change(one, old, new), sorted(map(str, one))))
    while parts:
        chosen = frozenset[UUID]().union(*parts)
        if _may(cell, old, _mixed(old, new, chosen), least):
            return chosen
        parts.pop()
    return frozenset()


def _change(cell: Iterable[UUID], old: Mapping[UUID, Split], new: Mapping[UUID, Split]) -> int:
    before, after = (_total(given.get(one, ()) for one in cell) for given in (old, new))
    return abs(after[0] - before[0]) + abs(after[1] - before[1])


def _may(
    cell: Iterable[UUID], old: Mapping[UUID, Sequence[int]], new: Mapping[UUID, Sequence[int]], least: int
) -> bool:
    """Whether a cell may take its new numbers."""
    before, after = ([given.get(one, ()) for one in cell] for given in (old, new))
    one, other = _total(before), _total(after)
    changes = [abs(number) for number in (one[0] - other[0], one[1] - other[1], sum(one) - sum(other))]
    return all(change == 0 or change >= least for change in changes) and safe(after, least)


def _total(splits: Iterable[Sequence[int]]) -> tuple[int, int]:
    found = [0, 0]
    for split in splits:
        for kind, number in enumerate(split):
            found[kind] += number
    return found[0], found[1]


def _sums(splits: Mapping[UUID, Split]) -> dict[UUID, tuple[int]]:
    return {office: (sum(split),) for office, split in splits.items()}


def _mixed(old: Mapping[UUID, Split], new: Mapping[UUID, Split], changed: Iterable[UUID]) -> dict[UUID, Split]:
    """Old numbers, but new ones for the offices that changed."""
    mixed = dict(old)
    for office in changed:
        mixed[office] = new.get(office, (0, 0))
    return mixed
