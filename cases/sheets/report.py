"""What an import did, or would do, line by line."""

import hashlib
import json
from dataclasses import dataclass, field

from cases.sheets.kinds import Kind
from escalation.recount import Preview


@dataclass(frozen=True, slots=True)
class Effect:
    """What a line does: `added`, `changed` or `same`, and which cells from what to what."""

    number: int
    title: str
    what: str
    differences: tuple[tuple[str, str, str], ...] = ()

    def as_json(self) -> dict[str, object]:
        """For --json."""
        told = [{"column": column, "before": before, "after": after} for column, before, after in self.differences]
        return {"line": self.number, "title": self.title, "what": self.what, "differences": told}


@dataclass(frozen=True, slots=True)
class Report:
    """What an import changed; `passwords` are those of new staff, shown this once, `links` how many were mailed one;
    `moved` are cases that went to others because of it, `preview` what it comes to for open clocks, where it is only
    looked at and any may move.
    """

    kind: Kind
    effects: tuple[Effect, ...]
    dry_run: bool
    passwords: dict[str, str] = field(default_factory=dict)
    moved: int = 0
    links: int = 0
    preview: Preview | None = None

    def count(self, what: str) -> int:
        """How many lines did that."""
        return sum(effect.what == what for effect in self.effects)

    @property
    def stamp(self) -> str:
        """What a form carries to tell which effects its reader saw."""
        told = [(one.number, one.what, one.differences) for one in self.effects]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()[:24]

    def as_json(self) -> dict[str, object]:
        """For --json."""
        recount = {} if self.preview is None else {"recount": _figures(self.preview)}
        return {
            "kind": self.kind,
            "added": self.count("added"),
            "changed": self.count("changed"),
            "same": self.count("same"),
            "dry_run": self.dry_run,
            "lines": [one.as_json() for one in self.effects if one.what != "same"],
            "passwords": self.passwords,
            "moved": self.moved,
            **recount,
        }


def _figures(found: Preview) -> dict[str, int]:
    """What open clocks would come to: `changed` and the figures after it are of the `looked_at` cases of `cases`."""
    return {
        "cases": found.total,
        "looked_at": found.n,
        "changed": found.moved,
        "later": sum(seconds > 0 for seconds in found.seconds),
        "earlier": sum(seconds < 0 for seconds in found.seconds),
        "become_late": found.became_late,
        "no_longer_late": found.no_longer_late,
    }
