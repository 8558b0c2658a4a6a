"""How sure a share is: the interval that every figure of ours shows beside one. Pure."""

import math

Z = 1.959964
"""Standard errors to each side that hold 95%."""


def wilson(share: float, n: float, z: float = Z) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share of `n`, which may be an effective number; 0 to 1 where nobody is."""
    if n == 0:
        return 0.0, 1.0
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
