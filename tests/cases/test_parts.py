"""A matter of several offices: one leads and speaks with the citizen, each other has its part inside."""

from typing import Any

import pytest
from sqlmodel import col, select

import escalation.service
from cases import handover, history, lapses, lifecycle, parts
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from domain.case import Case
from domain.clock import Clock, Notice
from domain.states import CaseState, ClockKind, EntryKind, Outcome
from domain.visibility import SYSTEM_KEY, Viewer
from reports import kpis
from tests.cases.conftest import Town
from tests.cases.test_handover import WATER, do
from tests.reports.exact import by_office

TASK = "Close the hole the pipe left."


@pytest.fixture
def opened(town: Town) -> Town:
    """A town with one open case at WAT1."""
    town.arrives(WATER)
    return town


def give(town: Town, to: str = "CIV1", who: str = "officer1", task: str = TASK) -> Case:
    """WAT1 gives an office its part."""
    lead = town.cases()[0]
    do(town, lambda s, c, f: parts.split(s, c.id, town.viewer(who), town.known.office[to], task, town.now, f), lead.id)
    return town.cases()[-1]


def lead_and_part(town: Town) -> tuple[Case, Case]:
    """The lead and a part that CIV1 has accepted."""
    part = give(town)
    do(town, lambda s, c, f: handover.accept(s, c.id, town.viewer("clerk"), town.now, f), part.id)
    return town.cases()[0], town.cases()[-1]


def close(town: Town, case: Case, who: str, words: str = "Filled.", **more: Any) -> None:
    viewer = town.viewer(who)
    do(town, lambda s, c, f: lifecycle.close(s, c.id, viewer, Outcome.upheld, words, town.now, f, **more), case.id)


def read(town: Town, who: str | Viewer, case: Case) -> tuple[parts.Lead | None, list[parts.Part]]:
    viewer = town.viewer(who) if isinstance(who, str) else who
    with town.database.read() as session:
        return parts.lead_of(session, viewer, case), parts.parts_of(session, viewer, case)


def test_the_whole_life_of_a_part(opened: Town) -> None:
    known = opened.known
    part = give(opened)
    lead = opened.cases()[0]
    assert (part.office_id, part.pending_office_id) == (known.office["WAT1"], known.office["CIV1"])  # until accepted
    do(opened, lambda s, c, f: handover.accept(s, c.id, opened.viewer("clerk"), opened.now, f), part.id)
    part = opened.cases()[-1]
    assert (part.office_id, part.assignee_id) == (known.office["CIV1"], known.staff["clerk"])
    seen, _ = read(opened, "clerk", part)
    assert seen is not None
    assert [text for _, text in seen.words] == [WATER]  # the part's office reads what the citizen wrote
    opened.later(hours=2)
    do(opened, lambda s, c, f: lifecycle.reply(s, c.id, opened.viewer("clerk"), "On Friday.", opened.now, f), part.id)
    close(opened, part, "clerk")
    opened.work()
    assert len(opened.texts()) == 1  # the citizen hears one voice
    assert opened.cases()[0].first_response_at is None  # and their silence goes on
    _, (told,) = read(opened, "officer1", lead)
    assert (told.state, told.answer, told.offered) == (CaseState.closed, "Filled.", False)
    with opened.database.read() as session:
        notices = session.exec(select(Notice.staff_id).where(col(Notice.dedupe_key).startswith("part:"))).all()
        assert set(notices) == {known.staff["officer1"]}
        kinds = [entry.kind for entry in history.timeline(session, lead)]
        assert kinds.count(EntryKind.part_answered) == 2
        assert list(history.verify(session)) == []
    close(opened, lead, "officer1", "The road is closed again.")
    opened.work()
    assert "The road is closed again." in opened.texts()[-1]


def test_a_lead_waits_for_its_parts_or_says_why_not(opened: Town) -> None:
    lead, part = lead_and_part(opened)
    with pytest.raises(BadInput, match="Office CIV1 still works") as refused:
        close(opened, lead, "officer1")
    assert "anyway" in refused.value.fields
    assert opened.cases()[0].state == CaseState.open
    close(opened, lead, "officer1", anyway="The asphalt comes in May, the water runs.")
    assert [case.state for case in opened.cases()] == [CaseState.closed, CaseState.open]
    with opened.database.read() as session:
        (closed,) = [e for e in history.timeline(session, lead) if e.kind == EntryKind.closed]
    assert closed.body["without"] == [part.reference]


@pytest.mark.parametrize("accepted", [True, False])
def test_a_part_no_longer_needed(opened: Town, accepted: bool) -> None:
    part = lead_and_part(opened)[1] if accepted else give(opened)
    lead = opened.cases()[0]

    def off(who: str) -> None:
        viewer = opened.viewer(who)
        do(opened, lambda s, c, f: parts.call_off(s, c.id, part.reference, viewer, "Mended", opened.now, f), lead.id)

    with pytest.raises((NotAllowed, NotFound)):
        off("clerk")
    off("officer1")
    after = opened.cases()[-1]
    assert (after.state, after.outcome, after.pending_office_id) == (CaseState.closed, Outcome.withdrawn, None)
    with pytest.raises(Conflict):
        off("officer1")
    close(opened, lead, "officer1")
    with opened.database.write() as session:
        assert escalation.service.restate(session, session.get_one(Case, part.id), opened.now) == []


def test_a_refused_part_is_placed_by_triage_and_teaches_nothing(opened: Town) -> None:
    part = give(opened)
    do(opened, lambda s, c, f: handover.refuse(s, c.id, opened.viewer("clerk"), "Not ours", opened.now, f), part.id)
    assert opened.cases()[-1].state == CaseState.triage
    with opened.database.read() as session:
        assert history.wordless(session, part)  # an officer's words are no citizen's
    opened.later(days=9)
    assert lapses.sweep(opened.now) == 0


WHO_MAY: dict[str, tuple[dict[str, Any], str, str, type[Exception]]] = {
    "not an office that the case is about": ({"about": "CIV1"}, "CIV1", "officer1", NotAllowed),
    "nor one above it": ({"about": "CIV1"}, "GOV", "officer1", NotAllowed),
    "nothing leaves integrity": ({"integrity": True, "office": "INTEG"}, "CIV1", "integrity", NotAllowed),
    "not to oneself": ({}, "WAT1", "officer1", BadInput),
    "not to triage": ({}, "TRIAGE", "officer1", BadInput),
    "not by another office": ({}, "CIV1", "officer2", NotFound),
    "not while it is offered": ({"pending": "WAT2"}, "CIV1", "officer1", Conflict),
    "not before triage is done": ({"state": CaseState.triage}, "CIV1", "officer1", Conflict),
    "not once closed": ({"state": CaseState.closed}, "CIV1", "officer1", Conflict),
}


def test_who_gets_no_part(opened: Town) -> None:
    office = opened.known.office
    for which, (made, to, who, error) in WHO_MAY.items():
        with opened.database.write() as session:
            case = session.get_one(Case, opened.case().id)
            case.about_office_id = office[made["about"]] if "about" in made else None
            case.integrity = made.get("integrity", False)
            case.office_id = office[made.get("office", "WAT1")]
            case.pending_office_id = office[made["pending"]] if "pending" in made else None
            case.state = made.get("state", CaseState.open)
        try:
            give(opened, to, who)
        except error:
            assert len(opened.cases()) == 1
        else:
            pytest.fail(which)


def test_a_part_has_no_parts_and_asks_no_citizen(opened: Town) -> None:
    _, part = lead_and_part(opened)
    clerk, water = opened.viewer("clerk"), opened.known.office["WAT2"]
    with pytest.raises(Conflict, match="itself a part"):
        do(opened, lambda s, c, f: parts.split(s, c.id, clerk, water, TASK, opened.now, f), part.id)
    with pytest.raises(BadInput, match="one office"):
        do(opened, lambda s, c, f: lifecycle.ask(s, c.id, clerk, "Which street?", opened.now, f), part.id)


def test_what_becomes_a_matter_of_integrity_is_shut_to_the_part(opened: Town) -> None:
    lead, part = lead_and_part(opened)
    with opened.database.write() as session:
        session.get_one(Case, lead.id).integrity = True
    assert read(opened, "clerk", part)[0] is None
    with opened.database.write() as session:
        case = session.get_one(Case, lead.id)
        case.integrity, case.about_office_id = False, opened.known.office["CIV1"]
    assert read(opened, "clerk", part)[0] is None
    assert read(opened, "officer1", lead)[1]  # the part itself is about nobody


def test_one_citizen_waits_once(opened: Town) -> None:
    """Whatever counts citizens counts the lead alone, and no citizen finds a part."""
    lead, part = lead_and_part(opened)
    span: dict[str, Any] = {"since": lead.received_at, "until": opened.now.replace(year=2027)}
    span["now"] = span["until"]
    with opened.database.read() as session:
        assert kpis.silence(session, SYSTEM_KEY, None, **span).n == 1
        assert [line.office_id for line in by_office(session, SYSTEM_KEY, **span)] == [lead.office_id]
        with pytest.raises(NotFound):
            history.tracked(session, part.reference)
        assert parts.helping(session, lead) == [opened.known.office["CIV1"]]
        clocks = session.exec(select(Clock.kind).where(col(Clock.case_id) == part.id)).all()
        assert set(clocks) == {ClockKind.resolution, ClockKind.acceptance}
        assert history.load(session, opened.viewer("clerk"), part.reference).id == part.id
        with pytest.raises(NotFound):  # the lead is read beside the part, and is no case of theirs
            history.load(session, opened.viewer("clerk"), lead.reference)
    opened.arrives(f"STATUS {part.reference}")
    assert part.reference not in opened.texts()[-1] or "CIV1" not in opened.texts()[-1]
