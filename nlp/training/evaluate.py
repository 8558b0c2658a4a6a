"""How good a model is on labelled texts, as one dictionary of figures."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlp.classifier import Classifier, Prediction
from nlp.confidence import Bend, recalibrate
from nlp.language import detect
from nlp.training.calibrate import Held, coverage, expected_calibration_error, probabilities
from nlp.training.prepare import Example

_TOP = 3
_TIMED = 1000
_MIN_SECONDS = 0.2
_Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Outcome:
    """One text: the right label, the guesses (likeliest first) and the confidence of the first."""

    truth: str
    guesses: tuple[str, ...]
    confidence: float
    language: str

    @property
    def right(self) -> bool:
        """Whether the first guess is the right label."""
        return bool(self.guesses) and self.guesses[0] == self.truth


def outcomes(classifier: Classifier, examples: Sequence[Example]) -> list[Outcome]:
    """What the classifier says about each example."""
    found = classifier.classify_many(
        [e.text for e in examples], [e.lang for e in examples], [e.category for e in examples], top=_TOP
    )
    return [_outcome(example, prediction) for example, prediction in zip(examples, found, strict=True)]


def _outcome(example: Example, prediction: Prediction) -> Outcome:
    guesses = tuple(suggestion.label for suggestion in prediction.labels)
    confidence = prediction.best.probability if prediction.best else 0.0
    return Outcome(example.label, guesses, confidence, prediction.language or "unknown")


def held_outcomes(
    held: Held,
    examples: Sequence[Example],
    labels: Sequence[str],
    temperature: float,
    bend: Bend,
    languages: Sequence[str],
) -> list[Outcome]:
    """The same from scores kept while training."""
    shares = recalibrate(probabilities(held.logits, temperature), bend)
    ranked = np.argsort(-shares, axis=1, kind="stable")[:, :_TOP]
    return [
        Outcome(
            example.label,
            tuple(labels[column] for column in ranked[row]),
            float(shares[row, ranked[row, 0]]),
            example.lang or detect(example.text, languages) or "unknown",
        )
        for row, example in enumerate(examples)
    ]


def figures(found: Sequence[Outcome], threshold: float) -> dict[str, Any]:
    """Accuracy, macro-F1, top three, coverage, calibration and what the threshold does; per language and label too.

    `coverage_at_95` is the largest share that could be routed at 95% precision were the threshold chosen on these very
    texts; `precision_at_threshold` and `coverage_at_threshold` are what the model's own threshold does on them.
    """
    right = np.array([outcome.right for outcome in found], bool)
    confidence = np.array([outcome.confidence for outcome in found])
    routed = confidence >= threshold
    per_label = _per_label(found)
    languages = sorted({outcome.language for outcome in found})
    return {
        "n": len(found),
        "labels": len({outcome.truth for outcome in found}),
        "accuracy": _share(right),
        "accuracy_interval": _interval(int(right.sum()), len(found)),
        "macro_f1": round(float(np.mean([row["f1"] for row in per_label.values()])), 4) if per_label else 0.0,
        "top3": _share(np.array([outcome.truth in outcome.guesses for outcome in found], bool)),
        "coverage_at_95": round(coverage(confidence, right), 4),
        "ece": round(expected_calibration_error(confidence, right), 4),
        "threshold": round(threshold, 4),
        "coverage_at_threshold": _share(routed),
        "precision_at_threshold": _share(right[routed]) if routed.any() else None,
        "per_language": {
            language: _brief([o for o in found if o.language == language], threshold) for language in languages
        },
        "per_label": per_label,
    }


def _brief(found: Sequence[Outcome], threshold: float) -> dict[str, Any]:
    right = np.array([outcome.right for outcome in found], bool)
    return {
        "n": len(found),
        "accuracy": _share(right),
        "top3": _share(np.array([outcome.truth in outcome.guesses for outcome in found], bool)),
        "coverage_at_threshold": _share(np.array([outcome.confidence >= threshold for outcome in found], bool)),
    }


def _per_label(found: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    guessed = [outcome.guesses[0] if outcome.guesses else "" for outcome in found]
    rows: dict[str, dict[str, Any]] = {}
    for label in sorted({o.truth for o in found} | {guess for guess in guessed if guess}):
        hits = sum(o.truth == label == guess for o, guess in zip(found, guessed, strict=True))
        named, there = guessed.count(label), sum(o.truth == label for o in found)
        precision, recall = hits / named if named else 0.0, hits / there if there else 0.0
        rows[label] = {
            "n": there,
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1": round(2 * precision * recall / (precision + recall), 4) if hits else 0.0,
        }
    return rows


def _share(flags: Any) -> float:
    return round(float(np.mean(flags)), 4) if len(flags) else 0.0


def _interval(hits: int, n: int) -> list[float]:
    """Wilson's two-sided 95% interval."""
    if not n:
        return [0.0, 1.0]
    share = hits / n
    middle = share + _Z95**2 / (2 * n)
    spread = _Z95 * (share * (1 - share) / n + _Z95**2 / (4 * n**2)) ** 0.5
    return [round((middle - spread) / (1 + _Z95**2 / n), 4), round((middle + spread) / (1 + _Z95**2 / n), 4)]


def speed(classifier: Classifier, texts: Sequence[str]) -> dict[str, float]:
    """Messages a second in batch and one at a time, and 95th percentile of one message in milliseconds; one core.

    In processor time, so that what else the machine does is not counted.
    """
    if not texts:
        return {}
    some = list(texts[:_TIMED])
    classifier.classify_many(some)
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < _MIN_SECONDS:
        classifier.classify_many(some)
        done += len(some)
    single: list[float] = []
    for text in some:
        began = time.process_time()
        classifier.classify(text)
        single.append(time.process_time() - began)
    return {
        "messages_per_second": round(done / spent, 1),
        "messages_per_second_single": round(len(single) / sum(single), 1),
        "p95_ms_single": round(float(np.percentile(single, 95)) * 1000, 3),
    }
