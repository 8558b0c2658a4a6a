"""A small government to test against: three tiers, two services, everybody one needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, event, insert
from sqlalchemy.orm import object_mapper
from sqlmodel import Session, SQLModel, col, func, select

from core.ids import new_id, new_reference
from core.settings import settings
from domain.case import Case
from domain.office import Office
from domain.outbox import OutboundMessage
from domain.policy import Calendar, Policy
from domain.service import Jurisdiction, Service
from domain.staff import Staff, StaffRole, email_index
from domain.states import CaseState, OfficeFunction, OutboxState, Role, Tier
from domain.visibility import Viewer, viewer

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday, ten in the morning in Tirana."""
WEEK = {str(day): [["08:00", "12:00"], ["13:00", "16:30"]] for day in range(5)}


@dataclass(frozen=True)
class Government:
    """Ids by short name."""

    office: dict[str, UUID]
    service: dict[str, UUID]
    staff: dict[str, UUID]

    def viewer(self, session: Session, name: str, now: datetime = NOW) -> Viewer:
        """The viewer a member of staff is."""
        return viewer(session, self.staff[name], name, now=now)


_KEPT: dict[str, tuple[Government, list[tuple[Table, list[dict[str, Any]]]]]] = {}
"""The government as it was written first under a secret: writing rows takes a third of making them."""


def government(session: Session) -> Government:
    """Write it: GOV over WATER (region) over WAT1 and WAT2 (districts) and CIV1 (centre); TRIAGE and INTEG.

    The ids are the same in all tests of a process.
    """
    secret = settings().secret_key
    if secret not in _KEPT:
        known, made = _made(session)
        _KEPT[secret] = known, rows_of(made)
    else:
        known, rows = _KEPT[secret]
        for table, values in rows:
            session.execute(insert(table), values)
    return Government(dict(known.office), dict(known.service), dict(known.staff))


def rows_of(made: list[SQLModel]) -> list[tuple[Table, list[dict[str, Any]]]]:
    """What stands in the tables for objects that were flushed, in their order."""
    found: dict[Table, list[dict[str, Any]]] = {}
    for one in made:
        mapper = object_mapper(one)
        assert isinstance(mapper.local_table, Table)
        values = {column.key: getattr(one, mapper.get_property_by_column(column).key) for column in mapper.columns}
        found.setdefault(mapper.local_table, []).append(deepcopy(values))
    return list(found.items())


def _made(session: Session) -> tuple[Government, list[SQLModel]]:
    made: list[SQLModel] = []

    def add(row: SQLModel) -> None:
        made.append(row)
        session.add(row)

    calendar = Calendar(id=new_id(), name="Week", time_zone="Europe/Tirane", week=WEEK)
    add(calendar)
    session.flush()
    offices: dict[str, UUID] = {}
    for code, tier, parent, function, places in (
        ("GOV", Tier.national, None, OfficeFunction.leadership, []),
        ("TRIAGE", Tier.national, "GOV", OfficeFunction.triage, []),
        ("INTEG", Tier.national, "GOV", OfficeFunction.integrity, []),
        ("WATER", Tier.region, "GOV", OfficeFunction.service, []),
        ("WAT1", Tier.district, "WATER", OfficeFunction.service, ["Lumas/Лумас/লুমাস"]),
        ("WAT2", Tier.district, "WATER", OfficeFunction.service, ["Drenova"]),
        ("CIV1", Tier.service_centre, "GOV", OfficeFunction.service, []),
    ):
        office = Office(
            id=new_id(),
            code=code,
            names={"en": f"Office {code}"},
            tier=tier,
            function=function,
            parent_id=offices.get(parent) if parent else None,
            calendar_id=calendar.id if parent is None else None,
            places=places,
        )
        add(office)
        offices[code] = office.id
    services: dict[str, UUID] = {}
    for code, name in (("water", "Water supply"), ("passport", "Passports")):
        service = Service(id=new_id(), code=code, names={"en": name}, shared=code == "water")
        add(service)
        services[code] = service.id
    session.flush()
    for service_code, place, office_code in (
        ("water", "Lumas", "WAT1"),
        ("water", "Drenova", "WAT2"),
        ("water", "", "WATER"),
        ("passport", "", "CIV1"),
    ):
        add(
            Jurisdiction(
                service_id=services[service_code], places=[place] if place else [], office_id=offices[office_code]
            )
        )
    add(
        Policy(
            name="General",
            targets={"first_response": 16, "reply_due": 16, "resolution": 80, "acceptance": 8},
            ladder=[
                {"share": 0.5, "tell": "officer"},
                {"share": 0.8, "tell": "head"},
                {"share": 1.0, "tell": "parent_office"},
            ],
        )
    )
    staff: dict[str, UUID] = {}
    for name, role, office_code in (
        ("officer1", Role.officer, "WAT1"),
        ("head1", Role.head, "WAT1"),
        ("officer2", Role.officer, "WAT2"),
        ("head_water", Role.head, "WATER"),
        ("clerk", Role.officer, "CIV1"),
        ("triage", Role.triage, "TRIAGE"),
        ("integrity", Role.integrity, "INTEG"),
        ("minister", Role.leadership, "GOV"),
        ("auditor", Role.auditor, "GOV"),
        ("reviewer", Role.reviewer, "WATER"),
    ):
        person = Staff(
            id=new_id(),
            name=name,
            email=f"{name}@gov.example",
            email_index=email_index(f"{name}@gov.example"),
            password_hash="!",
        )
        add(person)
        add(StaffRole(staff_id=person.id, office_id=offices[office_code], role=role))
        staff[name] = person.id
    session.flush()
    return Government(offices, services, staff), made


@contextmanager
def told(engine: Engine | Connection) -> Iterator[list[str]]:
    """The statements a database is told meanwhile. The engine outlives the test, so the listening must end."""
    said: list[str] = []

    def listen(*given: Any) -> None:
        said.append(given[2])

    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", listen)


def soonest(session: Session, now: datetime) -> datetime | None:
    """When the next message may leave that a busy machine made late for its moment; None when none waits for one."""
    return session.exec(
        select(func.min(OutboundMessage.due_at)).where(
            col(OutboundMessage.state) == OutboxState.queued,
            col(OutboundMessage.due_at) <= now + timedelta(seconds=3),
        )
    ).one()


def plain_case(known: Government, office: str = "WAT1", **values: Any) -> Case:
    """An open case of an office, not yet in a session."""
    made: dict[str, Any] = {
        "id": new_id(),
        "reference": new_reference(),
        "state": CaseState.open,
        "channel": "web",
        "language": "en",
        "text": "No water",
        "office_id": known.office[office],
        "routing_method": "test",
        "routing_reason": "made by a test",
        "received_at": NOW,
        "opened_at": NOW,
        "updated_at": NOW,
        **values,
    }
    return Case(**made)
