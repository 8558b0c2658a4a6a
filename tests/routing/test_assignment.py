"""Who in the office takes it: least load, then longest without; never one the case is about."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import event
from sqlmodel import Session

from channels.values import Channel
from core.ids import new_id, new_reference
from domain.case import Case
from domain.catalogue import catalogue
from domain.staff import Staff, StaffRole
from domain.states import CaseState, Role
from routing.assignment import assign
from tests.conftest import Installation
from tests.routing.world import World, velmora

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def settle(session: Session) -> World:
    world = velmora()
    for row in world.offices.values():
        session.add(row)
        session.flush()
    return world


def hire(session: Session, office: UUID, role: Role = Role.officer, **more: object) -> UUID:
    staff = Staff(id=new_id(), name="Somebody", email="x@example.org", email_index=str(new_id()), password_hash="-")
    for name, value in more.items():
        setattr(staff, name, value)
    session.add(staff)
    session.flush()
    session.add(StaffRole(staff_id=staff.id, office_id=office, role=role))
    session.flush()
    return staff.id


def give(
    session: Session,
    office: UUID,
    staff: UUID,
    hours_ago: float,
    state: CaseState = CaseState.open,
    *,
    written: bool = True,
) -> None:
    at = NOW - timedelta(hours=hours_ago)
    session.add(
        Case(
            reference=new_reference(),
            state=state,
            channel=Channel.sms,
            language="en",
            text="-",
            office_id=office,
            assignee_id=staff,
            routing_method="classifier",
            routing_reason="-",
            received_at=at,
            opened_at=at,
            updated_at=at,
        )
    )
    if written:
        session.flush()


def test_least_load_then_longest_without(installation: Installation) -> None:
    with installation.database.write() as session:
        world = settle(session)
        office = world.offices["WAT1"].id
        busy, idle, newer = (hire(session, office) for _ in range(3))
        assert assign(session, office, NOW) == busy  # of equals the first
        give(session, office, busy, 1)
        give(session, office, idle, 5, CaseState.closed)
        give(session, office, newer, 2, CaseState.answered)
        assert assign(session, office, NOW) == idle  # none open, and the longest without one
        give(session, office, idle, 0.5, CaseState.closed)
        assert assign(session, office, NOW) == newer  # finished work counts for whose turn it is
        for _ in range(2):
            give(session, office, idle, 3)
            give(session, office, newer, 3, CaseState.waiting)
        assert assign(session, office, NOW) == busy


def test_cases_that_wait_to_be_written_count(installation: Installation) -> None:
    """A batch of new cases is written together, and still spread over the office."""
    with installation.database.write() as session:
        world = settle(session)
        office = world.offices["WAT1"].id
        first, second = (hire(session, office) for _ in range(2))
        catalogue(session)
        give(session, office, first, 2)
        give(session, office, second, 1, written=False)
        assert assign(session, office, NOW) == first  # as many open, and its last is older
        give(session, office, first, 0.5, written=False)
        assert assign(session, office, NOW) == second
        assert len(session.new) == 2  # nothing was written for the question
        waiting = [case for case in session.new if isinstance(case, Case)]
        session.flush()
        for case in waiting:
            case.state = CaseState.closed
        assert assign(session, office, NOW) == second  # what changed meanwhile is written first
        assert not session.dirty


def test_who_is_left_out(installation: Installation) -> None:
    with installation.database.write() as session:
        world = settle(session)
        office, above = world.offices["WAT1"].id, world.offices["WAT"].id
        hire(session, office, active=False)
        hire(session, office, Role.head)
        hire(session, above)
        assert assign(session, office, NOW) is None
        locked = hire(session, office, locked_until=NOW + timedelta(minutes=10))
        assert assign(session, office, NOW) == locked  # better late than nobody
        free = hire(session, office)
        give(session, office, free, 1)
        assert assign(session, office, NOW) == free
        assert assign(session, office, NOW, not_staff={free}) == locked
        session.add(StaffRole(staff_id=free, office_id=world.offices["CIV"].id, role=Role.head))
        session.flush()
        assert assign(session, office, NOW, about_office_id=world.offices["CIV1"].id) == locked


def test_triage_and_integrity(installation: Installation) -> None:
    with installation.database.write() as session:
        world = settle(session)
        hire(session, world.offices["TRI"].id)
        hire(session, world.offices["INT"].id)
        inspector = hire(session, world.offices["INT"].id, Role.integrity)
        assert assign(session, world.offices["TRI"].id, NOW) is None
        assert assign(session, world.offices["INT"].id, NOW) == inspector
        assert assign(session, new_id(), NOW) is None


def test_one_statement(installation: Installation) -> None:
    with installation.database.write() as session:
        world = settle(session)
        hire(session, world.offices["WAT1"].id)
        catalogue(session)
        said: list[str] = []
        event.listen(session.get_bind(), "before_cursor_execute", lambda *args: said.append(args[2]))
        assign(session, world.offices["WAT1"].id, NOW)
        assert len(said) == 1
