# ruff: noqa: E501  (tables of the contract)
"""The outer contract, by name: others script against it. Left out is what no issue has built yet (LATER)."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from sqlmodel import Session, select
from typer.main import get_command
from typer.testing import CliRunner

from api.app import create_app
from cli.main import app as command_line
from core.database import database
from core.settings import Settings, settings
from domain.access import Scope
from domain.case import Case
from domain.clock import Clock
from domain.policy import Policy
from domain.states import ClockKind, ClockState
from tests.api.site import Web, routes_of
from tests.builders import plain_case

LATER: tuple[str, ...] = ()
ROUTES = (
    "GET /", "GET /report", "POST /report", "GET /track", "POST /track", "GET /track/{reference}", "GET /exit/{office_code}",
    "POST /exit/{office_code}", "GET /s/{token}", "POST /s/{token}", "GET /staff", "GET /leadership", "GET /open", "GET /simulator/phone",
    "POST /webhooks/twilio/messages", "POST /webhooks/twilio/status", "POST /webhooks/twilio/voice", "POST /webhooks/telegram", "POST /api/v1/cases",
    "GET /api/v1/cases", "GET /api/v1/cases/{reference}", "POST /api/v1/transactions", "GET /api/v1/kpis/silence",
    "GET /api/v1/kpis/satisfaction", "GET /api/v1/kpis", "GET /api/v1/kpis/{name}",
    "POST /api/v1/exports", "GET /api/v1/exports", "GET /api/v1/exports/{export_id}", "GET /api/v1/exports/{export_id}/file",
    "POST /api/v1/export-plans", "GET /api/v1/export-plans", "DELETE /api/v1/export-plans/{plan_id}",
    "GET /api/v1/openapi.json", "GET /healthz", "GET /readyz", "GET /metrics",
)  # fmt: skip
SETTINGS = (
    "PORT", "DATA_DIR", "DATABASE_URL", "BROKER_URL", "PUBLIC_URL", "SECRET_KEY", "ENVIRONMENT", "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN", "TWILIO_API_URL", "TELEGRAM_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "TELEGRAM_API_URL", "LANGUAGES",
    "TIME_ZONE",
)  # fmt: skip
COMMANDS: dict[str, tuple[str, ...]] = {
    "init": (), "serve": (), "worker": (), "demo": (), "doctor": ("--json",), "verify": ("--json",), "import": ("--json",),
    "export": (), "routing explain": ("--json",), "api-key create": ("--name", "--scope"), "nlp train": ("--json",),
    "nlp evaluate": ("--train", "--data", "--json"), "nlp compare": ("--json",), "nlp promote": ("--json",),
    "nlp rollback": ("--json",),
}  # fmt: skip
CASE = {
    "reference", "kind", "state", "text", "channel", "language", "office", "service", "routing", "opened_at",
    "first_response_at", "silence", "updated_at",
}  # fmt: skip
NOW = datetime.now(UTC).replace(microsecond=0)


def test_routes(web: Web) -> None:
    found = {f"{method} {path}" for method, path in routes_of(web.app)}
    assert [route for route in ROUTES if route not in found] == []
    assert [route for route in LATER if route in found] == [], "built by now: move it to ROUTES, and test it"


def test_settings() -> None:
    known = {f"OMBUD_{name.upper()}" for name in Settings.model_fields}
    assert {f"OMBUD_{name}" for name in SETTINGS} <= known


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_and_their_options(command: str) -> None:
    found: Any = get_command(command_line)
    for word in command.split():
        found = found.commands[word]
    options = {name for parameter in found.params for name in parameter.opts}
    assert set(COMMANDS[command]) <= options
    shown = CliRunner().invoke(command_line, [*command.split(), "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_exit_codes(web: Web, tmp_path: Path) -> None:
    def code(*arguments: str) -> int:
        return CliRunner().invoke(command_line, list(arguments)).exit_code

    web.text("No water in Lumas since Monday")
    web.work()
    assert code("verify") == 0
    with database().write() as session:
        session.connection().exec_driver_sql(
            'UPDATE timeline_entry SET body = \'{"text": "All is well"}\' WHERE number = 1'
        )
    assert code("verify", "--json") == 1
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"\xff\xfe\x00nonsense")
    for unusable in (
        ("nonsense",), ("verify", "--nonsense"), ("import", "offices", str(broken)), ("import", "dragons", str(broken)),
        ("import", "offices", str(tmp_path / "missing.csv")), ("export", "dragons"), ("api-key", "create", "--name", "x", "--scope", "x"),
        ("api-key", "create", "--name", "", "--scope", "read"), ("nlp", "evaluate", "--data", str(tmp_path / "missing.csv"), "--json"),
    ):  # fmt: skip
        assert code(*unusable) == 2, unusable


def test_a_key_is_printed_once_and_works(web: Web) -> None:
    made = CliRunner().invoke(command_line, ["api-key", "create", "--name", "crm", "--scope", "read"])
    key = json.loads(made.stdout)["key"]
    answer = web.get("/api/v1/cases", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()) == (200, {"items": [], "next": None})
    assert key not in CliRunner().invoke(command_line, ["api-key", "list", "--json"]).output


def test_a_case(web: Web) -> None:
    made = web.api(
        "POST", "/cases", json={"text": "No water. Call +355 69 111 2233", "service": "water", "place": "Lumas"}
    )
    assert made.status_code == 201
    case = made.json()
    assert set(case) == CASE
    assert set(case["office"]) == set(case["service"]) == {"code", "name"}
    assert set(case["routing"]) == {"reason", "confidence", "model"}
    assert set(case["silence"]) == {"seconds", "working_seconds", "running"}
    assert case["text"].startswith("No water"), "scope admin reads all"
    path = f"/cases/{case['reference']}"
    assert "2233" in web.api("GET", path).json()["text"]
    assert "2233" not in web.api("GET", path, Scope.read).json()["text"]
    for name in ("opened_at", "updated_at"):
        assert case[name].endswith("Z")
        assert datetime.fromisoformat(case[name]).tzinfo == UTC
    assert (case["first_response_at"], case["silence"]["running"]) == (None, True)


def due(session: Session, case: Case, hours: int) -> None:
    """A running clock of a case."""
    policy = session.exec(select(Policy)).first()
    assert policy is not None
    session.add(
        Clock(
            case_id=case.id,
            office_id=case.office_id,
            kind=ClockKind.first_response,
            state=ClockState.running,
            entry=1,
            policy_id=policy.id,
            started_at=NOW,
            target_seconds=3600,
            deadline_at=NOW + timedelta(hours=hours),
        )
    )


def test_a_list_of_cases_in_each_order_page_by_page(web: Web) -> None:
    with database().write() as session:
        for number, hours in enumerate((5, 1, 9, None, 3)):
            case = plain_case(web.known, "WAT1", opened_at=NOW + timedelta(minutes=number), text=f"case {number}")
            session.add(case)
            session.flush()
            if hours is not None:
                due(session, case, hours)

    def listed(**query: object) -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        while True:
            page = web.api("GET", "/cases", params=query | {"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
            assert set(page) == {"items", "next"}
            found += [item["text"] for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return found

    assert listed() == listed(order="newest") == [f"case {number}" for number in (4, 3, 2, 1, 0)]
    assert listed(order="oldest") == [f"case {number}" for number in range(5)]
    assert listed(order="due") == [f"case {number}" for number in (1, 4, 0, 2, 3)]
    assert listed(state="open", office="WAT1", channel="web", kind="complaint", order="oldest") == listed(
        order="oldest"
    )
    assert listed(state="closed") == listed(office="CIV1") == listed(channel="sms") == listed(kind="question") == []


def test_transactions_one_and_many(web: Web) -> None:
    one = {"external_id": "A", "office": "CIV1", "service": "passport", "completed_at": "2026-03-02T09:00:00Z"}
    assert web.api("POST", "/transactions", Scope.write, json=one).status_code == 201
    assert web.api("POST", "/transactions", Scope.write, json=one).status_code == 200
    many = web.api("POST", "/transactions", Scope.write, json={"transactions": [one, one | {"external_id": "B"}]})
    assert many.status_code == 201
    assert web.api("POST", "/transactions", Scope.read, json=one).status_code == 403


def test_silence_in_figures(web: Web) -> None:
    told = web.api(
        "GET", "/kpis/silence", Scope.read, params={"office": "WAT1", "from": "2026-03-01", "to": "2026-03-31"}
    )
    assert told.status_code == 200
    assert {"n", "answered", "silent_now", "longest_seconds", "median", "p90"} <= set(told.json())


def test_errors_are_problem_details(web: Web) -> None:
    said = {"Content-Type": "application/json"}
    asked: tuple[tuple[int, Any], ...] = (
        (400, web.api("POST", "/cases", content=b"{", headers=said)), (401, web.get("/api/v1/cases")), (403, web.api("POST", "/cases", Scope.read, json={"text": "x"})),
        (404, web.api("GET", "/cases/4GK3-H8ZF")), (404, web.api("GET", "/nothing")), (405, web.api("DELETE", "/cases")),
        (413, web.api("POST", "/cases", content=b"x" * 1_100_000)), (422, web.api("POST", "/cases", json={})),
        (403, web.call("POST", "/webhooks/telegram", json={})), (404, web.get("/webhooks/nothing")),
    )  # fmt: skip
    for status, answer in asked:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert body["status"] == status
        assert {"type", "title", "detail"} <= set(body)


def test_what_watches_the_installation(web: Web) -> None:
    assert web.get("/healthz").json() == {"status": "alive"}
    assert web.get("/readyz").status_code == 503, "tables that Alembic did not make are not ready"
    with database().write() as session:
        session.connection().exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        session.connection().exec_driver_sql("INSERT INTO alembic_version VALUES ('now')")
    try:
        ready = web.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"status": "ready", "schema": "now"})
    finally:
        with database().write() as session:
            session.connection().exec_driver_sql("DROP TABLE alembic_version")
    metrics = web.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert "ombud_inbox_waiting 0.0" in metrics.text
    described = web.get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.")
    assert set(described["paths"]) == {route.split()[1] for route in ROUTES if "/api/v1/" in route} - {
        "/api/v1/openapi.json"
    }


def test_the_simulators_are_for_the_demo_alone(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ENVIRONMENT": "production", "SECRET_KEY": "k" * 40, "TWILIO_AUTH_TOKEN": "t" * 32, "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
        "TELEGRAM_TOKEN": "", "PUBLIC_URL": "https://x.example", "BROKER_URL": "redis://127.0.0.1:9/0",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"OMBUD_{name}", value)
    settings.cache_clear()
    served = create_app(embedded=False)
    assert not [
        one.path
        for one in iter_route_contexts(served.routes)
        if str(one.path).startswith(("/simulator", "/styleguide"))
    ]
