"""Training in a process of its own: at low priority, so that messages go first, and its memory is given back at once.

The worker writes one line of JSON to the child's standard input and reads one from its output: what citizens wrote
touches no disk on the way. The line stays open; when the worker dies, however it dies, the child ends with it.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import BadInput, OmbudError
from nlp.training.prepare import Dataset, Example

NICE = 15
SECONDS = 540.0
"""Longest a child may take: 20,000 messages take about a minute of an idle core."""
_SAID = 500


class Interrupted(Exception):
    """The child ended before it was done: killed, out of memory or out of time."""


class Stopped(Interrupted):
    """We ended it ourselves, with our own process."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model says of one text; an empty label where there is no word in it."""

    label: str
    probability: float
    confident: bool


def train(
    dataset: Dataset, models_dir: Path, *, seed: int, now: datetime, languages: Sequence[str], seconds: float = SECONDS
) -> dict[str, Any]:
    """`teach.teach` in a child: the name, the card, and the model before. Raises BadInput or Interrupted."""
    given = {
        "do": "train",
        "models_dir": str(models_dir.absolute()),
        "name": dataset.name,
        "sha256": dataset.sha256,
        "examples": [asdict(example) for example in dataset.examples],
        "seed": seed,
        "now": now.isoformat(),
        "languages": list(languages),
    }
    found: dict[str, Any] = _child(given, seconds)
    return found


def opinions(
    models_dir: Path, names: Sequence[str], texts: Sequence[str], languages: Sequence[str], seconds: float = SECONDS
) -> dict[str, list[Opinion]]:
    """What stored models say of texts, by the model's name. Raises NotFound, BadInput or Interrupted."""
    given = {
        "do": "opinions",
        "models_dir": str(models_dir.absolute()),
        "names": list(names),
        "texts": list(texts),
        "languages": list(languages),
    }
    found: dict[str, list[list[Any]]] = _child(given, seconds)
    return {name: [Opinion(*row) for row in rows] for name, rows in found.items()}


def teach_accusations(models_dir: Path, taught: Sequence[tuple[str, str]], seconds: float = SECONDS) -> dict[str, Any]:
    """`accusations.teach` in a process of its own. Raises BadInput or Interrupted."""
    given = {"do": "accusations", "models_dir": str(models_dir.absolute()), "taught": list(taught)}
    found: dict[str, Any] = _child(given, seconds)
    return found


_running: set["subprocess.Popen[bytes]"] = set()
_stopped: set[int] = set()


def stop() -> None:
    """End the children of this process; whoever waits for one gets Stopped."""
    for process in tuple(_running):
        _stopped.add(process.pid)
        process.kill()


def _child(given: Mapping[str, Any], seconds: float) -> Any:
    environment = {
        **os.environ,
        # the child finds our code where we found it; one core is enough for what may take its time
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", "nlp.training.apart"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment,
        )
        _running.add(process)
        watch = threading.Timer(seconds, process.kill)
        watch.daemon = True
        watch.start()
        try:
            answer = _talk(process, given)
            process.wait()
        finally:
            watch.cancel()
            process.kill()
            process.wait()
            _running.discard(process)
        if not answer:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").strip()[-_SAID:]
            raised = Stopped if process.pid in _stopped else Interrupted
            raise raised(f"The training process ended with {process.returncode}. {said}".strip())
    found = json.loads(answer)
    if "error" in found:
        raise BadInput(found["error"], mend=found["mend"])
    return found["found"]


def _talk(process: "subprocess.Popen[bytes]", given: Mapping[str, Any]) -> bytes:
    """Give the child its line, and read its whole answer before ours is closed."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a child without pipes")
    with process.stdin, process.stdout:
        try:
            process.stdin.write(json.dumps(given, ensure_ascii=False).encode() + b"\n")
            process.stdin.flush()
            return process.stdout.readline()
        except BrokenPipeError:
            return b""


def main() -> None:
    """The child."""
    os.nice(NICE)
    given = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    answer: dict[str, Any]
    try:
        answer = {"found": _TO_DO[given["do"]](given)}
    except OmbudError as error:
        answer = {"error": error.message, "mend": error.mend}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # nothing more is ever sent: this returns when the parent is gone
    os._exit(1)


def _train(given: Mapping[str, Any]) -> dict[str, Any]:
    from nlp.training.teach import teach

    dataset = Dataset(given["name"], given["sha256"], tuple(Example(**row) for row in given["examples"]))
    taught = teach(
        dataset,
        Path(given["models_dir"]),
        seed=given["seed"],
        now=datetime.fromisoformat(given["now"]),
        languages=given["languages"],
        # an installation need not have two examples of each service
        strict=False,
    )
    return asdict(taught)


def _opinions(given: Mapping[str, Any]) -> dict[str, list[list[Any]]]:
    from nlp.classifier import load

    found = {}
    for name in given["names"]:
        said = load(Path(given["models_dir"]) / name).classify_many(given["texts"], given["languages"])
        found[name] = [
            [one.best.label, one.best.probability, one.confident] if one.best else ["", 0.0, False] for one in said
        ]
    return found


def _accusations(given: Mapping[str, Any]) -> dict[str, Any]:
    from nlp.training.accusations import teach

    return teach(Path(given["models_dir"]), [(text, label) for text, label in given["taught"]])


_TO_DO: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "train": _train,
    "opinions": _opinions,
    "accusations": _accusations,
}

if __name__ == "__main__":
    main()
