"""Figures of offices by month or week of receipt, and of runs of these: read once, told in several ways.

As in `reports.tables`, whose sums and cases they are read from. 90th percentiles are told of runs only: of those who
write in one week there are too few for sums to say where it is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from domain.visibility import Viewer
from reports import cells, tables
from reports.cells import Dimension, Grain
from reports.changes import Week
from reports.reading import Asked, Part, Reading, estimate_all, joined
from reports.weeks import start_of

Parts = dict[UUID, dict[date, Part]]


@dataclass(frozen=True, slots=True)
class Periods:
    """What was read of some offices, each with all below it, by the first day of a period."""

    grain: Grain
    asked: Asked
    parts: Parts

    def each(self, session: Session, office_id: UUID, firsts: Sequence[date]) -> list[Reading]:
        """Figures of single periods of an office, in order, without 90th percentiles; none if it was not read.

        `silent_now`, `past_target` and `longest_*` are of this moment, so they are of those received in the period.
        """
        parts = self._estimated(session, [office_id], firsts).get(office_id, {})
        return [self._reading(office_id, day, parts[day]) for day in firsts if day in parts]

    def weeks(self, session: Session, office_ids: Sequence[UUID], firsts: Sequence[date]) -> dict[UUID, list[Week]]:
        """What of each office's periods is compared, in order. An office that was not read is left out."""
        found = self._estimated(session, office_ids, firsts)
        return {office: [_week(parts[day]) for day in firsts] for office, parts in found.items()}

    def _estimated(self, session: Session, office_ids: Sequence[UUID], firsts: Sequence[date]) -> Parts:
        mine = [office for office in office_ids if office in self.parts]
        found = {office: {day: self.parts[office][day] for day in firsts} for office in mine}
        estimate_all((part for parts in found.values() for part in parts.values()), medians=True)
        self._settle(session, found)
        return found

    def run(
        self, session: Session, office_id: UUID, first: date, last: date | None, *, medians: bool = False
    ) -> Reading | None:
        """Figures of those received from the first day of one period to before that of another; to now without it.

        With those who wait now and were received before it ends. `medians`: without them, and without the 90th
        percentile. None where there is nobody to tell of.
        """
        parts = [
            part for day, part in self.parts.get(office_id, {}).items() if first <= day and (last is None or day < last)
        ]
        asked = self._of(first, last)
        part = joined(parts)
        estimate_all([part], medians=medians)
        if not part.holds:
            part = tables.from_cases(session, [office_id], asked)[office_id].get("", Part())
        found = {office_id: {"": part}}
        if not medians:
            tables.add_waiting(session, [office_id], asked, found)
        estimate_all([part], medians=medians)
        return part.reading(office_id, "", asked) if part.counts["n"] or part.silent_now else None

    def _of(self, first: date, last: date | None) -> Asked:
        zone, asked = self.asked.zone, self.asked
        until = None if last is None else start_of(last, zone)
        return Asked(start_of(first, zone), until, asked.as_of, zone, asked.by, asked.below)

    def _reading(self, office: UUID, day: date, part: Part) -> Reading:
        part.silent_now, part.past_target = part.counts["waiting"], part.counts["late"]
        return part.reading(office, "", self._of(day, cells.after(self.grain, day)))

    def _settle(self, session: Session, found: Parts) -> None:
        """Read the cases of those periods that sums say too little of."""
        vague = {office: {day for day, part in parts.items() if not part.holds} for office, parts in found.items()}
        offices = [office for office, days in vague.items() if days]
        if not offices:
            return
        edges = tables.edges_of(self.grain, set[date]().union(*vague.values()), self.asked.zone)
        exact = tables.from_cases(session, offices, self.asked, edges)
        for office in offices:
            found[office] |= {day: exact[office].get(day.isoformat(), Part()) for day in vague[office]}
        estimate_all((part for parts in found.values() for part in parts.values()), medians=True)


def _week(part: Part) -> Week:
    counts, median = part.counts, part.survival.median
    failed = counts["missed"] + counts["late"]
    return Week(counts["n"], counts["met"] + failed, failed, median.seconds, median.low, median.high)


def periods(
    session: Session, who: Viewer, office_ids: Collection[UUID], grain: Grain, firsts: Collection[date]
) -> Periods | None:
    """Read the periods that begin on these days; None before the tables are made. An office that one may not look into
    is left out."""
    state = tables.stand(session)
    if state is None or state.as_of is None or not firsts:
        return None
    zone = ZoneInfo(state.zone)
    first, last = min(firsts), cells.after(grain, max(firsts))
    asked = Asked(start_of(first, zone), start_of(last, zone), state.as_of, zone, Dimension.all, below=True)
    mine = tables.readable(who, office_ids)
    found: Parts = {office: {day: Part() for day in firsts} for office in mine}
    kept = grain is Grain.month or first >= cells.first_week(state.as_of, zone)
    summed, rest = tables.sources(session, mine, asked, sums=kept)
    if summed:
        for row in session.execute(tables.cells_of(summed, grain, Dimension.all, first, last)):
            if row.since in found[row.office_id]:
                found[row.office_id][row.since].take_cell(row, asked)
    if rest:
        for office, parts in tables.from_cases(session, rest, asked, tables.edges_of(grain, firsts, zone)).items():
            found[office] |= {date.fromisoformat(day): part for day, part in parts.items() if day}
    return Periods(grain, asked, found)
