"""Medians of sums that were worked out before: most sums by week do not change any more, and neither do their medians.

Exact, not approximate: while all who still wait have waited longer than it takes to settle the median and its interval,
nothing of these hangs on how long. So what is remembered is found by the sums alone, and holds at any later moment.
"""

import hashlib
from collections.abc import Sequence

from reports.cells import HOUR
from reports.sketch import Estimated, bucket, edges, least, most
from reports.survival import Survival

MOST = 20_000
"""Estimates that a process remembers: some 10 MB. Beyond that it begins anew."""

_kept: dict[bytes, tuple[Estimated, int]] = {}

Sums = tuple[bytes, bytes]
Waits = tuple[int, bytes]
"""How many seconds ago the period began, and who still waits by hour of receipt."""


def recall(sums: Sums, waits: Sequence[Waits]) -> Estimated | None:
    """The estimate of one period's median, if it was worked out from the same sums and still holds."""
    kept = _kept.get(_key(sums, waits))
    if kept is None:
        return None
    made, top = kept
    if not _settled(made, waits):
        return None
    for age, packed in waits:
        top = max(top, bucket(max(0, age - HOUR * least(packed))))
    one = made.survival
    observed = float(edges(top)[1])
    return Estimated(Survival(one.n, one.answered, observed, one.median, one.p90), made.error, made.reach)


def keep(sums: Sums, waits: Sequence[Waits], made: Estimated) -> None:
    """Remember an estimate, if it is one that time does not change."""
    if not _settled(made, waits):
        return
    if len(_kept) >= MOST:
        _kept.clear()
    _kept[_key(sums, waits)] = made, max((most(one) for one in sums if one), default=0)


def forget() -> None:
    """Begin anew."""
    _kept.clear()


def _settled(made: Estimated, waits: Sequence[Waits]) -> bool:
    youngest = min((age - HOUR * (most(packed) + 1) + 1 for age, packed in waits), default=None)
    return made.reach is not None and (youngest is None or youngest > made.reach)


def _key(sums: Sums, waits: Sequence[Waits]) -> bytes:
    said = hashlib.blake2b(digest_size=16)
    for packed in (*sums, *(packed for _, packed in waits)):
        said.update(len(packed).to_bytes(4, "little"))
        said.update(packed)
    return said.digest()
