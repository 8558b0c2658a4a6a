"""The map: in which areas a spot lies, and whether what was drawn is an area at all.

shapely (20 MB of a process) is loaded only where there is an area to look at.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.errors import BadInput
from domain.catalogue import Catalogue
from routing.kept import Kept

if TYPE_CHECKING:
    from shapely import Geometry

Spot = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84)."""
MOST_POINTS = 50_000
"""Corners of one area; a border drawn finer than that finds no other office."""
FAR = 25.0
"""Degrees from every area known from which a drawing that lies among them when turned round was drawn wrong."""


class Map:
    """The areas of a catalogue, made ready to be asked; all that costs is done here, once."""

    def __init__(self, outlines: Iterable[tuple[UUID, str, str]]) -> None:
        """`outlines`: id, code and GeoJSON text of each area; what is no drawing is left out."""
        import numpy as np
        import shapely

        read = [(area_id, code, shapely.from_geojson(text, on_invalid="ignore")) for area_id, code, text in outlines]
        drawn = [(shape, code, area_id) for area_id, code, shape in read if shape is not None and not shape.is_empty]
        drawn.sort(key=lambda one: (_extent(one[0]), one[1]))  # the smallest first, of equals by code
        self._ids = [area_id for _, _, area_id in drawn]
        self._shapes = np.array([shape for shape, _, _ in drawn], dtype=object)
        self._tree = shapely.STRtree(self._shapes)
        self._bounds = shapely.bounds(self._shapes) if drawn else np.empty((0, 4))
        shapely.prepare(self._shapes)

    def at(self, spot: Spot) -> tuple[UUID, ...]:
        """Areas that hold a spot, the smallest first; one on a border lies in both."""
        return tuple(self._ids[number] for number in self._holding(*spot))

    def around(self, area_id: UUID) -> tuple[UUID, ...]:
        """An area and those that hold it, the smallest first."""
        return self._around.get(area_id, (area_id,))

    @cached_property
    def _around(self) -> dict[UUID, tuple[UUID, ...]]:
        import shapely

        found: dict[UUID, tuple[UUID, ...]] = {}
        for number, (area_id, shape) in enumerate(zip(self._ids, self._shapes, strict=True)):
            inside = shapely.point_on_surface(shape)  # a larger area that holds this spot holds most of it
            larger = (self._ids[other] for other in self._holding(inside.y, inside.x) if other > number)
            found[area_id] = (area_id, *larger)
        return found

    def _holding(self, latitude: float, longitude: float) -> list[int]:
        import shapely

        point = shapely.Point(longitude, latitude)
        near = sorted(self._tree.query(point).tolist())
        return [number for number in near if shapely.intersects(self._shapes[number], point)]

    def middles(self) -> list[Spot]:
        """Where the areas are, roughly."""
        return [(float(south + north) / 2, float(west + east) / 2) for west, south, east, north in self._bounds]


def map_of(catalogue: Catalogue) -> Map | None:
    """The map of a catalogue; None where nothing is drawn."""
    return _kept.of(catalogue) if catalogue.areas else None


_kept = Kept(lambda known: Map((area.id, area.code, area.geojson) for area in known.areas.values()))


def _extent(shape: "Geometry") -> float:
    """Size for comparing: square degrees at the Equator."""
    _, south, _, north = shape.bounds
    return float(shape.area) * math.cos(math.radians((south + north) / 2))


def spot_of(given: object) -> Spot | None:
    """Latitude and longitude of a case's location; None where there is none or it is nowhere on Earth."""
    if not isinstance(given, dict):
        return None
    return _spot(given.get("latitude"), given.get("longitude"))


def read_spot(text: str) -> Spot:
    """A spot written as 41.33,19.82. Raises BadInput."""
    first, _, second = text.replace(" ", "").partition(",")
    try:
        found = _spot(float(first), float(second))
    except ValueError:
        found = None
    if found is None:
        raise BadInput(f"{text!r} is no spot on the map.", mend="Write latitude,longitude, such as 41.33,19.82.")
    return found


def _spot(latitude: object, longitude: object) -> Spot | None:
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    fits = math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180
    return (float(latitude), float(longitude)) if fits else None


# -- what may be kept as an area ----------------------------------------------------------------------------------


def check(geometry: object, near: Sequence[Spot] = ()) -> dict[str, object]:
    """The geometry of an area, as it is kept: a GeoJSON Polygon or MultiPolygon without anything around it.

    A Feature, or a collection of a single one, is taken for what is in it. `near` is where the areas known lie, or the
    map opens: it tells a drawing whose two degrees are the wrong way round.

    Raises:
        BadInput: saying what is wrong with the drawing and how to mend it.
    """
    bare = _bare(geometry)
    kind, coordinates = bare.get("type"), bare.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        raise BadInput(
            f"A {kind} is no area." if isinstance(kind, str) else "This is no GeoJSON.",
            mend="Draw a Polygon, or several as a MultiPolygon, and give its geometry with type and coordinates.",
        )
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons or not all(isinstance(one, list) and one for one in polygons):
        raise BadInput("The drawing is empty.", mend="Draw at least one ring of four corners.")
    kept = [[_ring(ring) for ring in rings] for rings in polygons]
    points = [point for rings in kept for ring in rings for point in ring]
    if len(points) > MOST_POINTS:
        raise BadInput(
            f"It has {len(points):,} corners.", mend=f"Simplify the border to {MOST_POINTS:,} corners or fewer."
        )
    _in_place(points, near)
    made: dict[str, object] = {"type": kind, "coordinates": kept[0] if kind == "Polygon" else kept}
    _whole(made)
    return made


def near(known: Catalogue, opens_at: str = "") -> list[Spot]:
    """Where a new area may be looked for: about the areas there are, and where the map opens (latitude,longitude,…)."""
    chart = map_of(known)
    found = chart.middles() if chart is not None else []
    parts = opens_at.split(",")
    try:
        opened = _spot(float(parts[0]), float(parts[1]))
    except (ValueError, IndexError):
        opened = None
    return [*found, opened] if opened is not None else found


def _bare(geometry: object) -> dict[str, Any]:
    found: Any = geometry
    if isinstance(found, dict) and found.get("type") == "FeatureCollection":
        features = found.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise BadInput(
                "It is a collection of several drawings.",
                mend="Give one of them, or import the file with: ombud import areas FILE",
            )
        found = features[0]
    if isinstance(found, dict) and found.get("type") == "Feature":
        found = found.get("geometry")
    return found if isinstance(found, dict) else {}


def _ring(ring: object) -> list[list[float]]:
    points = list(_points(ring))
    if len(points) < 4:
        raise BadInput(f"A ring has {len(points)} corners.", mend="A ring needs at least three, and the first again.")
    if points[0] != points[-1]:
        longitude, latitude = points[0]
        raise BadInput(
            f"A ring is not closed: it begins at {longitude:g}, {latitude:g} and ends elsewhere.",
            mend="Write its first corner again as its last.",
        )
    return points


def _points(ring: object) -> Iterator[list[float]]:
    for point in ring if isinstance(ring, list) else ():
        numbers = point[:2] if isinstance(point, list) else ()
        if len(numbers) < 2 or not all(isinstance(one, int | float) and math.isfinite(one) for one in numbers):
            raise BadInput(f"{str(point)[:40]} is no corner.", mend="A corner is [longitude, latitude], in degrees.")
        yield [float(one) for one in numbers]  # a height is left out


def _in_place(points: Sequence[list[float]], near: Sequence[Spot]) -> None:
    """Raise BadInput unless the corners lie on Earth, and not where they would with both degrees exchanged."""
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    turned = BadInput(
        f"Latitude and longitude seem to be exchanged: {points[0][0]:g}, {points[0][1]:g}.",
        mend="GeoJSON writes longitude first, then latitude.",
    )
    if max(abs(south), abs(north)) > 90:
        if max(abs(west), abs(east)) <= 90 and max(abs(south), abs(north)) <= 180:
            raise turned
        raise BadInput(
            f"{points[0][0]:g}, {points[0][1]:g} is not in degrees.",
            mend="Export it in degrees, as WGS 84 (EPSG 4326).",
        )
    if max(abs(west), abs(east)) > 180 or east - west > 180:
        raise BadInput(
            "It reaches across the line where 180 degrees east meets 180 degrees west.",
            mend="Cut it there in two parts, with longitudes from -180 to 180.",
        )
    middle = ((south + north) / 2, (west + east) / 2)
    if near and _distance(middle, near) > FAR > 2 * _distance((middle[1], middle[0]), near):
        raise turned


def _distance(spot: Spot, others: Sequence[Spot]) -> float:
    """Degrees to the nearest of the others."""
    return min(math.hypot(spot[0] - lat, spot[1] - lon) for lat, lon in others)


_CROSSED = {
    "Self-intersection": "its border crosses itself",
    "Ring Self-intersection": "its border touches itself",
    "Hole lies outside shell": "a hole lies outside the border",
    "Holes are nested": "a hole lies in another hole",
    "Nested shells": "one part lies inside another part",
    "Interior is disconnected": "its holes cut it in two",
    "Duplicate Rings": "a ring is there twice",
    "Too few points in geometry component": "a ring has fewer than three corners",
}


def _whole(geometry: dict[str, object]) -> None:
    import shapely

    shape = shapely.from_geojson(json.dumps(geometry))
    if shape.convex_hull.area == 0:
        raise BadInput("All its corners lie on one line.", mend="Draw around the area.")
    if not shape.is_valid:
        found = re.fullmatch(r"([^\[]*)(?:\[(\S+) (\S+)\])?", shapely.is_valid_reason(shape))
        reason, longitude, latitude = found.groups() if found else ("", None, None)
        where = f", near {float(longitude):.5g}, {float(latitude):.5g}" if longitude and latitude else ""
        raise BadInput(
            f"The drawing is no area: {_CROSSED.get(reason, reason or 'its border is broken')}{where}.",
            mend="Redraw that corner, or mend it with the repair tool of the program that drew it.",
        )
