"""Exports: what stands in them, for whom, in which kind of file, and what happens when a worker dies."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from channels.values import Channel
from core import streams
from core.crypto import cipher
from core.errors import BadInput, Conflict, NotFound, Tampered, TooMany
from core.ids import new_id
from core.settings import settings
from domain.access import ApiKey, Scope
from domain.case import Case
from domain.clock import Notice
from domain.export import Every, Export, ExportFetch, ExportFormat, ExportKind, ExportPlan, ExportState, PlanState
from domain.reach import StaffMessage
from domain.review import Action, Review
from domain.staff import Staff, StaffRole
from domain.states import CaseState, EntryKind, Role
from domain.survey import Answer, Transaction
from domain.timeline import append
from reports.exports import asking, formats, making
from reports.exports.asking import Asker
from reports.exports.choice import Choice, Last, following, period
from reports.exports.formats import Column, Type, harmless, writer
from reports.exports.tables import TABLES
from tests.builders import NOW, Government, government, plain_case
from tests.conftest import Installation

SQLITE = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
HIDDEN = "about the head"
SECRET = "kept for integrity"


@pytest.fixture
def governed(installation: Installation) -> Government:
    """Six cases: two of WAT1, one of CIV1, one about WAT1's conduct, one for integrity, one of the triage desk."""
    with installation.database.write() as session:
        known = government(session)
        for office, values in (
            ("WAT1", {"text": "Call me on 069 123 4567, my name is Arta Hoxha"}),
            ("WAT1", {"text": "=1+1", "channel": "sms", "state": CaseState.closed, "closed_at": NOW}),
            ("CIV1", {"text": "Passport", "service_id": known.service["passport"]}),
            ("CIV1", {"text": HIDDEN, "about_office_id": known.office["WAT1"]}),
            ("INTEG", {"text": SECRET, "integrity": True}),
            ("TRIAGE", {"text": "Whose is it?", "state": CaseState.triage}),
        ):
            case = plain_case(known, office, **values)
            append(session, case, EntryKind.received, NOW, actor="citizen", public=True, body={"text": case.text})
            append(session, case, EntryKind.noted, NOW, actor=str(known.staff["officer1"]), body={"text": "for us"})
            session.add(case)
    return known


def asker_of(known: Government, name: str) -> Asker:
    return Asker(known.staff[name], None, name)


def made(known: Government, name: str, kind: str = "cases", file: str = "csv", choice: Choice = Choice()) -> Export:  # noqa: B008
    """An export of somebody's, made."""
    from core.database import database

    with database().write() as session:
        row = asking.ask(session, asker_of(known, name), ExportKind(kind), ExportFormat(file), choice, NOW)
    assert making.make_due(lambda: NOW) == 1
    with database().read() as session:
        return session.get_one(Export, row.id)


def bytes_of(row: Export) -> bytes:
    assert row.state == ExportState.done, (row.state, row.problem)
    whole = b"".join(streams.read(row.id))
    assert len(whole) == row.size
    return whole


def lines(row: Export) -> list[dict[str, str]]:
    found = list(csv.DictReader(io.StringIO(bytes_of(row).decode("utf-8-sig"), newline="")))
    assert len(found) == row.rows
    return found


# -- who sees what ---------------------------------------------------------------------------------------------------

SEEN = [
    ("officer1", 2, 0, 0),
    ("head1", 2, 0, 0),
    ("head_water", 2, 0, 0),
    ("clerk", 2, 1, 0),
    ("integrity", 1, 0, 1),
    ("minister", 4, 0, 0),
    ("auditor", 4, 0, 0),
    ("triage", 1, 0, 0),
]


@pytest.mark.parametrize("kind", ["cases", "timelines"])
def test_each_gets_what_they_may_see_and_nothing_else(
    installation: Installation, governed: Government, kind: str
) -> None:
    for name, cases, hidden, secret in SEEN:
        texts = [line["text"] for line in lines(made(governed, name, kind))]
        assert (len(texts), texts.count(HIDDEN), texts.count(SECRET)) == (cases, hidden, secret), name
        assert "for us" not in texts  # a note is for staff, and no export of what its citizen may read


def test_words_are_redacted_below_administrators(installation: Installation, governed: Government) -> None:
    (shown,) = [line["text"] for line in lines(made(governed, "officer1")) if line["text"].startswith("Call")]
    assert "069" not in shown
    assert "Hoxha" not in shown
    with installation.database.write() as session:
        session.add(StaffRole(staff_id=governed.staff["officer1"], office_id=governed.office["WAT1"], role=Role.admin))
    plain = made(governed, "officer1")
    assert plain.plain
    assert "069 123 4567" in " ".join(line["text"] for line in lines(plain))


@SQLITE
def test_a_role_that_ended_before_the_file_is_made_counts(installation: Installation, governed: Government) -> None:
    with installation.database.write() as session:
        row = asking.ask(session, asker_of(governed, "officer1"), ExportKind.cases, ExportFormat.csv, Choice(), NOW)
        role = session.exec(select(StaffRole).where(StaffRole.staff_id == governed.staff["officer1"])).one()
        session.delete(role)
    making.make_due(lambda: NOW)
    with installation.database.read() as session:
        done = session.get_one(Export, row.id)
        assert (done.state, done.problem) == (ExportState.failed, making.LEFT)


@SQLITE
def test_nobody_fetches_what_they_may_not_see_any_more(installation: Installation, governed: Government) -> None:
    row = made(governed, "officer1")
    with installation.database.write() as session:
        asking.fetch(session, asker_of(governed, "officer1"), row.id, NOW)
        for other in ("officer2", "minister", "auditor"):
            with pytest.raises(NotFound):
                asking.fetch(session, asker_of(governed, other), row.id, NOW)
        with pytest.raises(NotFound):
            asking.fetch(session, asker_of(governed, "officer1"), row.id, NOW + timedelta(days=8))
        session.add(
            StaffRole(staff_id=governed.staff["officer1"], office_id=governed.office["CIV1"], role=Role.officer)
        )
        session.flush()
        with pytest.raises(Conflict, match="has changed"):
            asking.fetch(session, asker_of(governed, "officer1"), row.id, NOW)
        (kept,) = asking.register(session)
        assert [one.by for one in kept.fetches] == ["officer1"]


def test_filters_are_those_of_the_lists(installation: Installation, governed: Government) -> None:
    def n(q: str, kind: str = "cases", last: Last | None = None) -> int:
        return len(lines(made(governed, "minister", kind, choice=Choice(q, last))))

    assert n("office:WATER") == 2
    assert n("office:WATER state:closed") == n("channel:sms") == n("channel:sms", "timelines") == 1
    assert n("passport") == n("service:passport") == 1
    assert n("from:2026-03-03") == 0
    assert n("", last=Last.day) == 0  # all came in today
    with installation.database.write() as session:
        for kind, q in (("cases", "office:NOWHERE"), ("ratings", "state:closed"), ("actions", "water is:late")):
            with pytest.raises(BadInput):
                asking.ask(session, asker_of(governed, "minister"), ExportKind(kind), ExportFormat.csv, Choice(q), NOW)


def test_ratings_transactions_and_actions(installation: Installation, governed: Government) -> None:
    with installation.database.write() as session:
        for office in ("WAT1", "CIV1"):
            for question, value, text in (("rating", 2, None), ("reason", None, "money"), ("minutes", 40, None)):
                session.add(
                    Answer(
                        source_id=f"s{office}", question=question, value=value, text=text, channel=Channel.sms,
                        office_id=governed.office[office], answered_at=NOW,
                    )
                )  # fmt: skip
            session.add(
                Transaction(
                    source="agency", external_id=office, office_id=governed.office[office], operator="Mira",
                    service_id=governed.service["water"], completed_at=NOW, received_at=NOW,
                )
            )  # fmt: skip
        session.flush()
        case = session.exec(select(Case).where(Case.text == HIDDEN)).one()
        review = Review(office_id=governed.office["WATER"], week=date(2026, 2, 23), opened_at=NOW)
        session.add(review)
        session.flush()
        for what, about in (("Mend the pump", None), ("Talk with the head", case.id)):
            session.add(
                Action(
                    review_id=review.id, office_id=governed.office["WATER"], case_id=about, what=what,
                    owner_id=governed.staff["head1"], due_on=date(2026, 3, 9), created_at=NOW,
                )
            )  # fmt: skip
    ratings = lines(made(governed, "officer1", "ratings"))
    assert [(one["office"], one["rating"], one["reason"], one["waiting_minutes"]) for one in ratings] == [
        ("WAT1", "2", "", "40")  # never that money was asked for
    ]
    assert [one["operator"] for one in lines(made(governed, "head1", "transactions"))] == ["Mira"]
    assert [one["operator"] for one in lines(made(governed, "minister", "transactions"))] == ["", ""]
    assert [one["what"] for one in lines(made(governed, "reviewer", "actions"))] == ["Mend the pump"]
    assert [one["what"] for one in lines(made(governed, "officer1", "actions"))] == []


# -- the files -------------------------------------------------------------------------------------------------------


def sheet(raw: bytes) -> list[list[str]]:
    """The cells of a workbook's first sheet, as written."""
    archive = zipfile.ZipFile(io.BytesIO(raw))
    tag = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    root = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert root.findall(f".//{tag}f") == [], "a formula"
    return [["".join(cell.itertext()) for cell in row.iter(f"{tag}c")] for row in root.iter(f"{tag}row")]


@SQLITE
def test_the_three_kinds_of_file_say_the_same(installation: Installation, governed: Government) -> None:
    import pyarrow.parquet as pq

    as_csv = {line["reference"]: line for line in lines(made(governed, "officer1"))}
    as_parquet = pq.read_table(io.BytesIO(bytes_of(made(governed, "officer1", file="parquet")))).to_pylist()
    as_sheet = sheet(bytes_of(made(governed, "officer1", file="xlsx")))
    assert as_sheet[0] == list(as_parquet[0]) == list(as_csv[as_parquet[0]["reference"]])
    assert {row[0] for row in as_sheet[1:]} == {row["reference"] for row in as_parquet} == as_csv.keys()
    for row in as_parquet:
        line = as_csv[row["reference"]]
        assert row["received_at"] == datetime.fromisoformat(line["received_at"]) == NOW
        assert (str(row["silent"]).lower(), str(row["silence_seconds"])) == (line["silent"], line["silence_seconds"])
        assert harmless(row["text"]) == line["text"]
    assert sorted(row["text"] for row in as_parquet)[0] == "=1+1"
    assert sorted(line["text"] for line in as_csv.values())[0] == "'=1+1"


@given(st.text())
def test_no_cell_is_a_formula(text: str) -> None:
    found = harmless(text)
    assert found[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
    assert found in (text, f"'{text}")


@pytest.mark.parametrize("kind", ExportFormat)
def test_more_rows_than_a_batch_a_group_or_a_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: ExportFormat
) -> None:
    monkeypatch.setattr(formats, "SHEET_ROWS", 400)
    monkeypatch.setattr(formats, "GROUP", 150)
    columns = (Column("a", Type.text, "x"), Column("n", Type.whole, "y"), Column("d", Type.day, "z"))
    target = io.BytesIO()
    with writer(kind, target, columns, "Rows", tmp_path) as write:
        for start in range(0, 1000, 70):
            write([(f"r{n}", n, None if n % 2 else date(2026, 1, 1)) for n in range(start, min(start + 70, 1000))])
    raw = target.getvalue()
    if kind is ExportFormat.csv:
        assert len(raw.decode().splitlines()) == 1001
    elif kind is ExportFormat.parquet:
        import pyarrow.parquet as pq

        table = pq.read_table(io.BytesIO(raw))
        assert (table.num_rows, table["n"].to_pylist()) == (1000, list(range(1000)))
        assert table.schema.field("a").metadata == {b"meaning": b"x"}
    else:
        names = [name for name in zipfile.ZipFile(io.BytesIO(raw)).namelist() if "worksheets/sheet" in name]
        assert len(names) == 3
        assert len(sheet(raw)) == 400
    assert list(tmp_path.iterdir()) == []


def test_columns_have_names_and_meanings() -> None:
    for kind, table in TABLES.items():
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names), kind
        assert all(column.meaning.endswith(".") for column in table.columns), kind


@SQLITE
def test_files_at_rest_are_sealed_piece_by_piece(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PIECE", 100)
    first, second, data = uuid4(), uuid4(), bytes(range(256)) * 3
    for file_id in (first, second):
        with streams.writing(file_id) as sink:
            for start in range(0, len(data), 37):
                sink.write(data[start : start + 37])
    assert b"".join(streams.read(first)) == data
    raw = streams.path_of(first).read_bytes()
    assert data[:50] not in raw
    size = 4 + 128
    head = len(raw) - 7 * size - (4 + len(data) % 100 + 28)
    for broken in (
        raw[:-1],
        raw[: head + 3 * size],  # cut off between two pieces
        raw[:head] + raw[head + size :],
        raw[:head] + raw[head + size : head + 2 * size] + raw[head : head + size] + raw[head + 2 * size :],
        streams.path_of(second).read_bytes(),
        b"something else",
    ):
        streams.path_of(first).write_bytes(broken)
        with pytest.raises(Tampered):
            list(streams.read(first))
    assert not streams.rewrite(second)
    monkeypatch.setenv("OMBUD_ENCRYPTION_KEYS", "new:" + "QUJD" * 10 + "QUI=," + old_ring())
    settings.cache_clear()
    assert cipher().current == "new"
    assert streams.rewrite(second)
    assert b"".join(streams.read(second)) == data


def old_ring() -> str:
    import base64

    return ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in cipher().ring.items())


# -- the row is the job ----------------------------------------------------------------------------------------------


def test_a_worker_that_dies_leaves_nothing_half(
    installation: Installation, governed: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation.database.write() as session:
        row = asking.ask(session, asker_of(governed, "minister"), ExportKind.cases, ExportFormat.csv, Choice(), NOW)

    def dies(*given: object) -> None:
        raise KeyboardInterrupt

    write_rows = making.write_rows
    monkeypatch.setattr(making, "write_rows", dies)
    with pytest.raises(KeyboardInterrupt):
        making.make_due(lambda: NOW)
    monkeypatch.setattr(making, "write_rows", write_rows)
    assert list(streams.kept()) == []
    assert making.make_due(lambda: NOW + timedelta(minutes=1)) == 0  # its lease still runs
    later = NOW + making.LEASE
    assert making.make_due(lambda: later) == 1
    with installation.database.read() as session:
        done = session.get_one(Export, row.id)
        assert (done.state, done.rows, done.attempts) == (ExportState.done, 4, 2)
        assert done.expires_at == later + timedelta(days=settings().export_days)


@SQLITE
def test_what_cannot_be_made_is_tried_and_then_given_up(
    installation: Installation, governed: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation.database.write() as session:
        row = asking.ask(session, asker_of(governed, "minister"), ExportKind.cases, ExportFormat.csv, Choice(), NOW)

    def fails(*given: object) -> None:
        raise OSError("No space left on device, 069 123 4567")

    monkeypatch.setattr(making, "write_rows", fails)
    now = NOW
    for _ in range(making.TRIES):
        assert making.make_due(lambda: now) == 1  # noqa: B023
        now += timedelta(days=1)
    with installation.database.read() as session:
        done = session.get_one(Export, row.id)
        assert (done.state, done.last_error) == (ExportState.failed, "OSError")
        assert "069" not in done.problem
    assert making.make_due(lambda: now) == 0


def test_what_comes_again(installation: Installation, governed: Government) -> None:
    with installation.database.write() as session:
        row = asking.plan(
            session, asker_of(governed, "minister"), ExportKind.cases, ExportFormat.csv,
            Choice("office:WATER", Last.month), Every.week, NOW,
        )  # fmt: skip
        gone = asking.plan(
            session, asker_of(governed, "officer2"), ExportKind.cases, ExportFormat.csv, Choice(), Every.day, NOW
        )
    assert making.plan_due(NOW) == 0
    monday = datetime(2026, 3, 9, 4, tzinfo=UTC)
    with installation.database.write() as session:
        session.get_one(Staff, governed.staff["officer2"]).active = False
    missed = monday + timedelta(days=15)  # three Mondays: made once
    assert making.plan_due(missed) == 2
    assert making.plan_due(missed) == 0
    assert making.make_due(lambda: missed) == 1
    assert making.make_due(lambda: missed) == 0
    with installation.database.read() as session:
        again = session.get_one(ExportPlan, row.id)
        assert again.due_at == datetime(2026, 3, 30, 3, tzinfo=UTC)  # summer time
        assert session.get_one(ExportPlan, gone.id).state == PlanState.stopped
        export = session.exec(select(Export)).one()
        assert (export.plan_id, export.state) == (row.id, ExportState.done)
        notice = session.exec(select(Notice)).one()
        assert (notice.staff_id, notice.dedupe_key) == (governed.staff["minister"], f"export:{export.id}")
        for message in session.exec(select(StaffMessage)):
            assert "/staff/exports" in message.text
            assert "?" not in message.text
    with installation.database.write() as session:
        with pytest.raises(NotFound):
            asking.stop(session, asker_of(governed, "auditor"), row.id, NOW)
        asking.stop(session, asker_of(governed, "minister"), row.id, NOW)
    assert making.plan_due(missed + timedelta(days=40)) == 0


@SQLITE
def test_files_go_when_their_days_are_over(installation: Installation, governed: Government) -> None:
    row = made(governed, "minister")
    stray = uuid4()
    with streams.writing(stray) as sink:
        sink.write(b"nobody knows it")
    assert making.tidy(NOW) == 1
    assert list(streams.kept()) == [row.id]
    assert making.tidy(NOW + timedelta(days=8)) == 1
    assert list(streams.kept()) == []
    with installation.database.read() as session:
        assert session.get_one(Export, row.id).state == ExportState.expired  # that it was made stays on record


@SQLITE
def test_keys_and_limits(installation: Installation, governed: Government) -> None:
    with installation.database.write() as session:
        for name, scope, office in (("reader", Scope.read, "WATER"), ("all", Scope.admin, None)):
            key = ApiKey(
                id=new_id(), name=name, scope=scope, prefix=name, key_hash=name, created_at=NOW,
                office_id=governed.office[office] if office else None,
            )  # fmt: skip
            session.add(key)
            session.flush()
            asking.ask(session, Asker(None, key.id, name), ExportKind.cases, ExportFormat.csv, Choice(), NOW)
        for _ in range(asking.MOST_WAITING - 1):
            asking.ask(session, Asker(None, key.id, "all"), ExportKind.cases, ExportFormat.csv, Choice(), NOW)
        with pytest.raises(TooMany):
            asking.ask(session, Asker(None, key.id, "all"), ExportKind.cases, ExportFormat.csv, Choice(), NOW)
    while making.make_due(lambda: NOW):
        pass
    with installation.database.read() as session:
        found: Sequence[Export] = session.exec(select(Export).order_by(col(Export.id))).all()
        assert [(one.rows, one.plain) for one in found[:2]] == [(2, False), (4, True)]
        texts = [line["text"] for line in lines(found[1])]
        assert not {HIDDEN, SECRET} & set(texts)
        assert session.exec(select(ExportFetch)).all() == []


@pytest.mark.parametrize(
    ("every", "after", "then"),
    [
        (Every.day, (2026, 3, 2, 3), (2026, 3, 2, 4)),
        (Every.day, (2026, 3, 2, 4), (2026, 3, 3, 4)),
        (Every.week, (2026, 3, 2, 3), (2026, 3, 2, 4)),
        (Every.week, (2026, 3, 2, 5), (2026, 3, 9, 4)),
        (Every.month, (2026, 1, 31, 12), (2026, 2, 1, 4)),
        (Every.month, (2026, 12, 1, 4), (2027, 1, 1, 4)),
        (Every.month, (2026, 3, 15, 12), (2026, 4, 1, 3)),
    ],
)
def test_when_it_comes_again(every: Every, after: tuple[int, ...], then: tuple[int, ...]) -> None:
    """At five in the morning in Tirana."""
    assert following(every, datetime(*after, tzinfo=UTC)) == datetime(*then, tzinfo=UTC)  # type: ignore[arg-type,misc]


def test_periods_are_whole() -> None:
    found = {last: period(last, datetime(2026, 3, 4, 12, tzinfo=UTC)) for last in Last}
    assert {last: (since.isoformat()[:13], until.isoformat()[:13]) for last, (since, until) in found.items()} == {
        Last.day: ("2026-03-02T23", "2026-03-03T23"),
        Last.week: ("2026-02-22T23", "2026-03-01T23"),
        Last.month: ("2026-01-31T23", "2026-02-28T23"),
    }
