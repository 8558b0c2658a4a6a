"""Exports: what stands in them, for whom, in which kind of file, and what happens when a worker dies."""

import io
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from channels.values import Channel
from core.errors import BadInput, Conflict, NotFound
from domain.case import Case
from domain.export import Export, ExportFormat, ExportKind, ExportState
from domain.review import Action, Review
from domain.staff import StaffRole
from domain.states import Role
from domain.survey import Answer, Transaction
from reports.exports import asking, formats, making
from reports.exports.choice import Choice, Last
from reports.exports.formats import Column, Type, harmless, writer
from reports.exports.tables import TABLES
from tests.builders import NOW, Government
from tests.conftest import Installation
from tests.reports.exporting import HIDDEN, SECRET, asker_of, bytes_of, governed, lines, made

__all__ = ["governed"]  # a fixture
SQLITE = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


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
