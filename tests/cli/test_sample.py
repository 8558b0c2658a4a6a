"""The sample history is invented, but true: everything in it could have been written by the program itself."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import phonenumbers
import pytest
from sqlmodel import col, func, select

import escalation.service
from cases import history, proposals, surges
from channels.values import Channel
from cli.sample import crowd, government, load, made_up
from cli.sample import history as sample_history
from cli.sample.answers import QUICK, TERRIBLE
from cli.sample.rows import Rows
from core.errors import Conflict
from domain.answer import GivenAnswer, SavedReplyVersion
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.clock import Notice, Rung
from domain.crowd import Likeness, Surge
from domain.flag import FlagKind, FlagState, SurveyFlag
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.review import Action, Finding
from domain.staff import StaffRole
from domain.states import CaseState, EntryKind, InboxState, OutboxState, Role, RungState
from domain.survey import Answer, Invitation, Transaction
from domain.timeline import TimelineEntry
from domain.trial import Stop, Trial
from domain.visibility import viewer
from reports import kpis
from tests.conftest import Installation

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)  # the demo is made on SQLite in each run
def test_the_whole_history_holds_together(installation: Installation) -> None:
    told: list[float] = []
    loaded = load.load(7, NOW, lambda what, share: told.append(share))
    assert told[-1] == 1.0
    assert loaded.counts["case"] == 1_500 + len(crowd.TOLD) + 522  # and what two offices look back on
    assert loaded.counts["transaction"] == 6_000
    with pytest.raises(Conflict):
        load.load(7, NOW)
    with installation.database.read() as session:
        assert list(history.verify(session)) == []
        for case in session.exec(select(Case)).all()[:: 4 if installation.is_sqlite else 10]:  # the rule is one
            assert escalation.service.restate(session, case, NOW) == [], case.reference
    with installation.database.read() as session:
        cases = session.exec(select(Case)).all()
        known = catalogue(session)
        assert len(known.offices) == 30
        assert len(known.services) == 40

        # nothing lies in the future, nothing is left over for workers to send
        assert session.exec(select(func.max(TimelineEntry.at))).one() <= NOW
        assert session.exec(select(func.max(Answer.answered_at))).one() <= NOW
        assert set(session.exec(select(InboundMessage.state).distinct())) == {InboxState.processed}
        assert set(session.exec(select(OutboundMessage.state).distinct())) <= {
            OutboxState.delivered,
            OutboxState.failed,
        }
        waiting = session.exec(select(Rung.due_at).where(col(Rung.state) == RungState.waiting)).all()
        assert waiting
        assert all(due is not None and due > NOW - timedelta(seconds=5) for due in waiting)

        # each answer of a person is counted, and there are replies to begin the next with
        answered = session.exec(select(TimelineEntry).where(TimelineEntry.kind == EntryKind.answered)).all()
        given = session.exec(select(GivenAnswer.case_id, GivenAnswer.entry)).all()
        assert set(given) == {(e.case_id, e.number) for e in answered if e.actor != "system"}
        assert session.exec(select(SavedReplyVersion)).all()

        # every state and way of life is there to be seen
        states = Counter(case.state for case in cases)
        assert set(states) == set(CaseState)
        kinds = set(session.exec(select(TimelineEntry.kind).distinct()))
        missing = set(EntryKind) - kinds
        assert missing <= {EntryKind.released, EntryKind.reviewed, EntryKind.assigned,
                           EntryKind.clock_paused, EntryKind.attached, EntryKind.edited, EntryKind.transcribed,
                           EntryKind.called_back, EntryKind.fell_back, EntryKind.withdrawn, EntryKind.marked_urgent,
                           EntryKind.marked, EntryKind.split_off, EntryKind.joined, EntryKind.parted,
                           EntryKind.relabelled, EntryKind.lapsed, EntryKind.restricted,
                           EntryKind.part_answered, EntryKind.note_taken_back,
                           EntryKind.recalled, EntryKind.recounted, EntryKind.taken_back,
                           EntryKind.merged, EntryKind.unmerged,
                           EntryKind.passed_on, EntryKind.divided, EntryKind.linked,
                           EntryKind.cause_found, EntryKind.imported}  # fmt: skip
        assert {case.channel for case in cases} >= set(Channel) - {Channel.voice, Channel.api}
        assert {case.language for case in cases} == {"en", "sq", "bn", "ru"}
        assert any(case.integrity and case.about_office_id for case in cases)
        assert all(case.closed_at and case.outcome for case in cases if case.state == CaseState.closed)

        # the two terrible offices look terrible, and the quick ones quick
        def share_silent(codes: set[str]) -> float:
            own = [case for case in cases if known.offices[case.office_id].code in codes]
            return sum(case.first_response_at is None for case in own) / len(own)

        assert share_silent(set(TERRIBLE)) > 0.15
        assert share_silent(set(QUICK)) < 0.08

        # the accused see nothing of it, and are told nothing of it
        accused = [case for case in cases if case.about_office_id]
        for case in accused:
            chain = [office.id for office in known.chain(case.about_office_id)]  # type: ignore[arg-type]
            answering = set(session.exec(select(StaffRole.staff_id).where(col(StaffRole.office_id).in_(chain))))
            told_of = set(session.exec(select(Notice.staff_id).where(col(Notice.case_id) == case.id)))
            assert not answering & told_of

        ratings = dict(
            session.exec(
                select(Answer.service_id, func.avg(Answer.value))
                .where(col(Answer.question) == "rating")
                .group_by(col(Answer.service_id))
            ).all()
        )
        by_code = {known.services[service].code: float(mean) for service, mean in ratings.items() if service}
        assert by_code["birth-certificate"] - by_code["land-title"] > 1

        # one trial is done, with more answers to the short question, and one is still silent
        done, running = session.exec(select(Trial).order_by(col(Trial.starts_at))).all()
        assert (done.stopped, done.entered, running.stopped, running.results) == (Stop.planned, done.planned, None, [])
        assert done.results[0]["found"][0]["differs"] is True
        assert 0 < running.entered < running.planned

        open_actions = session.exec(select(Action).where(col(Action.done_at).is_(None))).all()
        assert open_actions
        assert len(open_actions) < session.exec(select(func.count()).select_from(Action)).one()
        assert session.exec(select(func.count()).select_from(Finding)).one() >= 6

        # at most one survey per citizen in the days of rest, and one invitation per transaction
        asked = Counter(session.exec(select(Invitation.contact_point_id).where(col(Invitation.sent_at).is_not(None))))
        assert max(asked.values()) <= 4
        assert session.exec(select(func.count()).select_from(Transaction)).one() == 6_000

        # the office that made up its numbers is found, and no honest one; the integrity office has looked at a sign
        signs = session.exec(select(SurveyFlag)).all()
        assert {known.offices[one.office_id].code for one in signs} == {made_up.OFFICE}
        assert {FlagKind.repeated, FlagKind.pattern, FlagKind.undeliverable} <= {one.kind for one in signs}
        assert {one.state for one in signs} == {FlagState.open, FlagState.confirmed}

        # whoever copies a number from the demo reaches nobody
        numbers = session.exec(select(ContactPoint.address).where(col(ContactPoint.channel) == Channel.sms)).all()
        assert len(numbers) > 1000
        assert not any(phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in numbers[:300])

        leader = session.exec(select(StaffRole.staff_id).where(col(StaffRole.role) == Role.leadership)).first()
        assert leader is not None
        since = NOW - timedelta(days=30)
        figures = kpis.silence(session, viewer(session, leader, now=NOW), None, since=since, until=NOW, now=NOW)
        assert figures.n > 300
        assert figures.silent_now > 20


def story(seed: int) -> list[tuple[object, ...]]:
    rows = Rows()
    load.put_government(rows, government.load())
    sample_history.write(rows, load.known_of(rows), seed, NOW, lambda what, share: None)
    return [
        (case.received_at, case.channel, case.text, case.state, case.first_response_at, case.timeline_length)
        for case in rows.of(Case)
    ]


def test_the_same_seed_tells_the_same_story_and_another_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_history, "CASES", 250)
    first = story(5)
    assert story(5) == first
    assert story(6) != first


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_the_program_finds_the_crowd_and_the_surge_itself(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_history, "CASES", 500)  # the others are told elsewhere, and are no part of it
    load.load(7, NOW)
    surges.forget()
    while proposals.compare_due(NOW):
        pass
    assert surges.sweep(NOW) == 1
    with installation.database.read() as session:
        surge = session.exec(select(Surge)).one()
        assert catalogue(session).offices[surge.office_id].code == "WAT2"
        assert surge.observed >= len(crowd.TOLD) - 2
        assert any("pishave" in word for word in surge.words)
        looks = session.exec(select(Likeness).where(col(Likeness.like_id).is_not(None))).all()
        assert len({one.like_id for one in looks}) <= 2
        assert len(looks) >= 12
        heads = session.exec(select(Notice.staff_id).where(col(Notice.dedupe_key).startswith("surge:"))).all()
        assert len(heads) >= 1
