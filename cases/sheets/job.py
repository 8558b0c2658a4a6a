"""One import under way: what its rows are put with, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from cases.sheets.csvs import Complaints, Line
from cases.staff_reach import Reach


@dataclass(slots=True)
class Job:
    """The lines of a file and the transaction they go into. `reach` is the administrator's, None for the command line.

    `afterwards` is done once all lines are in, unless nothing was to be changed; each gives how many cases it moved.
    """

    session: Session
    lines: list[Line]
    complaints: Complaints
    now: datetime
    reach: Reach | None = None
    dry_run: bool = False
    passwords: dict[str, str] = field(default_factory=dict)
    links: int = 0
    afterwards: list[Callable[[], int]] = field(default_factory=list)
