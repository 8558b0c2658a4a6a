"""What cannot wait gets a shorter target, and nothing of it resets a clock or hides who was silent."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

import escalation.service
from cases import marks
from cases.acting import Repeated
from core.errors import BadInput
from domain.case import Case
from domain.clock import Clock, Notice, Rung
from domain.states import CaseKind, ClockKind, EntryKind, Nature, Urgency
from domain.timeline import TimelineEntry
from escalation import sweep
from tests.cases.conftest import Town

DANGER = "WAT1 gas leak beside the pump in Lumas"
USUAL = "WAT1 the water in Lumas has low pressure"
SHARE = 0.25


def entries(town: Town, kind: EntryKind) -> list[TimelineEntry]:
    with town.database.read() as session:
        return list(session.exec(select(TimelineEntry).where(TimelineEntry.kind == kind)))


def targets(town: Town) -> dict[str, int]:
    with town.database.read() as session:
        return {clock.kind: clock.target_seconds for clock in session.exec(select(Clock))}


def restated(town: Town) -> list[str]:
    with town.database.write() as session:
        case = session.get_one(Case, town.case().id, with_for_update=True)
        return escalation.service.restate(session, case, town.now)


def mark(town: Town, urgent: bool, reason: str = "they called as well", who: str = "officer1") -> None:
    with town.database.write() as session:
        marks.mark_urgent(session, town.case().id, town.viewer(who), urgent, reason, town.now, town.form())


def test_danger_shortens_every_target_and_the_head_is_told_at_once(town: Town) -> None:
    town.arrives(DANGER)
    assert town.case().urgency == Urgency.life
    (entry,) = entries(town, EntryKind.marked_urgent)
    assert entry.body["words"] == ["gas leak"]
    assert targets(town) == {ClockKind.first_response: 16 * 3600 * SHARE, ClockKind.resolution: 80 * 3600 * SHARE}
    assert restated(town) == []
    town.later(seconds=5)
    sweep.sweep(town.now)
    with town.database.read() as session:
        told = {notice.staff_id for notice in session.exec(select(Notice))}
        numbers = set(session.exec(select(Rung.number)))
    assert told == {town.known.staff["head1"]}
    assert numbers == {101, 102}


def test_staff_may_mark_and_it_counts_from_then(town: Town) -> None:
    town.arrives(USUAL)
    assert town.case().urgency is None
    before = town.clock(ClockKind.first_response)
    town.later(hours=2)
    mark(town, True)
    after = town.clock(ClockKind.first_response)
    # nine to noon is three hours here: two of them are gone, four from now on are left
    assert after.target_seconds == (2 + 16 * SHARE) * 3600
    assert (after.started_at, after.entry) == (before.started_at, before.entry)
    assert town.now < after.deadline_at < before.deadline_at
    assert restated(town) == []
    mark(town, False, "the pipe is shut now")
    again = town.clock(ClockKind.first_response)
    assert (again.target_seconds, again.deadline_at) == (before.target_seconds, before.deadline_at)
    assert town.case().urgency is None


def test_a_mark_never_gives_time_to_what_is_late(town: Town) -> None:
    town.arrives(USUAL)
    before = town.clock(ClockKind.first_response)
    town.now = before.deadline_at + timedelta(days=1)
    mark(town, True)
    assert town.clock(ClockKind.first_response).deadline_at == before.deadline_at


@pytest.mark.parametrize(("reason", "urgent"), [("", True), ("   ", True), ("fine", False)])
def test_what_cannot_be_marked_says_why(town: Town, reason: str, urgent: bool) -> None:
    town.arrives(USUAL)
    with pytest.raises(BadInput):
        mark(town, urgent, reason)
    assert entries(town, EntryKind.marked_urgent) == []


def test_two_clicks_mark_once(town: Town) -> None:
    town.arrives(USUAL)
    form = town.form()
    case_id, who = town.case().id, town.viewer("officer1")
    with town.database.write() as session:
        marks.mark_urgent(session, case_id, who, True, "now", town.now, form)
    with pytest.raises(Repeated), town.database.write() as session:
        marks.mark_urgent(session, case_id, who, True, "now", town.now, form)
    assert len(entries(town, EntryKind.marked_urgent)) == 1


def test_a_later_message_can_make_it_urgent_but_not_less(town: Town) -> None:
    town.arrives(USUAL)
    reference = town.case().reference
    town.later(minutes=30)
    town.arrives(f"{reference} a child fell into the pit of the pump")
    assert town.case().urgency == Urgency.child
    town.arrives(f"{reference} and there is a smell of gas")
    assert town.case().urgency == Urgency.life
    town.arrives(f"{reference} the child fell again")
    assert town.case().urgency == Urgency.life
    assert [entry.body["urgency"] for entry in entries(town, EntryKind.marked_urgent)] == ["child", "life"]
    assert restated(town) == []


@pytest.mark.parametrize(
    ("text", "nature", "kind"),
    [
        ("Thank you for the new pump in Lumas, it is wonderful", Nature.thanks, CaseKind.compliment),
        ("you are all idiots", Nature.abuse, CaseKind.complaint),
        ("hello", Nature.not_a_case, CaseKind.complaint),
        (USUAL, None, CaseKind.complaint),
    ],
)
def test_whatever_it_is_it_stays_a_case_with_an_owner(
    town: Town, text: str, nature: Nature | None, kind: CaseKind
) -> None:
    town.arrives(text)
    case = town.case()
    assert (case.nature, case.kind) == (nature, kind)
    assert case.office_id is not None
    with town.database.read() as session:
        clocks = session.exec(select(Clock).where(col(Clock.case_id) == case.id)).all()
    assert ClockKind.first_response in {clock.kind for clock in clocks}
