"""The registry in the browser and for programs: who reads what, what is wrong, what is taken out and on record."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from core.database import database
from core.settings import settings
from domain.access import CatalogueChange, Scope
from domain.answer import GivenAnswer
from tests.api.site import Web
from tests.builders import plain_case


def furnish(web: Web, number: int = 36) -> None:
    """Cases at WAT1, all with the same officer and an answer by them."""
    known, now = web.known, datetime.now(UTC)
    with database().write() as session:
        for one in range(number):
            at = now - timedelta(days=3, hours=one)
            case = plain_case(known, "WAT1", received_at=at, opened_at=at)
            case.assignee_id = known.staff["officer1"]
            case.first_response_at = at + timedelta(hours=1 + one % 3) if one % 4 else None
            session.add(case)
            session.flush()
            given = GivenAnswer(
                case_id=case.id, entry=2, staff_id=known.staff["officer1"], office_id=case.office_id, at=at, words="w"
            )
            session.add(given)


def turn(monkeypatch: pytest.MonkeyPatch, to: str) -> None:
    monkeypatch.setenv("OMBUD_OFFICER_FIGURES", to)
    settings.cache_clear()


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_pages_and_file(web: Web) -> None:
    furnish(web)
    page = web.get("/staff/kpis", "head1").text
    assert "Median silence" in page
    assert "95% interval" in page
    assert "figure:silent" in page
    split = web.get("/staff/kpis/answers?by=office", "minister").text
    assert "Save as CSV" in split
    saved = web.get("/staff/kpis/silence_median.csv?by=office", "minister")
    assert saved.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(saved.text)))
    assert [(row["by"], row["key"], row["n"], row["unit"]) for row in rows] == [
        ("", "", "36", "seconds"), ("office", "WAT1", "36", "seconds"),
    ]  # fmt: skip
    assert float(rows[0]["low"]) <= float(rows[0]["value"]) <= float(rows[0]["high"])
    listed = web.get("/staff?q=figure:silent+at:WAT1", "head1").text
    assert "Cases silent now" in listed
    assert web.get("/staff/kpis", "officer1").status_code == 403
    assert web.get("/staff/kpis?office=INTEG", "head1").status_code == 404
    assert web.get("/staff/kpis/nonsense", "head1").status_code == 404
    assert web.get("/staff/kpis/content?by=kind", "head1").status_code == 422
    assert web.get("/staff/kpis?since=2026-13-01", "head1").status_code == 422


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_programs(web: Web) -> None:
    furnish(web)
    every = web.api("GET", "/kpis", Scope.read).json()["items"]
    names = {one["name"] for one in every}
    assert {"silence_median", "content", "cost_per_answer"} <= names
    assert not {"money_asked", "survey_signs"} & names
    found = web.api("GET", "/kpis/answered_in_target?office=WAT1&by=branch", Scope.read).json()
    assert (found["kpi"], found["office"], found["by"], found["unit"]) == (
        "answered_in_target",
        "WAT1",
        "branch",
        "share",
    )
    whole = web.api("GET", "/kpis/silent_now?by=branch", Scope.read).json()
    assert whole["value"] == sum(one["value"] for one in whole["items"]) == 9
    assert whole["items"][0]["cases"].startswith("figure:silent since:")
    near = web.api("GET", "/kpis/silence_meidan", Scope.read)
    assert near.status_code == 404
    assert near.headers["content-type"] == "application/problem+json"
    assert "Did you mean silence_median?" in near.json()["detail"]
    assert web.api("GET", "/kpis/money_asked", Scope.admin).status_code == 403
    assert "did you mean WAT2 or WAT1" in web.api("GET", "/kpis/received?office=WAT9", Scope.read).json()["detail"]
    for wrong in (
        "received?by=officer",
        "content?by=kind",
        "received?from=2026-02-01&to=2026-01-01",
        "received?from=x",
    ):
        assert web.api("GET", f"/kpis/{wrong}", Scope.read).status_code == 422, wrong


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_officers_are_counted_only_where_that_is_turned_on(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(web)
    page, form = "/staff/kpis/officers", {"office": "WAT1", "why": "Pay of November, law 12 of 2019"}
    for who in ("officer1", "head1", "auditor"):
        assert web.get(page, who).status_code == 403, "off by default"
        assert web.post(page, who, **form).status_code == 403
    turn(monkeypatch, "shown")
    name = "Answers written"
    own = web.get(page, "officer1").text
    assert name in own
    assert "Officer</th>" not in own, "of nobody else"
    assert web.get(f"{page}?office=WAT1", "officer1").status_code == 403
    assert web.get(f"{page}?office=WAT1", "minister").status_code == 403
    for who in ("head1", "head_water", "auditor"):
        assert "Officer</th>" in web.get(f"{page}?office=WAT1", who).text
    assert web.post(page, "head1", **form).status_code == 403, "shown, not exported"
    turn(monkeypatch, "exported")
    assert web.post(page, "head1", **{**form, "why": " "}).status_code == 422
    assert web.post(page, "officer1", **form).status_code == 403
    saved = web.post(page, "head1", **form)
    rows = {row["kpi"]: row for row in csv.DictReader(io.StringIO(saved.text))}
    assert (rows["answers"]["value"], rows["received"]["n"]) == ("36.0", "36")
    with database().read() as session:
        (kept,) = session.exec(select(CatalogueChange).where(CatalogueChange.kind == "officers")).all()
    assert (kept.staff_id, (kept.after or {})["for"]) == (web.known.staff["head1"], form["why"])
    assert form["why"] in web.get(page, "officer1").text, "whoever was taken out can read it"


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_handful_says_nothing_of_a_person(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(web, 29)
    turn(monkeypatch, "exported")
    saved = web.post("/staff/kpis/officers", "head1", office="WAT1", why="x")
    rows = {row["kpi"]: row for row in csv.DictReader(io.StringIO(saved.text))}
    median = rows["silence_median"]
    assert (median["value"], median["low"], median["n"], median["not_shown"]) == (
        "",
        "",
        "29",
        "fewer than the minimum",
    )
