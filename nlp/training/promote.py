"""Models on disk: stored whole or not at all, and one pointer file that says which one is in use.

`current` holds the names of promoted models, the newest first; rolling back takes the first line off. It is replaced in
one rename, so a reader sees the old pointer or the new one and never half of either.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import BadInput, Conflict, NotFound
from nlp.classifier import CARD, PIPELINE, POINTER, Classifier, promoted
from nlp.training import evidence
from nlp.training.verdict import Standing, Verdict, judge

_REMEMBERED = 10
_CANDIDATES = 3
_TORN = 24 * 3600
"""Seconds after which a folder that was not finished is taken for one of a training that died."""


def store(classifier: Classifier, models_dir: Path, held: evidence.Held | None = None) -> str:
    """Write a model, and the evidence that came with its training, into its own folder; returns the folder's name."""
    models_dir.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".new-", dir=models_dir))
    try:
        classifier.nlp.to_disk(work / PIPELINE)
        name = _free_name(models_dir, str(classifier.card["name"]))
        classifier.card["name"] = classifier.name = name
        (work / CARD).write_text(json.dumps(classifier.card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        if held is not None:
            evidence.write(work, held)
        work.chmod(0o755)
        work.rename(models_dir / name)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return name


def _free_name(models_dir: Path, wanted: str) -> str:
    name, number = wanted, 2
    while (models_dir / name).exists():
        name, number = f"{wanted}-{number}", number + 1
    return name


def card(models_dir: Path, name: str) -> dict[str, Any]:
    """The card of a stored model. Raises NotFound."""
    file = models_dir / name / CARD
    if Path(name).name != name or not file.is_file():
        there = ", ".join(stored(models_dir)) or "none"
        raise NotFound(f"There is no model {name!r}.", mend=f"Stored models: {there}.")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def stored(models_dir: Path) -> list[str]:
    """Names of all stored models, oldest first."""
    return sorted(file.parent.name for file in models_dir.glob(f"*/{CARD}") if not file.parent.name.startswith("."))


def promote(models_dir: Path, name: str) -> list[str]:
    """Put a stored model into use; readers pick it up at their next message. Returns the pointer's names."""
    card(models_dir, name)
    names = [name, *(other for other in promoted(models_dir) if other != name)][:_REMEMBERED]
    _point(models_dir, names)
    return names


def check_not_worse(models_dir: Path, name: str, *, anyway: bool = False) -> Verdict | None:
    """How a stored model stands beside the one in use, None where there is none or it is that one.

    Raises Conflict where it is shown to be worse, unless it is wanted `anyway`.
    """
    card(models_dir, name)
    names = promoted(models_dir)
    if not names or names[0] == name:
        return None
    verdict = judge(evidence.between(models_dir, name, names[0]))
    if verdict.standing is Standing.worse and not anyway:
        raise Conflict(f"{name} is worse than the model in use. {' '.join(verdict.words)}", mend=_ANYWAY)
    return verdict


_ANYWAY = "Say that it is wanted anyway (--anyway), or train again."


def rollback(models_dir: Path) -> list[str]:
    """Put the model before the current one back into use. Raises BadInput where there is none."""
    names = promoted(models_dir)
    before = [name for name in names[1:] if (models_dir / name / CARD).is_file()]
    if not before:
        raise BadInput("No model was promoted before the current one.", mend="Promote one by name.")
    _point(models_dir, before)
    return before


def prune(models_dir: Path, now: datetime, keep: Collection[str] = ()) -> list[str]:
    """Remove models that nobody will ask for; returns their names.

    Left are the promoted ones, the newest candidates and those named, and what may still be being written.
    """
    known = {*promoted(models_dir), *keep}
    candidates = [name for name in stored(models_dir) if name not in known]
    gone = candidates[:-_CANDIDATES]
    for name in gone:
        hidden = models_dir / f".old-{name}"  # in one step, so that nobody finds half a model
        (models_dir / name).rename(hidden)
        shutil.rmtree(hidden, ignore_errors=True)
    for torn in (*models_dir.glob(".new-*"), *models_dir.glob(".old-*")):
        if now.timestamp() - torn.stat().st_mtime > _TORN:
            shutil.rmtree(torn, ignore_errors=True)
    return gone


def _point(models_dir: Path, names: list[str]) -> None:
    handle, work = tempfile.mkstemp(prefix=".current-", dir=models_dir)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(names) + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(work).chmod(0o644)
        _make_newer(Path(work), models_dir / POINTER)
        os.replace(work, models_dir / POINTER)
    except BaseException:
        Path(work).unlink(missing_ok=True)
        raise


def _make_newer(file: Path, than: Path) -> None:
    """Readers look at the time stamp; two promotions within one tick of the file system's clock must differ."""
    if than.exists():
        stamp = max(file.stat().st_mtime_ns, than.stat().st_mtime_ns + 1)
        os.utime(file, ns=(stamp, stamp))
