"""Areas as GeoJSON: a FeatureCollection in degrees, each feature with the properties `code`, `active`, `name_en` …"""

import json
from typing import Any

from sqlmodel import Session, col, select

from cases.sheets.csvs import Line, Unusable
from cases.sheets.job import Job
from core.errors import BadInput
from core.ids import new_id
from core.settings import settings
from domain.catalogue import catalogue
from domain.service import Area
from routing.areas import check, near

_DEGREES = ("CRS84", "EPSG::4326", "EPSG:4326")


def rows(session: Session) -> list[dict[str, str]]:
    """Every area, its drawing as text."""
    return [
        {
            "id": str(area.id),
            "code": area.code,
            "active": "yes" if area.active else "no",
            **{f"name_{language}": name for language, name in sorted(area.names.items())},
            "geometry": json.dumps(area.geometry, separators=(",", ":")),
        }
        for area in session.exec(select(Area).order_by(col(Area.code)))
    ]


def text_of(rows: list[dict[str, str]]) -> str:
    """Rows as a FeatureCollection, a line a feature, so that two exports can be compared."""
    features = [
        json.dumps(
            {
                "type": "Feature",
                "properties": {name: value for name, value in row.items() if name not in ("geometry", "id")},
                "geometry": json.loads(row["geometry"]),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for row in rows
    ]
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"


def read(name: str, raw: bytes) -> list[Line]:
    """The features of GeoJSON; a property that is not text is taken as JSON writes it.

    Raises:
        BadInput: no GeoJSON, or not in degrees.
    """
    try:
        given: Any = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} is no JSON: {error}.", mend="Export it as GeoJSON and import it again.") from error
    features = given.get("features") if isinstance(given, dict) and given.get("type") == "FeatureCollection" else None
    if not isinstance(features, list) or not features:
        raise BadInput(f"{name} is no FeatureCollection with features.", mend="Export the layer as GeoJSON.")
    if "crs" in given and not any(known in json.dumps(given["crs"]) for known in _DEGREES):
        raise BadInput(f"{name} is not in degrees.", mend="Export it with the coordinate system WGS 84 (EPSG 4326).")
    return [Line(number, _cells(feature)) for number, feature in enumerate(features, 1)]


def _cells(feature: object) -> dict[str, str]:
    known: dict[str, Any] = feature if isinstance(feature, dict) else {}
    found = known.get("properties")
    properties = found if isinstance(found, dict) else {}
    said = {
        str(name): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in properties.items()
        if value is not None
    }
    return said | {"geometry": json.dumps(known.get("geometry"))}


def put(job: Job) -> None:
    """Add areas, and change those of the same code."""
    session = job.session
    known = {area.code: area for area in session.exec(select(Area))}
    around = near(catalogue(session), settings().tile_start)

    def use(line: Line) -> None:
        code, names, active = line.needed("code", 64), line.names(), line.yes("active")
        try:
            geometry = check(json.loads(line.cells["geometry"]), around)
        except BadInput as error:
            raise Unusable(str(error)) from error
        area = known.get(code)
        if area is None:
            area = known[code] = Area(id=new_id(), code=code, names=names, geometry=geometry)
            session.add(area)
        area.names, area.geometry, area.active = names, geometry, active

    job.complaints.each(job.lines, use)
