"""Roles with a last day: they end by the rule, wherever it is asked who somebody is, and nobody lengthens their own."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from cases import covering, handover, staffing, surges, telling
from cases.sheets import tables
from cases.sheets.kinds import Kind
from cases.staffing import Given
from core.errors import BadInput, Conflict, NotAllowed
from domain.access import CatalogueChange
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.staff import Staff, StaffRole
from domain.states import Role
from domain.visibility import viewer
from routing import assignment
from tests.cases.conftest import Town
from tests.cases.test_intake import WATER
from tests.processes import ROOT

ON_ONE = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
LAST = date(2026, 3, 2)
OVER = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
"""The end of that day in Tirana, where all offices are."""
SECOND = timedelta(seconds=1)


@pytest.fixture
def desk(town: Town) -> Town:
    """The minister administers the whole, the head of water the waterworks."""
    with town.database.write() as session:
        for name, office in (("minister", "GOV"), ("head_water", "WATER")):
            staff = town.known.staff[name]
            session.add(StaffRole(staff_id=staff, office_id=town.known.office[office], role=Role.admin))
    return town


def give(desk: Town, to: str, role: str, office: str, until: str = "", by: str = "minister") -> None:
    with desk.database.write() as session:
        given = Given(role=role, office=office, until=until)
        staffing.give(session, desk.known.viewer(session, by, desk.now), desk.known.staff[to], given, desk.now)


def role_of(session: Session, desk: Town, name: str, role: Role) -> StaffRole:
    return session.exec(
        select(StaffRole).where(col(StaffRole.staff_id) == desk.known.staff[name], col(StaffRole.role) == role)
    ).one()


def restrict(desk: Town, to: str, role: Role, until: str, by: str = "minister") -> None:
    with desk.database.write() as session:
        who, found = desk.known.viewer(session, by, desk.now), role_of(session, desk, to, role)
        staffing.restrict(session, who, found.staff_id, found.id, until, desk.now)


def test_a_role_counts_through_its_last_day_at_the_office(desk: Town) -> None:
    give(desk, "officer1", "head", "WAT1", LAST.isoformat())
    with desk.database.read() as session:
        assert role_of(session, desk, "officer1", Role.head).ends_at == OVER
        for at, held in ((OVER - SECOND, True), (OVER, False)):
            who = viewer(session, desk.known.staff["officer1"], now=at)
            assert (who.has(Role.head), who.has(Role.officer)) == (held, True)
        told = session.exec(select(Notice.text).where(col(Notice.staff_id) == desk.known.staff["officer1"])).all()
        (change,) = session.exec(select(CatalogueChange)).all()
    assert any("gave you the role head" in text for text in told)
    assert (change.after or {})["roles"] == ["head@WAT1 until 2026-03-02", "officer@WAT1"]


ASKED: list[tuple[str, Callable[[Session, Town, datetime], Any]]] = [
    ("new cases", lambda session, desk, at: assignment.assign(session, desk.known.office["WAT1"], at)),
    ("who leads", lambda session, desk, at: telling.leading(session, desk.known.office["WAT1"], at)),
    (
        "surges",
        lambda session, desk, at: surges.leading(session, catalogue(session).offices[desk.known.office["WAT1"]], at),
    ),
]


@pytest.mark.parametrize(("what", "ask"), ASKED)
def test_whoever_asks_finds_a_role_no_more_when_it_is_over(
    desk: Town, what: str, ask: Callable[[Session, Town, datetime], Any]
) -> None:
    for name, role in (("officer1", Role.officer), ("head1", Role.head)):
        restrict(desk, name, role, LAST.isoformat())
    with desk.database.write() as session:
        for one in session.exec(select(Staff)):  # nobody else works there
            one.active = one.id in (desk.known.staff["officer1"], desk.known.staff["head1"])
        session.flush()
        assert ask(session, desk, OVER - SECOND), what
        assert not ask(session, desk, OVER), what


def test_open_cases_go_to_colleagues_when_a_role_is_over(desk: Town) -> None:
    give(desk, "head1", "officer", "WAT1")
    desk.arrives(WATER)
    holder = next(name for name, one in desk.known.staff.items() if one == desk.case().assignee_id)
    other = "head1" if holder == "officer1" else "officer1"
    restrict(desk, holder, Role.officer, LAST.isoformat())
    if holder == "head1":
        restrict(desk, holder, Role.head, LAST.isoformat())
    covering.sweep(OVER - SECOND)
    assert desk.case().assignee_id == desk.known.staff[holder]
    covering.sweep(OVER)
    assert desk.case().assignee_id == desk.known.staff[other]
    desk.now = OVER
    with desk.database.write() as session:
        who = desk.known.viewer(session, "head_water", OVER)
        with pytest.raises(BadInput):
            handover.assign(session, desk.case().id, who, desk.known.staff[holder], OVER, desk.form())


def test_nobody_lengthens_their_own_right_to_administer(desk: Town) -> None:
    give(desk, "head1", "admin", "GOV", LAST.isoformat())
    for until in ("", "2026-03-09"):
        with pytest.raises(BadInput) as error:
            restrict(desk, "head1", Role.admin, until, by="head1")
        assert "somebody else gives you a role for longer" in error.value.fields["until"]
        for role, office in (("admin", "GOV"), ("officer", "WAT2")):
            with pytest.raises(BadInput):
                give(desk, "head1", role, office, until, by="head1")
    give(desk, "head1", "officer", "WAT2", LAST.isoformat(), by="head1")  # as long as they administer
    text = "email,name,roles\nhead1@gov.example,head1,admin@GOV;head@WAT1\n"
    with desk.database.read() as session:
        by = desk.known.viewer(session, "head1", desk.now)
    with pytest.raises(BadInput) as error:
        tables.import_file(Kind.staff, "t.csv", text.encode(), desk.now, who=by)
    assert "somebody else gives you" in error.value.fields["line 2"]
    restrict(desk, "head1", Role.admin, "2026-03-09")
    desk.now = OVER + timedelta(days=8)
    with pytest.raises(NotAllowed):
        give(desk, "officer1", "officer", "WAT2", by="head1")


@pytest.mark.parametrize("until", ["2026-03-01", "soon", "2026-02-30"])
@ON_ONE
def test_a_last_day_that_is_none_is_refused(desk: Town, until: str) -> None:
    with pytest.raises(BadInput) as error:
        give(desk, "officer1", "head", "WAT1", until)
    assert set(error.value.fields) == {"until"}
    with pytest.raises(BadInput):
        restrict(desk, "officer1", Role.officer, until)


@ON_ONE
def test_the_government_keeps_an_administrator_without_a_last_day(desk: Town) -> None:
    give(desk, "head1", "admin", "GOV", "2026-12-31")
    with pytest.raises(Conflict):
        restrict(desk, "minister", Role.admin, "2026-12-31", by="head1")
    give(desk, "head1", "admin", "GOV")  # the same role, without a last day
    restrict(desk, "minister", Role.admin, "2026-12-31", by="head1")
    restrict(desk, "minister", Role.admin, "", by="head1")
    with desk.database.read() as session:
        assert role_of(session, desk, "minister", Role.admin).ends_at is None


def test_an_ended_role_is_given_again_and_the_last_one_that_counts_is_not_taken(desk: Town) -> None:
    give(desk, "officer1", "head", "WAT1", LAST.isoformat())
    desk.now = OVER
    with desk.database.write() as session:
        who, last = desk.known.viewer(session, "minister", OVER), role_of(session, desk, "officer1", Role.officer)
        with pytest.raises(Conflict):
            staffing.take(session, who, last.staff_id, last.id, OVER)
    give(desk, "officer1", "head", "WAT1", "2026-03-20")
    with desk.database.read() as session:
        again = role_of(session, desk, "officer1", Role.head)
        assert (again.given_at, again.given_by) == (OVER, desk.known.staff["minister"])
        assert viewer(session, again.staff_id, now=OVER).has(Role.head)


def test_last_days_go_out_and_come_in(desk: Town) -> None:
    give(desk, "officer1", "head", "WAT1", "2026-03-20")
    text = tables.export_text(Kind.staff)
    assert "head@WAT1 until 2026-03-20;officer@WAT1" in text
    same = tables.import_file(Kind.staff, "t.csv", text.encode(), desk.now)
    assert same.count("same") == len(same.effects)
    later = tables.import_file(Kind.staff, "t.csv", text.replace("03-20", "03-25").encode(), desk.now)
    assert later.effects[[one.what for one in later.effects].index("changed")].differences == (
        ("roles", "head@WAT1 until 2026-03-20;officer@WAT1", "head@WAT1 until 2026-03-25;officer@WAT1"),
    )
    for bad, why in (("2026-02-01", "today or later"), ("never", "is no day")):
        with pytest.raises(BadInput) as error:
            tables.import_file(Kind.staff, "t.csv", text.replace("2026-03-20", bad).encode(), desk.now)
        assert why in str(error.value.fields)
    with desk.database.read() as session:
        ended = role_of(session, desk, "officer1", Role.head)
        assert ended.ends_at == datetime(2026, 3, 25, 23, 0, tzinfo=UTC)
    desk.now = OVER + timedelta(days=60)
    over = tables.import_file(Kind.staff, "t.csv", tables.export_text(Kind.staff).encode(), desk.now)
    assert over.count("same") == len(over.effects)  # what is over stays as it is
    with desk.database.read() as session:
        assert session.exec(select(Case)).all() == []


BESIDE = {
    "cases/persons.py": "names to strike out are those of whoever ever worked there",
    "cases/covering.py": "offices_of: where somebody works or did, for the days they were away",
    "cases/firewall.py": "a case may be about who worked there until yesterday",
    "routing/accused.py": "and be told by their name",
    "cases/staff_reach.py": "shows and changes roles, also those that are over",
    "cases/staffing.py": "makes and changes them",
    "cases/sheets/staff_rows.py": "writes them all into a file",
    "cases/sheets/absence_rows.py": "whose days away a file may change, by all their roles",
    "api/people.py": "shows them all, with their last days",
    "api/sign_in.py": "the list of the sample government, which gives no last days",
}
"""Modules that ask for roles without asking whether they count, and why."""


def test_whoever_asks_for_roles_asks_whether_they_count() -> None:
    rooms = ("api", "cases", "domain", "escalation", "notifications", "reports", "reviews", "routing", "surveys")
    careless = {
        str(path.relative_to(ROOT))
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"\bStaffRole\b", text := path.read_text("utf-8")) and "in_force(" not in text
    }
    assert careless - {"domain/tables.py"} <= set(BESIDE)
