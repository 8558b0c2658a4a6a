"""Citizens' words without contact details, numbers and names: those that rules find, and those the program knows.

Known are all staff, also those who have left, and the citizen who wrote. Names of staff are read anew when their number
changes, at the latest every ten minutes.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlmodel import Session, col, func, select

from core.sets import one_of
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.citizen import Citizen
from domain.staff import Staff, StaffRole
from nlp.persons import Persons, persons
from nlp.redaction import redact

LONGEST_KEPT, LOOK_AFTER = 600.0, 5.0
"""Seconds after which names of staff are read anew whatever happened, and after which their number is looked at."""

MOST_KEPT = 20_000
"""Names of citizens that are held at once, so that an export of millions holds no more of them than a short one."""


@dataclass(frozen=True, slots=True)
class _Kept:
    persons: Persons
    mark: tuple[int, int]
    made: float
    seen: float


def known(session: Session) -> Persons:
    """Staff by name, each near the offices they ever worked at."""
    every = catalogue(session)
    kept: _Kept | None = every.worked_out.get(__name__)
    now = time.monotonic()
    if kept is not None and now - kept.seen < LOOK_AFTER:
        return kept.persons
    people, roles = (session.exec(select(func.count()).select_from(one)).one() for one in (Staff, StaffRole))
    if kept is None or kept.mark != (people, roles) or now - kept.made > LONGEST_KEPT:
        kept = _Kept(_read(session, every), (people, roles), now, now)
    every.worked_out[__name__] = _Kept(kept.persons, kept.mark, kept.made, now)
    return kept.persons


def _read(session: Session, every: Catalogue) -> Persons:
    at: dict[UUID, tuple[str, set[UUID]]] = {}
    rows = session.exec(
        select(Staff.id, Staff.name, StaffRole.office_id).join(
            StaffRole, col(StaffRole.staff_id) == col(Staff.id), isouter=True
        )
    )
    for staff_id, name, office_id in rows:
        _, offices = at.setdefault(staff_id, (name, set()))
        if office_id is not None:
            offices.add(office_id)
    places = [place for office in every.offices.values() for place in (*office.names.values(), *office.places)]
    return persons(at.values(), [*places, *(name for one in every.services.values() for name in one.names.values())])


class Redactor:
    """Strikes out of citizens' words what points to a person. Names of citizens are looked up by `learn`, many at once;
    of those it was not told, one by one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known = known(session)
        self._catalogue = catalogue(session)
        self._names: dict[UUID, str] = {}

    def learn(self, citizens: Iterable[UUID | None]) -> None:
        """Look up the names of citizens whose words come next."""
        if len(self._names) > MOST_KEPT:
            self._names.clear()
        wanted = [one for one in dict.fromkeys(citizens) if one is not None and one not in self._names]
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            rows = self._session.exec(select(Citizen.id, Citizen.name).where(one_of(Citizen.id, some)))
            self._names |= dict.fromkeys(some, "") | {one: name or "" for one, name in rows}

    def words(self, text: str, office_id: UUID | None, citizen_id: UUID | None = None) -> str:
        """A text about an office, as anybody may read it who may read of the case."""
        return redact(text, partial(self._known.find, near=self._near(office_id), writer=self._writer(citizen_id)))

    def names_somebody(self, text: str, office_id: UUID | None = None, citizen_id: UUID | None = None) -> bool:
        """Whether words that staff chose tell of a person. Where they would be refused for it, a word that merely
        begins a sentence is no family name."""
        found = self._known.find(text, self._near(office_id), self._writer(citizen_id), surely=True)
        return bool(found) or redact(text) != text

    def case(self, case: Case) -> str:
        """What the citizen of a case wrote."""
        return self.words(case.text, case.office_id, case.citizen_id)

    def _near(self, office_id: UUID | None) -> list[UUID]:
        """The office and those above it."""
        return [one.id for one in self._catalogue.chain(office_id)] if office_id is not None else []

    def _writer(self, citizen_id: UUID | None) -> str:
        if citizen_id is None:
            return ""
        if citizen_id not in self._names:
            self.learn([citizen_id])
        return self._names[citizen_id]
