"""Staff as CSV lines: `roles` holds role@OFFICE, or role@OFFICE until 2026-12-08 for one with a last day, separated by
semicolons; they become exactly those of the line."""

import secrets
from collections.abc import Collection
from datetime import date
from functools import partial
from uuid import UUID

from sqlmodel import Session, select

from cases import covering, staff_accounts, staff_links
from cases.administration import at_the_top
from cases.sheets.csvs import Line, Unusable, yes
from cases.sheets.job import Job
from cases.staff_reach import Held, Reach, check_end, counts, held, last_day
from cases.staffing import clean_email
from core.errors import BadInput
from core.ids import new_id
from core.passwords import hash_password
from core.settings import settings
from domain.catalogue import Catalogue, catalogue
from domain.office import Office
from domain.staff import NO_PASSWORD, Staff, StaffRole, email_index
from domain.states import Role

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else


def one_time_password() -> str:
    """Four groups of four letters and digits, easy to read out (79 bits)."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def rows(session: Session, reach: Reach | None = None) -> list[dict[str, str]]:
    """Everybody who signs in, in order of address, as far as an administrator reaches; passwords are not exported."""
    offices = {office.id: office.code for office in session.exec(select(Office))}
    roles, known = dict[UUID, list[StaffRole]](), catalogue(session)
    for role in session.exec(select(StaffRole)):
        roles.setdefault(role.staff_id, []).append(role)
    found = [
        {
            "id": str(person.id),
            "email": person.email,
            "name": person.name,
            "roles": ";".join(sorted(_told(known, offices, role) for role in roles.get(person.id, []))),
            "language": person.language,
            "active": yes(person.active),
        }
        for person in session.exec(select(Staff))
        if reach is None or reach.manages(held(roles.get(person.id, [])))
    ]
    return sorted(found, key=lambda row: row["email"])


def _told(known: Catalogue, offices: dict[UUID, str], role: StaffRole) -> str:
    last = last_day(known, role)
    return f"{role.role}@{offices[role.office_id]}{f' until {last.isoformat()}' if last else ''}"


def put(job: Job) -> None:
    """Add and change staff. On the command line the new ones get one-time passwords; in the browser a link by e-mail,
    where one can be sent."""
    session = job.session
    offices = {office.code: office for office in session.exec(select(Office))}
    known = {person.email_index: person for person in session.exec(select(Staff))}
    roles: dict[UUID, list[StaffRole]] = {}
    for role in session.exec(select(StaffRole)):
        roles.setdefault(role.staff_id, []).append(role)
    by_id = {office.id: office for office in offices.values()}
    reach = job.reach or Reach(catalogue(session), None, frozenset(by_id), True)
    administered = _administered(offices.values(), known.values(), roles)
    fresh: list[Staff] = []

    def use(line: Line) -> None:
        try:
            email = clean_email(line.needed("email"))
        except BadInput as error:
            raise Unusable(error.message) from error
        name, language = line.needed("name", 200), line.text("language") or settings().languages[0]
        if language not in settings().languages:
            raise Unusable(f"language is {language!r}; the deployment speaks {', '.join(settings().languages)}")
        wanted = dict(_role(part, offices) for part in line.parts("roles"))
        if not wanted:
            raise Unusable("roles is empty; write role@OFFICE, such as officer@WAT1")
        active, person = line.yes("active"), known.get(email_index(email))
        theirs = roles.get(person.id, []) if person is not None else []
        has = {(Role(one.role), one.office_id): last_day(reach.known, one) for one in theirs}
        changed = {one: day for one, day in wanted.items() if one not in has or has[one] != day}
        ends = {}
        for (role, office), day in changed.items():
            to = person.id if person is not None else new_id()
            try:
                ends[role, office] = check_end(session, reach, to, office, day, job.now)
            except BadInput as error:
                raise Unusable(f"{role}@{by_id[office].code}: {error.message}") from error
        if job.reach is not None:
            _check_reach(job.reach, person, has, changed, active, by_id)
        if person is None:
            person = Staff(
                id=new_id(), name=name, email=email, email_index=email_index(email), password_hash=NO_PASSWORD
            )
            known[person.email_index] = person
            session.add(person)
            session.flush()
            fresh.append(person)
        if person.active and not active:
            _leave(job, person)
        if active and not person.active:
            person.password_hash = NO_PASSWORD
        person.name, person.language, person.active = name, language, active
        for gone in [one for one in roles.get(person.id, []) if (Role(one.role), one.office_id) not in wanted]:
            session.delete(gone)
            roles[person.id].remove(gone)
        for role, office in changed:
            made = next((one for one in theirs if (one.role, one.office_id) == (role, office)), None)
            if made is None:
                made = StaffRole(id=new_id(), staff_id=person.id, role=role, office_id=office)
                session.add(made)
                roles.setdefault(person.id, []).append(made)
            if (role, office) not in has or not counts(made, job.now):
                made.given_at, made.given_by = job.now, reach.me
            made.ends_at = ends[role, office]

    job.complaints.each(job.lines, use)
    job.complaints.check()
    if administered and not _administered(offices.values(), known.values(), roles):
        raise BadInput(
            "Nobody would be left who administers the whole government, so nothing was changed.",
            mend="Leave somebody admin at the top office.",
        )
    if not job.dry_run:
        _let_in(job, fresh)


def _let_in(job: Job, fresh: list[Staff]) -> None:
    if job.reach is None:
        job.passwords = {person.email: one_time_password() for person in fresh}
        for person in fresh:
            person.password_hash = hash_password(job.passwords[person.email])
    elif staff_links.can_mail():
        job.links = len(fresh)
        for person in fresh:
            staff_links.make(job.session, person, job.now, by=job.reach.me, mail=True)


def _leave(job: Job, person: Staff) -> None:
    staff_accounts.end_sessions(job.session, person.id, job.now)
    staff_links.void(job.session, person.id, job.now)
    job.afterwards.append(partial(covering.left, job.session, person.id, job.now))


def _check_reach(
    reach: Reach,
    person: Staff | None,
    has: Collection[Held],
    changed: Collection[Held],
    active: bool,
    by_id: dict[UUID, Office],
) -> None:
    """Raise Unusable for what an administrator could not do one by one either."""
    if person is not None and not reach.manages(has):
        raise Unusable("this person works beyond your offices, so an administrator above changes them")
    if person is not None and person.id == reach.me and not active:
        raise Unusable("you cannot sign yourself out for good")
    for role, office in changed:
        if why := reach.why_not(role, by_id[office], person.id if person is not None else new_id()):
            raise Unusable(f"{role}@{by_id[office].code}: {why[0].lower()}{why[1:]}")


def _administered(offices: Collection[Office], people: Collection[Staff], roles: dict[UUID, list[StaffRole]]) -> bool:
    """Whether somebody who works here administers the whole government, without a last day."""
    top = {office.id for office in offices if at_the_top(office)}
    return any(
        person.active
        and any(
            role.role == Role.admin and role.office_id in top and role.ends_at is None
            for role in roles.get(person.id, [])
        )
        for person in people
    )


def _role(part: str, offices: dict[str, Office]) -> tuple[Held, date | None]:
    """A role and its last day, as a cell has them."""
    held, _, until = part.partition(" until ")
    role, _, office = held.partition("@")
    day = None
    if until.strip():
        try:
            day = date.fromisoformat(until.strip())
        except ValueError as error:
            raise Unusable(f"{until.strip()!r} is no day; write such as officer@WAT1 until 2026-12-08") from error
    if role.strip() not in set(Role):
        raise Unusable(f"{role.strip()!r} is no role; use one of {', '.join(Role)}")
    if office.strip() not in offices:
        raise Unusable(f"there is no office {office.strip()!r}")
    return (Role(role.strip()), offices[office.strip()].id), day
