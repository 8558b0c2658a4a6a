"""Offices and services changed in the browser: by whom, once, checked, written down, and seen by routing at once."""

import re
from datetime import UTC, datetime
from html import unescape
from uuid import uuid4

import pytest
from sqlmodel import col, select

from core.database import database
from domain.access import CatalogueChange
from domain.case import Case
from domain.catalogue import catalogue
from domain.office import Office
from domain.service import Service
from domain.staff import StaffRole
from domain.states import CaseState, Role
from domain.training import TrainingRun
from tests.api.site import Web
from tests.builders import plain_case

OFFICE = {"name-en": "Hill Water Works", "code": "WAT9", "tier": "district", "function": "service", "parent": "WATER"}
SERVICE = {"name-en": "Bees and swarms", "group": "municipal", "keywords": "wild bees\nswarm"}
SENTENCES = (
    "There is a swarm of bees in the tree at the school gate\nWild bees made a nest under our roof, who helps?\n"
    "A beekeeper put twenty hives beside the playground"
)


@pytest.fixture
def site(web: Web) -> Web:
    """The minister administers the whole, head_water the waterworks."""
    with database().write() as session:
        for name, office in (("minister", "GOV"), ("head_water", "WATER")):
            session.add(StaffRole(staff_id=web.known.staff[name], office_id=web.known.office[office], role=Role.admin))
    return web


def hidden(page: str, name: str) -> str:
    """A hidden field of the first form that has it."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


def office(code: str) -> Office:
    with database().read() as session:
        return session.exec(select(Office).where(col(Office.code) == code)).one()


def service(code: str) -> Service:
    with database().read() as session:
        return session.exec(select(Service).where(col(Service.code) == code)).one()


def changes() -> list[CatalogueChange]:
    with database().read() as session:
        return list(session.exec(select(CatalogueChange).order_by(col(CatalogueChange.at), col(CatalogueChange.id))))


def fields_of(one: Office, above: str) -> dict[str, str]:
    """An office's form as it stands."""
    return {
        "name-en": one.names["en"], "tier": str(one.tier), "function": str(one.function), "parent": above,
        "calendar": "", "places": "\n".join(one.places), "go": "save",
    }  # fmt: skip


PAGES = (
    "/staff/admin",
    "/staff/offices",
    "/staff/offices/WAT1",
    "/staff/services",
    "/staff/services/water",
    "/staff/changes",
)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_who_may_look_and_who_may_change(site: Web) -> None:
    for path in PAGES:
        assert [site.get(path, who).status_code for who in ("minister", "auditor", "head_water")] == [200] * 3, path
        refused = site.get(path, "officer1")
        assert refused.status_code == 403
        assert "administrators" in refused.text
    for path in ("/staff/offices/new", "/staff/services/new"):
        assert site.get(path, "auditor").status_code == 403
        assert site.post(path, "auditor", id=str(uuid4()), **OFFICE).status_code == 403
    assert site.post("/staff/services/water", "head_water", **SERVICE, seen="x").status_code == 403
    assert (
        site.post("/staff/offices/CIV1", "head_water", **fields_of(office("CIV1"), "GOV"), seen="x").status_code == 403
    )
    assert changes() == []
    assert "Administration" in site.get("/staff", "minister").text
    assert "/staff/admin" not in site.get("/staff", "officer1").text


def test_an_office_is_added_once_changed_and_closed(site: Web) -> None:
    token = str(uuid4())
    for _ in range(2):
        assert (
            site.post("/staff/offices/new", "head_water", id=token, places="Hill/Холм\nDale", **OFFICE).status_code
            == 303
        )
    made = office("WAT9")
    assert (made.parent_id, made.places, made.active) == (site.known.office["WATER"], ["Hill/Холм", "Dale"], True)
    page = site.get("/staff/offices/WAT9", "head_water").text
    assert "Nobody works here yet" in page
    seen = hidden(page, "seen")
    wanted = fields_of(made, "WATER") | {"name-en": "Hill and Dale Water Works"}
    assert site.post("/staff/offices/WAT9", "head_water", **wanted, seen=seen).status_code == 303
    again = site.post("/staff/offices/WAT9", "head_water", **wanted, seen=seen)
    assert again.status_code == 303, "the same form twice is no conflict"
    assert [(change.kind, change.by, change.before is None) for change in changes()] == [
        ("office", "head_water", True), ("office", "head_water", False),
    ]  # fmt: skip
    with database().read() as session:
        assert catalogue(session).office_by_code["WAT9"].names == {"en": "Hill and Dale Water Works"}
    seen = hidden(site.get("/staff/offices/WAT9", "head_water").text, "seen")
    assert site.post("/staff/offices/WAT9", "head_water", go="close", seen=seen).status_code == 303
    assert not office("WAT9").active
    told = site.get("/staff/changes?kind=office", "auditor").text
    assert "<del>yes</del> → <ins>no</ins>" in told.replace("\n", "")


def test_the_second_of_two_sees_what_the_first_changed(site: Web) -> None:
    before = office("WAT1")
    seen = hidden(site.get("/staff/offices/WAT1", "minister").text, "seen")
    first = fields_of(before, "WATER") | {"places": "Lumas\nBerim"}
    assert site.post("/staff/offices/WAT1", "head_water", **first, seen=seen).status_code == 303
    second = site.post(
        "/staff/offices/WAT1", "minister", **fields_of(before, "WATER") | {"name-en": "Lower Waters"}, seen=seen
    )
    assert second.status_code == 409
    assert "head_water changed places from “Lumas/Лумас/লুমাস” to “Lumas, Berim”" in unescape(second.text)
    assert 'value="Lower Waters"' in second.text, "what was typed is kept"
    assert office("WAT1").names == before.names
    third = first | {"name-en": "Lower Waters"}
    assert site.post("/staff/offices/WAT1", "minister", **third, seen=hidden(second.text, "seen")).status_code == 303
    assert (office("WAT1").names["en"], office("WAT1").places) == ("Lower Waters", ["Lumas", "Berim"])


REFUSED_OFFICES = [
    ({"code": "wat1"}, "code", "has this code already"),
    ({"code": "W T"}, "code", "letters, digits and hyphens"),
    ({"code": "new"}, "code", "page"),
    ({"name-en": " "}, "name-en", "Give it a name"),
    ({"tier": "village"}, "tier", "Choose what kind"),
    ({"parent": "NOPE"}, "parent", "No open office is called so"),
    ({"parent": "Office WAT"}, "parent", "choose one"),
    ({"calendar": "Moon"}, "calendar", "no such calendar"),
    ({"places": "x" * 200}, "places", "200 letters"),
    ({"function": "integrity", "parent": "WATER"}, "parent", "into which it may have to look"),
]


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_what_an_office_cannot_be_is_said_beside_its_field(site: Web) -> None:
    for typed, field, said in REFUSED_OFFICES:
        answer = site.post("/staff/offices/new", "minister", id=str(uuid4()), **OFFICE | typed)
        assert answer.status_code == 422, typed
        assert f'id="{field}-error"' in answer.text, typed
        assert said in unescape(answer.text), typed
    assert changes() == []


UNSOUND = [
    ("WATER", {"parent": "WAT1"}, "stands below it"),
    ("TRIAGE", {"function": "service"}, "last open triage desk"),
    ("GOV", {"function": "service", "parent": ""}, "last open leadership office"),
    ("WATER", {"parent": "INTEG"}, "Nobody outside Office WATER"),
]


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_the_tree_stays_sound(site: Web) -> None:
    for code, typed, said in UNSOUND:
        one = office(code)
        seen = hidden(site.get(f"/staff/offices/{code}", "minister").text, "seen")
        form = fields_of(one, "" if code == "GOV" else "GOV") | typed
        answer = site.post(f"/staff/offices/{code}", "minister", **form, seen=seen)
        assert answer.status_code == 422, code
        assert said in unescape(answer.text), code
        assert office(code) == one


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_an_office_closes_and_what_it_has_goes_up_but_not_with_offices_below_or_a_function_nobody_else_has(
    site: Web,
) -> None:
    with database().write() as session:
        session.add(plain_case(site.known, "WAT1"))
        session.add(plain_case(site.known, "CIV1", state=CaseState.closed))
    for code, said, status in (
        ("WAT1", "", 303), ("WATER", "open office stands below it", 409),
        ("INTEG", "last open integrity office", 422), ("CIV1", "", 303),
    ):  # fmt: skip
        seen = hidden(site.get(f"/staff/offices/{code}", "minister").text, "seen")
        answer = site.post(f"/staff/offices/{code}", "minister", go="close", seen=seen)
        assert (answer.status_code, said in unescape(answer.text)) == (status, True), code
        assert office(code).active == (status != 303)
    with database().read() as session:
        where = {str(case.state): case.office_id for case in session.exec(select(Case))}
    assert where == {"open": site.known.office["WATER"], "closed": site.known.office["CIV1"]}


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_an_administrator_of_a_part_keeps_to_it(site: Web) -> None:
    outside = site.post("/staff/offices/new", "head_water", id=str(uuid4()), **OFFICE | {"parent": "GOV"})
    assert outside.status_code == 422
    assert "an office you administer" in unescape(outside.text)
    special = site.post("/staff/offices/new", "head_water", id=str(uuid4()), **OFFICE | {"function": "integrity"})
    assert special.status_code == 422
    seen = hidden(site.get("/staff/offices/WAT2", "head_water").text, "seen")
    away = site.post("/staff/offices/WAT2", "head_water", **fields_of(office("WAT2"), "CIV1"), seen=seen)
    assert away.status_code == 422
    assert changes() == []


def test_a_service_is_added_with_the_words_that_tell_it_and_is_taught(site: Web) -> None:
    token = str(uuid4())
    form = {"id": token, "name-en": "Bees and swarms", "group": "municipal", "examples": SENTENCES, "go": "save"}
    asked = site.post("/staff/services/new", "minister", **form)
    assert asked.status_code == 200
    offered = dict(re.findall(r'name="(word-\d+)" value="([^"]+)" checked', asked.text))
    assert {"bees", "wild bees"} <= set(offered.values())
    assert "there" not in offered.values()
    assert changes() == []
    for _ in range(2):
        assert site.post("/staff/services/new", "minister", **form | offered | {"go": "sure"}).status_code == 303
    made = service("bees-and-swarms")
    assert set(offered.values()) == set(made.keywords)
    assert len(made.examples) == 3
    with database().read() as session:
        assert [run.why for run in session.exec(select(TrainingRun))] == ["Bees and swarms (bees-and-swarms) is new"]
    page = site.get("/staff/services/bees-and-swarms", "minister").text
    assert "learnt within a minute" in page
    assert "No rule names it" in page
    assert "1 service has no rule" in site.get("/staff/admin", "minister").text


def test_changed_words_are_taught_and_a_changed_group_is_not(site: Web) -> None:
    path, now = "/staff/services/water", datetime.now(UTC)
    form = {"name-en": "Water supply", "group": "water", "keywords": "", "examples": "", "shared": "no", "go": "save"}
    for typed, runs in ((form, 0), (form | {"keywords": "no water"}, 1), (form | {"keywords": "no water"}, 1)):
        seen = hidden(site.get(path, "minister").text, "seen")
        assert site.post(path, "minister", **typed, seen=seen).status_code == 303
        assert site.count(TrainingRun) == runs
    kept = {"code", "names", "group", "keywords", "examples", "shared", "reminders", "next_steps", "in_use"}
    assert set(changes()[0].after or {}) == kept
    seen = hidden(site.get(path, "minister").text, "seen")
    assert site.post(path, "minister", go="retire", seen=seen).status_code == 303
    with database().read() as session:
        assert "water" not in catalogue(session).service_by_code
    assert all(change.at >= now for change in changes())


REFUSED_SERVICES = [
    ({"name-en": "Water supply"}, "name-en"), ({"code": "WATER"}, "code"), ({"code": "a b"}, "code"),
    ({"name-en": ""}, "name-en"), ({"shared": "perhaps"}, "shared"),
    ({"keywords": "x" * 81}, "keywords"), ({"examples": "x" * 401}, "examples"),
    ({"reminders": "soon"}, "reminders"), ({"reminders": "0"}, "reminders"),
    ({"reminders": "9, 8, 7, 6, 5, 4"}, "reminders"), ({"next-en": "x" * 161}, "next-en"),
]  # fmt: skip


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_what_a_service_cannot_be_is_said_beside_its_field(site: Web) -> None:
    for typed, field in REFUSED_SERVICES:
        answer = site.post("/staff/services/new", "minister", id=str(uuid4()), **SERVICE | typed | {"go": "sure"})
        assert answer.status_code == 422, typed
        assert f'id="{field}-error"' in answer.text, typed
    assert site.count(Service) == 2
