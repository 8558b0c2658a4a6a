"""A file of transactions as it comes from an agency, line by line and never whole in memory.

Letters may be UTF-8, UTF-16, Windows-1251 or -1252, the separator a comma, a semicolon, a tab or a bar, and the columns
are known by several names. What cannot be split into lines is `Torn`: no line of it can be trusted.
"""

import codecs
import csv
import difflib
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from surveys.checking import TransactionIn, Wrong

LONGEST = 100_000
"""Characters of one line, and of one cell; longer ones are a quote that never ended."""
SEPARATORS = ",;\t|"
SAMPLE = 65_536

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "external_id": ("id", "transaction_id", "transaction", "reference", "ref", "number", "receipt"),
    "office": ("office_code", "branch", "branch_code"),
    "service": ("service_code",),
    "completed_at": ("completed", "completed_on", "date_time", "datetime", "served_at", "finished_at", "time"),
    "phone": ("mobile", "telephone", "tel", "phone_number", "mobile_number", "msisdn"),
    "email": ("e_mail", "mail", "email_address"),
    "language": ("lang",),
    "operator": ("clerk", "served_by", "desk", "window", "employee"),
    "expires_on": ("expires", "expiry", "expiry_date", "valid_until", "valid_to"),
}
"""Columns, each with the other names it is known by; capitals, spaces, points and hyphens do not matter."""
NEEDED = ("external_id", "office", "service", "completed_at")
OURS = ("line", "problem")
"""Columns of a file that we gave back to be mended: not read."""
_LIMITS = {"office": 32, "service": 64, "external_id": 200, "phone": 40, "email": 320, "language": 35, "operator": 200}
_LOCAL = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?:[ T,]+(.+))?")

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1251": "Windows-1251 (Cyrillic), since it is not UTF-8; if letters look wrong, save it as CSV UTF-8",
    "cp1252": "Windows-1252 (Western), since it is not UTF-8; if letters look wrong, save it as CSV UTF-8",
}
"""What the letters of a file are said to be read as."""


class Torn(Exception):
    """The file as a whole cannot be used: what is wrong, with how to mend it."""


class Read(NamedTuple):
    """One line: its number in the file (the heading is 1), its cells, and what they say or what is wrong with them."""

    number: int
    cells: Sequence[str]
    item: TransactionIn | list[Wrong]


@dataclass(frozen=True, slots=True)
class Heading:
    """The first line: how cells are separated, and in which place each column stands."""

    separator: str
    names: tuple[str, ...]
    places: Mapping[str, int]

    def called(self, column: str) -> str:
        """A column as the file calls it."""
        return self.names[self.places[column]] if column in self.places else column


def encoding_of(pieces: Iterable[bytes]) -> str:
    """What the letters of a file are, one of `ENCODINGS`, after a look at all of it. Raises Torn for no text."""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    start, single, joined, is_utf8 = b"", 0, 0, True
    for piece in pieces:
        if not start:
            start = piece[:SAMPLE]
            if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
                raise Torn("This is a spreadsheet, not CSV. Save it as CSV UTF-8 and bring that.")
            zeros = start.count(0)
            if zeros > len(start) // 4:
                return "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"
        if b"\0" in piece:
            raise Torn("This is not text: it has zero bytes in it. Save it as CSV UTF-8 and bring that.")
        if is_utf8:
            try:
                utf8.decode(piece)
            except UnicodeDecodeError:
                is_utf8 = False
        if not is_utf8:
            for run in re.findall(rb"[\xc0-\xff]+", piece):
                single, joined = single + (len(run) == 1), joined + (len(run) > 1)
    if is_utf8:
        try:
            utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            raise Torn("It ends in the middle of a letter, so the end is missing. Bring the whole file.") from None
        return "utf-8"
    # Cyrillic words are runs of high bytes; in Western ones such letters stand alone
    return "cp1251" if joined > single else "cp1252"


def lines_of(pieces: Iterable[bytes], encoding: str) -> Iterator[str]:
    """The lines of a file, ends included. Raises Torn for one that never ends and for letters that are none."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    rest, number = "", 1
    try:
        for piece in itertools.chain(pieces, (None,)):
            text = decoder.decode(piece or b"", final=piece is None)
            *whole, rest = (rest + text).split("\n")
            for line in whole:
                _check_length(line, number)
                yield line.removeprefix("\ufeff") + "\n" if number == 1 else line + "\n"
                number += 1
            _check_length(rest, number)
    except UnicodeDecodeError:
        raise Torn(
            f"From line {number:,} on its letters cannot be read. Save it as CSV UTF-8 and bring that."
        ) from None
    if rest:
        yield rest.removeprefix("\ufeff") if number == 1 else rest


def _check_length(line: str, number: int) -> None:
    if len(line) > LONGEST:
        raise Torn(f"Line {number:,} has more than {LONGEST:,} characters: the end of a line or of a quote is missing.")


def rows_of(lines: Iterator[str], zone: ZoneInfo) -> tuple[Heading, Iterator[Read]]:
    """The heading of a file, and its lines as they are read. Raises Torn, also while they are read."""
    first = next(lines, "")
    if not first.strip():
        raise Torn("It is empty, or its first line is. The first line names the columns.")
    heading = _heading(first)
    return heading, _rows(lines, heading, zone)


def _heading(first: str) -> Heading:
    separator = max(SEPARATORS, key=first.count)
    try:
        names = tuple(name.strip() for name in next(csv.reader([first], delimiter=separator, strict=True)))
    except csv.Error:
        raise Torn("Line 1 cannot be split into columns: a quote in it is not closed.") from None
    known = {other: column for column, others in COLUMNS.items() for other in (column, *others)}
    places: dict[str, int] = {}
    wrong = []
    for place, name in enumerate(names):
        plain = re.sub(r"[\s.\-]+", "_", name.strip(" .").casefold())
        column = known.get(plain)
        if column is None:
            if name and plain not in OURS:
                near = difflib.get_close_matches(plain, known, 1, 0.6)
                wrong.append(f"the column {name[:40]!r} is not known{f'; is it {known[near[0]]}?' if near else ''}")
        elif column in places:
            wrong.append(f"{names[places[column]]!r} and {name!r} are both {column}")
        else:
            places[column] = place
    wrong += [f"the column {column} is missing" for column in NEEDED if column not in places]
    if wrong:
        listed = "; ".join(wrong[:8])
        raise Torn(f"Its first line: {listed}. It may have {', '.join(COLUMNS)}, separated by comma, semicolon or tab.")
    return Heading(separator, names, places)


def _rows(lines: Iterator[str], heading: Heading, zone: ZoneInfo) -> Iterator[Read]:
    reader = csv.reader(lines, delimiter=heading.separator, strict=True)
    width, last = len(heading.names), 1
    places = [(column, place) for column, place in heading.places.items()]
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise Torn(_torn(str(error), last + 1)) from None
        if cells is None:
            return
        number, last = last + 1, reader.line_num + 1
        if not any(cells):
            continue
        if len(cells) != width:
            what = f"It has {len(cells)} cells, the first line {width}: a separator or a quote is missing or too many."
            yield Read(number, cells, [Wrong("", what)])
            continue
        yield Read(number, cells, _item({column: cells[place].strip() for column, place in places}, zone))


def _torn(error: str, number: int) -> str:
    if "field limit" in error or "end of data" in error:
        return (
            f"A quote that opens in line {number:,} is never closed, so the rest cannot be split into lines. Close it."
        )
    return (
        f"Line {number:,} cannot be split into cells: a quote stands where none may. Double each quote inside quotes."
    )


def _item(given: dict[str, str], zone: ZoneInfo) -> TransactionIn | list[Wrong]:
    wrong = [
        Wrong(column, f"It has more than {limit} characters.")
        for column, limit in _LIMITS.items()
        if len(given.get(column, "")) > limit
    ]
    wrong += [Wrong(column, "It is empty.") for column in NEEDED if not given[column]]
    completed_at: datetime | None = None
    expires_on: date | None = None
    if text := given["completed_at"]:
        try:
            completed_at = read_moment(text, zone)
        except ValueError as error:
            wrong.append(Wrong("completed_at", str(error)))
    if text := given.get("expires_on", ""):
        try:
            expires_on = read_day(text)
        except ValueError as error:
            wrong.append(Wrong("expires_on", str(error)))
    if wrong or completed_at is None:
        return wrong
    return TransactionIn(
        given["external_id"],
        given["office"],
        given["service"],
        completed_at,
        given.get("phone"),
        given.get("language"),
        given.get("operator"),
        given.get("email"),
        expires_on,
    )


def read_moment(text: str, zone: ZoneInfo) -> datetime:
    """A day and time as 2026-03-01 09:30 or 01.03.2026 09:30; without a zone it is the government's.

    Raises ValueError with what is wrong and how to mend it.
    """
    try:
        local = _LOCAL.fullmatch(text)
        if local:
            day, month, year, time = local.groups()
            text = f"{year}-{month:>02}-{day:>02}" + (f"T{time.strip():>05}" if time else "")
        if len(text) <= 10:
            raise ValueError
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        if not 1970 < moment.year < 2200:
            raise ValueError
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no day and time; write 2026-03-01 09:30 or 01.03.2026 09:30.") from None
    return moment


def read_day(text: str) -> date:
    """A day as 2026-03-01 or 01.03.2026. Raises ValueError with what is wrong and how to mend it."""
    try:
        local = _LOCAL.fullmatch(text)
        if local:
            return date(int(local[3]), int(local[2]), int(local[1]))
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no day; write 2036-03-01 or 01.03.2036.") from None
