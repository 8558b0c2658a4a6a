"""Training in a process of its own: what it gives back, and that it never outlives the worker it works for."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.errors import BadInput
from nlp.training import apart, evidence
from nlp.training.prepare import Example, gathered
from nlp.training.promote import promote, stored
from tests.nlp.conftest import NOW
from tests.processes import ROOT, wait_for

SOME = [
    Example(f"{words} {number}", label, "en", None, "fit", 0)
    for label, words in (("water", "no water in house"), ("road", "pothole on road"))
    for number in range(8)
]


def test_a_child_trains_and_answers(tmp_path: Path) -> None:
    made = apart.train(gathered("here", SOME), tmp_path, seed=0, now=NOW, languages=("en",))
    assert stored(tmp_path) == [made["name"]]
    assert made["before"] is None
    assert made["card"]["metrics"]["n"] == 16
    assert len(evidence.read(tmp_path / made["name"])) == 16
    promote(tmp_path, made["name"])
    said = apart.opinions(tmp_path, [made["name"]], ["no water in house 99", "", "pothole"], ["en"] * 3)
    assert [one.label for one in said[made["name"]]] == ["water", "", "road"]
    assert os.getpriority(os.PRIO_PROCESS, 0) < apart.NICE  # it was the child that stood back
    with pytest.raises(BadInput, match="no model in gone"):  # as it was said there
        apart.opinions(tmp_path, ["gone"], ["no water"], ["en"])


def test_a_child_that_takes_too_long_or_is_ended_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(apart.Interrupted) as error:
        apart.train(gathered("here", SOME), tmp_path, seed=0, now=NOW, languages=("en",), seconds=0.05)
    assert not isinstance(error.value, apart.Stopped)

    def end() -> None:
        wait_for(lambda: apart._running)
        apart.stop()

    ended = threading.Thread(target=end)
    ended.start()
    with pytest.raises(apart.Stopped):
        apart.train(gathered("here", SOME), tmp_path, seed=0, now=NOW, languages=("en",))
    ended.join()
    assert stored(tmp_path) == []


WORKER = """
import os, sys, threading, time
from pathlib import Path
from nlp.training import apart
from nlp.training.prepare import gathered
from tests.nlp.conftest import NOW
from tests.nlp.test_apart import SOME

def tell():
    while not apart._running:
        time.sleep(0.01)  # between two looks, until the child is there
    print(next(iter(apart._running)).pid, flush=True)

threading.Thread(target=tell, daemon=True).start()
apart.train(gathered("here", SOME), Path(sys.argv[1]), seed=0, now=NOW, languages=("en",))
"""


def test_a_worker_killed_takes_its_training_with_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as worker:
        assert worker.stdout is not None
        child = int(worker.stdout.readline())
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    wait_for(lambda: not _lives(child))
    assert stored(tmp_path) == []
    assert not (tmp_path / "current").exists()


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
