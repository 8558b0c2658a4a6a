"""The citizen hears that their matter has gone further up: once a level, by day, and nothing that names the accused."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from cases.raised import tell_citizen
from channels.values import Channel
from core.settings import settings
from domain.case import Case
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import ClockKind, EntryKind, LeadLink, Purpose
from domain.timeline import TimelineEntry
from escalation import service
from escalation.sweep import sweep
from tests.conftest import Installation
from tests.escalation.world import World, build, new_case
from tests.notifications.world import citizen

MONDAY = datetime(2026, 3, 2, 7, tzinfo=UTC)
STEPS = [{"share": share, "tell": tell, "citizen": tell != "supervisor"} for share, tell in (
    (0.5, "supervisor"), (0.8, "head"), (1.0, "parent_office"), (2.0, "leadership"))]  # fmt: skip


@pytest.fixture
def world(installation: Installation) -> World:
    with installation.database.write() as session:
        return build(session, ladder=STEPS, targets={"first_response": 15.0, "resolution": 15.0})


def case_of(session: Session, world: World, contact: ContactPoint, **changes: Any) -> Case:
    owner = {"citizen_id": contact.citizen_id, "contact_point_id": contact.id}
    case = new_case(session, world.offices[changes.pop("office", "DST")], MONDAY, **owner, **changes)
    for kind in (ClockKind.first_response, ClockKind.resolution):
        service.start(session, case, kind, MONDAY)
    return case


def climb(until: datetime) -> None:
    moment = MONDAY
    while moment < until:
        moment += timedelta(hours=1)
        while sweep(moment, on_raised=tell_citizen):
            pass


def told(installation: Installation) -> list[OutboundMessage]:
    with installation.database.read() as session:
        asked = select(OutboundMessage).where(OutboundMessage.purpose == Purpose.raised)
        return list(session.exec(asked.order_by(col(OutboundMessage.created_at))))


def test_once_for_each_level_though_two_clocks_climb(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        case = case_of(session, world, citizen(session))
    climb(MONDAY + timedelta(days=5))
    messages = told(installation)
    assert [message.body for message in messages] == [
        f"{case.reference} has waited too long, so {who} of it now. You do not need to do anything."
        for who in ("those who lead DST know", "the office above, REG, knows", "the government's leadership knows")
    ]
    with installation.database.read() as session:
        entries = session.exec(
            select(TimelineEntry).where(TimelineEntry.case_id == case.id, TimelineEntry.kind == EntryKind.escalated)
        ).all()
    assert {(entry.body["tell"], entry.public) for entry in entries} == {
        (step["tell"], step["citizen"]) for step in STEPS
    }


def test_not_at_night_where_the_citizen_is(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        case_of(session, world, citizen(session), office="FAR")
    climb(MONDAY + timedelta(days=9))
    for message in told(installation):
        assert message.due_at is not None
        assert 9 <= message.due_at.astimezone(settings().zone).hour < 20


def test_nothing_after_an_opt_out_or_to_nobody(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        contact = citizen(session)
        contact.opted_out_at = MONDAY
        case_of(session, world, contact)
        case = new_case(session, world.offices["DST"], MONDAY)
        service.start(session, case, ClockKind.first_response, MONDAY)
    climb(MONDAY + timedelta(days=5))
    assert told(installation) == []


@pytest.mark.parametrize("link", [LeadLink.same, LeadLink.part])
def test_a_citizen_with_two_that_are_one_hears_once(installation: Installation, world: World, link: LeadLink) -> None:
    with installation.database.write() as session:
        contact = citizen(session)
        lead = case_of(session, world, contact)
        case_of(session, world, contact, lead_id=lead.id, lead_link=link)
    climb(MONDAY + timedelta(days=2))
    assert len(told(installation)) == len({message.body for message in told(installation)})
    if link is LeadLink.part:
        assert all(lead.reference in message.body for message in told(installation))
    else:
        assert len(told(installation)) == 2, "the head, and the office above"


def test_others_of_a_crowd_hear_too(installation: Installation, world: World) -> None:
    with installation.database.write() as session:
        lead = case_of(session, world, citizen(session))
        other = citizen(session, Channel.telegram, "77")
        case_of(session, world, other, lead_id=lead.id, lead_link=LeadLink.same)
    climb(MONDAY + timedelta(days=1, hours=6))
    assert {message.channel for message in told(installation)} == {Channel.sms, Channel.telegram}


@pytest.mark.parametrize(
    "about", [{"integrity": True, "office": "INT"}, {"about_office_id": "FAR"}, {"about_staff_id": "tara"}]
)
def test_no_name_of_an_office_where_it_is_about_conduct(
    installation: Installation, world: World, about: dict[str, Any]
) -> None:
    ids: dict[str, UUID] = {**world.offices, **world.staff}
    changes = {name: ids[value] if name.endswith("_id") else value for name, value in about.items()}
    with installation.database.write() as session:
        case_of(session, world, citizen(session), **changes)
    climb(MONDAY + timedelta(days=5))
    bodies = {message.body for message in told(installation)}
    assert bodies
    assert not [body for body in bodies for code in world.offices if code in body.partition(" ")[2]]
