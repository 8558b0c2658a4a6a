"""What a dashboard of an office stands on: the office with all below it, the offices next below, and who is worst.

All of it is read from the figure tables (`reports.tables`), so it costs what is shown and not what is stored. Periods
begin on a Monday and run to the moment the tables stand at, or are months that are over.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, not_, select
from sqlmodel import Session, col

from core.sets import one_of_given
from domain.catalogue import Catalogue
from domain.figures import FigureCase, FigureTree
from domain.visibility import Viewer
from reports import changes, scores, tables
from reports.cells import Dimension, Grain
from reports.changes import Change, Week
from reports.facts import runs, seconds_of
from reports.periods import periods
from reports.reading import Reading
from reports.scores import Order, Rank
from reports.tallies import Tally, tallies
from reports.weeks import last_mondays, monday_of, start_of

LISTED = 40
"""Offices of the ranked list."""
TREND, COMPARED = 26, 60
"""Weeks that are over in a trend; offices next below whose weeks are compared."""
COLUMNS = 12
"""Services that the table of offices and services shows."""


Of = TypeVar("Of")


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard. `whole` None: nobody wrote. `until` None: to this moment; else it looks back on months, and neither
    ranks nor tells what changed. `weeks`: of the whole, oldest first, those that are over; or those months.

    `below`: the offices next below with all under them, those with most people past their target first. `ranked`:
    offices by themselves, in the order asked for; `latest`: by those past their target. `heat`: by office next below
    and service; `services` in the order of their cases. 90th percentiles are known of the whole alone.
    """

    office_id: UUID
    as_of: datetime
    since: datetime
    until: datetime | None
    whole: Reading | None
    before: Reading | None
    weeks: Sequence[tuple[date, Reading]]
    below: Mapping[UUID, Tally]
    ranked: Sequence[Rank]
    latest: Sequence[Rank]
    heat: Mapping[UUID, Mapping[UUID, Tally]]
    services: Sequence[UUID]
    by_service: Mapping[UUID, Reading]
    changed: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Period:
    """The week that runs and `weeks` before it; or the months from `first` to before `after`, first days of months."""

    weeks: int = 0
    first: date | None = None
    after: date | None = None


def board(
    session: Session, who: Viewer, known: Catalogue, office_id: UUID, period: Period, zone: ZoneInfo, order: Order
) -> Board | None:
    """The dashboard of an office; None before the tables are made."""
    at = tables.as_of(session)
    if at is None:
        return None
    until: datetime | None = None
    after: date | None = None
    if period.first is not None and period.after is not None:
        first, after, earlier = period.first, period.after, None
        grain, firsts = Grain.month, _months(period.first, period.after)
        since, until, every = start_of(first, zone), start_of(after, zone), firsts
    else:
        running = monday_of(at, zone)
        first, earlier = running - timedelta(weeks=period.weeks), running - timedelta(weeks=2 * period.weeks)
        grain, firsts = Grain.week, last_mondays(TREND, at, zone)
        since, every = start_of(first, zone), [*firsts, running]
    children = [one.id for one in known.children.get(office_id, ()) if tables.may_read(who, one.id)]
    now = children if until is None else []
    compared = [office_id, *now[:COMPARED]]
    read = periods(session, who, compared, grain, every)
    if read is None:
        return None
    series = read.each(session, office_id, firsts)
    each_weeks: dict[Hashable, Sequence[Week]] = {}
    if until is None:
        each_weeks = {at: _begun(weeks) for at, weeks in read.weeks(session, compared, firsts).items()}
    whole = read.run(session, office_id, first, after)
    by_service = tables.silence_of(
        session, who, [office_id], since=since, until=until, by=Dimension.service, medians=True
    )
    of_all = _by_service(by_service.get(office_id, {}))
    below = tallies(session, who, children, since=since, until=until)
    heat = tallies(session, who, children, since=since, until=until, by=Dimension.service)
    late = scores.late_of(session, children)
    latest = scores.ranked(session, who, root=office_id, order=Order.late, limit=LISTED) if now else []
    ranked = latest
    if now and order is not Order.late:
        ranked = scores.ranked(session, who, root=office_id, order=order, limit=LISTED)
    return Board(
        office_id=office_id,
        as_of=at,
        since=since,
        until=until,
        whole=whole,
        before=None if earlier is None else read.run(session, office_id, earlier, first, medians=True),
        weeks=list(zip(firsts, series, strict=False)),
        below={
            office: below[office][""]
            for office in sorted(below, key=lambda one: (-late.get(one, 0), -below[one][""].n, one))
        },
        ranked=ranked,
        latest=latest,
        heat={office: _by_service(parts) for office, parts in heat.items()},
        services=sorted(of_all, key=lambda service: -of_all[service].silence.n)[:COLUMNS],
        by_service=of_all,
        changed=changes.chosen(changes.changes(each_weeks), office_id),
    )


def _months(first: date, after: date) -> list[date]:
    found = [first]
    while (following := month_after(found[-1])) < after:
        found.append(following)
    return found


def month_after(day: date) -> date:
    """The first day of the month after a day's."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _by_service(parts: Mapping[str, Of]) -> dict[UUID, Of]:
    return {UUID(value): one for value, one in parts.items() if value}


def _begun(weeks: Sequence[Week]) -> Sequence[Week]:
    """Weeks from the first in which anybody wrote on: before that there was no such office, or no such program."""
    return weeks[next((at for at, one in enumerate(weeks) if one.n), len(weeks)) :]


def of_service(session: Session, who: Viewer, known: Catalogue, found: Board, service_id: UUID) -> dict[UUID, Reading]:
    """How the office of a dashboard did with one service in its time, and each office next below with all under it."""
    offices = [found.office_id, *(one.id for one in known.children.get(found.office_id, ()))]
    read = tables.silence_of(session, who, offices, since=found.since, until=found.until, by=Dimension.service)
    return {office: parts[service_id.hex] for office, parts in read.items() if service_id.hex in parts}


def coming(session: Session, known: Catalogue, office_id: UUID, before: datetime) -> int:
    """How many who wait there, and below, pass their target before a moment if nobody answers; of those not past it."""
    due = (runs(), not_(col(FigureCase.late)), col(FigureCase.target) <= seconds_of(before))  # as the index has it
    query = select(func.count()).select_from(FigureCase).where(*due)
    if len(known.subtree(office_id)) < len(known.offices):
        query = query.join(FigureTree, col(FigureTree.office_id) == col(FigureCase.office_id))
        query = query.where(one_of_given(FigureTree.above_id, "offices"))
    return session.scalars(query, {"offices": frozenset({office_id})}).one()
