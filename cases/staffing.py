"""Staff: added, changed, and given roles, by administrators within their reach (`cases.staff_reach`)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases import administration, staff_links
from cases.staff_reach import (
    KIND,
    Held,
    Reach,
    begin,
    check_administered,
    check_end,
    counts,
    last_day,
    load,
    record_change,
    tell,
    told,
    values_of,
)
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.ids import new_id
from core.settings import settings
from core.texts import clean
from domain.staff import NO_PASSWORD, Staff, StaffRole, email_index
from domain.states import Role
from domain.visibility import Viewer

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Given:
    """A person as typed into a form; `office` is a code, `until` the last day of the role, as in 2026-12-08."""

    name: str = ""
    email: str = ""
    language: str = ""
    role: str = ""
    office: str = ""
    until: str = ""


def clean_email(email: str) -> str:
    """An e-mail address as it is stored. Raises BadInput for what is none."""
    address = clean(email, 254).casefold()
    name, _, domain = address.partition("@")
    if not name or "." not in domain or any(c.isspace() for c in address) or "@" in domain:
        raise BadInput(f"{email!r} is no e-mail address.", mend="Such as name@office.example.")
    return address


def add(session: Session, who: Viewer, person_id: UUID, given: Given, now: datetime) -> Staff:
    """Somebody new with a first role, under the id their form was given, so that a form sent twice adds one.

    They have no password: `staff_links.make` gives them a way to choose one. Raises BadInput, NotAllowed.
    """
    reach = begin(session, who, now)
    if (there := session.get(Staff, person_id)) is not None:
        return there
    faults: dict[str, str] = {}
    person = Staff(id=person_id, name="", email="", email_index="", password_hash=NO_PASSWORD)
    _fill(session, person, given, faults)
    wanted = _wanted(reach, person_id, given, faults)
    administration.check(faults)
    assert wanted is not None  # noqa: S101  (else there is a fault)
    session.add(person)
    session.flush()
    role = _made(session, reach, who, person.id, wanted, given, now)
    session.add(role)
    administration.record(session, who, KIND, person.id, person.name, None, values_of(reach.known, person, [role]), now)
    return person


def change(session: Session, who: Viewer, person_id: UUID, given: Given, seen: str, now: datetime) -> Staff:
    """Another name, address or language. Another address ends the links that went to the old one.

    Raises BadInput, Conflict, NotAllowed, NotFound.
    """
    reach = begin(session, who, now)
    person, roles = load(session, reach, person_id, account=True)
    before = values_of(reach.known, person, roles)
    faults: dict[str, str] = {}
    wanted = administration.copied(person)
    _fill(session, wanted, given, faults)
    administration.check(faults)
    after = values_of(reach.known, wanted, roles)
    if not administration.agreed(session, person.id, seen, before, after):
        return person
    if wanted.email != person.email:
        staff_links.void(session, person.id, now)
        person.subject_index = None  # whoever has the new address at the identity provider is to be matched anew
    for name in ("name", "email", "email_index", "language"):
        setattr(person, name, getattr(wanted, name))
    administration.record(session, who, KIND, person.id, person.name, before, after, now)
    tell(session, person, who, "changed your name, address or language", now)
    return person


def give(session: Session, who: Viewer, person_id: UUID, given: Given, now: datetime) -> None:
    """One more role, until a last day or without one. Giving it twice is no mistake; given with another last day it has
    that one. Raises BadInput, Conflict, NotAllowed, NotFound."""
    reach = begin(session, who, now)
    person, roles = load(session, reach, person_id)
    faults: dict[str, str] = {}
    wanted = _wanted(reach, person.id, given, faults)
    administration.check(faults)
    assert wanted is not None  # noqa: S101  (else there is a fault)
    role = _made(session, reach, who, person.id, wanted, given, now)
    there = next((one for one in roles if (one.role, one.office_id) == wanted), None)
    if there is not None:
        _restrict(session, who, reach, person, roles, there, role.ends_at, now)
        return
    session.add(role)
    record_change(session, who, reach, person, roles, [*roles, role], now)
    tell(session, person, who, f"gave you the role {role.role} at {reach.known.name(role.office_id)}", now)


def restrict(session: Session, who: Viewer, person_id: UUID, role_id: UUID, until: str, now: datetime) -> None:
    """Give a role another last day, or none. Raises BadInput, Conflict, NotAllowed, NotFound."""
    reach = begin(session, who, now)
    person, roles = load(session, reach, person_id)
    role = next((one for one in roles if one.id == role_id), None)
    if role is None:
        raise NotFound("They have this role no more.", mend="Give it again, if they should have it.")
    if not reach.touches(Role(role.role), role.office_id):
        raise NotAllowed("You administer other offices.", mend="Ask an administrator of the whole government.")
    ends = check_end(session, reach, person.id, role.office_id, _day(until), now)
    _restrict(session, who, reach, person, roles, role, ends, now)


def _restrict(
    session: Session,
    who: Viewer,
    reach: Reach,
    person: Staff,
    roles: list[StaffRole],
    role: StaffRole,
    ends: datetime | None,
    now: datetime,
) -> None:
    if role.ends_at == ends:
        return
    before = values_of(reach.known, person, roles)
    if not counts(role, now):  # it was over, and begins again
        role.given_at, role.given_by = now, who.staff_id
    role.ends_at = ends
    check_administered(session, reach, person, roles)
    after = values_of(reach.known, person, roles)
    administration.record(session, who, KIND, person.id, person.name, before, after, now)
    last = last_day(reach.known, role)
    what = f"has {last.isoformat()} as its last day" if last else "has no last day"
    tell(session, person, who, f"changed your role {told(reach.known, role)}: it {what}", now)


def _made(
    session: Session, reach: Reach, who: Viewer, to: UUID, wanted: Held, given: Given, now: datetime
) -> StaffRole:
    """The role a form describes, not saved. Raises BadInput for its last day."""
    ends = check_end(session, reach, to, wanted[1], _day(given.until), now)
    return StaffRole(
        id=new_id(),
        staff_id=to,
        role=wanted[0],
        office_id=wanted[1],
        given_at=now,
        given_by=who.staff_id,
        ends_at=ends,
    )


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        why = "Write the day as year-month-day, such as 2026-12-08."
        raise BadInput(why, fields={"until": why}) from error


def take(session: Session, who: Viewer, person_id: UUID, role_id: UUID, now: datetime) -> None:
    """Take a role. What is gone already is no mistake.

    Raises:
        Conflict: it is their last one (they are to be signed out for good instead), or the government's last
            administrator.
        NotAllowed, NotFound.
    """
    reach = begin(session, who, now)
    person, roles = load(session, reach, person_id)
    role = next((one for one in roles if one.id == role_id), None)
    if role is None:
        return
    if not reach.touches(Role(role.role), role.office_id):
        raise NotAllowed("You administer other offices.", mend="Ask an administrator of the whole government.")
    left = [one for one in roles if one is not role]
    if not any(counts(one, now) for one in left) and counts(role, now):
        if person.id == reach.me:
            raise Conflict("This is your own last role.", mend="Another administrator signs you out, if you leave.")
        raise Conflict(
            f"This is the last role of {person.name}.",
            mend="Give another one first, or sign them out for good: then their cases go to others.",
        )
    check_administered(session, reach, person, left)
    session.delete(role)
    session.flush()
    record_change(session, who, reach, person, roles, left, now)
    tell(session, person, who, f"took your role {role.role} at {reach.known.name(role.office_id)}", now)


def _fill(session: Session, person: Staff, given: Given, faults: dict[str, str]) -> None:
    person.name = " ".join(clean(given.name).split())
    if not person.name or len(person.name) > LONGEST_NAME:
        faults["name"] = f"Give their name, in at most {LONGEST_NAME} letters."
    try:
        person.email = clean_email(given.email)
        person.email_index = email_index(person.email)
        taken = session.exec(select(Staff).where(col(Staff.email_index) == person.email_index)).first()
        if taken is not None and taken.id != person.id:
            faults["email"] = f"{taken.name} has this address already."
    except BadInput:
        faults["email"] = "This is no e-mail address. Write one such as name@office.example."
    person.language = given.language or settings().languages[0]
    if person.language not in settings().languages:
        faults["language"] = "Choose one of the languages offered."


def _wanted(reach: Reach, to: UUID, given: Given, faults: dict[str, str]) -> Held | None:
    office = reach.known.office_by_code.get(given.office.strip().upper())
    if given.role not in [*map(str, Role)]:
        faults["role"] = "Choose a role."
    if office is None:
        faults["office"] = "Name an open office by its code or name."
    if office is None or "role" in faults:
        return None
    if why := reach.why_not(Role(given.role), office, to):
        faults["office" if office.id not in reach.offices else "role"] = why
    return Role(given.role), office.id
