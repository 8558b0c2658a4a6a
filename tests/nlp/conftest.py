"""One small model for all tests of this room, and a shelf to store models on."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.sample.government import load as load_government
from nlp.classifier import Classifier, load
from nlp.training import commands

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def starter_shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with the starter model in use."""
    folder = tmp_path_factory.mktemp("models")
    commands.train(None, folder, seed=0, now=NOW, phrases=load_government().phrases())
    return folder


@pytest.fixture(scope="session")
def starter_model(starter_shelf: Path) -> Classifier:
    """The starter model, read back from disk."""
    return load(starter_shelf / (starter_shelf / "current").read_text().split()[0])


@pytest.fixture
def two_topics(tmp_path: Path) -> Path:
    """A small CSV with two labels, 30 messages each."""
    rows = ["text,label,lang"]
    for number in range(30):
        rows.append(f"no water in house {number} since monday,water,en")
        rows.append(f"pothole on road {number} broke my wheel,road,en")
    file = tmp_path / "two.csv"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file
