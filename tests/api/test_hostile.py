# ruff: noqa: E501  (tables of requests)
"""Every route and method under hostile input: a clear refusal or a result, never a crash, never a traceback."""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from api import throttle
from api.problems import FOR_PROGRAMS
from core.database import database
from domain.access import Scope
from tests.api.site import CSRF, Web, give_all_roles, routes_of
from tests.builders import plain_case

LONG = "x" * 2000
TEXTS = {
    "empty": "",
    "blank": " \t\n",
    "nul": "a\x00b",
    "controls": "\x01\x1b[31m\x7f",
    "2,000 characters": LONG,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈 no water",
    "right to left": "\u202eمياه لا توجد\u202c",
    "digits": "²³",
    "a huge number": "9" * 5000,
    "negative": "-1",
    "float": "1e309",
    "header": "x\r\nSet-Cookie: a=b",
    "markup": "<script>alert(1)</script>{{7*7}}",
    "sql": "'; DROP TABLE case; -- %_\\",
    "format": "%s%(name)s{0}",
    "path": "../../../etc/passwd",
    "address": "//[",
}
QUERY = (
    "office weeks said q open page lang next reference decide service place state cursor limit order kind channel "
    "from to below number app wire at have apart"
).split()
API_QUERY = ("office", "state", "cursor", "limit", "order", "kind", "from", "to", "below")
REFERENCE = "4GK3-H8ZF"
PATHS = {
    "reference": (REFERENCE, "%00", "..%2f..%2fetc", "%ff%fe", "x" * 500, "%F0%9F%98%80", "%0d%0aX:y", "²"),
    "office_code": ("WAT1", "NOPE", "%00", "..%2f..", "%ff", "x" * 500, "%0d%0aX:y"),
    "token": ("nope", "%00", "..%2f..", "%ff%fe", "x" * 5000, "%0d%0aX:y"),
    "week": ("2026-03-02", "0001-01-01", "9999-12-31", "%00", "2026-W10", "-1", "9" * 50),
    "file_id": ("00000000-0000-0000-0000-000000000000", "%00", "..%2f..%2fetc"),
    "action_id": ("00000000-0000-0000-0000-000000000000", "%00", "x"),
}
OTHER = ("x", "%00", "..%2f..", "%ff")


def routes(web: Web) -> list[tuple[str, str]]:
    """Every method and path of the application."""
    found = routes_of(web.app)
    assert len(found) > 60, "the way FastAPI keeps its routes has changed"
    return sorted(found)


def addresses(path: str) -> Iterator[str]:
    """A path with every hostile value in the place of its parameters."""
    names = [part.strip("{}").partition(":")[0] for part in path.split("/") if part.startswith("{")]
    choices = [PATHS.get(name, OTHER) for name in names]
    for number in range(max((len(one) for one in choices), default=1)):
        filled = path
        for name, values in zip(names, choices, strict=True):
            part = next(p for p in filled.split("/") if p.startswith("{" + name))
            filled = filled.replace(part, values[number % len(values)])
        yield filled


FOUND: list[str] = []


@pytest.fixture(autouse=True)
def nothing_found() -> Iterator[None]:
    """All faults of a test are told at once."""
    FOUND.clear()
    yield
    assert not FOUND, f"{len(FOUND)} faults:\n" + "\n".join(FOUND[:40])


def sound(answer: httpx.Response, path: str, said: object = "") -> None:
    """What holds for every answer there is."""
    about = f"{answer.request.method} {path} {said!r}"[:200]
    kind = answer.headers.get("content-type", "")
    expected = "application/problem+json" if path.startswith(FOR_PROGRAMS) else "text/html; charset=utf-8"
    if path == "/readyz" and answer.status_code == 503:  # tables made without Alembic are not migrated
        return
    if answer.status_code >= 500 or "Traceback" in answer.text:
        FOUND.append(f"{answer.status_code} {about}")
    elif answer.status_code >= 400 and kind != expected and not path.startswith("/simulator"):
        FOUND.append(f"{answer.status_code} {about}: {kind}, {answer.text[:100]}")
    if "a" in answer.cookies:
        FOUND.append(f"a cookie of the caller's making: {about}")


@pytest.fixture
def everybody(web: Web) -> Web:
    """With somebody who may do everything, cases to do it to, and no limit on how often."""
    give_all_roles(web.known, "minister")
    with database().write() as session:
        session.add(plain_case(web.known, "WAT1", reference=REFERENCE))
    return web


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of requests come from one address here."""
    monkeypatch.setattr(throttle, "spend", lambda rule, key: None)
    monkeypatch.setattr(throttle, "check", lambda rule, key: None)


def callers(web: Web) -> Iterator[tuple[str, dict[str, str]]]:
    """Nobody; somebody signed in who also has a key."""
    yield "", {}
    yield "minister", key_of(web)


def key_of(web: Web) -> dict[str, str]:
    """The header of a key that may do everything."""
    return {"Authorization": f"Bearer {web.keys[Scope.admin]}"}


FOR_POSTGRES = ("nul", "controls", "digits")
FOR_FORMS = ("nul", "digits", "a huge number", "header", "emoji", "address")


def texts(web: Web) -> list[str]:
    """All of `TEXTS`; where a request takes the longer way to PostgreSQL, those that only it might choke on."""
    return [said for name, said in TEXTS.items() if web.database.is_sqlite or name in FOR_POSTGRES]


def test_addresses(everybody: Web) -> None:
    fast = everybody.database.is_sqlite
    for method, path in routes(everybody):
        if path.startswith("/simulator") and not fast:
            continue  # they know no database
        for address, (who, headers) in itertools.product(addresses(path), callers(everybody)):
            # nobody gets further than somebody does, and only some of it might be too much for PostgreSQL
            if fast or (who and any(odd in address for odd in ("%00", "%ff", "²"))):
                sound(everybody.call(method, address, who, headers=headers), address)


def test_queries(everybody: Web) -> None:
    left_alone = ("/simulator/twilio", "/simulator/control", "/static", "/healthz", "/readyz", "/metrics")
    gets = [path for method, path in routes(everybody) if method == "GET" and not path.startswith(left_alone)]
    plain = [name for name in FOR_FORMS if everybody.database.is_sqlite or name in FOR_POSTGRES]
    for path in gets:
        address = next(addresses(path))
        for said in texts(everybody) if path.startswith("/api/") else [TEXTS[name] for name in plain]:
            said = said[:2000]  # noqa: PLW2901  (httpx sends no longer address; 2,000 digits are too many for an int too)
            query = "&".join(f"{name}={quote(said)}" for name in QUERY)
            sound(everybody.get(f"{address}?{query}", "minister"), path, said)
            if path.startswith("/api/"):
                for name in API_QUERY:
                    sound(everybody.api("GET", f"{address.removeprefix('/api/v1')}?{name}={quote(said)}"), path, said)
        sound(everybody.get(f"{address}?q=%ff%fe&lang=%00&page=%ff&office=%ed%a0%80&a=1&a=2", "minister"), path)


FORMS: dict[str, dict[str, str]] = {
    "/staff/sign-in": {"email": "officer1@gov.example", "password": "x", "next": "/staff"},
    "/staff/cases/{reference}/answer": {"text": "We come", "version": "99", "go": "answer"},
    "/staff/cases/{reference}/note": {"note": "Seen", "version": "99"},
    "/staff/cases/{reference}/transfer": {"office": "WAT2", "reason": "Theirs", "version": "99"},
    "/staff/cases/{reference}/assign": {"staff": "x", "version": "99"},
    "/staff/cases/{reference}/take": {"version": "99"},
    "/staff/cases/{reference}/accept": {"version": "99"},
    "/staff/cases/{reference}/refuse": {"refuse_reason": "Not ours", "version": "99"},
    "/staff/cases/{reference}/release": {"release_reason": "Not integrity", "version": "99"},
    "/staff/cases/{reference}/close": {"outcome": "upheld", "words": "Mended", "version": "99"},
    "/staff/triage/{reference}": {"pick": "", "service": "water", "office": "WAT1", "place": "Lumas"},
    "/staff/triage/{reference}/mark": {"nature": "thanks"},
    "/staff/triage/{reference}/integrity": {"about": "WAT1"},
    "/staff/reviews/{office_code}/{week}/cases/{reference}": {
        "why": "w", "decision": "d", "what": "a", "owner": "x", "due_on": "2026-03-09",
    },
    "/staff/reviews/{office_code}/{week}/actions": {"what": "a", "owner": "x", "due_on": "2026-03-09", "reference": ""},
    "/staff/reviews/{office_code}/{week}/actions/{action_id}": {"done_note": "n"},
    "/staff/reviews/{office_code}/{week}/wall/cases/{reference}": {
        "why": "w", "why2": "v", "decision": "d", "cause": "c", "what": "a", "owner": "x", "due_on": "2026-03-09",
    },
    "/staff/reviews/{office_code}/{week}/wall/cases/{reference}/raise": {"raise_why": "w"},
    "/staff/reviews/{office_code}/{week}/wall/checks/{reference}": {"sound": "no", "note": "n"},
    "/staff/reviews/{office_code}/{week}/wall/here": {"was": "x,y", "here-x": "1", "other": "z"},
    "/staff/reviews/{office_code}/{week}/minutes": {"words": "w"},
    "/staff/reviews/{office_code}/{week}/plan": {"holds": "1", "hour": "7", "checks": "5"},
    "/staff/actions/{action_id}/{act}": {
        "done_note": "n", "why": "w", "due_on": "2026-03-09", "owner": "x", "cause": "c", "from_list": "1",
    },
    "/staff/causes": {"cause": "c", "under": "x", "another": "yes"},
    "/staff/causes/{cause_id}/{act}": {"name-en": "n", "under": "x", "into": "x"},
    "/staff/cases/{reference}/cause": {"cause": "c"},
    "/staff/account/language": {"language": "en"},
    "/staff/account/reach": {"pace": "daily", "quiet": "own", "from": "20", "until": "7", "phone": "+355691112233"},
    "/staff/offices/new": {"name-en": "Hill", "code": "H1", "tier": "district", "parent": "WATER", "places": "Hill"},
    "/staff/services/new": {"name-en": "Bees", "keywords": "wild bees", "examples": "Bees at the door"},
    "/staff/rules/new": {
        "topic": "service:water", "where": "places", "places": "Hill", "office": "WAT1", "begins": "2026-12-01", "ends": "",
        "go": "look", "test": "no water", "test_place": "Lumas", "within": "",
    },
    "/staff/kiosks": {"office": "WAT1", "name": "Main door", "hand": "left"},
    "/staff/kiosks/{device_id}/hand": {"hand": "left"},
    "/report": {
        "step": "check", "go": "send", "text": "No water", "service": "water", "place": "Lumas", "answer": "phone",
        "phone": "+355691112233", "name": "Ana", "about_staff": "", "form_id": "", "office": "",
    },
    "/track": {"reference": REFERENCE, "code": "1234"},
    "/track/{reference}": {"code": "1234"},
    "/track/{reference}/message": {"text": "More", "unlock": "x", "message_code": "1234"},
    "/exit/{office_code}": {
        "rating": "2", "visit": "0192d5a0-0000-7000-8000-000000000001", "step": "why", "words": "Slow", "phone": "",
        "reason": "wait", "go": "",
    },
    "/s/{token}": {"rating": "2", "step": "why", "words": "Slow", "go": ""},
}  # fmt: skip


PHONE = {"number": "+355690000101", "text": "x", "message": "1", "data": "x", "blocked": "1"}


def test_fields_of_forms(everybody: Web) -> None:
    few = [TEXTS[name] for name in FOR_FORMS if not (everybody.database.is_sqlite and name in FOR_POSTGRES)]
    posts = {path for method, path in routes(everybody) if method == "POST" and not path.startswith(FOR_PROGRAMS)}
    for path in sorted(posts):
        if path == "/staff/sign-out" or (path.startswith("/simulator") and not everybody.database.is_sqlite):
            continue
        form = FORMS.get(path, PHONE if path.startswith("/simulator") else {"text": "x"})
        address = path.format_map(PARTS)
        said_here = few if path in FORMS or path.startswith("/simulator") else few[:2]  # it reads no such field
        for name, said in itertools.product(form, [said for said in texts(everybody) if said in said_here]):
            sound(everybody.post(address, "minister", **{**form, name: said}), path, (name, said))


PARTS = defaultdict(
    lambda: "x", reference=REFERENCE, office_code="WAT1", week="2026-03-02", account="AC1", sid="SM1", call="getMe",
    message="1",
)  # fmt: skip
"""Parts of addresses; any other part is an x."""


def bodies() -> Iterator[tuple[str, bytes]]:
    """Bodies no honest client sends, with what they say they are."""
    form, multi = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
    csrf = f"csrf={CSRF}&".encode()
    file = b'--b\r\nContent-Disposition: form-data; name="text"; filename="a.txt"\r\n\r\nx\r\n--b--\r\n'
    token = f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{CSRF}\r\n'.encode()
    yield form, csrf + b"text=%ff%fe&version=1&rating=%ff"
    yield form, csrf + b"text=\xff\xfe\x00&note=\xc3\x28&reason=%ed%a0%80"
    yield form, csrf + b"text=a&text=b&version=1&version=2&rating=1&rating=5&csrf=other"
    yield form, b"&&&===&%%%&%zz=%"
    yield form, b"a=1&" * 500
    yield multi, file
    yield multi, token + file
    yield multi, b"--b\r\nContent-Disposition: nonsense"
    yield multi, b"\x00" * 100
    yield "multipart/form-data", b"--b"
    yield "application/json", b"{"
    yield "application/json", b'{"text": "\\ud800", "number": "+355690000101", "chat_id": "\\udfff"}'
    yield "application/json", b'{"text": 1e999, "update_id": 99999999999999999999999999, "message": {}}'
    yield "application/json", b"[" * 20_000
    yield "application/json; charset=utf-16", b'{"a": 1}'
    yield "application/json", b"\xff\xfe{\x00}"
    yield "text/plain", b"hello"
    yield "\xff/\xfe; charset=\x80", b"hello"
    yield "", b""


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_bodies(everybody: Web) -> None:
    left_alone = ("/simulator/twilio", "/simulator/control")
    every = list(bodies())
    for number, (method, path) in enumerate(routes(everybody)):
        if method == "GET" or path == "/staff/sign-out" or path.startswith(left_alone):
            continue
        address = next(addresses(path))
        # few routes read a body by themselves: those get all of them, the others every third, each its own
        for kind, body in every if path.startswith(FOR_PROGRAMS) else every[number % 3 :: 3]:
            given: dict[str, Any] = key_of(everybody) | {"Content-Type": kind.encode("latin-1")}
            sound(everybody.call(method, address, "minister", content=body, headers=given), path, body[:80])
        sound(everybody.call(method, address, content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}), path)
        sound(everybody.call(method, address, content=b"x", headers={"Content-Encoding": "klingon"}), path)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_ten_megabytes_are_refused_everywhere(everybody: Web) -> None:
    big = b"text=" + b"x" * 10_000_000
    for method, path in routes(everybody):
        if method == "GET" or path.startswith("/simulator"):
            continue
        for kind in ("application/x-www-form-urlencoded", "application/json"):
            headers = {"Content-Type": kind, "Authorization": f"Bearer {everybody.keys[Scope.admin]}"}
            address = next(addresses(path))
            answer = everybody.call(method, address, "minister", content=big, headers=headers)
            sound(answer, path)
            # who has not begun to sign in is sent back to the beginning, and what came is not looked at
            unread = answer.status_code == 303 and path == "/staff/sign-in/set-up"
            assert unread or 400 <= answer.status_code < 500, (path, kind, answer.status_code)
            if kind.endswith("urlencoded") or path.startswith("/api/"):  # others are refused unread
                # a link that is nobody's is refused before the body is read, and of what is to go none is
                unread = path.startswith("/unsubscribe/") or method == "DELETE"
                assert answer.status_code == (404 if unread else 413), (
                    path,
                    kind,
                    answer.text[:500],
                )


HEADERS: tuple[dict[str, str], ...] = (
    {"Host": "["},
    {"Host": "evil.example/a?b#c"},
    {"Host": ""},
    {"Host": "x" * 5000},
    {"Host": "\xff"},
    {"Host": "user:pw@[::1:99999999"},
    {"Accept-Language": "en;q=x,²;q=²,*;q=nan," + "a," * 3000},
    {"Accept-Language": "\xff\xfe"},
    {"Cookie": "ombud_session=\xff\xfe; ombud_session=; =; ;;"},
    {"X-Forwarded-For": "," * 500, "X-Forwarded-Host": "evil.example"},
    {"Content-Length": "-1"},
    {"Content-Length": "²"},
    {"If-None-Match": '"' + "x" * 5000, "Range": "bytes=-9999999999999999999"},
    {"Authorization": "Bearer \xff"},
    {"Authorization": "Basic Og=="},
    {"User-Agent": "\xff" * 3000},
)


FOR_HEADERS = (
    ("GET", "/"), ("GET", "/track"), ("POST", "/report"), ("GET", "/exit/WAT1"), ("GET", "/staff"), ("GET", "/staff/queue"),
    ("POST", "/staff/sign-in"), ("GET", "/leadership"), ("GET", "/api/v1/cases"), ("POST", "/api/v1/cases"), ("GET", "/nothing"),
    ("POST", "/webhooks/twilio/messages"), ("POST", "/webhooks/telegram"), ("GET", "/static/ombud.css"), ("GET", "/healthz"),
)  # fmt: skip


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_headers(everybody: Web) -> None:
    for (method, path), headers in itertools.product(FOR_HEADERS, HEADERS):
        who = "" if "Cookie" in headers else "minister"
        given: Any = {name: value.encode("latin-1") for name, value in headers.items()}
        sound(everybody.call(method, next(addresses(path)), who, headers=given), path, headers)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_methods_nobody_offered(everybody: Web) -> None:
    paths = sorted({path for _, path in routes(everybody)})
    for path, method in zip(paths, itertools.cycle(("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"))):
        answer = everybody.call(method, next(addresses(path)), "minister")
        assert answer.status_code in (404, 405) or path.startswith("/simulator"), (method, path)
        sound(answer, path)


def test_json_of_the_api(everybody: Web) -> None:
    fields = (
        "text kind external_id office service place language phone name about_staff transactions completed_at"
    ).split()
    values: list[object] = [*texts(everybody), None, True, 0, -1, 10**40, 1e308, [], {}, [None], {"a": {}}, "\ud800"]
    for path, name, value in itertools.product(("/cases", "/transactions"), fields, values):
        body = {"text": "No water", name: value} if path == "/cases" else {
            "external_id": "1", "office": "CIV1", "service": "passport", "completed_at": "2026-03-02T09:00:00Z", name: value,
        }  # fmt: skip
        raw = json.dumps(body).encode()
        sound(
            everybody.api("POST", path, content=raw, headers={"Content-Type": "application/json"}),
            f"/api/v1{path}",
            raw,
        )


def test_nothing_of_it_was_stored_or_broken(everybody: Web) -> None:
    """Whatever was typed came out as text: no markup, and the case is as it was."""
    attack = "<script>alert(1)</script>"
    reference = everybody.case().reference
    everybody.post(f"/staff/cases/{reference}/note", "minister", note=attack, version="1")
    page = everybody.get(f"/staff/cases/{reference}", "minister").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    for path in ("/track?reference=", "/report?place=", "/report?office=", "/staff/sign-in?next=", "/staff/search?q="):
        assert "<script>alert" not in everybody.get(path + quote(attack), "minister").text
    assert everybody.case().text == "No water"
