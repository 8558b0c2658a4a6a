"""A dashboard narrowed to one service: what its page shows of all, of that service alone."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from domain.visibility import Viewer
from reports import tables
from reports.board import Board, Period
from reports.cells import Dimension
from reports.kpis import NOBODY
from reports.reading import Reading
from reports.weeks import bounds


def of_service(session: Session, who: Viewer, found: Board, service_id: UUID, period: Period, zone: ZoneInfo) -> Board:
    """The same office and weeks, of one service: nobody is ranked, and nothing stands beside it."""

    def read(since: datetime, until: datetime | None) -> Reading | None:
        every = tables.silence_of(session, who, [found.office_id], since=since, until=until, by=Dimension.service)
        of = every.get(found.office_id, {})
        return next((one for value, one in of.items() if value and UUID(value) == service_id), None)

    def week(monday: date, every: Reading) -> Reading:
        one = read(*bounds(monday, zone)) if every.silence.n else None
        return one or replace(every, silence=NOBODY, counts=dict.fromkeys(every.counts, 0))

    return replace(
        found,
        whole=read(found.since, found.until),
        before=read(found.since - timedelta(weeks=period.weeks), found.since),
        weeks=[(monday, week(monday, every)) for monday, every in found.weeks],
        below={},
        ranked=[],
        latest=[],
        heat={},
        services=[],
        by_service={},
        changed=[],
    )
