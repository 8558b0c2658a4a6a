"""Lines of an earlier system as values: what each says by the map, or why not and how to mend it. Pure."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rapidfuzz import process

from cases.past.maps import COLUMNS, NONE, AnswerBy, PastMap, Status, Undated
from channels.values import Channel
from core.errors import BadInput
from core.texts import clean
from domain.states import CaseKind

LONGEST_TEXT = 20_000
EARLIEST = 1950


@dataclass(frozen=True, slots=True)
class Past:
    """What one line says. `office` and `service` are codes of our catalogue. `over`: closed when the file was drawn;
    `undated`: by its status alone. `against_status`: its times say otherwise than its status, and count."""

    line: int
    external_id: str
    received_at: datetime
    acknowledged_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    reopened_at: datetime | None
    over: bool
    undated: bool
    withdrawn: bool
    against_status: bool
    status: str
    text: str
    answer: str
    category: str
    office: str
    service: str | None
    channel: Channel
    kind: CaseKind
    language: str
    place: str | None
    location: Mapping[str, float] | None
    digest: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that cannot be used: `why` in words that many lines may share, `value` what stands there."""

    line: int
    external_id: str
    column: str
    value: str
    why: str
    mend: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that the map leaves out by its status."""

    line: int


class _Wrong(Exception):
    def __init__(self, field: str, value: str, why: str, mend: str) -> None:
        super().__init__(why)
        self.field, self.value, self.why, self.mend = field, value, why, mend


@dataclass(frozen=True, slots=True)
class Table:
    """A file's heading and its lines, each with its number (the heading is 1)."""

    heading: tuple[str, ...]
    lines: Sequence[tuple[int, Sequence[str]]]


def table_of(raw: bytes, name: str) -> Table:
    """A CSV file in UTF-8; a comma, semicolon, tab or bar separates. Raises BadInput for what is no table."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not UTF-8 text.", mend="Save it as CSV UTF-8 and try again.") from error
    first = text.partition("\n")[0]
    separator = max(",;\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        heading = tuple(cell.strip() for cell in next(reader, []))
        lines: list[tuple[int, Sequence[str]]] = []
        begins = reader.line_num + 1
        for cells in reader:
            if cells:
                lines.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(f"{name}, line {reader.line_num}: {error}.", mend="Look for a quote that never ends.") from error
    if not heading or not lines:
        raise BadInput(f"{name} has no lines below its heading.", mend="Choose another file.")
    doubles = sorted({one for one in heading if heading.count(one) > 1})
    if doubles:
        raise BadInput(f"{name} has the column {doubles[0]!r} twice.", mend="Give each column a name of its own.")
    return Table(heading, lines)


def check_columns(table: Table, chosen: PastMap) -> None:
    """Raises BadInput where the map names a column that the file does not have."""
    faults = {}
    for field, column in chosen.columns.items():
        if column not in table.heading:
            near = process.extractOne(column, table.heading, score_cutoff=60)
            faults[f"columns.{field}"] = f"There is no column {column!r}." + (
                f" Did you mean {near[0]!r}?" if near else ""
            )
    if faults:
        raise BadInput("The map names columns that are not in the file.", mend="Mend the map.", fields=faults)


def read(
    table: Table, chosen: PastMap, offices: Mapping[str, str], services: Mapping[str, str], now: datetime
) -> Iterator[Past | Refused | LeftOut]:
    """Every line in turn. `offices` and `services`: the earlier system's words → codes that exist or will."""
    seen: dict[str, int] = {}
    width = len(table.heading)
    places = {field: table.heading.index(column) for field, column in chosen.columns.items()}
    for number, cells in table.lines:
        given = {field: cells[place].strip() if place < len(cells) else "" for field, place in places.items()}
        try:
            if len(cells) != width:
                what = f"It has {len(cells)} cells, the heading has {width}."
                raise _Wrong("", "", what, "Look for a separator or a quote that is missing.")
            past = _line(number, given, cells, chosen, offices, services, now)
            if isinstance(past, Past) and (before := seen.setdefault(past.external_id, number)) != number:
                raise _Wrong(
                    "id", past.external_id, "Another line has this id.", f"Look at line {before}, and keep one."
                )
            yield past
        except _Wrong as wrong:
            column = chosen.columns.get(wrong.field, wrong.field)
            yield Refused(number, given.get("id", ""), column, wrong.value[:80], wrong.why, wrong.mend)


def _line(
    number: int,
    given: Mapping[str, str],
    cells: Sequence[str],
    chosen: PastMap,
    offices: Mapping[str, str],
    services: Mapping[str, str],
    now: datetime,
) -> Past | LeftOut:
    external_id = given["id"]
    if not external_id or len(external_id) > 200:
        raise _Wrong("id", external_id, "It has no id of at most 200 letters.", "Give each line the id it had.")
    status = _status(given.get("status", ""), chosen)
    if status is Status.left_out:
        return LeftOut(number)
    times = {
        field: _moment(given.get(field, ""), field, chosen, now)
        for field in ("received", "acknowledged", "answered", "closed", "reopened")
    }
    received = times["received"]
    if received is None:
        raise _Wrong("received", "", "Nothing says when it was received.", f"Fill it: {COLUMNS['received']}.")
    for field, at in times.items():
        if at is not None and at < received:
            raise _Wrong(field, given[field], f"It was {field} before it was received.", "Mend one of the two times.")
    closed, reopened = times["closed"], times["reopened"]
    dated = closed is not None and (
        reopened is None or reopened < closed or (reopened == closed and status is not Status.open)
    )
    if status is Status.withdrawn and closed is None:
        why = "Nothing says when its citizen took it back."
        raise _Wrong("closed", "", why, "Fill in when, or map this status to closed.")
    ended = status in (Status.closed, Status.withdrawn)
    undated = ended and closed is None
    withdrawn = status is Status.withdrawn and dated
    answered = {
        AnswerBy.never: None,
        AnswerBy.column: times["answered"],
        AnswerBy.closing: None if withdrawn else closed,
    }[chosen.answer_by]
    return Past(
        line=number,
        external_id=external_id,
        received_at=received,
        acknowledged_at=times["acknowledged"],
        answered_at=answered,
        closed_at=closed,
        reopened_at=reopened,
        over=dated or (undated and chosen.undated is Undated.closed),
        undated=undated,
        withdrawn=withdrawn,
        against_status=status is not None and closed is not None and dated != ended,
        status=given.get("status", ""),
        text=clean(given.get("text", ""), LONGEST_TEXT),
        answer=clean(given.get("answer", ""), LONGEST_TEXT),
        category=clean(given.get("category", ""), 200),
        office=_office(given.get("office", ""), offices),
        service=_service(given.get("category", ""), services),
        channel=Channel(_word(given.get("channel", ""), "channel", chosen) or Channel.api),
        kind=CaseKind(_word(given.get("kind", ""), "kind", chosen) or CaseKind.complaint),
        language=given.get("language") or chosen.language,
        place=clean(given.get("place", ""), 200) or None,
        location=_location(given),
        digest=hashlib.sha256("\x1f".join(cells).encode()).hexdigest(),
    )


def _status(word: str, chosen: PastMap) -> Status | None:
    if "status" not in chosen.columns:
        return None
    found = chosen.status.get(word)
    if not found:
        raise _Wrong(
            "status", word, "The map does not say what this status is.", f"Add it to [status]: {', '.join(Status)}."
        )
    return Status(found)


def _word(word: str, field: str, chosen: PastMap) -> str:
    """What a word is here; "" where the earlier system said nothing."""
    if not word:
        return ""
    table = "channels" if field == "channel" else "kinds"
    found = (chosen.channels if field == "channel" else chosen.kinds).get(word)
    if not found:
        raise _Wrong(field, word, f"The map does not say what this {field} is.", f"Add it to [{table}].")
    return "" if found == NONE else found


def _office(word: str, offices: Mapping[str, str]) -> str:
    found = offices.get(word, "")
    if not found:
        why = "No office of ours is named for it." if word else "Nothing says which office had it."
        raise _Wrong("office", word, why, "Write the code of one behind it in [offices]; or use --create.")
    return found


def _service(word: str, services: Mapping[str, str]) -> str | None:
    return services.get(word) or None


def _location(given: Mapping[str, str]) -> dict[str, float] | None:
    latitude, longitude = given.get("latitude", ""), given.get("longitude", "")
    if not latitude or not longitude:
        return None
    try:
        spot = {"latitude": float(latitude), "longitude": float(longitude)}
    except ValueError:
        raise _Wrong(
            "latitude", f"{latitude} {longitude}", "That is no place.", "Write degrees, such as 41.33."
        ) from None
    if not (-90 <= spot["latitude"] <= 90 and -180 <= spot["longitude"] <= 180):
        raise _Wrong(
            "latitude", f"{latitude} {longitude}", "That is no place on Earth.", "Write degrees, such as 41.33."
        )
    return spot


def _moment(word: str, field: str, chosen: PastMap, now: datetime) -> datetime | None:
    if not word:
        return None
    at = moment(word, chosen.dates, chosen.zone)
    if at is None:
        shown = ", ".join(chosen.dates)
        raise _Wrong(field, word, f"It is not written as {shown}.", "Add its way of writing to `dates` of the map.")
    if at > now:
        raise _Wrong(field, word, "It lies in the future.", "Look at the time zone and at the order of day and month.")
    if at.year < EARLIEST:
        raise _Wrong(field, word, f"It lies before {EARLIEST}.", "Look at the century.")
    return at


def moment(word: str, formats: Iterable[str], zone: ZoneInfo) -> datetime | None:
    """A time as it is written, in UTC; None where no format fits. Without an offset it is of the zone; of an hour that
    clocks went through twice it is the first."""
    for one in formats:
        try:
            at = datetime.fromisoformat(word) if one == "iso" else datetime.strptime(word, one)  # noqa: DTZ007
        except ValueError:
            continue
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    return None
