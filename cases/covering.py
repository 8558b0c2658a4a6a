"""What becomes of the open cases of those who are away or have left.

While somebody is away, what is due before they are back goes to their stand-in, else by the rule of the office
(`routing.assignment`); of a long absence everything does. What is not due waits for them. Whoever works at the office
no more keeps nothing. Each change stands on the case's timeline, and who gets the case is told.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, true
from sqlmodel import Session, col, select

from cases import telling
from cases.rights import WORKING
from core.database import database
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Clock
from domain.staff import Absence, Staff, StaffRole, in_force
from domain.states import OPEN_STATES, ClockKind, ClockState, EntryKind, Role
from domain.timeline import TimelineEntry, append
from domain.visibility import SUBTREE
from routing import assignment

LONG = timedelta(days=14)
"""Of an absence this long nothing waits: all open cases go to others."""
ANSWERS = (ClockKind.first_response, ClockKind.reply_due)
BATCH = 100
MANY = 10_000
"""Cases of one person: more than anybody has."""


def sweep(now: datetime, limit: int = BATCH) -> int:
    """Give to others what those who are away cannot answer in time, and all of those who have left; how many cases."""
    with database().write() as session:
        day = now.date()
        near = session.exec(
            select(Absence).where(
                col(Absence.first_day) <= day + timedelta(days=1), col(Absence.last_day) >= day - timedelta(days=1)
            )
        ).all()
        moved = sum(hand_over(session, one, now, limit) for one in near)
        return moved + _left(session, now, limit)


def hand_over(session: Session, absence: Absence, now: datetime, limit: int = BATCH) -> int:
    """What an absence that has begun sends to others; how many cases."""
    today = day_of(session, absence.staff_id, now)
    if not absence.first_day <= today <= absence.last_day:
        return 0
    person = session.get_one(Staff, absence.staff_id)
    why = f"{person.name} is away until {absence.last_day.isoformat()}"
    stand_in = session.get(Staff, absence.stand_in_id) if absence.stand_in_id else None
    moved = 0
    for case in _locked(session, going(session, absence), limit):
        taker = stand_in if stand_in is not None and _may_have(session, stand_in, case, now) else None
        if taker is None:
            found = _by_rule(session, case, now)
            taker = session.get(Staff, found) if found is not None and found != person.id else None
        if taker is not None:  # where everybody is away it is as well with who knows it
            _give(session, case, taker, why, now, absence=absence.id)
            moved += 1
    return moved


def left(session: Session, staff_id: UUID, now: datetime) -> int:
    """Give to others at once what somebody has who was signed out for good; how many cases. What is worked on at this
    moment goes with the next sweep."""
    return _left(session, now, MANY, of=staff_id)


def _left(session: Session, now: datetime, limit: int, of: UUID | None = None) -> int:
    """Cases of people who are signed out for good or work at the office no more."""
    works = exists(
        select(StaffRole.id).where(
            col(StaffRole.staff_id) == col(Case.assignee_id),
            col(StaffRole.office_id) == col(Case.office_id),
            col(StaffRole.role).in_(WORKING),
            in_force(now),
        )
    )
    gone = or_(col(Case.assignee_id).in_(select(Staff.id).where(col(Staff.active).is_(False))), ~works)
    rows = session.exec(
        select(Case.id, Case.office_id, Staff.id, Staff.active)
        .join(Staff, col(Staff.id) == col(Case.assignee_id))
        .where(col(Case.state).in_(OPEN_STATES), gone, true() if of is None else col(Case.assignee_id) == of)
        .order_by(col(Case.id))
    ).all()
    theirs = (one for one, office, who, active in rows if not (active and _leads_from_above(session, who, office, now)))
    moved = 0
    for case in _locked(session, col(Case.id).in_(list(islice(theirs, limit))), limit):
        person = session.get_one(Staff, case.assignee_id)
        found = _by_rule(session, case, now)
        taker = session.get(Staff, found) if found else None
        _give(session, case, taker, f"{person.name} works there no more", now)
        moved += 1
    return moved


def going(session: Session, absence: Absence) -> ColumnElement[bool]:
    """SQL predicate over `Case`: what goes to others for an absence."""
    theirs = and_(col(Case.assignee_id) == absence.staff_id, col(Case.state).in_(assignment.LOAD))
    if is_long(absence):
        return theirs
    known = catalogue(session)
    calendar = next((known.calendar(office) for office in sorted(offices_of(session, absence.staff_id))), None)
    zone = ZoneInfo(calendar.time_zone) if calendar else settings().zone
    back = datetime.combine(absence.last_day + timedelta(days=1), time.min, zone)
    due = exists(
        select(Clock.id).where(
            col(Clock.case_id) == col(Case.id),
            col(Clock.state) == ClockState.running,
            col(Clock.kind).in_(ANSWERS),
            col(Clock.deadline_at) < back,
        )
    )
    return and_(theirs, due)


def is_long(absence: Absence) -> bool:
    """Whether nothing waits until they are back."""
    return absence.last_day - absence.first_day + timedelta(days=1) >= LONG


def _locked(session: Session, which: ColumnElement[bool], limit: int) -> Sequence[Case]:
    """Cases to give to others; those somebody works on are left for the next sweep."""
    query = select(Case).where(which).order_by(col(Case.id)).limit(limit).with_for_update(skip_locked=True)
    return session.exec(query, execution_options={"populate_existing": True}).all()


def _by_rule(session: Session, case: Case, now: datetime) -> UUID | None:
    session.flush()  # what was given a moment ago counts
    return assignment.assign(
        session,
        case.office_id,
        now,
        not_staff=[one for one in (case.about_staff_id, case.assignee_id) if one is not None],
        about_office_id=case.about_office_id,
        citizen_id=None if case.confidential else case.citizen_id,
    )


def _may_have(session: Session, staff: Staff, case: Case, now: datetime) -> bool:
    """Whether a stand-in can take a case: they work at its office, are there, and it is about nobody near them."""
    if not staff.active or case.about_staff_id == staff.id or case.about_office_id is not None:
        return False
    roles = {Role.integrity} if case.integrity else WORKING - {Role.integrity}
    works = select(StaffRole.id).where(
        col(StaffRole.staff_id) == staff.id,
        col(StaffRole.office_id) == case.office_id,
        col(StaffRole.role).in_(roles),
        in_force(now),
    )
    today = assignment.local_day(catalogue(session), case.office_id, now)
    return session.exec(works).first() is not None and not between(session, [staff.id], today, today)


def _give(
    session: Session,
    case: Case,
    taker: Staff | None,
    why: str,
    now: datetime,
    *,
    actor: str = "system",
    absence: UUID | None = None,
) -> None:
    before = case.assignee_id
    case.assignee_id = taker.id if taker else None
    entry = append(
        session,
        case,
        EntryKind.assigned,
        now,
        actor=actor,
        body={
            "to": taker.name if taker else "nobody yet",
            "staff": str(taker.id) if taker else None,
            "from": str(before) if before else None,
            "why": why,
            **({"absence": str(absence)} if absence else {}),
        },
    )
    text = f"{case.reference}: yours now, as {why}." if taker else f"{case.reference}: nobody is on it, as {why}."
    telling.tell_office(session, case, f"given:{case.id}:{entry.number}", text, now)


def _given_for(session: Session, absence: Absence) -> list[Case]:
    """Open cases that went because of an absence and are still with who got them then."""
    rows = session.exec(
        select(TimelineEntry)
        .where(
            col(TimelineEntry.kind) == EntryKind.assigned,
            col(TimelineEntry.at) >= absence.entered_at,
            col(TimelineEntry.case_id).in_(
                select(Case.id).where(
                    col(Case.state).in_(OPEN_STATES), col(Case.office_id).in_(offices_of(session, absence.staff_id))
                )
            ),
        )
        .order_by(col(TimelineEntry.number))
    )
    last = {entry.case_id: entry.body for entry in rows}
    theirs = {case_id: body for case_id, body in last.items() if body.get("absence") == str(absence.id)}
    cases = _locked(session, col(Case.id).in_(theirs), len(theirs) or 1)
    return [case for case in cases if str(case.assignee_id) == theirs[case.id].get("staff")]


def give_back(session: Session, absence: Absence, actor: str, now: datetime) -> int:
    """Give a person back what went because of an absence, where the other still has it; how many cases."""
    person = session.get_one(Staff, absence.staff_id)
    cases = _given_for(session, absence)
    for case in cases:
        _give(session, case, person, f"{person.name} is here after all", now, actor=actor)
    return len(cases)


def _leads_from_above(session: Session, staff_id: UUID, office_id: UUID, now: datetime) -> bool:
    above = [office.id for office in catalogue(session).chain(office_id)]
    leads = select(StaffRole.id).where(
        col(StaffRole.staff_id) == staff_id,
        col(StaffRole.office_id).in_(above),
        col(StaffRole.role).in_(SUBTREE),
        in_force(now),
    )
    return session.exec(leads).first() is not None


def offices_of(session: Session, staff_id: UUID) -> frozenset[UUID]:
    """Offices somebody works at."""
    return frozenset(
        session.exec(
            select(StaffRole.office_id).where(col(StaffRole.staff_id) == staff_id, col(StaffRole.role).in_(WORKING))
        )
    )


def between(session: Session, people: Collection[UUID], first: date, last: date) -> list[Absence]:
    """Absences of these people that touch the days from `first` to `last`, soonest first."""
    return list(
        session.exec(
            select(Absence)
            .where(col(Absence.staff_id).in_(people), col(Absence.first_day) <= last, col(Absence.last_day) >= first)
            .order_by(col(Absence.first_day), col(Absence.id))
        )
    )


def day_of(session: Session, staff_id: UUID, now: datetime) -> date:
    """The calendar day it is where somebody works."""
    known = catalogue(session)
    return min(
        (assignment.local_day(known, office, now) for office in offices_of(session, staff_id)), default=now.date()
    )
