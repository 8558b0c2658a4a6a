"""Files of transactions in the browser and on the command line: brought, watched, mended, within one's reach."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from cli.main import app
from core.database import database
from domain.survey import Transaction
from surveys import upload_work
from tests.api.site import CSRF, Web

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
HEAD = "external_id,office,service,completed_at,phone\n"
BAD = f"{HEAD}1,WAT1,water,2026-03-02 09:00,069 100 0001\n2,WAT2,water,2026-03-02 09:00,\n"


def bring(web: Web, who: str, text: str, how: str = "whole", csrf: str = CSRF) -> str:
    """Bring a file; gives the address of its page."""
    form = {"csrf": csrf, "source": "registry", "how": how}
    answer = web.call(
        "POST", "/staff/transactions", who, data=form, files={"file": ("a.csv", text.encode(), "text/csv")}
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_a_head_brings_a_file_sees_it_go_and_mends_it(web: Web) -> None:
    assert web.get("/staff/transactions", "officer1").status_code == 403
    address = bring(web, "head1", BAD)
    waiting = web.get(address, "head1")
    assert waiting.headers["refresh"] == "3"
    assert "waits for its turn" in waiting.text
    assert web.get(address, "head_water").status_code == 404, "another head's file has numbers in it"
    while upload_work.work_off(lambda: datetime.now(UTC)):
        pass
    refused = web.get(address, "head1")
    assert "refresh" not in refused.headers
    assert "Nothing of this file was stored" in refused.text
    assert "WAT2 is not among the offices you may report for" in refused.text
    mend = web.get(f"{address}/lines.csv", "head1")
    assert "069 100 0001" not in mend.text, "only what is wrong"
    assert "WAT2" in mend.text
    assert web.get(f"{address}/lines.csv", "head_water").status_code == 404
    taken = bring(web, "head1", BAD, "good")
    while upload_work.work_off(lambda: datetime.now(UTC)):
        pass
    assert "taken in part" in web.get(taken, "head1").text
    assert "taken in part" in web.get("/staff/transactions", "head1").text
    with database().read() as session:
        assert session.exec(select(Transaction.external_id)).all() == ["1"]
    nothing = web.call("POST", "/staff/transactions", "head1", data={"csrf": CSRF, "how": "whole"}, files={})
    assert nothing.status_code == 422
    assert re.search(r"Choose a file", nothing.text)
    foreign = web.call(
        "POST", "/staff/transactions", "head1", data={"csrf": "x"}, files={"file": ("a", b"x", "text/csv")}
    )
    assert foreign.status_code == 403


def test_the_command_takes_a_file_by_the_same_way(web: Web, tmp_path: Path) -> None:
    def run(*more: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["import", "transactions", str(file), "--source", "registry", *more])
        return done.exit_code, done.stdout

    file = tmp_path / "b.csv"
    file.write_text(BAD.replace("WAT2", "WATT"))
    code, told = run("--json")
    assert code == 2
    found = json.loads(told)
    assert (found["state"], found["bad"], found["errors"][0]["line"]) == ("refused", 1, 3)
    assert (tmp_path / "b.errors.csv").exists() is False, "with --json the errors are in the answer"
    code, told = run()
    assert (code, "b.errors.csv" in told.replace("\n", "")) == (2, True)
    assert "did you mean" in (tmp_path / "b.errors.csv").read_text()
    file.write_text(BAD)
    assert run("--dry-run")[0] == 0
    with database().read() as session:
        assert session.exec(select(Transaction)).all() == []
    assert run() == (0, "2 transactions are new, 0 were known, 0 cannot be used.\n")
    assert "taken before" in run()[1]
