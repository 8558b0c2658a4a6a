"""Data files as people write them: CSV and TOML, read with complaints that name the file and the line."""

import csv
import io
import json
import tomllib
from collections.abc import Collection, Iterator, Mapping
from importlib.resources.abc import Traversable
from typing import TypeVar

from core.errors import BadInput

T = TypeVar("T")


class Line:
    """One row of a CSV file, with complaints that name file and line."""

    def __init__(self, file: str, number: int, cells: Mapping[str, str]) -> None:
        self.file, self.number, self.cells = file, number, cells

    def bad(self, what: str) -> BadInput:
        """The complaint to raise."""
        return BadInput(f"{self.file}, line {self.number}: {what}")

    def get(self, column: str) -> str:
        """What stands in a column that must not be empty."""
        value = self.cells[column].strip()
        if not value:
            raise self.bad(f"`{column}` is empty.")
        return value

    def optional(self, column: str) -> str | None:
        """What stands in a column, None for nothing."""
        return self.cells[column].strip() or None

    def key(self, *columns: str) -> str:
        """What stands in some columns, to tell one line from another."""
        return ", ".join(filter(None, (self.optional(column) for column in columns))) or "everything"

    def maybe(self, column: str, allowed: Collection[str], what: str) -> str | None:
        """What stands in a column: one of `allowed`, or None for nothing."""
        return self.one_of(column, allowed, what) if self.optional(column) else None

    def one_of(self, column: str, allowed: Collection[str], what: str) -> str:
        """What stands in a column, which must be one of `allowed`; `what` names the kind of thing."""
        value = self.get(column)
        if value not in allowed:
            raise self.bad(f"{value!r} in `{column}` is no {what}.")
        return value

    def names(self, languages: Collection[str]) -> dict[str, str]:
        """The name in each language."""
        return {language: self.get(f"name_{language}") for language in languages}


def toml(file: Traversable) -> Mapping[str, object]:
    """A TOML file."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"{file.name} is missing.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{file.name}: {error}.") from error


def features(file: Traversable) -> list[tuple[Mapping[str, object], object]]:
    """Properties and geometry of each feature of a GeoJSON file."""
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"{file.name} is missing.") from error
    except ValueError as error:
        raise BadInput(f"{file.name}: {error}.") from error
    found = given.get("features") if isinstance(given, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadInput(f"{file.name}: it is no FeatureCollection.")
    return [(one.get("properties") or {}, one.get("geometry")) for one in found]


def lines(file: Traversable, columns: Collection[str]) -> Iterator[Line]:
    """The rows of a CSV file that must have these columns."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BadInput(f"{file.name} is missing.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{file.name} is not UTF-8 text.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        raise BadInput(f"{file.name}, line 1: the columns {', '.join(missing)} are missing.")
    try:
        for cells in reader:
            line = Line(file.name, reader.line_num, cells)
            if None in cells or None in cells.values():
                raise line.bad("it has another number of cells than the first line.")
            yield line
    except csv.Error as error:
        raise BadInput(f"{file.name}, line {reader.line_num}: {error}.") from error


def unique(line: Line, seen: dict[str, T], key: str, value: T) -> None:
    """Put `value` under a key nobody had before."""
    if key in seen:
        raise line.bad(f"{key!r} is there twice.")
    seen[key] = value
