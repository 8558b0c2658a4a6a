"""Reading rows for an export: step by step, narrowed to what was asked for and to what the viewer may see."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlmodel import Session, col

from cases.filters import Filter
from cases.persons import Redactor
from core.sets import one_of
from domain.catalogue import catalogue, name_of
from domain.office import Office
from domain.visibility import Viewer

STEP = 2_000
"""Rows that are read at once."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be exported: which rows, for whom, with the citizens' words as they are (`plain`) or redacted, by
    `without`."""

    who: Viewer
    chosen: Filter
    plain: bool
    now: datetime
    without: Redactor
    language: str = "en"

    def words(self, text: str | None, office_id: UUID | None, citizen_id: UUID | None) -> str | None:
        """A citizen's words as this export has them."""
        return text if self.plain or not text else self.without.words(text, office_id, citizen_id)

    def learn(self, citizens: Iterable[UUID | None]) -> None:
        """Look up at once whose words come next."""
        if not self.plain:
            self.without.learn(citizens)


def stepped(session: Session, query: Any, key: Any) -> Iterator[Sequence[Any]]:
    """The rows of a query, so many at a time, in order of a key that is the last of its columns."""
    last: UUID | None = None
    while True:
        found = session.execute((query if last is None else query.where(key > last)).order_by(key).limit(STEP)).all()
        if not found:
            return
        yield found
        last = found[-1][-1]
        session.expunge_all()


class Names:
    """Codes and names of offices and services, looked up once."""

    def __init__(self, session: Session, language: str) -> None:
        known = catalogue(session)
        self.offices = {one.id: (one.code, name_of(one, language)) for one in known.offices.values()}
        self.services = {one.id: (one.code, name_of(one, language)) for one in known.services.values()}

    def office(self, office_id: UUID | None) -> tuple[str | None, str | None]:
        return self.offices.get(office_id, (None, None)) if office_id else (None, None)

    def service(self, service_id: UUID | None) -> tuple[str | None, str | None]:
        return self.services.get(service_id, (None, None)) if service_id else (None, None)


def theirs(who: Viewer, office: Any) -> ColumnElement[bool]:
    """Of offices whose cases the viewer sees."""
    return true() if who.offices is None else one_of(office, who.offices)


def narrowed(chosen: Filter, office: Any, service: Any, at: Any, channel: Any) -> list[ColumnElement[bool]]:
    """What the filter asks of rows that are no cases: office and those of a tier, service, channel, period."""
    found: list[ColumnElement[bool]] = []
    if chosen.office_ids is not None:
        found.append(one_of(office, chosen.office_ids))
    if chosen.tiers is not None:
        found.append(office.in_(select(col(Office.id)).where(col(Office.tier).in_(chosen.tiers))))
    if chosen.service_ids is not None and service is not None:
        found.append(service.in_(chosen.service_ids))
    if chosen.channel is not None and channel is not None:
        found.append(channel == chosen.channel)
    since = max((one for one in (chosen.opened_from, chosen.since) if one is not None), default=None)
    until = min((one for one in (chosen.opened_before, chosen.until) if one is not None), default=None)
    if since is not None:
        found.append(at >= since)
    if until is not None:
        found.append(at < until)
    return found
