"""Rows as files of three kinds, written from the first row to the last in bounded memory.

A cell is a text, a whole number, a number, a truth, a moment or a day; None is an empty cell. Moments are in UTC.
"""

import csv
import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from domain.export import ExportFormat

Cell = str | int | float | bool | datetime | date | None
Row = Sequence[Cell]


class Type(StrEnum):
    """What the cells of a column are."""

    text = "text"
    whole = "whole"
    number = "number"
    truth = "truth"
    moment = "moment"
    day = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export; `meaning` is a sentence for its reader."""

    name: str
    type: Type
    meaning: str


MEDIA = {
    ExportFormat.csv: "text/csv; charset=utf-8",
    ExportFormat.xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.parquet: "application/vnd.apache.parquet",
}
Write = Callable[[Sequence[Row]], None]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings that spreadsheets take for a formula, or that hide one (OWASP, "CSV Injection"); full-width ones too."""
SHEET_ROWS = 1_048_576
"""Rows that one sheet of an XLSX file can have (ECMA-376)."""
CELL = 32_767
"""Characters that one of its cells can have."""
GROUP = 20_000
"""Rows of one row group of a Parquet file."""


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe stands before what could be one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


@contextmanager
def writer(kind: ExportFormat, sink: IO[bytes], columns: Sequence[Column], title: str, beside: Path) -> Iterator[Write]:
    """What takes rows and writes them to `sink`, which cannot go back. `beside` is a folder for what has to be laid
    down meanwhile; nothing stays in it."""
    make = {ExportFormat.csv: _csv, ExportFormat.xlsx: _xlsx, ExportFormat.parquet: _parquet}[kind]
    with make(sink, columns, title, beside) as write:
        yield write


@contextmanager
def _csv(sink: IO[bytes], columns: Sequence[Column], title: str, beside: Path) -> Iterator[Write]:
    text = io.StringIO(newline="")
    made = csv.writer(text, lineterminator="\r\n")  # RFC 4180

    def flush() -> None:
        sink.write(text.getvalue().encode())
        text.seek(0)
        text.truncate()

    def write(rows: Sequence[Row]) -> None:
        made.writerows([_plain(cell) for cell in row] for row in rows)
        flush()

    text.write("\ufeff")  # so that spreadsheets know what letters they are
    made.writerow([column.name for column in columns])
    flush()
    yield write


def _plain(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return cell.isoformat() if isinstance(cell, date) else cell


@contextmanager
def _xlsx(sink: IO[bytes], columns: Sequence[Column], title: str, beside: Path) -> Iterator[Write]:
    import xlsxwriter  # loaded where a workbook is made, and nowhere else

    # each sheet is laid down row by row before all are packed together
    with tempfile.TemporaryDirectory(dir=beside, prefix=".xlsx-") as folder:
        book = xlsxwriter.Workbook(
            sink,
            {
                "constant_memory": True,
                "tmpdir": folder,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "remove_timezone": True,
                "default_date_format": "yyyy-mm-dd hh:mm:ss",
            },
        )
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        at: list[Any] = [None, 0, 0]

        def sheet() -> None:
            at[2] += 1
            at[0] = book.add_worksheet(f"{title} {at[2]}" if at[2] > 1 else title)
            at[0].freeze_panes(1, 0)
            for place, column in enumerate(columns):
                at[0].write_string(0, place, column.name, bold)
            at[1] = 1

        def put(row: Row) -> None:
            if at[1] >= SHEET_ROWS:
                sheet()
            for place, cell in enumerate(row):
                if cell is None:
                    continue
                if isinstance(cell, str):
                    at[0].write_string(at[1], place, cell[:CELL])
                elif isinstance(cell, bool):
                    at[0].write_boolean(at[1], place, cell)
                elif isinstance(cell, datetime):
                    at[0].write_datetime(at[1], place, cell.astimezone(UTC), moment)
                elif isinstance(cell, date):
                    at[0].write_datetime(at[1], place, datetime(cell.year, cell.month, cell.day, tzinfo=UTC), day)
                else:
                    at[0].write_number(at[1], place, cell)
            at[1] += 1

        def write(rows: Sequence[Row]) -> None:
            for row in rows:
                put(row)

        sheet()
        yield write
        book.close()


@contextmanager
def _parquet(sink: IO[bytes], columns: Sequence[Column], title: str, beside: Path) -> Iterator[Write]:
    import pyarrow as pa
    from pyarrow import parquet

    types = {
        Type.text: pa.string(),
        Type.whole: pa.int64(),
        Type.number: pa.float64(),
        Type.truth: pa.bool_(),
        Type.moment: pa.timestamp("us", tz="UTC"),
        Type.day: pa.date32(),
    }
    schema = pa.schema(
        [pa.field(one.name, types[one.type], metadata={"meaning": one.meaning}) for one in columns],
        metadata={"title": title},
    )
    waiting: list[Row] = []

    def flush(made: Any) -> None:
        cells = zip(*waiting, strict=True)
        arrays = [pa.array(list(some), type=field.type) for some, field in zip(cells, schema, strict=True)]
        made.write_table(pa.Table.from_arrays(arrays, schema=schema))
        waiting.clear()

    with parquet.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as made:

        def write(rows: Sequence[Row]) -> None:
            for row in rows:
                waiting.append(row)
                if len(waiting) >= GROUP:
                    flush(made)

        yield write
        if waiting:
            flush(made)
