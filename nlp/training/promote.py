"""Models on disk: stored whole or not at all, and one pointer file that says which one is in use.

`current` holds the names of promoted models, the newest first; rolling back takes the first line off. It is replaced in
one rename, so a reader sees the old pointer or the new one and never half of either.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from core.errors import BadInput, NotFound
from nlp.classifier import CARD, PIPELINE, POINTER, Classifier, promoted

_REMEMBERED = 20


def store(classifier: Classifier, models_dir: Path) -> str:
    """Write a model into its own folder and return the folder's name."""
    models_dir.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".new-", dir=models_dir))
    try:
        classifier.nlp.to_disk(work / PIPELINE)
        name = _free_name(models_dir, str(classifier.card["name"]))
        classifier.card["name"] = classifier.name = name
        (work / CARD).write_text(json.dumps(classifier.card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
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


def rollback(models_dir: Path) -> list[str]:
    """Put the model before the current one back into use. Raises BadInput where there is none."""
    names = promoted(models_dir)
    before = [name for name in names[1:] if (models_dir / name / CARD).is_file()]
    if not before:
        raise BadInput("No model was promoted before the current one.", mend="Promote one by name.")
    _point(models_dir, before)
    return before


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
