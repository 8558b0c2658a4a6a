"""Teaching the recogniser of accusations: invented sentences, ordinary messages, and what staff found.

`python -m nlp.training.accusations` makes the weights of the package anew; do that after a change of
nlp/starter/integrity.csv, integrity_concepts.toml or the features. Where the bands lie is found by cross-validation:
a share of ordinary messages that the integrity office can bear to look at is given, and all else is recall.
"""

import hashlib
import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nlp.accusation import ORDINARY
from nlp.features import Vocabulary
from nlp.integrity import accuses
from nlp.recogniser import FILE, KINDS, Recogniser, Weights, combined, dump, parse
from nlp.tokens import tokens
from nlp.training import fit
from nlp.training.prepare import LEARN, Dataset, starter
from nlp.training.prepare import parse as parse_csv

PERHAPS = 0.06
"""Share of ordinary messages that may be caught: a look of the integrity office each, and one key to send them on."""
SURE = 0.005
"""Share of them from which on it is no longer called a perhaps."""
FOLDS = 5
Taught = tuple[str, str]
"""A text and what it is: a kind of accusation or `ordinary`."""


def invented() -> Dataset:
    """The sentences Ombud ships with; the split `test` is for measuring only."""
    return parse_csv("integrity.csv", (resources.files("nlp.starter") / "integrity.csv").read_bytes())


def train(taught: Sequence[Taught] = (), *, seed: int = 0) -> bytes:
    """Weights learnt from the invented sentences, the ordinary starter messages and what an installation `taught`."""
    own = [(example.text, example.label) for example in invented().part(*LEARN)]
    everyday = [(e.text, ORDINARY) for e in starter().examples if accuses(e.text) is None]
    texts, labels = zip(*own, *everyday, *taught, strict=True)
    found = [tokens(text) for text in texts]
    counted = fit.count(found, [None] * len(found))
    together = [combined(one) for one in found]
    names = np.array(labels)
    rows = np.arange(len(names))
    folds = np.random.default_rng(seed).permutation(len(names)) % FOLDS
    scores = np.zeros(len(names))
    for fold in range(FOLDS):
        rest, held = rows[folds != fold], rows[folds == fold]
        made, grams, idf, concepts, _ = _fit(counted, together, rest, names, seed)
        scores[held] = _matrix(counted, together, held, grams, idf, concepts) @ made[0] + made[1]
    # of ordinary messages as they come, not of those invented to be mistaken
    usual = scores[len(own) : len(own) + len(everyday)]
    perhaps, sure = (float(np.quantile(usual, 1 - share)) for share in (PERHAPS, SURE))
    accusing = scores[names != ORDINARY]
    _, grams, idf, concepts, (weights, bias) = _fit(counted, together, rows, names, seed)
    among = len(grams[0]) + len(grams[1])
    card = {
        "sha256": fingerprint(),
        "texts": len(names),
        "taught": len(taught),
        "recall": round(float((accusing >= perhaps).mean()), 3),
        "caught_of_ordinary": PERHAPS,
    }
    return dump(
        Weights(
            Vocabulary(grams[0], grams[1], [], idf),
            weights[:among],
            {name: row for row, name in enumerate(concepts)},
            weights[among:],
            bias,
            perhaps,
            sure,
        ),
        card,
    )


def fingerprint() -> str:
    """Of what the package's weights are made from, so that stale ones are noticed."""
    parts = [resources.files("nlp.starter") / "integrity.csv", resources.files("nlp") / "integrity_concepts.toml"]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:16]


def teach(models_dir: Path, taught: Sequence[Taught]) -> dict[str, Any]:
    """Learn from what staff found too, and put it into use; gives the card."""
    data = train(taught)
    models_dir.mkdir(parents=True, exist_ok=True)
    beside = models_dir / f".{FILE}.{os.getpid()}"
    beside.write_bytes(data)
    beside.replace(models_dir / FILE)
    return parse(data).card


def measure(recogniser: Recogniser, split: str = "test") -> dict[str, dict[str, float]]:
    """By language: share of accusing sentences caught by the rules, by both together, and of ordinary ones."""
    report = {}
    examples = invented().part(split)
    for language in (*sorted({str(e.lang) for e in examples}), "all"):
        here = [e for e in examples if language in ("all", e.lang)]
        accusing = [e.text for e in here if e.label != ORDINARY]
        ordinary = [e.text for e in here if e.label == ORDINARY]
        report[language] = {
            "n": len(accusing),
            "rules": _share([accuses(text) is not None for text in accusing]),
            "both": _share([bool(accuses(text) or recogniser.accuses(text)) for text in accusing]),
            "ordinary": len(ordinary),
            "false": _share([bool(accuses(text) or recogniser.accuses(text)) for text in ordinary]),
        }
    return report


def _share(hits: Sequence[bool]) -> float:
    return round(sum(hits) / max(1, len(hits)), 3)


def _fit(
    counted: fit.Counted, together: Sequence[Sequence[str]], rows: NDArray[np.int64], names: NDArray[np.str_], seed: int
) -> tuple[Any, fit.Grams, Any, list[str], tuple[Any, Any]]:
    """Accusing against ordinary as (weights, bias), then the columns of all kinds in the order of `KINDS`."""
    made = fit.design(counted, rows)
    concepts = sorted({one for row in rows for one in together[row]})
    matrix = sparse.hstack([made.matrix, _concept_matrix(together, rows, concepts)], format="csr")
    found, weights, bias = fit.solve(matrix, names[rows].tolist(), seed)
    order = [found.index(kind) for kind in KINDS]
    ordinary = found.index(ORDINARY)
    columns = (np.ascontiguousarray(weights[:, order]), bias[order])
    return (-weights[:, ordinary], -bias[ordinary]), made.grams, made.idf, concepts, columns


def _matrix(
    counted: fit.Counted,
    together: Sequence[Sequence[str]],
    rows: NDArray[np.int64],
    grams: fit.Grams,
    idf: Any,
    concepts: Sequence[str],
) -> fit.Matrix:
    return sparse.hstack(
        [fit.transform(counted, rows, grams, idf), _concept_matrix(together, rows, concepts)], format="csr"
    )


def _concept_matrix(together: Sequence[Sequence[str]], rows: NDArray[np.int64], names: Sequence[str]) -> fit.Matrix:
    index = {name: column for column, name in enumerate(names)}
    at, columns, values = [], [], []
    for number, row in enumerate(rows):
        known = [index[one] for one in together[row] if one in index]
        at += [number] * len(known)
        columns += known
        values += [len(known) ** -0.5] * len(known) if known else []
    return sparse.csr_matrix((np.array(values, np.float32), (at, columns)), shape=(len(rows), len(names)))


if __name__ == "__main__":
    Path(__file__).parent.parent.joinpath(FILE).write_bytes(train())
