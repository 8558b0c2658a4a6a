"""What routing still needs to know of a case, and what there is to choose from. Pure: the catalogue in, options out."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from cases import labels
from cases.replies import Option, Step
from domain.case import Case
from domain.catalogue import Catalogue, name_of
from domain.office import Office
from domain.service import Service
from domain.states import CaseState, OfficeFunction
from routing.names import script_of, words_of
from routing.places import index_of
from routing.rules import Method
from routing.table import table_of

MOST_OPTIONS = 9
"""One digit answers each; of more, the citizen writes the name."""
ELSE = "else"
GROUP = "group:"
_SCRIPTS = {"bn": "bengali", "ru": "cyrillic"}


@dataclass(frozen=True, slots=True)
class Missing:
    """The question that would help most, and its answers. Without options the citizen writes the name."""

    step: Step
    options: tuple[Option, ...]


def missing(known: Catalogue, case: Case, day: date, language: str, done: Collection[str]) -> Missing | None:
    """What a case that was just routed lacks; None where nothing, or where it was asked already (`done`).

    What it is about, when it went to triage; which place, when offices share the service by place and none is known.
    """
    if case.integrity or case.routing_method in (Method.integrity, Method.office_code, "person"):
        return None
    service = known.services.get(case.service_id) if case.service_id else None
    if service is None:
        if case.state != CaseState.triage or Step.service in done:
            return None
        suggested = [str(one.get("service")) for one in case.routing_suggestions]
        options = service_options(known, language, suggested)
        return Missing(Step.service, options) if options else None
    if case.place or Step.place in done or not by_place(known, service, day):
        return None
    return Missing(Step.place, place_options(known, language, service, day))


def by_place(known: Catalogue, service: Service, day: date) -> bool:
    """Whether different offices answer for a service in different places."""
    return table_of(known).differs_by_place(service, day)


def service_options(known: Catalogue, language: str, suggested: Collection[str] = ()) -> tuple[Option, ...]:
    """Services to choose from: those a text may be about, else all of a few, else their groups."""
    likely = [known.service_by_code[code] for code in dict.fromkeys(suggested) if code in known.service_by_code]
    if likely:
        return (*services(likely, language), Option(ELSE, labels.say(labels.ELSE, language)))
    everything = list(known.service_by_code.values())
    return services(everything, language) if len(everything) <= MOST_OPTIONS else groups(known, language)


def services(offered: Iterable[Service], language: str) -> tuple[Option, ...]:
    """Services as options, in the order given."""
    return tuple(Option(one.code, name_of(one, language), tuple(one.names.values())) for one in offered)


def groups(known: Catalogue, language: str) -> tuple[Option, ...]:
    """Groups of services as options, by name."""
    found = {service.group for service in known.service_by_code.values() if service.group}
    named = sorted((labels.group_name(group, language), group) for group in found)
    return tuple(Option(f"{GROUP}{group}", name, (group,)) for name, group in named)


def services_of(known: Catalogue, group: str, language: str) -> tuple[Option, ...]:
    """The services of a group as options, by name."""
    members = [service for service in known.service_by_code.values() if service.group == group]
    return services(sorted(members, key=lambda service: name_of(service, language)), language)


def place_options(
    known: Catalogue, language: str, service: Service | None, day: date, most: int = MOST_OPTIONS
) -> tuple[Option, ...]:
    """Places that offices share a service by (without one, all that some office serves), as the reader writes them.

    None at all where there are more than `most`: a list that leaves some out would mislead.
    """
    index = index_of(known)
    if service is not None:
        keys = dict.fromkeys(place.key for place in table_of(known).places(service, day))
    else:
        keys = dict.fromkeys(key for key, place in index.places.items() if place.offices)
    if len(keys) > most:
        return ()
    spelled: dict[str, list[str]] = {}
    for spelling, key in index.spellings.items():
        if key in keys:
            spelled.setdefault(key, []).append(spelling)
    options = []
    for key in keys:
        place = index.places.get(key)
        if place is not None:
            options.append(Option(place.name, _as_read(place.name, spelled[key], language), tuple(spelled[key])))
    return tuple(sorted(options, key=lambda option: option.label))


def place_alone(known: Catalogue, text: str) -> str | None:
    """The place a reply names, where it says hardly more than that ("in Kelda"); else its words are a report."""
    index = index_of(known)
    hit = index.place_names.find(text)
    return index.places[hit.key].name if hit and len(words_of(text)) <= hit.words + 1 else None


def office_alone(known: Catalogue, text: str) -> Office | None:
    """The office a reply names, by its code or its whole name, where it says hardly more than that."""
    office = known.office_by_code.get(text.strip(" #.").upper())
    hit = index_of(known).office_names.find(text)
    if office is None and hit is not None and not hit.mistyped and len(words_of(text)) <= hit.words + 1:
        office = known.offices[hit.key]
    return office if office is not None and office.function == OfficeFunction.service else None


def _as_read(name: str, spellings: list[str], language: str) -> str:
    """A place's name in the reader's script, where it is known in it."""
    wanted = _SCRIPTS.get(language, "latin")
    if script_of(name.lower()) == wanted:
        return name
    found = next((spelling for spelling in spellings if script_of(spelling) == wanted), None)
    return " ".join(word[:1].upper() + word[1:] for word in found.split()) if found else name
