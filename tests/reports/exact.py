"""Figures of silence counted from the cases themselves, by office and by week: what the tables are held against."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col

from domain.case import Case
from domain.catalogue import catalogue
from domain.visibility import Viewer
from reports.kpis import Silence, figures, silence
from reports.samples import gather
from reports.weeks import bounds, last_mondays


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


def by_office(
    session: Session,
    who: Viewer,
    office_ids: Collection[UUID] | None = None,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
) -> list[OfficeSilence]:
    """Silence per accountable office, those with most people past their target first; without those with no case."""
    found = gather(session, who, office_ids, col(Case.office_id), since=since, until=until, now=now)
    listed = [OfficeSilence(UUID(str(office)), figures(sample)) for office, sample in found.items()]
    offices = catalogue(session).offices

    def order(line: OfficeSilence) -> tuple[int, int, float, str]:
        one = line.silence
        longest = float("inf") if one.median_seconds is None and one.n else one.median_seconds or 0.0
        return (-one.past_target, -one.silent_now, -longest, offices[line.office_id].code)

    return sorted(listed, key=order)


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
    found = []
    for monday in last_mondays(weeks, now, zone):
        since, until = bounds(monday, zone)
        found.append(WeekSilence(monday, silence(session, who, office_ids, since=since, until=until, now=now)))
    return found


def before(
    session: Session, who: Viewer, office_ids: Collection[UUID] | None, *, since: datetime, until: datetime
) -> Silence:
    """Silence of an earlier period as it stood when it ended."""
    return silence(session, who, office_ids, since=since, until=until, now=until)
