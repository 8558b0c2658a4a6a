"""The meeting on the wall, its pack and its minutes as pages: who gets them, what forms do, how mistakes come back."""

from datetime import timedelta
from typing import TypeVar

import pytest
from sqlmodel import SQLModel, select

from domain.case import Case
from domain.pack import Attendance, Raised, ReviewPack, SampleCheck
from domain.review import Action, Finding
from domain.staff import Staff, StaffRole
from domain.states import CaseState, Outcome, Role
from tests.reports.world import DAY
from tests.reviews.test_pages import DUE, PAGE, WEEK, Site, post, site

__all__ = ["site"]
# what writes and counts is tried on both in test_holding and test_packs
pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
WALL = f"{PAGE}/wall"


T = TypeVar("T", bound=SQLModel)


def rows(site: Site, table: type[T]) -> list[T]:
    with site.installation.database.read() as session:
        return list(session.exec(select(table)).all())


def get(site: Site, path: str, who: str = "north_head") -> str:
    site.sign_in(who)
    answer = site.client.get(f"{PAGE}{path}")
    return f"{answer.status_code} {answer.text}"


def begin(site: Site) -> str:
    """Make the pack and begin the meeting; the reference of the case that is late."""
    assert post(site, "/pack").endswith("/pack?said=made")
    here = {f"here-{site.staff['north_head']}": "1"}
    assert post(site, "/wall/here", was="", **here).endswith("/wall?at=here&said=here")
    return site.cases["late"]


def test_a_meeting_is_made_held_and_written_up(site: Site) -> None:
    site.sign_in("north_head")
    assert site.client.get(WALL).headers["location"].endswith("/pack")
    late = begin(site)
    page = get(site, f"/wall?at=case-{late}")
    assert "And why that?" in page
    fields = {
        "why": "The pump stood still", "why2": "Nobody had the key", "decision": "A second key",
        "cause": "No spare key", "what": "Have a key cut", "owner": site.staff["north_officer"], "due_on": DUE,
    }  # fmt: skip
    for _ in range(2):
        assert post(site, f"/wall/cases/{late}", **fields).endswith(f"/wall?at=case-{late}&said=kept")
    (finding,) = rows(site, Finding)
    assert (finding.whys, finding.decision) == (["The pump stood still", "Nobody had the key"], "A second key")
    assert finding.cause_id is not None
    assert len(rows(site, Action)) == 1
    page = get(site, f"/wall?at=case-{late}")
    assert "No spare key" in page
    assert 'name="why"' not in page
    assert post(site, f"/wall/cases/{late}/raise", raise_why="We have no keys").endswith("said=raised")
    page = get(site, f"/wall?at=case-{late}&said=raised")
    assert f'action="{WALL}/cases/{late}/raise-undo"' in page
    assert post(site, f"/wall/cases/{late}/raise-undo").endswith("said=raised-back")
    history = site.client.get(f"/staff/cases/{late}").text
    for words in ("decided: A second key", "handed it up to Min office: We have no keys", "did not hand it up"):
        assert f"The weekly review {words}" in history
    assert [row.taken_back_at is not None for row in rows(site, Raised)] == [True]
    assert "1 case was not talked about" in get(site, "/wall?at=end")
    assert post(site, "/wall/close").endswith("/minutes?said=closed")
    minutes = get(site, "/minutes")
    for words in ("A second key", "Nobody had the key", "Have a key cut", "North_Head"):
        assert words in minutes
    assert get(site, "/minutes", "north_officer").startswith("200 ")
    assert get(site, "/wall", "north_officer").startswith("404 ")
    assert "This meeting is closed." in post(site, f"/wall/cases/{late}/raise", raise_why="Too late")
    assert "<form" not in get(site, f"/wall?at=case-{late}").split("<main")[1]


def test_mistakes_come_back_beside_their_fields_and_nothing_is_kept(site: Site) -> None:
    late = begin(site)
    page = post(
        site,
        f"/wall/cases/{late}",
        why="No key",
        decision=" ",
        what="Get one",
        due_on="someday",
        cause="Call 069123456789",
    )
    assert page.startswith("422 ")
    for field in ("decision", "owner", "due_on", "cause"):
        assert f'id="{field}-error"' in page
    assert 'value="No key"' in page
    assert (rows(site, Finding), rows(site, Action)) == ([], [])
    page = post(site, f"/wall/cases/{late}/raise", raise_why=" ")
    assert 'id="raise_why-error"' in page
    assert post(site, "/wall/promises", what="", owner="", due_on=DUE).startswith("422 ")


def test_a_drawn_case_is_checked(site: Site) -> None:
    with site.installation.database.write() as session:
        case = session.exec(select(Case).where(Case.reference == site.cases["answered"])).one()
        case.state, case.closed_at, case.outcome = CaseState.closed, case.received_at + DAY / 2, Outcome.answered
    begin(site)
    name = site.cases["answered"]
    assert "Closed rightly" in get(site, f"/wall?at=check-{name}")
    assert 'id="note-error"' in post(site, f"/wall/checks/{name}", sound="no", note="")
    assert post(site, f"/wall/checks/{name}", sound="no", note="Nobody was told").endswith("said=checked")
    assert [(row.sound, row.note) for row in rows(site, SampleCheck)] == [(False, "Nobody was told")]
    assert post(site, f"/wall/checks/{site.cases['late']}", sound="yes").startswith("404 ")


def test_nobodys_conduct_is_on_the_wall_and_nobody_acts_on_it_there(site: Site) -> None:
    with site.installation.database.write() as session:
        deputy = Staff(name="Deputy", email="d@x.example", email_index="d", password_hash="none")
        session.add(deputy)
        session.flush()
        case = session.exec(select(Case).where(Case.reference == site.cases["answered"])).one()
        case.about_staff_id = deputy.id
        session.add(StaffRole(staff_id=deputy.id, office_id=case.office_id, role=Role.officer))
    begin(site)
    for path in ("/pack", "/wall", f"/wall?at=case-{site.cases['answered']}", "/wall?at=end"):
        page = get(site, path)
        for name in ("answered", "accused", "secret"):
            assert site.cases[name] not in page.replace(f"?at=case-{site.cases[name]}", ""), (path, name)
    assert post(site, f"/wall/cases/{site.cases['accused']}/raise", raise_why="x").startswith("404 ")
    assert post(site, f"/wall/cases/{site.cases['answered']}/raise", raise_why="x").startswith("404 ")


def test_who_may_only_read_gets_no_form_and_strangers_get_nothing(site: Site) -> None:
    late = begin(site)
    for path in ("/pack", "/wall", f"/wall?at=case-{late}"):
        page = get(site, path, "auditor")
        assert page.startswith("200 ")
        assert "<form" not in page.split("<main")[1]
    for path in ("/wall/here", f"/wall/cases/{late}", "/wall/close", "/pack", "/plan"):
        assert post(site, path, "auditor", hour="7", checks="5").startswith("403 ")
    for name in ("south_head", "north_officer", "inspector"):
        for path in ("/pack", "/pack.pdf", "/wall", "/minutes", "/minutes.pdf"):
            assert get(site, path, name).startswith("404 "), (name, path)
    assert len(rows(site, Attendance)) == 1


def test_papers_are_pdfs_and_there_only_when_they_are(site: Site) -> None:
    assert get(site, "/pack.pdf").startswith("404 ")
    begin(site)
    assert get(site, "/minutes.pdf").startswith("404 ")
    post(site, "/wall/close")
    for path, name in (("/pack.pdf", f"review-NORTH-{WEEK}.pdf"), ("/minutes.pdf", f"minutes-NORTH-{WEEK}.pdf")):
        site.sign_in("north_head")
        answer = site.client.get(f"{PAGE}{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert name in answer.headers["content-disposition"]
        assert answer.content.startswith(b"%PDF")
    assert post(site, "/minutes", words=" ").startswith("422 ")
    assert post(site, "/minutes", words="It was Tuesday").endswith("/minutes?said=added")
    assert "It was Tuesday" in get(site, "/minutes")


def test_when_packs_are_made_is_said_in_a_form(site: Site) -> None:
    assert 'id="hour-error"' in post(site, "/plan", holds="1", hour="25", checks="5")
    assert post(site, "/plan", holds="1", hour="6", checks="3").endswith("/pack?said=planned")
    assert "06:00" in get(site, "/pack")
    assert rows(site, ReviewPack) == []


def test_promises_stand_before_the_cases_and_are_settled_with_what_came_of_them(site: Site) -> None:
    earlier = f"/staff/reviews/NORTH/{WEEK - timedelta(weeks=1)}"
    site.sign_in("north_head")
    fields = {
        "csrf": "csrf-north_head",
        "what": "Answer the phone",
        "owner": site.staff["north_officer"],
        "due_on": DUE,
    }
    assert site.client.post(f"{earlier}/wall/promises", data=fields).status_code == 303
    begin(site)
    (action,) = rows(site, Action)
    page = get(site, "/wall?at=promises")
    assert "Answer the phone" in page
    assert post(site, f"/wall/promises/{action.id}", done_note="").startswith("422 ")
    assert post(site, f"/wall/promises/{action.id}", done_note="Two people now").endswith("said=done")
    assert "Two people now" in get(site, "/wall?at=promises")
    post(site, "/wall/close")
    assert "Two people now" in get(site, "/minutes")


@pytest.mark.parametrize("week", ["2026-11-17", "2100-01-04", "monday"])
def test_what_is_no_week_is_not_found(site: Site, week: str) -> None:
    site.sign_in("north_head")
    for page in ("pack", "wall", "minutes", "pack.pdf"):
        assert site.client.get(f"/staff/reviews/NORTH/{week}/{page}").status_code == 404
