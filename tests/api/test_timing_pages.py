"""Calendars and policies in the browser: looked at first, saved once, undone, and every open case counted anew."""

from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from cases.sheets.kinds import Kind
from cases.sheets.tables import export_text, import_file
from core.database import database
from core.settings import settings
from domain.access import CatalogueChange
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Clock
from domain.policy import Calendar, Correction, Policy
from domain.staff import StaffRole
from domain.states import ClockKind, EntryKind, Role
from domain.timeline import TimelineEntry, append
from escalation import recount, service
from tests.api.site import Web
from tests.api.test_administration import hidden
from tests.builders import plain_case


@pytest.fixture
def site(web: Web) -> Web:
    """The minister administers the whole, head_water the waterworks."""
    with database().write() as session:
        for name, office in (("minister", "GOV"), ("head_water", "WATER")):
            session.add(StaffRole(staff_id=web.known.staff[name], office_id=web.known.office[office], role=Role.admin))
    return web


def day(ahead: int = 0) -> str:
    return (datetime.now(UTC).astimezone(settings().zone).date() + timedelta(days=ahead)).isoformat()


def silent(site: Web, office: str = "WAT1") -> Case:
    """A case that came an hour ago and waits for its first answer."""
    at = datetime.now(UTC) - timedelta(hours=1)
    with database().write() as session:
        case = plain_case(site.known, office, received_at=at, opened_at=at, updated_at=at)
        session.add(case)
        session.flush()
        append(session, case, EntryKind.received, at, actor="citizen", body={"text": "No water", "channel": "web"})
        append(session, case, EntryKind.routed, at, body={"office": office, "service": None})
        service.start(session, case, ClockKind.first_response, at)
    return case


def due(case: Case) -> datetime:
    with database().read() as session:
        return session.exec(select(Clock.deadline_at).where(Clock.case_id == case.id)).one()


def recounted(case: Case) -> list[TimelineEntry]:
    with database().read() as session:
        asked = select(TimelineEntry).where(TimelineEntry.case_id == case.id)
        return list(session.exec(asked.where(TimelineEntry.kind == EntryKind.recounted)))


def work() -> None:
    """Every correction is carried out."""
    while recount.correct_due(datetime.now(UTC) + timedelta(minutes=5)):
        pass


def the_calendar() -> Calendar:
    with database().read() as session:
        return session.exec(select(Calendar)).one()


def policies() -> list[Policy]:
    with database().read() as session:
        return list(session.exec(select(Policy).order_by(col(Policy.valid_from), col(Policy.name))))


def a_day(seen: str, **typed: str) -> dict[str, str]:
    usual = {"day": "", "what": "closed", "hours": "", "day_name": "", "announced": "", "seen": seen, "go": "save-day"}
    return usual | typed


def test_a_holiday_entered_late_is_looked_at_saved_counted_and_taken_back(site: Web) -> None:
    case = silent(site)
    before = due(case)
    address = f"/staff/calendars/{the_calendar().id}"
    seen = hidden(site.get(address, "minister").text, "seen")
    closed = before.astimezone(settings().zone).date().isoformat()
    typed = a_day(seen, day=closed, day_name="Eid", announced=day())
    looked = unescape(site.post(address, "minister", **typed | {"go": "look-day"}).text)
    assert "Not saved yet" in looked
    assert f"{closed} is Eid, closed, announced on {day()}" in looked
    assert "1 case changes" in looked
    assert "1 deadline is later" in looked
    assert case.reference in looked
    assert site.count(Correction) == site.count(CatalogueChange) == 0
    assert site.post(address, "minister", **typed).status_code == 303
    assert site.post(address, "minister", **typed).status_code == 303, "sent twice"
    assert (site.count(Correction), site.count(CatalogueChange)) == (1, 1)
    assert due(case) == before
    work()
    assert due(case) > before
    (entry,) = recounted(case)
    assert "Eid" in str(entry.body["why"])
    told = unescape(site.get(f"/staff/cases/{case.reference}", "officer1").text)
    assert "counted anew" in told.lower()
    assert f"day {closed}" in site.get("/staff/changes?kind=calendar", "auditor").text
    page = unescape(site.get(address + f"?year={closed[:4]}", "minister").text)
    assert "1 looked at, 1 changed" in page
    assert "Eid" in page
    public = site.get(f"/track/{case.reference}").text
    assert "counted anew" in public
    undone = site.post(address, "minister", go="undo", change=hidden(page, "change"))
    assert undone.status_code == 303
    work()
    assert due(case) == before
    assert len(recounted(case)) == 2
    assert the_calendar().days == {}


def test_a_week_counts_from_its_day_and_what_was_before_stays(site: Web) -> None:
    case = silent(site)
    before = due(case)
    row = the_calendar()
    address = f"/staff/calendars/{row.id}"
    page = site.get(address, "minister").text
    shorter = {f"hours-{n}": "9-12" if n < 5 else "" for n in range(7)}
    typed = {
        "name": row.name, "time_zone": row.time_zone, "country": "", "begins": day(), "seen": hidden(page, "seen"),
        **shorter,
    }  # fmt: skip
    wrong = unescape(site.post(address, "minister", **typed | {"hours-2": "12-9", "go": "save-week"}).text)
    assert "ends before it begins" in wrong
    assert site.post(address, "minister", **typed, go="save-week").status_code == 303
    work()
    assert due(case) > before
    kept = the_calendar()
    assert kept.week == row.week
    assert [(one["from"], one["week"]["0"]) for one in kept.weeks] == [(day(), [["09:00", "12:00"]])]
    gone = {f"hours-{n}": "" for n in range(7)}
    refused = site.post(address, "minister", **typed | gone | {"begins": day(1), "go": "save-week"})
    assert refused.status_code == 422


def a_policy(seen: str, **typed: str) -> dict[str, str]:
    usual = {
        "id": str(uuid4()), "seen": seen, "name": "General", "target-first_response": "4", "target-resolution": "80",
        "urgent": "25", "pause_days": "14", "amount-0": "50", "measure-0": "share", "tell-0": "officer",
        "amount-1": "24", "measure-1": "elapsed", "tell-1": "head", "begins": day(), "note": "", "go": "save",
    }  # fmt: skip
    return usual | typed


def test_a_policy_has_versions_and_one_from_a_past_day_counts_what_runs(site: Web) -> None:
    case = silent(site)
    before = due(case)
    (old,) = policies()
    address = f"/staff/policies/{old.id}"
    page = site.get(address, "minister").text
    assert "For a message received now" in page
    typed = a_policy(hidden(page, "seen"), begins=day(-2))
    wrong = site.post(address, "minister", **typed | {"target-first_response": "soon", "tell-1": "mayor"})
    assert wrong.status_code == 422
    assert "Write a number" in wrong.text
    assert "Choose whom it tells" in wrong.text
    looked = unescape(site.post(address, "minister", **typed | {"go": "look"}).text)
    assert "1 deadline is earlier" in looked
    assert len(policies()) == 1
    for _ in range(2):
        assert site.post(address, "minister", **typed).status_code == 303
    first, second = policies()
    assert (first.valid_to, first.targets["first_response"]) == (second.valid_from, 16)
    assert second.ladder == [{"share": 0.5, "tell": "officer"}, {"hours": 24, "of": "elapsed", "tell": "head"}]
    assert second.rungs_from == 1000
    work()
    assert due(case) < before
    assert len(recounted(case)) == 1
    page = site.get(f"/staff/policies/{second.id}", "minister").text
    assert "Use its values again" in page
    stale = site.post(f"/staff/policies/{second.id}", "minister", **a_policy("seen before", name="Other"))
    assert stale.status_code == 409
    with database().read() as session:
        assert len(catalogue(session).policies) == 2


def test_a_step_says_by_what_it_tells_and_whether_the_citizen_hears(site: Web) -> None:
    (old,) = policies()
    address = f"/staff/policies/{old.id}"
    seen = hidden(site.get(address, "minister").text, "seen")
    besides = {"by-0": "none", "by-1": "email+sms", "citizen-1": "yes"}
    wrong = site.post(address, "minister", **a_policy(seen) | besides | {"by-1": "pigeon"})
    assert (wrong.status_code, "Choose by what it tells" in wrong.text) == (422, True)
    assert site.post(address, "minister", **a_policy(seen) | besides).status_code == 303
    new = policies()[-1]
    assert [(step["by"], step.get("citizen")) for step in new.ladder] == [([], None), (["email", "sms"], True)]
    page = unescape(site.get(f"/staff/policies/{new.id}", "minister").text)
    assert '<option value="email+sms" selected>by e-mail and SMS</option>' in page
    assert "by e-mail and SMS, and the citizen hears of it" in page
    # who sends a form without these fields changes nothing of them
    again = a_policy(hidden(page, "seen"), begins=day(1))
    assert site.post(f"/staff/policies/{new.id}", "minister", **again).status_code == 303
    assert [step.get("by") for step in policies()[-1].ladder] == [[], ["email", "sms"]]


def test_who_may_change_what_and_which_one_holds(site: Web) -> None:
    (old,) = policies()
    calendar = f"/staff/calendars/{the_calendar().id}"
    for path in ("/staff/calendars", "/staff/policies", calendar, f"/staff/policies/{old.id}"):
        assert [site.get(path, who).status_code for who in ("minister", "auditor", "head_water")] == [200] * 3, path
        assert site.get(path, "officer1").status_code == 403
    assert site.post(f"/staff/policies/{old.id}", "head_water", **a_policy("x")).status_code == 403
    assert site.post(calendar, "head_water", **a_day("x", day=day(3))).status_code == 403
    refused = site.post("/staff/policies/new", "head_water", **a_policy("", office="GOV", name="Ours"))
    assert refused.status_code == 403
    mine = a_policy(
        "", office="WATER", service="water", kind="complaint", name="Water first", **{"target-resolution": ""}
    )
    assert site.post("/staff/policies/new", "head_water", **mine).status_code == 303
    twin = site.post("/staff/policies/new", "head_water", **mine | {"id": str(uuid4())})
    assert twin.status_code == 422
    assert "is for just this" in unescape(twin.text)
    told = unescape(site.get("/staff/policies/which?office=WAT1&service=water&kind=complaint", "officer1").text)
    assert "First answer: 4 h" in told
    assert "Water first" in told
    assert "Solution: 80 h" in told
    other = unescape(site.get("/staff/policies/which?office=CIV1&service=water&kind=complaint", "officer1").text)
    assert "Water first" not in other
    with database().read() as session:
        assert {one.kind for one in session.exec(select(CatalogueChange))} == {"policy"}


def test_how_a_case_is_counted_is_told_to_staff_and_citizen(site: Web) -> None:
    case = silent(site)
    told = unescape(site.get(f"/staff/cases/{case.reference}/clocks", "officer1").text)
    assert "16 h 00 min of working time" in told
    assert "General" in told
    assert site.get(f"/staff/cases/{case.reference}/clocks", "officer2").status_code == 404
    public = unescape(site.get(f"/track/{case.reference}/counted").text)
    assert "You have waited so far" in public
    assert "1 h" in public
    assert "No water" not in public
    with database().write() as session:
        row = session.get_one(Case, case.id)
        row.integrity, row.office_id = True, UUID(str(site.known.office["INTEG"]))
    assert "INTEG" not in site.get(f"/track/{case.reference}/counted").text
    assert site.get("/track/7777-7777/counted").status_code == 404


def test_an_office_that_gets_another_calendar_is_counted_by_it(site: Web) -> None:
    case = silent(site)
    before = due(case)
    week = {f"hours-{n}": "10:00-11:00" for n in range(7)}
    calendar = {"id": str(uuid4()), "name": "An hour a day", "time_zone": "Europe/Tirane", "country": "", **week}
    assert site.post("/staff/calendars/new", "head_water", **calendar).status_code == 303
    page = site.get("/staff/offices/WAT1", "minister").text
    typed = {
        "name-en": "Office WAT1", "tier": "district", "function": "service", "parent": "WATER",
        "calendar": "An hour a day", "places": "Lumas/Лумас/লুমাস", "go": "save", "seen": hidden(page, "seen"),
    }  # fmt: skip
    assert site.post("/staff/offices/WAT1", "minister", **typed).status_code == 303
    work()
    assert due(case) > before + timedelta(days=10)
    assert "another calendar counts" in str(recounted(case)[0].body["why"])
    text = export_text(Kind.offices)
    raw = text.replace("An hour a day", "Week").encode()
    import_file(Kind.offices, "offices.csv", raw, datetime.now(UTC))
    work()
    assert due(case) == before
