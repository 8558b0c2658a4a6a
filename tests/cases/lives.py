"""Stand-ins for trained models: a card and the evidence beside it, all that deciding about a model reads."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from nlp.classifier import promoted
from nlp.training import apart, evidence, promote
from nlp.training.evidence import Tested
from nlp.training.prepare import Dataset

LABELS = ("water", "passport")


def shelve(
    models_dir: Path, name: str, *, labels: Sequence[str] = LABELS, right: int = 180, of: int = 200, n_sq: int = 0
) -> str:
    """A stored model that was right on so many of its held-out messages, the first ones, `n_sq` of them Albanian."""
    folder = models_dir / name
    folder.mkdir(parents=True)
    card = {"name": name, "labels": list(labels), "trained_at": "2026-03-01T00:00:00+00:00", "threshold": 1.01}
    (folder / "card.json").write_text(json.dumps(card))
    held = {
        str(number): Tested("sq" if number < n_sq else "en", "water", number < right, False) for number in range(of)
    }
    evidence.write(folder, held)
    return name


class Trainer:
    """Trains nothing, but shelves a model of the quality it is told; remembers what it was given."""

    def __init__(self, **quality: Any) -> None:
        self.quality = quality
        self.given: list[Dataset] = []
        self.before: Callable[[], object] = lambda: None

    def __call__(
        self, dataset: Dataset, models_dir: Path, *, seed: int, now: datetime, languages: Sequence[str]
    ) -> dict[str, Any]:
        self.given.append(dataset)
        self.before()
        in_use = promoted(models_dir)
        name = shelve(models_dir, f"m{now:%m%d%H%M}-{len(promote.stored(models_dir))}", **self.quality)
        return {"name": name, "card": {}, "before": in_use[0] if in_use else None}


class Asked:
    """Answers for models: each knows `says[model](text)`; counts how often it was asked."""

    def __init__(self, **says: Callable[[str], str]) -> None:
        self.says = says
        self.batches: list[int] = []

    def __call__(
        self, names: Sequence[str], texts: Sequence[str], languages: Sequence[str]
    ) -> dict[str, list[apart.Opinion]]:
        assert len(texts) == len(languages)
        self.batches.append(len(texts))
        return {name: [apart.Opinion(self.says[name](text), 0.9, False) for text in texts] for name in names}
