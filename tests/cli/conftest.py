"""Running `ombud` as a person does, without a new process."""

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.builders import Government, government
from tests.conftest import Installation

Run = Callable[..., Any]


@pytest.fixture
def ombud() -> Run:
    """`ombud("verify", "--json")`: the result, whose exit code is 0 unless `code` says otherwise."""

    def run(*arguments: str, code: int = 0) -> Any:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exit_code == code, f"{arguments}: {result.output}{result.exception!r}"
        return result

    return run


@pytest.fixture
def governed(installation: Installation) -> Government:
    """An installation with the small government of the builders."""
    with installation.database.write() as session:
        return government(session)
