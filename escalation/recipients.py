"""Whom a rung tells. Pure: a case, a rung's name and the roster of staff in, people out.

Nobody is told of a case that they may not see; `sees` says in Python what `domain.visibility.visible` says in SQL, and
a test holds the two together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from domain.catalogue import Catalogue
from domain.states import CaseState, OfficeFunction, Role
from domain.visibility import Viewer
from escalation.ladder import HEIGHT as _HEIGHT


@dataclass(frozen=True, slots=True)
class Matter:
    """What of a case decides who may hear of it."""

    office_id: UUID
    pending_office_id: UUID | None
    state: str
    assignee_id: UUID | None
    integrity: bool
    about_office_id: UUID | None
    about_staff_id: UUID | None


@dataclass(frozen=True, slots=True)
class Person:
    """An active member of staff."""

    id: UUID
    language: str
    viewer: Viewer


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told, the step of the ladder they stand on, and the steps where nobody could be told."""

    people: tuple[Person, ...]
    step: str
    skipped: tuple[str, ...]


@dataclass(slots=True)
class Roster:
    """Active staff by role and office."""

    people: dict[UUID, Person] = field(default_factory=dict)
    by_role: dict[tuple[Role, UUID], list[Person]] = field(default_factory=dict)
    everywhere: dict[Role, list[Person]] = field(default_factory=dict)

    def add(self, person: Person) -> None:
        """Enter a person under each of their roles."""
        self.people[person.id] = person
        for role, office_id in sorted(person.viewer.roles):
            self.by_role.setdefault((role, office_id), []).append(person)
            if person not in (known := self.everywhere.setdefault(role, [])):
                known.append(person)

    def at(self, office_id: UUID, *roles: Role) -> list[Person]:
        """People with one of the roles at an office, each once."""
        found = {person.id: person for role in roles for person in self.by_role.get((role, office_id), ())}
        return list(found.values())


def sees(who: Viewer, matter: Matter) -> bool:
    """Whether `domain.visibility.visible` would show this case to this viewer."""
    nobody = matter.about_office_id is None and matter.about_staff_id is None
    not_me = nobody if who.staff_id is None else matter.about_staff_id != who.staff_id
    if not not_me or (matter.about_office_id is not None and matter.about_office_id in who.shut_out):
        return False
    if matter.integrity:
        return matter.office_id in who.integrity_offices
    return (
        who.offices is None
        or matter.office_id in who.offices
        or (matter.pending_office_id is not None and matter.pending_office_id in who.offices)
        or (who.triage and matter.state == CaseState.triage)
        or (who.staff_id is not None and matter.assignee_id == who.staff_id)
    )


def choose(matter: Matter, tell: str, known: Catalogue, roster: Roster, *, offered: bool = False) -> Told:
    """The people of the lowest step from `tell` upwards where somebody may be told.

    With `offered` the office that has yet to accept the case is told, else the accountable one. Raises KeyError for a
    `tell` that no ladder has.
    """
    at = matter.pending_office_id if offered and matter.pending_office_id is not None else matter.office_id
    steps = _integrity_steps(matter, tell, roster) if matter.integrity else _steps(matter, tell, known, roster, at)
    skipped: list[str] = []
    for step, people in steps:
        if clear := tuple(person for person in people if sees(person.viewer, matter)):
            return Told(clear, step, tuple(skipped))
        skipped.append(step)
    return Told((), "nobody", tuple(skipped))


def _steps(
    matter: Matter, tell: str, known: Catalogue, roster: Roster, at: UUID
) -> Iterator[tuple[str, Iterable[Person]]]:
    height = _HEIGHT[tell]
    office, *above = known.chain(at)
    if height <= _HEIGHT["officer"]:
        assignee = roster.people.get(matter.assignee_id) if matter.assignee_id and at == matter.office_id else None
        if assignee is not None and sees(assignee.viewer, matter):
            yield "officer", (assignee,)
        desk = (Role.officer, Role.triage) if office.function == OfficeFunction.triage else (Role.officer,)
        yield "officer", roster.at(office.id, *desk)
    if height <= _HEIGHT["supervisor"]:
        yield "supervisor", roster.at(office.id, Role.supervisor)
    if height <= _HEIGHT["head"]:
        yield "head", roster.at(office.id, Role.head)
    if height <= _HEIGHT["parent_office"]:
        if not above:
            yield "parent_office", ()
        for parent in above:
            yield f"parent_office:{parent.code}", roster.at(parent.id, Role.head)
    yield "leadership", roster.everywhere.get(Role.leadership, ())


def _integrity_steps(matter: Matter, tell: str, roster: Roster) -> Iterator[tuple[str, Iterable[Person]]]:
    """Inside the integrity office alone: its staff, then those of them who lead it, and at last all of them."""
    height = _HEIGHT[tell]
    staff = roster.at(matter.office_id, Role.integrity)
    if height <= _HEIGHT["officer"]:
        yield "officer", [person for person in staff if person.id == matter.assignee_id] or staff
    for step, role in (("supervisor", Role.supervisor), ("head", Role.head)):
        if height <= _HEIGHT[step] or step == "head":
            leads = {person.id for person in roster.at(matter.office_id, role)}
            yield step, [person for person in staff if person.id in leads]
    yield "integrity", staff
