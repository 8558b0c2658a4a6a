"""Places: which one a text names, which offices serve it, which areas of the map are called so; and office codes, as
they stand on posters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from domain.catalogue import Catalogue
from domain.office import Office
from domain.states import OfficeFunction, Tier
from routing.kept import Kept
from routing.names import Names, fold, inflected, script_of, words_of

_SEPARATOR = re.compile(r"\s*[/|]\s*")
_CODE_FIRST = re.compile(r"^\W*(\w[\w-]{0,31})")
_CODE_MARKED = re.compile(r"#\s?(\w[\w-]{0,31})")
_TIERS = {str(tier): number for number, tier in enumerate(Tier)}


@dataclass(frozen=True, slots=True)
class Place:
    """A place by the name shown, the offices that list it in order of their codes, and the areas called so."""

    key: str
    name: str
    offices: tuple[UUID, ...] = ()
    areas: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Index:
    """What routing looks up in a catalogue, gathered once per revision.

    `office_by_code` has the closed ones too; `by_function` only active ones, the highest first.
    """

    places: dict[str, Place]
    place_names: Names[str]
    office_names: Names[UUID]
    office_by_code: dict[str, Office]
    by_function: dict[OfficeFunction, tuple[Office, ...]]
    area_keys: dict[UUID, str]
    spellings: dict[str, str] = field(repr=False)

    def place(self, text: str) -> Place | None:
        """The place named in a text; the longest name wins."""
        hit = self.place_names.find(text)
        return self.places[hit.key] if hit else None

    def named_office(self, text: str) -> UUID | None:
        """The office whose whole name stands in a text."""
        hit = self.office_names.find(text)
        return hit.key if hit and not hit.mistyped else None

    def key(self, name: str) -> str:
        """What a place's name is compared by, whichever spelling it is."""
        folded = " ".join(words_of(name))
        return self.spellings.get(folded, folded)

    def office_coded(self, text: str) -> Office | None:
        """The office whose code stands at the start of a text ("WAT3 no water") or behind a # anywhere.

        At the start a code without a digit must be written in capitals, so that the first word of a sentence is not
        taken for one.
        """
        for match in _CODE_MARKED.finditer(text[:2000]):
            if (office := self.office_by_code.get(match[1].upper())) is not None:
                return office
        first = _CODE_FIRST.match(text[:200])
        office = self.office_by_code.get(first[1].upper()) if first else None
        if first is None or office is None:
            return None
        capitals = first[1].isupper() and not text[first.end() : 200].isupper()
        return office if capitals or any(c.isdigit() for c in first[1]) else None


def index_of(catalogue: Catalogue) -> Index:
    """The index of a catalogue."""
    return _kept.of(catalogue)


def _build(catalogue: Catalogue) -> Index:
    spellings: dict[str, str] = {}
    names: dict[str, str] = {}
    offices: dict[str, list[UUID]] = {}
    active = sorted((office for office in catalogue.offices.values() if office.active), key=lambda o: o.code)
    listed = [(group, office.id) for office in active for group in _groups(office.places)]
    drawn = [([*area.names.values()] or [area.code], area.id) for area in catalogue.areas.values()]
    alone = [([place], None) for place in dict.fromkeys(p for line in catalogue.jurisdictions for p in line.places)]
    areas: dict[str, list[UUID]] = {}
    groups: list[tuple[list[str], UUID | None]] = [*listed, *drawn, *alone]
    for group, owner in groups:
        folded = [words for name in group if (words := " ".join(words_of(name)))]
        if not folded:
            continue
        key = next((spellings[words] for words in folded if words in spellings), folded[0])
        names.setdefault(key, group[0])
        for words in folded:
            spellings.setdefault(words, key)
        if owner is not None:
            owners = (areas if owner in catalogue.areas else offices).setdefault(key, [])
            if owner not in owners:
                owners.append(owner)
    by_function: dict[OfficeFunction, list[Office]] = {}
    for office in sorted(active, key=lambda o: _TIERS[o.tier]):
        by_function.setdefault(OfficeFunction(office.function), []).append(office)
    return Index(
        places={
            key: Place(key, name, tuple(offices.get(key, ())), tuple(areas.get(key, ()))) for key, name in names.items()
        },
        place_names=Names(spellings.items(), ordinary=_ordinary(catalogue)),
        office_names=Names((name, office.id) for office in active for name in office.names.values()),
        office_by_code={office.code.upper(): office for office in catalogue.offices.values()},
        by_function={function: tuple(found) for function, found in by_function.items()},
        area_keys={area_id: key for key, ids in areas.items() for area_id in ids},
        spellings=spellings,
    )


def _groups(listed: list[str]) -> Iterator[list[str]]:
    """The places in an office's list, each with its spellings.

    "Kelda/Keldë/Кельда" is one place. In a flat list a name in the script of the first one begins a new place, unless
    it is a form of the name before it; names in other scripts are spellings of the place before them.
    """
    group: list[str] = []
    for entry in listed:
        spellings = [name for name in _SEPARATOR.split(entry.strip()) if name]
        if not spellings:
            continue
        if len(spellings) > 1:
            if group:
                yield group
            yield spellings
            group = []
        elif group and not _begins(spellings[0], group[0]):
            group.append(spellings[0])
        else:
            if group:
                yield group
            group = spellings
    if group:
        yield group


def _begins(name: str, head: str) -> bool:
    word, first = fold(name), fold(head)
    return script_of(word) == script_of(first) and word not in set(inflected(first))


def _ordinary(catalogue: Catalogue) -> Iterator[str]:
    for service in catalogue.services.values():
        for phrase in (*service.names.values(), *service.keywords):
            yield from words_of(phrase)


_kept = Kept(_build)
