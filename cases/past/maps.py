"""The map of a history: what the columns and words of an earlier system are here. Read from TOML, checked as a whole.

The earlier system's words are looked up as they stand, capitals aside; a key may also be a pattern (`Police *`), asked
after those without one. Whoever writes the map also says what counts as the first human answer: unless they do, an
import ends no silence (rule 9).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rapidfuzz import process

from channels.values import Channel
from core.errors import BadInput
from domain.states import CaseKind, Tier

COLUMNS: Mapping[str, str] = {
    "id": "what the earlier system knew the case by",
    "received": "when the citizen's message arrived",
    "acknowledged": "when the citizen was told that it arrived; ends no silence",
    "answered": "when a person's answer reached the citizen",
    "answer": "the words of that answer",
    "closed": "when it was closed, the last time",
    "reopened": "when it was opened again, the last time",
    "status": "where it stood when the file was drawn",
    "text": "what the citizen wrote",
    "category": "what it is about, in the earlier system's words",
    "office": "who had it",
    "channel": "how it came",
    "kind": "complaint, question … in the earlier system's words",
    "language": "the citizen's language as a code, such as sq",
    "place": "where, in words",
    "latitude": "where, in degrees (WGS 84)",
    "longitude": "where, in degrees (WGS 84)",
}
NEEDED = ("id", "received")
NONE = "-"
"""What a map says for a word that is nothing here: no service, or a line that is left out."""


class Status(StrEnum):
    """What a status of the earlier system comes to."""

    open = "open"
    closed = "closed"
    withdrawn = "withdrawn"
    left_out = "-"


class AnswerBy(StrEnum):
    """What counts as the first human answer that reached the citizen."""

    never = "never"
    column = "column"
    closing = "closing"


class Undated(StrEnum):
    """What becomes of a case that is over by its status, while nothing says since when."""

    closed = "closed"
    open = "open"


@dataclass(frozen=True, slots=True)
class Words:
    """The earlier system's words and what each is here; "" where nobody has decided."""

    exact: Mapping[str, str] = field(default_factory=dict)
    patterns: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def of(table: Mapping[str, str]) -> "Words":
        """From a table of the map."""
        folded = {_fold(key): value.strip() for key, value in table.items()}
        return Words(
            {key: value for key, value in folded.items() if not _is_pattern(key)},
            tuple((key, value) for key, value in folded.items() if _is_pattern(key)),
        )

    def get(self, word: str) -> str | None:
        """What a word is here; None where the map does not have it."""
        folded = _fold(word)
        found = self.exact.get(folded)
        if found is not None:
            return found
        return next((value for pattern, value in self.patterns if fnmatchcase(folded, pattern)), None)

    def values(self) -> set[str]:
        """Every value that is one."""
        return {value for value in (*self.exact.values(), *(value for _, value in self.patterns)) if value}


def _fold(word: str) -> str:
    return " ".join(word.split()).casefold()


def _is_pattern(key: str) -> bool:
    return "*" in key or "?" in key


@dataclass(frozen=True)
class PastMap:
    """A map that holds. `dates` are formats of `strptime`, or `iso`; `drawn_at` is when the file was drawn, None for
    its latest moment. `text` is the map as it was written."""

    source: str
    zone: ZoneInfo
    language: str
    dates: tuple[str, ...]
    drawn_at: datetime | None
    undated: Undated
    columns: Mapping[str, str]
    answer_by: AnswerBy
    because: str
    status: Words
    channels: Words
    kinds: Words
    offices: Words
    services: Words
    parent: str
    tier: Tier
    new_offices: Mapping[str, str]
    new_services: Mapping[str, str]
    text: str = ""

    def said_answer(self) -> str:
        """What counts as the first human answer, in words; "" where nothing does."""
        if self.answer_by is AnswerBy.never:
            return ""
        what = f"the time in {self.columns['answered']!r}" if self.answer_by is AnswerBy.column else "the closing"
        return f"{what} counts as the first human answer, because: {self.because}"


Choice = TypeVar("Choice", bound=StrEnum)


class _Faults:
    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def add(self, where: str, what: str) -> None:
        self.found.setdefault(where, what)


_TABLES = ("columns", "answer", "status", "channels", "kinds", "offices", "services", "new")
_PLAIN = ("source", "zone", "language", "dates", "drawn", "undated")


def read(text: str, name: str) -> PastMap:
    """The map in a TOML text; `name` is what the file is called. Raises BadInput naming every place to be mended."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(
            f"{name} is no TOML: {error}.", mend="Begin with `ombud import history FILE --suggest`."
        ) from error
    faults = _Faults()
    _known(given, (*_TABLES, *_PLAIN), "", faults)
    tables = {table: _table(given, table, faults) for table in _TABLES if table != "new"}
    new = given.get("new", {})
    new = new if isinstance(new, dict) else {}
    _known(new, ("parent", "tier", "offices", "services"), "new.", faults)
    columns = {field: column for field, column in tables["columns"].items() if column}
    _known(columns, tuple(COLUMNS), "columns.", faults)
    for needed in NEEDED:
        if needed not in columns:
            faults.add(f"columns.{needed}", f"Name the column: {COLUMNS[needed]}.")
    _known(tables["answer"], ("by", "because"), "answer.", faults)
    answer_by = _choice(AnswerBy, tables["answer"].get("by", "never"), "answer.by", faults) or AnswerBy.never
    because = tables["answer"].get("because", "").strip()
    if answer_by is not AnswerBy.never and len(because) < 15:
        faults.add("answer.because", "Say who knows that a person's answer reached the citizen then, and how.")
    if answer_by is AnswerBy.column and "answered" not in columns:
        faults.add("columns.answered", f"Name the column: {COLUMNS['answered']}.")
    if answer_by is AnswerBy.closing and "closed" not in columns:
        faults.add("columns.closed", f"Name the column: {COLUMNS['closed']}.")
    _values(tables["status"], Status, "status", faults)
    _values(tables["channels"], Channel, "channels", faults)
    _values(tables["kinds"], CaseKind, "kinds", faults)
    source = str(given.get("source") or "").strip()
    if not source or len(source) > 60:
        faults.add("source", "Name the earlier system, in at most 60 letters; with the id it tells the cases apart.")
    zone = _zone(given.get("zone"), faults)
    made = PastMap(
        source=source,
        zone=zone,
        language=str(given.get("language") or "en"),
        dates=_dates(given.get("dates", ["iso"]), faults),
        drawn_at=_drawn(given.get("drawn"), zone, faults),
        undated=_choice(Undated, given.get("undated", "closed"), "undated", faults) or Undated.closed,
        columns=columns,
        answer_by=answer_by,
        because=because,
        status=Words.of(tables["status"]),
        channels=Words.of(tables["channels"]),
        kinds=Words.of(tables["kinds"]),
        offices=Words.of(tables["offices"]),
        services=Words.of(tables["services"]),
        parent=str(new.get("parent") or ""),
        tier=_choice(Tier, new.get("tier", Tier.service_centre), "new.tier", faults) or Tier.service_centre,
        new_offices=_table(new, "offices", faults, "new."),
        new_services=_table(new, "services", faults, "new."),
        text=text,
    )
    if faults.found:
        raise BadInput(f"{name} cannot be used as it is.", mend="Mend what is named.", fields=faults.found)
    return made


def _known(given: Mapping[str, object], known: tuple[str, ...], where: str, faults: _Faults) -> None:
    for key in given:
        if key not in known:
            near = process.extractOne(key, known, score_cutoff=60)
            meant = f" Did you mean {near[0]}?" if near else f" It may have {', '.join(known)}."
            faults.add(f"{where}{key}", f"Nothing is called so.{meant}")


def _table(given: Mapping[str, object], name: str, faults: _Faults, where: str = "") -> dict[str, str]:
    found = given.get(name, {})
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        faults.add(f"{where}{name}", 'It is a table of texts, such as "Public Works" = "PWD".')
        return {}
    return found


def _choice(among: type[Choice], value: object, where: str, faults: _Faults) -> Choice | None:
    try:
        return among(str(value))
    except ValueError:
        faults.add(where, f"{value!r} is none of {', '.join(among)}.")
        return None


def _values(table: Mapping[str, str], among: type[StrEnum], where: str, faults: _Faults) -> None:
    for key, value in table.items():
        if value.strip() and value.strip() not in (*among, NONE):
            faults.add(f"{where}.{key}", f"{value!r} is none of {', '.join(among)}.")


def _zone(given: object, faults: _Faults) -> ZoneInfo:
    try:
        return ZoneInfo(str(given or ""))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.add("zone", f"{given!r} is no time zone; write one such as Europe/Tirane.")
        return ZoneInfo("UTC")


def _dates(given: object, faults: _Faults) -> tuple[str, ...]:
    formats = [given] if isinstance(given, str) else given
    if not isinstance(formats, list) or not formats or not all(isinstance(one, str) for one in formats):
        faults.add("dates", 'It is a list of formats, such as ["%d.%m.%Y %H:%M"], or ["iso"].')
        return ("iso",)
    for one in formats:
        if one != "iso" and not {"%Y", "%y"} & {one[at : at + 2] for at in range(len(one))}:
            faults.add("dates", f"{one!r} has no year; write it as %d.%m.%Y %H:%M.")
    return tuple(formats)


def _drawn(given: object, zone: ZoneInfo, faults: _Faults) -> datetime | None:
    if given in (None, ""):
        return None
    try:
        moment = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
    except ValueError:
        faults.add("drawn", f"{given!r} is no moment; write it as 2020-01-21T15:00, or leave it out.")
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
