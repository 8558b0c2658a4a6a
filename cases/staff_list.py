"""Finding staff: by name or address, office and role, as far as the asker's reach goes."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from cases.staff_reach import Held, Reach
from core.sets import one_of
from domain.staff import Staff, StaffLink, StaffRole, StaffSession, email_index, in_force
from domain.states import Role
from domain.visibility import Viewer


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: `words` of a name or a whole address, an office with all below, a role, who left or waits."""

    words: str = ""
    office: UUID | None = None
    role: str = ""
    show: str = ""


@dataclass(slots=True)
class Found:
    """A person with their roles. `invited_until` is when the link of somebody without a password ends."""

    person: Staff
    held: list[Held] = field(default_factory=list)
    seen_at: datetime | None = None
    invited_until: datetime | None = None


EVERYBODY = frozenset({Role.auditor, Role.leadership})
"""Roles that look at everybody's, without changing anything."""


def find(
    session: Session, who: Viewer, reach: Reach, asked: Asked, now: datetime, *, limit: int, skip: int
) -> tuple[list[Found], int]:
    """Those who fit, by name, and how many in all. Nobody outside of the asker's reach is among them or counted."""
    roles = select(StaffRole.staff_id)
    narrowed = False
    if not (reach.wide or who.has(*EVERYBODY)):
        roles, narrowed = roles.where(one_of(StaffRole.office_id, reach.offices)), True
    if asked.office is not None:
        roles, narrowed = roles.where(one_of(StaffRole.office_id, reach.known.subtree(asked.office))), True
    if asked.role:
        roles, narrowed = roles.where(col(StaffRole.role) == asked.role, in_force(now)), True
    query = select(Staff.id, Staff.name)
    if narrowed:
        query = query.where(col(Staff.id).in_(roles))
    if asked.show == "waiting":
        query = query.where(col(Staff.active).is_(True), col(Staff.password_hash) == "!")
    elif asked.show != "all":
        query = query.where(col(Staff.active).is_(asked.show != "left"))
    if "@" in asked.words:
        query = query.where(col(Staff.email_index) == email_index(asked.words))
    named = session.exec(query).all()
    # in here and not in the database, whose lower case knows only Latin letters on SQLite
    words = [] if "@" in asked.words else asked.words.casefold().split()
    fitting = [(name.casefold(), one) for one, name in named if all(word in name.casefold() for word in words)]
    chosen = [one for _, one in sorted(fitting)[skip : skip + limit]]
    return _with_facts(session, chosen, now), len(fitting)


def _with_facts(session: Session, ids: list[UUID], now: datetime) -> list[Found]:
    people = {row.id: Found(row) for row in session.exec(select(Staff).where(col(Staff.id).in_(ids)))}
    theirs = select(StaffRole).where(col(StaffRole.staff_id).in_(ids), in_force(now))
    for role in session.exec(theirs.order_by(col(StaffRole.id))):
        people[role.staff_id].held.append((Role(role.role), role.office_id))
    seen = (
        select(StaffSession.staff_id, func.max(func.coalesce(StaffSession.last_seen_at, StaffSession.created_at)))
        .where(col(StaffSession.staff_id).in_(ids))
        .group_by(col(StaffSession.staff_id))
    )
    for staff_id, at in session.execute(seen):
        people[staff_id].seen_at = at
    links = select(StaffLink).where(col(StaffLink.staff_id).in_(ids), col(StaffLink.used_at).is_(None))
    for link in session.exec(links.order_by(col(StaffLink.expires_at))):
        people[link.staff_id].invited_until = link.expires_at
    return [people[one] for one in ids if one in people]
