"""The sample's routing table and its map, read from their files."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from cli.sample.files import Line, features, lines, unique
from core.errors import BadInput
from routing.areas import check


@dataclass(frozen=True, slots=True)
class Area:
    """A piece of the map, drawn as GeoJSON."""

    code: str
    names: Mapping[str, str]
    geometry: dict[str, object]


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """Who answers for a service or a whole group: in a place, an area or where an office serves, or with none of these
    anywhere that nobody nearer answers.
    """

    service: str | None
    group: str
    place: str | None
    area: str | None
    within: str | None
    office: str


def read_areas(file: Traversable, languages: tuple[str, ...]) -> tuple[Area, ...]:
    """The areas of a file. Raises BadInput."""
    found: dict[str, Area] = {}
    for number, (properties, geometry) in enumerate(features(file), 1):
        code = str(properties.get("code") or "")
        names = {language: str(properties.get(f"name_{language}") or "") for language in languages}
        if not code or code in found or not all(names.values()):
            raise BadInput(f"{file.name}, feature {number}: it needs a `code` of its own and a name in each language.")
        try:
            found[code] = Area(code, names, check(geometry))
        except BadInput as error:
            raise BadInput(f"{file.name}, feature {number}: {error}") from error
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Table:
    """What the lines of the routing table may name; services with their group."""

    services: Mapping[str, str]
    places: Collection[str]
    areas: Collection[str]
    offices: Collection[str]

    def read(self, file: Traversable) -> tuple[Jurisdiction, ...]:
        """The routing table of a file. Raises BadInput naming the line, or the services that nobody answers for."""
        found: dict[str, Jurisdiction] = {}
        for line in lines(file, ["service", "group", "place", "area", "within", "office"]):
            entry = self._entry(line)
            unique(line, found, line.key("service", "group", "place", "area", "within"), entry)
        everywhere = [line for line in found.values() if not (line.place or line.area or line.within)]
        answered = {line.service for line in everywhere}
        grouped = {line.group for line in everywhere if line.service is None}
        homeless = sorted(
            code for code, group in self.services.items() if code not in answered and group not in grouped
        )
        if homeless:
            raise BadInput(f"{file.name}: no office answers anywhere (empty place) for {', '.join(homeless)}.")
        return tuple(found.values())

    def _entry(self, line: Line) -> Jurisdiction:
        place, group = line.optional("place"), line.optional("group") or ""
        if place is not None and place not in self.places:
            raise line.bad(f"{place!r} in `place` is served by no office of offices.csv.")
        if group and (group not in set(self.services.values()) or line.optional("service")):
            raise line.bad(f"`group` is {group!r}: it must be the group of some service, and stand without one.")
        if sum(line.optional(column) is not None for column in ("place", "area", "within")) > 1:
            raise line.bad("its place is given twice; use one of `place`, `area` and `within`.")
        return Jurisdiction(
            service=line.maybe("service", self.services, "service"),
            group=group,
            place=place,
            area=line.maybe("area", self.areas, "area"),
            within=line.maybe("within", self.offices, "office"),
            office=line.one_of("office", self.offices, "office"),
        )
