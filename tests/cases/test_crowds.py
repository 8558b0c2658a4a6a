"""The same matter, many times: joined, answered once and heard by each, taken apart."""

from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select, update

from cases import crowds, handover, history, lifecycle, relaying, relays
from cases.acting import Repeated
from cases.filters import Filter
from channels.values import Channel, DeliveryStatus
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from domain.case import Case
from domain.citizen import ContactPoint
from domain.clock import Clock, Notice
from domain.crowd import Relay
from domain.states import CaseState, EntryKind, Outcome, RelayState
from domain.timeline import TimelineEntry
from tests.cases.conftest import Town
from tests.cases.crowd import (
    ANSWER,
    OTHER,
    PIPE,
    TOLD,
    answer,
    answers,
    case,
    crowd,
    join,
    proposed,
    relays_of,
    report,
    work,
)


def test_one_answer_reaches_each_in_their_own_language_and_ends_each_silence_by_itself(town: Town) -> None:
    lead, (first, second, third) = crowd(town)
    with town.database.write() as session:
        session.exec(update(Case).where(col(Case.id) == second).values(language="bn"))
        contact = session.get_one(Case, second).contact_point_id
        session.get_one(ContactPoint, contact).language = "bn"
    town.later(hours=1)
    answer(town, lead)
    assert relays_of(town, RelayState.waiting) == 3
    work(town)
    sent = answers(town)
    assert len(sent) == 4
    by_case = {message.case_id: message for message in sent}
    for one in (lead, first, second, third):
        assert case(town, one).reference in by_case[one].body
        assert ANSWER in by_case[one].body
    assert by_case[second].body.endswith(f"সূত্র {case(town, second).reference}")
    assert all(one.first_response_at is None for one in town.cases())  # nothing was delivered yet
    which = next(n for n, message in enumerate(town.sent) if message.id == by_case[first].id)
    town.receipt(DeliveryStatus.delivered, which=which)
    ended = {one.id for one in town.cases() if one.first_response_at is not None}
    assert ended == {first}
    assert {one.state for one in town.cases()} == {CaseState.answered}
    with town.database.read() as session:
        entry = session.exec(
            select(TimelineEntry).where(
                col(TimelineEntry.case_id) == third, col(TimelineEntry.kind) == EntryKind.answered
            )
        ).one()
        assert (entry.actor, entry.body["by"]) == (str(town.known.staff["officer1"]), "officer1")
        assert list(history.verify(session)) == []


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.generate],
)
@given(number=st.integers(1, 5), stopped=st.integers(0, 5), anonymous=st.booleans(), killed=st.integers(0, 6))
def test_k_citizens_get_k_messages_whatever_happens(
    town: Town, number: int, stopped: int, anonymous: bool, killed: int
) -> None:
    """Also where some stopped our messages, one left no address, the form is sent twice and workers die on the way."""
    before = len(answers(town))
    lead, others = crowd(town, number)
    if anonymous:
        unknown = report(town, PIPE, sender="", channel=Channel.web, anonymous=True)
        join(town, lead, [unknown])
    opted = others[:stopped]
    with town.database.write() as session:
        for one in opted:
            contact = session.get_one(Case, one).contact_point_id
            session.get_one(ContactPoint, contact).opted_out_at = town.now
    once = town.form(case(town, lead).timeline_length)
    words = f"Crew {lead.hex[-6:]} mends pipe {lead.hex[-12:-6]} at {before} hours."  # its own: a copy is no answer
    answer(town, lead, words, form=once)
    with pytest.raises(Repeated):
        answer(town, lead, words, form=once)
    with town.database.read() as session:
        waiting = session.exec(select(Relay.id).where(col(Relay.state) == RelayState.waiting)).all()
    for relay_id in waiting[:killed]:  # done, and the worker dies before the commit
        with pytest.raises(RuntimeError):
            _dies(town, relay_id)
    work(town)
    for relay_id in waiting:  # claimed twice
        with town.database.write() as session:
            relaying.carry_out(session, relay_id, town.now)
    assert len(answers(town)) - before == 1 + len(others) - len(opted)
    assert all(case(town, one).state == CaseState.answered for one in others)
    if anonymous:
        assert case(town, unknown).first_response_at is not None
    assert all(case(town, one).first_response_at is None for one in opted)


def _dies(town: Town, relay_id: UUID) -> None:
    with town.database.write() as session:
        relaying.carry_out(session, relay_id, town.now)
        session.flush()
        raise RuntimeError


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_batch_that_was_cut_off_is_finished_by_another_worker(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    lead, others = crowd(town)
    answer(town, lead)
    done = iter(range(1))
    carry_out = relaying.carry_out

    def dies(*given: object) -> None:
        if next(done, None) is None:
            raise KeyboardInterrupt
        carry_out(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(relaying, "carry_out", dies)
    with pytest.raises(KeyboardInterrupt):
        relaying.relay_due(town.now)
    monkeypatch.setattr(relaying, "carry_out", carry_out)
    assert relaying.relay_due(town.now) == 0  # still leased
    town.later(minutes=3)
    work(town)
    assert len(answers(town)) == 1 + len(others)


def test_joining_and_taking_apart_leaves_every_case_as_it_was(town: Town) -> None:
    lead = report(town, PIPE)
    others = [report(town, text) for text in TOLD]
    work(town)
    kept = ("state", "office_id", "lead_id", "lead_link", "assignee_id", "outcome", "first_response_at", "service_id")
    before = {one.id: [getattr(one, name) for name in kept] for one in town.cases()}
    with town.database.read() as session:
        clocks = {clock.id: (clock.state, clock.deadline_at) for clock in session.exec(select(Clock))}
    once = town.form(case(town, lead).timeline_length)
    join(town, lead, others, form=once)
    with pytest.raises(Repeated):
        join(town, lead, others, form=once)
    with town.database.write() as session:
        assert crowds.undo(session, lead, town.viewer("officer1"), town.now, town.form(10**6)) == 3
    assert {one.id: [getattr(one, name) for name in kept] for one in town.cases()} == before
    assert proposed(town, lead) == set(others)
    with town.database.read() as session:
        assert {clock.id: (clock.state, clock.deadline_at) for clock in session.exec(select(Clock))} == clocks
        assert list(history.verify(session)) == []


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_who_was_taken_out_hears_nothing_more_and_is_not_proposed_again(town: Town) -> None:
    lead, (first, second, _) = crowd(town)
    answer(town, lead)
    with town.database.write() as session:
        crowds.part(session, first, town.viewer("officer1"), "Another pipe", town.now, town.form(10**6))
    work(town)
    assert first not in {message.case_id for message in answers(town)}
    assert second in {message.case_id for message in answers(town)}
    assert case(town, first).first_response_at is None
    assert proposed(town, lead) == set()


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_whoever_joins_later_gets_the_answer_only_when_a_person_says_so(town: Town) -> None:
    lead, _ = crowd(town)
    answer(town, lead)
    work(town)
    late = report(town, PIPE + "!")
    work(town)
    assert case(town, late).lead_id == lead
    assert len(answers(town)) == 4
    with town.database.read() as session:
        assert relays.owed(session, session.get_one(Case, lead)) == 1
    with town.database.write() as session:
        assert relays.send_again(session, lead, town.viewer("officer1"), town.now, town.form(10**6)) == 1
    work(town)
    assert answers(town)[-1].case_id == late
    with town.database.read() as session:
        assert relays.owed(session, session.get_one(Case, lead)) == 0
    with pytest.raises(Conflict), town.database.write() as session:
        relays.send_again(session, lead, town.viewer("officer1"), town.now, town.form(10**6))


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_closing_the_lead_closes_each_and_one_who_writes_again_opens_alone(town: Town) -> None:
    lead, (first, second, _) = crowd(town)
    with town.database.write() as session:
        lifecycle.close(session, lead, town.viewer("officer1"), Outcome.upheld, "Mended.", town.now, town.form(10**6))
    work(town)
    assert {(one.state, one.outcome) for one in town.cases()} == {(CaseState.closed, Outcome.upheld)}
    assert len(answers(town)) == 4
    with town.database.write() as session:
        lifecycle.citizen_wrote(session, session.get_one(Case, first), "Still no water here", town.now)
    assert [one.id for one in town.cases() if one.state == CaseState.open] == [first]
    with town.database.read() as session:
        notice = session.exec(select(Notice).where(col(Notice.case_id) == first)).one()
        assert notice.staff_id == town.known.staff["officer1"]
        assert case(town, lead).reference in notice.text
        said = session.exec(
            select(TimelineEntry.case_id).where(col(TimelineEntry.kind) == EntryKind.citizen_wrote)
        ).all()
        assert said == [first]
    answer(town, first, "We come again tomorrow.")
    work(town)
    assert answers(town)[-1].case_id == first
    assert case(town, second).state == CaseState.closed


def test_the_queue_shows_a_crowd_once(town: Town) -> None:
    lead, others = crowd(town)
    single = report(town, OTHER)
    folded = Filter(states=frozenset({CaseState.open, CaseState.waiting}), folded=True)

    def shown(who: str = "officer1") -> list[UUID]:
        with town.database.read() as session:
            viewer = town.viewer(who)
            lines = [line.id for line in history.find(session, viewer, folded)]
            assert history.count(session, viewer, folded) == len(lines)
            return lines

    assert sorted(shown()) == sorted([lead, single])
    assert sorted(shown("head_water")) == sorted([lead, single])
    answer(town, lead)  # while the others' messages wait, the longest silent of them stands for them
    assert sorted(shown()) == sorted([others[0], single])
    work(town)
    assert shown() == [single]


def test_the_others_follow_a_lead_and_one_that_goes_alone_is_out(town: Town) -> None:
    lead, (first, second, _) = crowd(town)
    officer, office = town.viewer("officer1"), town.known.office
    with town.database.write() as session:
        handover.transfer(session, first, officer, office["WAT2"], "Another pipe", town.now, town.form(10**6))
        handover.transfer(session, lead, officer, office["WAT2"], "Their street", town.now, town.form(10**6))
    assert {case(town, one).office_id for one in (lead, second)} == {office["WAT1"]}
    theirs = town.viewer("officer2")
    with town.database.write() as session:
        handover.accept(session, lead, theirs, town.now, town.form(10**6))
    work(town)
    assert {one.office_id for one in town.cases() if one.id != first} == {office["WAT2"]}
    assert {one.hops for one in town.cases()} == {1}
    assert {one.assignee_id for one in town.cases() if one.id != first} == {town.known.staff["officer2"]}
    answer(town, lead, who="officer2")
    with town.database.write() as session:
        handover.refuse(session, first, theirs, "No", town.now, town.form(10**6))
    assert case(town, first).lead_id is None
    work(town)
    assert {message.case_id for message in answers(town)} == {one.id for one in town.cases()} - {first}
    with town.database.read() as session:
        assert list(history.verify(session)) == []


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_only_the_office_that_has_them_joins_parts_and_sends(town: Town) -> None:
    lead, (first,) = crowd(town, 1)
    fresh = report(town, TOLD[0])
    for who, error in {"officer2": NotFound, "clerk": NotFound, "minister": NotAllowed, "auditor": NotAllowed}.items():
        with pytest.raises(error):
            join(town, lead, [fresh], who)
        viewer = town.viewer(who)
        with pytest.raises(error), town.database.write() as session:
            crowds.part(session, first, viewer, "No", town.now, town.form(10**6))
        with pytest.raises(error), town.database.write() as session:
            relays.send_again(session, lead, viewer, town.now, town.form(10**6))


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_what_may_not_join_does_not(town: Town) -> None:
    lead, (first, *_) = crowd(town)
    elsewhere = report(town, PIPE.replace("WAT1", "WAT2"))
    secret = report(town, PIPE, confidential=True)
    with pytest.raises(BadInput):
        join(town, lead, [elsewhere, secret, first, lead])
    with pytest.raises(Conflict):
        join(town, secret, [first])
    fresh = report(town, TOLD[1])
    with pytest.raises(Conflict):
        join(town, first, [fresh])  # a member leads nobody
    beside, theirs = crowd(town)
    assert join(town, lead, [beside]) == 4  # a lead brings its own
    assert {case(town, one).lead_id for one in (beside, *theirs)} == {lead}


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_crowd_ends_where_its_lead_becomes_a_matter_of_integrity(town: Town) -> None:
    lead, others = crowd(town)
    with town.database.write() as session:
        found = session.get_one(Case, lead)
        found.integrity, found.about_office_id = True, town.known.office["WAT1"]
    with town.database.write() as session:
        found = session.get_one(Case, lead)
        found.office_id = town.known.office["INTEG"]
        relays.moved(session, found, town.now)
    work(town)
    assert all(case(town, one).lead_id is None for one in others)
    assert all(case(town, one).office_id == town.known.office["WAT1"] for one in others)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_citizen_is_told_of_others_from_three(town: Town) -> None:
    lead, (first, *_) = crowd(town)
    with town.database.read() as session:
        assert crowds.others(session, session.get_one(Case, lead)) == 3
        assert crowds.others(session, session.get_one(Case, first)) == 3
    with town.database.write() as session:
        crowds.part(session, first, town.viewer("officer1"), "Other", town.now, town.form(10**6))
        assert crowds.others(session, session.get_one(Case, lead)) is None
        assert crowds.others(session, session.get_one(Case, first)) is None
