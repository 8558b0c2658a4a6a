"""How far an administrator of staff reaches, and the record of what they do.

Nobody gives more than they have: an administrator of an office works with roles there and below, and never with those
that see beyond it. Somebody who also works elsewhere keeps their account out of such hands, for whoever can send a link
to choose a password can become that person. The government always keeps an administrator.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from uuid import UUID

from sqlmodel import Session, col, select

from cases import administration
from cases.administration import Values
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.ids import new_id
from domain.catalogue import Catalogue
from domain.clock import Notice
from domain.office import Office
from domain.staff import Staff, StaffRole
from domain.states import Role
from domain.visibility import Viewer, viewer
from routing.assignment import local_day, zone_of

KIND = "staff"
BEYOND = frozenset({Role.leadership, Role.auditor, Role.integrity, Role.triage})
"""Roles whose sight does not end at their office: only administrators of the whole government give and take them."""
FROM_ANOTHER = frozenset({Role.integrity, Role.auditor})
"""Roles nobody gives themselves: they look at what others, administrators too, have done."""

Held = tuple[Role, UUID]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an administrator reaches: `offices` they administer, `wide` for the whole government."""

    known: Catalogue
    me: UUID | None
    offices: frozenset[UUID]
    wide: bool

    def manages(self, held: Collection[Held]) -> bool:
        """Whether the account of somebody with these roles is theirs to change."""
        return self.wide or (bool(held) and all(self.touches(role, office) for role, office in held))

    def touches(self, role: Role, office: UUID) -> bool:
        """Whether they give and take this role there."""
        return self.wide or (office in self.offices and role not in BEYOND)

    def why_not(self, role: Role, office: Office, to: UUID) -> str:
        """Why they cannot give a role; "" where they can."""
        if office.id not in self.offices:
            return "You administer other offices."
        if not self.touches(role, office.id):
            return "This role sees beyond its office, so only administrators of the whole government give it."
        if to == self.me and role in FROM_ANOTHER:
            return "Somebody else has to give you this role: it looks at what administrators do."
        return ""


def reach_of(known: Catalogue, who: Viewer) -> Reach:
    """How far somebody reaches; nowhere for who is no administrator."""
    return Reach(known, who.staff_id, administration.offices_of(known, who), administration.wide(known, who))


def begin(session: Session, who: Viewer, now: datetime) -> Reach:
    """Start a change: nobody else's to make until it ends, and judged by the roles one has now. Raises NotAllowed."""
    known = administration.begin(session, who)
    if who.staff_id is None:
        raise NotAllowed("Only administrators change this.")
    return reach_of(known, _fresh(session, who, now))


def _fresh(session: Session, who: Viewer, now: datetime) -> Viewer:
    """The viewer by roles as they are behind the lock. Raises NotAllowed where they were taken meanwhile."""
    me = session.get(Staff, who.staff_id)
    fresh = viewer(session, me.id, me.name, now=now) if me is not None and me.active else None
    if fresh is None or not fresh.has(Role.admin):
        raise NotAllowed("Only administrators change this.", mend="Tell yours what should be changed.")
    return fresh


def check_end(
    session: Session, reach: Reach, to: UUID, office_id: UUID, day: date | None, now: datetime
) -> datetime | None:
    """The moment that a role given to somebody ends with its last day. Raises BadInput for a day that is over, and for
    who would give themselves longer than they administer."""
    if day is not None and day < local_day(reach.known, office_id, now):
        why = "The last day is today or later. To end a role at once, take it."
        raise BadInput(why, fields={"until": why})
    ends = end_of(reach.known, office_id, day)
    if to == reach.me:
        mine = [one.ends_at for one in roles_of(session, to) if one.role == Role.admin and counts(one, now)]
        latest = None if None in mine else max((one for one in mine if one is not None), default=now)
        if latest is not None and (ends is None or ends > latest):
            why = "You administer until a day yourself, so somebody else gives you a role for longer."
            raise BadInput(why, fields={"until": why})
    return ends


def roles_of(session: Session, staff_id: UUID) -> list[StaffRole]:
    """The roles somebody holds, oldest first."""
    return list(session.exec(select(StaffRole).where(col(StaffRole.staff_id) == staff_id).order_by(col(StaffRole.id))))


def held(roles: Iterable[StaffRole]) -> frozenset[Held]:
    """Roles as pairs."""
    return frozenset((Role(role.role), role.office_id) for role in roles)


def counts(role: StaffRole, now: datetime) -> bool:
    """Whether a role counts at a moment, as `domain.staff.in_force` says of rows in the database."""
    return role.ends_at is None or role.ends_at > now


def values_of(known: Catalogue, person: Staff, roles: Iterable[StaffRole]) -> Values:
    """A person as the record of changes tells of them: no address in it, only enough to see that it changed."""
    return {
        "name": person.name,
        "email": veiled(person),
        "language": person.language,
        "roles": sorted(map(partial(told, known), roles)),
        "active": person.active,
    }


def told(known: Catalogue, role: StaffRole) -> str:
    """A role in short, as files have it too: head@WAT1, or head@WAT1 until 2026-12-08."""
    last = last_day(known, role)
    return f"{role.role}@{known.offices[role.office_id].code}{f' until {last.isoformat()}' if last else ''}"


def last_day(known: Catalogue, role: StaffRole) -> date | None:
    """The last day a role counts, at its office; None for one that does not end."""
    if role.ends_at is None:
        return None
    return local_day(known, role.office_id, role.ends_at - timedelta(seconds=1))


def end_of(known: Catalogue, office_id: UUID, day: date | None) -> datetime | None:
    """The moment a day is over at an office."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), zone_of(known, office_id)).astimezone(UTC)


def veiled(person: Staff) -> str:
    """An address that is told apart from another, and not read."""
    return f"{person.email[:1]}…@{person.email.rpartition('@')[2]} ({person.email_index[:4]})"


def load(session: Session, reach: Reach, person_id: UUID, *, account: bool = False) -> tuple[Staff, list[StaffRole]]:
    """A person an administrator may work with, locked; with `account`, one whose account is theirs to change.

    Raises NotFound for who is out of sight, NotAllowed for who also works elsewhere.
    """
    person = session.get(Staff, person_id, with_for_update=True, populate_existing=True)
    roles = roles_of(session, person_id)
    if person is None or not (reach.wide or any(role.office_id in reach.offices for role in roles)):
        raise NotFound("There is nobody like that.", mend="Choose somebody from the list.")
    if account and not reach.manages(held(roles)):
        raise NotAllowed(
            f"{person.name} also works beyond your offices, so this is for an administrator above.",
            mend="You may give and take roles at your own offices.",
        )
    return person, roles


def note(session: Session, who: Viewer, person: Staff, what: str, before: str, after: str, now: datetime) -> None:
    """Write down what was done to an account and is no column of the person."""
    administration.record(session, who, KIND, person.id, person.name, {what: before}, {what: after}, now)


def tell(session: Session, person: Staff, who: Viewer, what: str, now: datetime) -> None:
    """What an administrator did to somebody's account, that person reads among their notices."""
    if person.id != who.staff_id:
        session.add(Notice(staff_id=person.id, dedupe_key=f"account:{new_id()}", text=f"{who.name} {what}.", at=now))


def record_change(
    session: Session,
    who: Viewer,
    reach: Reach,
    person: Staff,
    before: Iterable[StaffRole],
    after: Iterable[StaffRole],
    now: datetime,
) -> None:
    was, there = (values_of(reach.known, person, roles) for roles in (before, after))
    administration.record(session, who, KIND, person.id, person.name, was, there, now)


def check_administered(session: Session, reach: Reach, person: Staff, left: Iterable[StaffRole]) -> None:
    """Raise Conflict where nobody would be left who administers the whole government, without a last day."""
    top = [office.id for office in reach.known.offices.values() if administration.at_the_top(office)]
    if any(role.role == Role.admin and role.office_id in top and role.ends_at is None for role in left):
        return
    others = session.exec(
        select(Staff.id)
        .join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
        .where(
            col(StaffRole.role) == Role.admin,
            col(StaffRole.office_id).in_(top),
            col(StaffRole.ends_at).is_(None),
            col(Staff.active).is_(True),
            col(Staff.id) != person.id,
        )
    ).first()
    if others is None:
        raise Conflict(
            f"{person.name} is the last administrator of the whole government.",
            mend="Make somebody else administrator of the top office first.",
        )
