"""The figures of silence. Read only, and only of cases the viewer may see.

Silence is elapsed time, what the citizen lived: from the durable receipt of the message to the first human answer that
reached them (docs: "Silence, precisely"). Whoever has no answer is counted as still waiting, whatever the state of the
case; an unanswered case counts for the office that is accountable for it now. `now` may lie in the past: then the
figures are those that held at that moment, which is what makes one week comparable with the week before.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Text, case, cast
from sqlmodel import Session, col

from domain.case import Case
from domain.catalogue import catalogue
from domain.visibility import Viewer
from reports.samples import ALL, Sample, gather, together
from reports.survival import estimate
from reports.weeks import bounds, last_mondays

SMALL = 30
"""Below this many cases a quantile is shown with a warning and never makes a headline."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Silence of the `n` cases received in a period, in seconds; `answered` of them have an answer.

    `silent_now`, `past_target` and `longest_*` are about everybody who waits now, however long ago they wrote: a case
    does not leave the count by getting old. A quantile None was not reached: it is longer than `observed_seconds`.
    """

    n: int
    answered: int
    templated: int
    silent_now: int
    past_target: int
    longest_seconds: int | None
    longest_reference: str | None
    observed_seconds: float
    median_seconds: float | None
    median_low: float | None
    median_high: float | None
    p90_seconds: float | None
    p90_low: float | None
    p90_high: float | None

    @property
    def small(self) -> bool:
        """Too few cases for a quantile to mean much."""
        return self.n < SMALL


NOBODY = Silence(0, 0, 0, 0, 0, None, None, 0.0, None, None, None, None, None, None)
"""Where nobody wrote and nobody waits."""


@dataclass(frozen=True, slots=True)
class OfficeSilence:
    """The silence an office is accountable for."""

    office_id: UUID
    silence: Silence


@dataclass(frozen=True, slots=True)
class WeekSilence:
    """Silence of those who wrote in the week that begins on `monday`."""

    monday: date
    silence: Silence


def silence(
    session: Session,
    who: Viewer,
    office_ids: Collection[UUID] | None,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
) -> Silence:
    """Silence of cases received from `since` to before `until` as it stood at `now`; `office_ids` None means all."""
    found = gather(session, who, office_ids, ALL, since=since, until=until, now=now)
    return figures(next(iter(found.values()), Sample()))


def by_office(
    session: Session,
    who: Viewer,
    office_ids: Collection[UUID] | None = None,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
) -> list[OfficeSilence]:
    """Silence per accountable office, where most must be done first. Offices without a case are left out.

    In order of citizens past their target, then of all who wait, then of the median (not reached being longest), so
    that an office cannot climb the list by answering only what is easy.
    """
    found = gather(session, who, office_ids, col(Case.office_id), since=since, until=until, now=now)
    listed = [OfficeSilence(UUID(str(office)), figures(sample)) for office, sample in found.items()]
    offices = catalogue(session).offices

    def order(line: OfficeSilence) -> tuple[int, int, float, str]:
        one = line.silence
        longest = float("inf") if one.median_seconds is None and one.n else one.median_seconds or 0.0
        code = offices[line.office_id].code if line.office_id in offices else ""
        return (-one.past_target, -one.silent_now, -longest, code)

    return sorted(listed, key=order)


def weekly(
    session: Session,
    who: Viewer,
    office_ids: Collection[UUID] | None,
    *,
    weeks: int,
    now: datetime,
    zone: ZoneInfo,
) -> dict[UUID, list[Sample]]:
    """Samples of each office by week of receipt, oldest first, for the last `weeks` weeks that are over.

    They know nothing of `silent_now`: that is of this moment, not of a week.
    """
    edges = [bounds(monday, zone) for monday in last_mondays(weeks, now, zone)]
    number = case(*((col(Case.received_at) < end, index) for index, (_, end) in enumerate(edges)), else_=weeks)
    key = cast(col(Case.office_id), Text) + "/" + cast(number, Text)
    since, until = edges[0][0], edges[-1][1]
    found: dict[UUID, list[Sample]] = {}
    for place, sample in gather(
        session, who, office_ids, key, since=since, until=until, now=now, waiting=False
    ).items():
        office, _, index = str(place).partition("/")
        found.setdefault(UUID(office), [Sample() for _ in edges])[int(index)] = sample
    return found


def by_week(
    session: Session,
    who: Viewer,
    office_ids: Collection[UUID] | None,
    *,
    weeks: int,
    now: datetime,
    zone: ZoneInfo,
) -> list[WeekSilence]:
    """Silence by week of receipt, oldest first, for the last `weeks` weeks that are over."""
    return merged(weekly(session, who, office_ids, weeks=weeks, now=now, zone=zone), weeks, now, zone)


def merged(offices: Mapping[UUID, Sequence[Sample]], weeks: int, now: datetime, zone: ZoneInfo) -> list[WeekSilence]:
    """The weeks of all offices together, of what `weekly` gave."""
    return [
        WeekSilence(monday, figures(together(samples[index] for samples in offices.values())))
        for index, monday in enumerate(last_mondays(weeks, now, zone))
    ]


def usual_band(values: Collection[float | None]) -> tuple[float, float] | None:
    """Limits that weekly values usually stay in: mean ± 2.66 mean moving ranges (Shewhart's individuals chart).

    The last value is judged by those before it and takes no part. None with fewer than eight of these.
    """
    before = [value for value in list(values)[:-1] if value is not None]
    if len(before) < 8:
        return None
    mean = sum(before) / len(before)
    moving = sum(abs(one - other) for one, other in zip(before[1:], before, strict=False)) / (len(before) - 1)
    return max(0.0, mean - 2.66 * moving), mean + 2.66 * moving


def before(
    session: Session, who: Viewer, office_ids: Collection[UUID] | None, *, since: datetime, until: datetime
) -> Silence:
    """Silence of an earlier period as it stood when it ended; without its `silent_now`. For comparing."""
    found = gather(session, who, office_ids, ALL, since=since, until=until, now=until, waiting=False)
    return figures(next(iter(found.values()), Sample()))


def figures(sample: Sample) -> Silence:
    """The figures of one sample."""
    found = estimate(sample.answered, sample.silent)
    return Silence(
        n=found.n,
        answered=found.answered,
        templated=sample.templated,
        silent_now=sample.silent_now,
        past_target=sample.past_target,
        longest_seconds=sample.longest_seconds,
        longest_reference=sample.longest_reference,
        observed_seconds=found.observed_seconds,
        median_seconds=found.median.seconds,
        median_low=found.median.low,
        median_high=found.median.high,
        p90_seconds=found.p90.seconds,
        p90_low=found.p90.low,
        p90_high=found.p90.high,
    )
