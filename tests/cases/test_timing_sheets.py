"""Calendars and policies as files: out and in without a change, refused by the line, by the rules of their pages."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, delete, select

from cases.policy_form import Rung
from cases.sheets import csvs, ladder_cell, tables
from cases.sheets.calendar_rows import COLUMNS as OF_CALENDARS
from cases.sheets.calendar_rows import WEEKDAYS
from cases.sheets.csvs import Unusable
from cases.sheets.kinds import Kind
from cases.sheets.policy_rows import COLUMNS as OF_POLICIES
from cases.sheets.report import Report
from cases.step_form import WAYS, said
from core.errors import BadInput
from core.texts import clean
from domain.access import CatalogueChange
from domain.case import Case
from domain.catalogue import touch
from domain.policy import Calendar, Correction, Policy
from domain.staff import StaffRole
from domain.states import CaseKind, Role
from domain.visibility import Viewer
from escalation.ladder import TELLS
from tests.builders import NOW
from tests.cases.conftest import Town
from tests.conftest import Installation

TODAY = NOW.date()
SPANS = st.sampled_from([[], [["08:00", "12:00"]], [["07:30", "11:15"], ["13:00", "24:00"]], [["00:00", "23:59:59"]]])
WEEK = st.dictionaries(st.sampled_from("0123456"), SPANS.filter(bool), min_size=1)
DAY = st.integers(-360, 700).map(lambda ahead: (TODAY + timedelta(days=ahead)).isoformat())
NAME = (
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=12).map(clean).filter(bool)
)
CALENDAR = st.builds(
    Calendar,
    name=NAME,
    time_zone=st.sampled_from(["Europe/Tirane", "Asia/Dhaka"]),
    week=WEEK,
    country=st.sampled_from([None, "AL"]),
    weeks=st.lists(DAY, max_size=2, unique=True)
    .map(sorted)
    .flatmap(
        lambda days: st.tuples(
            *(
                st.fixed_dictionaries({"from": st.just(day), "week": WEEK, "country": st.sampled_from([None, "RU"])})
                for day in days
            )
        ).map(list)
    ),
    days=st.dictionaries(st.one_of(DAY, st.sampled_from(["03-31", "02-29"])), SPANS, max_size=3),
)
MEASURES = st.sampled_from(["working", "elapsed"])
CLOCKS = st.sampled_from(["first_response", "appeal"])
STEP = st.builds(
    lambda tell, amount, way, citizen: {**amount, "tell": tell, **said(way, citizen=citizen and tell != "officer")},
    st.sampled_from(TELLS),
    st.one_of(
        st.integers(1, 300).map(lambda percent: {"share": percent / 100}),
        st.builds(lambda hours, of: {"hours": hours, "of": of}, st.integers(1, 999), MEASURES),
    ),
    st.sampled_from([*WAYS]),
    st.booleans(),
)  # fmt: skip
SAID = ("name", "targets", "ladder", "urgent_share", "pause_days", "counts_templated", "valid_from", "kind")
POLICY = st.fixed_dictionaries(
    {
        "name": NAME,
        "targets": st.dictionaries(CLOCKS, st.integers(1, 900).map(float), min_size=1),
        "ladder": st.lists(STEP, min_size=1, max_size=4),
        "urgent_share": st.integers(1, 100).map(lambda percent: percent / 100),
        "pause_days": st.integers(0, 60),
        "counts_templated": st.booleans(),
        "valid_from": st.integers(-300, 300).map(lambda ahead: TODAY + timedelta(days=ahead)),
        "kind": st.sampled_from([None, *CaseKind]),
        "note": st.just("As ordered"),
    }
)  # fmt: skip
ON_ONE = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def file(columns: tuple[str, ...], *lines: Mapping[str, str]) -> str:
    return csvs.write([dict(line) for line in lines], columns)


def bring(kind: Kind, text: str, *, who: Viewer | None = None, look: bool = False) -> Report:
    return tables.import_file(kind, "t.csv", text.encode(), NOW, dry_run=look, who=who)


def refused(kind: Kind, text: str, who: Viewer | None = None) -> dict[str, str]:
    with pytest.raises(BadInput) as error:
        bring(kind, text, who=who)
    return dict(error.value.fields)


def counts(report: Report) -> tuple[int, int]:
    return report.count("added"), report.count("changed")


def clear(session: Session, *kept: type) -> None:
    for table in kept:
        session.execute(delete(table))
    touch(session)


@ON_ONE
@FEW
@given(st.lists(CALENDAR, min_size=1, max_size=2, unique_by=lambda row: row.name.casefold()))
def test_calendars_go_out_and_come_in_as_they_were(installation: Installation, rows: list[Calendar]) -> None:
    with installation.database.write() as session:
        clear(session, Calendar)
        for row in rows:
            row.notes = {key: {"name": "Feast", "announced": "2026-02-28"} for key in row.days}
            session.add(Calendar(**row.model_dump()))
    text = tables.export_text(Kind.calendars)
    assert counts(bring(Kind.calendars, text)) == (0, 0)
    with installation.database.write() as session:
        clear(session, Calendar)
    bring(Kind.calendars, text)  # into a government that has none of them yet
    assert tables.export_text(Kind.calendars) == text


@ON_ONE
@FEW
@given(st.lists(POLICY, min_size=1, max_size=3, unique_by=lambda said: said["kind"]))
def test_policies_go_out_and_come_in_as_they_were(installation: Installation, rows: list[dict[str, Any]]) -> None:
    with installation.database.write() as session:
        clear(session, Policy)
        for row in rows:
            session.add(Policy(**row))
    text = tables.export_text(Kind.policies)
    assert counts(bring(Kind.policies, text)) == (0, 0)
    with installation.database.write() as session:
        clear(session, Policy)
    bring(Kind.policies, text)
    assert tables.export_text(Kind.policies) == text
    with installation.database.read() as session:
        kept = [{name: getattr(row, name) for name in SAID} for row in session.exec(select(Policy))]
    assert sorted(kept, key=str) == sorted(({name: row[name] for name in SAID} for row in rows), key=str)


def line(calendar: str = "Week", **cells: str) -> dict[str, str]:
    return {"calendar": calendar, **cells}


WORKED = dict.fromkeys(WEEKDAYS[:5], "08:00–12:00, 13:00–16:30")
BAD_CALENDARS = [
    (line(day="2026-04-01", hours="8-12-13"), "hours: Write hours such as"),
    (line(day="2024-04-01", hours="closed"), "day: A day is corrected at most 366 days later."),
    (line(day="April", hours="closed"), "day: Write the day as year-month-day"),
    (line(day="13-45", hours="closed"), "a day of every year is written 03-31"),
    (line(day="2026-04-01"), "hours is empty"),
    (line(day="2026-04-01", hours="closed", monday="8-12"), "monday must be empty"),
    (line(day="2026-04-01", hours="closed", **{"from": "2026-05-01"}), "names both"),
    (line(**{"from": "2024-05-01"}, **WORKED, saturday="8-9"), "from: A week begins at most 366 days ago"),
    (line(**{"from": "2026-05-01"}, time_zone="Asia/Dhaka"), "time_zone must be empty"),
    (line(time_zone="Europe/Tirane", monday="8-9"), "a week is never rewritten"),
    (line(time_zone="Moon/Crater", **WORKED), "time_zone: "),
    (line("Other", day="2026-04-01", hours="closed"), "there is no such calendar; begin it"),
    (line("Other", time_zone="Europe/Tirane", monday="12-8"), "monday: "),
    (line("Other", time_zone="Europe/Tirane", country="QQ", **WORKED), "country: "),
    (line("", day="2026-04-01"), "calendar is empty"),
]


def test_each_line_of_calendars_that_cannot_be_used_says_why(town: Town) -> None:
    fine = line(day="2026-04-02", hours="closed")
    before = tables.export_text(Kind.calendars)
    told = refused(Kind.calendars, file(OF_CALENDARS, fine, *(bad for bad, _ in BAD_CALENDARS)))
    for number, (bad, why) in enumerate(BAD_CALENDARS, 3):
        # lines of the table that say the same day twice are named for that as well, by the first complaint
        assert why in told[f"line {number}"] or "says the same" in told[f"line {number}"], (bad, told[f"line {number}"])
    for bad, why in BAD_CALENDARS:
        assert why in refused(Kind.calendars, file(OF_CALENDARS, bad))["line 2"], bad
    assert tables.export_text(Kind.calendars) == before


def test_a_file_of_holidays_is_one_correction_and_says_first_what_it_moves(town: Town) -> None:
    text = file(OF_CALENDARS, line(day="2026-03-03", hours="closed", called="Feast", announced="2026-03-02"),
                line(day="2026-03-04", hours="8-10"), line(**{"from": "2026-06-01"}, **WORKED, saturday="08:00-10:00"),
                line(day="11-28", hours="closed"))  # fmt: skip
    town.arrives("WAT1 no water in Lumas")
    look = bring(Kind.calendars, text, look=True)
    assert (counts(look), look.preview is not None and (look.preview.n, look.preview.moved)) == ((4, 0), (1, 1))
    with town.database.read() as session:
        assert session.exec(select(Correction)).all() == []
        assert session.exec(select(CatalogueChange)).all() == []
    assert bring(Kind.calendars, text).preview is None
    with town.database.read() as session:
        (row,), (change,) = session.exec(select(Correction)).all(), session.exec(select(CatalogueChange)).all()
        calendar = session.exec(select(Calendar)).one()
    assert (row.kind, len(row.office_ids), len(row.why)) == ("calendar", 7, 4)
    assert (change.kind, change.by, change.row_id) == ("calendar", "command line", calendar.id)
    assert calendar.notes["2026-03-03"] == {"name": "Feast", "announced": "2026-03-02"}
    assert (calendar.days["11-28"], calendar.weeks[0]["week"]["5"]) == ([], [["08:00", "10:00"]])
    assert counts(bring(Kind.calendars, text)) == (0, 0)
    gone = bring(Kind.calendars, file(OF_CALENDARS, line(day="2026-03-03", hours="usual")))
    assert (counts(gone), gone.effects[0].differences[0]) == ((0, 1), ("hours", "closed", ""))


def test_whose_calendar_reaches_further_is_not_theirs_to_change(town: Town) -> None:
    with town.database.write() as session:
        for name, office in (("head_water", "WATER"), ("minister", "GOV")):
            staff = town.known.staff[name]
            session.add(StaffRole(staff_id=staff, office_id=town.known.office[office], role=Role.admin))
    with town.database.read() as session:
        local, top = (town.known.viewer(session, name) for name in ("head_water", "minister"))
    text = file(OF_CALENDARS, line(day="2026-04-01", hours="closed"))
    assert "do not administer" in refused(Kind.calendars, text, local)["line 2"]
    assert counts(bring(Kind.calendars, text, who=top)) == (1, 0)
    own = file(OF_CALENDARS, line("Waterworks", time_zone="Europe/Tirane", **WORKED))
    assert counts(bring(Kind.calendars, own, who=local)) == (1, 0)
    policy = {"from": "2026-04-01", "name": "P", "first_response": "8", "ladder": "50% officer"}
    assert "beyond the offices" in refused(Kind.policies, file(OF_POLICIES, policy), local)["line 2"]
    assert counts(bring(Kind.policies, file(OF_POLICIES, policy | {"office": "WAT1"}), who=local)) == (1, 0)
    with town.database.read() as session:
        assert set(session.exec(select(CatalogueChange.by))) == {"head_water", "minister"}


def version(begins: str = "2026-04-01", **cells: str) -> dict[str, str]:
    given = {"name": "Water", "first_response": "8", "ladder": "50% officer; 100% head", "office": "WATER"}
    return {**given, "from": begins, **cells}


BAD_POLICIES = [
    (version(""), "from is empty"),
    (version("1 April"), "a date is written"),
    (version("2024-01-01"), "from: It may begin at most 366 days ago"),
    (version(office="MOON"), "no open office 'MOON'"),
    (version(service="moon"), "no service 'moon'"),
    (version(kind="joke"), "kind is 'joke'"),
    (version(first_response="soon"), "first_response: Write a number."),
    (version(first_response=""), "first_response: Give at least one clock"),
    (version(name=""), "name: Give it a name."),
    (version(urgent_percent="900"), "urgent_percent: Write a number from 1 to 100."),
    (version(saved_replies_count="maybe"), "yes or no"),
    (version(ladder=""), "ladder: Give the ladder at least one step"),
    (version(ladder="half officer"), "'half officer' is no step"),
    (version(ladder="50% king"), "'king' is nobody to tell"),
    (version(ladder="50% head by pigeon"), "by 'pigeon' is not known"),
    (version(ladder="50% elapsed head"), "is no step"),
    (version(ladder="50% officer citizen"), "ladder: The citizen hears of it when it goes further up"),
    (version(until="2026-04-01"), "until: it is the first day that it no longer counts"),
    (version("2026-02-01", until="2026-02-10"), "until: it ends today or later"),
]


@pytest.mark.parametrize(("bad", "why"), BAD_POLICIES)
@ON_ONE
def test_a_policy_that_cannot_be_used_says_why(town: Town, bad: dict[str, str], why: str) -> None:
    before = tables.export_text(Kind.policies)
    assert why in refused(Kind.policies, file(OF_POLICIES, version("2026-09-01", office="CIV1"), bad))["line 3"]
    assert tables.export_text(Kind.policies) == before


def test_versions_follow_each_other_and_open_clocks_are_counted_anew(town: Town) -> None:
    town.arrives("WAT1 no water in Lumas")
    text = file(OF_POLICIES, version("2026-05-01", first_response="4", note="By order 7"), version("2026-02-20"))
    look = bring(Kind.policies, text, look=True)
    assert (counts(look), look.preview is not None and (look.preview.n, look.preview.moved)) == ((2, 0), (1, 1))
    bring(Kind.policies, text)
    with town.database.read() as session:
        older, newer = session.exec(select(Policy).where(col(Policy.name) == "Water").order_by(col(Policy.valid_from)))
        corrections = session.exec(select(Correction)).all()
        changes = session.exec(select(CatalogueChange).order_by(col(CatalogueChange.id))).all()
    assert (older.valid_to, newer.valid_to, newer.targets) == (newer.valid_from, None, {"first_response": 4.0})
    assert older.rungs_from != newer.rungs_from
    assert [row.why[0] for row in corrections] == [
        "Water counts from 2026-02-20 on.",
        "Water from 2026-05-01 on: targets: first_response: 4 h instead of first_response: 8 h.",
    ]
    assert [one.before is None for one in changes] == [True, False, True]
    assert counts(bring(Kind.policies, text)) == (0, 0)
    ended = bring(Kind.policies, file(OF_POLICIES, version("2026-05-01", first_response="4", until="2026-08-01")))
    assert ended.effects[0].differences == (("until", "", "2026-08-01"),)
    told = refused(Kind.policies, file(OF_POLICIES, version("2026-05-01", first_response="4", until="2026-09-01")))
    assert "begin another one there" in told["line 2"]
    told = refused(Kind.policies, file(OF_POLICIES, version("2026-05-01", first_response="4", note="By order 8")))
    assert "stays as it is" in told["line 2"]
    again = bring(Kind.policies, file(OF_POLICIES, version("2026-05-01", first_response="5")))
    assert (counts(again), {one[0]: one[2] for one in again.effects[0].differences}["first_response"]) == ((0, 1), "5")


def test_a_firewalled_case_is_in_no_figure_of_a_file(town: Town) -> None:
    town.arrives("WAT1 no water in Lumas")
    with town.database.write() as session:
        session.get_one(Case, town.case().id).about_office_id = town.known.office["WAT1"]
    look = bring(Kind.policies, file(OF_POLICIES, version("2026-02-20", first_response="4")), look=True)
    assert look.preview is not None
    assert (look.preview.total, look.preview.moved) == (0, 0)


@given(st.lists(STEP, min_size=1, max_size=5))
def test_a_ladder_reads_as_it_is_written(steps: list[dict[str, object]]) -> None:
    cell = ladder_cell.text_of(steps)
    assert [rung.tell for rung in ladder_cell.read(cell)] == [step["tell"] for step in steps]
    assert {rung.by for rung in ladder_cell.read(cell, steps)} == {None}


@given(st.text(alphabet="0123456789%h ;elapsdbycitznofr+.", max_size=60))
def test_any_text_is_a_ladder_or_refused_in_words(cell: str) -> None:
    told = ""
    found: tuple[Rung, ...] = ()
    try:
        found = ladder_cell.read(cell)
    except Unusable as error:
        told = str(error)
    assert told.startswith("ladder: ") or (not told and all(rung.tell in TELLS for rung in found))
