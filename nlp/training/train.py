"""Training one model from a data set: deterministic for the same file, seed and library versions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nlp.architecture import ARCHITECTURE, blank, install
from nlp.classifier import LONGEST_TEXT, Classifier
from nlp.language import detect
from nlp.tokens import tokens
from nlp.training.balance import balance, best_temperature, log_loss
from nlp.training.calibrate import Calibration, Held, calibrate
from nlp.training.fit import USUAL_COST, Counted, Design, Fitted, count, design, solve, transform
from nlp.training.prepare import LEARN, Dataset, Example, check_trainable, label_names

Progress = Callable[[str, int, int], None]
Rows = NDArray[np.int64]

DEFAULT_LANGUAGES = ("en", "sq", "bn", "ru")
# how closely the weights follow the examples: noisy labels want little, few or clean ones more
COSTS = (0.15, 0.4, 1.0)
# on how many folds, and learning from how many texts, a cost is looked for
_SEARCHED = 3
_MANY = 1200
# counts × labels of a set that can be fitted ten times over in a few seconds
_LIGHT = 20_000_000


@dataclass(frozen=True, slots=True)
class Trained:
    """A model in memory, with the held-out scores its calibration rests on."""

    classifier: Classifier
    held: Held
    held_examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class _Data:
    counted: Counted
    truth: NDArray[np.str_]
    weight: NDArray[np.float64]
    seed: int


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
    # sums over several cores may differ in their last bit from machine to machine, and spin while they wait
    with threadpool_limits(1):
        return _train(dataset, seed, now, languages, progress)


def _train(dataset: Dataset, seed: int, now: datetime, languages: Sequence[str], progress: Progress | None) -> Trained:
    examples = dataset.part(*LEARN, "dev") if dataset.has_dev else dataset.part(*LEARN)
    names = label_names(examples)
    learnt = [*examples, *names]
    counted = count([tokens(e.text[:LONGEST_TEXT]) for e in learnt], [e.category for e in learnt])
    data = _Data(counted, np.array([e.label for e in learnt]), np.array([e.weight for e in learnt]), seed)
    dev = np.flatnonzero(np.array([e.split == "dev" for e in learnt]))
    tested = np.flatnonzero(np.array([e.split in ("fit", "") for e in learnt]))
    own = np.setdiff1d(np.arange(len(learnt)), dev)
    folds = [] if dev.size else _folds(data, tested)
    steps = len(folds) + 2
    _say(progress, "fit", 0, steps)
    cost = _cost(data, own, dev, folds)
    _say(progress, "fit", 1, steps)
    fitted = _fit(data, own, cost)
    _say(progress, "fit", 2, steps)
    if dev.size:
        raw = Held(_scores(counted, dev, fitted), _columns(data.truth[dev], fitted.labels))
        held_rows = dev
    else:
        raw = _cross_validate(data, folds, fitted.labels, cost, progress)
        held_rows = np.concatenate([np.empty(0, np.int64), *folds])
    balanced = balance(raw.logits, raw.truth, seed)
    fitted = replace(
        fitted,
        weights=(fitted.weights * balanced.balance.factor).astype(np.float32),
        bias=(fitted.bias * balanced.balance.factor + balanced.balance.shift).astype(np.float32),
    )
    held = Held(balanced.logits, raw.truth)
    calibration = calibrate(held)
    card = _card(
        dataset, examples, fitted, cost, calibration, seed, now, languages, len(own) - len(names), bool(dev.size)
    )
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


def _fit(data: _Data, rows: Rows, cost: float) -> Fitted:
    return _solve(data, rows, _design(data, rows), cost)


def _design(data: _Data, rows: Rows) -> Design:
    return design(data.counted, rows, len(set(data.truth[rows].tolist())))


def _solve(data: _Data, rows: Rows, made: Design, cost: float) -> Fitted:
    labels, weights, bias = solve(made.matrix, data.truth[rows].tolist(), data.seed, data.weight[rows], cost=cost)
    return Fitted(labels, made.grams, made.idf, weights, bias)


def _cost(data: _Data, own: Rows, dev: Rows, folds: Sequence[Rows]) -> float:
    """The cost of least log loss on texts not learnt from: the dev part, else of the first folds."""
    tests = [dev] if dev.size else list(folds[: _SEARCHED if len(own) < _MANY else 1])
    random = np.random.default_rng(data.seed)
    loss = dict.fromkeys(COSTS, 0.0)
    seen = 0
    for test in tests:
        rest = np.setdiff1d(own, test)
        # which cost is best shows on a part of them
        rest = np.sort(random.permutation(rest)[:_MANY])
        if len(set(data.truth[rest].tolist())) < 2:
            continue
        made = _design(data, rest)
        for cost in COSTS:
            fitted = _solve(data, rest, made, cost)
            truth = _columns(data.truth[test], fitted.labels)
            known = truth >= 0
            if not known.any():
                break
            seen = 1
            logits, right = _scores(data.counted, test[known], fitted), truth[known]
            loss[cost] += log_loss(logits / best_temperature(logits, right), right) * len(right)
    return min(COSTS, key=lambda cost: loss[cost]) if seen else USUAL_COST


def _scores(counted: Counted, rows: Rows, fitted: Fitted) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = (transform(counted, rows, fitted.grams, fitted.idf) @ fitted.weights) + fitted.bias
    return scores.astype(np.float32)


def _columns(truth: NDArray[np.str_], labels: Sequence[str]) -> NDArray[np.int64]:
    position = {label: column for column, label in enumerate(labels)}
    return np.array([position.get(str(label), -1) for label in truth], np.int64)


def _folds(data: _Data, among: Rows) -> list[Rows]:
    """Those rows dealt out label by label; more folds where there is little, as each must learn from nearly all.

    Where there is plenty, two of the three are enough to calibrate on, and the third is only learnt from.
    """
    truth, n = data.truth, len(among)
    work = (data.counted.word.nnz + data.counted.char.nnz) * len(set(truth.tolist()))
    wanted = 10 if n < 1500 and work < _LIGHT else 5 if n < 4000 and work < 3 * _LIGHT else 3
    hands = np.full(len(truth), -1, np.int64)
    random = np.random.default_rng(data.seed)
    dealt = 0
    for label in sorted(set(truth[among].tolist())):
        rows = among[truth[among] == label]
        hands[random.permutation(rows)] = (np.arange(len(rows)) + dealt) % wanted
        dealt += len(rows)
    found = [np.flatnonzero(hands == number) for number in range(wanted if wanted > 3 else 2)]
    return [rows for rows in found if rows.size]


def _cross_validate(
    data: _Data, folds: Sequence[Rows], labels: Sequence[str], cost: float, progress: Progress | None
) -> Held:
    # a label missing from a fold's own training part scores below everything there
    logits = np.full((len(data.truth), len(labels)), -3.0, np.float32)
    position = {label: column for column, label in enumerate(labels)}
    for number, rows in enumerate(folds):
        rest = np.setdiff1d(np.arange(len(data.truth)), rows)
        if len(set(data.truth[rest].tolist())) < 2:
            continue
        fitted = _fit(data, rest, cost)
        columns = np.array([position[label] for label in fitted.labels])
        logits[np.ix_(rows, columns)] = _scores(data.counted, rows, fitted)
        _say(progress, "calibrate", number + 3, len(folds) + 2)
    tested = np.concatenate([np.empty(0, np.int64), *folds])
    return Held(logits[tested], _columns(data.truth[tested], labels))


def _card(
    dataset: Dataset,
    examples: Sequence[Example],
    fitted: Fitted,
    cost: float,
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
        "cost": cost,
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
