"""`ombud staff link`: the last administrator gets back in."""

import json
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select
from typer.testing import CliRunner

from cli.main import app
from core.crypto import token_hash
from core.settings import settings
from domain.access import CatalogueChange
from domain.staff import Staff, StaffLink
from tests.builders import Government
from tests.cli.conftest import Run
from tests.conftest import Installation

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


def test_a_link_is_printed_once_and_written_down(ombud: Run, installation: Installation, governed: Government) -> None:
    with installation.database.write() as session:
        person = session.get_one(Staff, governed.staff["minister"])
        person.factor_secret, person.factor_since = "JBSWY3DPEHPK3PXP", datetime.now(UTC)
    address = json.loads(ombud("staff", "link", "Minister@gov.example", "--lost-telephone", "--json").stdout)["link"]
    with installation.database.read() as session:
        link = session.exec(select(StaffLink)).one()
        assert link.token_hash == token_hash(address.rpartition("/")[2])
        assert session.get_one(Staff, governed.staff["minister"]).factor_secret is None
        told = session.exec(select(CatalogueChange).order_by(col(CatalogueChange.id))).all()
    assert [(one.by, one.after) for one in told] == [
        ("command line", {"second factor": "taken off"}),
        ("command line", {"link to choose a password": "handed over"}),
    ]
    assert "/staff/sign-in/link/" in ombud("staff", "link", "minister@gov.example").stdout
    assert "Nobody" in ombud("staff", "link", "stranger@gov.example", code=2).output


def test_the_doctor_finds_a_role_that_is_none_and_a_provider_that_is_not_there(
    ombud: Run, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> tuple[str, str]:
        settings.cache_clear()
        told = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
        one = next(finding for finding in told if finding["name"] == "sign-in")
        return one["state"], one["seen"]

    assert found() == ("good", "by password; no second factor is asked for")
    monkeypatch.setenv("OMBUD_SECOND_FACTOR_ROLES", "admin,king")
    monkeypatch.setenv("OMBUD_OIDC_ISSUER", "http://127.0.0.1:9")
    monkeypatch.setenv("OMBUD_OIDC_CLIENT_ID", "ombud")
    state, seen = found()
    assert (state, "names king" in seen, "127.0.0.1:9 does not answer" in seen) == ("bad", True, True)
