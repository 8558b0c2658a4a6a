"""A process that writes one table must know those it refers to, whatever else it happens to import."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("program", ["api.app", "worker.tasks"])
def test_whoever_serves_or_works_knows_every_table(program: str) -> None:
    script = f"import {program}; from domain.base import metadata; print(len(metadata().sorted_tables))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 25
