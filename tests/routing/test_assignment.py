"""Who in the office takes it: least load, then longest without; never one the case is about."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, select

from channels.values import Channel
from core.ids import new_id, new_reference
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import Citizen, ContactPoint
from domain.office import Office
from domain.staff import Absence, Staff, StaffRole
from domain.states import CaseState, Role
from routing.assignment import MORE_FOR_KNOWN, assign, local_day
from tests.builders import told
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
    of: ContactPoint | None = None,
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
            citizen_id=of.citizen_id if of else None,
            contact_point_id=of.id if of else None,
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
        with told(session.get_bind()) as said:
            assign(session, world.offices["WAT1"].id, NOW, citizen_id=new_id(), not_staff=[new_id()])
        assert len(said) == 1


@dataclass(frozen=True)
class Officer:
    """Somebody of the office. `open`: cases they have; `knows`: days since they had one of the citizen's, if ever."""

    open: int = 0
    away: bool = False
    stand_in: str = ""
    knows: int | None = None
    role: Role = Role.officer
    locked: bool = False


AWAY = Officer(away=True)
PEOPLE: dict[str, tuple[dict[str, Officer], str | None]] = {
    "the least loaded who is there": ({"a": AWAY, "b": Officer(5), "c": Officer(4)}, "c"),
    "whoever knows the citizen": ({"a": Officer(0), "b": Officer(2, knows=10)}, "b"),
    "unless they have too much": ({"a": Officer(0), "b": Officer(4, knows=10)}, "a"),
    "or knew them long ago": ({"a": Officer(0), "b": Officer(1, knows=100)}, "a"),
    "or are away": ({"a": Officer(3), "b": Officer(0, knows=1, away=True)}, "a"),
    "or locked": ({"a": Officer(3), "b": Officer(0, knows=1, locked=True)}, "a"),
    "of two who know them the one with less": ({"a": Officer(2, knows=1), "b": Officer(1, knows=50)}, "b"),
    "too much beside those who are there": ({"a": AWAY, "b": Officer(9, knows=1), "c": Officer(5)}, "c"),
    "nobody there: nobody": ({"a": AWAY, "b": AWAY}, None),
    "nobody there: the stand-in": (
        {"a": Officer(1, away=True, stand_in="h"), "b": Officer(3, away=True), "h": Officer(role=Role.head)},
        "h",
    ),
    "a stand-in who is away too is none": ({"a": Officer(away=True, stand_in="b"), "b": AWAY}, None),
    "with somebody there no stand-in": ({"a": Officer(away=True, stand_in="h"), "b": Officer(9), "h": AWAY}, "b"),
}


@pytest.fixture
def office(installation: Installation) -> Iterator[tuple[Session, UUID]]:
    """An office without anybody, in an open session."""
    with installation.database.write() as session:
        yield session, settle(session).offices["WAT1"].id


def citizen(session: Session) -> ContactPoint:
    """A citizen who can be reached."""
    person = Citizen(created_at=NOW)
    session.add(person)
    session.flush()
    point = ContactPoint(
        citizen_id=person.id,
        channel=Channel.sms,
        address="+355691",
        address_index=str(new_id()),
        hint="…91",
        created_at=NOW,
    )
    session.add(point)
    session.flush()
    return point


def fill(session: Session, place: UUID, people: dict[str, Officer], point: ContactPoint) -> dict[str, UUID]:
    ids = {
        name: hire(session, place, one.role, locked_until=NOW + timedelta(hours=1) if one.locked else None)
        for name, one in people.items()
    }
    for name, one in people.items():
        for _ in range(one.open):
            give(session, place, ids[name], 1)
        if one.knows is not None:
            give(session, place, ids[name], 24 * one.knows, CaseState.closed, of=point)
        if one.away:
            session.add(absence(ids[name], stand_in=ids.get(one.stand_in)))
    session.flush()
    return ids


def absence(staff: UUID, first: int = 0, last: int = 3, stand_in: UUID | None = None) -> Absence:
    """Days from today on which somebody is away."""
    today = NOW.date()
    return Absence(
        staff_id=staff,
        first_day=today + timedelta(days=first),
        last_day=today + timedelta(days=last),
        stand_in_id=stand_in,
        entered_at=NOW,
    )


def test_who_takes_it(office: tuple[Session, UUID]) -> None:
    session, place = office
    for which, (people, wanted) in PEOPLE.items():
        with session.begin_nested() as tried:
            point = citizen(session)
            ids = fill(session, place, people, point)
            found = assign(session, place, NOW, citizen_id=point.citizen_id)
            assert found == (ids[wanted] if wanted else None), which
            tried.rollback()


def test_an_absence_is_days_of_the_office(office: tuple[Session, UUID]) -> None:
    session, place = office
    here, gone = hire(session, place), hire(session, place)
    give(session, place, here, 1)
    session.add_all([absence(gone, 1, 1), absence(gone, 1, 4)])  # entered twice is away once
    session.flush()
    evening = NOW.replace(hour=20)
    zone = ZoneInfo(settings().time_zone)
    assert local_day(catalogue(session), place, NOW) == NOW.astimezone(zone).date()
    assert assign(session, place, evening) == gone
    assert assign(session, place, NOW + timedelta(days=1)) == here
    assert assign(session, place, NOW + timedelta(days=4)) == here
    assert assign(session, place, NOW + timedelta(days=5)) == gone


def test_what_makes_nobody_known(office: tuple[Session, UUID]) -> None:
    session, place = office
    point = citizen(session)
    free, theirs = hire(session, place), hire(session, place)
    give(session, place, theirs, 24, of=point)
    give(session, place, free, 24)
    earlier = session.exec(select(Case).where(col(Case.assignee_id) == theirs)).one()
    give(session, place, theirs, 1, CaseState.closed)
    for why in ("", "confidential", "integrity", "elsewhere", "anonymous"):
        earlier.confidential, earlier.integrity = why == "confidential", why == "integrity"
        earlier.office_id = elsewhere(session, place) if why == "elsewhere" else place
        session.flush()
        citizen_id = None if why == "anonymous" else point.citizen_id
        assert assign(session, place, NOW, citizen_id=citizen_id) == (free if why else theirs), why


def elsewhere(session: Session, place: UUID) -> UUID:
    """Another office."""
    return session.exec(select(Office.id).where(col(Office.id) != place).limit(1)).one()


def test_nobody_gets_the_case_about_themselves_by_knowing_or_standing_in(office: tuple[Session, UUID]) -> None:
    session, place = office
    point = citizen(session)
    free, accused = hire(session, place), hire(session, place)
    give(session, place, accused, 24, of=point)
    give(session, place, free, 1)
    assert assign(session, place, NOW, citizen_id=point.citizen_id, not_staff=[accused]) == free
    session.add(absence(free, stand_in=accused))
    session.flush()
    assert assign(session, place, NOW, not_staff=[accused]) is None
    assert assign(session, place, NOW, about_office_id=elsewhere(session, place)) == accused  # there, and clear


def test_turns_go_round_and_shares_are_fair(office: tuple[Session, UUID]) -> None:
    """Of 300 cases in one batch everybody gets as many, in turn; one who comes back is not flooded out of turn."""
    session, place = office
    everybody = [hire(session, place) for _ in range(7)]
    got = []
    for number in range(300):
        chosen = assign(session, place, NOW)
        assert chosen is not None
        give(session, place, chosen, -number / 60, written=False)
        got.append(chosen)
    shares = Counter(got)
    assert max(shares.values()) - min(shares.values()) <= 1
    assert set(shares) == set(everybody)
    assert all(set(got[start : start + 7]) == set(everybody) for start in range(0, 294, 7))


def test_one_citizen_drowns_nobody(office: tuple[Session, UUID]) -> None:
    """Whoever writes thirty times fills one desk only as far as the others are filled too."""
    session, place = office
    point = citizen(session)
    staff = [hire(session, place) for _ in range(3)]
    for number in range(30):
        chosen = assign(session, place, NOW, citizen_id=point.citizen_id)
        assert chosen is not None
        give(session, place, chosen, -number / 60, of=point, written=False)
    loads = Counter(case.assignee_id for case in session.new if isinstance(case, Case))
    assert max(loads.values()) - min(loads[one] for one in staff) <= MORE_FOR_KNOWN + 1
