"""What is worked out from a catalogue once per revision and then looked up."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from domain.catalogue import Catalogue

T = TypeVar("T")

MOST = 4
"""Catalogues remembered: the one of now, the one just before, and some of tests."""


class Kept(Generic[T]):
    """Snapshots of one revision share their tables, and so what is made of them. One thread makes it, others wait."""

    def __init__(self, make: Callable[[Catalogue], T]) -> None:
        self._make = make
        self._made: list[tuple[Catalogue, T]] = []
        self._lock = threading.Lock()

    def of(self, catalogue: Catalogue) -> T:
        """What belongs to a catalogue; made now if it is new."""
        found = self._find(catalogue)
        if found is not None:
            return found
        with self._lock:
            found = self._find(catalogue)
            if found is None:
                found = self._make(catalogue)
                self._made = [*self._made[1 - MOST :], (catalogue, found)]
        return found

    def _find(self, catalogue: Catalogue) -> T | None:
        for known, made in reversed(self._made):
            if (
                known.offices is catalogue.offices
                and known.services is catalogue.services
                and known.jurisdictions is catalogue.jurisdictions
                and known.areas is catalogue.areas
            ):
                return made
        return None
