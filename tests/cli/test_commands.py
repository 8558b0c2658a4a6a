"""The commands of the outer contract: what they do, what they print, how they end."""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import text
from sqlmodel import col, select

from cases import training
from cases.inbox import receive
from cases.opening import Opening, open_case
from channels.values import JSON, Channel, Inbound
from cli import checkup
from cli.main import app
from core import files
from core.crypto import decrypt
from core.database import database
from core.errors import Tampered
from core.ids import new_id
from core.settings import settings
from domain.access import ApiKey, TrainingLabel
from domain.citizen import Citizen
from domain.inbox import InboundMessage
from domain.staff import Staff, StaffRole
from domain.states import EntryKind, Role
from domain.timeline import append
from domain.training import RunResult
from tests.builders import NOW, Government, plain_case
from tests.cli.conftest import Run
from tests.conftest import Installation
from tests.processes import MODELS, free_port

CONTRACT = (
    "init", "serve", "worker", "demo", "doctor", "verify", "import", "export", "routing explain", "api-key create",
    "api-key list", "api-key revoke", "rotate-keys", "nlp train", "nlp evaluate", "nlp compare", "nlp promote",
    "nlp rollback", "nlp export", "posters", "reindex", "staff link", "clocks explain",
    "figures rebuild", "figures check", "bi grant", "bi revoke", "bi make",
)  # fmt: skip


@pytest.mark.parametrize("command", CONTRACT)
def test_every_command_explains_itself(ombud: Run, command: str) -> None:
    shown = ombud(*command.split(), "--help").output
    assert "Usage" in shown
    assert len(shown.splitlines()) > 5


def test_a_word_that_is_no_command_is_unusable_input(ombud: Run) -> None:
    ombud("nonsense", code=2)


def test_init_makes_schema_and_first_administrator(ombud: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMBUD_DATABASE_URL", f"sqlite:///{tmp_path / 'new' / 'ombud.sqlite3'}")
    settings.cache_clear()
    database.cache_clear()
    shown = ombud("init", "--admin-email", "First@Office.Example").output
    password = shown.split()[-1]
    ombud("init")  # again, harmlessly
    from pwdlib import PasswordHash

    with database().read() as session:
        person = session.exec(select(Staff)).one()
        assert person.email == "first@office.example"
        assert PasswordHash.recommended().verify(password, person.password_hash)
        assert session.exec(select(StaffRole.role)).all() == [Role.admin]
    assert "already" in ombud("init", "--admin-email", "first@office.example", code=2).output
    assert "no e-mail" in ombud("init", "--admin-email", "nobody", code=2).output
    database().close()
    database.cache_clear()


def test_what_cannot_be_reached_is_said_without_a_traceback(
    ombud: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("OMBUD_DATA_DIR", str(blocked / "data"))
    settings.cache_clear()
    shown = ombud("init", code=2).output
    assert "cannot be prepared" in shown
    assert "Traceback" not in shown


def test_verify_names_the_case_that_was_tampered_with(
    ombud: Run, installation: Installation, governed: Government
) -> None:
    with installation.database.write() as session:
        cases = [plain_case(governed) for _ in range(2)]
        for case in cases:
            session.add(case)
            for step in range(3):
                append(session, case, EntryKind.noted, NOW + timedelta(hours=step), body={"text": f"step {step}"})
    assert json.loads(ombud("verify", "--json").stdout) == {"holds": True, "cases": 2, "entries": 6, "faults": []}
    with installation.database.connection() as connection:
        connection.execute(
            text("UPDATE timeline_entry SET actor = 'nobody' WHERE number = 2 AND case_id = :case"),
            {"case": cases[0].id.hex if installation.is_sqlite else cases[0].id},
        )
    report = json.loads(ombud("verify", "--json", code=1).stdout)
    assert not report["holds"]
    assert [fault.split(":")[0] for fault in report["faults"]] == [cases[0].reference]
    assert "entry 2" in report["faults"][0]
    assert cases[0].reference in ombud("verify", code=1).output


def test_api_keys_are_made_listed_and_revoked(ombud: Run, installation: Installation) -> None:
    made = json.loads(ombud("api-key", "create", "--name", "Civil registry", "--scope", "write").stdout)
    assert list(made) == ["key"]
    (listed,) = json.loads(ombud("api-key", "list", "--json").stdout)
    assert (listed["name"], listed["scope"], listed["revoked_at"]) == ("Civil registry", "write", None)
    assert made["key"] not in json.dumps(listed)
    ombud("api-key", "revoke", listed["prefix"])
    with installation.database.read() as session:
        assert session.exec(select(ApiKey)).one().revoked_at is not None
    ombud("api-key", "revoke", "00000000", code=2)
    ombud("api-key", "create", "--name", " ", "--scope", "read", code=2)
    ombud("api-key", "create", "--name", "X", "--scope", "all", code=2)


def test_routing_is_explained_in_words_and_as_json(ombud: Run, governed: Government) -> None:
    told = json.loads(
        ombud("routing", "explain", "nothing comes out", "--service", "water", "--place", "Lumas", "--json").stdout
    )
    assert told["office"] == {"code": "WAT1", "name": "Office WAT1"}
    assert told["reason"]
    assert told["method"] == "picked_service"
    assert "Office WAT1" in ombud("routing", "explain", "nothing", "--service", "water", "--place", "Lumas").output
    ombud("routing", "explain", "  ", code=2)
    asked = ("dry taps", "--service", "water", "--at", "41.3,19.8", "--day", "2026-03-02", "--json")
    report = json.loads(ombud("routing", "explain", *asked).stdout)
    assert (report["office"]["code"], report["day"]) == ("WATER", "2026-03-02")
    assert report["rule"]["said"] == "Water supply everywhere else → WATER"
    assert [step["what"] for step in report["steps"] if step["decided"]] == ["Rule"]
    for wrong in (("x", "--at", "north"), ("x", "--day", "Monday"), ("x", "--case", "K7QF-3M9V"), ("--case", "NOPE")):
        ombud("routing", "explain", *wrong, code=2)


def test_a_case_says_why_it_went_there(ombud: Run, installation: Installation, governed: Government) -> None:
    with installation.database.write() as session:
        opening = Opening(Channel.web, "no water in Lumas", "en", NOW, service="water")
        reference = open_case(session, opening, NOW).reference
    shown = " ".join(ombud("routing", "explain", "--case", reference).output.split())
    assert f"Office WAT1 (WAT1) has {reference}." in shown
    assert "The rule, as it was then: Water supply in Lumas → WAT1" in shown
    report = json.loads(ombud("routing", "explain", "--case", reference, "--json").stdout)
    assert [(hop["what"], hop["office"]) for hop in report["hops"]] == [("routed", "Office WAT1")]
    assert report["today"]["rule"]["id"] == report["hops"][0]["rule"]["id"]


def test_keys_rotate(
    ombud: Run, installation: Installation, governed: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ring(*parts: tuple[str, bytes]) -> None:
        value = ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in parts)
        monkeypatch.setenv("OMBUD_ENCRYPTION_KEYS", value)
        settings.cache_clear()

    old, new = ("old", b"o" * 32), ("new", b"n" * 32)
    derived = ("s", settings().key_ring()["s"])
    ring(old, derived)
    with installation.database.write() as session:
        session.add_all(Citizen(name=f"Citizen {number}", created_at=NOW) for number in range(1203))
    photo = new_id()
    files.write(photo, b"a photo")
    subject: dict[str, JSON] = {"subject": "No water", "whole": "No water here", "references": ["<a@b>"]}
    mail = Inbound(Channel.email, "v@gov.example", "1", "a@b.example", "", "x", details=subject)
    receive([mail, Inbound(Channel.telegram, "bot", "2", "77", "", "", details={"contact": "+355690000101"})], NOW)
    ring(new, old, derived)
    counts = json.loads(ombud("rotate-keys", "--json").stdout)
    assert counts["citizen.name"] == 1203
    assert counts["staff.email"] == 10
    assert counts["attachment files"] == 1
    assert counts["inbound_message.details"] == 3
    ring(new)
    with installation.database.read() as session:
        details, shared = session.exec(select(InboundMessage.details).order_by(col(InboundMessage.provider_id))).all()
        assert decrypt(str(shared["contact"])) == "+355690000101"
        assert (decrypt(str(details["subject"])), details["references"]) == ("No water", ["<a@b>"])
    assert files.read(photo) == b"a photo"
    with installation.database.read() as session:
        names = session.exec(select(Citizen.name).order_by(col(Citizen.id))).all()
        assert sorted(map(str, names)) == sorted(f"Citizen {number}" for number in range(1203))
    assert sum(json.loads(ombud("rotate-keys", "--json").stdout).values()) == 0
    ring(old)
    with installation.database.read() as session, pytest.raises(Tampered):
        session.exec(select(Citizen.name)).first()
    with pytest.raises(Tampered):
        files.read(photo)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_doctor_sees_a_folder_of_models_that_is_not_shared(installation: Installation, prepared: Path) -> None:
    shutil.copytree(prepared / MODELS, settings().models_dir)
    (here,) = (settings().models_dir / "current").read_text().split()
    assert checkup._model(settings()).state == "good"
    with installation.database.write() as session:
        training.note(session, "another", "", datetime.now(UTC), RunResult.promoted, [])
    found = checkup._model(settings())
    assert (found.state, found.seen) == ("bad", f"{here} here, while the installation uses another")
    assert "Share the folder" in found.mend


def test_doctor_says_what_is_wrong_and_how_to_mend_it(ombud: Run, installation: Installation) -> None:
    found = {one["name"]: one for one in json.loads(ombud("doctor", "--json", code=1).stdout)}
    assert found["model"]["state"] == "bad"
    assert "nlp train" in found["model"]["mend"]
    # the tables of this test were made without migrations
    assert found["database"]["state"] == "bad"
    assert "ombud init" in found["database"]["mend"]
    assert found["broker"]["state"] == found["data folder"]["state"] == "good"
    shown = ombud("doctor", code=1).output
    assert "ombud init" in shown


def test_doctor_never_shows_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMBUD_TELEGRAM_TOKEN", "77:secret-part-of-token")
    monkeypatch.setenv("OMBUD_TELEGRAM_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OMBUD_TWILIO_AUTH_TOKEN", "secret-part-of-token")
    monkeypatch.setenv("OMBUD_TWILIO_API_URL", "http://127.0.0.1:9")
    settings.cache_clear()
    findings = checkup.examine()
    assert {"twilio", "telegram"} <= {finding.name for finding in findings if finding.state == "bad"}
    assert "secret-part-of-token" not in repr(findings)


def test_two_web_processes_with_memory_broker_are_refused(
    ombud: Run, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    assert "memory://" in ombud("serve", code=2).output
    assert "memory://" in ombud("worker", code=2).output


def test_production_does_not_start_with_the_demo_secrets(ombud: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMBUD_ENVIRONMENT", "production")
    settings.cache_clear()
    for command in ("init", "serve", "worker"):
        assert "OMBUD_SECRET_KEY" in ombud(command, code=2).output
    assert "demo" in ombud("demo", code=2).output


def test_contract_and_program_have_the_same_commands() -> None:
    def names(command: object, path: str) -> list[str]:
        inner = getattr(command, "commands", None)
        return [path.strip()] if inner is None else [n for k, v in inner.items() for n in names(v, f"{path} {k}")]

    assert sorted(names(typer.main.get_command(app), "")) == sorted(CONTRACT)


def test_serve_answers_and_stops_on_sigterm(tmp_path: Path) -> None:
    port = free_port()
    more = {
        **os.environ,
        "OMBUD_PORT": str(port),
        "OMBUD_DATA_DIR": str(tmp_path / "data"),
        "OMBUD_TELEGRAM_MODE": "off",
    }
    command = [sys.executable, "-c", "from cli.main import app; app()"]
    subprocess.run([*command, "init"], env=more, check=True, capture_output=True)
    process = subprocess.Popen([*command, "serve"], env=more, stderr=subprocess.PIPE)
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                    assert answer.status == 200
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.1)  # between two looks, up to a deadline
        else:
            pytest.fail("it never became ready")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


def test_what_staff_taught_leaves_without_names_and_numbers(
    ombud: Run, installation: Installation, governed: Government, tmp_path: Path
) -> None:
    with installation.database.write() as session:
        rows: list[tuple[str, dict[str, Any]]] = [
            ("My name is Arta Hoxha, no water, 069 123 4567", {}),
            ("the officer wanted money", {"integrity": True}),
        ]
        for words, values in rows:
            case = plain_case(governed, text=words, **values)
            append(session, case, EntryKind.received, NOW, body={"text": words})
            session.add(case)
            session.flush()
            session.add(TrainingLabel(case_id=case.id, service_id=governed.service["water"], at=datetime.now(UTC)))
    file = tmp_path / "taught.csv"
    ombud("nlp", "export", str(file))
    assert file.read_text("utf-8").splitlines()[1:] == ['"My name is [name], no water, [phone]",water,en,1.0000']
    ombud("nlp", "export", str(file), "--plain")
    assert "Arta Hoxha" in file.read_text("utf-8")
