"""From text to likely services, with a confidence that can be believed. Values in, values out.

spaCy and numpy are loaded at the first use of a model, never on import: half a second and 90 MB the web process can do
without.
"""

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core.errors import BadInput, NotFound
from core.logs import logger
from nlp.language import detect
from nlp.tokens import tokens

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from nlp.features import Floats, Sparse, Vocabulary

CARD = "card.json"
POINTER = "current"
PIPELINE = "pipeline"
TOP = 3
# nobody describes one matter in more; the rest of a 100 kB paste cannot slow the queue down
LONGEST_TEXT = 10_000
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A label (service code) and the calibrated probability that it is the right one."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Reason:
    """Words of a text and how much of a label's lead over others they make."""

    words: str
    weight: float


@dataclass(frozen=True, slots=True)
class Taught:
    """What staff placed `count` messages as that are nearly the same as a text; none was placed otherwise."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says about one text: the likeliest labels first, none for a text without a word in it.

    `threshold` is the confidence from which the model may route without a person; above 1 means never.
    """

    labels: tuple[Suggestion, ...]
    language: str | None
    model: str
    threshold: float

    @property
    def best(self) -> Suggestion | None:
        """The likeliest label."""
        return self.labels[0] if self.labels else None

    @property
    def confident(self) -> bool:
        """Whether the best label may be acted on without a person."""
        return bool(self.labels) and self.labels[0].probability >= self.threshold


class Classifier:
    """One trained model. Safe to share between threads; one text at a time takes about 0.2 ms."""

    def __init__(self, nlp: "Language", card: dict[str, Any]) -> None:
        self.nlp = nlp
        self.card = card
        self.name = str(card["name"])
        self.threshold = float(card["threshold"])
        self.labels = tuple(str(label) for label in card["labels"])
        self.languages = tuple(str(language) for language in card["languages"])
        self._pipe = cast(Any, nlp.get_pipe("textcat"))
        self._names: tuple[str, ...] = self._pipe.labels
        # the words it has seen are shared by all calls
        self._lock = threading.Lock()

    def classify(self, text: str, lang: str | None = None, picked: str | None = None, top: int = TOP) -> Prediction:
        """The likeliest labels of one text. `picked` is the category the citizen chose, where the model knows it."""
        doc = self._doc(text, picked)
        return self._read(doc, self._shares([doc])[0], text, lang, top)

    def classify_many(
        self,
        texts: Iterable[str],
        langs: Sequence[str | None] | None = None,
        picked: Sequence[str | None] | None = None,
        top: int = TOP,
    ) -> list[Prediction]:
        """The same for many texts, in their order; faster than one at a time."""
        found: list[Prediction] = []
        texts = list(texts)
        for start in range(0, len(texts), _BATCH):
            part = texts[start : start + _BATCH]
            picks = picked[start : start + _BATCH] if picked else [None] * len(part)
            hints = langs[start : start + _BATCH] if langs else [None] * len(part)
            docs = [self._doc(text, pick) for text, pick in zip(part, picks, strict=True)]
            for doc, shares, text, hint in zip(docs, self._shares(docs), part, hints, strict=True):
                found.append(self._read(doc, shares, text, hint, top))
        return found

    def reasons(self, text: str, label: str, picked: str | None = None) -> tuple[Reason, ...]:
        """The words of the text that weighed most for a label, heaviest first: at most five, as they were written.

        Measured against the likeliest other label and the average of all others, half and half. None for a label the
        model does not know, or where no word speaks for it.
        """
        from nlp.architecture import inside
        from nlp.reasons import reasons

        if label not in self.labels:
            return ()
        found = reasons(*inside(self.nlp), self.labels.index(label), text[:LONGEST_TEXT], picked)
        return tuple(Reason(words, weight) for words, weight in found)

    def features(self, text: str) -> "Sparse":
        """A text as rows of the weights and their values, as the model sees it without what was picked."""
        return self._vocabulary().encode(tokens(text[:LONGEST_TEXT]))

    @property
    def width(self) -> int:
        """How many features the model knows."""
        return len(self._vocabulary())

    def _vocabulary(self) -> "Vocabulary":
        from nlp.architecture import inside

        return inside(self.nlp)[0]

    def _doc(self, text: str, picked: str | None) -> "Doc":
        from nlp.architecture import unread

        return unread(self.nlp.vocab, text[:LONGEST_TEXT], picked)

    def _shares(self, docs: "list[Doc]") -> "Floats":
        """Calibrated probabilities, texts × labels. Past the pipeline's bookkeeping: it has this one pipe."""
        with self._lock:
            result: Floats = self._pipe.predict(docs)
        return result

    def _read(self, doc: "Doc", shares: "Floats", text: str, lang: str | None, top: int) -> Prediction:
        language = lang if lang is not None else detect(text, self.languages)
        if not len(doc):
            return Prediction((), language, self.name, self.threshold)
        # equal probabilities in the order of their names, so that an answer never depends on chance
        ranked = (-shares).argsort(kind="stable")[:top].tolist()
        suggestions = tuple(Suggestion(self._names[column], float(shares[column])) for column in ranked)
        return Prediction(suggestions, language, self.name, self.threshold)


def load(path: Path) -> Classifier:
    """The model stored in a folder. Raises NotFound where there is none, BadInput where it cannot be read."""
    card_file = path / CARD
    if not card_file.is_file():
        raise NotFound(f"There is no model in {path.name}.", mend="List the models with `ombud nlp compare`.")
    import spacy

    import nlp.architecture  # noqa: F401  (registers the tokeniser and the architecture)

    try:
        card = json.loads(card_file.read_text(encoding="utf-8"))
        pipeline = spacy.load(path / PIPELINE)
        return Classifier(pipeline, card)
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            f"The model in {path.name} cannot be read: {error}.", mend="Train again or roll back to another one."
        ) from error


class Current:
    """The promoted model of a folder; a promotion is noticed at the next text, without a restart."""

    def __init__(self, models_dir: Path) -> None:
        self.models_dir = models_dir
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._classifier: Classifier | None = None

    def get(self) -> Classifier | None:
        """The model, or None while none has been promoted. Looks at the pointer's stamp: a few microseconds."""
        stamp = self._look()
        if stamp == self._stamp:
            return self._classifier
        with self._lock:
            if stamp != self._stamp:
                self._classifier = self._load(stamp)
                self._stamp = stamp
            return self._classifier

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = (self.models_dir / POINTER).stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _load(self, stamp: tuple[int, int, int] | None) -> Classifier | None:
        if stamp is None:
            return None
        try:
            return load(self.models_dir / promoted(self.models_dir)[0])
        except (BadInput, NotFound) as error:
            # a model that cannot be read must not stop messages: the one before goes on, or the triage desk
            logger("nlp").error("model_unreadable", error=str(error), kept=self._classifier and self._classifier.name)
            return self._classifier


def promoted(models_dir: Path) -> list[str]:
    """Names of the promoted models, the current one first, then those it replaced. Empty where there is none."""
    try:
        return (models_dir / POINTER).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []


_current: dict[Path, Current] = {}


def current(models_dir: Path) -> Classifier | None:
    """The promoted model of this process, loaded at first use; None while there is none."""
    return _current.setdefault(models_dir, Current(models_dir)).get()
