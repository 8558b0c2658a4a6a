"""Whatever happens to a case, its office and its people: one open office outside the conflict answers for it."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlmodel import Session, col, delete, select

from cases import closing, firewall, handover, history, lifecycle, placing
from cases.acting import Form
from cases.filters import Filter
from cases.opening import Opening, open_case
from channels.values import Channel
from core.errors import Conflict, OmbudError
from core.ids import new_id
from domain.base import metadata
from domain.case import Case
from domain.catalogue import Catalogue, catalogue, forget, touch
from domain.office import Office
from domain.staff import Staff
from domain.states import CaseState, EntryKind, OfficeFunction, Outcome, Tier
from domain.timeline import TimelineEntry
from domain.visibility import Viewer
from tests.builders import NOW, Government, government
from tests.cases.conftest import Town
from tests.conftest import Installation

TEXTS = ("no water in Lumas", "a clerk at Office WAT2 took a bribe", "INTEG took a bribe", "passport", "")
CODES = (None, "WAT1", "WATER", "INTEG", "CIV1", "TRIAGE")


def shut(session: Session, office_id: object, is_open: bool = False) -> Office:
    office = session.get_one(Office, office_id)
    office.active = is_open
    touch(session)
    session.flush()
    return office


def test_what_a_closed_office_had_goes_up_and_says_why(town: Town) -> None:
    town.arrives("no water in Lumas", service="water")
    town.arrives("no water in Drenova", sender="+355691119999", service="water")
    lumas, drenova = town.cases()
    ids = town.known.office
    with town.database.write() as session:
        case = session.get_one(Case, drenova.id)
        form = Form(case.timeline_length, "offer")
        handover.transfer(session, case.id, town.viewer("officer2"), ids["WAT1"], "theirs", town.now, form)
    with town.database.write() as session:
        shut(session, ids["WAT1"])
        assert closing.office_closed(session, ids["WAT1"], town.now) == 1
    lumas, drenova = town.cases()
    assert (lumas.office_id, lumas.state, lumas.assignee_id) == (ids["WATER"], CaseState.open, None)
    assert lumas.routing_reason == "Office WAT1 is closed, so Office WATER answers for what it had."
    assert (drenova.office_id, drenova.pending_office_id) == (ids["WAT2"], None)
    town.work()
    assert "Office WATER" in town.texts()[-1]
    with town.database.read() as session:
        kinds = session.exec(select(TimelineEntry.kind).where(col(TimelineEntry.case_id) == drenova.id)).all()
        assert EntryKind.lapsed in kinds
        assert list(history.verify(session)) == []


def test_a_closed_case_of_a_closed_office_opens_again_above_it(town: Town) -> None:
    town.arrives("no water in Lumas", service="water")
    with town.database.write() as session:
        lifecycle.close(
            session, town.case().id, town.viewer("officer1"), Outcome.upheld, "Done.", town.now, town.form()
        )
    with town.database.write() as session:
        shut(session, town.known.office["WAT1"])
        assert closing.office_closed(session, town.known.office["WAT1"], town.now) == 0
        lifecycle.citizen_wrote(session, session.get_one(Case, town.case().id), "It leaks again", town.now)
    case = town.case()
    assert (case.state, case.office_id) == (CaseState.open, town.known.office["WATER"])


def test_what_is_kept_for_integrity_does_not_go_up(town: Town) -> None:
    town.arrives("a clerk at Office WAT2 took a bribe")
    assert town.case().integrity
    with town.database.read() as session:
        shut(session, town.known.office["INTEG"])
        with pytest.raises(Conflict, match="another integrity office"):
            closing.office_closed(session, town.known.office["INTEG"], town.now)
        session.rollback()
    forget()
    with town.database.write() as session:
        other = Office(
            id=new_id(), code="INT2", names={"en": "Second"}, tier=Tier.national, function=OfficeFunction.integrity
        )
        session.add(other)
        shut(session, town.known.office["INTEG"])
        assert closing.office_closed(session, town.known.office["INTEG"], town.now) == 1
    assert (town.case().office_id, town.case().integrity) == (other.id, True)


class Life(RuleBasedStateMachine):
    """What happens to cases, in any order; what is refused leaves everything as it was."""

    installation: Installation

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.dice, self.now, self.number = random.Random(seed), NOW, 0
        with self.installation.database.write() as session:
            for table in reversed(metadata().sorted_tables):
                session.execute(delete(table))
            self.known: Government = government(session)
        forget()

    def attempt(self, do: Callable[[Session], object]) -> None:
        self.now += timedelta(minutes=1)
        try:
            with self.installation.database.write() as session:
                do(session)
        except OmbudError:
            forget()

    def any_case(self, session: Session) -> Case | None:
        cases = session.exec(select(Case).order_by(col(Case.id))).all()
        return self.dice.choice(cases) if cases else None

    def act(self, do: Callable[[Session, Case, Viewer, Form], object]) -> None:
        """Somebody who may see a case does something with it."""

        def acted(session: Session) -> None:
            case = self.any_case(session)
            if case is None:
                return
            people = [self.known.viewer(session, name) for name in sorted(self.known.staff)]
            sees = [who for who in people if history.find(session, who, Filter(words=case.reference), limit=1)]
            if sees:
                self.number += 1
                do(session, case, self.dice.choice(sees), Form(case.timeline_length, f"t{self.number}"))

        self.attempt(acted)

    @rule(text=st.sampled_from(TEXTS), code=st.sampled_from(CODES), staff=st.booleans(), picked=st.booleans())
    def opens(self, text: str, code: str | None, staff: bool, picked: bool) -> None:
        opening = Opening(
            Channel.web,
            text,
            "en",
            self.now,
            office_code=code,
            about_staff=staff,
            service="water" if picked else None,
        )
        self.attempt(lambda session: open_case(session, opening, self.now))

    @rule(office=st.sampled_from(("WAT1", "WAT2", "WATER", "CIV1", "TRIAGE", "INTEG", "GOV")))
    def is_offered(self, office: str) -> None:
        target = self.known.office[office]
        self.act(lambda s, case, who, form: handover.transfer(s, case.id, who, target, "theirs", self.now, form))

    @rule()
    def is_accepted(self) -> None:
        self.act(lambda s, case, who, form: handover.accept(s, case.id, who, self.now, form))

    @rule()
    def is_refused(self) -> None:
        self.act(lambda s, case, who, form: handover.refuse(s, case.id, who, "not ours", self.now, form))

    @rule()
    def is_taken_back(self) -> None:
        self.act(lambda s, case, who, form: handover.withdraw(s, case.id, who, self.now, form))

    @rule(office=st.sampled_from(("WAT1", "WATER", "CIV1", "INTEG")))
    def is_placed(self, office: str) -> None:
        choice = placing.Choice(office=office)
        self.act(lambda s, case, who, form: placing.place(s, case.id, who, choice, self.now))

    @rule()
    def is_released(self) -> None:
        self.act(lambda s, case, who, form: firewall.release(s, case.id, who, "no accusation", self.now, form))

    @rule()
    def is_closed(self) -> None:
        self.act(lambda s, case, who, form: lifecycle.close(s, case.id, who, Outcome.upheld, "Done.", self.now, form))

    @rule()
    def citizen_writes(self) -> None:
        def wrote(session: Session) -> None:
            case = self.any_case(session)
            if case is not None:
                lifecycle.citizen_wrote(session, case, "it goes on", self.now)

        self.attempt(wrote)

    @rule(office=st.sampled_from(("WAT1", "WAT2", "WATER", "CIV1", "TRIAGE", "INTEG", "GOV")), is_open=st.booleans())
    def office_closes_or_opens(self, office: str, is_open: bool) -> None:
        def changed(session: Session) -> None:
            was = session.get_one(Office, self.known.office[office]).active
            shut(session, self.known.office[office], is_open)
            if was and not is_open:
                closing.office_closed(session, self.known.office[office], self.now)

        self.attempt(changed)

    @rule(name=st.sampled_from(("officer1", "officer2", "head_water", "integrity", "triage")))
    def somebody_leaves(self, name: str) -> None:
        def left(session: Session) -> None:
            session.get_one(Staff, self.known.staff[name]).active = False

        self.attempt(left)

    @invariant()
    def one_open_office_outside_the_conflict_answers(self) -> None:
        with self.installation.database.read() as session:
            known = catalogue(session)
            for case in session.exec(select(Case).where(col(Case.state) != CaseState.closed)):
                check(known, case)


def check(known: Catalogue, case: Case) -> None:
    office = known.offices[case.office_id]
    assert office.active, f"{office.code} is closed and has {case.state} {case.text!r}: {case.routing_reason}"
    conflict = {above.id for above in known.chain(case.about_office_id)} if case.about_office_id else set()
    assert case.office_id not in conflict, f"{office.code} has {case.text!r}, which is about it"
    if case.pending_office_id is not None:
        offered = known.offices[case.pending_office_id]
        assert offered.active, f"{offered.code} is closed and was offered {case.text!r}"
        assert offered.id not in conflict, f"{offered.code} was offered {case.text!r}, which is about it"
    if case.integrity:
        assert office.function == OfficeFunction.integrity, f"{office.code} has {case.text!r}, kept for integrity"


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_case_always_has_its_office(installation: Installation) -> None:
    class Here(Life):
        pass

    Here.installation = installation
    run_state_machine_as_test(Here, settings=examples(max_examples=6, stateful_step_count=25, deadline=None))
