"""`ombud nlp` as scripts call it: exit codes, JSON on stdout, errors as sentences."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.nlp import app

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
