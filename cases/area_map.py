"""Areas of the map: added, redrawn, taken out of use. Rules and places refer to them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases import administration
from cases.administration import Values
from core.errors import BadInput, Conflict, NotFound
from domain.catalogue import Catalogue, name_of
from domain.service import Area
from domain.visibility import Viewer
from routing import areas
from routing.table import rule_words

LONGEST_CODE = 64


@dataclass(frozen=True, slots=True)
class Given:
    """An area as typed into its form; `drawing` is GeoJSON text."""

    code: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    drawing: str = ""


def values_of(area: Area) -> Values:
    """An area as people read it."""
    return {"code": area.code, "names": dict(area.names), "drawing": area.geometry, "in_use": area.active}


def listed(session: Session) -> list[Area]:
    """All areas, in order of their codes."""
    return list(session.exec(select(Area).order_by(col(Area.code))).all())


def add(session: Session, who: Viewer, area_id: UUID, given: Given, now: datetime) -> Area:
    """A new area under the id its form was given, so that a form sent twice adds one. Raises BadInput, NotAllowed."""
    known = administration.begin(session, who)
    administration.check_wide(known, who, "Areas")
    if (there := session.get(Area, area_id)) is not None:
        return there
    faults: dict[str, str] = {}
    code = administration.code_from(given.code, LONGEST_CODE, "code", faults)
    if session.exec(select(Area.id).where(col(Area.code) == code)).first() is not None:
        faults["code"] = "Another area has this code already."
    area = Area(id=area_id, code=code, names={}, geometry={})
    _fill(known, area, given, faults)
    administration.check(faults)
    session.add(area)
    session.flush()
    administration.record(session, who, "area", area.id, _title(area), None, values_of(area), now)
    return area


def change(session: Session, who: Viewer, code: str, given: Given, seen: str, now: datetime) -> Area:
    """Other names or another drawing. Raises BadInput, Conflict, NotAllowed, NotFound."""
    known = administration.begin(session, who)
    area = _load(session, known, who, code)
    faults: dict[str, str] = {}
    wanted = administration.copied(area)
    _fill(known, wanted, given, faults)
    administration.check(faults)
    return _put(session, who, area, wanted, seen, now)


def switch(session: Session, who: Viewer, code: str, active: bool, seen: str, now: datetime) -> Area:
    """Take an area out of use, or into use again. Raises Conflict while a rule needs it."""
    known = administration.begin(session, who)
    area = _load(session, known, who, code)
    today = administration.today(now)
    needing = [
        rule
        for rule in known.jurisdictions
        if rule.area_id == area.id and (rule.valid_to is None or rule.valid_to > today)
    ]
    if area.active and not active and needing:
        raise Conflict(f"A rule needs it: {rule_words(known, needing[0])}.", mend="End or change that rule first.")
    wanted = administration.copied(area)
    wanted.active = active
    return _put(session, who, area, wanted, seen, now)


def _fill(known: Catalogue, area: Area, given: Given, faults: dict[str, str]) -> None:
    area.names = administration.names_from(given.names, faults, area.names)
    try:
        drawn = json.loads(given.drawing)
    except (ValueError, RecursionError):
        faults["drawing"] = "This is no GeoJSON. Export the area as GeoJSON and paste all of the file."
        return
    chart = areas.map_of(known)
    try:
        area.geometry = areas.check(drawn, chart.middles() if chart else ())
    except BadInput as error:
        faults["drawing"] = str(error)


def _load(session: Session, known: Catalogue, who: Viewer, code: str) -> Area:
    administration.check_wide(known, who, "Areas")
    area = session.exec(select(Area).where(col(Area.code) == code).with_for_update()).first()
    if area is None:
        raise NotFound("There is no such area.", mend="Choose one from the list.")
    return area


def _title(area: Area) -> str:
    return f"{name_of(area, 'en')} ({area.code})"


def _put(session: Session, who: Viewer, area: Area, wanted: Area, seen: str, now: datetime) -> Area:
    before, after = values_of(area), values_of(wanted)
    if administration.agreed(session, area.id, seen, before, after):
        area.names, area.geometry, area.active = wanted.names, wanted.geometry, wanted.active
        administration.record(session, who, "area", area.id, _title(area), before, after, now)
    return area
