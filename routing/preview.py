"""What a change of the routing table would come to: who would answer in place of whom, before anything is saved."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.catalogue import Catalogue, name_of
from domain.office import Office
from domain.service import Jurisdiction, Service
from routing.answering import answering
from routing.places import index_of

MOST_PLACES = 8
MOST_SERVICES = 200
NAMED = 3


@dataclass(frozen=True, slots=True)
class Move:
    """Messages about `topics` in a place (empty: where no closer rule counts) go from one office to another.

    None stands for nobody, so that the triage desk decides.
    """

    topics: str
    place: str
    before: Office | None
    after: Office | None
    services: tuple[UUID, ...]

    @property
    def moved(self) -> bool:
        """Whether anything changes."""
        return (self.before.id if self.before else None) != (self.after.id if self.after else None)


def moves(before: Catalogue, after: Catalogue, rule: Jurisdiction, day: date) -> list[Move]:
    """What a rule changes on a day, by place and office; for a rule of very many places or services, some of them."""
    services = services_of(before, rule)[:MOST_SERVICES]
    found: dict[tuple[str, UUID | None, UUID | None], list[Service]] = {}
    offices: dict[UUID | None, Office | None] = {None: None}
    for place in places_of(before, rule):
        for service in services:
            was = answering(before, service.id, place or None, day)
            now = answering(after, service.id, place or None, day)
            offices |= {office.id: office for office in (was, now) if office is not None}
            found.setdefault((place, was.id if was else None, now.id if now else None), []).append(service)
    return [
        Move(_topics(some, services, rule), place, offices[was], offices[now], tuple(service.id for service in some))
        for (place, was, now), some in found.items()
    ]


def services_of(known: Catalogue, rule: Jurisdiction) -> list[Service]:
    """The services in use that a rule is about."""
    if rule.service_id is not None:
        return [service for service in known.service_by_code.values() if service.id == rule.service_id]
    chosen = [one for one in known.service_by_code.values() if not rule.group or one.group == rule.group]
    return sorted(chosen, key=lambda service: name_of(service, "en"))


def places_of(known: Catalogue, rule: Jurisdiction) -> list[str]:
    """Some of the places a rule counts in; an empty one for everywhere."""
    if rule.area_id is not None:
        area = known.areas.get(rule.area_id)
        return [name_of(area, "en")] if area else []
    if rule.places:
        return [place.split("/")[0].strip() for place in rule.places[:MOST_PLACES]]
    if rule.within_id is not None:
        below = known.subtree(rule.within_id)
        served = [place.name for place in index_of(known).places.values() if not below.isdisjoint(place.offices)]
        return served[:MOST_PLACES]
    return [""]


def unknown_places(known: Catalogue, rule: Jurisdiction) -> list[str]:
    """Places a rule names that no office serves and no area is called: perhaps a slip."""
    index = index_of(known)
    names = {name for office in known.offices.values() if office.active for name in office.places}
    names |= {name for area in known.areas.values() for name in area.names.values()}
    served = {index.key(part) for name in names for part in (name, *name.split("/"))}
    return [place for place in rule.places if index.key(place.split("/")[0]) not in served]


def _topics(some: list[Service], services: list[Service], rule: Jurisdiction) -> str:
    if len(some) == 1:
        return name_of(some[0], "en")
    if len(some) == len(services):
        return f"all of “{rule.group}”" if rule.group else "every topic"
    names = [name_of(service, "en") for service in some]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
