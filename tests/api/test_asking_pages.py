"""Who is asked, in the browser: looked at first, kept once, ended, and what it may cost."""

from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

import pytest
from sqlmodel import col, select

from cli import checkup
from core.database import database
from core.settings import settings
from domain.access import CatalogueChange
from domain.asking import AskingBudget, AskingDay, AskingPlan
from domain.staff import StaffRole
from domain.states import Role
from surveys import plans
from tests.api.site import Web
from tests.api.test_administration import hidden

PLAN = "/staff/asking/plan"
FORM = {"way": "target", "target": "40", "share": "100", "delay": "120", "rest": "60", "reminder": "3", "notice": "1"}


@pytest.fixture
def site(web: Web, monkeypatch: pytest.MonkeyPatch) -> Web:
    """The minister administers the whole, head_water the waterworks; an SMS costs ten cents."""
    monkeypatch.setenv("OMBUD_SMS_PRICE", "0.1")
    settings.cache_clear()
    with database().write() as session:
        for name, office in (("minister", "GOV"), ("head_water", "WATER")):
            session.add(StaffRole(staff_id=web.known.staff[name], office_id=web.known.office[office], role=Role.admin))
    return web


@pytest.fixture
def counted(site: Web) -> Callable[..., None]:
    """Writes what a day brought at CIV1."""

    def add(**numbers: int) -> None:
        with database().write() as session:
            session.add(
                AskingDay(
                    day=datetime.now(UTC).astimezone(settings().zone).date(), office_id=site.known.office["CIV1"],
                    service_id=site.known.service["passport"], **numbers,  # type: ignore[arg-type]
                )
            )  # fmt: skip

    return add


def test_a_plan_is_looked_at_kept_once_and_ended(site: Web, counted: Callable[..., None]) -> None:
    counted(seen=40, drawn=40, sent=40, answered=10, segments=60)
    page = site.get(f"{PLAN}?service=passport", "minister").text
    assert "as all others" in page
    seen = hidden(page, "seen")
    look = unescape(site.post(PLAN, "minister", service="passport", seen=seen, **FORM).text)
    assert "not kept yet" in look
    assert "Of 1,218 transactions a month about 160 are asked, and about 40 answer." in look
    assert "so that 40 answer" in look
    for _ in range(2):  # a second click changes nothing
        assert site.post(PLAN, "minister", service="passport", seen=seen, go="save", **FORM).status_code == 303
    with database().read() as session:
        [row] = session.exec(select(AskingPlan)).all()
        plan = plans.current(session).of(site.known.service["passport"])
        others = plans.current(session).of(site.known.service["water"])
    assert (row.version, row.target, row.made_by, plan.rest.days, others.aim.target) == (1, 40, "minister", 60, None)
    listed = unescape(site.get("/staff/asking", "minister").text)
    assert "As many are asked as it takes for 40 answers a month at each office." in listed
    assert "this month 10 of 40 asked have answered" in listed
    page = site.get(f"{PLAN}?service=passport", "minister").text
    done = site.post(PLAN, "minister", service="passport", seen=hidden(page, "seen"), go="end")
    assert done.status_code == 303
    with database().read() as session:
        assert plans.current(session).by_service == {}
        kinds = session.exec(select(CatalogueChange.title).where(col(CatalogueChange.kind) == "asking")).all()
    assert kinds == ["Passports", "Passports"]
    assert "Who is asked" in site.get("/staff/changes", "auditor").text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"way": "share", "share": "101"}, "from 0 to 100"),
        ({"target": "many"}, "answers"),
        ({"delay": "30", "notice": "1"}, "before the service was over"),
        ({"reminder": "14"}, "from 0 to 13"),
        ({"rest": "1.5"}, "Write whole days"),
        ({"way-1": "fax"}, "Choose from the list"),
    ],
)
@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_what_cannot_be_used_is_named(site: Web, changes: dict[str, str], field: str) -> None:
    answer = site.post(PLAN, "minister", service="", go="save", **(FORM | changes))
    assert answer.status_code == 422
    assert field in unescape(answer.text)
    with database().read() as session:
        assert session.exec(select(AskingPlan)).all() == []


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_plan_somebody_else_changed_is_not_overwritten(site: Web) -> None:
    seen = hidden(site.get(PLAN, "minister").text, "seen")
    site.post(PLAN, "minister", service="", go="save", seen=seen, **FORM)
    late = site.post(PLAN, "minister", service="", go="save", seen=seen, **(FORM | {"target": "9"}))
    assert late.status_code == 409
    with database().read() as session:
        assert [row.target for row in session.exec(select(AskingPlan))] == [40]


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_only_administrators_of_the_whole_change_it(site: Web) -> None:
    assert site.get("/staff/asking", "auditor").status_code == 200
    assert site.get("/staff/asking", "clerk").status_code == 403
    for who in ("auditor", "head_water"):
        assert site.post(PLAN, who, service="", go="save", **FORM).status_code == 403
        assert site.post("/staff/asking", who, office="", amount="5").status_code == 403


def test_a_budget_is_kept_shown_and_told_by_the_doctor(site: Web, counted: Callable[..., None]) -> None:
    counted(seen=40, drawn=40, sent=40, answered=10, segments=60)
    assert site.post("/staff/asking", "minister", office="", amount="5.50").status_code == 303
    assert site.post("/staff/asking", "minister", office="Office WATER", amount="100").status_code == 303
    page = unescape(site.get("/staff/asking", "minister").text)
    assert "6.00 EUR of 5.50 EUR spent" in page
    assert "Nothing more leaves before the month ends" in page
    assert "0.00 EUR of 100.00 EUR spent" in page
    found = {one.name: one for one in [checkup._budgets(settings())]}["survey budgets"]
    assert (found.state, "used up (6.00 of 5.50 EUR)" in found.seen) == ("bad", True)
    seen = hidden(page, "seen")
    assert site.post("/staff/asking", "minister", office="", amount="", seen=seen).status_code == 303
    with database().read() as session:
        assert sorted(row.amount or 0 for row in session.exec(select(AskingBudget))) == [0, 100]
    assert checkup._budgets(settings()).state == "good"
    refused = site.post("/staff/asking", "minister", office="Nowhere at all", amount="5")
    assert "No open office is so called." in unescape(refused.text)
