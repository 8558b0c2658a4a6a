"""The page of what was said: what an officer, a head and a minister read on it, and what they do not."""

from datetime import UTC, datetime, timedelta

import pytest

from api.draw import scale_funnel
from core.database import database
from core.ids import new_id
from domain.access import Scope
from domain.flag import MoneyMonth
from domain.staff import Staff, StaffRole
from domain.states import Role
from tests.api.site import Web
from tests.surveys.answers import Asking

sqlite = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)

WORDS = "The lady at the window was patient with me."


def answered(web: Web) -> None:
    """A fortnight of answers at two offices, one of them far worse."""
    at = datetime.now(UTC) - timedelta(days=5)
    with database().write() as session:
        asking = Asking(session, web.known)
        for place in range(40):
            rating = 1 if place % 4 else 5
            operator = f"window {place % 3}"
            asking.ask(
                "WAT1", at, {"rating": rating, "reason": "wait", "minutes": 45}, service="water", operator=operator
            )
            asking.ask("WAT2", at, {"rating": 4 + place % 2, "visits": 2}, service="water")
        asking.ask("WAT1", at, {"rating": 5, "words": WORDS}, service="water", operator="window 0")
        asking.ask("WAT1", at, {"rating": 2, "words": "They asked for money at the door"}, operator="window 0")
        asking.ask("WAT1", at, {"rating": 1, "reason": "money", "money": 1}, operator="window 9")
        asking.ask("CIV1", at, {"rating": 3})
        first = datetime.now(UTC).date().replace(day=1)
        month = (first - timedelta(days=1)).replace(day=1)
        for office, below, n, yes in ((None, True, 83, 21), ("WAT1", False, 43, 20), ("WAT2", False, 40, 1)):
            place_of = web.known.office[office] if office else None
            session.add(MoneyMonth(month=month, office_id=place_of, below=below, n=n, yes=yes))


@sqlite
def test_everybody_reads_their_own_and_money_only_those_who_watch(web: Web) -> None:
    answered(web)
    officer = web.get("/staff/satisfaction", "officer1").text
    assert "by 43 answers" in officer
    assert "The wait was long" in officer
    assert "45 min" in officer
    assert WORDS in officer
    for hidden in ("money at the door", "extra money", "How offices compare", "window 0", "Office WAT2"):
        assert hidden not in officer, hidden
    head = web.get("/staff/satisfaction", "head1").text
    assert "window 0" in head  # who leads the office sees its operators
    assert "window 9" in head
    assert "extra money" not in head
    region = web.get("/staff/satisfaction", "head_water").text
    assert "How offices compare" in region
    assert "Office WAT1" in region
    assert "window 0" not in region
    assert "window 0" in web.get("/staff/satisfaction?office=WAT1", "head_water").text
    assert "extra money" not in region
    minister = web.get("/staff/satisfaction", "minister").text
    assert "25% of 83 people said that they were asked for extra money" in minister
    assert "Too few to say, and without a place: Office CIV1." in minister
    assert "No office has a sign" in minister
    assert "window 0" not in web.get("/staff/satisfaction?office=WAT1", "minister").text
    assert "25% of 83 people" in web.get("/staff/satisfaction?office=WAT1&month=x", "integrity").text


@sqlite
def test_what_is_chosen_narrows_it_and_what_is_not_there_says_so(web: Web) -> None:
    answered(web)
    page = web.get("/staff/satisfaction?office=WAT2&service=water&weeks=13", "minister").text
    assert "100% of the people served were content" in page
    assert "by 40 answers" in page
    assert 'value="13" selected' in page
    assert "Nobody was asked" in web.get("/staff/satisfaction?office=WAT2&service=passport", "minister").text
    assert web.get("/staff/satisfaction?office=WAT2", "head1").status_code == 404
    assert web.get("/staff/satisfaction?office=NOWHERE", "minister").status_code == 404
    assert web.get("/staff/satisfaction?service=nothing", "minister").status_code == 404
    assert web.get("/staff/satisfaction", "triage").status_code == 403


@sqlite
def test_whoever_leads_an_office_too_sees_no_money(web: Web) -> None:
    answered(web)
    with database().write() as session:
        person = session.get_one(Staff, web.known.staff["auditor"])
        session.add(StaffRole(id=new_id(), staff_id=person.id, office_id=web.known.office["WAT1"], role=Role.head))
    assert "extra money" not in web.get("/staff/satisfaction", "auditor").text
    assert "extra money" in web.get("/staff/satisfaction", "minister").text


@sqlite
def test_programs_read_the_same_figures_and_none_of_few(web: Web) -> None:
    answered(web)
    whole = web.api("GET", "/kpis/satisfaction", Scope.read).json()
    assert (whole["asked"], whole["answered"], whole["undeliverable"], whole["n"]) == (84, 84, 0, 84)
    assert whole["content"]["low"] < whole["content"]["value"] < whole["content"]["high"]
    one = web.api("GET", "/kpis/satisfaction?office=WAT2", Scope.read).json()
    assert (one["office"], one["n"], one["content"]["value"]) == ("WAT2", 40, 1.0)
    assert web.api("GET", "/kpis/satisfaction?office=WATER&below=true", Scope.read).json()["n"] == 83
    few = web.api("GET", "/kpis/satisfaction?office=CIV1", Scope.read).json()
    assert (few["n"], few["content"], few["rating"]) == (1, None, None)
    assert "money" not in str(whole)
    assert web.api("GET", "/kpis/satisfaction?office=X", Scope.read).status_code == 422
    assert web.api("GET", "/kpis/satisfaction?from=2026-03-03&to=2026-03-01", Scope.read).status_code == 422


def test_a_funnel_is_drawn_within_its_canvas() -> None:
    curve = [(10, 0.1, 0.3, 0.9, 1.0), (100, 0.5, 0.55, 0.75, 0.8), (300, 0.58, 0.6, 0.7, 0.72)]
    found = scale_funnel(curve, 0.65, [(10, 0.9), (300, 0.4), (150, 0.65)])
    assert found is not None
    assert all(34 <= dot.x <= 352 and 8 <= dot.y <= 212 for dot in found.dots)
    assert found.dots[0].x < found.dots[2].x < found.dots[1].x
    assert found.dots[0].y < found.dots[2].y < found.dots[1].y
    assert found.dots[2].y == found.middle
    assert [mark for _, mark in found.across] == [100, 200, 300]
    assert all(low < high for (high, _), (low, _) in zip(found.down, found.down[1:], strict=False))
    for corner in (found.outer + " " + found.inner).split():
        x, y = map(float, corner.split(","))
        assert 0 <= x <= 360
        assert 8 <= y <= 212
    assert scale_funnel(curve, 0.65, []) is None
