"""A served installation without history, and one browser to use it with."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import left_out
from tests.processes import Site, environment_of, site

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
ALWAYS_DAY = {"OMBUD_SURVEY_DAY_START": "0", "OMBUD_SURVEY_DAY_END": "24", "OMBUD_SURVEY_DELAY_MINUTES": "0"}
"""Surveys go out at once, whatever the hour the tests run at."""


@pytest.fixture(scope="module")
def served(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An installation of its own for each module, SQLite with the worker inside."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    with site(folder, environment_of(folder, **ALWAYS_DAY)) as running:
        yield running


@pytest.fixture(scope="package")
def shared(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all modules that only look at what they made themselves: starting one takes five seconds."""
    folder = tmp_path_factory.mktemp("shared")
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    with site(folder, environment_of(folder, **ALWAYS_DAY)) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        left_out(f"chromium is missing at {CHROMIUM}: nothing was tried in a browser")
    with sync_playwright() as engine:
        made = engine.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield made
        made.close()
