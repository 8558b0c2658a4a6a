"""Drawing cases by lot so that anybody can draw them again: no random generator, one hash a case."""

from collections.abc import Iterable
from hashlib import sha256


def drawn(seed: int, references: Iterable[str], number: int) -> list[str]:
    """`number` of the references, or all where there are fewer: those with the lowest SHA-256 of "seed:reference".

    The order they were given in does not matter, and another case among them moves at most one out. See
    docs/methods.md, "The sample that a meeting checks".
    """
    return sorted(set(references), key=lambda reference: lot(seed, reference))[: max(0, number)]


def lot(seed: int, reference: str) -> str:
    """The lot of one case, as 64 hexadecimal digits."""
    return sha256(f"{seed}:{reference}".encode()).hexdigest()
