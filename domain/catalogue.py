"""The catalogue: offices, services, routing table, policies and calendars as one immutable snapshot.

Rules work on it without the database. Each process keeps one and looks at the revision at most every `FRESH` seconds;
whoever changes a table of it calls `touch` in the same transaction.
"""

import copy
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast
from uuid import UUID

from sqlmodel import Session, col, select

from domain.access import CatalogueRevision
from domain.office import Office
from domain.policy import Calendar, Policy
from domain.service import Area, Jurisdiction, Service
from domain.states import OfficeFunction

FRESH = 2.0


@dataclass(frozen=True, slots=True)
class Outline:
    """An area as a snapshot keeps it: its geometry stays GeoJSON text, for a parsed one takes ten times the memory."""

    id: UUID
    code: str
    names: dict[str, str]
    geojson: str


def outline(area: Area) -> Outline:
    """An area as a snapshot keeps it."""
    return Outline(area.id, area.code, area.names, json.dumps(area.geometry, separators=(",", ":")))


@dataclass(frozen=True)
class Catalogue:
    """Snapshot of what changes rarely. Rows are detached and must not be changed. `areas` are the active ones."""

    revision: int
    offices: dict[UUID, Office]
    services: dict[UUID, Service]
    jurisdictions: tuple[Jurisdiction, ...]
    policies: tuple[Policy, ...]
    calendars: dict[UUID, Calendar]
    areas: dict[UUID, Outline] = field(default_factory=dict)
    loaded_at: float = field(default=0.0, compare=False)
    worked_out: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What rules made of it, kept as long as it holds; a changed copy begins with none."""

    @cached_property
    def office_by_code(self) -> dict[str, Office]:
        """Active offices by upper-case code."""
        return {office.code.upper(): office for office in self.offices.values() if office.active}

    @cached_property
    def service_by_code(self) -> dict[str, Service]:
        """Active services by code."""
        return {service.code: service for service in self.services.values() if service.active}

    @cached_property
    def office_by_any_code(self) -> dict[str, Office]:
        """Offices by code as it is written, also those that were closed."""
        return {office.code: office for office in self.offices.values()}

    @cached_property
    def service_by_any_code(self) -> dict[str, Service]:
        """Services by code, also those that were retired."""
        return {service.code: service for service in self.services.values()}

    @cached_property
    def children(self) -> dict[UUID | None, list[Office]]:
        """Offices under each parent."""
        found: dict[UUID | None, list[Office]] = {}
        for office in sorted(self.offices.values(), key=lambda office: office.code):
            found.setdefault(office.parent_id, []).append(office)
        return found

    def chain(self, office_id: UUID) -> Iterator[Office]:
        """The office and those above it, nearest first."""
        current: UUID | None = office_id
        seen: set[UUID] = set()
        while current is not None and current in self.offices and current not in seen:
            seen.add(current)
            yield self.offices[current]
            current = self.offices[current].parent_id

    def subtree(self, office_id: UUID) -> frozenset[UUID]:
        """The office and all below it. The same set each time, so that what is made of it can be kept."""
        kept = self.worked_out.get(("subtree", office_id))
        if kept is None:
            kept = self.worked_out["subtree", office_id] = self._subtree(office_id)
        return cast(frozenset[UUID], kept)

    def _subtree(self, office_id: UUID) -> frozenset[UUID]:
        found, waiting = set(), [office_id]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(child.id for child in self.children.get(current, ()))
        return frozenset(found)

    def with_function(self, function: OfficeFunction) -> Office | None:
        """The first active office with that function (triage, integrity, leadership)."""
        return next(
            (o for o in sorted(self.offices.values(), key=lambda o: o.code) if o.active and o.function == function),
            None,
        )

    def calendar(self, office_id: UUID) -> Calendar | None:
        """The calendar of the office or of the nearest office above it that has one."""
        for office in self.chain(office_id):
            if office.calendar_id is not None and office.calendar_id in self.calendars:
                return self.calendars[office.calendar_id]
        return next(iter(self.calendars.values()), None)

    def name(self, office_id: UUID | None, language: str = "en") -> str:
        """Name of an office in a language, else in English, else its code."""
        office = self.offices.get(office_id) if office_id else None
        return name_of(office, language) if office else ""


def name_of(row: Office | Service | Area | Outline, language: str) -> str:
    """Name of an office, service or area in a language, else in English, else its code."""
    return row.names.get(language) or row.names.get("en") or row.code


_lock = threading.Lock()
_kept: dict[str, Catalogue] = {}


def catalogue(session: Session) -> Catalogue:
    """The current snapshot for this session's database; costs no query while it is fresh."""
    key = str(session.get_bind().engine.url)
    kept = _kept.get(key)
    if kept is not None and time.monotonic() - kept.loaded_at < FRESH:
        return kept
    revision = session.exec(select(CatalogueRevision.number)).first() or 0
    if kept is None or kept.revision != revision:
        kept = _load(session, revision)
    fresh = copy.copy(kept)  # with all that was worked out from it so far
    object.__setattr__(fresh, "loaded_at", time.monotonic())
    with _lock:
        _kept[key] = fresh
    return fresh


def touch(session: Session) -> None:
    """Count a change, so that every process loads the catalogue anew."""
    row = session.exec(select(CatalogueRevision).with_for_update()).first() or CatalogueRevision(id=1, number=0)
    row.number += 1
    session.add(row)
    forget()


def forget() -> None:
    """Drop this process's snapshots."""
    with _lock:
        _kept.clear()


def _load(session: Session, revision: int) -> Catalogue:
    # in order of creation: PostgreSQL gives rows that were changed later last, and menus are numbered
    offices = {row.id: row for row in session.exec(select(Office).order_by(col(Office.id)))}
    services = {row.id: row for row in session.exec(select(Service).order_by(col(Service.id)))}
    calendars = {row.id: row for row in session.exec(select(Calendar).order_by(col(Calendar.name)))}
    loaded = Catalogue(
        revision,
        offices,
        services,
        tuple(session.exec(select(Jurisdiction).order_by(col(Jurisdiction.id)))),
        tuple(session.exec(select(Policy).order_by(col(Policy.id)))),
        calendars,
        {
            area_id: Outline(area_id, code, names, json.dumps(geometry, separators=(",", ":")))
            for area_id, code, names, geometry in session.execute(
                select(Area.id, Area.code, Area.names, Area.geometry)
                .where(col(Area.active).is_(True))
                .order_by(col(Area.code))
            )
        },
    )
    for row in (*offices.values(), *services.values(), *calendars.values(), *loaded.jurisdictions, *loaded.policies):
        session.expunge(row)
    return loaded
