"""Days on which people are away: who enters them, what they mean for cases, and taking them back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from cases.covering import between, day_of, give_back, going, hand_over, is_long, offices_of
from cases.rights import WORKING
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.ids import new_id
from core.texts import clean
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.staff import Absence, Staff, StaffRole, in_force
from domain.states import Role
from domain.visibility import Viewer
from routing import assignment

LONGEST = timedelta(days=400)
LEADING = frozenset({Role.supervisor, Role.head})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an absence means for cases: how many are open, how many go to others, and to whom ("" for the rule)."""

    open: int
    going: int
    all: bool
    to: str


def charge(known: Catalogue, who: Viewer) -> frozenset[UUID]:
    """Offices whose absences a viewer keeps: those they lead, and all below."""
    return frozenset(below for role, office in who.roles if role in LEADING for below in known.subtree(office))


def colleagues(session: Session, who: Viewer, now: datetime) -> list[tuple[UUID, str, UUID]]:
    """Who works at the viewer's own offices and those in their charge: id, name, office; each once for each office."""
    offices = charge(catalogue(session), who) | who.home
    found = session.exec(
        select(Staff.id, Staff.name, StaffRole.office_id)
        .join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
        .where(col(StaffRole.office_id).in_(offices), col(StaffRole.role).in_(WORKING), in_force(now))
        .where(col(Staff.active).is_(True))
        .distinct()
        .order_by(col(Staff.name), col(Staff.id))
    )
    return list(found.all())


def may_enter(session: Session, who: Viewer, staff_id: UUID) -> bool:
    """Whether a viewer may say that this person is away: themselves, or who works in their charge."""
    if staff_id == who.staff_id:
        return who.has(*WORKING)
    theirs = charge(catalogue(session), who)
    return bool(offices_of(session, staff_id) & theirs)


def check(session: Session, who: Viewer, wanted: Absence, now: datetime) -> None:
    """Raise BadInput or NotAllowed for an absence that cannot be entered."""
    if not may_enter(session, who, wanted.staff_id):
        raise NotAllowed("You enter your own days, or those of people in your charge.")
    if wrong := faults(session, wanted, now):
        raise BadInput(next(iter(wrong.values())), fields=wrong)


def faults(session: Session, wanted: Absence, now: datetime) -> dict[str, str]:
    """What is wrong with an absence, by field; an absence of the same id, which it would change, is not in its way."""
    wrong: dict[str, str] = {}
    today = day_of(session, wanted.staff_id, now)
    if wanted.last_day < wanted.first_day:
        wrong["last_day"] = "The last day is before the first."
    elif wanted.last_day < today:
        wrong["last_day"] = "These days are over."
    elif wanted.last_day - wanted.first_day > LONGEST:
        wrong["last_day"] = (
            f"At most {LONGEST.days} days at once. Who leaves for good is signed out by an administrator."
        )
    elif any(one.id != wanted.id for one in between(session, [wanted.staff_id], wanted.first_day, wanted.last_day)):
        wrong["first_day"] = "Some of these days are entered already. Take that back first."
    if wanted.stand_in_id is not None and "last_day" not in wrong:
        if wanted.stand_in_id == wanted.staff_id:
            wrong["stand_in"] = "Choose somebody else to stand in."
        elif not offices_of(session, wanted.staff_id) & offices_of(session, wanted.stand_in_id):
            wrong["stand_in"] = "The stand-in has to work at the same office."
        elif between(session, [wanted.stand_in_id], wanted.first_day, wanted.last_day):
            wrong["stand_in"] = "The stand-in is away on some of these days too."
    return wrong


def enter(session: Session, who: Viewer, wanted: Absence, now: datetime) -> int:
    """Keep an absence; if it has begun, what is due goes to others at once. Returns how many cases went."""
    wanted.reason = clean(wanted.reason, 200)
    check(session, who, wanted, now)
    wanted.id, wanted.entered_by, wanted.entered_at = new_id(), who.staff_id, now
    session.add(wanted)
    session.flush()
    return hand_over(session, wanted, now)


def meaning(session: Session, wanted: Absence, now: datetime) -> Meaning:
    """What an absence would mean for the cases as they stand now."""
    open_cases = session.exec(
        select(Case.id).where(col(Case.assignee_id) == wanted.staff_id, col(Case.state).in_(assignment.LOAD))
    ).all()
    leaving = session.exec(select(Case.id).where(going(session, wanted))).all()
    stand_in = session.get(Staff, wanted.stand_in_id) if wanted.stand_in_id else None
    return Meaning(len(open_cases), len(leaving), is_long(wanted), stand_in.name if stand_in else "")


def take_back(session: Session, who: Viewer, absence_id: UUID, now: datetime) -> int:
    """The person is not away after all: cases that went because of it come back, where the other still has them.

    Raises:
        NotFound: there is no such absence (taken back already).
        Conflict: it is over.
    """
    row = session.get(Absence, absence_id, with_for_update=True)
    if row is None:
        raise NotFound("That is taken back already.")
    if not may_enter(session, who, row.staff_id):
        raise NotAllowed("You enter your own days, or those of people in your charge.")
    if row.last_day < day_of(session, row.staff_id, now):
        raise Conflict("These days are over.")
    back = give_back(session, row, str(who.staff_id), now)
    session.delete(row)
    return back
