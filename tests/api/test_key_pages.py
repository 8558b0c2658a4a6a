"""API keys made in the browser: shown once, for some offices alone, until a day, ended; and what each reaches."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest
from sqlmodel import col, select, update

from core.database import database
from domain.access import ApiKey, Scope
from tests.api.site import Web
from tests.api.staffed import administered, changes
from tests.builders import plain_case

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


@pytest.fixture
def site(web: Web) -> Web:
    return administered(web)


def made(web: Web, who: str = "minister", **form: str) -> str:
    """Make a key; gives it."""
    page = web.post("/staff/keys", who, **{"go": "make", "name": "Registry", "scope": "write", **form})
    found = re.search(r'id="secret">(ombud_[0-9a-f]{8}_[\w-]+)<', page.text)
    assert found, page.text
    return found[1]


def call(web: Web, key: str, path: str = "/cases", **request: object) -> httpx.Response:
    method = "POST" if request else "GET"
    return web.call(method, f"/api/v1{path}", headers={"Authorization": f"Bearer {key}"}, **request)  # type: ignore[arg-type]


def test_a_key_is_shown_once_counted_and_ended(site: Web) -> None:
    key = made(site, until=(datetime.now(UTC) + timedelta(days=30)).date().isoformat())
    page = site.get("/staff/keys", "minister").text
    assert key not in page
    assert "never used" in page
    assert call(site, key).status_code == 200
    with database().read() as session:
        row = session.exec(select(ApiKey).where(col(ApiKey.made_by).is_not(None))).one()
    assert row.last_used_at is not None
    assert key not in row.model_dump_json()
    for _ in range(2):
        assert site.post("/staff/keys", "minister", go=f"end {row.prefix}").status_code == 303
    assert call(site, key).status_code == 401
    told = changes()
    assert [(one.kind, (one.after or {}).get("in_use")) for one in told] == [("key", True), ("key", False)]
    assert key not in str(told)
    assert "Registry (ombud_" in site.get("/staff/changes?kind=key", "auditor").text


def test_a_key_whose_time_is_over_opens_nothing(site: Web) -> None:
    key = made(site)
    with database().write() as session:
        session.execute(update(ApiKey).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert call(site, key).status_code == 401
    assert "its time is over" in site.get("/staff/keys", "minister").text


def test_a_key_of_an_office_reaches_no_further(site: Web) -> None:
    with database().write() as session:
        cases = {code: plain_case(site.known, code) for code in ("WAT1", "WATER", "CIV1")}
        session.add_all(cases.values())
    narrow, wide = made(site, "head_water", office="WATER"), made(site, scope="admin")
    assert {one["office"]["code"] for one in call(site, narrow).json()["items"]} == {"WAT1", "WATER"}
    assert len(call(site, wide).json()["items"]) == 3
    assert call(site, narrow, f"/cases/{cases['CIV1'].reference}").status_code == 404
    assert call(site, narrow, "/kpis/silence").json()["n"] <= call(site, wide, "/kpis/silence").json()["n"]
    assert call(site, narrow, "/cases?office=CIV1").json()["items"] == []
    done = {"external_id": "1", "service": "water", "completed_at": datetime.now(UTC).isoformat()}
    assert call(site, narrow, "/transactions", json=done | {"office": "WAT1"}).status_code == 201
    refused = call(site, narrow, "/transactions", json={"transactions": [done | {"office": "CIV1"}]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/transactions/0/office")
    assert call(site, wide, "/transactions", json=done | {"external_id": "2", "office": "CIV1"}).status_code == 201


REFUSED = [
    ("head_water", {}, "office", "an office you administer"),
    ("head_water", {"office": "CIV1"}, "office", "an office you administer"),
    ("head_water", {"office": "WATER", "scope": "admin"}, "scope", "whole government"),
    ("minister", {"name": " "}, "name", "Name the system"),
    ("minister", {"scope": "king"}, "scope", "Choose what"),
    ("minister", {"office": "NOPE"}, "office", "No open office"),
    ("minister", {"until": "soon"}, "until", "Write a day"),
    ("minister", {"until": "2020-01-01"}, "until", "from today on"),
    ("minister", {"until": "9999-12-31"}, "until", "Write a day"),
]


def test_what_a_key_cannot_be_is_said_beside_its_field(site: Web) -> None:
    for who, typed, field, said in REFUSED:
        answer = site.post("/staff/keys", who, **{"go": "make", "name": "X", "scope": "read", **typed})
        assert (answer.status_code, f'id="{field}-error"' in answer.text) == (422, True), typed
        assert said in unescape(answer.text), typed
    assert changes() == []


def test_who_sees_and_ends_which_keys(site: Web) -> None:
    made(site, name="Whole")
    made(site, "head_water", name="Water", office="WAT1")
    for who, seen in (("minister", (True, True)), ("auditor", (True, True)), ("head_water", (False, True))):
        page = site.get("/staff/keys", who).text
        assert ("<b>Whole</b>" in page, "<b>Water</b>" in page) == seen, who
    assert site.get("/staff/keys", "officer1").status_code == 403
    with database().read() as session:
        prefix = dict(session.exec(select(ApiKey.name, ApiKey.prefix)).all())
    assert site.post("/staff/keys", "auditor", go=f"end {prefix['Water']}").status_code == 403
    assert site.post("/staff/keys", "head_water", go=f"end {prefix['Whole']}").status_code == 404
    assert site.post("/staff/keys", "head_water", go=f"end {prefix['Water']}").status_code == 303
    assert site.keys[Scope.read]
