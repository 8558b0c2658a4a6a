"""Service × place → office: which rule of the routing table applies, and who answers where its office cannot.

The closer topic goes first (this service, its group, every topic), then what is known of the place (the spot on the
map, the place named, where the citizen wrote from before), and of that the closer rule: drawn around it or naming it,
then by the office that serves it and those above, and at last everywhere else. Where no rule fits at all, the office
above all that are named for the closest topic answers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from uuid import UUID

from domain.catalogue import Catalogue, name_of
from domain.office import Office
from domain.service import Jurisdiction, Service
from domain.states import OfficeFunction
from routing.areas import Spot, map_of
from routing.places import Index, Place, index_of
from routing.table import Rules, Table, first_valid, rule_words, table_of


@dataclass(frozen=True)
class Known:
    """One thing known of the place: how we know it, and the place with those around it on the map, closest first."""

    how: str
    places: tuple[Place, ...]
    catalogue: Catalogue = field(repr=False)

    @property
    def place(self) -> Place:
        """The closest."""
        return self.places[0]

    @cached_property
    def reach(self) -> tuple[tuple[UUID, int], ...]:
        """The offices that serve it and those above, with the steps up to each, the nearest first."""
        served = next((place.offices for place in self.places if place.offices), ())
        steps: dict[UUID, int] = {}
        for office_id in served:
            for distance, office in enumerate(self.catalogue.chain(office_id)):
                if distance < steps.get(office.id, distance + 1):
                    steps[office.id] = distance
        return tuple(sorted(steps.items(), key=lambda pair: pair[1]))


SPOT = "by the spot on the map"
NAMED = ""
BEFORE = "where the citizen wrote from before"


@dataclass(frozen=True, slots=True)
class Found:
    """An office, in words how it was found, and the rule that said so."""

    office: Office
    words: str
    rule: Jurisdiction | None = None


class Where:
    """What is known of the place of a message: picked, named in the text, pointed at on the map, known from before."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        text: str = "",
        place: str | None = None,
        last_place: str | None = None,
        at: Spot | None = None,
    ) -> None:
        index = index_of(catalogue)
        self._catalogue, self._index = catalogue, index
        self.picked = index.place(place) if place else None
        self.named = self.picked or index.place(text)
        self.last = index.place(last_place) if last_place else None
        self.spot = self._of_areas(chart.at(at)) if at is not None and (chart := map_of(catalogue)) else ()

    @property
    def place(self) -> Place | None:
        """The place the case is given."""
        return self.spot[0] if self.spot else self.named or self.last

    @cached_property
    def known(self) -> tuple[Known, ...]:
        """All that is known, what decides first at the front."""
        found = [Known(SPOT, self.spot, self._catalogue)] if self.spot else []
        for place, how in ((self.named, NAMED), (self.last, BEFORE)):
            if place is not None:
                found.append(Known(how, self._with_areas(place), self._catalogue))
        return tuple(found)

    def _with_areas(self, place: Place) -> tuple[Place, ...]:
        """A place named, and what lies around it where it is drawn on the map."""
        chart = map_of(self._catalogue) if place.areas else None
        if chart is None:
            return (place,)
        around = [area for own in place.areas for area in chart.around(own) if area not in place.areas]
        return (place, *self._of_areas(dict.fromkeys(around)))

    def _of_areas(self, areas: Iterable[UUID]) -> tuple[Place, ...]:
        return tuple(
            replace(self._index.places[key], areas=(area,))
            for area in areas
            if (key := self._index.area_keys.get(area))
        )


class Answering:
    """Who answers on a day for what is known of the place. Offices `shut_out` never do."""

    def __init__(self, catalogue: Catalogue, day: date, where: Where, shut_out: frozenset[UUID] = frozenset()) -> None:
        self.catalogue = catalogue
        self.day = day
        self.where = where
        self.shut_out = shut_out
        self._index: Index = index_of(catalogue)
        self._table: Table = table_of(catalogue)
        self._found: dict[UUID, Found | None] = {}

    def of(self, service: Service, looked: list[str] | None = None) -> Found | None:
        """Who answers for a service. What was looked at on the way is added to `looked`, in words."""
        if looked is not None or service.id not in self._found:
            self._found[service.id] = self._look(service, looked)
        return self._found[service.id]

    def _look(self, service: Service, looked: list[str] | None) -> Found | None:
        what = name_of(service, "en")
        for topic, rules in self._table.topics(service):
            for line, where in self._fitting(rules):
                office = self.upwards(line.office_id)
                if looked is not None:
                    looked.append(self._looked(line, where, office))
                if office is not None:
                    words = self._answered_by(f"{what} {where}".rstrip(), office, line.office_id)
                    return Found(office, words, line)
            if looked is not None and (span := self._table.span(topic, self.day)) is not None and span.placed:
                looked.append(f"No rule for {_topic_of(topic, service)} fits the place.")
        return self._above_all(service, what, looked)

    def upwards(self, office_id: UUID) -> Office | None:
        """The office, or the nearest one above it that answers citizens."""
        return self.free(
            office
            for office in self.catalogue.chain(office_id)
            if office.id == office_id or office.function == OfficeFunction.service
        )

    def free(self, offices: Iterable[Office]) -> Office | None:
        """The first of them that is open and not shut out."""
        return next((office for office in offices if office.active and office.id not in self.shut_out), None)

    # -- rules that fit, the closest first -----------------------------------------------------------------------

    def _fitting(self, rules: Rules) -> Iterator[tuple[Jurisdiction, str]]:
        for known in self.where.known:
            said = f"in {known.place.name}" + (f", {known.how}" if known.how else "")
            for line in self._direct(rules, known):
                yield line, said
            for line in self._near(rules, known):
                yield line, said
        if (rest := first_valid(rules.elsewhere, self.day)) is not None:
            place = self.where.spot[0] if self.where.spot else self.where.named
            yield rest, f"in {place.name}" if place else ""

    def _direct(self, rules: Rules, known: Known) -> Iterator[Jurisdiction]:
        """Rules drawn around the place or naming it, the smallest first."""
        for place in known.places:
            for area in place.areas:
                if (line := first_valid(rules.by_area.get(area, ()), self.day)) is not None:
                    yield line
            if (line := first_valid(rules.by_place.get(place.key, ()), self.day)) is not None:
                yield line

    def _near(self, rules: Rules, known: Known) -> Iterator[Jurisdiction]:
        """Rules by the offices that serve the place and those above them, the nearest first: one for all that such an
        office serves, then one whose office it is though it names another place.
        """
        for office_id, distance in known.reach:
            if (line := first_valid(rules.by_within.get(office_id, ()), self.day)) is not None:
                yield line
            # an office further up is meant only where the rule names what that office serves
            theirs = rules.by_office if distance == 0 else rules.by_server
            if (line := first_valid(theirs.get(office_id, ()), self.day)) is not None:
                yield line

    def _above_all(self, service: Service, what: str, looked: list[str] | None) -> Found | None:
        """The nearest active service office above (or equal to) every office that answers for a topic."""
        place = self.where.place
        for topic, _ in self._table.topics(service):
            span = self._table.span(topic, self.day)
            above = self.free(
                office
                for office_id in (span.above if span else ())
                if (office := self.catalogue.offices[office_id]).function == OfficeFunction.service
            )
            if above is None:
                continue
            if looked is not None:
                looked.append(f"{name_of(above, 'en')} stands above all that answer for {_topic_of(topic, service)}.")
            known = f" in {place.name}" if place else ""
            return Found(above, f"{what}{known} has no office of its own, so {name_of(above, 'en')} above them answers")
        return None

    # -- in words ------------------------------------------------------------------------------------------------

    def _answered_by(self, what: str, office: Office, named: UUID) -> str:
        if office.id == named:
            return f"{what} is answered by {name_of(office, 'en')}"
        return f"{what} is answered by {name_of(office, 'en')}, since {self.catalogue.name(named)} cannot"

    def _looked(self, line: Jurisdiction, where: str, office: Office | None) -> str:
        said = rule_words(self.catalogue, line)
        if office is None:
            return f"{said}: it cannot take it, and nobody above it can."
        if office.id != line.office_id:
            why = "is shut out of this" if line.office_id in self.shut_out else "is closed"
            return f"{said}: {self.catalogue.name(line.office_id)} {why}, so {name_of(office, 'en')} above it answers."
        return f"{said}."


def _topic_of(topic: tuple[str, object], service: Service) -> str:
    if topic[0] == "service":
        return name_of(service, "en")
    return f"all of “{service.group}”" if topic[0] == "group" else "every topic"


def answering(known: Catalogue, service_id: UUID, place: str | None, day: date) -> Office | None:
    """The active office that answers for a service in a place on a day; None where nobody does."""
    service = known.services.get(service_id)
    found = Answering(known, day, Where(known, place=place)).of(service) if service else None
    return found.office if found else None
