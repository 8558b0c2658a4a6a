# ruff: noqa: E501  (tables of requests)
"""The REST interface over real HTTP requests to the application, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import select

from api import keys, problems, rest
from api.limits import BodyLimit
from api.rest_shared import clock
from core.database import database
from domain.access import Scope
from domain.case import Case
from domain.inbox import InboundMessage
from domain.survey import Transaction
from tests.builders import NOW, Government, government, plain_case
from tests.conftest import Installation

TRANSACTION = {
    "external_id": "A-1",
    "office": "CIV1",
    "service": "passport",
    "completed_at": "2026-03-02T09:30:00+01:00",
    "phone": "+355691234567",
}


class Api:
    """A client for each scope, and the moment the application believes it is."""

    def __init__(self) -> None:
        self.now = NOW
        self.app = FastAPI(openapi_url="/api/v1/openapi.json")
        self.app.add_middleware(BodyLimit, limit=50_000)
        problems.install(self.app)
        self.app.include_router(rest.router)
        self.app.dependency_overrides[clock] = lambda: self.now
        self.http = TestClient(self.app, raise_server_exceptions=False)
        self.keys: dict[Scope, str] = {}
        with database().write() as session:
            self.known: Government = government(session)
            for scope in Scope:
                self.keys[scope] = keys.create(session, "registry", scope, NOW).secret

    def call(self, method: str, path: str, scope: Scope | None = Scope.write, **request: Any):  # type: ignore[no-untyped-def]
        headers: dict[str, Any] = {"Authorization": f"Bearer {self.keys[scope]}"} if scope else {}
        headers |= request.pop("headers", {})
        return self.http.request(method, f"/api/v1{path}", headers=headers, **request)


@pytest.fixture
def api(installation: Installation) -> Api:
    return Api()


def refused(answer, status: int) -> dict:  # type: ignore[no-untyped-def, type-arg]
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = answer.json()
    assert body["status"] == status
    assert set(body) == {"type", "title", "status", "detail", "mend", "errors"}
    assert "Traceback" not in answer.text
    return body


# keys


def test_without_a_good_key_nothing_is_told(api: Api) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer ombud_wrong"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer é"},
    ):
        answer = api.call("GET", "/cases", None, headers={k: v.encode() for k, v in headers.items()})
        refused(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_scopes_include_the_one_before_and_no_more(api: Api) -> None:
    refused(api.call("POST", "/transactions", Scope.read, json=TRANSACTION), 403)
    assert api.call("POST", "/transactions", Scope.admin, json=TRANSACTION).status_code == 201
    assert api.call("GET", "/cases", Scope.write).status_code == 200


def test_a_revoked_key_is_refused_and_the_secret_is_not_stored(api: Api) -> None:
    secret = api.keys[Scope.read]
    with database().write() as session:
        key = keys.revoke(session, secret.split("_")[1], NOW)
        assert secret not in key.model_dump_json()
    refused(api.call("GET", "/cases", Scope.read), 401)


# transactions


def test_one_transaction_and_its_repeat(api: Api) -> None:
    first = api.call("POST", "/transactions", json=TRANSACTION)
    assert first.status_code == 201
    [made] = first.json()["transactions"]
    assert (made["external_id"], made["state"], made["survey"]) == ("A-1", "created", "scheduled")
    again = api.call("POST", "/transactions", json=TRANSACTION)
    assert again.status_code == 200
    assert again.json()["transactions"] == [made | {"state": "duplicate"}]
    other = api.call("POST", "/transactions", json=TRANSACTION | {"service": "water"}).json()
    assert other["transactions"][0]["differs"] is True


def test_a_batch_is_all_or_nothing_and_says_which(api: Api) -> None:
    bad = {"transactions": [TRANSACTION, TRANSACTION | {"external_id": "A-2", "office": "CIV2"}]}
    body = refused(api.call("POST", "/transactions", json=bad), 422)
    assert body["errors"] == [
        {"pointer": "#/transactions/1/office", "detail": "There is no office 'CIV2'; did you mean CIV1?"}
    ]
    one = refused(api.call("POST", "/transactions", json=TRANSACTION | {"office": "CIV2"}), 422)
    assert one["errors"][0]["pointer"] == "#/office"
    for name, value in (
        ("external_id", " \t"),
        ("completed_at", "1200-01-01T00:00:00Z"),
        ("completed_at", "2400-01-01T00:00:00Z"),
    ):
        batch = {"transactions": [TRANSACTION, TRANSACTION | {name: value}]}
        found = refused(api.call("POST", "/transactions", json=batch), 422)
        assert [error["pointer"] for error in found["errors"]] == [f"#/transactions/1/{name}"]
    with database().read() as session:
        assert session.exec(select(Transaction)).all() == []
    bad["transactions"][1]["office"] = "CIV1"
    assert api.call("POST", "/transactions", json=bad).json()["created"] == 2


BAD_TRANSACTIONS: list[object] = [
    {}, [], "text", None, 7, {"transactions": []}, {"transactions": "x"}, {"transactions": [None]}, TRANSACTION | {"typo": 1},
    TRANSACTION | {"completed_at": "2026-03-02T09:30:00"}, TRANSACTION | {"completed_at": "0001-01-01T00:00:00+14:00"},
    TRANSACTION | {"completed_at": "9999-12-31T23:59:59-14:00"}, TRANSACTION | {"completed_at": 1e300}, TRANSACTION | {"external_id": ""},
    TRANSACTION | {"external_id": "\x00"}, TRANSACTION | {"office": "\x00"}, TRANSACTION | {"external_id": "x" * 201},
]  # fmt: skip


def test_bad_transactions_are_told_why(api: Api) -> None:
    for body in BAD_TRANSACTIONS:
        assert refused(api.call("POST", "/transactions", json=body), 422)["errors"], body


def test_unreadable_bodies_are_a_clear_4xx(api: Api) -> None:
    for raw in (
        b"{", b"\xff\xfe", b"[" * 20_000, b'{"external_id": "\\ud800", "office": "CIV1"}', b'{"\\ud800": 1}', b'{"external_id": NaN}', b"",
    ):  # fmt: skip
        for path in ("/transactions", "/cases"):
            answer = api.call("POST", path, content=raw, headers={"Content-Type": "application/json"})
            assert answer.status_code in (400, 422)
            refused(answer, answer.status_code)


def test_large_bodies_are_refused_declared_or_not(api: Api) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(600):
            yield b"x" * 1_000

    refused(api.call("POST", "/cases", content=b"x" * 60_000), 413)
    refused(api.call("POST", "/cases", content=chunks()), 413)
    refused(api.call("POST", "/transactions", content=chunks()), 413)
    batch = {"transactions": [TRANSACTION | {"external_id": f"A-{n}"} for n in range(1_000)]}
    assert api.call("POST", "/transactions", json=batch).status_code == 201, "a batch may be larger"


# cases


def test_a_case_goes_all_the_way_before_the_answer(api: Api) -> None:
    answer = api.call(
        "POST", "/cases", json={"text": "No water in Lumas since Monday", "service": "water", "place": "Lumas"}
    )
    assert answer.status_code == 201, answer.text
    case = answer.json()
    assert set(case) == {
        "reference", "kind", "state", "text", "channel", "language", "office", "service", "routing", "opened_at",
        "first_response_at", "silence", "updated_at",
    }  # fmt: skip
    assert (case["channel"], case["office"]["code"], case["service"]["code"]) == ("api", "WAT1", "water")
    assert case["silence"] == {"seconds": 0, "working_seconds": 0, "running": True}
    assert case["opened_at"] == "2026-03-02T09:00:00Z"
    assert answer.headers["location"] == f"/api/v1/cases/{case['reference']}"
    api.now += timedelta(hours=24)
    later = api.call("GET", f"/cases/{case['reference'].lower()}", Scope.read).json()
    assert later["silence"] == {"seconds": 86_400, "working_seconds": 27_000, "running": True}


@pytest.mark.parametrize("how", ["key", "id"])
def test_posting_a_case_again_opens_no_second(api: Api, how: str) -> None:
    body = {"text": "The lamp is broken"} | ({"external_id": "crm 17"} if how == "id" else {})
    headers = {"Idempotency-Key": "7d0c"} if how == "key" else {}
    first = api.call("POST", "/cases", json=body, headers=headers)
    api.now += timedelta(minutes=5)
    again = api.call("POST", "/cases", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["reference"] == again.json()["reference"]
    refused(api.call("POST", "/cases", json=body | {"text": "Another"}, headers=headers), 409)
    with database().read() as session:
        assert len(session.exec(select(Case)).all()) == len(session.exec(select(InboundMessage)).all()) == 1


def test_a_bad_case_names_each_field_and_stores_nothing(api: Api) -> None:
    body = {"text": "x", "office": "NOPE", "service": "pasport", "language": "xx", "phone": "12"}
    errors = refused(api.call("POST", "/cases", json=body), 422)["errors"]
    assert {error["pointer"] for error in errors} == {"#/office", "#/service", "#/language", "#/phone"}
    with database().read() as session:
        assert session.exec(select(InboundMessage)).all() == []


def test_contact_details_are_struck_out_below_admin(api: Api) -> None:
    text = "There is no water in our street. Call me on +355 69 123 4567 or write to ana@mail.example"
    reference = api.call("POST", "/cases", json={"text": text}).json()["reference"]
    for scope in (Scope.read, Scope.write):
        shown = api.call("GET", f"/cases/{reference}", scope).json()["text"]
        assert "4567" not in shown
        assert "ana@" not in shown
    assert api.call("GET", f"/cases/{reference}", Scope.admin).json()["text"] == text


def test_what_a_key_may_not_see_does_not_exist(api: Api) -> None:
    with database().write() as session:
        hidden = plain_case(api.known, "INTEG", integrity=True, about_office_id=api.known.office["WAT1"])
        session.add(hidden)
        session.flush()
        reference = hidden.reference
    refused(api.call("GET", f"/cases/{reference}", Scope.admin), 404)
    refused(api.call("GET", "/cases/nonsense", Scope.admin), 404)
    assert api.call("GET", "/cases", Scope.admin).json()["items"] == []


@pytest.mark.parametrize("order", ["newest", "oldest", "due"])
def test_pages_hold_still_and_cover_everything(api: Api, order: str) -> None:
    with database().write() as session:
        for number in range(7):
            moment = NOW - timedelta(hours=number // 2)  # several share a moment
            session.add(plain_case(api.known, "WAT1", opened_at=moment, received_at=moment))
    seen: list[str] = []
    cursor: str | None = None
    for turn in range(9):
        page = api.call(
            "GET", "/cases", params={"limit": 2, "order": order} | ({"cursor": cursor} if cursor else {})
        ).json()
        seen += [item["reference"] for item in page["items"]]
        if turn == 1 and order == "newest":
            with database().write() as session:
                session.add(plain_case(api.known, "WAT1", opened_at=NOW + timedelta(hours=1)))
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7


def test_lists_are_narrowed_and_broken_cursors_told(api: Api) -> None:
    with database().write() as session:
        session.add(plain_case(api.known, "WAT1"))
        session.add(plain_case(api.known, "CIV1", state="triage", channel="sms", kind="question"))

    def offices(**query: object) -> set[str]:
        answer = api.call("GET", "/cases", params=query)
        assert answer.status_code == 200, answer.text
        return {item["office"]["code"] for item in answer.json()["items"]}

    assert offices() == {"WAT1", "CIV1"}
    assert (
        offices(state="open")
        == offices(office="wat1")
        == offices(channel="web")
        == offices(kind="complaint")
        == {"WAT1"}
    )
    assert offices(office="WATER") == set()
    assert offices(office="WATER", below=True) == {"WAT1"}
    assert offices(state=["open", "triage"]) == {"WAT1", "CIV1"}
    good = api.call("GET", "/cases", params={"limit": 1}).json()["next"]
    for query in (
        {"cursor": good[:-1]}, {"cursor": "x" + good}, {"cursor": ""}, {"cursor": "é.ü"}, {"cursor": good, "order": "due"}, {"office": "NOPE"},
        {"state": "lost"}, {"limit": 0}, {"limit": 10**30}, {"order": "random"}, {"channel": "\x00"}, {"stat": "open"},
    ):  # fmt: skip
        refused(api.call("GET", "/cases", params=query), 422)


# figures


def test_silence_counts_those_who_wait(api: Api) -> None:
    with database().write() as session:
        session.add(plain_case(api.known, "WAT1", first_response_at=NOW + timedelta(hours=2)))
        session.add(plain_case(api.known, "WAT2"))
    api.now = NOW + timedelta(hours=10)
    figures = api.call("GET", "/kpis/silence", Scope.read, params={"from": "2026-03-02", "to": "2026-03-02"}).json()
    assert (figures["n"], figures["answered"], figures["silent_now"], figures["longest_seconds"]) == (2, 1, 1, 36_000)
    assert figures["since"] == "2026-03-01T23:00:00Z"
    one = api.call("GET", "/kpis/silence", Scope.read, params={"office": "WAT1", "from": "2026-03-02T00:00:00Z"}).json()
    assert (one["n"], one["answered"]) == (1, 1)
    assert api.call("GET", "/kpis/silence", Scope.read).json()["n"] == 2
    for query in (
        {"from": "yesterday"},
        {"from": "2026-03-03", "to": "2026-03-01"},
        {"to": "9999-12-31"},
        {"from": "0001-01-01"},
        {"office": "X"},
    ):
        refused(api.call("GET", "/kpis/silence", params=query), 422)


# errors


def test_other_addresses_and_methods(api: Api) -> None:
    refused(api.call("GET", "/nothing"), 404)
    answer = api.call("DELETE", "/cases")
    refused(answer, 405)
    assert "GET" in answer.headers["allow"]


def test_people_get_a_page(api: Api) -> None:
    answer = api.http.get("/no-such-page")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_a_crash_tells_nothing(api: Api) -> None:
    @api.app.get("/api/v1/crash")
    def crash() -> None:
        raise RuntimeError("secret detail")

    body = refused(api.call("GET", "/crash"), 500)
    assert "secret" not in str(body)


def test_the_clock_of_the_application_is_utc() -> None:
    assert clock().tzinfo is UTC
    assert abs(clock() - datetime.now(UTC)) < timedelta(seconds=5)
