"""The routing table as it is looked up: rules by topic, and of a topic by area, by place, by office.

A rule applies on its days. Of two that say the same, the one that began later applies.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from domain.catalogue import Catalogue, name_of
from domain.service import Jurisdiction, Service
from routing.kept import Kept
from routing.places import Index, Place, index_of

_MOST_SPANS = 2_000
Topic = tuple[str, UUID | str]
"""What a rule is about: ("service", its id), ("group", its name) or ("all", "")."""


@dataclass(slots=True)
class Rules:
    """The rules of one topic, by what they say of the place; in each list the one that began last comes first."""

    by_area: dict[UUID, list[Jurisdiction]] = field(default_factory=dict)
    by_place: dict[str, list[Jurisdiction]] = field(default_factory=dict)
    by_within: dict[UUID, list[Jurisdiction]] = field(default_factory=dict)
    by_office: dict[UUID, list[Jurisdiction]] = field(default_factory=dict)
    """Rules with places, by who answers."""
    by_server: dict[UUID, list[Jurisdiction]] = field(default_factory=dict)
    """Those of them whose office lists one of their places as its own."""
    elsewhere: list[Jurisdiction] = field(default_factory=list)
    all: list[Jurisdiction] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Span:
    """What a topic's rules come to on a day: the offices named with a place, those named at all, whether somebody
    answers everywhere else, and the offices above all that are named, nearest first."""

    placed: frozenset[UUID]
    named: frozenset[UUID]
    everywhere: bool
    above: tuple[UUID, ...]


class Table:
    """The rules of a catalogue, gathered once per revision; `by_id` has them all."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._index: Index = index_of(catalogue)
        self.by_id = {line.id: line for line in catalogue.jurisdictions}
        self._topics: dict[Topic, Rules] = {}
        self._spans: dict[tuple[Topic, date], Span | None] = {}
        self._places: dict[tuple[UUID, date], tuple[Place, ...]] = {}
        for line in sorted(catalogue.jurisdictions, key=lambda line: (-line.valid_from.toordinal(), line.id.int)):
            self._add(line)

    def _add(self, line: Jurisdiction) -> None:
        rules = self._topics.setdefault(topic_of(line), Rules())
        rules.all.append(line)
        if line.area_id is not None:
            rules.by_area.setdefault(line.area_id, []).append(line)
        elif line.places:
            keys = dict.fromkeys(self._index.key(name) for name in line.places)
            for key in keys:
                rules.by_place.setdefault(key, []).append(line)
            rules.by_office.setdefault(line.office_id, []).append(line)
            if any(line.office_id in place.offices for key in keys if (place := self._index.places.get(key))):
                rules.by_server.setdefault(line.office_id, []).append(line)
        elif line.within_id is not None:
            rules.by_within.setdefault(line.within_id, []).append(line)
        else:
            rules.elsewhere.append(line)

    def topics(self, service: Service) -> Iterator[tuple[Topic, Rules]]:
        """The rules that may apply to a service, the closest topic first."""
        for topic in (("service", service.id), ("group", service.group), ("all", "")):
            if (rules := self._topics.get(topic)) is not None and topic != ("group", ""):
                yield topic, rules

    def span(self, topic: Topic, day: date) -> Span | None:
        """What a topic's rules come to on a day; None where none is valid."""
        known = self._spans.get((topic, day), self)
        if not isinstance(known, Table):
            return known
        lines = [line for line in self._topics[topic].all if valid(line, day)]
        made = None
        if lines:
            named = frozenset(line.office_id for line in lines)
            made = Span(
                placed=frozenset(line.office_id for line in lines if not is_elsewhere(line)),
                named=named,
                everywhere=any(is_elsewhere(line) for line in lines),
                above=self._above(named),
            )
        if len(self._spans) > _MOST_SPANS:
            self._spans.clear()
        self._spans[topic, day] = made
        return made

    def differs_by_place(self, service: Service, day: date) -> bool:
        """Whether different offices answer for a service in different places."""
        placed = frozenset[UUID]()
        for topic, _ in self.topics(service):
            span = self.span(topic, day)
            if span is not None:
                placed |= span.placed
                if span.everywhere:
                    break
        return len(placed) > 1

    def places(self, service: Service, day: date) -> tuple[Place, ...]:
        """The places by which offices share a service on a day: named, drawn, or served within an office."""
        if (known := self._places.get((service.id, day))) is not None:
            return known
        keys: dict[str, None] = {}
        for _, rules in self.topics(service):
            lines = [line for line in rules.all if valid(line, day)]
            for line in lines:
                keys |= dict.fromkeys(self._keys(line))
            if any(is_elsewhere(line) for line in lines):
                break
        made = tuple(self._index.places[key] for key in keys if key in self._index.places)
        if len(self._places) > _MOST_SPANS:
            self._places.clear()
        self._places[service.id, day] = made
        return made

    def _keys(self, line: Jurisdiction) -> Iterator[str]:
        if line.area_id is not None:
            if line.area_id in self._index.area_keys:
                yield self._index.area_keys[line.area_id]
        elif line.places:
            yield from (self._index.key(place) for place in line.places)
        elif line.within_id is not None:
            below = self._catalogue.subtree(line.within_id)
            yield from (key for key, place in self._index.places.items() if not below.isdisjoint(place.offices))

    def _above(self, offices: Iterable[UUID]) -> tuple[UUID, ...]:
        shared: list[UUID] | None = None
        for office_id in sorted(offices):
            chain = [office.id for office in self._catalogue.chain(office_id)]
            if shared is None:
                shared = chain
            else:
                among = set(chain)
                shared = [above for above in shared if above in among]
        return tuple(shared or ())


def table_of(catalogue: Catalogue) -> Table:
    """The routing table of a catalogue."""
    return _kept.of(catalogue)


_kept = Kept(Table)


def topic_of(line: Jurisdiction) -> Topic:
    """What a rule is about."""
    if line.service_id is not None:
        return "service", line.service_id
    return ("group", line.group) if line.group else ("all", "")


def valid(line: Jurisdiction, day: date) -> bool:
    """Whether a rule applies on a day; `valid_to` is the first day on which it does not."""
    return line.valid_from <= day and (line.valid_to is None or day < line.valid_to)


def is_elsewhere(line: Jurisdiction) -> bool:
    """Whether a rule names no place, so that it applies wherever no closer one does."""
    return line.area_id is None and line.within_id is None and not line.places


def first_valid(lines: Iterable[Jurisdiction], day: date) -> Jurisdiction | None:
    """The rule among several that applies on a day."""
    return next((line for line in lines if valid(line, day)), None)


# -- rules in words ------------------------------------------------------------------------------------------------


def topic_words(known: Catalogue, line: Jurisdiction) -> str:
    """The topic of a rule, for a person."""
    service = known.services.get(line.service_id) if line.service_id else None
    if service is not None:
        return name_of(service, "en")
    return f"all of “{line.group}”" if line.group else "every topic"


def place_words(known: Catalogue, line: Jurisdiction) -> str:
    """The place of a rule, for a person."""
    if line.area_id is not None:
        area = known.areas.get(line.area_id)
        return f"inside {name_of(area, 'en')} on the map" if area else "inside an area that is gone"
    if line.places:
        shown = ", ".join(line.places[:_SHOWN])
        return f"in {shown}" + (f" and {len(line.places) - _SHOWN} more" if len(line.places) > _SHOWN else "")
    if line.within_id is not None:
        return f"where {known.name(line.within_id)} and those below it serve"
    return "everywhere else"


_SHOWN = 4


def rule_words(known: Catalogue, line: Jurisdiction) -> str:
    """A rule in one line: topic, place, office, days."""
    office = known.offices.get(line.office_id)
    said = (
        f"{topic_words(known, line)} {place_words(known, line)} → {office.code if office else 'an office that is gone'}"
    )
    if line.valid_from.year > _ALWAYS:
        said += f", since {line.valid_from.isoformat()}"
    if line.valid_to is not None:
        said += f", until {line.valid_to.isoformat()}"
    return said[:1].upper() + said[1:]


_ALWAYS = 1970
"""Rules that began by this year began with the table."""
