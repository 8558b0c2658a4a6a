"""A small government to escalate in: three tiers, an integrity office, and everybody a ladder can name."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from channels.values import Channel
from core.ids import new_id, new_reference
from domain import catalogue
from domain.case import Case
from domain.office import Office
from domain.policy import Calendar, Policy
from domain.service import Service
from domain.staff import Staff, StaffRole
from domain.states import CaseState, EntryKind, OfficeFunction, Role, Tier
from domain.timeline import append

LADDER: list[dict[str, object]] = [
    {"share": 0.5, "tell": "officer"},
    {"share": 0.8, "tell": "supervisor"},
    {"share": 1.0, "tell": "parent_office"},
    {"share": 2.0, "tell": "leadership"},
]
WEEK = {str(day): [["08:00", "12:00"], ["13:00", "16:30"]] for day in range(5)}
OTHER_WEEK = {str(day): [["09:00", "17:00"]] for day in (6, 0, 1, 2, 3)}

# office code -> parent, function
OFFICES = {
    "NAT": (None, OfficeFunction.leadership),
    "REG": ("NAT", OfficeFunction.service),
    "DST": ("REG", OfficeFunction.service),
    "FAR": ("NAT", OfficeFunction.service),
    "TRI": ("NAT", OfficeFunction.triage),
    "INT": (None, OfficeFunction.integrity),
}
STAFF = {
    "olga": [(Role.officer, "DST")],
    "omar": [(Role.officer, "DST")],
    "sara": [(Role.supervisor, "DST")],
    "hana": [(Role.head, "DST")],
    "rami": [(Role.head, "REG")],
    "nora": [(Role.head, "NAT")],
    "lena": [(Role.leadership, "NAT")],
    "tara": [(Role.triage, "TRI")],
    "ines": [(Role.integrity, "INT")],
    "igor": [(Role.integrity, "INT"), (Role.head, "INT")],
    "adam": [(Role.admin, "NAT")],
}


@dataclass
class World:
    """Ids by code and by name."""

    offices: dict[str, UUID] = field(default_factory=dict)
    staff: dict[str, UUID] = field(default_factory=dict)
    services: dict[str, UUID] = field(default_factory=dict)

    def names(self, ids: list[str]) -> set[str]:
        """Names of staff ids."""
        return {name for name, staff_id in self.staff.items() if str(staff_id) in ids}


def build(session: Session, **policy: Any) -> World:
    """Fill an empty installation; `policy` changes columns of the one policy."""
    world = World()
    home = Calendar(name="a: home", time_zone="Europe/Tirane", week=WEEK)
    abroad = Calendar(name="b: far", time_zone="Asia/Dhaka", week=OTHER_WEEK)
    session.add_all([home, abroad])
    session.flush()
    for code, (parent, function) in OFFICES.items():
        office = Office(
            code=code,
            names={"en": code},
            tier=Tier.national if parent is None else Tier.region if parent == "NAT" else Tier.district,
            function=function,
            parent_id=world.offices[parent] if parent else None,
            calendar_id=abroad.id if code == "FAR" else home.id,
        )
        world.offices[code] = office.id
        session.add(office)
        session.flush()
    for name, roles in STAFF.items():
        person = Staff(name=name, email=f"{name}@example.org", email_index=name, password_hash="x")
        world.staff[name] = person.id
        session.add(person)
        session.flush()
        session.add_all(
            StaffRole(staff_id=person.id, office_id=world.offices[office], role=role) for role, office in roles
        )
    service = Service(code="passport", names={"en": "Passport"})
    world.services["passport"] = service.id
    values: dict[str, Any] = {
        "targets": {"first_response": 15.0, "reply_due": 7.5, "resolution": 75.0, "acceptance": 7.5},
        "ladder": LADDER,
        "pause_days": 3,
        **policy,
    }
    session.add_all([service, Policy(name="Standard", **values)])
    catalogue.touch(session)
    session.flush()
    catalogue.forget()
    return world


def new_case(session: Session, office_id: UUID, at: datetime, **changes: Any) -> Case:
    """A case that has just been received, flushed; its clocks are not started."""
    values: dict[str, Any] = {
        "id": new_id(),
        "reference": new_reference(),
        "state": CaseState.open,
        "channel": Channel.sms,
        "language": "en",
        "text": "The bridge is closed.",
        "office_id": office_id,
        "routing_method": "rule",
        "routing_reason": "place",
        "received_at": at,
        "opened_at": at,
        "updated_at": at,
        **changes,
    }
    case = Case(**values)
    session.add(case)
    session.flush()
    append(session, case, EntryKind.received, at, actor="citizen", body={"text": case.text, "channel": "sms"})
    return case
