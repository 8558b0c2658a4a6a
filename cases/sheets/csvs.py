"""CSV in and out, all or nothing: every line that cannot be used is named, and then nothing is changed."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar

from core.errors import BadInput
from core.texts import clean

MOST_COMPLAINTS = 50
"""Complaints listed of one file; beyond that it is the wrong file."""

Choice = TypeVar("Choice", bound=StrEnum)


class Unusable(Exception):
    """One line cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file; its getters raise Unusable in words."""

    number: int
    cells: Mapping[str, str]

    def text(self, column: str, limit: int = 500) -> str:
        """What stands in a column, empty for nothing."""
        return clean(self.cells.get(column) or "", limit)

    def needed(self, column: str, limit: int = 500) -> str:
        """What stands in a column that must not be empty."""
        if value := self.text(column, limit):
            return value
        raise Unusable(f"{column} is empty")

    def choice(self, column: str, among: type[Choice], default: Choice | None = None) -> Choice:
        """One of a closed list of words."""
        value = self.text(column)
        if not value and default is not None:
            return default
        try:
            return among(value)
        except ValueError as error:
            raise Unusable(f"{column} is {value!r}; it must be one of {', '.join(among)}") from error

    def yes(self, column: str) -> bool:
        """yes or no; yes where nothing stands."""
        value = self.text(column).casefold()
        if value not in ("", "yes", "no", "true", "false", "1", "0"):
            raise Unusable(f"{column} is {value!r}; it must be yes or no")
        return value in ("", "yes", "true", "1")

    def day(self, column: str) -> date | None:
        """A date as 2026-03-14, None for nothing."""
        value = self.text(column)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError as error:
            raise Unusable(f"{column} is {value!r}; a date is written 2026-03-14") from error

    def names(self) -> dict[str, str]:
        """Names by language, from the columns name_en, name_sq …"""
        found = {
            column.removeprefix("name_"): self.text(column)
            for column in self.cells
            if column.startswith("name_") and self.text(column)
        }
        if not found:
            raise Unusable("it has no name in any language (columns name_en, name_sq …)")
        return found

    def parts(self, column: str, between: str = ";") -> list[str]:
        """The parts of a cell, which semicolons separate."""
        return [part.strip() for part in self.text(column, 200_000).split(between) if part.strip()]


@dataclass(slots=True)
class Complaints:
    """What is wrong with a file, line by line; `unit` is what its lines are called."""

    file: str
    unit: str = "line"
    found: dict[str, str] = field(default_factory=dict)

    def each(self, lines: Iterable[Line], use: Callable[[Line], None]) -> None:
        """Use every line, keeping the complaint of each that cannot be used."""
        for line in lines:
            try:
                use(line)
            except Unusable as error:
                self.add(line, str(error))

    def add(self, line: Line, what: str) -> None:
        """Keep one complaint."""
        self.found.setdefault(f"{self.unit} {line.number}", what)

    def check(self) -> None:
        """Raise BadInput with all complaints, if there are any."""
        if not self.found:
            return
        listed = dict(list(self.found.items())[:MOST_COMPLAINTS])
        if len(self.found) > len(listed):
            listed["…"] = f"and {len(self.found) - len(listed)} {self.unit}s more"
        count = f"{len(self.found)} {self.unit}{'s' if len(self.found) > 1 else ''}"
        raise BadInput(
            f"{count} of {self.file} cannot be used, so nothing was changed:",
            mend="Mend them and import the file again.",
            fields=listed,
        )


def read(name: str, raw: bytes, needed: Iterable[str], known: Iterable[str], by_language: str = "name_") -> list[Line]:
    """The lines of CSV in UTF-8; `name` is what the file is called in complaints, `by_language` begins the columns of
    which there is one for each language ("" for none).

    Raises:
        BadInput: not text, not CSV, a column is missing or unknown.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not UTF-8 text.", mend="Save it as CSV UTF-8 and import it again.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = [column.strip() for column in reader.fieldnames or ()]
        reader.fieldnames = columns
        missing = [column for column in needed if column not in columns]
        unknown = [column for column in columns if column not in known and not _spoken(column, by_language)]
        if missing or unknown:
            wrong = [f"the column {column} is missing" for column in missing]
            wrong += [f"the column {column} is not known" for column in unknown]
            more = f" and {by_language}en …" if by_language else ""
            raise BadInput(f"{name}: {'; '.join(wrong)}.", mend=f"It may have {', '.join(known)}{more}.")
        lines = []
        for cells in reader:
            if None in cells or None in cells.values():
                raise BadInput(f"{name}, line {reader.line_num}: it has another number of cells than the first line.")
            lines.append(Line(reader.line_num, cells))
    except csv.Error as error:
        # what the reader counts is the last line it could read; the torn one begins after it
        raise BadInput(f"{name}, line {reader.line_num + 1}: {error}.") from error
    if not lines:
        raise BadInput(f"{name} has no lines below its heading.")
    return lines


def _spoken(column: str, by_language: str) -> bool:
    return bool(by_language) and column.startswith(by_language)


def write(rows: list[dict[str, str]], columns: Iterable[str]) -> str:
    """Rows as CSV text."""
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, list(columns), lineterminator="\n", restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


def yes(value: bool) -> str:
    """A truth as a cell has it."""
    return "yes" if value else "no"


def by_language(names: Mapping[str, str]) -> dict[str, str]:
    """Names as the columns name_en, name_sq …"""
    return {f"name_{language}": name for language, name in sorted(names.items())}
