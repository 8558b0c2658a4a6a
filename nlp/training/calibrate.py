"""Making confidence mean something: temperature, beta calibration, and the confidence that needs no person.

Both are fitted on texts the weights have not seen: the file's own dev part, else every text scored by cross-validation.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from nlp.confidence import STRAIGHT, Bend, bent, sides, softmax
from nlp.training.balance import best_temperature

PRECISION = 0.95
# one-sided 90%: with few texts the threshold rests on a lower bound of the precision, not on luck
_Z = 1.2816
REFUSED = 1.01
# learnt from the catalogue alone, with nothing to try it on: about what linear scores need elsewhere; nothing is routed
_UNTRIED = 0.15
# four numbers need more than a handful of texts to rest on
_LEAST_TO_BEND = 100


class Held(NamedTuple):
    """Raw scores of texts the weights have not seen; `truth` is a column, -1 for a label the weights do not know."""

    logits: NDArray[np.float32]
    truth: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """`threshold` above 1 refuses automatic routing; `routed` is the share of the held-out texts that reach it."""

    temperature: float
    bend: Bend
    threshold: float
    routed: float
    n: int


def probabilities(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """Softmax of scores at a temperature."""
    return softmax(logits.astype(np.float64) / temperature)


def calibrate(held: Held) -> Calibration:
    """Temperature of least log loss, the bend of the first label's confidence, then the lowest safe threshold."""
    known = held.truth >= 0
    temperature = best_temperature(held.logits[known], held.truth[known]) if known.any() else _UNTRIED
    shares = probabilities(held.logits, temperature)
    right = shares.argmax(axis=1) == held.truth
    bend = _bend(shares, right)
    confidence = bent(shares, bend)
    threshold = safe_threshold(confidence, right)
    routed = float((confidence >= threshold).mean()) if len(right) else 0.0
    return Calibration(temperature, bend, threshold, routed, len(right))


def _bend(shares: NDArray[np.float64], right: NDArray[np.bool_]) -> Bend:
    """The bend of least log loss, hardly held back; none where all or nothing is right, or there is little to see."""
    if len(right) < _LEAST_TO_BEND or right.all() or not right.any():
        return STRAIGHT
    weighed = sides(shares)
    sign = np.where(right, 1.0, -1.0)

    def loss(weights: NDArray[np.float64]) -> float:
        return float(np.logaddexp(0, -sign * (weighed @ weights)).mean() + 1e-4 * (weights @ weights))

    bounds = [(0, None), (0, None), (None, None), (0, None)]
    found = minimize(loss, np.array(STRAIGHT), method="L-BFGS-B", bounds=bounds)
    return Bend(*(float(value) for value in found.x))


def lower_bound(right: NDArray[np.int64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Wilson's one-sided lower bound of a share, at 90%."""
    share = right / n
    middle = share + _Z**2 / (2 * n)
    spread = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    result: NDArray[np.float64] = (middle - spread) / (1 + _Z**2 / n)
    return result


def safe_threshold(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The lowest confidence from which the lower bound of precision is 95%; `REFUSED` where there is none."""
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    n = np.arange(1, len(order) + 1)
    bound = lower_bound(np.cumsum(right[order]), n)
    # a threshold takes all texts of equal confidence or none of them
    last_of_equals = np.append(ranked[1:] < ranked[:-1], True)
    good = np.flatnonzero((bound >= PRECISION) & last_of_equals)
    return float(ranked[good[-1]]) if good.size else REFUSED


def coverage(confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float = PRECISION) -> float:
    """The largest share of texts that could be routed at this precision, ranked by confidence."""
    if not len(right):
        return 0.0
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    running = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    last_of_equals = np.append(ranked[1:] < ranked[:-1], True)
    good = np.flatnonzero((running >= precision) & last_of_equals)
    return float((good[-1] + 1) / len(order)) if good.size else 0.0


def expected_calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over bins of equal width, weighted by how many texts fall in each."""
    if not len(right):
        return 0.0
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    total = 0.0
    for number in range(bins):
        here = which == number
        if here.any():
            total += abs(float(confidence[here].mean()) - float(right[here].mean())) * float(here.mean())
    return total
