"""What our own visitors found at offices (mystery shoppers, quality audits): figures apart from those of citizens.

A visit is about the office that was visited, so nobody of that office or above it sees it until the integrity office
releases it; until then it is in no figure of theirs either.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean
from uuid import UUID

from sqlalchemy import and_
from sqlmodel import Session, col, select

from domain.case import Case, audited
from domain.catalogue import catalogue
from domain.timeline import TimelineEntry
from domain.visibility import Viewer, visible


@dataclass(slots=True)
class Visits:
    """Visits to one office. What a visitor left open is in no mean."""

    office_id: UUID
    n: int = 0
    waited: list[int] = field(default_factory=list)
    politeness: list[int] = field(default_factory=list)
    money: list[bool] = field(default_factory=list)
    references: list[str] = field(default_factory=list)

    @property
    def mean_waited(self) -> float | None:
        """Mean minutes waited."""
        return fmean(self.waited) if self.waited else None

    @property
    def mean_politeness(self) -> float | None:
        """Mean politeness, 1 to 5."""
        return fmean(self.politeness) if self.politeness else None

    @property
    def asked_for_money(self) -> int:
        """Visits at which somebody asked for money."""
        return sum(self.money)


def by_office(
    session: Session, who: Viewer, office_ids: Collection[UUID] | None, *, since: datetime, until: datetime
) -> list[Visits]:
    """Visits from `since` to before `until` by the office visited, most visits first; `office_ids` None means all."""
    known = catalogue(session)
    rows = session.exec(
        select(Case.reference, TimelineEntry.body)
        .join(TimelineEntry, and_(col(TimelineEntry.case_id) == col(Case.id), col(TimelineEntry.number) == 1))
        .where(
            visible(who),
            audited(),
            col(Case.received_at) >= since,
            col(Case.received_at) < until,
        )
        .order_by(col(Case.received_at).desc())
    )
    found: dict[UUID, Visits] = {}
    for reference, body in rows:
        visit = body.get("visit")
        if not isinstance(visit, Mapping):
            continue
        office = known.office_by_code.get(str(visit.get("office")))
        if office is None or (office_ids is not None and office.id not in office_ids):
            continue
        line = found.setdefault(office.id, Visits(office.id))
        line.n += 1
        line.references.append(reference)
        for name, values in (("waited", line.waited), ("politeness", line.politeness)):
            if isinstance(value := visit.get(name), int):
                values.append(value)
        if isinstance(asked := visit.get("money"), bool):
            line.money.append(asked)
    return sorted(found.values(), key=lambda line: (-line.n, str(line.office_id)))
