"""From raw scores to a confidence that means what it says: softmax at a temperature, then beta calibration.

Temperature alone leaves the first label's probability too high or too low by where it lies. Beta calibration of it
(Kull, Silva Filho and Flach, "Beta calibration", AISTATS 2017) bends it by three numbers. A fourth looks at how far
behind the second label is: 0.6 against 0.3 is less sure than 0.6 against twenty labels of 0.02.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_EDGE = 1e-6
_TINY = 1e-30


class Bend(NamedTuple):
    """logit(confidence) = a·ln p − b·ln(1 − p) + c + d·ln(p / q), q the second probability; a, b and d at least zero.

    (1, 1, 0, 0) changes nothing.
    """

    a: float = 1.0
    b: float = 1.0
    c: float = 0.0
    d: float = 0.0


STRAIGHT = Bend()


def softmax(logits: NDArray[Any]) -> NDArray[Any]:
    """Each row as probabilities."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[Any] = shifted / shifted.sum(axis=1, keepdims=True)
    return result


def _logs(shares: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """ln p, ln(1 − p) and ln(p / q) of each row; plain steps, as one message at a time pays for each of them."""
    second, first = np.partition(shares, -2, axis=1)[:, -2:].T
    p = np.minimum(np.maximum(first, _EDGE), 1 - _EDGE)
    ln_p = np.log(p)
    return ln_p, np.log1p(-p), ln_p - np.log(np.minimum(np.maximum(second, _EDGE), p))


def sides(shares: NDArray[Any]) -> NDArray[Any]:
    """What a bend weighs, one row for a text: ln p, −ln(1 − p), 1 and ln(p / q)."""
    ln_p, ln_rest, gap = _logs(shares)
    result: NDArray[Any] = np.column_stack([ln_p, -ln_rest, np.ones_like(ln_p), gap])
    return result


def bent(shares: NDArray[Any], bend: Bend) -> NDArray[Any]:
    """Calibrated confidences of the first labels of rows of probabilities."""
    result: NDArray[Any]
    if bend == STRAIGHT:
        result = shares.max(axis=1)
    else:
        ln_p, ln_rest, gap = _logs(shares)
        result = 1 / (1 + np.exp(bend.b * ln_rest - bend.a * ln_p - bend.c - bend.d * gap))
    return result


def recalibrate(shares: NDArray[Any], bend: Bend) -> NDArray[Any]:
    """Rows of probabilities with the first label's calibrated; the others share the rest and never overtake it."""
    if bend == STRAIGHT:
        return shares
    rows, best = np.arange(len(shares)), shares.argmax(axis=1)
    trusted = bent(shares, bend)
    result: NDArray[Any] = shares.astype(np.float64)
    result[rows, best] = 0
    # not 1 − first, which rounds to nothing where the model is sure
    result *= ((1 - trusted) / np.maximum(result.sum(axis=1), _TINY))[:, None]
    np.minimum(result, (trusted * (1 - _EDGE))[:, None], out=result)
    result[rows, best] = trusted
    return result
