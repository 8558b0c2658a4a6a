"""One import under way: what its rows are put with, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from cases.sheets.csvs import Complaints, Line
from cases.staff_reach import Reach
from domain.catalogue import Catalogue
from domain.visibility import Viewer
from escalation.recount import Scope


@dataclass(slots=True)
class Job:
    """The lines of a file and the transaction they go into. `by` is who brings it in; `reach` is the administrator's,
    None for the command line.

    `afterwards` is done once all lines are in, unless nothing was to be changed; each gives how many cases it moved.
    `planned` is the catalogue as it would be, where open cases of `scope` are counted anew because of it.
    """

    session: Session
    lines: list[Line]
    complaints: Complaints
    now: datetime
    by: Viewer
    reach: Reach | None = None
    dry_run: bool = False
    passwords: dict[str, str] = field(default_factory=dict)
    links: int = 0
    afterwards: list[Callable[[], int]] = field(default_factory=list)
    planned: Catalogue | None = None
    scope: Scope | None = None

    def concern(self, planned: Catalogue, scope: Scope) -> None:
        """Have the cases of a scope, besides those already named, counted anew by a catalogue."""
        self.planned = planned
        if not scope.office_ids:
            return
        since = [one.since for one in (self.scope, scope) if one is not None and one.since is not None]
        offices = scope.office_ids | (self.scope.office_ids if self.scope is not None else frozenset())
        self.scope = Scope(offices, min(since, default=None))
