"""What a model made of messages it had not seen, kept beside it: a later candidate can be set against it fairly.

A model is right more often on what it learnt from. So each is judged by its cross-validation on what both learnt from,
and by plain prediction on what came after it was trained. Kept is a hash of each text, never the text.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nlp.classifier import CARD
from nlp.training.prepare import Example
from nlp.training.verdict import Pair

if TYPE_CHECKING:
    from nlp.training.evaluate import Outcome

HELD = "held.json"
UNSEEN = "unseen.json"


class Tested(NamedTuple):
    """One held-out message and what a model made of it; `alone`: it would have been routed without a person."""

    language: str
    label: str
    right: bool
    alone: bool


Held = Mapping[str, Tested | None]
"""By the key of a message; None for what was learnt from and never tested."""


def key(text: str, label: str) -> str:
    """What a labelled text is known by."""
    return hashlib.sha256(f"{label}\t{text.casefold()}".encode()).hexdigest()[:20]


def held(learnt: Iterable[Example], asked: Sequence[Example], found: "Sequence[Outcome]", threshold: float) -> Held:
    """The evidence of one training: outcomes of those `asked`, and all it has `learnt` from beside them."""
    made: dict[str, Tested | None] = {key(one.text, one.label): None for one in learnt}
    for example, outcome in zip(asked, found, strict=True):
        made[key(example.text, example.label)] = tested(outcome, threshold)
    return made


def tested(outcome: "Outcome", threshold: float) -> Tested:
    """An outcome as it is kept."""
    return Tested(outcome.language, outcome.truth, outcome.right, outcome.confidence >= threshold)


def write(folder: Path, evidence: Held) -> None:
    """Keep it in the folder of its model."""
    rows = {name: list(one) if one else None for name, one in sorted(evidence.items())}
    (folder / HELD).write_text(json.dumps(rows, ensure_ascii=False) + "\n", encoding="utf-8")


def read(folder: Path) -> Held:
    """The evidence of a stored model; empty where there is none."""
    try:
        rows = json.loads((folder / HELD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {name: Tested(*one) if one else None for name, one in rows.items()}


def write_unseen(folder: Path, model: str, found: Mapping[str, Tested]) -> None:
    """Keep beside a new model what an older one made of messages that are in the evidence of the new one alone."""
    work = folder / f".{UNSEEN}"
    work.write_text(json.dumps({"model": model, "tested": found}) + "\n", encoding="utf-8")
    work.replace(folder / UNSEEN)  # nobody reads half of it


def between(models_dir: Path, after: str, before: str) -> list[Pair]:
    """All pairs there are of two stored models, from what is kept beside them; none of a model without evidence."""
    unseen: dict[str, Tested] = {}
    if (models_dir / after / UNSEEN).is_file():
        kept = json.loads((models_dir / after / UNSEEN).read_text(encoding="utf-8"))
        unseen = {name: Tested(*one) for name, one in kept["tested"].items()} if kept["model"] == before else {}
    common = common_labels(models_dir, after, before)
    return pairs(read(models_dir / after), read(models_dir / before), common, unseen)


def common_labels(models_dir: Path, *names: str) -> frozenset[str]:
    """Labels that all of these stored models know; of one that is gone, none."""
    known = []
    for name in names:
        try:
            known.append(frozenset(json.loads((models_dir / name / CARD).read_text(encoding="utf-8"))["labels"]))
        except FileNotFoundError:
            return frozenset()
    return frozenset[str].intersection(*known)


def pairs(after: Held, before: Held, common: frozenset[str], unseen: Mapping[str, Tested] | None = None) -> list[Pair]:
    """Messages of labels that both know and on which both were tested without having seen them.

    `unseen` is what the older model makes, asked now, of messages it never learnt from.
    """
    found = []
    for name, one in after.items():
        other = before.get(name) or (unseen or {}).get(name)
        if one is not None and other is not None and one.label in common:
            found.append(pair(one, other))
    return found


def pair(after: Tested, before: Tested) -> Pair:
    """One message as both models saw it."""
    return Pair(
        after.language,
        before.right,
        after.right,
        before.alone and not before.right,
        after.alone and not after.right,
    )
