"""A small government to route in: Lumas in the north, Berim and Nova Lumas in the south."""

import json
from datetime import date
from uuid import UUID

from core.ids import new_id
from domain.catalogue import Catalogue, Outline
from domain.office import Office
from domain.service import Jurisdiction, Service
from domain.states import OfficeFunction, Tier
from nlp.classifier import Prediction, Suggestion

DAY = date(2026, 11, 23)
LUMAS = "Lumas/Лумас/লুমাস"
BERIM = "Berim/Берим"
NOVA = "Nova Lumas/Нова Лумас"


class World:
    """Offices and services by code; `catalogue()` is a snapshot of them."""

    def __init__(self) -> None:
        self.offices: dict[str, Office] = {}
        self.services: dict[str, Service] = {}
        self.lines: list[Jurisdiction] = []
        self.areas: dict[str, Outline] = {}

    def office(
        self,
        code: str,
        parent: str | None = None,
        *,
        places: tuple[str, ...] = (),
        function: OfficeFunction = OfficeFunction.service,
        name: str = "",
        active: bool = True,
        tier: Tier = Tier.district,
    ) -> UUID:
        row = Office(
            id=new_id(),
            code=code,
            names={"en": name or code},
            tier=tier,
            function=function,
            parent_id=self.offices[parent].id if parent else None,
            places=list(places),
            active=active,
        )
        self.offices[code] = row
        return row.id

    def service(self, code: str, name: str, *lines: tuple[str, str], active: bool = True, group: str = "") -> UUID:
        row = Service(id=new_id(), code=code, names={"en": name}, active=active, group=group)
        self.services[code] = row
        for place, office in lines:
            self.line(code, place, office)
        return row.id

    def line(
        self,
        service: str,
        place: str,
        office: str,
        *,
        group: str = "",
        area: str = "",
        within: str = "",
        since: date = date.min,
        until: date | None = None,
    ) -> UUID:
        """A rule; without service and group it is about every topic."""
        row = Jurisdiction(
            id=new_id(),
            service_id=self.services[service].id if service else None,
            group=group,
            places=[place] if place else [],
            area_id=self.areas[area].id if area else None,
            within_id=self.offices[within].id if within else None,
            office_id=self.offices[office].id,
            valid_from=since,
            valid_to=until,
        )
        self.lines.append(row)
        return row.id

    def area(self, code: str, name: str, west: float, south: float, east: float, north: float) -> UUID:
        """A rectangle of the map, in degrees."""
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        drawn = json.dumps({"type": "Polygon", "coordinates": [ring]})
        self.areas[code] = Outline(new_id(), code, {"en": name}, drawn)
        return self.areas[code].id

    def catalogue(self) -> Catalogue:
        return Catalogue(
            revision=1,
            offices={row.id: row for row in self.offices.values()},
            services={row.id: row for row in self.services.values()},
            jurisdictions=tuple(self.lines),
            policies=(),
            calendars={},
            areas={row.id: row for row in self.areas.values()},
        )

    def code_of(self, office_id: UUID | None) -> str | None:
        return next((code for code, row in self.offices.items() if row.id == office_id), None)


def velmora() -> World:
    """The usual case: a root, triage, integrity, a water authority with two districts, a registry."""
    world = World()
    world.office("GOV", function=OfficeFunction.leadership, tier=Tier.national, name="Government")
    world.office("TRI", "GOV", function=OfficeFunction.triage, tier=Tier.national, name="Triage Desk")
    world.office("INT", "GOV", function=OfficeFunction.integrity, tier=Tier.national, name="Integrity Office")
    world.office("WAT", "GOV", tier=Tier.national, name="Water Authority")
    world.office("WAT1", "WAT", places=(LUMAS,), name="Water, District 1")
    world.office("WAT3", "WAT", places=(BERIM, NOVA), name="Water, District 3")
    world.office("CIV", "GOV", tier=Tier.national, name="Civil Registry")
    world.office("CIV1", "CIV", places=(LUMAS,), name="Lumas Registry")
    world.service("water", "Water supply", ("Lumas", "WAT1"), ("Berim", "WAT3"))
    world.service("passport", "Passport renewal", ("", "CIV"), ("Lumas", "CIV1"))
    return world


def sees(label: str, probability: float = 0.97, *others: tuple[str, float], threshold: float = 0.8) -> Prediction:
    """What a model would say."""
    labels = (Suggestion(label, probability), *(Suggestion(*other) for other in others))
    return Prediction(labels, "en", "model-1", threshold)
