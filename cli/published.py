"""Digests that somebody kept: the file of /check/days.csv, or one with its first two columns."""

from datetime import date
from pathlib import Path

from cases.sheets import csvs
from cli import files


def digests(file: Path) -> list[tuple[date, str]]:
    """Days and their digests. Raises BadInput naming each line that cannot be used."""
    found: list[tuple[date, str]] = []
    complaints = csvs.Complaints(file.name)

    def use(line: csvs.Line) -> None:
        day = line.day("day")
        if day is None:
            raise csvs.Unusable("day is empty")
        found.append((day, line.needed("digest")))

    complaints.each(csvs.read(*files.read(file), ("day", "digest"), ("day", "digest", "root", "previous")), use)
    complaints.check()
    return found
