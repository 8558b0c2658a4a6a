"""`ombud nlp` as scripts call it: exit codes, JSON on stdout, errors as sentences."""

import json
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from cli.nlp import app
from domain.training import TrainingRun
from tests.builders import government
from tests.conftest import Installation

WANTED = {
    "accuracy", "macro_f1", "top3", "coverage_at_95", "ece", "messages_per_second", "n", "labels", "per_language",
    "threshold", "precision_at_threshold",
}  # fmt: skip


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_life_of_a_model(two_topics: Path, tmp_path: Path) -> None:
    models = tmp_path / "m"
    first = json.loads(_run("train", two_topics, "--models", models, "--json").stdout)
    assert first["promoted"] is True
    second = json.loads(_run("train", two_topics, "--models", models, "--seed", 1, "--no-promote", "--json").stdout)
    assert second["promoted"] is False
    rows = json.loads(_run("compare", "--models", models, "--data", two_topics, "--json").stdout)
    assert {row["model"]: row["promoted"] for row in rows} == {first["name"]: True, second["name"]: False}
    assert all(row["accuracy"] == 1.0 for row in rows)
    assert json.loads(_run("promote", second["name"], "--models", models, "--json").stdout)["current"] == second["name"]
    assert json.loads(_run("rollback", "--models", models, "--json").stdout)["current"] == first["name"]


def test_evaluate_prints_the_agreed_figures(two_topics: Path, tmp_path: Path) -> None:
    data = tmp_path / "b.csv"
    data.write_text("text,label,lang\nno water here,water,en\npothole again,road,en\n")
    done = _run("evaluate", "--train", two_topics, "--data", data, "--models", tmp_path / "none", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout).keys() >= WANTED


def test_evaluate_measures_the_model_in_use(starter_shelf: Path, tmp_path: Path) -> None:
    data = tmp_path / "b.csv"
    data.write_text("text,label\nno water in our street,water-outage\n")
    done = _run("evaluate", "--data", data, "--models", starter_shelf, "--json")
    assert json.loads(done.stdout)["accuracy"] == 1.0


def test_for_people_it_speaks_in_words(two_topics: Path, tmp_path: Path) -> None:
    models = tmp_path / "m"
    assert "In use" not in _run("train", two_topics, "--models", models, "--no-promote").stdout
    assert "60 messages, 2 labels" in _run("train", two_topics, "--models", models).stdout
    assert "* in use" in _run("compare", "--models", models).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "gone.csv"),
        ("evaluate", "--data", "gone.csv"),
        ("evaluate",),
        ("compare",),
        ("promote", "nothing"),
        ("rollback",),
        ("train", "--seed", "many"),
    ],
)
def test_unusable_input_ends_with_two_and_no_traceback(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = _run(*arguments, *(("--models", tmp_path / "m") if arguments != ("evaluate",) else ()))
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert done.stdout == ""


def test_torn_csv_is_named_on_stderr(tmp_path: Path) -> None:
    csv = tmp_path / "torn.csv"
    csv.write_text('text,label\nfine,a\n"torn,b\n')
    done = _run("train", csv, "--models", tmp_path / "m", "--json")
    assert done.exit_code == 2
    assert "torn.csv, line 3" in done.stderr.replace("\n", " ")
    assert not (tmp_path / "m").exists()


def test_a_worse_model_is_refused_unless_it_is_wanted(two_topics: Path, tmp_path: Path) -> None:
    """One that learnt half of the same messages three times over with their labels swapped."""
    models = tmp_path / "m"
    good = json.loads(_run("train", two_topics, "--models", models, "--json").stdout)["name"]
    swap = {",water,": ",road,", ",road,": ",water,"}
    lines = two_topics.read_text().splitlines()
    mixed = tmp_path / "mixed.csv"
    rows = [line.replace(*next(it for it in swap.items() if it[0] in line)) for line in lines[1:30]]
    mixed.write_text("\n".join([lines[0], *rows * 3, *lines[1:]]) + "\n")
    bad = json.loads(_run("train", mixed, "--models", models, "--json").stdout)
    assert bad["promoted"] is False
    assert bad["against"]["standing"] == "worse"
    refused = _run("promote", bad["name"], "--models", models)
    assert refused.exit_code == 2
    assert "worse than the model in use" in refused.output.replace("\n", " ")
    shown = _run("compare", "--models", models).stdout
    assert f"{bad['name']} beside the one in use: worse." in shown
    assert "en: " in shown
    rows = json.loads(_run("compare", "--models", models, "--data", two_topics, "--json").stdout)
    assert {row["model"]: row["against"] and row["against"]["overall"]["n"] for row in rows} == {
        good: None,
        bad["name"]: 60,
    }
    done = _run("promote", bad["name"], "--models", models, "--anyway", "--json")
    assert json.loads(done.stdout)["current"] == bad["name"]


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_training_without_a_file_learns_what_the_installation_has(installation: Installation) -> None:
    with installation.database.write() as session:
        government(session)
    report = json.loads(_run("train", "--json").stdout)
    assert set(report["labels"]) == {"water", "passport"}  # not those of the sample government
    assert report["data"]["file"] == "this installation"
    with installation.database.read() as session:
        (run,) = session.exec(select(TrainingRun)).all()
    assert (run.model, run.result, run.figures["data"]) == (report["name"], "promoted", report["data"]["sha256"])
