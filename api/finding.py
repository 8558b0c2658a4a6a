"""Finding an office among thousands by what somebody types of its name, code or places: for forms without scripts."""

import re
from collections.abc import Collection
from uuid import UUID

from domain.catalogue import Catalogue, name_of
from domain.office import Office
from routing.kept import Kept
from routing.search import Entry, Finder

OFFERED = 300
"""Offices up to which a form lists them all as suggestions; beyond, one is found by searching."""
MATCHES = 12
_CODE = re.compile(r"\(([\w-]{1,32})\)\s*$")


def find_offices(
    known: Catalogue, typed: str, limit: int = MATCHES, among: Collection[UUID] | None = None
) -> list[Office]:
    """Offices that may be meant, open or closed, best first; a code goes before all names."""
    wanted = typed.strip().upper()
    if not wanted:
        return []
    coded = [office for office in known.offices.values() if office.code.upper().startswith(wanted)]
    coded.sort(key=lambda office: (len(office.code), office.code))
    found = [*coded, *(known.offices[key] for key in _kept.of(known).find(typed[:200], limit * 4))]
    allowed = [one for one in dict.fromkeys(one.id for one in found) if among is None or one in among]
    return [known.offices[one] for one in allowed[:limit]]


def office_meant(known: Catalogue, typed: str) -> Office | None:
    """The open office somebody surely means: by its code, its whole name, or a suggestion such as Name (CODE)."""
    typed = typed.strip()
    coded = _CODE.search(typed)
    if (office := known.office_by_code.get((coded[1] if coded else typed).upper())) is not None:
        return office
    named = [one for one in known.office_by_code.values() if typed.casefold() in map(str.casefold, one.names.values())]
    return named[0] if len(named) == 1 else None


def shown(office: Office) -> str:
    """An office as suggestions name it."""
    return f"{name_of(office, 'en')} ({office.code})"


def suggestions(known: Catalogue, among: Collection[UUID] | None = None) -> list[str]:
    """All open offices to offer beside a field, where they are few enough."""
    offices = [one for one in known.office_by_code.values() if among is None or one.id in among]
    return sorted(map(shown, offices)) if len(offices) <= OFFERED else []


def matches(known: Catalogue, typed: str, among: Collection[UUID] | None = None) -> list[dict[str, str]]:
    """Open offices to choose from where it is not plain which is meant."""
    return [
        {"code": office.code, "name": name_of(office, "en"), "above": above_of(known, office)}
        for office in find_offices(known, typed, among=among)
        if office.active
    ]


def above_of(known: Catalogue, office: Office) -> str:
    """The offices above one, the nearest first, in words."""
    return " · ".join(name_of(above, "en") for above in known.chain(office.id) if above.id != office.id)


_kept = Kept[Finder[UUID]](
    lambda known: Finder(
        Entry(office.id, tuple(office.names.values()), (office.code, *office.places))
        for office in known.offices.values()
    )
)
