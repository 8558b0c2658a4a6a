"""What may be kept as an area, and in which areas a spot lies."""

import json
import math
from uuid import UUID, uuid4

import pytest

from core.errors import BadInput
from routing.areas import Map, check, read_spot, spot_of

SQUARE = [[19.8, 41.3], [19.9, 41.3], [19.9, 41.4], [19.8, 41.4], [19.8, 41.3]]
HERE = ((41.33, 19.82),)


def polygon(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_what_is_drawn_well_is_kept_bare() -> None:
    high = [[*point, 120.0] for point in SQUARE]
    for given in (
        polygon(SQUARE),
        {"type": "Feature", "properties": {}, "geometry": polygon(high)},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": polygon(SQUARE)}]},
    ):
        assert check(given, HERE) == polygon(SQUARE)
    two = {"type": "MultiPolygon", "coordinates": [[SQUARE], [[[lon + 1, lat] for lon, lat in SQUARE]]]}
    assert check(two) == two


@pytest.mark.parametrize(
    ("given", "says", "mend"),
    [
        (None, "no GeoJSON", "geometry"),
        ("POLYGON((1 2))", "no GeoJSON", "Polygon"),
        ({"type": "Point", "coordinates": [19.8, 41.3]}, "A Point is no area", "Polygon"),
        ({"type": "FeatureCollection", "features": [1, 2]}, "several drawings", "ombud import areas"),
        (polygon(), "empty", "ring"),
        ({"type": "Polygon", "coordinates": None}, "empty", "ring"),
        (polygon([]), "0 corners", "first again"),
        (polygon(SQUARE[:2]), "2 corners", "first again"),
        (polygon(SQUARE[:4]), "not closed: it begins at 19.8, 41.3", "again as its last"),
        (polygon([[19.8, "x"], *SQUARE[1:]]), "no corner", "[longitude, latitude]"),
        (polygon([[19.8, math.nan], *SQUARE[1:]]), "no corner", "[longitude, latitude]"),
        (polygon([[lat, lon] for lon, lat in SQUARE]), "exchanged", "longitude first"),
        (polygon([[lat, lon + 80] for lon, lat in SQUARE]), "exchanged", "longitude first"),
        (polygon([[lon * 1e5, lat * 1e5] for lon, lat in SQUARE]), "not in degrees", "WGS 84"),
        (polygon([[-179, 0], [179, 0], [179, 1], [-179, 1], [-179, 0]]), "180 degrees", "two parts"),
        (polygon([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]), "crosses itself, near 19.85", "Redraw"),
        (polygon([[0, 0], [1, 1], [2, 2], [0, 0]]), "on one line", "around"),
        (polygon(SQUARE, [[lon + 5, lat] for lon, lat in SQUARE]), "a hole lies outside", "repair tool"),
        (polygon([[math.cos(n / 9e3), math.sin(n / 9e3)] for n in range(60_000)] + [[1, 0]]), "60,001", "Simplify"),
    ],
)
def test_what_is_no_area_is_refused_in_words(given: object, says: str, mend: str) -> None:
    with pytest.raises(BadInput) as caught:
        check(given, HERE)
    assert says in caught.value.message
    assert mend in caught.value.mend


def test_a_far_country_is_no_mistake() -> None:
    far = polygon([[lon + 70, lat - 17] for lon, lat in SQUARE])
    assert check(far, HERE) == far


def square(west: float, south: float, side: float) -> str:
    corners = [(0, 0), (side, 0), (side, side), (0, side), (0, 0)]
    return json.dumps(polygon([[west + x, south + y] for x, y in corners]))


def test_the_smallest_area_first() -> None:
    names: dict[UUID, str] = {uuid4(): name for name in ("land", "town", "hole", "broken", "isle")}
    ring = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    gap = [[3, 3], [3.5, 3], [3.5, 3.5], [3, 3.5], [3, 3]]
    shapes = (
        square(0, 0, 10),
        square(1, 1, 2),
        json.dumps(polygon(ring, gap)),
        '{"type": "Polygon"}',
        square(20, 0, 1),
    )
    chart = Map((key, name, shape) for (key, name), shape in zip(names.items(), shapes, strict=True))

    def at(latitude: float, longitude: float) -> list[str]:
        return [names[area] for area in chart.at((latitude, longitude))]

    assert at(2, 2) == ["town", "hole", "land"]
    assert at(3.2, 3.2) == ["land"]  # in the gap
    assert at(1, 1) == ["town", "hole", "land"]  # a corner
    assert at(0.5, 20.5) == ["isle"]
    assert at(50, 50) == []
    by_name = {name: key for key, name in names.items()}
    assert [names[area] for area in chart.around(by_name["town"])] == ["town", "hole", "land"]
    assert [names[area] for area in chart.around(by_name["land"])] == ["land"]
    assert chart.around(by_name["broken"]) == (by_name["broken"],)
    assert Map(()).at((0, 0)) == ()


@pytest.mark.parametrize(
    ("given", "spot"),
    [
        ({"latitude": 41.3, "longitude": 19}, (41.3, 19.0)),
        ({"latitude": 91, "longitude": 19}, None),
        ({"latitude": math.inf, "longitude": 19}, None),
        ({"latitude": "41", "longitude": 19}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_location_becomes_a_spot(given: object, spot: object) -> None:
    assert spot_of(given) == spot


def test_a_spot_as_it_is_typed() -> None:
    assert read_spot("41.33, 19.82") == (41.33, 19.82)
    for text in ("", "41.33", "91,0", "a,b", "nan,0", "1,2,3"):
        with pytest.raises(BadInput, match="latitude,longitude"):
            read_spot(text)
