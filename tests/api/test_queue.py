"""The pages of the queue: views, search, many at once, and what a citizen raised before."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from channels.values import Channel
from core.database import database
from core.ids import new_id
from domain.case import Case
from domain.citizen import Citizen, ContactPoint
from domain.clock import Clock
from domain.states import CaseState, ClockKind, EntryKind, Urgency
from domain.timeline import append
from tests.api.site import Web
from tests.builders import plain_case

NOW = datetime.now(UTC)
pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)  # tests/cases holds the rules on both
VIEWS = ("todo", "mine", "unassigned", "today", "late", "waiting", "offered", "urgent", "reopened", "appeals")


def put(web: Web, text: str, office: str = "WAT1", due: float | None = None, **values: Any) -> str:
    """A case with these words, due in so many hours; gives its reference."""
    with database().write() as session:
        case = plain_case(web.known, office, text=text, opened_at=NOW, received_at=NOW, updated_at=NOW, **values)
        append(session, case, EntryKind.received, NOW, actor="citizen", public=True, body={"text": text})
        session.add(case)
        session.flush()
        if due is not None:
            session.add(
                Clock(
                    case_id=case.id,
                    kind=ClockKind.first_response,
                    entry=1,
                    office_id=case.office_id,
                    started_at=NOW - timedelta(days=1),
                    target_seconds=3600,
                    deadline_at=NOW + timedelta(hours=due),
                )
            )
    return case.reference


def listed(page: str) -> list[str]:
    """References of the rows of a queue, in order."""
    return re.findall(r'data-row="([^"]+)"', page)


def test_each_view_shows_what_it_says_due_first(web: Web) -> None:
    late = put(web, "late", due=-2)
    soon = put(web, "soon", due=0.5, urgency=Urgency.staff, appealed_at=NOW)
    mine = put(web, "mine", due=90, assignee_id=web.known.staff["officer1"])
    waiting = put(web, "waits", state=CaseState.waiting, assignee_id=web.known.staff["head1"])
    offered = put(web, "offered", "WAT2", due=50, pending_office_id=web.known.office["WAT1"])
    put(web, "answered", state=CaseState.answered)
    put(web, "closed", state=CaseState.closed, closed_at=NOW)
    put(web, "elsewhere", "CIV1", due=-5)
    with database().write() as session:
        case = session.exec(select(Case).where(col(Case.reference) == mine)).one()
        append(session, case, EntryKind.reopened, NOW, actor="citizen", public=True)
    expected = {
        "todo": [late, soon, offered, mine, waiting],
        "mine": [mine],
        "unassigned": [late, soon, offered],
        "late": [late],
        "waiting": [waiting],
        "offered": [offered],
        "urgent": [soon],
        "reopened": [mine],
        "appeals": [soon],
    }
    for view, wanted in expected.items():
        page = web.get(f"/staff?view={view}", "officer1").text
        assert listed(page) == wanted, view
        told = re.search(rf'href="/staff\?view={view}"[^>]*>.*?<span class="push quiet">(\d+)</span>', page)
        assert told, view
        assert int(told[1]) == len(wanted), view
        assert listed(web.get(f"/staff/queue?view={view}", "officer1").text) == wanted, view
    assert set(expected) | {"today"} == set(VIEWS)
    assert "no such view any more" in web.get("/staff?view=gone", "officer1").text
    remembered = {"Cookie": "ombud_session=session-of-officer1; ombud_view=late"}
    assert listed(web.get(f"/staff/cases/{mine}", headers=remembered).text) == [late]
    assert listed(web.get("/staff?order=newest", "officer1").text)[0] == max(
        (offered, mine, waiting, late, soon), key=[late, soon, mine, waiting, offered].index
    )


def test_a_search_marks_forgives_and_opens_the_only_one(web: Web) -> None:
    one, other = put(web, "The <b>pump</b> house floods"), put(web, "A pump hums, and no water")
    page = web.get("/staff/search?q=pump", "officer1").text
    assert sorted(listed(page)) == sorted([one, other])
    assert page.count("<mark>pump</mark>") == 2
    assert "<b>pump" not in page
    assert f"/staff/cases/{one}?q=pump" in page
    assert web.get("/staff/search?q=floods", "officer1").headers["location"] == f"/staff/cases/{one}?q=floods"
    assert web.get(f"/staff/search?q={other.lower()}", "officer1").headers["location"].startswith("/staff/cases/")
    assert listed(web.get("/staff/search?q=pmup", "officer1").text) == listed(page)
    assert "state:lost is not known" in web.get("/staff/search?q=pump+state:lost", "officer1").text
    assert "Nothing found" in web.get("/staff/search?q=pump", "officer2").text
    assert "Nothing found" in web.get("/staff/search?q=%22%27%3B--", "officer1").text


def test_views_are_kept_shared_and_thrown_away(web: Web) -> None:
    put(web, "pump")
    assert web.post("/staff/views", "officer1", name="Pumps", query="pump is:todo", order="newest").status_code == 303
    assert web.post("/staff/views", "officer1", name="", query="is:blue", order="x").status_code == 422
    assert web.post("/staff/views", "officer1", name="X", query="x", order="due", office="WAT1").status_code == 403
    assert (
        web.post("/staff/views", "head1", name="Ours", query="is:late", order="due", office="WAT1").status_code == 303
    )
    mine = web.get("/staff/views", "officer1").text
    assert "Pumps" in mine
    assert "Ours" in mine
    assert "Pumps" not in web.get("/staff/views", "head1").text
    assert "Ours" not in web.get("/staff/views", "officer2").text
    keys = re.findall(r'action="/staff/views/([^/"]+)/away"', mine)
    assert len(keys) == 1, "what the office shares is not the officer's to throw away"
    assert len(listed(web.get(f"/staff?view={keys[0]}", "officer1").text)) == 1
    assert web.post(f"/staff/views/{keys[0]}/away", "head1").status_code == 404
    assert web.post(f"/staff/views/{keys[0]}/away", "officer1").status_code == 303
    assert "Pumps" not in web.get("/staff/views", "officer1").text


def test_many_are_looked_at_done_and_taken_back(web: Web) -> None:
    first, second, third = put(web, "one"), put(web, "two"), put(web, "three")
    assert web.post("/staff/bulk", "officer1", what="take").status_code == 422
    assert web.post("/staff/bulk", "minister", what="take", case=first).status_code == 403
    assert web.post("/staff/bulk", "officer1", what="take", case=first, csrf="x").status_code == 403
    drafted = web.call(
        "POST",
        "/staff/bulk",
        "officer1",
        data={"csrf": "the-token-of-this-session", "what": "take", "case": [first, second]},
    )
    page = drafted.headers["location"]
    shown = web.get(page, "officer1").text
    assert first in shown
    assert second in shown
    assert third not in shown
    assert "Do it with 2 cases" in shown
    assert shown.count("You take it on.") == 2
    assert web.get(page, "head1").status_code == 404
    assert web.get("/staff/bulk/nonsense", "officer1").status_code == 404
    for _ in range(2):
        assert web.post(f"{page}/go", "officer1").status_code == 303
    assert "Done with 2 cases" in web.get(page, "officer1").text
    officer = web.known.staff["officer1"]
    assert [case.assignee_id for case in web.cases()] == [officer, officer, None]
    assert web.post(f"{page}/undo", "officer1").status_code == 303
    assert "Taken back in 2 cases" in web.get(page, "officer1").text
    assert [case.assignee_id for case in web.cases()] == [None, None, None]
    every = web.post("/staff/bulk", "officer1", what="transfer", all="yes", view="todo").headers["location"]
    assert "Look what would happen" in web.get(every, "officer1").text
    assert web.post(f"{every}/look", "officer1", office="", reason="").status_code == 422
    assert web.post(f"{every}/look", "officer1", office="WAT2", reason="It is theirs").status_code == 303
    assert "Do it with 3 cases" in web.get(every, "officer1").text
    assert web.get(every, "officer1").text.count("Offered to Office WAT2") == 3
    assert all(case.pending_office_id is None for case in web.cases())


def test_what_a_citizen_raised_before_is_shown_as_far_as_one_may_see(web: Web) -> None:
    with database().write() as session:
        citizen = Citizen(id=new_id(), created_at=NOW)
        session.add(citizen)
        session.flush()
        contact = ContactPoint(
            id=new_id(),
            citizen_id=citizen.id,
            channel=Channel.sms,
            address="+355691112244",
            address_index="x",
            hint="…244",
            created_at=NOW,
        )
        session.add(contact)
    known: dict[str, Any] = {"citizen_id": citizen.id, "contact_point_id": contact.id}
    here = put(web, "No water", **known)
    there = put(web, "No passport", "CIV1", **known)
    hidden = put(web, "They took my money", "WAT1", confidential=True, **known)
    accused = put(web, "About the office", "CIV1", about_office_id=web.known.office["WAT1"], **known)
    page = f"/staff/cases/{here}/citizen"
    for who, wanted in (("minister", {there}), ("officer1", set())):
        told = web.get(page, who).text
        assert {one for one in (there, hidden, accused) if one in told} == wanted, who
    assert "wrote in confidence" in web.get(f"/staff/cases/{hidden}/citizen", "minister").text
    assert web.get(page, "officer2").status_code == 404


def test_the_queue_takes_few_statements_however_long_it_is(web: Web) -> None:
    for number in range(30):
        put(web, f"pump {number}", due=number, assignee_id=web.known.staff["head1"])
    web.get("/staff", "officer1")
    for path in ("/staff", "/staff?view=late", "/staff/search?q=pump", "/staff/search?q=pmup", "/staff/queue"):
        sent: list[str] = []

        def note(*given: object, sent: list[str] = sent) -> None:
            sent.append(str(given[2]))

        event.listen(database().engine, "before_cursor_execute", note)
        assert web.get(path, "officer1").status_code == 200
        event.remove(database().engine, "before_cursor_execute", note)
        asked = [statement for statement in sent if not statement.startswith("BEGIN")]
        assert len(asked) <= 12 + (path.endswith("pmup") and 2), (path, len(asked))
