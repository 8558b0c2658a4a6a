"""The pages of Monday's review, of figures and of ratings: who gets them, what a form does, how mistakes come back."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import func, select

from api.app import create_app
from api.auth import COOKIE
from channels.values import Channel
from core.crypto import token_hash
from core.settings import settings
from domain.case import Case
from domain.review import Action, Finding, Review
from domain.staff import StaffSession
from domain.survey import Answer
from reports import refresh
from reports.weeks import monday_of
from tests.conftest import Installation
from tests.reports.world import DAY, HOUR, World, build

TODAY = datetime.now(UTC)
MONDAY = monday_of(TODAY, settings().zone)
WEEK = MONDAY - timedelta(weeks=1)
DUE = str(MONDAY + timedelta(days=60))
PAGE = f"/staff/reviews/NORTH/{WEEK}"


@dataclass
class Site:
    """The application with a world in its database, and a browser for each person."""

    installation: Installation
    client: TestClient
    staff: dict[str, str]
    cases: dict[str, str]

    def sign_in(self, name: str) -> None:
        self.client.cookies.set(COOKIE, name)

    def count(self, table: type[Review] | type[Finding] | type[Action]) -> int:
        with self.installation.database.read() as session:
            return session.exec(select(func.count()).select_from(table)).one()


def fill(world: World) -> dict[str, str]:
    """Cases of NORTH last week: one silent and late, one answered, one about its head, one before integrity."""
    week = timedelta(days=(TODAY.date() - WEEK).days - 2)
    late = world.case("NORTH", week, deadline_after=HOUR, now=TODAY)
    answered = world.case("NORTH", week, 5 * HOUR, now=TODAY)
    accused = world.case("NORTH", week, about_staff="north_head", now=TODAY)
    secret = world.case("INTEG", week, integrity=True, about="NORTH", now=TODAY)
    world.case("SOUTH", week, 2 * HOUR, now=TODAY)
    for rating, words in ((1, "Three hours in the cold"), (5, "")):
        for question, value, text in (("rating", rating, None), ("words", None, words)):
            if value or text:
                world.session.add(
                    Answer(
                        source_id=f"exit:{rating}",
                        question=question,
                        value=value,
                        text=text,
                        office_id=world.offices["NORTH"].id,
                        channel=Channel.kiosk,
                        answered_at=TODAY - week,
                    )
                )
    cases = {"late": late, "answered": answered, "accused": accused, "secret": secret}
    return {name: case.reference for name, case in cases.items()}


@pytest.fixture
def site(installation: Installation) -> Site:
    with installation.database.write() as session:
        world = build(session)
        cases = fill(world)
        for name, person in world.staff.items():
            session.add(
                StaffSession(
                    token_hash=token_hash(name),
                    csrf=f"csrf-{name}",
                    staff_id=person.id,
                    created_at=TODAY,
                    expires_at=TODAY + DAY,
                )
            )
        staff = {name: str(person.id) for name, person in world.staff.items()}
    client = TestClient(create_app(embedded=False), follow_redirects=False)
    client.headers["accept-language"] = "en"
    return Site(installation, client, staff, cases)


def post(site: Site, path: str, who: str = "north_head", **fields: str) -> str:
    """Send a form as somebody; the address it leads to, or the page it came back with."""
    site.sign_in(who)
    answer = site.client.post(f"{PAGE}{path}", data={"csrf": f"csrf-{who}", **fields})
    return answer.headers["location"] if answer.status_code == 303 else f"{answer.status_code} {answer.text}"


def decide(site: Site, case: str = "late", who: str = "north_head", **fields: str) -> str:
    values = {
        "why": "No spare key.",
        "decision": "A key for the duty team.",
        "due_on": str(MONDAY + timedelta(days=60)),
    }
    return post(site, f"/cases/{site.cases[case]}", who, **(values | fields))


def test_a_decision_with_its_action_is_kept_once_and_shown(site: Site) -> None:
    fields = {"what": "Hand over a key", "owner": site.staff["north_officer"]}
    for _ in range(2):
        assert decide(site, **fields) == f"{PAGE}?said=kept"
    assert (site.count(Review), site.count(Finding), site.count(Action)) == (1, 1, 1)
    page = site.client.get(PAGE).text
    assert "A key for the duty team." in page
    assert "Hand over a key" in page
    following = site.client.get(f"/staff/reviews/NORTH/{MONDAY}").text
    assert "Hand over a key" in following.split('id="s-new"')[0]


def test_mistakes_come_back_beside_their_fields_with_what_was_typed(site: Site) -> None:
    page = decide(site, decision=" ", what="Hand over a key", due_on="someday")
    assert page.startswith("422 ")
    place = f"overdue-{site.cases['late']}" if "new-" + site.cases["late"] not in page else f"new-{site.cases['late']}"
    for field in ("decision", "owner", "due_on"):
        assert f'id="{field}-{place}-error"' in page
        assert f'href="#{field}-{place}"' in page
    assert "No spare key.</textarea>" in page
    assert 'value="Hand over a key"' in page
    assert (site.count(Finding), site.count(Action)) == (0, 0)


def test_nothing_is_written_without_our_own_form(site: Site) -> None:
    site.sign_in("north_head")
    for path in (f"/cases/{site.cases['late']}", "/actions", "/close"):
        for csrf in ({}, {"csrf": "csrf-minister"}):
            answer = site.client.post(f"{PAGE}{path}", data={"why": "x", "decision": "y", **csrf})
            assert answer.status_code == 403
    assert site.count(Review) == 0


def test_actions_are_added_done_and_come_back(site: Site) -> None:
    due = str(MONDAY + timedelta(days=60))
    assert post(site, "/actions", what="Answer the phone", owner=site.staff["north_officer"], due_on=due).endswith(
        "added"
    )
    with site.installation.database.read() as session:
        action = session.exec(select(Action)).one()
    following = f"/staff/reviews/NORTH/{MONDAY}"
    assert f"/actions/{action.id}" in site.client.get(following).text
    assert post(site, f"/actions/{action.id}", who="auditor").startswith("403 ")
    assert post(site, f"/actions/{action.id}", done_note="Two people now").endswith("done")
    site.sign_in("north_head")
    assert "Answer the phone" not in site.client.get(following).text
    assert post(site, "/actions", what="", owner="nobody", due_on=DUE).startswith("422 ")


def test_a_closed_meeting_takes_nothing_more(site: Site) -> None:
    assert post(site, "/close").endswith("closed")
    assert "This meeting is closed." in decide(site)
    assert site.count(Finding) == 0
    assert "<form" not in site.client.get(PAGE).text.split("<main")[1]


def test_auditors_read_and_others_do_not_even_that(site: Site) -> None:
    assert decide(site, who="auditor").startswith("403 ")
    site.sign_in("auditor")
    page = site.client.get(PAGE)
    assert page.status_code == 200
    assert "<form" not in page.text.split("<main")[1]
    for name in ("south_head", "north_officer", "inspector"):
        site.sign_in(name)
        assert site.client.get(PAGE).status_code == 404
        assert decide(site, who=name).startswith("404 ")
    site.client.cookies.clear()
    assert site.client.get(PAGE).headers["location"].endswith(f"/staff/sign-in?next={PAGE.replace('/', '%2F')}")


@pytest.mark.parametrize("week", ["2026-11-17", "2100-01-04", "monday", "0001-01-01"])
def test_what_is_no_week_is_not_found(site: Site, week: str) -> None:
    site.sign_in("north_head")
    assert site.client.get(f"/staff/reviews/NORTH/{week}").status_code == 404
    assert site.client.get(f"/staff/reviews/NOWHERE/{WEEK}").status_code == 404


def test_whom_a_case_is_about_does_not_meet_it(site: Site) -> None:
    count()
    site.sign_in("north_head")
    for url in (PAGE, "/leadership", "/staff/reviews", "/staff/figures/surveys"):
        page = site.client.get(url)
        assert page.status_code == 200, url
        assert site.cases["accused"] not in page.text
        assert site.cases["secret"] not in page.text
    assert decide(site, "accused").startswith("404 ")
    assert decide(site, "secret", who="minister").startswith("404 ")


def count() -> None:
    """Figures follow what changed."""
    while refresh.work_off(datetime.now(UTC)):
        pass


def test_the_front_page_goes_down_to_an_office(site: Site) -> None:
    count()
    site.sign_in("minister")
    page = site.client.get("/leadership").text
    assert "3 citizens wrote; 1 of them have no answer so far." in page, "what is about somebody is in no figure"
    assert "/leadership?office=NORTH" in page
    below = site.client.get("/leadership?office=south&weeks=13").text
    assert "One citizen wrote and has an answer." in below
    for who, office, status in (
        ("minister", "nowhere", 404),
        ("north_head", "SOUTH", 404),
        ("north_head", "NORTH", 200),
    ):
        site.sign_in(who)
        assert site.client.get(f"/leadership?office={office}").status_code == status
    site.sign_in("north_officer")
    assert site.client.get("/leadership").status_code == 403


def test_the_longest_silence_leads_to_its_case(site: Site) -> None:
    count()
    site.sign_in("minister")
    page = site.client.get("/leadership").text
    assert any(f'/staff/cases/{site.cases[name]}"' in page for name in ("late", "accused"))


@pytest.mark.parametrize("weeks", ["", "1", "0", "-4", "x", "²", "9999999999"])
def test_odd_periods_are_the_usual_one(site: Site, weeks: str) -> None:
    site.sign_in("minister")
    assert site.client.get("/leadership", params={"weeks": weeks}).status_code == 200
    assert site.client.get("/staff/figures/surveys", params={"weeks": weeks}).status_code == 200


def test_ratings_show_number_interval_and_words(site: Site) -> None:
    site.sign_in("north_head")
    page = site.client.get("/staff/figures/surveys").text
    assert "Three hours in the cold" in page
    assert "3.0" in page
    site.sign_in("south_head")
    assert "Three hours" not in site.client.get("/staff/figures/surveys").text


@pytest.mark.parametrize("language", ["sq", "bn", "ru"])
def test_pages_are_there_in_every_language(site: Site, language: str) -> None:
    site.sign_in("minister")
    for url in ("/leadership", "/staff/figures/surveys", "/staff/reviews", PAGE):
        assert site.client.get(url, params={"lang": language}).status_code == 200


def test_the_week_belongs_to_the_case_too(site: Site) -> None:
    decide(site)
    with site.installation.database.read() as session:
        case = session.exec(select(Case).where(Case.reference == site.cases["late"])).one()
        assert case.timeline_length == 2
