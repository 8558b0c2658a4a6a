"""What is read of an office in a period: the values, and how sums or cases become them. No query is made here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from cases.filters import Filter
from domain.catalogue import Catalogue
from domain.states import CaseKind
from reports import cells, remembered, sketch
from reports.cells import HOUR, SUMMED, Dimension, Grain
from reports.facts import COUNTED, seconds_of
from reports.kpis import Silence
from reports.survival import NOT_REACHED, Survival, estimates
from reports.weeks import start_of


@dataclass(frozen=True, slots=True)
class Reading:
    """Figures of one office (`below`: and all below it), of one value of a dimension, received in one period.

    `counts` are of the cases received in it: how many were answered in time (`met`) and late (`missed`), are overdue
    (`late`), `closed`, `reopened`, `appealed`, `upheld`, `bounced` now. `error` is how far median and 90th percentile
    can be from the exact ones, as a share of them; 0 is exact. `until` None: up to `as_of`.
    """

    office_id: UUID
    below: bool
    dimension: Dimension
    value: str
    since: datetime
    until: datetime | None
    as_of: datetime
    silence: Silence
    counts: Mapping[str, int]
    error: float

    @property
    def n(self) -> int:
        """Cases received."""
        return self.silence.n

    @property
    def due(self) -> int:
        """Of how many it is settled whether they were answered in time."""
        return self.counts["met"] + self.counts["missed"] + self.counts["late"]

    @property
    def failed(self) -> int:
        """Answered late, or overdue."""
        return self.counts["missed"] + self.counts["late"]

    def filter(self, known: Catalogue) -> Filter:
        """What leads to its cases, as far as a list can be narrowed to them: by language it cannot."""
        return Filter(
            office_ids=known.subtree(self.office_id) if self.below else frozenset({self.office_id}),
            service_ids=frozenset({UUID(self.value)}) if self.dimension is Dimension.service and self.value else None,
            channel=self.value if self.dimension is Dimension.channel else None,
            kind=CaseKind(self.value) if self.dimension is Dimension.kind else None,
            opened_from=self.since,
            opened_before=self.until,
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """A period and a way of splitting, as at one moment."""

    since: datetime
    until: datetime | None
    as_of: datetime
    zone: ZoneInfo
    by: Dimension
    below: bool

    @property
    def start(self) -> int:
        """The first second of the period."""
        return seconds_of(self.since)

    @property
    def end(self) -> int:
        """The second before which cases were received."""
        end = seconds_of(self.as_of) + 1
        return end if self.until is None else min(end, seconds_of(self.until))

    @property
    def now(self) -> int:
        """The second as at which it is read."""
        return seconds_of(self.as_of)

    @property
    def kept(self) -> tuple[Grain, date, date] | None:
        """The sums it can be read from, from the first day to before the last; None where its ends are not theirs."""
        first = self.since.astimezone(self.zone)
        to = self.until.astimezone(self.zone) if self.until is not None and self.until < self.as_of else None
        if any(day is not None and start_of(day.date(), self.zone) != day for day in (first, to)):
            return None
        last = to.date() if to else date.max
        if first.day == 1 and (to is None or to.day == 1):
            return Grain.month, first.date(), last
        recent = first.date() >= cells.first_week(self.as_of, self.zone)
        if recent and first.weekday() == 0 and (to is None or to.weekday() == 0):
            return Grain.week, first.date(), last
        return None

    @property
    def ends_with_month(self) -> date | None:
        """The first day of the month that it ends before, where it does."""
        end = None if self.until is None else self.until.astimezone(self.zone)
        return end.date() if end is not None and end.day == 1 and start_of(end.date(), self.zone) == end else None


@dataclass(slots=True)
class Part:
    """What was found of one value at one office: as sums, or as silences in seconds (arrays or lists).

    `found`: the estimate, and its error; None where it is worse than promised. `estimate_all` makes it.
    """

    sums: list[tuple[bytes, bytes]] = field(default_factory=list)
    waits: list[tuple[int, bytes]] = field(default_factory=list)
    answered: Any = ()
    silent: Any = ()
    summed: bool = False
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    silent_now: int = 0
    past_target: int = 0
    oldest: int | None = None
    reference: str | None = None
    found: tuple[Survival, float | None] | None = None

    def take_cell(self, row: Any, asked: Asked) -> None:
        """Add the sums of one period."""
        self.summed = True
        self.sums.append((row.silences, row.ended))
        if row.waits:
            self.waits.append((asked.now - cells.bounds(Grain(row.grain), row.since, asked.zone)[0], row.waits))
        for name in SUMMED:
            self.counts[name] += getattr(row, name)

    def recalled(self) -> bool:
        """Whether the median of one period's sums is known from before; then it is estimated."""
        made = remembered.recall(self.sums[0], self.waits) if len(self.sums) == 1 else None
        if made is not None:
            self.found = made.survival, made.error if made.holds else None
        return made is not None

    @property
    def holds(self) -> bool:
        """Whether the estimate is as good as promised; it must have been made."""
        return self.found is not None and self.found[1] is not None

    @property
    def survival(self) -> Survival:
        """The estimate; it must have been made."""
        if self.found is None:
            raise RuntimeError("a part is estimated before it is read")
        return self.found[0]

    def reading(self, office_id: UUID, value: str, asked: Asked) -> Reading:
        """As a reading."""
        found, error = self.survival, self.found[1] if self.found is not None else None
        silence = Silence(
            n=found.n,
            answered=found.answered,
            templated=self.counts["templated"],
            silent_now=self.silent_now,
            past_target=self.past_target,
            longest_seconds=None if self.oldest is None else max(0, asked.now - self.oldest),
            longest_reference=self.reference,
            observed_seconds=found.observed_seconds,
            median_seconds=found.median.seconds,
            median_low=found.median.low,
            median_high=found.median.high,
            p90_seconds=found.p90.seconds,
            p90_low=found.p90.low,
            p90_high=found.p90.high,
        )
        counts = {name: self.counts[name] for name in ("n", "answered", "waiting", "late", *COUNTED)}
        return Reading(
            office_id,
            asked.below,
            asked.by,
            value,
            asked.since,
            asked.until,
            asked.as_of,
            silence,
            counts,
            error or 0.0,
        )


def joined(parts: Sequence[Part]) -> Part:
    """Parts of different cases as one, before it is known who waits. Either sums or cases are behind all of them."""
    import numpy

    made = Part(summed=any(part.summed for part in parts))
    for part in parts:
        made.sums += part.sums
        made.waits += part.waits
        for name, count in part.counts.items():
            made.counts[name] += count
    single = [part for part in parts if not part.summed]
    if single and not made.summed:
        made.answered = numpy.concatenate([part.answered for part in single])
        made.silent = numpy.concatenate([part.silent for part in single])
    return made


def estimate_all(parts: Iterable[Part], *, medians: bool = False) -> None:
    """Estimate all parts that are not yet, at once; `medians` leaves 90th percentiles out, and their errors."""
    new = [part for part in parts if part.found is None and not (medians and part.recalled())]
    summed, single = [part for part in new if part.summed], [part for part in new if not part.summed]
    if summed:
        for part, made in zip(summed, _from_sums(summed, medians=medians), strict=True):
            part.found = made.survival, made.error if made.holds else None
            if medians and len(part.sums) == 1:
                remembered.keep(part.sums[0], part.waits, made)
    for part, exact in zip(single, estimates([(part.answered, part.silent) for part in single]), strict=True):
        part.found = replace(exact, p90=NOT_REACHED) if medians else exact, 0.0


def _from_sums(parts: Sequence[Part], *, medians: bool) -> list[sketch.Estimated]:
    import numpy

    whose = [number for number, part in enumerate(parts) for _ in part.sums]
    answered, ended = (sketch.unpacked([pair[of] for part in parts for pair in part.sums], whose) for of in (0, 1))
    waits = [(number, age, packed) for number, part in enumerate(parts) for age, packed in part.waits]
    of, hour, count = sketch.unpacked([packed for _, _, packed in waits], range(len(waits)))
    ages, whose_waits = (numpy.array([one[at] for one in waits], numpy.int64) for at in (1, 0))
    low = ages[of] - HOUR * (hour + 1) + 1
    return sketch.estimates(len(parts), answered, ended, (whose_waits[of], low, low + HOUR - 1, count), medians=medians)
