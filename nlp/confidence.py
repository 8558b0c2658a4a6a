"""From raw scores to a confidence that means what it says: softmax at a temperature, then beta calibration.

Temperature alone leaves the first label's probability too high or too low by where it lies. Beta calibration of it
(Kull, Silva Filho and Flach, "Beta calibration", AISTATS 2017) bends it by three numbers and keeps every order, so what
is routed first stays first.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_EDGE = 1e-6


class Bend(NamedTuple):
    """logit(confidence) = a·ln p − b·ln(1 − p) + c, with a and b at least zero. (1, 1, 0) changes nothing."""

    a: float = 1.0
    b: float = 1.0
    c: float = 0.0


STRAIGHT = Bend()


def softmax(logits: NDArray[Any]) -> NDArray[Any]:
    """Each row as probabilities."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[Any] = shifted / shifted.sum(axis=1, keepdims=True)
    return result


def bent(confidence: NDArray[Any], bend: Bend) -> NDArray[Any]:
    """Confidences of first labels, calibrated."""
    if bend == STRAIGHT:
        return confidence
    p = np.clip(confidence, _EDGE, 1 - _EDGE)
    result: NDArray[Any] = 1 / (1 + np.exp(-(bend.a * np.log(p) - bend.b * np.log1p(-p) + bend.c)))
    return result


def recalibrate(shares: NDArray[Any], bend: Bend) -> NDArray[Any]:
    """Rows of probabilities with the first label's calibrated; the others share the rest and never overtake it."""
    if bend == STRAIGHT:
        return shares
    first = shares.max(axis=1)
    trusted = bent(first, bend)
    rest = np.maximum(1 - first, _EDGE)
    behind = (trusted * (1 - _EDGE))[:, None]
    result: NDArray[Any] = np.minimum(shares * ((1 - trusted) / rest)[:, None], behind)
    result[np.arange(len(shares)), shares.argmax(axis=1)] = trusted
    return result
