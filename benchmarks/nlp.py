"""How well and how fast texts are understood, beside scikit-learn's usual models on the same split in the same run.

Every CSV file of `OMBUD_BENCH_DATA_DIR` with the columns split, lang, label and text is a set: trained on `fit`,
reported on `dev`. Two sets with the same ids are also joined: the finer labels are what the citizen picked, the coarser
what is to be found. Without that folder the starter set is split in itself. fastText takes part where it is installed.
"""

import csv
import importlib.util
import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from benchmarks.figures import Figure, figure, folder, told
from benchmarks.site import Unusable
from nlp.classifier import Classifier
from nlp.tokens import tokens
from nlp.training.calibrate import coverage
from nlp.training.evaluate import figures as report
from nlp.training.evaluate import outcomes, speed
from nlp.training.prepare import Dataset, Example, starter
from nlp.training.promote import store
from nlp.training.train import train

_DRAWS = 3
NEEDED = {"split", "lang", "label", "text"}
# shares that must be right with 5 and with 20 examples a label
FEW = {"tr_muni": (0.60, 0.75), "gnv_type": (0.33, 0.44)}
# shares right and routable at 95% once the citizen picked a category
PICKED = (0.85, 0.70)
FIRST = (
    "import sys; from pathlib import Path; from nlp.classifier import load; "
    "load(Path(sys.argv[1])).classify('no water')"
)


@dataclass(frozen=True, slots=True)
class Set:
    """One set of labelled texts, split."""

    name: str
    fit: tuple[Example, ...]
    dev: tuple[Example, ...]
    by_id: dict[str, Example] = field(default_factory=dict, repr=False)

    def few(self, each: int, seed: int = 0) -> "Set":
        """The same with at most `each` examples of a label to learn from."""
        by_label: dict[str, list[Example]] = defaultdict(list)
        for example in random.Random(seed).sample(self.fit, len(self.fit)):
            by_label[example.label].append(example)
        chosen = tuple(example for label in sorted(by_label) for example in by_label[label][:each])
        return Set(f"{self.name}, {each} a label", chosen, self.dev)


def run(quick: bool = False) -> list[Figure]:
    """All sets; `quick` takes a few texts and serves to see that it works."""
    sets = _sets()
    if quick:
        sets = [Set(one.name, one.few(6).fit, one.dev[:120]) for one in sets[:1]]
    found: list[Figure] = []
    ahead = 0
    for one in sets:
        told.print(f"{one.name}: {len(one.fit)} texts to learn from, {len(one.dev)} to report on", style="dim")
        rows, better = _quality(one, quick)
        found += rows
        ahead += better
    for one in _joined(sets):
        found += _picked(one)
    found.append(
        figure("nlp: sets with more coverage than the SVC", ahead, len(sets), "sets", least=None if quick else 0.75)
    )
    return found + _speed(max(sets, key=lambda one: len(one.fit)), quick)


def _sets() -> list[Set]:
    where = os.environ.get("OMBUD_BENCH_DATA_DIR")
    if not where:
        examples = starter().examples
        return [Set("starter", examples[::2] + examples[1::4], examples[3::4])]
    csv.field_size_limit(10_000_000)
    sets = []
    for path in sorted(Path(where).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if not set(reader.fieldnames or ()) >= NEEDED:
                continue
            made = {
                row.get("id") or str(line): Example(
                    row["text"], row["label"], row["lang"] or None, None, row["split"], line
                )
                for line, row in enumerate(reader, 2)
                if row["text"].strip()
            }
        parts = {part: tuple(one for one in made.values() if one.split == part) for part in ("fit", "dev")}
        sets.append(Set(path.stem, parts["fit"], parts["dev"], made))
    if not sets:
        raise Unusable(f"No CSV file in OMBUD_BENCH_DATA_DIR has the columns {', '.join(sorted(NEEDED))}.")
    return sets


def _joined(sets: Sequence[Set]) -> list[Set]:
    found = []
    for one in sets:
        for other in sets:
            shared = one.by_id.keys() & other.by_id.keys()
            fewer = len({e.label for e in one.fit}) < len({e.label for e in other.fit})
            alike = sum(one.by_id[key].text == other.by_id[key].text for key in shared)
            if fewer and alike > 0.8 * len(one.by_id):
                made = [replace(one.by_id[key], category=other.by_id[key].label) for key in one.by_id if key in shared]
                parts = {part: tuple(e for e in made if e.split == part) for part in ("fit", "dev")}
                found.append(Set(f"{one.name} with {other.name} picked", parts["fit"], parts["dev"]))
    return found


def _picked(one: Set) -> list[Figure]:
    classifier = _ours(one)
    ours = report(outcomes(classifier, one.dev), classifier.threshold)
    return [
        figure(f"nlp: {one.name}: right", ours["accuracy"], PICKED[0], "share", least=1),
        figure(f"nlp: {one.name}: routable at 95%", ours["coverage_at_95"], PICKED[1], "share", least=1),
    ]


def _ours(one: Set) -> Classifier:
    learn = tuple(Example(e.text, e.label, e.lang, e.category, "fit", e.line) for e in one.fit)
    return train(Dataset(one.name, "", learn), seed=0, now=datetime.now(UTC), strict=False).classifier


def _quality(one: Set, quick: bool) -> tuple[list[Figure], bool]:
    """Figures of one set, and whether ours could route more than the SVC at 95% precision."""
    classifier = _ours(one)
    ours = report(outcomes(classifier, one.dev), classifier.threshold)
    peers = {name: _peer(one, make) for name, make in PEERS.items()}
    if importlib.util.find_spec("fasttext") is not None:
        peers["fastText"] = _fasttext(one)
    for name, (accuracy, covered) in peers.items():
        told.print(f"{one.name}: {name} {accuracy:.3f} right, {covered:.3f} at 95% precision", style="dim")
    accuracy, covered = peers["word and character SVC"]
    exact = 0.9 if quick else 1 - 0.005 / accuracy
    rows = [
        figure(f"nlp: {one.name}: right", ours["accuracy"], accuracy, "share", least=exact),
        figure(f"nlp: {one.name}: routable at 95%", ours["coverage_at_95"], covered, "share"),
        figure(f"nlp: {one.name}: calibration error", ours["ece"], 0.06, "share", most=None if quick else 1),
    ]
    if (precision := ours["precision_at_threshold"]) is not None:
        rows.append(figure(f"nlp: {one.name}: right of those routed", precision, 0.94, "share", least=1))
    for number, each in enumerate(() if quick else (5, 20)):
        # which few they are matters more than the model: the mean of several draws
        learnt = [report(outcomes(_ours(one.few(each, seed)), one.dev), 1.0)["accuracy"] for seed in range(_DRAWS)]
        goal = FEW[one.name][number] if one.name in FEW else None
        reference = goal or ours["accuracy"]
        least = None if goal is None else 1.0
        name = f"nlp: {one.name}: right with {each} a label"
        rows.append(figure(name, float(np.mean(learnt)), reference, "share", least=least))
    return rows, ours["coverage_at_95"] > covered


def _svc() -> Any:
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    return make_pipeline(make_union(words, letters), LinearSVC(C=0.5))


def _regression() -> Any:
    return make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))


PEERS: dict[str, Callable[[], Any]] = {"word regression": _regression, "word and character SVC": _svc}


def _peer(one: Set, make: Callable[[], Any]) -> tuple[float, float]:
    """Accuracy, and coverage at 95% precision ranked by the distance between the first two scores."""
    machine = make()
    machine.fit([e.text for e in one.fit], [e.label for e in one.fit])
    scores = np.atleast_2d(machine.decision_function([e.text for e in one.dev]))
    if scores.shape[0] == 1:
        scores = np.column_stack([-scores[0], scores[0]])
    names: Sequence[str] = machine.classes_
    right: NDArray[np.bool_] = np.array(
        [names[column] == e.label for column, e in zip(scores.argmax(axis=1), one.dev, strict=True)]
    )
    ranked = np.sort(scores, axis=1)
    return float(right.mean()), coverage(ranked[:, -1] - ranked[:, -2], right)


def _fasttext(one: Set) -> tuple[float, float]:
    """The same of a library people often reach for, as its own tutorial sets it up: ranked by its first probability."""
    import fasttext  # type: ignore[import-not-found]

    names = sorted({e.label for e in one.fit})
    with folder() as scratch:
        file = scratch / "fit.txt"
        lines = (f"__label__{names.index(e.label)} {' '.join(tokens(e.text))}\n" for e in one.fit)
        file.write_text("".join(lines), encoding="utf-8")
        machine = fasttext.train_supervised(
            str(file), epoch=25, lr=0.5, wordNgrams=2, minn=2, maxn=5, thread=1, verbose=0
        )
    guesses = [machine.predict(" ".join(tokens(e.text))) for e in one.dev]
    right = np.array(
        [
            bool(label) and names[int(label[0].removeprefix("__label__"))] == e.label
            for (label, _), e in zip(guesses, one.dev, strict=True)
        ]
    )
    return float(right.mean()), coverage(np.array([float(p[0]) if len(p) else 0.0 for _, p in guesses]), right)


def _speed(one: Set, quick: bool) -> list[Figure]:
    began = time.process_time()
    classifier = _ours(one)
    spent = time.process_time() - began
    pace = speed(classifier, [e.text for e in one.dev])
    svc = _svc()
    svc.fit([e.text for e in one.fit], [e.label for e in one.fit])
    texts = [e.text for e in one.dev]
    began = time.process_time()
    svc.predict(texts)
    peer = len(texts) / (time.process_time() - began)
    with folder() as scratch:
        where = scratch / store(classifier, scratch)
        size = sum(file.stat().st_size for file in where.rglob("*") if file.is_file()) / 1e6
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", FIRST, str(where)], check=True, cwd=Path(__file__).parent.parent)
        first = time.perf_counter() - began
    rate, alone = pace["messages_per_second"], pace["messages_per_second_single"]
    return [
        figure("nlp: messages in batch, beside the SVC", rate, peer, "messages/s"),
        figure("nlp: messages in batch", rate, 5_000, "messages/s", least=None if quick else 1),
        figure("nlp: messages one at a time", alone, 2_500, "messages/s", least=None if quick else 1),
        figure("nlp: 95th percentile of one", pace["p95_ms_single"], 1, "ms", most=None if quick else 1),
        figure("nlp: model on disk", size, 30, "MB", most=1),
        figure("nlp: trained anew", spent, 10, "s", most=None if quick else 1),
        figure("nlp: first prediction of a process", first, 3, "s", most=None if quick else 1),
    ]
