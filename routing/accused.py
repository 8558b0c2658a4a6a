"""Whom a complaint accuses: which member of staff it names, looked for only in a message that accuses somebody.

A whole name counts anywhere; one part of a name only at the office complained about, where it means one person. A
namesake costs little: one colleague does not see one case.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from sqlmodel import Session, col, select

from domain.catalogue import Catalogue
from domain.staff import Staff, StaffRole
from nlp.accusation import Accusation
from routing.names import inflected, words_of
from routing.places import index_of

SHORTEST = 4
"""Letters of a part of a name that may stand alone for it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works for the government, and where."""

    staff_id: UUID
    name: str
    offices: frozenset[UUID]


def reading(accusation: Accusation | None) -> str:
    """Why it is a matter of integrity, in words."""
    if accusation is None:
        return "Goes to integrity: the citizen says it is about staff or their conduct."
    said = ", ".join(f"“{word}”" for word in accusation.words)
    if accusation.sure:
        return f"Goes to integrity: the text speaks of {said}."
    return f"Perhaps for integrity: it reads like {accusation.kind}, most for {said}; if not, release it."


def coded(known: Catalogue, text: str) -> UUID | None:
    """The office whose code stands anywhere in a text; a code without a digit may be a word."""
    for word in words_of(text):
        office = known.office_by_code.get(word.upper())
        if office is not None and not word.isalpha():
            return office.id
    return None


def named(session: Session, known: Catalogue, text: str, office_id: UUID | None) -> Person | None:
    """The one person a text names, None for nobody or several; `office_id` is the office complained about."""
    return find(_staff(session), known, words_of(text), office_id)


def find(people: Iterable[Person], known: Catalogue, said: Sequence[str], office_id: UUID | None) -> Person | None:
    """The same among people already read, in the folded words of a text."""
    spoken, beside = set(said), set(pairwise(said))
    ordinary = _ordinary(known)
    whole, parts = [], []
    for person in people:
        forms = [frozenset(inflected(part)) for part in words_of(person.name)]
        if any(
            (one in first and two in second) or (two in first and one in second)
            for first, second in pairwise(forms)
            for one, two in beside
        ):
            whole.append(person)
        elif office_id in person.offices and any(
            len(part) >= SHORTEST and part not in ordinary and not form.isdisjoint(spoken)
            for part, form in zip(words_of(person.name), forms, strict=True)
        ):
            parts.append(person)
    for found in ([one for one in whole if office_id in one.offices], whole, parts):
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _ordinary(known: Catalogue) -> frozenset[str]:
    """Words that name an office or a place: nobody is meant by them."""
    names = (name for office in known.offices.values() for name in (*office.names.values(), office.code))
    return frozenset(word for name in (*names, *index_of(known).spellings) for word in words_of(name))


def _staff(session: Session) -> list[Person]:
    offices: dict[UUID, tuple[str, set[UUID]]] = {}
    rows = select(Staff.id, Staff.name, StaffRole.office_id).join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
    with session.no_autoflush:  # in the middle of opening a case: what waits to be written is none of the staff
        for staff_id, name, office_id in session.exec(rows.where(col(Staff.active).is_(True))):
            offices.setdefault(staff_id, (name, set()))[1].add(office_id)
    return [Person(staff_id, name, frozenset(at)) for staff_id, (name, at) in offices.items()]
