"""Staff as CSV lines: `roles` holds role@OFFICE, separated by semicolons."""

from uuid import UUID

from sqlmodel import Session, col, delete, select

from cli.csvs import Complaints, Line, Unusable
from cli.setup import clean_email, one_time_password
from core.errors import BadInput
from core.ids import new_id
from core.passwords import hash_password
from core.settings import settings
from domain.office import Office
from domain.staff import Staff, StaffRole, email_index
from domain.states import Role


def rows(session: Session) -> list[dict[str, str]]:
    """Everybody who signs in, in order of address; passwords are not exported."""
    offices = {office.id: office.code for office in session.exec(select(Office))}
    roles: dict[UUID, list[str]] = {}
    for role in session.exec(select(StaffRole)):
        roles.setdefault(role.staff_id, []).append(f"{role.role}@{offices[role.office_id]}")
    found = [
        {
            "email": person.email,
            "name": person.name,
            "roles": ";".join(sorted(roles.get(person.id, []))),
            "language": person.language,
            "active": "yes" if person.active else "no",
        }
        for person in session.exec(select(Staff))
    ]
    return sorted(found, key=lambda row: row["email"])


def put(session: Session, lines: list[Line], complaints: Complaints, *, make_passwords: bool) -> dict[str, str]:
    """Add and change staff; returns the one-time passwords of the new ones. Roles become exactly those of the line."""
    offices = {office.code: office.id for office in session.exec(select(Office))}
    known = {person.email_index: person for person in session.exec(select(Staff))}
    fresh: list[Staff] = []

    def use(line: Line) -> None:
        try:
            email = clean_email(line.needed("email"))
        except BadInput as error:
            raise Unusable(error.message) from error
        name, language = line.needed("name", 200), line.text("language") or settings().languages[0]
        if language not in settings().languages:
            raise Unusable(f"language is {language!r}; the deployment speaks {', '.join(settings().languages)}")
        wanted = {_role(part, offices) for part in line.parts("roles")}
        if not wanted:
            raise Unusable("roles is empty; write role@OFFICE, such as officer@WAT1")
        active = line.yes("active")
        person = known.get(email_index(email))
        if person is None:
            person = Staff(id=new_id(), name=name, email=email, email_index=email_index(email), password_hash="")
            known[person.email_index] = person
            session.add(person)
            session.flush()
            fresh.append(person)
        person.name, person.language, person.active = name, language, active
        held = {
            (role.role, role.office_id)
            for role in session.exec(select(StaffRole).where(col(StaffRole.staff_id) == person.id))
        }
        if held != wanted:
            session.execute(delete(StaffRole).where(col(StaffRole.staff_id) == person.id))
            session.add_all(StaffRole(staff_id=person.id, role=role, office_id=office) for role, office in wanted)

    complaints.each(lines, use)
    if complaints.found or not make_passwords:
        return {}
    passwords = {person.email: one_time_password() for person in fresh}
    for person in fresh:
        person.password_hash = hash_password(passwords[person.email])
    return passwords


def _role(part: str, offices: dict[str, UUID]) -> tuple[Role, UUID]:
    role, _, office = part.partition("@")
    if role.strip() not in set(Role):
        raise Unusable(f"{role.strip()!r} is no role; use one of {', '.join(Role)}")
    if office.strip() not in offices:
        raise Unusable(f"there is no office {office.strip()!r}")
    return Role(role.strip()), offices[office.strip()]
