"""What a look at a file to import found, as the command line says it."""

from collections.abc import Iterator

from cases.sheets.kinds import SHEETS
from cases.sheets.report import Report


def effects_of(report: Report) -> Iterator[str]:
    """What a look at a file found: each line that does something, and what it comes to for open clocks."""
    for one in report.effects:
        if one.what != "same":
            told = "; ".join(f"{column}: {before or '–'} → {after or '–'}" for column, before, after in one.differences)
            yield f"{SHEETS[report.kind].unit} {one.number} {one.what}: {one.title}{f' ({told})' if told else ''}"
    if (found := report.preview) is not None:
        yield (
            f"Of {found.n} open cases looked at ({found.total} may be concerned) {found.moved} would change: "
            f"{found.became_late} become late, {found.no_longer_late} are no longer late."
        )
