"""What figures of silence stand on: one narrow row for each case that counts, and sums of them up the tree of offices.

Only cases that every reader of figures may see are here (`reports.facts.counted`), so one set of sums serves all, and
no difference of two of them tells of a case behind the firewall.

The database itself marks each case that changes, in the transaction that changes it, whoever writes: a page, a task, an
import, a person with a prompt. Marks are added and taken away, never changed, so nobody waits for anybody. The
refresher (`reports.refresh`) takes them and brings rows and sums in line.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    event,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from core.types import UtcDateTime
from domain.base import metadata

WAITING = text("silence IS NULL AND ended IS NULL")
_TO_BE_LATE = text("silence IS NULL AND ended IS NULL AND NOT late")


class FigureMark(SQLModel, table=True):
    """That something a figure counts has changed about a case. Several of one case are as good as one."""

    __tablename__ = "figure_mark"

    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
    )
    case_id: UUID


class FigureCase(SQLModel, table=True):
    """What one case counts for. Times are whole seconds since 1970, silences whole seconds.

    `silence` is that until the answer, `ended` that of a case taken back without one; while both are NULL it runs.
    `target` is when a first answer is due. `signs` are `reports.facts.Sign`s. `late`: it runs, and the target had
    passed when figures were last refreshed.
    """

    __tablename__ = "figure_case"
    __table_args__ = (
        Index("ix_figure_case_office_received", "office_id", "received", postgresql_include=["silence", "ended"]),
        Index("ix_figure_case_received", "received"),
        Index("ix_figure_case_waiting", "office_id", "received", postgresql_where=WAITING, sqlite_where=WAITING),
        Index("ix_figure_case_target", "target", postgresql_where=_TO_BE_LATE, sqlite_where=_TO_BE_LATE),
    )

    case_id: UUID = Field(primary_key=True)
    office_id: UUID
    service_id: UUID | None = None
    channel: str = Field(sa_type=Text)
    language: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    received: int = Field(sa_type=BigInteger)
    silence: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    ended: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    target: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    signs: int = Field(sa_type=SmallInteger)
    late: bool


class FigureCell(SQLModel, table=True):
    """Sums over the cases of an office and all below it, received in one month or week, by one dimension at a time.

    `id` follows from what the cell is of (`reports.cells.Key`). `since` is the first day in the government's zone.
    `silences` and `ended` are counts by bucket of their length, `waits` by hour of receipt since the period began
    (`reports.sketch.pack`).
    """

    __tablename__ = "figure_cell"
    __table_args__ = (
        Index("ix_figure_cell_office", "office_id", "grain", "dimension", "since"),
        {"postgresql_with": {"fillfactor": 60}},  # room for a row to change where it lies, and no index with it
    )

    id: UUID = Field(primary_key=True)
    office_id: UUID
    grain: str = Field(sa_type=Text)
    dimension: str = Field(sa_type=Text)
    value: str = Field(sa_type=Text)
    since: date
    n: int
    answered: int
    templated: int
    met: int
    missed: int
    waiting: int
    late: int
    closed: int
    reopened: int
    appealed: int
    upheld: int
    bounced: int
    silences: bytes = Field(sa_type=LargeBinary)
    ended: bytes = Field(sa_type=LargeBinary)
    waits: bytes = Field(sa_type=LargeBinary)


class FigureOffice(SQLModel, table=True):
    """Where an office stands: by itself, or (`below`) with all below it. What lists of offices are sorted by.

    `oldest` is when the longest silence began. `celled`: it has so many cases that sums are kept of it; `split`: by
    each dimension too. From `n` on: of the cases received since `since`, as counted at `scored_at`; `drawn` is the
    share of answers that were late or are overdue, drawn towards that of all offices (docs/methods.md), NULL where
    nothing was due.
    """

    __tablename__ = "figure_office"
    __table_args__ = (
        Index("ix_figure_office_late", "below", "late", "waiting", "office_id"),
        Index("ix_figure_office_oldest", "below", "oldest", "office_id"),
        Index("ix_figure_office_drawn", "below", "drawn", "office_id"),
        Index("ix_figure_office_median", "below", "median", "office_id"),
    )

    office_id: UUID = Field(primary_key=True)
    below: bool = Field(primary_key=True)
    cases: int = 0
    waiting: int = 0
    late: int = 0
    oldest: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    celled: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    split: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    since: date | None = None
    n: int = 0
    answered: int = 0
    due: int = 0
    failed: int = 0
    median: float | None = Field(default=None, sa_type=Float, nullable=True)
    median_low: float | None = Field(default=None, sa_type=Float, nullable=True)
    median_high: float | None = Field(default=None, sa_type=Float, nullable=True)
    p90: float | None = Field(default=None, sa_type=Float, nullable=True)
    drawn: float | None = Field(default=None, sa_type=Float, nullable=True)
    scored_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)


class FigureTree(SQLModel, table=True):
    """That an office is, or hangs somewhere under, another one: as the sums were made."""

    __tablename__ = "figure_tree"

    office_id: UUID = Field(primary_key=True)
    above_id: UUID = Field(primary_key=True, index=True)


class FigureState(SQLModel, table=True):
    """The one row whose lock makes one refresher of many. Figures stand as at `as_of`.

    `zone` is whose months and weeks are counted, `tree` the digest of the tree they were summed by. `prior_a` and
    `prior_b` are the beta distribution that offices' shares are drawn towards.
    """

    __tablename__ = "figure_state"

    id: int = Field(primary_key=True, sa_type=SmallInteger)
    as_of: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    rebuilt_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    zone: str = ""
    revision: int = 0
    tree: str = ""
    prior_a: float | None = Field(default=None, sa_type=Float, nullable=True)
    prior_b: float | None = Field(default=None, sa_type=Float, nullable=True)
    prior_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)


# -- marks -----------------------------------------------------------------------------------------------------------

WATCHED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "case": (
        "id",
        "",
        (
            "office_id",
            "service_id",
            "channel",
            "language",
            "kind",
            "source",
            "lead_link",
            "integrity",
            "about_office_id",
            "about_staff_id",
            "hops",
            "outcome",
            "received_at",
            "first_response_at",
            "first_response_templated",
            "closed_at",
            "reopened_at",
            "appealed_at",
        ),
    ),
    "clock": ("case_id", "kind = 'first_response'", ("case_id", "kind", "state", "deadline_at")),
    "appeal": ("case_id", "", ("case_id", "outcome")),
}
"""By table: the column that names the case, which rows matter, and the columns whose change does."""


def _statements(dialect: str) -> list[str]:
    """What makes the database mark changes; all of it may be there already."""
    made = []
    if dialect == "postgresql":
        for column in ("id", "case_id"):
            for when, row in (("new", "NEW"), ("gone", "OLD")):
                body = f"BEGIN INSERT INTO figure_mark (case_id) VALUES ({row}.{column}); RETURN NULL; END"  # noqa: S608
                name = f"figure_mark_{column}_{when}"
                made.append(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    for table, (column, matters, columns) in WATCHED.items():
        changed = " OR ".join(
            f"old.{one} IS {'DISTINCT FROM' if dialect == 'postgresql' else 'NOT'} new.{one}" for one in columns
        )
        for what, event_of, row, condition in (
            ("new", "INSERT", "new", ""),
            ("changed", f"UPDATE OF {', '.join(columns)}", "new", changed),
            ("gone", "DELETE", "old", ""),
        ):
            asked = [f"({one})" for one in (matters and f"{row}.{matters}", condition) if one]
            when = f"WHEN ({' AND '.join(asked)}) " if asked else ""
            name, of = f"figure_{table}_{what}", f'AFTER {event_of} ON "{table}" FOR EACH ROW {when}'
            if dialect == "postgresql":
                call = f"figure_mark_{column}_{'gone' if what == 'gone' else 'new'}()"
                made.append(f"CREATE OR REPLACE TRIGGER {name} {of}EXECUTE FUNCTION {call}")
            else:
                insert = f"INSERT INTO figure_mark (case_id) VALUES ({row}.{column})"  # noqa: S608  (our own names)
                made.append(f"CREATE TRIGGER IF NOT EXISTS {name} {of}BEGIN {insert}; END")
    return made


def watch(connection: Connection) -> None:
    """Make the database mark what changes. May be called again: SQLite drops triggers with a table it copies."""
    for statement in _statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


def watch_no_more(connection: Connection) -> None:
    """Take out what `watch` put in."""
    for table in WATCHED:
        on = f' ON "{table}"' if connection.dialect.name == "postgresql" else ""
        for what in ("new", "changed", "gone"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS figure_{table}_{what}{on}")
    if connection.dialect.name == "postgresql":
        for column in ("id", "case_id"):
            for when in ("new", "gone"):
                connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS figure_mark_{column}_{when}()")


@event.listens_for(metadata(), "after_create")
def _watch(_: Any, connection: Connection, **__: Any) -> None:
    watch(connection)
