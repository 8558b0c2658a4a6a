"""What `sees` says in Python is what `visible` says in SQL."""

import itertools
from datetime import UTC, datetime
from typing import Any

from sqlmodel import select

from channels.values import Channel
from core.ids import new_id
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.states import CaseState, Role
from domain.visibility import viewer_of, visible
from escalation.recipients import Matter, Person, Roster, choose, sees
from tests.conftest import Installation
from tests.escalation.world import STAFF, build, new_case

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_sees_agrees_with_the_predicate_for_every_person_and_case(installation: Installation) -> None:
    with installation.database.write() as session:
        world = build(session)
        known = catalogue(session)
        offices = world.offices
        shapes = itertools.product(
            ("DST", "TRI", "INT"),
            (None, "FAR"),
            (CaseState.open, CaseState.triage),
            (None, "olga", "sara"),
            (False, True),
            (None, "DST", "REG", "INT"),
            (None, "olga"),
        )
        matters: dict[object, Matter] = {}
        for office, pending, state, assignee, integrity, about_office, about_staff in shapes:
            values: dict[str, Any] = {
                "pending_office_id": offices[pending] if pending else None,
                "state": state,
                "assignee_id": world.staff[assignee] if assignee else None,
                "integrity": integrity,
                "about_office_id": offices[about_office] if about_office else None,
                "about_staff_id": world.staff[about_staff] if about_staff else None,
            }
            case = Case(
                id=new_id(),
                reference=f"{len(matters):09}",
                channel=Channel.sms,
                language="en",
                text="x",
                office_id=offices[office],
                routing_method="rule",
                routing_reason="place",
                received_at=NOON,
                opened_at=NOON,
                updated_at=NOON,
                **values,
            )
            session.add(case)
            matters[case.id] = Matter(office_id=offices[office], **values)
        session.flush()
        for name, roles in STAFF.items():
            held = frozenset((role, offices[office]) for role, office in roles)
            who = viewer_of(known, world.staff[name], name, held)
            in_sql = set(session.exec(select(Case.id).where(visible(who))))
            assert {case_id for case_id, matter in matters.items() if sees(who, matter)} == in_sql, name


def test_an_offered_case_tells_the_office_that_has_to_accept(installation: Installation) -> None:
    with installation.database.write() as session:
        world = build(session)
        known = catalogue(session)
        case = new_case(session, world.offices["DST"], NOON)
        roster = Roster()
        for name, office in (("olga", "DST"), ("fred", "FAR")):
            held = frozenset({(Role.officer, world.offices[office])})
            staff_id = world.staff.setdefault(name, new_id())
            roster.add(Person(staff_id, "en", viewer_of(known, staff_id, name, held)))
        matter = Matter(case.office_id, world.offices["FAR"], case.state, world.staff["olga"], False, None, None)
        assert [p.id for p in choose(matter, "officer", known, roster).people] == [world.staff["olga"]]
        assert [p.id for p in choose(matter, "officer", known, roster, offered=True).people] == [world.staff["fred"]]
        assert session.exec(select(Notice)).all() == []
