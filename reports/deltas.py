"""What changed cases add to the sums of large offices, as arrays: one pass over tens of thousands of them.

A case adds to every large office it hangs under, in the month and in the week it was received, once by each dimension:
some forty times. `regroup` counts the same by the database, and tests compare them.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, pairwise
from operator import attrgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlmodel import Session

from core.sets import among
from domain.figures import FigureCell
from reports import bulk
from reports.cells import HOUR, SUMMED, Dimension, Fact, Grain, Kept, Key, after, bounds, periods_of, written
from reports.facts import COUNTED, Sign
from reports.rests import Rest
from reports.sketch import buckets, merge

AT_ONCE = 2000
"""Cells that are written by one statement."""
PACKED = ("silences", "ended", "waits")
_VALUES: dict[Dimension, Callable[[Fact], Hashable]] = {
    Dimension.all: lambda _: "",
    Dimension.service: attrgetter("service_id"),
    Dimension.channel: attrgetter("channel"),
    Dimension.language: attrgetter("language"),
    Dimension.kind: attrgetter("kind"),
}


@dataclass(frozen=True, slots=True)
class Deltas:
    """What is to be added to cells.

    `counts` has a row for each of `keys` and a column for each of `SUMMED`. `places`: for each of `PACKED` in order of
    cell and place, which cell, which place, and how many.
    """

    keys: list[Key]
    counts: Any
    places: list[tuple[Any, Any, Any]]


def tally(
    changes: Sequence[tuple[int, Fact]], above: Mapping[UUID, Kept], zone: ZoneInfo, oldest: date
) -> Deltas | None:
    """What cases add to cells (1), or take from them (-1). `above`: the offices with cells that each hangs under.

    Weeks before `oldest` are left out. None where nothing is to be added.
    """
    import numpy

    concerned = [(sign, fact) for sign, fact in changes if above.get(fact.office_id)]
    if not concerned:
        return None
    cases, naming = _Cases.of(concerned), _Naming()
    pairs = _pairs(concerned, above)
    values = {dimension: _coded([of(fact) for _, fact in concerned]) for dimension, of in _VALUES.items()}
    codes, rows, places = [], [], []
    for grain in Grain:
        firsts, starts = _periods(grain, int(cases.received.min()), int(cases.received.max()), zone)
        period = numpy.searchsorted(starts, cases.received, "right") - 1
        place = numpy.where(cases.waits, (cases.received - starts[period]) // HOUR, cases.bucket)
        kept = numpy.array([grain is Grain.month or first >= oldest for first in firsts])[period]
        for dimension in Dimension:
            offices, office, row = pairs[dimension is Dimension.all]
            office, row = office[kept[row]], row[kept[row]]
            named, value = values[dimension]
            start = naming.add(grain, dimension, offices, firsts, [written(one) for one in named])
            codes.append(start + (office * len(firsts) + period[row]) * len(named) + value[row])
            rows.append(row)
            places.append(place[row])
    return _summed(cases, naming, *(numpy.concatenate(one) for one in (codes, rows, places)))


@dataclass(frozen=True, slots=True)
class _Cases:
    """Columns of cases. `part`: which of `PACKED` each is counted in; `flags`: which of `SUMMED` it adds to."""

    sign: Any
    received: Any
    waits: Any
    part: Any
    bucket: Any
    flags: Any

    @staticmethod
    def of(changes: Sequence[tuple[int, Fact]]) -> "_Cases":
        import numpy

        def column(values: Iterator[int]) -> Any:
            return numpy.fromiter(values, numpy.int64, len(changes))

        silence = column(-1 if fact.silence is None else fact.silence for _, fact in changes)
        ended = column(-1 if fact.ended is None else fact.ended for _, fact in changes)
        answered, waits = silence >= 0, (silence < 0) & (ended < 0)
        part = numpy.where(answered, 0, numpy.where(waits, 2, 1))
        signs = column(fact.signs for _, fact in changes)
        late = column(fact.late for _, fact in changes) & waits
        named = {"n": numpy.ones(len(changes), numpy.int64), "answered": answered, "waiting": waits, "late": late}
        named |= {name: (signs & int(Sign[name])) != 0 for name in COUNTED}
        return _Cases(
            column(sign for sign, _ in changes),
            column(fact.received for _, fact in changes),
            waits,
            part,
            buckets(numpy.maximum(0, numpy.where(answered, silence, ended))),
            numpy.array([named[name] for name in SUMMED], numpy.int64),
        )


class _Naming:
    """Numbers for cells, and back to what they are of."""

    def __init__(self) -> None:
        self.starts = [0]
        self.of: list[tuple[Grain, Dimension, Sequence[UUID], Sequence[date], Sequence[str]]] = []

    def add(
        self, grain: Grain, dimension: Dimension, offices: Sequence[UUID], firsts: Sequence[date], values: Sequence[str]
    ) -> int:
        """The first number of cells of these."""
        self.of.append((grain, dimension, offices, firsts, values))
        self.starts.append(self.starts[-1] + len(offices) * len(firsts) * len(values))
        return self.starts[-2]

    def keys(self, numbers: Any) -> list[Key]:
        """What cells with these numbers, which are in order, are of."""
        import numpy

        found = []
        edges = numpy.searchsorted(numbers, self.starts).tolist()
        for place, (grain, dimension, offices, firsts, values) in enumerate(self.of):
            for number in (numbers[edges[place] : edges[place + 1]] - self.starts[place]).tolist():
                rest, value = divmod(number, len(values))
                office, first = divmod(rest, len(firsts))
                found.append(Key(offices[office], grain, dimension, values[value], firsts[first]))
        return found


def _periods(grain: Grain, first: int, last: int, zone: ZoneInfo) -> tuple[list[date], Any]:
    """The periods from that of one second to that of another: their first days and seconds."""
    import numpy

    day = next(since for kind, since, _ in periods_of(first, zone) if kind is grain)
    firsts, starts = [], []
    while (start := bounds(grain, day, zone)[0]) <= last:
        firsts.append(day)
        starts.append(start)
        day = after(grain, day)
    return firsts, numpy.array(starts, numpy.int64)


def _pairs(changes: Sequence[tuple[int, Fact]], above: Mapping[UUID, Kept]) -> dict[bool, tuple[list[UUID], Any, Any]]:
    """Offices with sums of all (True), and by each dimension (False); to which of them which case adds, as arrays."""
    import numpy

    at, own = _coded([fact.office_id for _, fact in changes])
    found = {}
    for whole in (True, False):
        numbers: dict[UUID, int] = {}
        lists = [
            [numbers.setdefault(one, len(numbers)) for one in (above[office].whole if whole else above[office].split)]
            for office in at
        ]
        n = numpy.array([len(one) for one in lists])
        flat = numpy.fromiter(chain.from_iterable(lists), numpy.int64, n.sum())
        many = n[own]
        row = numpy.repeat(numpy.arange(len(own)), many)
        within = numpy.arange(len(row)) - numpy.repeat(numpy.cumsum(many) - many, many)
        found[whole] = list(numbers), flat[(numpy.cumsum(n) - n)[own][row] + within], row
    return found


def _coded(values: Sequence[Any]) -> tuple[list[Any], Any]:
    """Different values, and which of them each is."""
    import numpy

    numbers: dict[Any, int] = {}
    for one in values:
        if one not in numbers:
            numbers[one] = len(numbers)
    return list(numbers), numpy.fromiter(map(numbers.__getitem__, values), numpy.int64, len(values))


def _summed(cases: _Cases, naming: _Naming, codes: Any, rows: Any, places: Any) -> Deltas | None:
    import numpy

    numbers, cell = numpy.unique(codes, return_inverse=True)
    sign = cases.sign[rows]
    counts = numpy.array([numpy.bincount(cell, sign * flag[rows], len(numbers)) for flag in cases.flags]).T.astype(
        numpy.int64
    )
    found, at = numpy.unique((cases.part[rows] * len(numbers) + cell) << 16 | places, return_inverse=True)
    many = numpy.bincount(at, sign, len(found)).astype(numpy.int64)
    found, many = found[many != 0], many[many != 0]
    parts, within = numpy.divmod(found >> 16, len(numbers))
    touched = numpy.asarray(counts.any(axis=1))
    touched[within] = True
    if not touched.any():
        return None
    moved = numpy.cumsum(touched) - 1
    edges = numpy.searchsorted(parts, range(len(PACKED) + 1))
    return Deltas(
        naming.keys(numbers[touched]),
        counts[touched],
        [
            (moved[within[start:end]], found[start:end] & 0xFFFF, many[start:end])
            for start, end in pairwise(edges.tolist())
        ],
    )


def apply(session: Session, deltas: Deltas, rest: Rest) -> None:
    """Add to the cells; one that is of no case any more goes."""
    import numpy

    table = FigureCell.__table__  # type: ignore[attr-defined]
    columns = ("id", *Key._fields, *SUMMED, *PACKED)
    for first in range(0, len(deltas.keys), AT_ONCE):
        keys = deltas.keys[first : first + AT_ONCE]
        ids, counts = [key.id for key in keys], deltas.counts[first : first + AT_ONCE].tolist()
        held = {row[0]: row[1:] for row in bulk.fetch(session, table, ("id", *PACKED), "id", ids)}
        packed = []
        for part, (whose, places, many) in enumerate(deltas.places):
            start, end = numpy.searchsorted(whose, (first, first + AT_ONCE))
            before = [held[one][part] if one in held else b"" for one in ids]
            packed.append(merge(before, whose[start:end] - first, places[start:end], many[start:end]))
        rows = [(one, *key, *added, *rest) for one, key, added, *rest in zip(ids, keys, counts, *packed, strict=True)]
        bulk.upsert(session, table, columns, rows, added=SUMMED, replaced=PACKED)
        if fewer := [one for one, added in zip(ids, counts, strict=True) if added[0] < 0]:
            session.execute(delete(table).where(among(session, table.c.id, fewer), table.c.n == 0))
        rest()
