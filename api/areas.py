"""Staff's pages of the map's areas: pasted or uploaded as GeoJSON, and drawn to look at."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from math import cos, radians
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from api.administration import change_lines, flash_said, languages_offered, names_of, read_id
from api.auth import SignedIn, Staffed
from api.forms import read_form
from api.pages import render
from cases import administration, area_map
from cases.area_map import Given
from core.crypto import same
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError, TooLarge
from core.ids import new_id
from domain.catalogue import catalogue, name_of
from domain.service import Area
from routing.table import rule_words

router = APIRouter(include_in_schema=False)

LARGEST = 3_000_000
"""Bytes of one drawing."""
WIDTH, HEIGHT = 320, 240
DRAWN_POINTS = 1_500
"""Corners drawn at most; the eye sees no more on a page."""


async def drawn_form(request: Request, staff: Staffed) -> dict[str, str]:
    """Dependency: the posted form from our own page; a file that came with it goes before what was pasted."""
    form = await read_form(request, files=1)
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    if not same(fields.get("csrf", ""), staff.csrf):
        raise NotAllowed("This form is from another session.", mend="Go back, reload the page, and send it again.")
    file = form.get("file")
    if isinstance(file, UploadFile) and file.size:
        if file.size > LARGEST:
            raise TooLarge("This file is too big for an area.", mend="Simplify the border, then export it again.")
        fields["drawing"] = (await file.read()).decode("utf-8-sig", "replace")
    return fields


Drawn = Annotated[dict[str, str], Depends(drawn_form)]


@router.get("/staff/areas")
def show_areas(request: Request, staff: Staffed, said: str = "") -> Response:
    """All areas, each with its drawing."""
    administration.check_reader(staff.viewer)
    flash_said(request, said)
    with database().read() as session:
        areas = [
            {"code": area.code, "name": name_of(area, "en"), "in_use": area.active, "path": path_of(area.geometry)}
            for area in area_map.listed(session)
        ]
        may_add = administration.wide(catalogue(session), staff.viewer)
    return render(request, "staff/areas.html", {"areas": areas, "may_add": may_add, "box": f"0 0 {WIDTH} {HEIGHT}"})


@router.get("/staff/areas/new")
def show_new(request: Request, staff: Staffed) -> Response:
    """An empty form."""
    return _page(request, staff, None)


@router.post("/staff/areas/new")
def add(request: Request, staff: Staffed, form: Drawn) -> Response:
    """A new area."""
    given = _given(form)
    try:
        with database().write() as session:
            code = area_map.add(session, staff.viewer, read_id(form), given, datetime.now(UTC)).code
    except BadInput as error:
        return _page(request, staff, None, given=given, problem=error, form=form)
    return RedirectResponse(f"/staff/areas/{code}?said=saved", 303)


@router.get("/staff/areas/{area_code}")
def show_area(request: Request, staff: Staffed, area_code: str, said: str = "") -> Response:
    """One area: its names, its drawing, and the rules that count in it."""
    flash_said(request, said)
    return _page(request, staff, area_code)


@router.post("/staff/areas/{area_code}")
def change(request: Request, staff: Staffed, form: Drawn, area_code: str) -> Response:
    """Save what was typed or drawn, take the area out of use, or into use again."""
    given, go, seen, now = _given(form), form.get("go", ""), form.get("seen", ""), datetime.now(UTC)
    try:
        with database().write() as session:
            if go in ("out", "back"):
                area_map.switch(session, staff.viewer, area_code, go == "back", seen, now)
            else:
                area_map.change(session, staff.viewer, area_code, given, seen, now)
    except (BadInput, Conflict) as error:
        return _page(
            request, staff, area_code, given=None if go in ("out", "back") else given, problem=error, form=form
        )
    return RedirectResponse(f"/staff/areas/{area_code}?said=saved", 303)


def _given(form: Mapping[str, str]) -> Given:
    return Given(form.get("code", ""), names_of(form), form.get("drawing", ""))


def _page(
    request: Request,
    staff: SignedIn,
    code: str | None,
    *,
    given: Given | None = None,
    problem: OmbudError | None = None,
    form: Mapping[str, str] | None = None,
) -> Response:
    administration.check_reader(staff.viewer)
    with database().read() as session:
        known = catalogue(session)
        area = next((one for one in area_map.listed(session) if one.code == code), None)
        if code is None:
            administration.check_wide(known, staff.viewer, "Areas")
        elif area is None:
            raise NotFound("There is no such area.", mend="Choose one from the list.")
        context = {
            "code": area.code if area else "",
            "title": name_of(area, "en") if area else "",
            "in_use": area.active if area else True,
            "given": given or _typed(area),
            "seen": administration.stamp(area_map.values_of(area)) if area else "",
            "id": (form or {}).get("id", "") or str(new_id()),
            "editable": administration.wide(known, staff.viewer),
            "names": languages_offered(),
            "path": path_of(area.geometry) if area else "",
            "box": f"0 0 {WIDTH} {HEIGHT}",
            "bounds": _bounds_words(area.geometry) if area else "",
            "rules": [
                {"id": str(rule.id), "words": rule_words(known, rule)}
                for rule in known.jurisdictions
                if area and rule.area_id == area.id
            ],
            "changes": change_lines(administration.changes(session, row_id=area.id, limit=5)[0] if area else []),
            "errors": dict(problem.fields) if isinstance(problem, BadInput) else {},
        }
    if problem is not None and not context["errors"]:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    return render(request, "staff/area.html", context, status=problem.status if problem else 200)


def _typed(area: Area | None) -> Given:
    return Given(area.code, area.names, json.dumps(area.geometry)) if area else Given()


def path_of(geometry: Mapping[str, Any]) -> str:
    """The drawing as an SVG path within `WIDTH` × `HEIGHT`, north up, longitudes as short as they are there."""
    rings = list(_rings(geometry))
    points = [point for ring in rings for point in ring]
    if not points:
        return ""
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    narrow = max(cos(radians((south + north) / 2)), 0.05)
    scale = min((WIDTH - 8) / max((east - west) * narrow, 1e-9), (HEIGHT - 8) / max(north - south, 1e-9))
    across, down = (east - west) * narrow * scale, (north - south) * scale
    left, top = (WIDTH - across) / 2, (HEIGHT - down) / 2
    every = max(1, len(points) // DRAWN_POINTS)
    return " ".join(
        "M"
        + "L".join(
            f"{left + (x - west) * narrow * scale:.1f} {top + (north - y) * scale:.1f}"
            for number, (x, y) in enumerate(ring)
            if number % every == 0 or number == len(ring) - 1
        )
        + "Z"
        for ring in rings
    )


def _rings(geometry: Mapping[str, Any]) -> Iterator[list[tuple[float, float]]]:
    coordinates = geometry.get("coordinates") or []
    for polygon in [coordinates] if geometry.get("type") == "Polygon" else coordinates:
        for ring in polygon:
            yield [(float(point[0]), float(point[1])) for point in ring]


def _bounds_words(geometry: Mapping[str, Any]) -> str:
    points = [point for ring in _rings(geometry) for point in ring]
    if not points:
        return ""
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    return f"{min(lats):.4f}, {min(lons):.4f} – {max(lats):.4f}, {max(lons):.4f}"
