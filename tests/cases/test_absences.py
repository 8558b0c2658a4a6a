"""Days away, and what becomes of the open cases of those who are away or have left."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from cases import absences, covering, history
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.ids import new_id
from domain.case import Case
from domain.clock import Notice
from domain.staff import Absence, Staff, StaffRole, email_index
from domain.states import CaseState, ClockKind, EntryKind, Role
from escalation import service
from tests.builders import plain_case
from tests.cases.conftest import Town

TODAY = date(2026, 3, 2)


@pytest.fixture
def desk(town: Town) -> Town:
    """WAT1 with two more officers, and nine cases of officer1: three due soon, six not."""
    with town.database.write() as session:
        for name in ("besa", "drita"):
            address = f"{name}@gov.example"
            person = Staff(id=new_id(), name=name, email=address, email_index=email_index(address), password_hash="!")
            session.add(person)
            session.add(StaffRole(staff_id=person.id, office_id=town.known.office["WAT1"], role=Role.officer))
            town.known.staff[name] = person.id
        session.flush()
        for number in range(9):
            case = plain_case(
                town.known, assignee_id=town.known.staff["officer1"], text=f"{'due' if number < 3 else 'can wait'}"
            )
            session.add(case)
            session.flush()
            clock = service.start(session, case, ClockKind.first_response, town.now)
            if number >= 3:
                clock.deadline_at = town.now + timedelta(days=40)
    return town


def days(town: Town, first: int = 0, last: int = 4, who: str = "officer1", stand_in: str = "") -> Absence:
    return Absence(
        staff_id=town.known.staff[who],
        first_day=TODAY + timedelta(days=first),
        last_day=TODAY + timedelta(days=last),
        stand_in_id=town.known.staff[stand_in] if stand_in else None,
        entered_at=town.now,
    )


def enter(town: Town, wanted: Absence, by: str = "officer1") -> UUID:
    with town.database.write() as session:
        absences.enter(session, town.viewer(by), wanted, town.now)
        return wanted.id


def with_whom(town: Town) -> dict[str, list[str]]:
    """Whose the cases are, by what they say."""
    names: dict[UUID | None, str] = {number: name for name, number in town.known.staff.items()}
    found: dict[str, list[str]] = {}
    for case in town.cases():
        found.setdefault(case.text, []).append(names.get(case.assignee_id, "nobody"))
    return {text: sorted(people) for text, people in found.items()}


WAITING = ["officer1"] * 6


def test_what_is_due_goes_to_the_stand_in_and_the_rest_waits(desk: Town) -> None:
    wanted = days(desk, stand_in="besa")
    with desk.database.read() as session:
        assert absences.meaning(session, wanted, desk.now) == absences.Meaning(9, 3, False, "besa")
    kept = enter(desk, wanted)
    assert with_whom(desk) == {"due": ["besa"] * 3, "can wait": WAITING}
    with desk.database.read() as session:
        given = next(case for case in desk.cases() if case.text == "due")
        told = [entry.body for entry in history.timeline(session, given) if entry.kind == EntryKind.assigned]
        assert told[-1]["why"] == "officer1 is away until 2026-03-06"
        notices = session.exec(select(Notice).where(col(Notice.dedupe_key).startswith("given:"))).all()
        assert {notice.staff_id for notice in notices} == {desk.known.staff["besa"]}
        assert len(notices) == 3
        assert list(history.verify(session)) == []
    assert covering.sweep(desk.now) == 0  # once
    with desk.database.write() as session:  # one of them the stand-in has closed, one went on to somebody else
        closed, passed, _ = session.exec(select(Case).where(col(Case.text) == "due").order_by(col(Case.id))).all()
        closed.state, passed.assignee_id = CaseState.closed, desk.known.staff["drita"]
    with desk.database.write() as session:
        assert absences.take_back(session, desk.viewer("head1"), kept, desk.now) == 1
    assert with_whom(desk)["due"] == ["besa", "drita", "officer1"]
    with pytest.raises(NotFound), desk.database.write() as session:
        absences.take_back(session, desk.viewer("head1"), kept, desk.now)


@pytest.mark.parametrize(
    ("wanted", "due", "wait"),
    [
        ({}, ["besa", "besa", "drita"], WAITING),
        ({"last": 20, "stand_in": "drita"}, ["drita"] * 3, ["drita"] * 6),  # a long time: nothing waits
        ({"first": 1, "last": 5}, ["officer1"] * 3, WAITING),  # from tomorrow on
    ],
)
def test_what_goes_where(desk: Town, wanted: dict[str, Any], due: list[str], wait: list[str]) -> None:
    enter(desk, days(desk, **wanted))
    found = with_whom(desk)
    assert found["can wait"] == wait
    assert found["due"] == due or (not wanted and sorted(found["due"]) == ["besa", "drita", "drita"])


def test_it_begins_by_itself_on_the_first_day(desk: Town) -> None:
    enter(desk, days(desk, first=1, stand_in="besa"))
    assert covering.sweep(desk.now) == 0
    desk.later(days=1)
    assert covering.sweep(desk.now) == 3
    assert with_whom(desk)["due"] == ["besa"] * 3


def test_a_stand_in_who_may_not_have_it_does_not(desk: Town) -> None:
    """About the stand-in, or the stand-in is away by then: the rule of the office decides."""
    with desk.database.write() as session:
        case = session.exec(select(Case).where(col(Case.text) == "due").order_by(col(Case.id))).first()
        assert case is not None
        case.about_staff_id = desk.known.staff["besa"]
        about = case.id
    enter(desk, days(desk, stand_in="besa"))
    with desk.database.read() as session:
        assert session.get_one(Case, about).assignee_id == desk.known.staff["drita"]
    assert with_whom(desk)["due"] == ["besa", "besa", "drita"]


@pytest.mark.parametrize("how", ["signed out", "moved", "last one"])
def test_who_left_keeps_nothing(desk: Town, how: str) -> None:
    known = desk.known
    with desk.database.write() as session:
        if how == "signed out":
            session.get_one(Staff, known.staff["officer1"]).active = False
        else:
            for name in ("officer1", "besa", "drita") if how == "last one" else ("officer1",):
                role = session.exec(select(StaffRole).where(col(StaffRole.staff_id) == known.staff[name])).one()
                role.office_id = known.office["CIV1"]
    assert covering.sweep(desk.now) == 9
    assert covering.sweep(desk.now) == 0
    found = [name for names in with_whom(desk).values() for name in names]
    assert set(found) == ({"nobody"} if how == "last one" else {"besa", "drita"})
    assert abs(found.count("besa") - found.count("drita")) <= 1
    if how == "last one":  # the head is told
        with desk.database.read() as session:
            told = session.exec(select(Notice.staff_id).where(col(Notice.dedupe_key).startswith("given:"))).all()
        assert set(told) == {known.staff["head1"]}


def test_who_leads_from_above_keeps_what_they_answered(desk: Town) -> None:
    with desk.database.write() as session:
        for case in session.exec(select(Case)):
            case.assignee_id = desk.known.staff["head_water"]
    assert covering.sweep(desk.now) == 0


WRONG: dict[str, tuple[dict[str, Any], str, type[Exception] | str]] = {
    "another's days": ({}, "besa", NotAllowed),
    "days of another office": ({}, "officer2", NotAllowed),
    "the wrong way round": ({"first": 4, "last": 2}, "officer1", "last_day"),
    "gone by": ({"first": -9, "last": -2}, "officer1", "last_day"),
    "without end": ({"last": 900}, "officer1", "last_day"),
    "oneself": ({"stand_in": "officer1"}, "officer1", "stand_in"),
    "from elsewhere": ({"stand_in": "officer2"}, "officer1", "stand_in"),
    "away too": ({"stand_in": "drita"}, "officer1", "stand_in"),
    "twice": ({"first": 8, "last": 12}, "officer1", "first_day"),
}


def test_what_cannot_be_entered(desk: Town) -> None:
    enter(desk, days(desk, 3, 5, who="drita"), by="head1")
    enter(desk, days(desk, 10, 14), by="head_water")
    for which, (wanted, by, wrong) in WRONG.items():
        found: list[object] = []
        with desk.database.read() as session:
            try:
                absences.check(session, desk.viewer(by), days(desk, **wanted), desk.now)
            except BadInput as error:
                found += error.fields
            except NotAllowed:
                found.append(NotAllowed)
        assert found == [wrong], which


def test_days_that_are_over_stay(desk: Town) -> None:
    kept = enter(desk, days(desk))
    desk.later(days=9)
    with pytest.raises(Conflict), desk.database.write() as session:
        absences.take_back(session, desk.viewer("officer1"), kept, desk.now)
