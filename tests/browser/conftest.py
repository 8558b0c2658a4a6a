"""A served installation without history, and one browser to use it with."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import chromium
from tests.processes import Site, environment_of, site

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
    with chromium.opened() as made:
        yield made
