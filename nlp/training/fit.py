"""Fitting: counts of n-grams to a matrix, liblinear to weights. scikit-learn and scipy are used here only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.svm import LinearSVC

from nlp.features import Floats, char_grams, gist, word_grams

# a scipy CSR matrix, which has no types
Matrix: TypeAlias = Any
Grams = tuple[Sequence[str], Sequence[str], Sequence[str]]

# n-grams of few texts are left out only as far as the weight file demands it: even those of one text add to accuracy
MOST_CELLS = 5_500_000
_ENOUGH_COLUMNS = 20_000
# rare n-grams count a little more than plain IDF says; better on every set it was tried on
_IDF_POWER = 1.4
# how closely the weights follow the examples where nobody has looked for what is best
USUAL_COST = 0.5
# liblinear's own: more exact weights take half as long again and are right no more often
_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights (n-grams × labels) with the n-grams they belong to."""

    labels: tuple[str, ...]
    grams: Grams
    idf: Floats
    weights: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Design:
    """Texts as a weighted matrix, with the names of its columns in three blocks."""

    matrix: Matrix
    grams: Grams
    idf: Floats


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts of every n-gram of a set of texts, before anything is left out or weighted."""

    word: Matrix
    char: Matrix
    word_names: Sequence[str]
    char_names: Sequence[str]
    picked: Sequence[str | None]


def count(texts: Sequence[Sequence[str]], picked: Sequence[str | None]) -> Counted:
    """Count the n-grams of tokenised texts."""
    texts = [gist(tokens) for tokens in texts]
    word, word_names = _count_lists([word_grams(tokens) for tokens in texts])
    token, token_names = _count_lists(texts)
    gram, gram_names = _count_lists([char_grams(name) for name in token_names])
    return Counted(word, (token @ gram).tocsr(), word_names, gram_names, picked)


def _count_lists(lists: Sequence[Sequence[str]]) -> tuple[Matrix, list[str]]:
    index: dict[str, int] = {}
    columns: list[int] = []
    ends = [0]
    for items in lists:
        columns.extend(index.setdefault(item, len(index)) for item in items)
        ends.append(len(columns))
    matrix = sparse.csr_matrix(
        (np.ones(len(columns), np.float32), np.array(columns, np.int64), np.array(ends, np.int64)),
        shape=(len(lists), len(index)),
    )
    matrix.sum_duplicates()
    return matrix, list(index)


def design(counted: Counted, rows: NDArray[np.int64] | None = None, labels: int = 2) -> Design:
    """The weighted matrix of those rows, its vocabulary taken from them alone; `labels` is how many there are."""
    chosen = rows if rows is not None else np.arange(counted.word.shape[0])
    parts = [matrix[chosen] for matrix in (counted.word, counted.char)]
    seen_in = [np.bincount(part.indices, minlength=part.shape[1]) for part in parts]
    least = _least(np.concatenate(seen_in), labels)
    blocks, idfs, names = [], [], []
    for part, seen, labels_of in zip(parts, seen_in, (counted.word_names, counted.char_names), strict=True):
        keep = np.flatnonzero(seen >= least)
        idf = ((np.log((1 + len(chosen)) / (1 + seen[keep])) + 1) ** _IDF_POWER).astype(np.float32)
        blocks.append(_weigh(part[:, keep], idf))
        idfs.append(idf)
        names.append([labels_of[column] for column in keep.tolist()])
    picks = sorted({pick for row in chosen if (pick := counted.picked[row])})
    blocks.append(_picks([counted.picked[row] for row in chosen], picks))
    return Design(sparse.hstack(blocks, format="csr"), (names[0], names[1], picks), np.concatenate(idfs))


def _least(seen: NDArray[np.int64], labels: int) -> int:
    """In how many texts an n-gram must stand so that the weights stay small enough to be loaded by every worker."""
    room = max(MOST_CELLS // labels, _ENOUGH_COLUMNS)
    least = 1
    while int((seen >= least).sum()) > room:
        least += 1
    return least


def transform(counted: Counted, rows: NDArray[np.int64], grams: Grams, idf: Floats) -> Matrix:
    """Other rows of the same count in the columns of a vocabulary that was taken from it."""
    blocks, start = [], 0
    for matrix, names, kept in (
        (counted.word, counted.word_names, grams[0]),
        (counted.char, counted.char_names, grams[1]),
    ):
        position = {name: column for column, name in enumerate(names)}
        columns = np.array([position[name] for name in kept], np.int64)
        blocks.append(_weigh(matrix[rows][:, columns], idf[start : start + len(kept)]))
        start += len(kept)
    blocks.append(_picks([counted.picked[row] for row in rows], list(grams[2])))
    return sparse.hstack(blocks, format="csr")


def _weigh(part: Matrix, idf: Floats) -> Matrix:
    part = part.copy().astype(np.float32)
    part.data = (1 + np.log(part.data)) * idf[part.indices]
    lengths = np.sqrt(np.asarray(part.multiply(part).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1
    part.data /= np.repeat(lengths, np.diff(part.indptr))
    return part


def _picks(picked: Sequence[str | None], names: Sequence[str]) -> Matrix:
    index = {name: column for column, name in enumerate(names)}
    cells = [(row, index[pick]) for row, pick in enumerate(picked) if pick is not None and pick in index]
    at_rows, at_columns = [cell[0] for cell in cells], [cell[1] for cell in cells]
    return sparse.csr_matrix((np.ones(len(cells), np.float32), (at_rows, at_columns)), shape=(len(picked), len(names)))


def solve(
    matrix: Matrix,
    labels: Sequence[str],
    seed: int,
    counts: Sequence[float] | NDArray[np.float64] | None = None,
    *,
    cost: float = USUAL_COST,
) -> tuple[tuple[str, ...], Floats, Floats]:
    """Labels, weights (columns × labels) and bias of one-against-rest squared-hinge classifiers.

    `counts` says how much each row counts; 1 each where it is left out. The higher `cost`, the closer to the examples.
    """
    machine = LinearSVC(C=cost, loss="squared_hinge", dual=True, random_state=seed, max_iter=2000, tol=_TOLERANCE)
    machine.fit(matrix, labels, sample_weight=counts)
    names = tuple(str(name) for name in machine.classes_)
    weights, bias = machine.coef_, machine.intercept_
    if len(names) == 2:  # liblinear keeps one row for two labels
        weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
    return names, np.ascontiguousarray(weights.T, np.float32), bias.astype(np.float32)
