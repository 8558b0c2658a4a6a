"""The same act on many cases: what was looked at is what happens, once, and what can be taken back is."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import col, select

from cases import bulk, bulk_undo, bulk_work, handover, history, lifecycle
from cases.acting import Form
from cases.filters import Filter
from core.errors import BadInput, Conflict, NotFound
from domain.case import Case
from domain.queue import BulkWhat
from domain.staff import StaffRole
from domain.states import CaseState, EntryKind, Role
from domain.timeline import TimelineEntry, append, faults
from tests.builders import plain_case
from tests.cases.conftest import Town


@pytest.fixture
def six(town: Town) -> Town:
    """Six open cases of WAT1, which has two officers."""
    with town.database.write() as session:
        for number in range(6):
            case = plain_case(town.known, text=f"No water {number}")
            append(session, case, EntryKind.received, town.now, actor="citizen", public=True, body={"text": case.text})
            session.add(case)
        session.add(
            StaffRole(staff_id=town.known.staff["clerk"], office_id=town.known.office["WAT1"], role=Role.officer)
        )
    return town


def drafted(town: Town, what: BulkWhat, **given: str) -> UUID:
    """An act of officer1 on all cases, looked at."""
    who = town.viewer("officer1")
    with town.database.write() as session:
        act = bulk.draft(session, who, what, town.cases(), town.now)
        session.flush()
        if given:
            bulk.say(session, who, act.id, given)
    bulk.look(town.database, who, act.id, town.now)
    return act.id


def go(town: Town, act_id: UUID) -> None:
    """Ask for it, and have it done."""
    with town.database.write() as session:
        assert bulk.ask_for(session, town.viewer("officer1"), act_id, town.now)
    bulk.run(town.database, act_id, town.now)


def results(town: Town, act_id: UUID) -> Counter[str]:
    """How many cases came to what."""
    with town.database.read() as session:
        return Counter(str(item.state) for item in bulk.items(session, act_id))


def whys(town: Town, act_id: UUID) -> list[str]:
    """Why cases were left out."""
    with town.database.read() as session:
        return [item.why for item in bulk.items(session, act_id) if item.why]


def entries(town: Town, kind: EntryKind) -> int:
    """How many entries of a kind all timelines have; each of them holds."""
    with town.database.read() as session:
        for case in session.exec(select(Case)):
            assert faults(case, history.timeline(session, case)) == []
        return len(session.exec(select(TimelineEntry).where(col(TimelineEntry.kind) == kind)).all())


GIVEN: dict[BulkWhat, dict[str, str]] = {
    BulkWhat.take: {},
    BulkWhat.assign: {"staff": "clerk"},
    BulkWhat.note: {"text": "The jackhammer is ordered"},
    BulkWhat.transfer: {"office": "WAT2", "reason": "It is in Drenova"},
    BulkWhat.urgent: {"reason": "The hospital is there"},
    BulkWhat.close: {"outcome": "upheld", "text": "The pipe is mended."},
}
TOLD = {
    BulkWhat.take: EntryKind.assigned,
    BulkWhat.assign: EntryKind.assigned,
    BulkWhat.note: EntryKind.noted,
    BulkWhat.transfer: EntryKind.transferred,
    BulkWhat.urgent: EntryKind.marked_urgent,
    BulkWhat.close: EntryKind.closed,
}


def given_for(town: Town, what: BulkWhat) -> dict[str, str]:
    given = dict(GIVEN[what])
    if "staff" in given:
        given["staff"] = str(town.known.staff[given["staff"]])
    return given


@pytest.mark.parametrize("what", BulkWhat)
def test_what_was_looked_at_happens_once_and_is_taken_back_where_it_can_be(six: Town, what: BulkWhat) -> None:
    before = [(case.timeline_length, case.assignee_id, case.state) for case in six.cases()]
    act_id = drafted(six, what, **given_for(six, what))
    assert [(case.timeline_length, case.assignee_id, case.state) for case in six.cases()] == before
    assert whys(six, act_id) == []
    go(six, act_id)
    bulk.run(six.database, act_id, six.now)
    with six.database.write() as session:
        assert not bulk.ask_for(session, six.viewer("officer1"), act_id, six.now)
    assert results(six, act_id) == {"done": 6}
    assert entries(six, TOLD[what]) == 6
    six.later(minutes=5)
    if what is BulkWhat.close:
        with pytest.raises(Conflict):
            bulk_undo.undo(six.database, six.viewer("officer1"), act_id, six.now)
        assert {case.state for case in six.cases()} == {CaseState.closed}
        with six.database.read() as session:
            answers = session.exec(select(TimelineEntry).where(col(TimelineEntry.kind) == EntryKind.answered)).all()
            assert all(entry.body["templated"] for entry in answers), "one text for many is a saved reply"
        return
    bulk_undo.undo(six.database, six.viewer("officer1"), act_id, six.now)
    bulk_undo.undo(six.database, six.viewer("officer1"), act_id, six.now)
    assert results(six, act_id) == {"undone": 6}
    for case in six.cases():
        assert (case.assignee_id, case.pending_office_id, case.urgency, case.state) == (None, None, None, "open")
    with six.database.read() as session:
        assert history.count(session, six.viewer("officer1"), Filter(words="jackhammer")) == 0
        assert history.count(session, six.viewer("officer1"), Filter(words="water")) == 6
    entries(six, TOLD[what])


def test_what_changed_meanwhile_is_left_out_and_named(six: Town) -> None:
    taken, wrote, gone, *others = six.cases()
    take = drafted(six, BulkWhat.take)
    with six.database.write() as session:
        clerk = six.viewer("clerk")
        handover.assign(session, taken.id, clerk, six.known.staff["clerk"], six.now, Form(99, "t1"))
        lifecycle.citizen_wrote(session, session.get_one(Case, wrote.id), "Now the cellar is wet too", six.now)
        session.get_one(Case, gone.id).office_id = six.known.office["WAT2"]
    go(six, take)
    assert results(six, take) == {"done": 3, "refused": 3}
    assert any("clerk has it now" in why for why in whys(six, take))
    assert any("citizen wrote" in why for why in whys(six, take))
    assert any("do not see" in why for why in whys(six, take))
    assert {case.assignee_id for case in six.cases() if case.id in {one.id for one in others}} == {
        six.known.staff["officer1"]
    }


def test_what_came_of_it_since_stays(six: Town) -> None:
    act_id = drafted(six, BulkWhat.take)
    go(six, act_id)
    first, second, *_ = six.cases()
    with six.database.write() as session:
        who = six.viewer("head1")
        handover.assign(session, first.id, who, six.known.staff["clerk"], six.now, Form(99, "t1"))
        lifecycle.reply(session, second.id, who, "We come", six.now, Form(99, "t2"))
    bulk_undo.undo(six.database, six.viewer("officer1"), act_id, six.now)
    assert results(six, act_id) == {"undone": 4, "kept": 2}
    assert [case.assignee_id for case in six.cases()[:2]] == [six.known.staff["clerk"], six.known.staff["officer1"]]


def test_a_worker_finishes_what_was_cut_off(six: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    act_id = drafted(six, BulkWhat.note, text="Seen")
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    with six.database.write() as session:
        assert not bulk.ask_for(session, six.viewer("officer1"), act_id, six.now), "that is for a worker"
    with six.database.read() as session:
        some = bulk.items(session, act_id)[:2]
    for item in some:
        bulk._one(six.database, act_id, item.id, 6, six.now)
    assert bulk_work.run_due(six.now) == 1
    assert bulk_work.run_due(six.now) == 0
    assert results(six, act_id) == {"done": 6}
    assert entries(six, EntryKind.noted) == 6
    with monkeypatch.context() as patch:
        patch.setattr(bulk_undo, "finish", cut_off)
        with pytest.raises(RuntimeError):
            bulk_undo.undo(six.database, six.viewer("officer1"), act_id, six.now)
    assert results(six, act_id) == {"done": 6}
    assert bulk_work.run_due(six.now) == 0, "whoever asked may still be at it"
    six.now += bulk.LEASE
    assert bulk_work.run_due(six.now) == 1
    assert results(six, act_id) == {"undone": 6}


def cut_off(*_: object) -> None:
    """A process that dies."""
    raise RuntimeError


def test_only_their_own_and_only_for_minutes(six: Town) -> None:
    act_id = drafted(six, BulkWhat.take)
    with six.database.write() as session:
        for other in ("head1", "minister"):
            with pytest.raises(NotFound):
                bulk.ask_for(session, six.viewer(other), act_id, six.now)
    go(six, act_id)
    six.now += bulk_undo.UNDO + timedelta(seconds=1)
    with pytest.raises(Conflict):
        bulk_undo.undo(six.database, six.viewer("officer1"), act_id, six.now)


def test_what_is_missing_is_named(six: Town) -> None:
    who = six.viewer("officer1")
    for what, given, field in (
        (BulkWhat.transfer, {"office": "NONE", "reason": "x"}, "office"),
        (BulkWhat.transfer, {"office": "WAT2", "reason": " "}, "reason"),
        (BulkWhat.assign, {"staff": "x"}, "staff"),
        (BulkWhat.note, {"text": ""}, "text"),
        (BulkWhat.close, {"outcome": "lost", "text": "x"}, "outcome"),
        (BulkWhat.close, {"outcome": "upheld", "text": "x" * 1601}, "text"),
    ):
        with six.database.write() as session:
            act = bulk.draft(session, who, what, six.cases(), six.now)
            with pytest.raises(BadInput) as wrong:
                bulk.say(session, who, act.id, given)
        assert list(wrong.value.fields) == [field], given
    with six.database.write() as session:
        for cases in ([], six.cases() * 40):
            with pytest.raises(BadInput):
                bulk.draft(session, who, BulkWhat.take, cases, six.now)
        act = bulk.draft(session, who, BulkWhat.note, six.cases(), six.now)
        with pytest.raises(BadInput):
            bulk.ask_for(session, who, act.id, six.now)
