"""Three months of Monday reviews of the national government and its slow offices, with actions that are still open."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from cli.sample.phrases import phrases
from cli.sample.world import World
from core.ids import new_id
from core.settings import settings
from domain.case import Case
from domain.office import Office
from domain.pack import Attendance
from domain.review import Action, Finding, Review
from domain.staff import Staff
from domain.states import OfficeFunction, Role

OFFICES = ("PMO", "WAT", "COA")
FINDINGS = 3
WEEKS = 12
"""Mondays with a review before today's."""
FORGOTTEN = 5
"""Weeks ago that something was promised which still is not done."""


def write(world: World, cases: Sequence[Case]) -> None:
    """Gather reviews of the last Mondays, each about the week before it."""
    today = world.now.astimezone(settings().zone).date()
    monday = today - timedelta(days=today.weekday())
    for code in OFFICES:
        office = world.known.office_by_code[code]
        for weeks in (2, 1):
            _meeting(world, office, monday - timedelta(weeks=weeks), weeks, cases, world.dice)
        for weeks in range(WEEKS, 2, -1):
            _meeting(world, office, monday - timedelta(weeks=weeks), weeks, cases, Random(f"{code} {weeks}"))


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=settings().zone).astimezone(UTC)


def _chair(world: World, office: Office) -> Staff:
    top = world.known.with_function(OfficeFunction.leadership)
    people = world.people[office.id, Role.head] or (world.people[top.id, Role.leadership] if top else [])
    return people[0]


def _people(world: World, office: Office) -> list[Staff]:
    """Who comes: heads and supervisors of the office and of those right below, and its officers."""
    roles = (Role.head, Role.supervisor, Role.officer)
    found = [one for role in roles for one in world.people[office.id, role][:2]]
    return found + [
        one for below in world.known.children.get(office.id, ())[:4] for one in world.people[below.id, Role.head][:1]
    ]


def _meeting(world: World, office: Office, meeting_day: date, weeks: int, cases: Sequence[Case], dice: Random) -> None:
    week = meeting_day - timedelta(weeks=1)
    chair = _chair(world, office)
    opened = _at(meeting_day, 9)
    review = world.rows.add(
        Review,
        id=new_id(),
        office_id=office.id,
        week=week,
        opened_at=opened,
        closed_at=_at(meeting_day, 9, 50),
        chair_id=chair.id,
    )
    for person in {one.id: one for one in (chair, *_people(world, office))}.values():
        world.rows.add(Attendance, id=new_id(), review_id=review.id, staff_id=person.id, at=opened, by=chair.id)
    below = world.known.subtree(office.id)
    # what the meeting looked at: the slowest of that week, and never what is about somebody's conduct
    looked_at = sorted(
        (
            case
            for case in cases
            if case.office_id in below
            and not case.integrity
            and case.about_office_id is None
            and week <= case.received_at.astimezone(settings().zone).date() < meeting_day
        ),
        key=lambda case: (min(case.first_response_at or world.now, opened) - case.received_at, case.reference),
        reverse=True,
    )[:FINDINGS]
    lessons = dice.sample(phrases().meetings, FINDINGS)
    for number, (case, lesson) in enumerate(zip(looked_at, lessons, strict=False)):
        at = opened + timedelta(minutes=10 + 12 * number)
        world.rows.add(
            Finding,
            id=new_id(),
            review_id=review.id,
            case_id=case.id,
            why=lesson["why"],
            whys=[lesson["first"], lesson["why"]],
            decision=lesson["decision"],
            at=at,
            author_id=chair.id,
        )
        owner = (world.people[case.office_id, Role.head] or [chair])[0]
        # one action of the last meetings is carried over, and one of long ago comes back every Monday
        forgotten = weeks == FORGOTTEN and office.code == OFFICES[1] and number == 0
        done = (weeks == 2 and number > 0) or (weeks > 2 and not forgotten)
        world.rows.add(
            Action,
            id=new_id(),
            review_id=review.id,
            office_id=office.id,
            case_id=case.id,
            what=lesson["action"],
            owner_id=owner.id,
            due_on=meeting_day + timedelta(days=4 + 3 * number),
            done_at=_at(meeting_day + timedelta(days=3), 15) if done else None,
            done_note="Done and seen by the head." if done else None,
            created_at=at,
        )
