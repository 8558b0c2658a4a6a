"""No wrong door: whatever offices do with a case, in whatever order and however many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session, col, select

import escalation.service
from cases import handover, history, lapses, lifecycle, placing
from cases.acting import Form
from core.errors import Conflict, NotAllowed, NotFound, OmbudError
from domain.case import Case
from domain.clock import Clock, Notice
from domain.outbox import OutboundMessage
from domain.staff import StaffRole
from domain.states import CaseState, ClockKind, ClockState, EntryKind, Outcome, Purpose, Role
from domain.timeline import TimelineEntry
from tests.cases.conftest import Town

DESK = {"WAT1": "officer1", "WAT2": "officer2", "CIV1": "clerk", "TRIAGE": "triage"}
"""Who acts for an office."""
Act = Callable[[Session, Case, Form], object]
WATER = "WAT1 the water bill of this month is wrong"


def do(town: Town, act: Act, case_id: UUID | None = None, seen: int | None = None) -> None:
    """One action on the case (the only one, or this one) in a transaction of its own."""
    with town.database.write() as session:
        case = session.get_one(Case, case_id or town.case().id)
        act(session, case, Form(case.timeline_length if seen is None else seen, f"t{next(town.numbers)}"))


def offer(town: Town, to: str, who: str = "officer1", why: str = "Theirs") -> Act:
    return lambda s, c, f: handover.transfer(s, c.id, town.viewer(who), town.known.office[to], why, town.now, f)


def accept(town: Town, who: str = "officer2") -> Act:
    return lambda s, c, f: handover.accept(s, c.id, town.viewer(who), town.now, f)


def refuse(town: Town, who: str = "officer2") -> Act:
    return lambda s, c, f: handover.refuse(s, c.id, town.viewer(who), "Not ours", town.now, f)


def withdraw(town: Town, who: str = "officer1") -> Act:
    return lambda s, c, f: handover.withdraw(s, c.id, town.viewer(who), town.now, f)


def place(town: Town, at: str) -> Act:
    return lambda s, c, f: placing.place(s, c.id, town.viewer("triage"), placing.Choice(office=at), town.now)


def entries(town: Town, case_id: UUID | None = None) -> list[TimelineEntry]:
    with town.database.read() as session:
        return list(history.timeline(session, session.get_one(Case, case_id or town.case().id)))


@pytest.fixture
def opened(town: Town) -> Town:
    """A town with one open case at WAT1."""
    town.arrives(WATER)
    return town


def test_an_offer_taken_back_leaves_no_trace_on_anybody(opened: Town) -> None:
    do(opened, offer(opened, "WAT2"))
    opened.later(hours=1)
    do(opened, withdraw(opened))
    case = opened.case()
    assert (case.office_id, case.pending_office_id, case.hops) == (opened.known.office["WAT1"], None, 0)
    assert opened.clock(ClockKind.acceptance).state == ClockState.void
    with pytest.raises((Conflict, NotFound)):
        do(opened, accept(opened))
    opened.work()
    assert len(opened.texts()) == 1  # the acknowledgement, and nothing of an offer that came to nothing
    do(opened, offer(opened, "CIV1"))  # and it may go elsewhere
    assert opened.clock(ClockKind.acceptance).state == ClockState.running


@pytest.mark.parametrize("who", ["officer2", "clerk", "minister"])
def test_only_the_office_that_offered_takes_back(opened: Town, who: str) -> None:
    do(opened, offer(opened, "WAT2"))
    with pytest.raises((NotAllowed, NotFound)):
        do(opened, withdraw(opened, who))


def test_an_offer_that_nobody_answers_goes_to_triage(opened: Town) -> None:
    do(opened, offer(opened, "WAT2"))
    started = opened.clock(ClockKind.first_response).started_at
    opened.later(days=1, hours=1)  # past eight working hours, not past sixteen
    assert lapses.sweep(opened.now) == 0
    assert opened.case().office_id == opened.known.office["WAT1"]
    opened.later(days=1)
    assert (lapses.sweep(opened.now), lapses.sweep(opened.now)) == (1, 0)
    case = opened.case()
    assert (case.state, case.office_id, case.pending_office_id) == (
        CaseState.triage,
        opened.known.office["TRIAGE"],
        None,
    )
    assert opened.clock(ClockKind.acceptance).state == ClockState.missed
    assert opened.clock(ClockKind.first_response).started_at == started
    (lapsed,) = [entry for entry in entries(opened) if entry.kind == EntryKind.lapsed]
    assert lapsed.office_id == opened.known.office["WAT2"]  # the timeline names who did not answer
    with opened.database.read() as session:
        (told,) = session.exec(select(Notice).where(col(Notice.dedupe_key).startswith("lapsed:"))).all()
        assert told.staff_id == opened.known.staff["officer1"]
        assert "WAT2" in told.text


@pytest.mark.parametrize("back", [False, True])
def test_the_third_office_is_chosen_by_triage(opened: Town, back: bool) -> None:
    do(opened, offer(opened, "WAT2"))
    do(opened, accept(opened))
    do(opened, offer(opened, "WAT1" if back else "CIV1", "officer2"))
    do(opened, accept(opened, "officer1" if back else "clerk"))
    do(opened, offer(opened, "WAT2", "officer1" if back else "clerk"))
    case = opened.case()
    assert (case.state, case.pending_office_id) == (CaseState.triage, None)
    with pytest.raises(Conflict, match="office to office"):
        do(opened, offer(opened, "WAT2", "triage"))
    do(opened, place(opened, "CIV1"))
    assert opened.case().office_id == opened.known.office["CIV1"]


@pytest.mark.parametrize("state", [CaseState.waiting, CaseState.answered])
def test_a_case_goes_on_as_it_was(opened: Town, state: CaseState) -> None:
    """Handing over what waits for the citizen, or is answered, changes who has it and nothing else."""
    say = lifecycle.ask if state is CaseState.waiting else lifecycle.reply
    do(opened, lambda s, c, f: say(s, c.id, opened.viewer("officer1"), "Which house?", opened.now, f))
    do(opened, offer(opened, "WAT2"))
    do(opened, accept(opened))
    assert (opened.case().state, opened.case().office_id) == (state, opened.known.office["WAT2"])
    do(opened, offer(opened, "CIV1", "officer2"))
    do(opened, refuse(opened, "clerk"))  # what is refused is open again, as somebody must decide
    assert opened.case().state == CaseState.triage


def test_the_citizen_hears_of_offices_that_have_it_not_of_offers(opened: Town) -> None:
    do(opened, offer(opened, "WAT2"))
    opened.work()
    assert len(opened.texts()) == 1
    do(opened, refuse(opened))
    opened.work()
    assert len(opened.texts()) == 1  # triage looks for the office: the page says so
    do(opened, place(opened, "WAT1"))
    opened.later(minutes=2)  # a placing can be taken back for a minute; nobody is told before
    opened.work()
    assert len(opened.texts()) == 1  # they know that WAT1 has it
    do(opened, offer(opened, "CIV1"))
    do(opened, accept(opened, "clerk"))
    opened.work()
    assert "Office CIV1" in opened.texts()[-1]
    assert len(opened.texts()) == 2


def test_integrity_keeps_what_another_integrity_office_refuses(opened: Town) -> None:
    known = opened.known
    with opened.database.write() as session:
        session.add(StaffRole(staff_id=known.staff["integrity"], office_id=known.office["INTEG"], role=Role.officer))
        case = session.get_one(Case, opened.case().id)
        case.integrity, case.office_id, case.pending_office_id = True, known.office["INTEG"], known.office["INTEG"]
        handover.give_to_triage(session, case, opened.now)
        assert (case.office_id, case.state) == (known.office["INTEG"], CaseState.open)
        assert handover.left_to(session, case) == {"stays": True}


def test_of_three_who_act_at_once_one_wins(opened: Town) -> None:
    do(opened, offer(opened, "WAT2"))
    case_id, seen = opened.case().id, opened.case().timeline_length
    acts = [accept(opened), refuse(opened), withdraw(opened)]
    together = Barrier(len(acts))

    def click(act: Act) -> bool:
        together.wait()
        try:
            do(opened, act, case_id, seen)
        except OmbudError:
            return False
        return True

    with ThreadPoolExecutor(len(acts)) as pool:
        assert sum(pool.map(click, acts)) == 1
    ends = [entry.kind for entry in entries(opened) if entry.kind in ("accepted", "refused", "withdrawn")]
    assert len(ends) == 1
    assert opened.case().pending_office_id is None


class Doors(RuleBasedStateMachine):
    """One case among four offices. Whatever is allowed happens; what is not, changes nothing."""

    town: Town

    @initialize()
    def opens(self) -> None:
        self.town.arrives(WATER, sender=f"+35569{next(self.town.numbers):07d}")
        self.id = self.town.cases()[-1].id
        self.began = self.case.received_at
        self.offers = 0
        self.codes = {number: code for code, number in self.town.known.office.items()}

    @property
    def case(self) -> Case:
        with self.town.database.read() as session:
            return session.get_one(Case, self.id)

    def attempt(self, act: Act, seen: int | None = None) -> bool:
        try:
            do(self.town, act, self.id, seen)
        except OmbudError:
            return False
        return True

    def who(self, which: str) -> str:
        """The person of the office that has it, of the one it is offered to, or of another."""
        case = self.case
        code = self.codes[case.office_id]
        if which == "offered" and case.pending_office_id is not None:
            code = self.codes[case.pending_office_id]
        if which == "stranger":
            code = next(
                other for other in DESK if other not in (code, self.codes.get(case.pending_office_id or self.id))
            )
        return DESK[code]

    @rule(to=st.sampled_from(list(DESK)), by=st.sampled_from(["holder", "holder", "offered", "stranger"]))
    def offers_it(self, to: str, by: str) -> None:
        if self.attempt(offer(self.town, to, self.who(by))) and self.case.pending_office_id is not None:
            self.offers += 1

    @rule(
        act=st.sampled_from([accept, accept, refuse]), by=st.sampled_from(["offered", "offered", "holder", "stranger"])
    )
    def answer_the_offer(self, act: Callable[[Town, str], Act], by: str) -> None:
        self.attempt(act(self.town, self.who(by)))

    @rule(by=st.sampled_from(["holder", "offered", "stranger"]))
    def takes_back(self, by: str) -> None:
        if self.attempt(withdraw(self.town, self.who(by))):
            self.offers -= 1

    @rule(at=st.sampled_from(["WAT1", "WAT2", "CIV1"]))
    def triage_places(self, at: str) -> None:
        self.attempt(place(self.town, at))

    @rule(what=st.sampled_from(["close", "ask", "citizen"]), by=st.sampled_from(["holder", "stranger"]))
    def goes_on(self, what: str, by: str) -> None:
        who, now = self.town.viewer(self.who(by)), self.town.now
        match what:
            case "close":
                self.attempt(lambda s, c, f: lifecycle.close(s, c.id, who, Outcome.upheld, "Mended.", now, f))
            case "ask":
                self.attempt(lambda s, c, f: lifecycle.ask(s, c.id, who, "Which house?", now, f))
            case _:
                self.attempt(lambda s, c, f: lifecycle.citizen_wrote(s, c, "It is still dry.", now))

    @precondition(lambda self: self.case.pending_office_id is not None)
    @rule(acts=st.permutations([accept, refuse, withdraw]))
    def click_at_once(self, acts: list[Callable[[Town, str], Act]]) -> None:
        """All three on what they had seen before any of them: one wins."""
        seen, ours, theirs = self.case.timeline_length, self.who("holder"), self.who("offered")
        won = [self.attempt(act(self.town, ours if act is withdraw else theirs), seen) for act in acts]
        assert won == [True, False, False]
        self.offers -= acts[0] is withdraw

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours: int) -> None:
        self.town.later(hours=hours)
        lapses.sweep(self.town.now)

    @invariant()
    def one_office_answers(self) -> None:
        case, known = self.case, self.town.known
        assert case.office_id in {known.office[code] for code in DESK}
        assert (case.state == CaseState.triage) == (case.office_id == known.office["TRIAGE"])
        assert case.pending_office_id != case.office_id
        assert not (case.state == CaseState.closed and case.pending_office_id)
        assert self.offers <= handover.MAX_HOPS

    def teardown(self) -> None:
        if not hasattr(self, "codes"):
            return
        with self.town.database.write() as session:
            case = session.get_one(Case, self.id, with_for_update=True)
            clocks = session.exec(select(Clock).where(col(Clock.case_id) == self.id)).all()
            begun = [clock.started_at for clock in clocks if clock.kind == ClockKind.first_response]
            assert begun == [self.began]  # no clock is reset
            offered = [clock for clock in clocks if clock.kind == ClockKind.acceptance]
            running = [clock for clock in offered if clock.state == ClockState.running]
            assert len(running) == (case.pending_office_id is not None)
            # what was written step by step is what the timeline gives when it is read from its beginning
            assert escalation.service.restate(session, case, self.town.now) == []
            told = session.exec(
                select(OutboundMessage.body)
                .where(col(OutboundMessage.case_id) == self.id, col(OutboundMessage.purpose) == Purpose.transfer)
                .order_by(col(OutboundMessage.id))
            ).all()
        had: list[str] = []
        for entry in entries(self.town, self.id):
            if entry.kind in (EntryKind.routed, EntryKind.accepted) and entry.body["office"] not in (
                *had[-1:],
                "TRIAGE",
            ):
                had.append(str(entry.body["office"]))
        # each office that has it is told of once, when it changes hands
        assert [code in body for code, body in zip(had[1:], told, strict=True)] == [True] * len(told)


def test_any_order_of_hand_overs(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    Doors.town = town
    viewers = {name: town.viewer(name) for name in DESK.values()}
    monkeypatch.setattr(town, "viewer", viewers.__getitem__)
    run_state_machine_as_test(
        Doors,
        settings=settings(
            max_examples=10 if town.database.is_sqlite else 3,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
