"""The tables of open data: what each column means, and how its rows come out of a publication."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from domain.publication import FigureScope, Publication, PublishedFigure
from domain.states import Tier
from reports.public.classes import ANY, SILENCES, rows_of

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Field:
    """A column. `kind` is a type of the Table Schema: yearmonth, string, integer or number."""

    name: str
    kind: str
    text: str
    least: float | None = None
    most: float | None = None
    one_of: tuple[str, ...] = ()
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what it is called, what it is about, its columns and key, and its rows of one publication."""

    name: str
    title: str
    text: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    rows: Callable[[Publication, Sequence[PublishedFigure]], Iterable[tuple[Cell, ...]]]


_MONTH = Field("month", "yearmonth", "Month in which the cases were received, or the questions were sent", needed=True)
_VERSION = Field("version", "integer", "1, or the number of a correction", least=1, needed=True)
_SCOPES = (str(FigureScope.office), str(FigureScope.below), str(FigureScope.whole))
_WHO = (
    Field(
        "scope",
        "string",
        "office: an office by itself; below: an office with all below it; whole: the whole government",
        one_of=_SCOPES,
        needed=True,
    ),
    Field("office", "string", "Code of the office; empty for the whole government"),
    Field("name", "string", "Name of the office"),
    Field("tier", "string", "Level of the office", one_of=tuple(map(str, Tier))),
    Field("parent", "string", "Code of the office above"),
)
_TIMES = (
    Field(
        "median_hours", "integer", "Half had an answer within so many hours; empty where longer than beyond_hours", 1
    ),
    Field("median_low", "integer", "Lower end of its 95% interval", 1),
    Field("median_high", "integer", "Upper end of its 95% interval; empty where it is not known", 1),
    Field("p90_hours", "integer", "Nine of ten had an answer within so many hours", 1),
    Field("p90_low", "integer", "Lower end of its 95% interval", 1),
    Field("p90_high", "integer", "Upper end of its 95% interval; empty where it is not known", 1),
    Field("beyond_hours", "integer", "What is not told is longer than so many hours", 1),
)


def _month(one: Publication) -> tuple[Cell, Cell]:
    return f"{one.month:%Y-%m}", one.version


def _who(row: PublishedFigure) -> tuple[Cell, ...]:
    return (
        str(row.scope),
        row.code or None,
        row.names.get("en") or row.code or None,
        row.tier or None,
        row.above or None,
    )


def _times(row: PublishedFigure) -> tuple[Cell, ...]:
    return tuple(getattr(row, field.name) for field in _TIMES)


def _of(rows: Iterable[PublishedFigure], *scopes: str) -> list[PublishedFigure]:
    """Lines of these scopes in their order: the whole last, as it is the sum."""
    return sorted((row for row in rows if row.scope in scopes), key=lambda row: (scopes.index(row.scope), row.code))


def _silence(one: Publication, rows: Sequence[PublishedFigure]) -> Iterable[tuple[Cell, ...]]:
    for row in _of(rows, *_SCOPES):
        if row.n is not None:
            late = (row.late, row.late_share, row.late_low, row.late_high)
            yield (*_month(one), *_who(row), row.n, *late, *_times(row))


def _satisfaction(one: Publication, rows: Sequence[PublishedFigure]) -> Iterable[tuple[Cell, ...]]:
    for row in _of(rows, *_SCOPES):
        if row.answers is not None:
            said = (row.answers, row.asked_share, row.rating, row.rating_low, row.rating_high)
            yield (*_month(one), *_who(row), *said)


def _kinds(one: Publication, rows: Sequence[PublishedFigure]) -> Iterable[tuple[Cell, ...]]:
    for row in _of(rows, str(FigureScope.service), str(FigureScope.channel)):
        late = (row.late_share, row.late_low, row.late_high)
        yield (*_month(one), str(row.scope), row.code, row.names.get("en"), row.n, *late, *_times(row))


def _cases(one: Publication, rows: Sequence[PublishedFigure]) -> Iterable[tuple[Cell, ...]]:
    del rows
    for row in rows_of(one.classes):
        yield (f"{one.month:%Y-%m}", *row)


_LATE = (
    Field("late_share", "number", "Share of cases that had no answer when their target passed", 0, 1),
    Field("late_low", "number", "Lower end of its 95% interval (Wilson)", 0, 1),
    Field("late_high", "number", "Upper end of its 95% interval (Wilson)", 0, 1),
)
TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "silence",
            "Silence by office and month",
            "How long citizens waited for a first human answer (elapsed time, Kaplan-Meier: who has none still counts)."
            " An empty field may not be told, as it would be about too few people.",
            (
                _MONTH,
                _VERSION,
                *_WHO,
                Field("n", "integer", "Cases received in the month", 0, needed=True),
                Field("late", "integer", "How many of them had no answer when their target passed", 0),
                *_LATE,
                *_TIMES,
            ),
            ("month", "version", "scope", "office"),
            _silence,
        ),
        Table(
            "satisfaction",
            "Satisfaction by office and month",
            "What citizens who were asked after a service answered, weighted by who was asked and who answered.",
            (
                _MONTH,
                _VERSION,
                *_WHO,
                Field("answers", "integer", "How many answered", 0, needed=True),
                Field("asked_share", "number", "Share of those asked who answered", 0, 1),
                Field("rating", "number", "Mean rating, 1 (very bad) to 5 (very good)", 1, 5),
                Field("rating_low", "number", "Lower end of its 95% interval", 1, 5),
                Field("rating_high", "number", "Upper end of its 95% interval", 1, 5),
            ),
            ("month", "version", "scope", "office"),
            _satisfaction,
        ),
        Table(
            "services",
            "Silence by service, and by way of writing, of the whole government",
            "Numbers of cases are rounded to tens.",
            (
                _MONTH,
                _VERSION,
                Field("kind", "string", "service or channel", one_of=("service", "channel"), needed=True),
                Field("code", "string", "Code of the service or channel", needed=True),
                Field("name", "string", "Name of the service"),
                Field("n", "integer", "Cases received in the month, rounded to tens", 0, needed=True),
                *_LATE,
                *_TIMES,
            ),
            ("month", "version", "kind", "code"),
            _kinds,
        ),
        Table(
            "cases",
            "Closed cases, one a row, made anonymous",
            "Cases received in the month and closed when it was counted. At least as many rows are alike in all they"
            " say as the note says; fields are made more general (*) until they are, and rows left out where nothing"
            " helps. Rows that are alike are told in multiples of five. Made once for a month; corrections leave them.",
            (
                _MONTH,
                Field(
                    "place", "string", "Code of the district the office belongs to, or of what is above it", needed=True
                ),
                Field("service", "string", f"Code of the service; {ANY} where it is not told", needed=True),
                Field("channel", "string", f"Way the citizen wrote; {ANY} where it is not told", needed=True),
                Field("silence", "string", "Time until the first answer", one_of=SILENCES, needed=True),
            ),
            (),
            _cases,
        ),
    )
}
