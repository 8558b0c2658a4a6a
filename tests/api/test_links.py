"""Dashboards for people who do not sign in: who makes and ends a link, what it shows and where; and the weekly mail."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from limits import parse
from sqlmodel import delete, select, update

from api import embedding, throttle
from core.database import database
from core.settings import settings
from domain.case import Case
from domain.dashboard import DashboardLink, DashboardMail, MailState
from domain.staff import Staff, StaffRole
from notifications import letters
from reports import refresh
from reports.board import Board, board
from tests.api.site import Web
from tests.api.staffed import changes
from tests.builders import plain_case

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)

FORM = {"go": "make", "office": "WAT1", "weeks": "4", "name": "Start page", "sites": "https://www.gov.example"}


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page of an earlier test is kept, and nobody has tried anything."""
    monkeypatch.setattr(embedding, "_shelf", embedding._Shelf())
    throttle.forget()


def furnish(web: Web, number: int = 60, **given: object) -> None:
    """Cases at WAT1, two a day but for a fortnight in which few wrote; two of three have an answer."""
    now = datetime.now(UTC)
    ages = (
        [one * 0.5 for one in range(20)] + [10 + one * 2.0 for one in range(7)] + [24 + one * 0.5 for one in range(33)]
    )
    with database().write() as session:
        for one, days in enumerate(ages[:number]):
            at = now - timedelta(days=days, hours=1)
            case = plain_case(web.known, "WAT1", **{"received_at": at, "opened_at": at, **given})
            case.first_response_at = at + timedelta(minutes=30) if one % 3 else None
            session.add(case)
    while refresh.work_off(datetime.now(UTC)):
        pass


def made(web: Web, who: str = "head1", **form: str) -> str:
    """Make a link; gives its path."""
    page = web.post("/staff/links", who, **FORM | form)
    found = re.search(r'id="secret">([^<]+)<', page.text)
    assert found, page.text
    assert found[1].startswith(settings().site_url)
    return found[1].removeprefix(settings().site_url)


def row() -> DashboardLink:
    with database().read() as session:
        return session.exec(select(DashboardLink)).one()


def frames(answer: httpx.Response) -> str:
    found = re.search(r"frame-ancestors ([^;]+)", answer.headers["content-security-policy"])
    assert found
    return found[1]


def test_a_link_is_made_shown_once_used_and_ended(web: Web) -> None:
    furnish(web)
    path = made(web)
    listed = web.get("/staff/links", "head1").text
    assert path not in listed
    assert "never used" in listed
    assert path.rpartition("/")[2] not in row().model_dump_json()
    page = web.get(path)
    assert page.status_code == 200
    assert "Half of all citizens" in page.text
    assert "Office WAT1" in page.text
    assert "last used" in web.get("/staff/links", "head1").text
    used = row().used_at
    assert web.get(path).status_code == 200
    assert row().used_at == used  # exact to the hour
    for _ in range(2):
        assert web.post("/staff/links", "head_water", go=f"end {row().id}").status_code == 303
    gone = web.get(path)  # though a page of it is kept
    assert gone.status_code == 404
    assert gone.text == web.get("/embed/nonsense").text
    assert [(one.kind, (one.after or {})["in_use"]) for one in changes()] == [("link", True), ("link", False)]
    assert path.rpartition("/")[2] not in str(changes())


@pytest.mark.parametrize(
    ("asked", "header", "lang", "words"),
    [
        ("?lang=sq", "ru", "sq", "Gjysma e qytetarëve"),
        ("", "bn;q=0.5, ru", "ru", "Половина всех граждан"),
        ("", "bn-BD,bn;q=0.9", "bn", "অর্ধেক নাগরিক"),
        ("?lang=xx", "de", "en", "Half of all citizens"),
    ],
)
def test_it_is_in_the_language_asked_for_else_that_of_the_reader(
    web: Web, asked: str, header: str, lang: str, words: str
) -> None:
    furnish(web)
    path = made(web)
    web.get(path)  # so that a page in another language is kept
    page = web.get(path + asked, headers={"Accept-Language": header})
    assert f'<html lang="{lang}" dir="ltr">' in page.text
    assert words in page.text
    assert page.headers["vary"] == "Accept-Language"
    if lang != "en":
        left = re.sub(r"<(title|p class=\"row)[\s\S]*?</(title|p)>|<[^>]+>|&#\d+;", " ", page.text)
        assert not re.search(r"\b(the|this|of|under|wait|answer|week)\b", left)
    gone = web.get("/embed/nonsense" + asked, headers={"Accept-Language": header})
    assert f'<html lang="{lang}"' in gone.text


def test_of_one_service_it_tells_its_figures_alone_and_in_tens(web: Web) -> None:
    water, passports = (web.known.service[one] for one in ("water", "passport"))
    furnish(web, 47, service_id=water)
    furnish(web, 40, service_id=passports)
    page = web.get(made(web, service="water")).text
    assert "Office WAT1 · " in page
    told = re.findall(r'about (\d+)|<td class="num[^"]*">(\d+)</td>', page)
    assert len(told) >= 5
    assert {int(about or week) % 10 for about, week in told} == {0}
    assert "<b>about 40</b><p>wrote in this time" in page
    furnish(web, 12, service_id=passports)
    furnish(web, 12, service_id=water, integrity=True)
    furnish(web, 12, service_id=water, about_office_id=web.known.office["WAT1"])
    embedding._shelf = embedding._Shelf()
    again = web.get(made(web, service="water")).text  # others change nothing, nor what is behind the firewall
    assert re.sub(r"as of[^<]*", "", again) == re.sub(r"as of[^<]*", "", page)
    assert "<td" in again
    assert web.post("/staff/links", "head1", **FORM | {"service": "nothing"}).status_code == 422
    listed = web.get("/staff/links?office=WAT1&service=water&weeks=4", "head1").text
    assert 'value="water" selected' in listed


def test_of_a_service_nobody_wrote_about_nothing_is_shown(web: Web) -> None:
    furnish(web, 47, service_id=web.known.service["water"])
    assert "Too few people" in web.get(made(web, service="passport")).text


def test_only_the_named_sites_may_frame_it(web: Web) -> None:
    furnish(web)
    sites = "https://www.gov.example, https://Ministria.Example:8443/ https://www.gov.example"
    page = web.get(made(web, sites=sites))
    assert frames(page) == "https://www.gov.example https://ministria.example:8443"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "private, max-age=60"
    assert "set-cookie" not in page.headers
    assert frames(web.get(made(web, sites=""))) == "'none'"
    for path in ("/", "/staff/sign-in", "/embed/nonsense", "/staff/links"):
        assert frames(web.get(path, "head1")) == "'none'"


def test_it_leads_nowhere_and_names_nobody(web: Web) -> None:
    furnish(web)
    page = web.get(made(web)).text
    assert re.findall(r"<a\s[^>]*href|<form|<script", page) == []
    assert "/staff" not in re.sub(r"/static/[^\"]*", "", page)
    with database().read() as session:
        words = [*session.exec(select(Case.reference)), *session.exec(select(Staff.name))]
    assert [word for word in words if re.search(rf"\b{word}\b", page)] == []
    assert "<svg" in page
    assert "<table" in page
    assert "under 10" in page  # weeks in which few wrote tell no number


def test_nothing_is_shown_of_few_nor_before_figures_are_there(web: Web) -> None:
    path = made(web)
    assert "Too few people" in web.get(path).text
    furnish(web, 20)
    embedding._shelf = embedding._Shelf()
    page = web.get(path).text
    assert "Too few people" in page
    assert not re.search(r'<div class="figure|<svg|<table', page)


@pytest.mark.parametrize(
    "shut", [{"integrity": True, "office": "INTEG"}, {"about": "officer1"}, {"about": "WAT1"}], ids=str
)
def test_cases_behind_the_firewall_change_nothing(web: Web, shut: dict[str, object]) -> None:
    furnish(web)
    path = made(web, "minister", office="GOV")

    def seen() -> str:
        embedding._shelf = embedding._Shelf()
        return re.sub(r"as of[^<]*", "", web.get(path).text)

    before, about = seen(), str(shut.pop("about", ""))
    if about in web.known.office:
        shut["about_office_id"] = web.known.office[about]
    elif about:
        shut["about_staff_id"] = web.known.staff[about]
    values = {"integrity": bool(shut.get("integrity"))} | {
        name: one for name, one in shut.items() if name.startswith("about")
    }
    furnish(web, 30, **values)
    assert seen() == before
    furnish(web, 30)
    assert seen() != before


def test_whoever_may_not_look_lends_nothing(web: Web) -> None:
    for who in ("officer1", "reviewer", "auditor", "triage"):
        assert web.get("/staff/links", who).status_code == 403
        assert web.post("/staff/links", who, **FORM).status_code == 403
    for form, words in (
        ({"office": "WAT2"}, "Choose an office whose figures you see."),
        ({"office": "nowhere"}, "Choose an office whose figures you see."),
        ({"weeks": "2"}, "Choose a period."),
        ({"name": " "}, "Say where it is shown"),
        ({"sites": "gov.example"}, "is no site"),
    ):
        answer = web.post("/staff/links", "head1", **FORM | form)
        assert answer.status_code == 422
        assert words in answer.text
    made(web, "minister", office="WATER")
    assert "Start page" not in web.get("/staff/links", "head1").text
    assert web.post("/staff/links", "head1", go=f"end {row().id}").status_code == 404
    assert web.post("/staff/links", "minister", go="end x").status_code == 404
    assert web.post("/staff/links", "minister", csrf="other", go=f"end {row().id}").status_code == 403


def test_a_link_goes_dark_when_its_maker_may_not_look_any_more(web: Web) -> None:
    furnish(web)
    path = made(web)
    head = web.known.staff["head1"]
    with database().write() as session:
        session.execute(update(Staff).where(Staff.id == head).values(active=False))  # type: ignore[arg-type]
    assert web.get(path).status_code == 404
    with database().write() as session:
        session.execute(update(Staff).where(Staff.id == head).values(active=True))  # type: ignore[arg-type]
    assert web.get(path).status_code == 200
    with database().write() as session:
        session.execute(delete(StaffRole).where(StaffRole.staff_id == head))  # type: ignore[arg-type]
    assert web.get(path).status_code == 404


def test_tokens_cannot_be_tried_nor_a_page_be_worn_out(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(web)
    tries = throttle.RULES["link"].amount
    assert [web.get(f"/embed/{one}").status_code for one in range(tries + 1)] == [404] * tries + [429]
    assert web.get(path).status_code == 429
    throttle.forget()
    monkeypatch.setitem(throttle.RULES, "embed", parse("3 per 10 minutes"))
    answers = [web.get(path) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]


def test_a_page_is_made_once_a_minute(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(web)
    path = made(web)
    asked: list[object] = []

    def counted(*given: Any) -> Board | None:
        asked.append(given)
        return board(*given)

    monkeypatch.setattr(embedding, "board", counted)
    assert len({web.get(path).text for _ in range(3)}) == 1
    assert len(asked) == 1
    monkeypatch.setattr(embedding, "FRESH", 0.0)
    web.get(path)
    assert len(asked) == 2


def test_the_weekly_mail_is_asked_for_and_ended_on_the_page(web: Web) -> None:
    furnish(web)
    assert "E-mail me this every Monday" in web.get("/leadership?office=WAT1", "head1").text
    for go, shown in (("start", "Stop the weekly mail"), ("stop", "E-mail me this every Monday")):
        answer = web.post("/staff/weekly", "head1", office="WAT1", weeks="13", go=go)
        assert answer.headers["location"] == "/leadership?office=WAT1&weeks=13"
        assert shown in web.get("/leadership?office=WAT1", "head1").text
    assert web.post("/staff/weekly", "head1", office="WAT2", go="start").status_code == 404
    assert web.post("/staff/weekly", "officer1", office="WAT1", go="start").status_code == 403
    assert web.post("/staff/weekly", "head1", csrf="other", office="WAT1", go="start").status_code == 403


def test_the_weekly_mail_ends_by_the_link_in_it(web: Web) -> None:
    web.post("/staff/weekly", "head1", office="WAT1", go="start")

    def mail() -> DashboardMail:
        with database().read() as session:
            return session.exec(select(DashboardMail)).one()

    path = letters.weekly_url(mail().id).removeprefix(settings().site_url)
    assert "Office WAT1" in web.get(path).text
    assert mail().state == MailState.active  # looking changes nothing
    for _ in range(2):
        answer = web.call("POST", path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "They come no more" in answer.text
    assert mail().state == MailState.stopped
    wrong = letters.unsubscribe_url(mail().id).rpartition("/")[2]  # made here, but for something else
    for token in ("x", wrong, path.rpartition("/")[2][:-1] + "!"):
        assert web.get(f"/unsubscribe/weekly/{token}").status_code == 404
        assert web.call("POST", f"/unsubscribe/weekly/{token}").status_code == 404
