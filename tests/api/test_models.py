"""The page of models: who looks, who acts, and what a small or broken model says of itself."""

import json
from pathlib import Path

import pytest
from sqlmodel import select

from core.settings import settings
from domain.staff import StaffRole
from domain.states import Role
from domain.training import RunResult, RunState, TrainingRun
from nlp.classifier import promoted
from nlp.training import promote
from tests.api.site import Web
from tests.builders import NOW
from tests.cases.lives import shelve

ACTS = ("train", "promote", "rollback", "stop")


@pytest.fixture
def models(web: Web) -> Path:
    """The triage clerk is an administrator too; three models are stored, one of them plainly worse."""
    with web.database.write() as session:
        session.add(StaffRole(staff_id=web.known.staff["triage"], office_id=web.known.office["GOV"], role=Role.admin))
    folder = settings().models_dir
    folder.mkdir(parents=True, exist_ok=True)
    for name, right in (("older", 180), ("old", 180), ("bad", 100)):
        shelve(folder, name, right=right)
    for name in ("older", "old"):
        promote.promote(folder, name)
    return folder


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_who_looks_and_who_acts(web: Web, models: Path) -> None:
    for who, status in (("triage", 200), ("minister", 200), ("auditor", 200), ("officer1", 403), ("head1", 403)):
        assert web.get("/staff/models", who).status_code == status, who
    for act in ACTS:
        assert web.post(f"/staff/models/{act}", "minister", model="older").status_code == 403
    assert "Train now" in web.get("/staff/models", "triage").text
    assert "Train now" not in web.get("/staff/models", "minister").text
    assert promoted(models)[0] == "old"
    assert web.count(TrainingRun) == 0


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_acting_by_hand_is_told_with_its_author(web: Web, models: Path) -> None:
    assert web.post("/staff/models/train", "triage").status_code == 303
    refused = web.post("/staff/models/promote", "triage", model="bad")
    assert refused.status_code == 409
    assert "worse than the model in use" in refused.text
    assert promoted(models)[0] == "old"
    assert web.post("/staff/models/promote", "triage", model="bad", anyway="yes").status_code == 303
    assert promoted(models)[0] == "bad"
    assert web.post("/staff/models/rollback", "triage").status_code == 303
    assert promoted(models)[0] == "old"
    assert web.post("/staff/models/promote", "triage", model="../../etc").status_code == 404
    assert web.post("/staff/models/stop", "triage").status_code == 409
    page = web.get("/staff/models", "triage").text
    for words in ("Asked for by hand", "triage put it into use though it is worse", "triage took bad out of use"):
        assert words in page
    with web.database.read() as session:
        runs = session.exec(select(TrainingRun)).all()
    assert {run.staff_id for run in runs} == {web.known.staff["triage"]}


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_trial_shows_how_it_goes_and_can_be_ended(web: Web, models: Path) -> None:
    with web.database.write() as session:
        run = TrainingRun(asked_at=NOW, why="Weekly", state=RunState.trial, model="older", trained_at=NOW, due_at=NOW)
        row = {"n": 200, "before": 0.9, "after": 0.89, "low": -0.031, "high": 0.011, "standing": "unclear"}
        run.figures = {"held": {"overall": row, "languages": {"en": row}}}
        session.add(run)
    page = web.get("/staff/models", "triage").text
    assert "-3.1 to 1.1" in page.replace("\u2212", "-")
    assert "may be worse" in page
    assert web.post("/staff/models/stop", "triage").status_code == 303
    with web.database.read() as session:
        assert session.exec(select(TrainingRun.result)).one() == RunResult.refused


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_small_data_and_gaps_are_said_in_words(web: Web, models: Path) -> None:
    card = json.loads((models / "old" / "card.json").read_text())
    row = {"n": 40, "accuracy": 0.8, "top3": 0.9, "coverage_at_threshold": 0.0}
    card["metrics"] = {
        **row,
        "accuracy_interval": [0.65, 0.9],
        "precision_at_threshold": None,
        "per_language": {"en": row},
        "per_label": {
            "water": {"n": 20, "recall": 0.4},
            "passport": {"n": 20, "recall": 1.0},
            "rare": {"n": 2, "recall": 0.0},
        },
    }
    card["labels"] = ["water"]
    (models / "old" / "card.json").write_text(json.dumps(card))
    page = web.get("/staff/models", "minister").text
    assert "there are only 40 messages to test on" in page
    assert "Water supply: 40% of 20" in page
    assert "rare" not in page
    assert "It does not know yet: Passports." in page
    (models / "old" / "card.json").write_text("{torn")
    assert "cannot be read" in web.get("/staff/models", "minister").text
    (models / "current").unlink()
    assert "No model is in use" in web.get("/staff/models", "minister").text
