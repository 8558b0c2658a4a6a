"""Dashboards per tier: what they say, whom they are for, and that each figure leads to what it counts."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from core.database import database
from core.settings import settings
from domain.catalogue import catalogue
from domain.clock import Clock
from domain.states import ClockKind, ClockState
from domain.visibility import viewer
from reports.board import Period, board
from reports.changes import Measure
from reports.scores import Order
from tests.api.site import Web
from tests.builders import plain_case

NOW = datetime.now(UTC)


@pytest.fixture
def busy(web: Web) -> Web:
    """A quarter in which ten a week wrote to WAT1 and were answered in a day, and last week sixty who were not; and
    four a week of CIV1, who were."""
    monday = (NOW - timedelta(days=NOW.weekday())).replace(hour=6, minute=0, second=0, microsecond=0)
    with database().write() as session:
        for back in range(14, 0, -1):
            for office, service, number in (("WAT1", "water", 60 if back == 1 else 10), ("CIV1", "passport", 4)):
                for one in range(number):
                    at = monday - timedelta(weeks=back) + timedelta(hours=one)
                    answered = None if number == 60 else at + timedelta(hours=20 + one)
                    case = plain_case(
                        web.known, office, text=f"{service} {back} {one}", service_id=web.known.service[service],
                        received_at=at, opened_at=at, first_response_at=answered, closed_at=answered,
                        state="closed" if answered else "open",
                    )  # fmt: skip
                    session.add(case)
                    state = ClockState.met if answered else ClockState.missed
                    clock = Clock(
                        case_id=case.id, kind=ClockKind.first_response, state=state, started_at=at, entry=1,
                        office_id=case.office_id, target_seconds=16 * 3600, deadline_at=at + timedelta(hours=100),
                        ended_at=answered,
                    )  # fmt: skip
                    session.add(clock)
    web.tally()
    return web


SQLITE = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


@SQLITE
def test_before_figures_were_counted_the_page_says_so(web: Web) -> None:
    page = web.get("/leadership", "minister")
    assert page.status_code == 200
    assert "counted for the first time" in page.text
    web.tally()
    assert "counted for the first time" not in web.get("/leadership", "minister").text


def test_the_whole_says_who_is_silent_what_changed_and_where(busy: Web) -> None:
    page = unescape(busy.get("/leadership", "minister").text)
    assert "64 people wrote last week" in page
    first = page.split('id="act"')[1].split("<tbody>")[1].split("</tr>")[0]
    assert "figure:silent at:WAT1" in first.replace("%20", " ")
    assert ">60</b>" in first
    heat = page.split('class="heat"')[1].split("</table>")[0]
    assert "sooner than elsewhere" in heat
    assert "100%" in heat, "of CIV1"
    assert "service=water" in heat


@SQLITE
def test_each_figure_leads_to_what_it_counts(busy: Web) -> None:
    page = unescape(busy.get("/leadership?office=WAT1&weeks=4", "head_water").text)
    silent = page.split("Silent now")[0].rsplit('<a href="', 1)[1].split('"')[0]
    listed = busy.get(silent, "head_water").text
    assert "60" in listed
    assert "Answered within target" in page
    assert 'id="act"' not in page, "an office with none below has no list of offices"


@SQLITE
def test_whose_it_is(busy: Web) -> None:
    for who, path, status in (
        ("head1", "/leadership", 200),
        ("head1", "/leadership?office=WATER", 404),
        ("head1", "/leadership?office=WAT2", 404),
        ("minister", "/leadership?office=NOWHERE", 404),
        ("minister", "/leadership?service=nothing", 404),
        ("minister", "/leadership?service=water", 200),
        ("minister", "/leadership?order=nonsense&weeks=-3", 200),
        ("officer1", "/leadership", 403),
    ):
        assert busy.get(path, who).status_code == status, (who, path)


@SQLITE
def test_one_service_is_told_office_by_office(busy: Web) -> None:
    page = unescape(busy.get("/leadership?service=water", "minister").text)
    row = page.split('id="offices"')[1].split("<tbody>")[1]
    assert row.count("<tr>") == 1
    assert "Office WATER" in row
    assert '<b class="late">60</b>' in row
    assert "office:GOV" in page.replace("%20", " ")


@SQLITE
def test_what_changed_names_the_office_and_nothing_that_did_not(busy: Web) -> None:
    with database().read() as session:
        known = catalogue(session)
        who = viewer(session, busy.known.staff["minister"], now=NOW)
        found = board(session, who, known, busy.known.office["GOV"], Period(4), settings().zone, Order.late)
    assert found is not None
    places = {one.place for one in found.changed}
    assert {one.measure for one in found.changed} >= {Measure.received}
    assert places <= {busy.known.office["GOV"], busy.known.office["WATER"]}
    assert sum(one.n for one in found.below.values()) == found.whole.n  # type: ignore[union-attr]


@SQLITE
def test_months_that_are_over_are_looked_back_on(busy: Web) -> None:
    monday = NOW - timedelta(days=NOW.weekday())
    month = (monday - timedelta(weeks=8)).date()
    page = unescape(busy.get(f"/leadership?first={month:%Y-%m}&last={month:%Y-%m}", "minister").text)
    assert "What changed" not in page, "that is told of last week"
    assert 'id="act"' not in page, "who is worst is told of now"
    heat = page.split('class="heat"')[1].split("</table>")[0]
    assert f"first={month:%Y-%m}" in heat
    n = sum(map(int, re.findall(r"n (\d+)", heat.split("Office CIV1")[1].split("</tr>")[0])))
    assert n in (2 * 4 * 4, 2 * 4 * 5), "four a week, as all and as passports"
    for odd in ("first=2026-13", "first=x&last=y", "first=2026-03&last=2026-01", "first=1700-01"):
        assert "this week and the 4 before" in busy.get(f"/leadership?{odd}", "minister").text
