"""Exports over the page, the REST interface and the command line."""

import csv
import hashlib
import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select
from typer.testing import CliRunner

from api import keys
from cli.main import app as command_line
from core import streams
from core.database import database
from domain.access import Scope
from domain.export import Export, ExportFetch, ExportPlan, PlanState
from domain.states import CaseState
from reports.exports import making
from tests.api.site import CSRF, Web
from tests.builders import plain_case

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
FORM = {"csrf": CSRF, "kind": "cases", "format": "csv", "when": "once", "last": "", "q": "", "go": "ask"}


@pytest.fixture
def filled(web: Web) -> Web:
    with database().write() as session:
        session.add(plain_case(web.known, "WAT1", text="Call 069 123 4567"))
        session.add(plain_case(web.known, "CIV1", text="Passport", state=CaseState.closed))
        session.add(plain_case(web.known, "CIV1", text="about them", about_office_id=web.known.office["WAT1"]))
    return web


def make_all() -> None:
    while making.make_due(lambda: datetime.now(UTC)):
        pass


def post(web: Web, who: str, **more: str) -> Any:
    return web.call("POST", "/staff/exports", who, data={**FORM, **more})


def file_of(page: str) -> str:
    found = re.search(r'href="(/staff/exports/[^"]+/file)"', page)
    assert found, page
    return found[1]


def test_somebody_asks_waits_and_fetches(filled: Web) -> None:
    assert post(filled, "officer1").headers["location"] == "/staff/exports?said=asked"
    waiting = filled.get("/staff/exports", "officer1")
    assert waiting.headers["refresh"] == "4"
    assert "being made" in waiting.text
    make_all()
    page = filled.get("/staff/exports", "officer1")
    assert "refresh" not in page.headers
    address = file_of(page.text)
    answer = filled.get(address, "officer1")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-length"] == str(len(answer.content))
    (line,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert line["text"] == "Call [phone]"
    for other in ("officer2", "minister", "auditor"):
        assert filled.get(address, other).status_code == 404
    assert filled.get("/staff/exports/1/file", "officer1").status_code == 404
    with database().read() as session:
        (row,) = session.exec(select(Export)).all()
        assert row.sha256 == hashlib.sha256(answer.content).hexdigest()
        assert [one.by for one in session.exec(select(ExportFetch))] == ["officer1"]
    streams.remove(row.id)
    assert filled.get(address, "officer1").status_code == 404


def test_a_list_can_be_taken_as_it_is(filled: Web) -> None:
    found = filled.get("/staff/search?q=from%3A2026-01-01+channel%3Aweb", "minister").text
    link = re.search(r'href="(/staff/exports\?q=[^"]+)"', found)
    assert link
    assert 'value="from:2026-01-01 channel:web"' in filled.get(link[1].replace("&amp;", "&"), "minister").text


def test_auditors_see_who_took_what_and_nobody_else_does(filled: Web) -> None:
    post(filled, "officer1", q="office:WAT1")
    make_all()
    filled.get(file_of(filled.get("/staff/exports", "officer1").text), "officer1")
    audited = filled.get("/staff/exports", "auditor").text
    register = audited[audited.index('id="register"') :]
    assert "office:WAT1" in register
    assert register.count("officer1") == 2  # asked for it, fetched it
    for other in ("head1", "minister", "triage"):
        assert 'id="register"' not in filled.get("/staff/exports", other).text


def test_what_comes_again_is_planned_and_stopped(filled: Web) -> None:
    assert post(filled, "head1", when="week", last="week", tell="yes").headers["location"].endswith("said=planned")
    page = filled.get("/staff/exports", "head1").text
    stop = re.search(r'value="(stop [^"]+)"', page)
    assert stop
    assert "Each Monday" in page
    assert web_code(post(filled, "officer1", go=stop[1])) == 404  # another's
    assert post(filled, "head1", go=stop[1]).headers["location"].endswith("said=stopped")
    with database().read() as session:
        assert session.exec(select(ExportPlan.state)).all() == [PlanState.stopped]


def web_code(answer: Any) -> int:
    return int(answer.status_code)


def test_a_form_that_cannot_be_used_says_so(filled: Web) -> None:
    for more, said in (
        ({"q": "office:NOWHERE"}, "office:NOWHERE is not known."),
        ({"kind": "ratings", "q": "state:closed"}, "ratings are not narrowed by state:"),
        ({"kind": "people"}, "Choose one of these."),
        ({"format": "pdf"}, "Choose one of these."),
        ({"when": "never"}, "Choose one of these."),
    ):
        answer = post(filled, "officer1", **more)
        assert answer.status_code == 422
        assert said in answer.text
    assert web_code(filled.call("POST", "/staff/exports", "officer1", data={**FORM, "csrf": "other"})) == 403
    with database().read() as session:
        assert session.exec(select(Export)).all() == []


def test_keys_ask_wait_and_fetch(filled: Web) -> None:
    with database().write() as session:
        secret = {
            name: keys.create(session, name, scope, datetime.now(UTC), office_id=office).secret
            for name, scope, office in (
                ("all", Scope.admin, None),
                ("water", Scope.read, filled.known.office["WATER"]),
            )
        }

    def call(method: str, path: str, name: str = "water", **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {secret[name]}"}
        return filled.call(method, f"/api/v1{path}", headers=headers, **more)

    asked = call("POST", "/exports", json={"kind": "cases", "format": "csv"})
    assert asked.status_code == 202
    path = f"/exports/{asked.json()['id']}"
    assert call("GET", f"{path}/file").status_code == 409
    make_all()
    assert call("GET", path).json()["state"] == "done"
    assert call("GET", path).json()["rows"] == 1
    assert "069" not in call("GET", f"{path}/file").text
    assert call("GET", path, "all").status_code == 404  # another key's
    assert call("GET", f"{path}/file", "all").status_code == 404
    assert [one["id"] for one in call("GET", "/exports").json()["items"]] == [asked.json()["id"]]
    whole = call("POST", "/exports", "all", json={"kind": "cases", "format": "csv", "q": "state:open"}).json()
    make_all()
    text = call("GET", f"/exports/{whole['id']}/file", "all").text
    assert "069 123 4567" in text
    assert "about them" not in text
    for wrong in (
        {"kind": "people"},
        {"kind": "cases", "formt": "csv"},
        {"kind": "cases", "q": "office:NO"},
        {"kind": "actions", "q": "words"},
    ):
        assert call("POST", "/exports", json=wrong).status_code in (400, 422), wrong
    planned = call("POST", "/export-plans", json={"kind": "cases", "every": "month", "last": "month"})
    assert planned.status_code == 201
    assert call("DELETE", f"/export-plans/{planned.json()['id']}", "all").status_code == 404
    assert len(call("GET", "/export-plans").json()["items"]) == 1
    assert call("DELETE", f"/export-plans/{planned.json()['id']}").status_code == 204
    assert call("GET", "/export-plans").json()["items"] == []
    assert call("GET", "/exports/nonsense").status_code == 404


def test_the_command_line_writes_a_file_and_that_is_on_record(filled: Web, tmp_path: Path) -> None:
    target = tmp_path / "cases.parquet"
    done = CliRunner().invoke(command_line, ["export", "cases", str(target), "--q", "state:open"])
    assert done.exit_code == 0, done.output
    import pyarrow.parquet as pq

    assert pq.read_table(target)["text"].to_pylist() == ["Call [phone]"]
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["cases.parquet"]
    shown = CliRunner().invoke(command_line, ["export", "cases", "--plain", "--format", "csv"])
    assert "069 123 4567" in shown.stdout
    assert CliRunner().invoke(command_line, ["export", "cases", str(target), "--format", "doc"]).exception
    with database().read() as session:
        rows = session.exec(select(Export).order_by(col(Export.at))).all()
        assert [(row.rows, row.plain) for row in rows] == [(1, False), (2, True)]
        assert all(row.by.endswith("(command line)") for row in rows)
