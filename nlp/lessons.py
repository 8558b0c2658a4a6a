"""What staff taught since the model was trained, in effect at once: no retraining, no change of the model.

Each correction is kept as the model's own features of its text. How alike two texts are is the cosine of these, k. A
new text's probabilities p become p + k·A, where A solves (K + λI) A = Y − P over all lessons: kernel ridge regression
(Saunders, Gammerman and Vovk, "Ridge regression learning algorithm in dual variables", ICML 1998) of what the model got
wrong. So a lesson weighs by how like it the text is, several that agree weigh more, and where the model was right
already nothing moves. One wrong lesson moves a text that shares nothing with it not at all.

Importing this imports numpy; processes that only show pages load it with the model, not before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.classifier import Classifier, Suggestion, Taught
from nlp.features import Floats, Indexes

Scores = NDArray[np.float64]

LIMIT = 500
"""Lessons kept: the last ones."""
RIDGE = 0.5
"""λ: how much of a mistake a single lesson mends for the very same text is 1 / (1 + λ)."""
NEAR = 0.7
"""Cosine from which two texts are nearly the same: a word or two differ."""
ENOUGH = 3
"""Nearly the same messages that staff placed alike, from which one more goes there without a person."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text and the label staff gave it. `key` tells lessons apart; the same key is the same text."""

    key: str
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class _Read:
    """A text as the model sees it: its features with a length of one, and the probability of each label."""

    rows: Indexes
    values: Floats
    shares: Scores


class Memory:
    """Lessons made ready for one model. Immutable; safe to share between threads.

    `before` is an earlier memory whose work is used again for the lessons both have; the last of a key counts.
    """

    def __init__(self, model: Classifier, lessons: Sequence[Lesson], before: "Memory | None" = None) -> None:
        last = {lesson.key: lesson for lesson in lessons}
        self.model = model
        self.lessons = tuple(last.values())[-LIMIT:]
        self.labels = (*model.labels, *sorted({lesson.label for lesson in self.lessons} - set(model.labels)))
        self._column = {label: column for column, label in enumerate(self.labels)}
        usable = before if before is not None and before.model is model else None
        known = {lesson.key: at for at, lesson in enumerate(usable.lessons)} if usable else {}
        self._read: list[_Read] = [
            usable._read[known[lesson.key]]
            if usable and lesson.key in known and usable.lessons[known[lesson.key]].text == lesson.text
            else self._look(lesson.text)
            for lesson in self.lessons
        ]
        self._index()
        self._alike = self._compare(usable, known)
        self._mend = self._solve()

    def __len__(self) -> int:
        return len(self.lessons)

    def rank(self, text: str, top: int, picked: str | None = None) -> tuple[Suggestion, ...]:
        """The likeliest labels of a text as the model and the lessons see it together, likeliest first."""
        read = self._look(text, picked)
        if not read.rows.size:
            return ()
        shares = self._widen(read.shares)
        if self.lessons:
            shares = np.maximum(shares + self._similar(read.rows, read.values) @ self._mend, 0.0)
            shares = shares / (shares.sum() or 1.0)
        ranked = sorted(zip(self.labels, shares.tolist(), strict=True), key=lambda item: (-item[1], item[0]))[:top]
        return tuple(Suggestion(label, share) for label, share in ranked)

    def taught(self, text: str) -> Taught | None:
        """What the text is, where at least `ENOUGH` lessons are nearly the same and all say so; else None."""
        if len(self.lessons) < ENOUGH:
            return None
        near = self._near(text)
        said = {self.lessons[at].label for at in near}
        return Taught(said.pop(), len(near)) if len(near) >= ENOUGH and len(said) == 1 else None

    def like(self, text: str, label: str) -> int:
        """How many lessons are nearly the same as a text and say this label."""
        return sum(self.lessons[at].label == label for at in self._near(text))

    def _near(self, text: str) -> list[int]:
        """The lessons that are nearly the same as a text."""
        near: list[int] = np.flatnonzero(self._similar(*self._features(text)) >= NEAR).tolist()
        return near

    # -- how texts are seen --------------------------------------------------------------------------------------

    def _features(self, text: str) -> tuple[Indexes, Floats]:
        rows, values = self.model.features(text)
        length = float(np.sqrt(values @ values))
        return rows, (values / length if length else values)

    def _look(self, text: str, picked: str | None = None) -> _Read:
        told = self.model.classify(text, "", picked, top=len(self.model.labels))
        shares = {one.label: one.probability for one in told.labels}
        return _Read(*self._features(text), np.array([shares.get(label, 0.0) for label in self.model.labels]))

    def _widen(self, shares: Scores) -> Scores:
        """With a column for each label that only lessons know."""
        return np.concatenate([shares, np.zeros(len(self.labels) - len(shares))])

    # -- how alike they are --------------------------------------------------------------------------------------

    def _index(self) -> None:
        """Which lessons have a feature, and how much of it: features in order, one run of lessons each."""
        rows = np.concatenate([read.rows for read in self._read] or [np.empty(0, np.int32)])
        values = np.concatenate([read.values for read in self._read] or [np.empty(0, np.float32)])
        owner = np.repeat(np.arange(len(self._read)), [read.rows.size for read in self._read])
        order = np.argsort(rows, kind="stable")
        self._owner, self._value = owner[order], values[order]
        self._begin = np.searchsorted(rows[order], np.arange(self.model.width + 1))

    def _similar(self, rows: Indexes, values: Floats) -> Scores:
        """Cosine of a text with each lesson."""
        begin, end = self._begin[rows], self._begin[rows + 1]
        many = end - begin
        # all runs one behind the other: the n-th place of a run is its begin plus n
        ends = np.cumsum(many)
        at = np.arange(ends[-1] if ends.size else 0) + np.repeat(begin - ends + many, many)
        weights = self._value[at] * np.repeat(values, many)
        return np.bincount(self._owner[at], weights=weights, minlength=len(self._read)).astype(np.float64)

    def _compare(self, before: "Memory | None", known: dict[str, int]) -> Scores:
        """Each lesson with each; what was compared before is not compared again."""
        size = len(self._read)
        alike = np.zeros((size, size))
        if before is not None:
            kept = [at for at, read in enumerate(self._read) if _had(before, known.get(self.lessons[at].key), read)]
            then = [known[self.lessons[at].key] for at in kept]
            alike[np.ix_(kept, kept)] = before._alike[np.ix_(then, then)]
            fresh = sorted(set(range(size)) - set(kept))
        else:
            fresh = list(range(size))
        for at in fresh:
            alike[at] = alike[:, at] = self._similar(self._read[at].rows, self._read[at].values)
        return alike

    def _solve(self) -> Scores:
        if not self.lessons:
            return np.zeros((0, len(self.labels)))
        wrong = -np.array([self._widen(read.shares) for read in self._read])
        for at, lesson in enumerate(self.lessons):
            wrong[at, self._column[lesson.label]] += 1.0
        mend: Scores = np.linalg.solve(self._alike + RIDGE * np.eye(len(self.lessons)), wrong)
        return mend


def _had(before: Memory, at: int | None, read: _Read) -> bool:
    return at is not None and before._read[at] is read
