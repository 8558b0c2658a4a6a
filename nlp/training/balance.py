"""Scores of labels made comparable: a factor and a shift for each label (vector scaling).

One-against-rest weights are fitted label by label, so a rare or a vague label's scores lie too low or too high beside
the others'. Factors and shifts of least log loss on texts the weights have not seen mend that (Guo, Pleiss, Sun and
Weinberger, "On Calibration of Modern Neural Networks", ICML 2017); they become part of the weights and cost nothing.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from nlp.confidence import softmax

Scores: TypeAlias = NDArray[np.float64]

# how strongly factors and shifts are held at those of one temperature, in texts
_HELD_BACK = 2.0
_LEAST = 100
_PARTS = 3
_STEPS = 40


class Balance(NamedTuple):
    """score × factor + shift, label by label."""

    factor: Scores
    shift: Scores


class Balanced(NamedTuple):
    """A balance for the model, and the same texts' scores, each balanced without having been looked at."""

    balance: Balance
    logits: NDArray[np.float32]


def best_temperature(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """The temperature of least log loss; labels are columns."""

    def loss(log_temperature: float) -> float:
        return log_loss(logits / np.exp(log_temperature), truth)

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.02), np.log(20.0)), method="bounded").x))


def log_loss(logits: NDArray[np.floating], truth: NDArray[np.int64]) -> float:
    """Mean log loss of scores."""
    shares = softmax(logits.astype(np.float64))
    return float(-np.log(np.maximum(shares[np.arange(len(truth)), truth], 1e-12)).mean())


def balance(logits: NDArray[np.float32], truth: NDArray[np.int64], seed: int) -> Balanced:
    """The balance of least log loss; none (factor 1, shift 0) where it does not help on texts it was not fitted on.

    `truth` is a column, -1 for a label the weights do not know: such texts are balanced, not learnt from.
    """
    labels = logits.shape[1]
    none = Balanced(Balance(np.ones(labels), np.zeros(labels)), logits)
    known = np.flatnonzero(truth >= 0)
    if len(known) < _LEAST:
        return none
    part = np.random.default_rng(seed).permutation(len(truth)) % _PARTS
    made = np.empty_like(logits)
    plain, better = 0.0, 0.0
    for number in range(_PARTS):
        own, rest = known[part[known] == number], known[part[known] != number]
        temperature = best_temperature(logits[rest], truth[rest])
        found = _fit(logits[rest].astype(np.float64), truth[rest], temperature)
        here = part == number
        made[here] = logits[here] * found.factor + found.shift
        plain += log_loss(logits[own] / temperature, truth[own]) * len(own)
        better += log_loss(made[own], truth[own]) * len(own)
    if better >= plain:
        return none
    whole = _fit(logits[known].astype(np.float64), truth[known], best_temperature(logits[known], truth[known]))
    return Balanced(whole, made)


def _fit(logits: Scores, truth: NDArray[np.int64], temperature: float) -> Balance:
    n, labels = logits.shape
    right = np.zeros((n, labels))
    right[np.arange(n), truth] = 1
    # a label nobody wrote about here may still be asked for: it is left as it is
    seen = (right.sum(axis=0) > 0).astype(np.float64)
    start = -np.log(temperature)

    def loss(values: Scores) -> tuple[float, Scores]:
        factor, shift = np.exp(start + values[:labels]), values[labels:]
        shares = softmax(logits * factor + shift)
        found = float(-np.log(np.maximum((shares * right).sum(axis=1), 1e-12)).mean())
        wrong = (shares - right) / n
        slope = np.concatenate([(wrong * logits).sum(axis=0) * factor * seen, wrong.sum(axis=0) * seen])
        return found + _HELD_BACK * float(values @ values) / n, slope + 2 * _HELD_BACK * values / n

    values = minimize(loss, np.zeros(2 * labels), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    return Balance(np.exp(start + values[:labels]), values[labels:])
