"""The public's page: nobody signs in, caches keep it, files never change; staff let it out, two people each time."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from limits import parse
from sqlmodel import Session, col, select, update

from api import throttle
from cases import anchors
from core.database import database
from core.ids import new_id
from domain.case import Case
from domain.publication import Publication
from domain.review import Finding, Review
from domain.staff import StaffRole
from domain.states import Role
from reports.public import publishing
from tests.api.site import Web, web_of
from tests.conftest import Installation
from tests.reports.published import COUNTED, MONTH, OUT, month, put

REASON = "Two offices had counted the same messages twice."
WORDS = "Two people now read new messages, so that none lies for a week."
PAGES = ("/open", "/open/offices/WAT1", "/open/months/2026-02/1", "/open/data", "/open/feed.atom", "/open/sitemap.xml")
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def web(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A small government with one month counted."""
    with web_of(installation, monkeypatch, public_url="https://gov.example") as served:
        with database().write() as session:
            month(session, served.known)
            known = served.known
            session.add(StaffRole(staff_id=known.staff["auditor"], office_id=known.office["GOV"], role=Role.head))
        publishing.tend(database(), COUNTED)
        yield served


pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


def row(session: Session, version: int = 1) -> Publication:
    return session.exec(select(Publication).where(Publication.month == MONTH, Publication.version == version)).one()


def approve(web: Web, who: str, version: int = 1) -> int:
    with database().read() as session:
        one = row(session, version)
    return web.post(f"/staff/open/{one.id}/approve", who, seen=one.digest).status_code


def test_nothing_is_out_before_somebody_let_it_out(web: Web) -> None:
    page = web.get("/open")
    assert page.status_code == 200
    assert "There are no figures yet." in page.text
    assert "The figures of February 2026 are not out yet" in page.text, "what is late is said"
    assert "WAT1" not in page.text
    assert web.get("/open/months/2026-02/1").status_code == 404
    assert web.get("/open/data/2026-02/1/silence.csv").status_code == 404
    assert web.get("/open/data/silence.csv").text.count("\n") == 1


def test_everybody_reads_it_and_caches_keep_it(web: Web) -> None:
    assert approve(web, "minister") == 303
    front = web.get("/open").text
    assert "115 people wrote." in front
    assert "23% waited longer than they should." in front
    assert "Office WAT1" in front
    assert "CIV1" not in front
    for path in PAGES:
        first = web.get(path)
        assert first.status_code == 200, path
        assert first.headers["cache-control"] == "public, max-age=300"
        assert "set-cookie" not in first.headers
        again = web.get(path, headers={"If-None-Match": f"W/{first.headers['etag']}"})
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["etag"] == first.headers["etag"]
        if path not in ("/open/sitemap.xml",):
            assert first.headers["vary"] == "Accept-Language"
    assert "noindex" not in front
    assert "no figure of this office" in web.get("/open/offices/CIV1").text.lower()
    for nothing in ("/open/offices/NONE", "/open/months/2026-13/1", "/open/months/2026-02/9", "/open/data/cases.exe"):
        assert web.get(nothing).status_code == 404, nothing
    assert "Sa presin njerëzit për përgjigje" in web.get("/open?lang=sq").text


def test_a_version_s_files_never_change(web: Web) -> None:
    approve(web, "minister")
    described = web.get("/open/data/2026-02/1/datapackage.json")
    assert described.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert described.headers["access-control-allow-origin"] == "*"
    before = {}
    for one in described.json()["resources"]:
        answer = web.get(f"/open/data/2026-02/1/{one['path']}")
        assert answer.headers["content-type"].startswith(one["mediatype"])
        assert len(answer.content) == one["bytes"]
        before[one["path"]] = answer.content
    with database().write() as session:
        put(session, web.known, "WAT1", 20, late=9)
    made = web.post("/staff/open-months/2026-02", "minister", reason=REASON)
    assert made.status_code == 303
    assert approve(web, "minister", 2) == 403, "who asked for it does not approve it"
    assert approve(web, "auditor", 2) == 303
    for path, content in before.items():
        assert web.get(f"/open/data/2026-02/1/{path}").content == content
    assert web.get("/open/data/2026-02/2/silence.csv").content != before["silence.csv"]
    assert web.get("/open/data/silence.json").json() == web.get("/open/data/2026-02/2/silence.json").json()
    assert REASON in web.get("/open/months/2026-02/2").text
    assert "There is a correction" in web.get("/open/months/2026-02/1").text
    assert REASON in json.dumps(web.get("/open/data/datapackage.json").json())


def test_what_is_held_back_is_said_with_its_reason(web: Web) -> None:
    with database().read() as session:
        one = row(session)
    wrong = web.post(f"/staff/open/{one.id}/withhold", "minister", reason="No")
    assert wrong.status_code == 422
    assert 'href="#reason"' in wrong.text
    assert web.post(f"/staff/open/{one.id}/withhold", "head_water", reason=REASON).status_code == 403
    assert web.post(f"/staff/open/{one.id}/withhold", "minister", reason=REASON).status_code == 303
    page = web.get("/open").text
    assert "The figures of February 2026 are held back" in page
    assert REASON in page
    feed = ElementTree.fromstring(web.get("/open/feed.atom").content)
    assert [entry.findtext(f"{ATOM}summary") for entry in feed.iter(f"{ATOM}entry")] == [REASON]
    assert approve(web, "minister") == 409
    assert web.post(f"/staff/open/{one.id}/release", "minister").status_code == 303
    assert approve(web, "minister") == 303
    feed = ElementTree.fromstring(web.get("/open/feed.atom").content)
    (entry,) = feed.iter(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Figures of February 2026"
    assert entry.find(f"{ATOM}link") is not None
    assert "https://gov.example/open/months/2026-02/1" in web.get("/open/sitemap.xml").text


def test_who_looks_before_it_is_out(web: Web) -> None:
    with database().read() as session:
        one = row(session)
    for name, status in {"minister": 200, "auditor": 200, "head1": 200, "officer1": 403, "triage": 403}.items():
        assert web.get("/staff/open", name).status_code == status, name
        assert web.get(f"/staff/open/{one.id}", name).status_code == status, name
    assert web.get("/staff/open").status_code == 303
    preview = web.get(f"/staff/open/{one.id}", "head1").text
    assert "Approve it" not in preview
    assert "60" in preview
    assert "CIV1" not in preview, "who leads an office sees no more than the public will"
    assert "Approve it" in web.get(f"/staff/open/{one.id}", "minister").text
    assert web.get("/staff/open/x", "minister").status_code == 404
    assert web.post("/staff/open/x/approve", "minister").status_code == 404
    assert web.call("POST", f"/staff/open/{one.id}/approve", "minister", data={"csrf": "?"}).status_code == 403


def found(web: Web) -> str:
    """A decision of a meeting that is over, about a case of WAT1."""
    with database().write() as session:
        case = session.exec(select(Case.id).where(Case.office_id == web.known.office["WAT1"]).limit(1)).one()
        author = web.known.staff["head_water"]
        review = Review(
            id=new_id(), office_id=web.known.office["WATER"], week=date(2026, 2, 9), opened_at=OUT, closed_at=OUT,
            chair_id=author,
        )  # fmt: skip
        session.add(review)
        session.flush()
        finding = Finding(
            review_id=review.id, case_id=case, why="Ill", decision="Name a stand-in", at=OUT, author_id=author
        )
        session.add(finding)
        session.flush()
        return str(finding.id)


def test_a_decision_is_put_into_words_by_one_and_let_out_by_another(web: Web) -> None:
    finding = found(web)
    path = f"/staff/open-decisions/{finding}"
    for words, why in {
        "Short": "Write a sentence or two",
        "We answered K7QF-3M9V on the same day, and so we shall": "Leave the reference out",
        "Whoever has this again may call the head on +355 69 123 4567": "Leave out names, numbers and addresses",
        "We know the pump in our street was broken since Monday and mended it": "in your own words",
    }.items():
        wrong = web.post(f"{path}/propose", "head_water", words=words)
        assert wrong.status_code == 422, words
        assert why in wrong.text.replace("&#39;", "'"), words
    assert web.post(f"{path}/propose", "head1", words=WORDS).status_code == 403, "not their meeting"
    assert web.post(f"{path}/propose", "head_water", words=WORDS).status_code == 303
    assert WORDS not in web.get("/open").text
    assert web.post(f"{path}/publish", "head_water", words=WORDS).status_code == 403
    assert web.post(f"{path}/publish", "minister", words="Something else that nobody wrote").status_code == 409
    assert WORDS in web.get("/staff/open", "minister").text
    assert web.post(f"{path}/publish", "minister", words=WORDS).status_code == 303
    assert WORDS in web.get("/open").text
    assert WORDS in web.get("/open/offices/WATER").text
    assert WORDS not in web.get("/open/offices/WAT1").text
    assert web.post(f"{path}/propose", "head_water", words=WORDS + " Always.").status_code == 409
    with database().write() as session:
        case = session.exec(select(Finding.case_id)).one()
        session.execute(update(Case).where(col(Case.id) == case).values(integrity=True))
    assert WORDS not in web.get("/open").text, "it went behind the firewall"
    assert web.get("/staff/open", "minister").text.count(WORDS) == 0


def test_the_digests_stand_on_it_and_one_address_cannot_take_all(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    anchors.make_due(datetime.now(UTC) + timedelta(days=1))
    with database().read() as session:
        (anchor,) = anchors.made(session)
    assert anchor.digest in web.get("/open").text
    monkeypatch.setitem(throttle.RULES, "open-data", parse("3 per 10 minutes"))
    throttle.forget()
    assert [web.get("/open/data/silence.csv").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert web.get("/open").status_code == 200
