"""A small government for the tests of figures and reviews: a ministry, two districts and the integrity office."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from channels.values import Channel
from core.ids import new_id, new_reference
from domain.case import Case
from domain.catalogue import catalogue, forget, touch
from domain.clock import Clock
from domain.office import Office
from domain.staff import Staff, StaffRole, email_index
from domain.states import CaseState, ClockKind, ClockState, EntryKind, IntakeSource, OfficeFunction, Role, Tier
from domain.timeline import append
from domain.visibility import Viewer, viewer_of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday, 10:00 in Tirana."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class World:
    """Makes rows and remembers offices and staff by code and name."""

    session: Session
    offices: dict[str, Office] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    roles: dict[str, set[tuple[Role, UUID]]] = field(default_factory=dict)

    def office(self, code: str, parent: str | None = None, function: OfficeFunction = OfficeFunction.service) -> Office:
        row = Office(
            code=code,
            names={"en": f"{code.title()} office"},
            tier=Tier.district if parent else Tier.national,
            function=function,
            parent_id=self.offices[parent].id if parent else None,
        )
        self.offices[code] = row
        self.session.add(row)
        self.session.flush()
        return row

    def person(self, name: str, *roles: tuple[Role, str]) -> Staff:
        email = f"{name}@velmora.example"
        row = Staff(name=name.title(), email=email, email_index=email_index(email), password_hash="none")
        self.staff[name] = row
        self.session.add(row)
        self.session.flush()
        self.roles[name] = {(role, self.offices[code].id) for role, code in roles}
        self.session.add_all(StaffRole(staff_id=row.id, office_id=at, role=role) for role, at in self.roles[name])
        self.session.flush()
        return row

    def who(self, name: str) -> Viewer:
        row = self.staff[name]
        return viewer_of(catalogue(self.session), row.id, row.name, frozenset(self.roles[name]))

    def case(
        self,
        office: str,
        ago: timedelta,
        answered_after: timedelta | None = None,
        *,
        deadline_after: timedelta | None = None,
        integrity: bool = False,
        about: str | None = None,
        about_staff: str | None = None,
        templated: bool = False,
        state: CaseState | None = None,
        now: datetime = NOW,
        source: IntakeSource = IntakeSource.citizen,
        visit: dict[str, object] | None = None,
    ) -> Case:
        received = now - ago
        answered = received + answered_after if answered_after is not None else None
        row = Case(
            reference=new_reference(),
            state=state or (CaseState.answered if answered else CaseState.open),
            channel=Channel.sms,
            language="en",
            text="The water has been off since Tuesday and nobody says why.",
            source=source,
            office_id=self.offices[office].id,
            integrity=integrity,
            about_office_id=self.offices[about].id if about else None,
            about_staff_id=self.staff[about_staff].id if about_staff else None,
            routing_method="place",
            routing_reason="The place named in the message.",
            received_at=received,
            opened_at=received,
            first_response_at=answered,
            first_response_templated=templated,
            updated_at=received,
        )
        self.session.add(row)
        self.session.flush()
        append(
            self.session,
            row,
            EntryKind.received,
            received,
            body={"text": row.text, "channel": "sms"} | ({"visit": visit} if visit else {}),
        )
        if deadline_after is not None:
            deadline = received + deadline_after
            ended = answered is not None
            self.session.add(
                Clock(
                    id=new_id(),
                    case_id=row.id,
                    kind=ClockKind.first_response,
                    entry=1,
                    state=(ClockState.met if answered and answered <= deadline else ClockState.missed)
                    if ended
                    else ClockState.running,
                    office_id=row.office_id,
                    started_at=received,
                    target_seconds=int(deadline_after.total_seconds()),
                    deadline_at=deadline,
                    ended_at=answered,
                )
            )
        self.session.flush()
        return row


def build(session: Session) -> World:
    """Offices MIN > NORTH, SOUTH and INTEG; a person of every role that reads figures."""
    world = World(session)
    world.office("MIN")
    world.office("NORTH", "MIN")
    world.office("SOUTH", "MIN")
    world.office("INTEG", "MIN", OfficeFunction.integrity)
    touch(session)
    session.flush()
    forget()
    world.person("minister", (Role.leadership, "MIN"))
    world.person("auditor", (Role.auditor, "MIN"))
    world.person("north_head", (Role.head, "NORTH"))
    world.person("north_officer", (Role.officer, "NORTH"))
    world.person("south_head", (Role.head, "SOUTH"))
    world.person("inspector", (Role.integrity, "INTEG"))
    return world
