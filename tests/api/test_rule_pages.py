"""The routing table in the browser: rules begin and end on days, nothing decided is rewritten, a look keeps nothing."""

import json
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
from sqlmodel import col, select

from core.database import database
from core.settings import settings
from domain.access import CatalogueChange
from domain.catalogue import catalogue
from domain.service import Area, Jurisdiction
from domain.staff import StaffRole
from domain.states import Role
from routing.rules import answering
from tests.api.site import Web
from tests.api.test_administration import hidden
from tests.builders import plain_case

SQUARE = {"type": "Polygon", "coordinates": [[[19.8, 41.3], [19.9, 41.3], [19.9, 41.4], [19.8, 41.4], [19.8, 41.3]]]}


@pytest.fixture
def site(web: Web) -> Web:
    """The minister administers the whole, head_water the waterworks."""
    with database().write() as session:
        for name, office in (("minister", "GOV"), ("head_water", "WATER")):
            session.add(StaffRole(staff_id=web.known.staff[name], office_id=web.known.office[office], role=Role.admin))
    return web


def day(ahead: int = 0) -> str:
    return (datetime.now(UTC).astimezone(settings().zone).date() + timedelta(days=ahead)).isoformat()


def form(**typed: str) -> dict[str, str]:
    usual = {
        "topic": "service:water", "where": "places", "places": "Torvin", "office": "CIV1", "begins": day(), "ends": "",
        "note": "", "go": "save", "within": "", "area": "", "id": str(uuid4()),
    }  # fmt: skip
    return usual | typed


def rules(site: Web) -> list[Jurisdiction]:
    with site.database.read() as session:
        return list(session.exec(select(Jurisdiction).order_by(col(Jurisdiction.id))))


def rule_of(site: Web, place: str) -> Jurisdiction:
    return next(rule for rule in rules(site) if rule.places == [place])


def who_answers(site: Web, place: str, ahead: int = 0) -> str:
    with site.database.read() as session:
        known = catalogue(session)
        today = datetime.now(UTC).astimezone(settings().zone).date()
        office = answering(known, site.known.service["water"], place, today + timedelta(days=ahead))
    return office.code if office else ""


def changes(site: Web) -> int:
    return site.count(CatalogueChange)


def test_a_rule_is_looked_at_then_added_once_and_counts_at_once(site: Web) -> None:
    typed = form(places="Lumas\nAtlantis", office="Office CIV1", topic="group:", test="no water in Atlantis")
    wrong = site.post("/staff/rules/new", "minister", **typed)
    assert wrong.status_code == 422
    assert "No service is in this group" in wrong.text
    typed = form(places="Atlantis", office="Office CIV1", test="no water in Atlantis", test_place="Atlantis")
    with database().write() as session:
        session.add(plain_case(site.known, "WATER", service_id=site.known.service["water"], place="Atlantis"))
    looked = unescape(site.post("/staff/rules/new", "minister", **typed | {"go": "look"}).text)
    assert "Messages about Water supply in Atlantis go to" in looked
    assert "Office CIV1 (CIV1)" in looked
    assert "Office WATER (WATER)" in looked
    assert "1 open case stays where it is" in looked
    assert "“Atlantis” is no place" in looked
    assert changes(site) == 0
    for _ in range(2):
        assert site.post("/staff/rules/new", "minister", **typed).status_code == 303
    assert changes(site) == 1
    assert (who_answers(site, "Atlantis"), who_answers(site, "Lumas")) == ("CIV1", "WAT1")
    listed = unescape(site.get("/staff/rules?service=water&place=Atlantis", "auditor").text)
    assert "Water supply in Atlantis" in listed
    assert "1 rule<" in listed


def test_a_change_ends_the_rule_on_a_day_and_begins_another(site: Web) -> None:
    old = rule_of(site, "Lumas")
    page = site.get(f"/staff/rules/{old.id}", "minister").text
    typed = form(places="Lumas", office="WAT2", begins=day(7), note="WAT1 moves", seen=hidden(page, "seen"))
    looked = unescape(site.post(f"/staff/rules/{old.id}", "minister", **typed | {"go": "look"}).text)
    assert "in Lumas go to <b>Office WAT2 (WAT2)</b> instead of Office WAT1 (WAT1)" in looked
    for _ in range(2):
        assert site.post(f"/staff/rules/{old.id}", "minister", **typed).status_code == 303
    assert [who_answers(site, "Lumas", ahead) for ahead in (0, 6, 7, 100)] == ["WAT1", "WAT1", "WAT2", "WAT2"]
    ended = next(rule for rule in rules(site) if rule.id == old.id)
    assert (ended.office_id, ended.valid_from, str(ended.valid_to)) == (old.office_id, old.valid_from, day(7))
    assert changes(site) == 2
    new = next(rule for rule in rules(site) if rule.note == "WAT1 moves")
    seen = hidden(site.get(f"/staff/rules/{new.id}", "minister").text, "seen")
    again = form(places="Lumas", office="CIV1", begins=day(3), note="WAT1 moves", seen=seen)
    clash = site.post(f"/staff/rules/{new.id}", "minister", **again)
    assert clash.status_code == 422, "the old one counts until the seventh day"
    assert "There is a rule for just this" in clash.text
    again["begins"] = day(9)
    assert site.post(f"/staff/rules/{new.id}", "minister", **again).status_code == 303
    assert [who_answers(site, "Lumas", ahead) for ahead in (6, 8, 9)] == ["WAT1", "WAT2", "CIV1"]
    newest = next(rule for rule in rules(site) if str(rule.valid_from) == day(9))
    seen = hidden(site.get(f"/staff/rules/{newest.id}", "minister").text, "seen")
    other = form(places="Lumas", office="WATER", begins=day(9), seen=seen)
    assert site.post(f"/staff/rules/{newest.id}", "minister", **other).status_code == 303
    assert who_answers(site, "Lumas", 9) == "WATER"
    assert len(rules(site)) == 6, "what has not begun by that day is changed itself"


def test_a_rule_ends_and_two_at_once_are_told(site: Web) -> None:
    old = rule_of(site, "Drenova")
    seen = hidden(site.get(f"/staff/rules/{old.id}", "minister").text, "seen")
    assert site.post(f"/staff/rules/{old.id}", "minister", go="end", end_day=day(-1), seen=seen).status_code == 422
    assert site.post(f"/staff/rules/{old.id}", "minister", go="end", end_day=day(), seen=seen).status_code == 303
    assert who_answers(site, "Drenova") == "WATER"
    late = site.post(f"/staff/rules/{old.id}", "minister", go="end", end_day=day(5), seen=seen)
    assert late.status_code == 409
    assert "minister changed until from" in unescape(late.text)
    assert "counts no more" in site.get(f"/staff/rules/{old.id}", "minister").text


def refused() -> list[tuple[dict[str, str], str, str]]:
    """What was typed, where it is told, and in which words."""
    return [
        ({"topic": ""}, "topic", "Choose what"), ({"topic": "service:gone"}, "topic", "not in use"),
        ({"places": "lumas"}, "topic", "There is a rule for just this"),
        ({"places": " "}, "places", "at least one place"), ({"where": "area", "area": "x"}, "area", "Choose an area"),
        ({"where": "within", "within": ""}, "within", "Choose the office"),
        ({"office": ""}, "office", "Choose the office"),
        ({"office": "INTEG"}, "office", "recognised by what it says"), ({"office": "Office"}, "office", "choose one"),
        ({"begins": "soon"}, "begins", "year-month-day"), ({"begins": day(-1)}, "begins", "today or later"),
        ({"begins": "9999-12-31"}, "begins", "too far"), ({"ends": day()}, "ends", "comes after the first day"),
    ]  # fmt: skip


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_what_a_rule_cannot_be_is_said_beside_its_field(site: Web) -> None:
    for typed, field, said in refused():
        for go in ("look", "save"):
            answer = site.post("/staff/rules/new", "minister", **form(**typed, go=go))
            assert answer.status_code == 422, typed
            assert f'id="{field}-error"' in answer.text, typed
            assert said in unescape(answer.text), typed
    assert changes(site) == 0


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_an_administrator_of_a_part_shares_out_what_is_theirs(site: Web) -> None:
    within = form(where="within", within="WATER", office="WAT1", topic="all")
    for typed, status in (
        (within, 303), (form(), 403),
        (within | {"office": "CIV1", "id": str(uuid4()), "topic": "service:passport"}, 403),
        (form(where="everywhere", office="WAT1", topic="all"), 403),
    ):  # fmt: skip
        assert site.post("/staff/rules/new", "head_water", **typed).status_code == status
    lumas, passports = rule_of(site, "Lumas"), next(r for r in rules(site) if r.office_id == site.known.office["CIV1"])
    for rule, typed, status in (
        (lumas, {"office": "CIV1"}, 403), (lumas, {"office": "WAT2", "places": "Lumas\nTorvin"}, 403),
        (passports, {"office": "WAT1", "topic": "service:passport", "where": "everywhere"}, 403),
        (lumas, {"office": "WAT2"}, 303),
    ):  # fmt: skip
        seen = hidden(site.get(f"/staff/rules/{rule.id}", "head_water").text, "seen")
        sent = form(places="Lumas", begins=day(1), seen=seen) | typed
        assert site.post(f"/staff/rules/{rule.id}", "head_water", **sent).status_code == status, typed
    assert site.post(f"/staff/rules/{passports.id}", "head_water", go="end", end_day=day(), seen="x").status_code == 403
    for path in ("/staff/rules", "/staff/areas"):
        assert site.get(path, "officer1").status_code == 403


def send(site: Web, path: str, file: bytes = b"", **fields: str) -> int:
    """A form with a file, as a browser sends one."""
    data = {"csrf": "the-token-of-this-session", **fields}
    return site.call("POST", path, "minister", data=data, files={"file": ("a.geojson", file)}).status_code


def test_an_area_is_drawn_kept_once_and_needed_by_a_rule(site: Web) -> None:
    token = str(uuid4())
    fields = {"id": token, "name-en": "Old town", "code": "old-town", "go": "save", "drawing": ""}
    crossed = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    for bad in (
        b"",
        b"no json",
        b"[" * 100_000,
        json.dumps(crossed).encode(),
        b'{"type": "Point", "coordinates": [1, 2]}',
    ):
        assert send(site, "/staff/areas/new", bad, **fields) == 422
    for _ in range(2):
        assert send(site, "/staff/areas/new", json.dumps(SQUARE).encode(), **fields) == 303
    page = site.get("/staff/areas/old-town", "minister").text
    assert '<path d="M' in page
    assert site.count(Area) == 1
    typed = form(where="area", area="old-town", office="WAT2")
    assert site.post("/staff/rules/new", "minister", **typed).status_code == 303
    with site.database.read() as session:
        (rule,) = [one for one in catalogue(session).jurisdictions if one.area_id is not None]
    assert str(rule.id) in site.get("/staff/areas/old-town", "minister").text
    seen = hidden(site.get("/staff/areas/old-town", "minister").text, "seen")
    assert send(site, "/staff/areas/old-town", go="out", seen=seen) == 409
    assert send(site, "/staff/areas/old-town", json.dumps(SQUARE).encode(), **fields | {"csrf": "x"}) == 403
    moved = json.dumps(SQUARE).replace("19.9", "19.95").encode()
    assert send(site, "/staff/areas/old-town", moved, **fields | {"seen": seen}) == 303
    assert "Polygon of 5 corners, drawing" in site.get("/staff/changes?kind=area", "auditor").text
    assert site.get("/staff/areas", "auditor").text.count("<path d=") >= 1
