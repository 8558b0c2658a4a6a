# ruff: noqa: E501  (tables of requests)
"""Staff sessions: who is let in, what a form must carry, and that two clicks are one."""

import re
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from sqlmodel import col, select, update

from api import throttle
from api.auth import COOKIE
from cases import sign_in as entry
from core.database import database
from core.passwords import hash_password
from core.settings import settings
from domain.case import Case
from domain.outbox import OutboundMessage
from domain.staff import Staff, StaffSession, email_index
from domain.states import CaseState, EntryKind
from domain.timeline import TimelineEntry
from tests.api.site import Web, web_of
from tests.builders import plain_case
from tests.conftest import Installation

PASSWORD = "correct horse battery"
EMAIL = "officer1@gov.example"


@cache
def stored_password() -> str:
    """Its hash, made once: that is slow on purpose."""
    return hash_password(PASSWORD)


def staff_posts(web: Web) -> list[str]:
    """Every address of staff that changes something, filled in for the only case."""
    reference = web.case().reference
    found = {str(one.path) for one in iter_route_contexts(web.app.routes) if "POST" in (one.methods or ())}
    values = {"reference": reference, "office_code": "WAT1", "week": "2026-03-02", "source": "letter"}
    inside = sorted(path for path in found if path.startswith("/staff/") and not path.startswith("/staff/sign-in"))
    return [re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], reference), path) for path in inside]


@pytest.fixture
def desk(web: Web) -> Web:
    """With one open case of WAT1, whose citizen wrote by SMS, and a password for its officer."""
    web.text("No water in Lumas since Monday")
    web.work()
    with database().write() as session:
        office = web.known.office["WAT1"]
        session.execute(update(Case).values(office_id=office, state=CaseState.open, assignee_id=None))
        session.execute(
            update(Staff).where(col(Staff.email_index) == email_index(EMAIL)).values(password_hash=stored_password())
        )
    return web


def sign_in(web: Web, password: str = PASSWORD, email: str = EMAIL, **more: str) -> httpx.Response:
    """The sign-in form."""
    return web.post("/staff/sign-in", email=email, password=password, **more)


def test_without_a_session_every_form_leads_to_sign_in_and_changes_nothing(desk: Web) -> None:
    before = desk.case()
    paths = staff_posts(desk)
    assert len(paths) > 12
    for path in paths:
        answer = desk.post(path, text="x", note="x", reason="x", version="99")
        assert answer.status_code == 303, path
        assert urlsplit(answer.headers["location"]).path == "/staff/sign-in"
    assert desk.case() == before


def test_without_the_token_of_the_session_every_form_is_refused_and_changes_nothing(desk: Web) -> None:
    before = desk.case()
    form = {
        "text": "x",
        "note": "x",
        "reason": "x",
        "office": "WAT2",
        "words": "x",
        "outcome": "upheld",
        "version": "99",
    }
    for path in staff_posts(desk):
        for csrf in ("", "wrong", "é", "the-token-of-this-sessio"):
            assert desk.post(path, "officer1", csrf=csrf, **form).status_code == 403, (path, csrf)
        assert desk.call("POST", path, "officer1").status_code == 403, "and without a form"
    assert desk.case() == before
    assert desk.get("/staff", "officer1").status_code == 200, "nor is anybody signed out"


def test_a_session_is_made_kept_and_ended(desk: Web) -> None:
    answer = sign_in(desk)
    assert answer.status_code == 303
    value = answer.cookies[COOKIE]
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie
    with database().read() as session:
        assert all(value not in one.model_dump_json() for one in session.exec(select(StaffSession)))
    headers = {"Cookie": f"{COOKIE}={value}"}
    page = desk.get("/staff", headers=headers)
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf is not None
    out = desk.call("POST", "/staff/sign-out", headers=headers, data={"csrf": csrf[1]})
    assert out.status_code == 303
    assert f'{COOKIE}=""' in out.headers["set-cookie"]
    assert desk.get("/staff", headers=headers).status_code == 303, "its value is worth nothing any more"


def test_a_password_is_changed_by_who_knows_it_and_ends_other_sessions(desk: Web) -> None:
    here, elsewhere = (sign_in(desk).cookies[COOKIE] for _ in range(2))
    headers = {"Cookie": f"{COOKIE}={here}"}
    csrf = re.search(r'name="csrf" value="([^"]+)"', desk.get("/staff", headers=headers).text)
    assert csrf is not None

    def change(current: str, new: str) -> int:
        data = {"csrf": csrf[1], "current": current, "new": new}
        return desk.call("POST", "/staff/account/password", headers=headers, data=data).status_code

    assert change("not mine", "a new and longer one") == 422
    assert change(PASSWORD, "short") == 422
    assert sign_in(desk).status_code == 303
    assert change(PASSWORD, "a new and longer one") == 303
    assert desk.get("/staff", headers=headers).status_code == 200
    assert desk.get("/staff", headers={"Cookie": f"{COOKIE}={elsewhere}"}).status_code == 303
    assert sign_in(desk).status_code == 401
    assert sign_in(desk, "a new and longer one").status_code == 303


def test_over_https_the_cookie_is_secure(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    with web_of(installation, monkeypatch, public_url="https://x.example") as web:
        with database().write() as session:
            session.execute(
                update(Staff)
                .where(col(Staff.email_index) == email_index(EMAIL))
                .values(password_hash=stored_password())
            )
        answer = sign_in(web)
        assert "secure" in answer.headers["set-cookie"].lower()
        assert answer.headers["strict-transport-security"]


def test_sessions_end_with_their_hours_and_with_the_person(desk: Web) -> None:
    assert desk.get("/staff", "officer1").status_code == 200
    past = datetime.now(UTC) - timedelta(seconds=1)
    with database().write() as session:
        session.execute(update(StaffSession).values(expires_at=past))
    assert desk.get("/staff", "officer1").status_code == 303
    with database().write() as session:
        session.execute(update(StaffSession).values(expires_at=past + timedelta(hours=1)))
        session.execute(update(Staff).where(col(Staff.email_index) == email_index(EMAIL)).values(active=False))
    assert desk.get("/staff", "officer1").status_code == 303
    assert desk.get("/staff", "head1").status_code == 200
    assert sign_in(desk).status_code == 401


def test_wrong_passwords_lock_for_longer_and_longer(desk: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "matches", lambda password, stored: password == PASSWORD)
    waits = []
    for _ in range(entry.FREE_ATTEMPTS + 2):
        assert sign_in(desk, "wrong").status_code == 401
        with database().write() as session:
            person = session.exec(select(Staff).where(col(Staff.email_index) == email_index(EMAIL))).one()
            waits.append((person.locked_until - datetime.now(UTC)).total_seconds() if person.locked_until else 0)
            locked, person.locked_until = person.locked_until, None
    assert waits[: entry.FREE_ATTEMPTS - 1] == [0] * (entry.FREE_ATTEMPTS - 1)
    assert 0 < waits[-3] < waits[-2] < waits[-1]
    with database().write() as session:
        session.execute(update(Staff).where(col(Staff.email_index) == email_index(EMAIL)).values(locked_until=locked))
    answer = sign_in(desk)
    assert answer.status_code == 429, "the right password waits too"
    assert COOKIE not in answer.cookies
    with database().write() as session:
        session.execute(
            update(Staff)
            .where(col(Staff.email_index) == email_index(EMAIL))
            .values(locked_until=datetime.now(UTC) - timedelta(seconds=1))
        )
    assert sign_in(desk).status_code == 303
    with database().read() as session:
        assert (
            session.exec(select(Staff.failed_attempts).where(col(Staff.email_index) == email_index(EMAIL))).one() == 0
        )


def test_one_address_cannot_try_everybody(desk: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock per person alone would let one caller try one password on each of a thousand people."""
    monkeypatch.setattr(entry, "matches", lambda password, stored: False)
    seen = Counter(
        sign_in(desk, "Spring2026", f"person{number}@gov.example").status_code
        for number in range(throttle.RULES["sign-in"].amount + 5)
    )
    assert seen == {401: throttle.RULES["sign-in"].amount, 429: 5}
    monkeypatch.setattr(entry, "matches", lambda password, stored: True)
    assert sign_in(desk).status_code == 429


ELSEWHERE = (
    "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "///evil.example",
    "javascript:alert(1)", "//[", "evil.example", "", "/\n/evil.example", "http:evil.example", "%2f%2fevil.example",
    "/\x00/evil.example", " //evil.example", "/x\r\nSet-Cookie: a=b",
)  # fmt: skip


def test_after_signing_in_one_stays_here(desk: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "matches", lambda password, stored: True)
    for target in ELSEWHERE:
        answer = sign_in(desk, next=target)
        assert answer.status_code == 303
        location = answer.headers["location"]
        assert re.fullmatch(r"/[A-Za-z0-9%][^\\\r\n\t]*", location), location
        assert "a" not in answer.cookies
    assert sign_in(desk, next="/staff/notices?page=1").headers["location"] == "/staff/notices?page=1"


def test_the_way_to_sign_in_is_not_of_the_callers_making(desk: Web) -> None:
    answer = desk.get("/staff/notices?page=2", headers={"Host": "evil.example"})
    assert answer.headers["location"] == "/staff/sign-in?next=%2Fstaff%2Fnotices%3Fpage%3D2"


# two at once


def at_once(*calls: tuple[str, str, dict[str, str]], web: Web) -> list[int]:
    """Send forms in the same instant; gives the statuses."""
    ready, answers = threading.Barrier(len(calls)), []

    def send(path: str, who: str, form: dict[str, str]) -> None:
        headers = {"Cookie": f"{COOKIE}=session-of-{who}"}
        ready.wait()
        answers.append(
            web.http.request(
                "POST", path, headers=headers, follow_redirects=False, data={"csrf": "the-token-of-this-session"} | form
            )
        )

    threads = [threading.Thread(target=send, args=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answer.status_code for answer in answers)


def kinds(web: Web) -> Counter[str]:
    """How often each kind of entry stands in the timeline of the only case."""
    with database().read() as session:
        return Counter(str(entry.kind) for entry in session.exec(select(TimelineEntry)))


CLICKS = {
    "answer": ({"text": "We come tomorrow.", "go": "answer"}, EntryKind.answered),
    "note": ({"note": "Called the plumber."}, EntryKind.noted),
    "transfer": ({"office": "WAT2", "reason": "It is in Drenova"}, EntryKind.transferred),
    "close": ({"outcome": "upheld", "words": "The pipe is mended."}, EntryKind.closed),
    "take": ({}, EntryKind.assigned),
}


@pytest.mark.parametrize("action", CLICKS)
def test_clicks_at_once_count_once(desk: Web, action: str) -> None:
    case = desk.case()
    form, kind = CLICKS[action]
    call = (f"/staff/cases/{case.reference}/{action}", "officer1", form | {"version": str(case.timeline_length)})
    assert at_once(*[call] * 5, web=desk) == [303] * 5
    assert kinds(desk)[kind] == 1
    with database().read() as session:
        told = Counter(str(message.purpose) for message in session.exec(select(OutboundMessage)))
    assert told["answer"] == (1 if action in ("answer", "close") else 0)


def test_different_people_at_once_harm_nothing(desk: Web) -> None:
    """One answers, the others note: the answer counts once, each note is kept, and nobody sees an error."""
    case = desk.case()
    path, version = f"/staff/cases/{case.reference}", {"version": str(case.timeline_length)}
    notes = [(f"{path}/note", "officer1", version | {"note": f"Note {number}"}) for number in range(6)]
    answers = [(f"{path}/answer", who, version | {"text": f"From {who}"}) for who in ("officer1", "head1")]
    assert at_once(*notes, *answers, web=desk) == [303] * 7 + [409]
    found = kinds(desk)
    assert (found[EntryKind.noted], found[EntryKind.answered]) == (6, 1)


def test_an_answer_on_an_old_page_is_not_sent(desk: Web) -> None:
    case = desk.case()
    desk.text(f"{case.reference} now the cellar is wet too")
    desk.work()
    answer = desk.post(
        f"/staff/cases/{case.reference}/answer", "officer1", text="All is well.", version=str(case.timeline_length)
    )
    assert answer.status_code == 409
    assert "All is well." in answer.text, "what was typed is kept"
    assert kinds(desk)[EntryKind.answered] == 0


def test_a_form_of_a_case_one_may_not_see_finds_nothing(desk: Web) -> None:
    with database().write() as session:
        hidden = plain_case(desk.known, "INTEG", integrity=True, about_office_id=desk.known.office["WAT1"])
        session.add(hidden)
    for action, (form, _) in CLICKS.items():
        for who in ("officer1", "head_water", "minister", "triage"):
            path = f"/staff/cases/{hidden.reference}/{action}"
            assert desk.post(path, who, **form, version="99").status_code == 404, (who, action)
    assert settings().environment == "demo"
