"""What the report offers to pick from: services and places by what was typed, by group, and by what was written."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from api.words import GROUPS
from core.i18n import translator
from core.settings import settings
from domain.catalogue import Catalogue, name_of
from domain.office import Office
from domain.states import OfficeFunction, Tier
from nlp import classifier
from routing.names import script_of, words_of
from routing.places import Place, index_of
from routing.search import Entry, Finder

GUESSES = 3
LIKELY = 0.2
"""Probability from which the classifier's view of the words is worth showing."""
_SCRIPTS = {"bn": "bengali", "ru": "cyrillic"}


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to pick: the value that is posted, its name, and a word about it."""

    value: str
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Choices under one heading; `number` is what its button posts."""

    number: int
    name: str
    choices: tuple[Choice, ...]


_finders: list[tuple[Catalogue, Finder[str], Finder[str]]] = []


def _finders_of(known: Catalogue) -> tuple[Finder[str], Finder[str]]:
    """Finders of services, and of places and offices; made once per revision of the catalogue."""
    for made_of, services, places in tuple(_finders):
        if made_of.services is known.services and made_of.offices is known.offices:
            return services, places
    services = Finder(
        Entry(service.code, tuple(service.names.values()), tuple(service.keywords))
        for service in known.service_by_code.values()
    )
    index = index_of(known)
    spelt: dict[str, list[str]] = {}
    for spelling, key in index.spellings.items():
        spelt.setdefault(key, []).append(spelling)
    places = Finder(
        [
            *(Entry(f"p:{place.name}", tuple(spelt.get(key, [place.name]))) for key, place in index.places.items()),
            *(Entry(f"o:{o.code}", (*o.names.values(), o.code)) for o in _answering(known)),
        ]
    )
    _finders.append((known, services, places))
    del _finders[:-4]
    return services, places


def _answering(known: Catalogue) -> list[Office]:
    """Offices that citizens know and may name."""
    shown = (OfficeFunction.service, OfficeFunction.leadership)
    return [office for office in known.office_by_code.values() if office.function in shown]


# services


def find_services(known: Catalogue, typed: str, lang: str) -> list[Choice]:
    """Services that may be meant, best first."""
    services, _ = _finders_of(known)
    return [_service(known, code, lang) for code in services.find(typed)]


def guess_services(known: Catalogue, text: str, lang: str) -> list[Choice]:
    """Services that the report's own words may be about, likeliest first; none rather than a far-fetched one."""
    model = classifier.current(settings().models_dir)
    understood = model.classify(text, lang).labels if model is not None else ()
    likely = [one.label for one in understood if one.probability >= LIKELY]
    services, _ = _finders_of(known)
    named = services.find(text, GUESSES, sure=True)
    codes = dict.fromkeys([*(code for code in likely if code in named), *likely, *named])
    return [_service(known, code, lang) for code in codes if code in known.service_by_code][:GUESSES]


def service_groups(known: Catalogue, lang: str) -> list[Group]:
    """All services under their groups, both in order of their names."""
    said = translator(lang)
    return _grouped(
        (said.gettext(GROUPS[service.group]) if service.group in GROUPS else service.group, _service(known, code, lang))
        for code, service in known.service_by_code.items()
    )


def service_name(known: Catalogue, code: str, lang: str) -> str:
    """Name of a service; empty for one that is not offered."""
    return _service(known, code, lang).name if code in known.service_by_code else ""


def _service(known: Catalogue, code: str, lang: str) -> Choice:
    return Choice(code, name_of(known.service_by_code[code], lang))


# places and offices


def find_places(known: Catalogue, typed: str, lang: str) -> list[Choice]:
    """Places and offices that may be meant, best first."""
    _, places = _finders_of(known)
    found = (place_of(known, value, lang) for value in places.find(typed))
    return [choice for choice in found if choice is not None]


def place_groups(known: Catalogue, lang: str) -> list[Group]:
    """All places under the region or district they lie in."""
    return _grouped(
        (_lies_in(known, place, lang), _place(place, known, lang)) for place in index_of(known).places.values()
    )


def place_of(known: Catalogue, value: str, lang: str) -> Choice | None:
    """The place or office a radio button stands for; None for neither."""
    kind, _, code = value.partition(":")
    if kind == "o" and (office := known.office_by_code.get(code.upper())) is not None:
        above = known.offices.get(office.parent_id) if office.parent_id else None
        return Choice(f"o:{office.code}", name_of(office, lang), name_of(above, lang) if above else "")
    if kind == "p" and (place := index_of(known).place(code)) is not None:
        return _place(place, known, lang)
    return None


def _place(place: Place, known: Catalogue, lang: str) -> Choice:
    return Choice(f"p:{place.name}", _spelt(known, place, lang), _lies_in(known, place, lang))


def _spelt(known: Catalogue, place: Place, lang: str) -> str:
    """A place's name in the reader's script, in the first spelling that is."""
    wanted = _SCRIPTS.get(lang, "latin")
    for office_id in place.offices:
        for listed in known.offices[office_id].places:
            names = [name.strip() for name in listed.split("/")]
            if names[0] == place.name:
                fitting = (name for name in names if (words := words_of(name)) and script_of(words[0]) == wanted)
                return next(fitting, place.name)
    return place.name


def _lies_in(known: Catalogue, place: Place, lang: str) -> str:
    """Name of the region of a place, else of the first office that serves it."""
    offices = [known.offices[office_id] for office_id in place.offices]
    regions = (above for office in offices for above in known.chain(office.id) if above.tier == Tier.region)
    shown = next(regions, offices[0] if offices else None)
    return name_of(shown, lang) if shown else ""


def _grouped(pairs: Iterable[tuple[str, Choice]]) -> list[Group]:
    groups: dict[str, list[Choice]] = {}
    for heading, choice in pairs:
        groups.setdefault(heading, []).append(choice)
    return [
        Group(number, heading, tuple(sorted(choices, key=_by_name)))
        for number, (heading, choices) in enumerate(sorted(groups.items()), start=1)
    ]


_by_name: Callable[[Choice], str] = lambda choice: choice.name.casefold()  # noqa: E731


def opened_group(groups: list[Group], go: str) -> Group | None:
    """The group whose button was pressed."""
    kind, _, number = go.partition(":")
    return next((group for group in groups if kind == "group" and str(group.number) == number), None)


def label(values: Mapping[str, str], known: Catalogue, lang: str) -> str:
    """The chosen place or office in words; empty when none was, or none that is known."""
    value = f"o:{values['office']}" if values["office"] else f"p:{values['place']}" if values["place"] else ""
    found = place_of(known, value, lang) if value else None
    return found.name if found else ""
