"""One training from data set to shelf: fitted, measured on what it had not seen, stored, set against the one in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import BadInput, NotFound
from nlp.classifier import Classifier, load, promoted
from nlp.confidence import Bend
from nlp.training import evidence
from nlp.training import promote as shelf
from nlp.training.evaluate import Outcome, figures, held_outcomes, outcomes
from nlp.training.prepare import LEARN, Dataset, Example
from nlp.training.train import Progress, Trained, train
from nlp.training.verdict import Pair


@dataclass(frozen=True, slots=True)
class Taught:
    """A stored candidate, and the model in use it was set against; None where there was none that could be read."""

    name: str
    card: dict[str, Any]
    before: str | None


def teach(
    dataset: Dataset,
    models_dir: Path,
    *,
    seed: int,
    now: datetime,
    languages: Sequence[str],
    strict: bool = True,
    progress: Progress | None = None,
) -> Taught:
    """Train and store, and compare with the model in use; which one is used does not change.

    Raises BadInput, and then nothing is stored.
    """
    made = train(dataset, seed=seed, now=now, languages=languages, strict=strict, progress=progress)
    card, threshold = made.classifier.card, made.classifier.threshold
    found = tested(made)
    card["metrics"] = figures(found, threshold)
    held = evidence.held(dataset.part(*LEARN), made.held_examples, found, threshold)
    name = shelf.store(made.classifier, models_dir, held)
    before = _in_use(models_dir)
    seen = evidence.read(models_dir / before.name) if before is not None else {}
    if before is not None and seen:  # one without evidence may have learnt from any of it
        evidence.write_unseen(models_dir / name, before.name, _ask(before, made.held_examples, seen))
    return Taught(name, card, before.name if before is not None else None)


def _ask(model: Classifier, examples: Sequence[Example], seen: evidence.Held) -> dict[str, evidence.Tested]:
    """What a model makes of those examples that it never learnt from, of labels it knows."""
    new = {evidence.key(one.text, one.label): one for one in examples if one.label in model.labels}
    asked = {name: one for name, one in new.items() if name not in seen}
    found = outcomes(model, list(asked.values()))
    return {name: evidence.tested(outcome, model.threshold) for name, outcome in zip(asked, found, strict=True)}


def side_by_side(after: Classifier, before: Classifier, examples: Sequence[Example]) -> list[Pair]:
    """Both models asked about the same messages, of labels that both know."""
    common = frozenset(after.labels) & frozenset(before.labels)
    some = [one for one in examples if one.label in common]
    return [
        evidence.pair(evidence.tested(new, after.threshold), evidence.tested(old, before.threshold))
        for new, old in zip(outcomes(after, some), outcomes(before, some), strict=True)
    ]


def tested(made: Trained) -> list[Outcome]:
    """What a model made of the texts that its weights had not seen."""
    card = made.classifier.card
    return held_outcomes(
        made.held, made.held_examples, card["labels"], card["temperature"], Bend(*card["bend"]), card["languages"]
    )


def _in_use(models_dir: Path) -> Classifier | None:
    try:
        return load(models_dir / promoted(models_dir)[0])
    except (IndexError, BadInput, NotFound):
        return None
