"""A case's life to its end, in any order: one office answers for it, a clock runs, and no closing ends a silence."""

import random
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlmodel import Session, col, delete, select

from cases import appeals, delivery, history, lifecycle, merges, relaying, solved, splits, takebacks
from cases.acting import Form
from cases.filters import Filter
from cases.opening import Opening, open_case
from cases.rights import decides
from channels.values import Channel
from core.crypto import blind_index
from core.errors import OmbudError
from core.ids import new_id
from domain.base import metadata
from domain.case import Case
from domain.catalogue import catalogue, forget
from domain.citizen import Citizen, ContactPoint
from domain.clock import Clock
from domain.closing import AppealOutcome, SolvedQuestion
from domain.outbox import OutboundMessage
from domain.states import CaseState, EntryKind, LeadLink, Outcome, Purpose
from domain.visibility import Viewer
from escalation.values import LIVE
from tests.builders import NOW, Government, government
from tests.conftest import Installation
from tests.escalation.test_service import as_replayed

TEXTS = ("no water in Lumas", "the pipe at Drenova leaks", "my passport is late")
OUTCOMES = (Outcome.upheld, Outcome.not_upheld, Outcome.answered)


MOST = 5
"""Cases of one walk: more would only make it slower."""
Fits = Callable[[Case], bool]


def anything(case: Case) -> bool:
    return True


def is_open(case: Case) -> bool:
    return case.state != CaseState.closed


def is_closed(case: Case) -> bool:
    return case.state == CaseState.closed


class Life(RuleBasedStateMachine):
    """Two citizens and all the staff of a small government; what is refused leaves everything as it was."""

    installation: Installation

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.dice, self.now, self.number = random.Random(seed), NOW, 0
        self.silent: set[UUID] = set()
        with self.installation.database.write() as session:
            for table in reversed(metadata().sorted_tables):
                session.execute(delete(table))
            self.known: Government = government(session)
            self.contacts = []
            for number in ("+355691110001", "+355691110002"):
                citizen = Citizen(id=new_id(), created_at=NOW)
                session.add(citizen)
                session.flush()
                index = blind_index("sms", number)
                contact = ContactPoint(
                    id=new_id(), citizen_id=citizen.id, channel=Channel.sms, address=number, address_index=index,
                    hint="…01", created_at=NOW,
                )  # fmt: skip
                session.add(contact)
                self.contacts.append(contact.id)
        forget()
        for who in (0, 0, 1):
            self.opens(TEXTS[who], who)

    def attempt(self, do: Callable[[Session], object], *, may_answer: bool = False) -> None:
        """Do it, some minutes later. Nothing but a delivery makes a citizen answered."""
        self.now += timedelta(minutes=self.dice.randint(1, 600))
        try:
            with self.installation.database.write() as session:
                do(session)
        except OmbudError:
            forget()
        with self.installation.database.read() as session:
            unanswered = set(session.exec(select(Case.id).where(col(Case.first_response_at).is_(None))))
        if not may_answer:
            assert self.silent <= unanswered, "a silence ended without a delivery"
        self.silent = unanswered

    def any_case(self, session: Session, fits: Fits = anything) -> Case | None:
        """A case for which this makes sense; now and then one for which it does not."""
        cases = session.exec(select(Case).order_by(col(Case.id))).all()
        fitting = [case for case in cases if fits(case)] if self.dice.random() < 0.9 else cases
        return self.dice.choice(fitting or cases) if cases else None

    def act(self, do: Callable[[Session, Case, Viewer, Form], object], fits: Fits = is_open) -> None:
        """Somebody who may see a case does something with it; mostly somebody who works on it."""

        def acted(session: Session) -> None:
            case = self.any_case(session, fits)
            if case is None:
                return
            people = [self.known.viewer(session, name) for name in sorted(self.known.staff)]
            sees = [who for who in people if history.find(session, who, Filter(words=case.reference), limit=1)]
            if self.dice.random() < 0.9:
                sees = [who for who in sees if decides(case, who)] or sees
            if sees:
                self.number += 1
                do(session, case, self.dice.choice(sees), Form(case.timeline_length, f"t{self.number}"))

        self.attempt(acted)

    def citizen(self, do: Callable[[Session, Case], object], fits: Fits = anything) -> None:
        def done(session: Session) -> None:
            case = self.any_case(session, fits)
            if case is not None:
                do(session, solved.locked(session, case.id))

        self.attempt(done)

    @rule(text=st.sampled_from(TEXTS), who=st.integers(0, 1))
    def opens(self, text: str, who: int) -> None:
        def opened(session: Session) -> None:
            if len(session.exec(select(Case.id)).all()) >= MOST:
                return
            contact = session.get(ContactPoint, self.contacts[who])
            open_case(
                session, Opening(Channel.sms, text, "en", self.now, contact=contact, office_code="WAT1"), self.now
            )

        self.attempt(opened)

    @rule()
    def is_answered(self) -> None:
        self.act(lambda s, case, who, form: lifecycle.reply(s, case.id, who, f"We come {form.token}", self.now, form))

    @rule(outcome=st.sampled_from(OUTCOMES))
    def is_closed(self, outcome: Outcome) -> None:
        self.act(
            lambda s, case, who, form: lifecycle.close(
                s, case.id, who, outcome, f"Done {form.token}", self.now, form, why="so it is"
            )
        )

    @rule(arrives=st.sampled_from((True, True, False)))
    def message_ends(self, arrives: bool) -> None:
        def ended(session: Session) -> None:
            answers = select(OutboundMessage).where(col(OutboundMessage.purpose) == Purpose.answer)
            told = session.exec(answers.order_by(col(OutboundMessage.id))).all()
            if told:
                message = self.dice.choice(told)
                case = solved.locked(session, message.case_id)  # type: ignore[arg-type]
                (delivery.delivered if arrives else delivery.failed)(session, case, message, self.now)

        self.attempt(ended, may_answer=True)

    @rule()
    def relays_are_done(self) -> None:
        self.attempt(lambda session: None)
        relaying.relay_due(self.now)
        self.attempt(lambda session: None, may_answer=True)

    @rule()
    def is_asked(self) -> None:
        self.now += timedelta(hours=30)
        solved.sweep(self.now)
        self.attempt(lambda session: None)

    @rule(said=st.sampled_from(("yes", "no", "no", "appeal")))
    def says_whether_solved(self, said: str) -> None:
        def answered(session: Session, case: Case) -> None:
            if said == "appeal" and solved.open_question(session, case, self.now):
                solved.say_no(session, case, "not right", self.now, how="web", appeal=True)
            elif said != "appeal":
                solved.answer(session, case, said == "yes", "", self.now, how="web")

        self.citizen(answered, is_closed)

    @rule()
    def is_closed_and_refused_until_it_is_an_appeal(self) -> None:
        for _ in range(2):
            self.is_closed(Outcome.upheld)
            self.citizen(lambda s, case: solved.answer(s, case, False, "", self.now, how="web"), is_closed)

    @rule(outcome=st.sampled_from((AppealOutcome.allowed, AppealOutcome.dismissed)))
    def appeal_is_decided(self, outcome: AppealOutcome) -> None:
        self.act(
            lambda s, case, who, form: appeals.decide(s, case.id, who, outcome, "So it is.", self.now, form),
            lambda case: case.appealed_at is not None and is_open(case),
        )

    @rule()
    def is_merged(self) -> None:
        def merged(session: Session, case: Case, who: Viewer, form: Form) -> None:
            def alike(one: Case) -> bool:
                return one.id != case.id and one.citizen_id == case.citizen_id and is_open(one) and one.lead_id is None

            other = self.any_case(session, alike)
            assert other is not None
            merges.merge(session, case.id, who, other.reference, "the same", self.now, form)

        self.act(merged)

    @rule()
    def is_unmerged(self) -> None:
        self.act(
            lambda s, case, who, form: merges.unmerge(s, case.id, who, "another", self.now, form),
            lambda case: case.lead_link == LeadLink.merged,
        )

    @rule()
    def is_split(self) -> None:
        def split(session: Session, case: Case, who: Viewer, form: Form) -> None:
            if len(session.exec(select(Case.id)).all()) < MOST:
                splits.divide(session, case.id, who, 1, "the other matter", self.now, form)

        self.act(split)

    @rule()
    def is_taken_back(self) -> None:
        self.citizen(lambda s, case: takebacks.take_back(s, case, self.now, how="web"), is_open)

    @rule(text=st.sampled_from(("it goes on", "thank you")))
    def citizen_writes(self, text: str) -> None:
        self.citizen(lambda s, case: lifecycle.citizen_wrote(s, case, text, self.now))

    @invariant()
    def one_office_and_a_live_clock(self) -> None:
        with self.installation.database.read() as session:
            known = catalogue(session)
            for case in session.exec(select(Case)):
                assert known.offices[case.office_id].active
                check(session, case)

    def teardown(self) -> None:
        with self.installation.database.read() as session:
            for case in session.exec(select(Case)):
                as_replayed(session, case, self.now)


def check(session: Session, case: Case) -> None:
    entries = history.timeline(session, case)
    live = session.exec(select(Clock.kind).where(col(Clock.case_id) == case.id, col(Clock.state).in_(LIVE))).all()
    if case.state != CaseState.closed:
        assert live, f"nothing runs for a case that is {case.state}: {[entry.kind for entry in entries]}"
        assert case.outcome is None
    else:
        assert case.outcome is not None
        assert case.closed_at is not None
    arrived = [entry.at for entry in entries if entry.kind == EntryKind.answer_delivered]
    assert case.first_response_at is None or case.first_response_at in arrived
    if case.first_response_at is None and case.outcome != Outcome.withdrawn:
        assert "first_response" in live, "a citizen waits and no clock says so"
    questions = session.exec(select(SolvedQuestion).where(col(SolvedQuestion.case_id) == case.id)).all()
    assert len({one.entry for one in questions}) == len(questions)
    if case.lead_link == LeadLink.merged:
        lead = session.get_one(Case, case.lead_id)
        assert lead.lead_id is None
        assert lead.citizen_id == case.citizen_id


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_any_life(installation: Installation) -> None:
    class Here(Life):
        pass

    Here.installation = installation
    run_state_machine_as_test(Here, settings=examples(max_examples=5, stateful_step_count=20, deadline=None))
