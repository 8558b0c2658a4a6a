"""A month for the public: counted once, without the firewall's cases, let out by people, corrected in the open."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from sqlmodel import Session, col, select, update

from core.errors import BadInput, Conflict, NotAllowed
from core.settings import settings
from domain.case import Case
from domain.publication import FigureScope, Publication, PublicationState, PublishedFigure
from domain.staff import StaffRole
from domain.states import Role
from domain.visibility import Viewer
from reports.public import data, freezing, publishing, shown
from reports.public.classes import STEP
from reports.public.tables import TABLES
from tests.builders import Government, government
from tests.conftest import Installation
from tests.reports.published import COUNTED, MONTH, OUT, firewalled, month, put

sqlite = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
REASON = "Two offices had counted the same messages twice."


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        made = government(session)
        month(session, made)
        # a second person who lets figures out
        session.add(StaffRole(staff_id=made.staff["auditor"], office_id=made.office["GOV"], role=Role.head))
        return made


def one(session: Session, version: int = 1) -> Publication:
    return session.exec(select(Publication).where(Publication.month == MONTH, Publication.version == version)).one()


def who(session: Session, known: Government, name: str) -> Viewer:
    return known.viewer(session, name, COUNTED)


def figures(installation: Installation, version: int = 1) -> dict[tuple[str, str], PublishedFigure]:
    with installation.database.read() as session:
        return {(row.scope, row.code): row for row in shown.figures(session, [one(session, version)])}


def test_a_month_is_counted_once_and_waits(installation: Installation, known: Government) -> None:
    home = installation.database
    assert publishing.tend(home, COUNTED - timedelta(days=5)) == 0, "not over for long enough"
    assert publishing.tend(home, COUNTED) == 1
    assert publishing.tend(home, COUNTED + timedelta(hours=1)) == 0, "counted already"
    told = figures(installation)
    assert (told["office", "WAT1"].n, told["office", "WAT1"].late) == (60, 12)
    assert told["office", "WAT1"].late_share == 0.2
    # three at one office and two at another are five, which could hardly be but three and two: the smallest of the
    # others is not told either, nor the region that would leave them alone
    offices = {code for (scope, code), row in told.items() if scope in ("office", "below") and row.n is not None}
    assert offices == {"WAT1", "GOV"}
    assert told["whole", ""].n == 115
    assert told["office", "WAT1"].answers == 20
    assert told["office", "WAT1"].asked_share == 0.67
    rating = told["office", "WAT1"].rating
    assert rating is not None
    assert 2.5 < rating < 3.5
    with home.read() as session:
        assert one(session).state == PublicationState.waiting
        assert freezing.holds(session, one(session))
        assert shown.published(session) == []
        assert [gap.withheld for gap in shown.missing(session, COUNTED)] == [False]


@sqlite
def test_the_firewalls_cases_change_not_one_byte(installation: Installation, known: Government) -> None:
    """Whoever compares two publications cannot learn whether there is such a case, nor where."""

    def frozen() -> str:
        with installation.database.read() as session:
            counted = freezing.count(session, MONTH, COUNTED)
            return freezing.digest(counted.publication, (dict(row) | {"id": 0} for row in map(_plain, counted.figures)))

    before = frozen()
    with installation.database.write() as session:
        firewalled(session, known)
    assert frozen() == before
    with installation.database.write() as session:
        put(session, known, "WAT1", 1)
    assert frozen() != before, "else nothing was counted"


def _plain(values: dict[str, object]) -> dict[str, object]:
    row = PublishedFigure(**values)  # type: ignore[arg-type]
    return {name: getattr(row, name) for name in PublishedFigure.model_fields if name != "publication_id"}


def test_two_people_approve_and_the_embargo_is_kept(
    installation: Installation, known: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMBUD_OPEN_APPROVALS", "2")
    settings.cache_clear()
    home = installation.database
    publishing.tend(home, COUNTED)
    with home.write() as session:
        row = one(session)
        minister = who(session, known, "minister")
        with pytest.raises(NotAllowed):
            publishing.approve(session, who(session, known, "head_water"), row.id, row.digest, COUNTED)
        with pytest.raises(Conflict):
            publishing.approve(session, minister, row.id, "another digest", COUNTED)
        for _ in range(2):
            publishing.approve(session, minister, row.id, row.digest, COUNTED)
        assert len(publishing.approvals(session, row)) == 1, "twice by the same person is once"
    assert publishing.tend(home, OUT) == 0
    with home.write() as session:
        row = one(session)
        publishing.approve(session, who(session, known, "auditor"), row.id, row.digest, COUNTED + timedelta(days=1))
        assert one(session).state == PublicationState.waiting, "the embargo is not over"
    assert publishing.tend(home, OUT - timedelta(days=2)) == 0
    assert publishing.tend(home, OUT) == 1
    with home.read() as session:
        assert [each.month for each in shown.published(session)] == [MONTH]
        assert shown.missing(session, OUT) == []


@sqlite
def test_held_back_with_a_reason_and_out_only_after_new_approval(installation: Installation, known: Government) -> None:
    home = installation.database
    publishing.tend(home, COUNTED)
    with home.write() as session:
        row, minister = one(session), who(session, known, "minister")
        publishing.approve(session, minister, row.id, row.digest, COUNTED)
        with pytest.raises(BadInput):
            publishing.withhold(session, minister, row.id, "No", COUNTED)
        publishing.withhold(session, minister, row.id, REASON, COUNTED)
    assert publishing.tend(home, OUT) == 0
    with home.write() as session:
        (gap,) = shown.missing(session, OUT)
        assert (gap.withheld, gap.reason, gap.since) == (True, REASON, COUNTED)
        row, minister = one(session), who(session, known, "minister")
        publishing.release(session, minister, row.id, OUT)
    assert publishing.tend(home, OUT) == 0, "what was approved before it was held back counts no more"
    with home.write() as session:
        row = publishing.approve(session, who(session, known, "minister"), one(session).id, one(session).digest, OUT)
        assert row.state == PublicationState.published
        with pytest.raises(Conflict):
            publishing.withhold(session, who(session, known, "minister"), row.id, REASON, OUT)


def out(installation: Installation, known: Government) -> None:
    publishing.tend(installation.database, COUNTED)
    with installation.database.write() as session:
        row = one(session)
        publishing.approve(session, who(session, known, "minister"), row.id, row.digest, OUT)


@sqlite
def test_a_correction_is_a_version_beside_the_old_one(installation: Installation, known: Government) -> None:
    home = installation.database
    out(installation, known)
    with home.read() as session:
        minister, second = who(session, known, "minister"), who(session, known, "auditor")
        known_digest = one(session).digest
    with home.write() as session:
        put(session, known, "WAT1", 2, late=1)
        put(session, known, "GOV", 4)
    with pytest.raises(Conflict, match="changed by 5 or more"):
        publishing.correct(home, minister, MONTH, REASON, OUT)
    with home.write() as session:
        put(session, known, "WAT1", 20, late=9)
    made = publishing.correct(home, minister, MONTH, REASON, OUT)
    with home.write() as session:
        row = session.get_one(Publication, made)
        with pytest.raises(NotAllowed):
            publishing.approve(session, minister, row.id, row.digest, OUT)
        publishing.approve(session, second, row.id, row.digest, OUT)
        assert row.state == PublicationState.published
        assert [each.version for each in shown.published(session)] == [2, 1]
        assert [each.version for each in shown.latest(shown.published(session))] == [2]
        assert one(session).digest == known_digest
        assert row.classes == one(session).classes
    before, after = figures(installation), figures(installation, 2)
    assert before["office", "WAT1"].n == 60
    assert after["office", "WAT1"].n == 82
    for (scope, code), old in before.items():
        change = abs((after[scope, code].n or 0) - (old.n or 0))
        assert change == 0 or change >= 5, (scope, code)


@sqlite
def test_a_case_that_goes_behind_the_firewall_is_not_taken_off(installation: Installation, known: Government) -> None:
    """Its going would be seen: one case fewer at one office."""
    out(installation, known)
    with installation.database.write() as session:
        case = session.exec(select(Case.id).where(Case.office_id == known.office["WAT1"]).limit(1)).one()
        session.execute(update(Case).where(col(Case.id) == case).values(integrity=True))
    with installation.database.read() as session:
        minister = who(session, known, "minister")
    with pytest.raises(Conflict):
        publishing.correct(installation.database, minister, MONTH, REASON, OUT)


@sqlite
def test_what_was_changed_in_the_database_is_noticed(installation: Installation, known: Government) -> None:
    out(installation, known)
    with installation.database.write() as session:
        session.execute(update(PublishedFigure).where(col(PublishedFigure.code) == "WAT1").values(late=3))
    with installation.database.read() as session:
        assert not freezing.holds(session, one(session))


@sqlite
def test_files_agree_with_each_other_and_with_their_description(
    installation: Installation, known: Government, tmp_path: Path
) -> None:
    out(installation, known)
    with installation.database.read() as session:
        row = one(session)
        parts = [(row, shown.figures(session, [row]))]
        described = json.loads(data.described(parts, "2026-02/1"))
        resources = {each["path"]: each for each in described["resources"]}
        assert described["licenses"][0]["name"] == "CC-BY-4.0"
        for table in TABLES.values():
            given = data.rows(table, parts)
            names = [field["name"] for field in resources[f"{table.name}.csv"]["schema"]["fields"]]
            text = data.as_csv(table, given).decode()
            read = list(csv.DictReader(io.StringIO(text)))
            objects = json.loads(data.as_json(table, given))
            file = tmp_path / "x.parquet"
            file.write_bytes(data.as_parquet(table, given))
            columns = parquet.read_table(file)
            assert columns.column_names == names
            assert columns.to_pylist() == objects
            assert [{key: value or None for key, value in line.items()} for line in read] == [
                {key: None if value is None else str(value) for key, value in line.items()} for line in objects
            ]
            assert all(columns.schema.field(name).metadata[b"description"] for name in names)
            for field in table.fields:
                values = [line[field.name] for line in objects]
                assert not field.needed or None not in values
                assert all(value in field.one_of for value in values if field.one_of and value is not None)
                assert all(value >= field.least for value in values if field.least is not None and value is not None)
            assert resources[f"{table.name}.csv"]["bytes"] == len(text.encode())
        cases = data.rows(TABLES["cases"], parts)
        alike: dict[tuple[object, ...], int] = {}
        for case in cases:
            alike[case] = alike.get(case, 0) + 1
        assert alike
        assert all(number >= 5 and number % STEP == 0 for number in alike.values())
        assert "CIV1" not in data.as_csv(TABLES["silence"], data.rows(TABLES["silence"], parts)).decode()


@sqlite
def test_only_months_that_are_over_and_that_somebody_wrote_in(installation: Installation, known: Government) -> None:
    with installation.database.read() as session:
        assert freezing.due(session, COUNTED) == [MONTH]
        assert freezing.due(session, COUNTED + timedelta(days=31)) == [MONTH, date(2026, 3, 1)]
        assert freezing.due(session, COUNTED - timedelta(days=31)) == []
        assert {FigureScope.office, FigureScope.whole} <= set(FigureScope)
