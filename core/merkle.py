"""Trees of hashes: one short digest stands for many lines, and a short path shows that a line is among them.

As Certificate Transparency makes them (RFC 6962, section 2.1), with SHA-256: leaves and nodes are told apart by a first
byte, and a tree is cut at the largest power of two below its size.
"""

from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()
"""The digest of no lines at all."""


def leaf(line: bytes) -> bytes:
    """The hash of one line."""
    return sha256(b"\0" + line).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The digest of all leaves, in their order."""
    if not leaves:
        return EMPTY
    # the cut at powers of two is the same as pairing neighbours and carrying a lone last one up
    level = list(leaves)
    while len(level) > 1:
        pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[-1:] if len(level) % 2 else pairs
    return level[0]


def path(leaves: Sequence[bytes], index: int) -> list[tuple[str, bytes]]:
    """What leads from the leaf at `index` to the root: each step's side ("left" or "right") and the hash on it."""
    level, found = list(leaves), []
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            found.append(("left" if beside < index else "right", level[beside]))
        pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[-1:] if len(level) % 2 else pairs
        index //= 2
    return found


def follow(start: bytes, steps: Sequence[tuple[str, bytes]]) -> bytes:
    """The root that a path leads to from a leaf."""
    here = start
    for side, beside in steps:
        here = _node(beside, here) if side == "left" else _node(here, beside)
    return here


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()
