"""Training one model from a data set: deterministic for the same file, seed and library versions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.architecture import ARCHITECTURE, blank, install
from nlp.classifier import LONGEST_TEXT, Classifier
from nlp.language import detect
from nlp.tokens import tokens
from nlp.training.calibrate import Calibration, Held, calibrate
from nlp.training.fit import Counted, Fitted, count, design, solve, transform
from nlp.training.prepare import LEARN, Dataset, Example, check_trainable

Progress = Callable[[str, int, int], None]
Rows = NDArray[np.int64]

DEFAULT_LANGUAGES = ("en", "sq", "bn", "ru")


@dataclass(frozen=True, slots=True)
class Trained:
    """A model in memory, with the held-out scores its calibration rests on."""

    classifier: Classifier
    held: Held
    held_examples: tuple[Example, ...]


def train(
    dataset: Dataset,
    *,
    seed: int,
    now: datetime,
    languages: Sequence[str] = DEFAULT_LANGUAGES,
    strict: bool = True,
    progress: Progress | None = None,
) -> Trained:
    """Fit, calibrate and wrap. Raises BadInput where the data cannot teach anything."""
    check_trainable(dataset, strict=strict)
    examples = dataset.part(*LEARN, "dev") if dataset.has_dev else dataset.part(*LEARN)
    counted = count([tokens(e.text[:LONGEST_TEXT]) for e in examples], [e.category for e in examples])
    truth = np.array([e.label for e in examples])
    weight = np.array([e.weight for e in examples])
    dev = np.flatnonzero(np.array([e.split == "dev" for e in examples]))
    tested = np.flatnonzero(np.array([e.split in ("fit", "") for e in examples]))
    own = np.setdiff1d(np.arange(len(examples)), dev)
    folds = [] if dev.size else _folds(truth, tested, seed)
    steps = len(folds) + 1
    _say(progress, "fit", 0, steps)
    fitted = _fit(counted, own, truth, weight, seed)
    _say(progress, "fit", 1, steps)
    if dev.size:
        held = Held(_scores(counted, dev, fitted), _columns(truth[dev], fitted.labels))
        held_rows = dev
    else:
        held = _cross_validate(counted, truth, weight, folds, fitted.labels, seed, progress)
        held_rows = np.concatenate([np.empty(0, np.int64), *folds])
    calibration = calibrate(held)
    card = _card(dataset, examples, fitted, calibration, seed, now, languages, len(own), bool(dev.size))
    nlp = blank()
    install(
        nlp,
        fitted.labels,
        fitted.grams,
        fitted.idf,
        fitted.weights,
        fitted.bias,
        calibration.temperature,
        calibration.bend,
    )
    return Trained(Classifier(nlp, card), held, tuple(examples[row] for row in held_rows))


def _say(progress: Progress | None, what: str, done: int, of: int) -> None:
    if progress is not None:
        progress(what, done, of)


def _fit(counted: Counted, rows: Rows, truth: NDArray[np.str_], weight: NDArray[np.float64], seed: int) -> Fitted:
    made = design(counted, rows)
    labels, weights, bias = solve(made.matrix, truth[rows].tolist(), seed, weight[rows])
    return Fitted(labels, made.grams, made.idf, weights, bias)


def _scores(counted: Counted, rows: Rows, fitted: Fitted) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = (transform(counted, rows, fitted.grams, fitted.idf) @ fitted.weights) + fitted.bias
    return scores.astype(np.float32)


def _columns(truth: NDArray[np.str_], labels: Sequence[str]) -> NDArray[np.int64]:
    position = {label: column for column, label in enumerate(labels)}
    return np.array([position.get(str(label), -1) for label in truth], np.int64)


def _folds(truth: NDArray[np.str_], among: Rows, seed: int) -> list[Rows]:
    """Those rows dealt out label by label; more folds where there is little, as each must learn from nearly all."""
    wanted = 10 if len(among) < 1500 else 5 if len(among) < 4000 else 3
    hands = np.full(len(truth), -1, np.int64)
    random = np.random.default_rng(seed)
    dealt = 0
    for label in sorted(set(truth[among].tolist())):
        rows = among[truth[among] == label]
        hands[random.permutation(rows)] = (np.arange(len(rows)) + dealt) % wanted
        dealt += len(rows)
    found = [np.flatnonzero(hands == number) for number in range(wanted)]
    return [rows for rows in found if rows.size]


def _cross_validate(
    counted: Counted,
    truth: NDArray[np.str_],
    weight: NDArray[np.float64],
    folds: Sequence[Rows],
    labels: Sequence[str],
    seed: int,
    progress: Progress | None,
) -> Held:
    # a label missing from a fold's own training part scores below everything there
    logits = np.full((len(truth), len(labels)), -3.0, np.float32)
    position = {label: column for column, label in enumerate(labels)}
    for number, rows in enumerate(folds):
        rest = np.setdiff1d(np.arange(len(truth)), rows)
        if len(set(truth[rest].tolist())) < 2:
            continue
        fitted = _fit(counted, rest, truth, weight, seed)
        columns = np.array([position[label] for label in fitted.labels])
        logits[np.ix_(rows, columns)] = _scores(counted, rows, fitted)
        _say(progress, "calibrate", number + 2, len(folds) + 1)
    tested = np.concatenate([np.empty(0, np.int64), *folds])
    return Held(logits[tested], _columns(truth[tested], labels))


def _card(
    dataset: Dataset,
    examples: Sequence[Example],
    fitted: Fitted,
    calibration: Calibration,
    seed: int,
    now: datetime,
    languages: Sequence[str],
    trained_on: int,
    own_dev: bool,
) -> dict[str, Any]:
    spoken = [e.lang or detect(e.text, languages) or "unknown" for e in examples]
    return {
        "name": f"{now:%Y%m%dT%H%M%SZ}-{dataset.sha256[:8]}-{seed}",
        "trained_at": now.isoformat(),
        "data": {
            "file": dataset.name,
            "sha256": dataset.sha256,
            "rows": len(dataset.examples),
            "trained_on": trained_on,
            "phrases": len(dataset.part("phrase")),
        },
        "seed": seed,
        "labels": list(fitted.labels),
        "languages": list(languages),
        "counts": {
            "per_label": _tally([e.label for e in examples]),
            "per_language": _tally(spoken),
            "ngrams": int(fitted.weights.shape[0]),
        },
        "temperature": calibration.temperature,
        "bend": list(calibration.bend),
        "threshold": calibration.threshold,
        "routed_at_threshold": calibration.routed,
        "calibrated_on": {"how": "dev split" if own_dev else "cross-validation", "n": calibration.n},
        "architecture": ARCHITECTURE,
        "versions": {name: version(name) for name in ("spacy", "thinc", "scikit-learn", "numpy")},
    }


def _tally(values: Sequence[str]) -> dict[str, int]:
    return {value: values.count(value) for value in sorted(set(values))}
