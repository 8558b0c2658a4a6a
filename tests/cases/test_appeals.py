"""A second no is an appeal: the office above decides, by somebody else, and then it is final."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import col, select

from cases import afterwards, appeals, handover, history, lifecycle, solved
from channels.values import DeliveryStatus
from core.errors import Conflict, NotAllowed, NotFound
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue, forget, touch
from domain.clock import Clock, Notice
from domain.closing import Appeal, AppealOutcome
from domain.office import Office
from domain.staff import StaffRole
from domain.states import CaseState, ClockKind, ClockState, Outcome, Role
from domain.timeline import faults
from routing.appeals import appeal_to
from tests.builders import Government
from tests.cases.chat import timeline
from tests.cases.conftest import Town
from tests.cases.test_solved import ask, close, closed, questions

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


def appealed(town: Town) -> Town:
    """Closed, no, closed again, no."""
    closed(town)
    ask(town)
    town.arrives("2")
    close(town)
    town.receipt(DeliveryStatus.delivered)
    ask(town)
    town.arrives("No, nobody came")
    return town


def decide(
    town: Town, who: str = "head_water", outcome: AppealOutcome = AppealOutcome.allowed, words: str = "You were right."
) -> None:
    with town.database.write() as session:
        appeals.decide(session, town.case().id, town.viewer(who), outcome, words, town.now, town.form())
    town.work()


def test_a_second_no_goes_to_the_office_above_with_a_clock_of_its_own(town: Town) -> None:
    appealed(town)
    case, known = town.case(), town.known
    assert (case.office_id, case.state, case.appealed_at is not None) == (known.office["WATER"], CaseState.open, True)
    clock = town.clock(ClockKind.appeal)
    assert (clock.state, clock.office_id) == (ClockState.running, known.office["WATER"])
    assert "Office WATER looks at it now" in town.texts()[-1]
    (entry,) = timeline(town, case, "appealed")
    assert entry.body["text"] == "No, nobody came"
    assert entry.actor == "citizen"
    with town.database.read() as session:
        appeal = session.exec(select(Appeal)).one()
        assert (appeal.from_office_id, appeal.not_by) == (known.office["WAT1"], [str(known.staff["officer1"])])
        told = session.exec(select(Notice).where(col(Notice.dedupe_key) == f"appealed:{case.id}")).all()
        assert {one.staff_id for one in told} == {known.staff["officer1"]}
        assert faults(case, history.timeline(session, case)) == []
        with pytest.raises(NotFound):
            history.load(session, town.viewer("officer1"), case.reference)


def test_the_decision_is_final_and_only_its_delivery_ends_the_clock(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMBUD_OMBUDSMAN", "Ombudsman: 116 117.")
    settings.cache_clear()
    appealed(town)
    town.later(hours=5)
    decide(town)
    case = town.case()
    assert (case.state, case.outcome) == (CaseState.closed, Outcome.upheld)
    assert town.clock(ClockKind.appeal).state == ClockState.running
    assert "This is final. Ombudsman: 116 117." in town.texts()[-1]
    town.receipt(DeliveryStatus.delivered)
    assert town.clock(ClockKind.appeal).state == ClockState.met
    ask(town)
    assert len([one for one in questions(town) if one.asked_at]) == 2
    with town.database.write() as session:
        held = session.get_one(Case, case.id)
        with pytest.raises(Conflict):
            appeals.lodge(session, held, "Again", town.now, how="web")
    with town.database.read() as session:
        seen = appeals.listed(session, town.viewer("officer1"))
        assert [(one.outcome, one.words, may_open) for one, _, may_open in seen] == [
            ("allowed", "You were right.", False)
        ]
        assert appeals.listed(session, town.viewer("officer2")) == []
        notice = session.exec(select(Notice).where(col(Notice.dedupe_key) == f"appeal_decided:{case.id}")).first()
        assert notice is not None
        assert "the citizen is right" in notice.text


def test_an_answer_meanwhile_does_not_decide_it(town: Town) -> None:
    appealed(town)
    with town.database.write() as session:
        lifecycle.reply(session, town.case().id, town.viewer("head_water"), "We look into it.", town.now, town.form())
    town.work()
    town.receipt(DeliveryStatus.delivered)
    assert town.clock(ClockKind.appeal).state == ClockState.running


def test_a_decision_that_is_not_delivered_leaves_the_clock_running(town: Town) -> None:
    appealed(town)
    decide(town)
    from channels.errors import Failure

    town.receipt(DeliveryStatus.failed, Failure.unreachable)
    assert town.clock(ClockKind.appeal).state == ClockState.running
    assert town.case().state == CaseState.open


def test_a_dismissed_appeal_leaves_the_outcome_below(town: Town) -> None:
    closed(town)
    ask(town)
    town.arrives("2")
    close(town, outcome=Outcome.not_upheld)
    ask(town)
    town.arrives("2")
    decide(town, outcome=AppealOutcome.dismissed)
    assert town.case().outcome == Outcome.not_upheld


@pytest.mark.parametrize("who", ["officer1", "head1", "officer2", "minister"])
def test_only_the_office_above_decides(town: Town, who: str) -> None:
    appealed(town)
    with pytest.raises((NotFound, NotAllowed)):
        decide(town, who)


def test_never_who_decided_below_even_if_they_work_above(town: Town) -> None:
    appealed(town)
    with town.database.write() as session:
        for name in ("officer1", "head1"):
            session.add(
                StaffRole(staff_id=town.known.staff[name], office_id=town.known.office["WATER"], role=Role.head)
            )
    for name in ("officer1", "head1"):
        with pytest.raises(NotAllowed):
            decide(town, name)
    decide(town)


def test_an_appeal_is_neither_closed_nor_sent_on(town: Town) -> None:
    appealed(town)
    who, known = town.viewer("head_water"), town.known
    with pytest.raises(Conflict), town.database.write() as session:
        lifecycle.close(session, town.case().id, who, Outcome.upheld, "Done", town.now, town.form())
    with pytest.raises(Conflict), town.database.write() as session:
        handover.transfer(session, town.case().id, who, known.office["WAT2"], "theirs", town.now, town.form())


def test_whoever_wants_appeals_at_once_and_only_in_time(town: Town) -> None:
    closed(town)
    with town.database.write() as session:
        case = session.get_one(Case, town.case().id)
        assert solved.open_question(session, case, town.now + timedelta(days=31)) is None
        after = solved.say_no(session, case, "That is wrong", town.now, how="web", appeal=True)
    assert after is solved.After.appeal
    assert town.case().office_id == town.known.office["WATER"]


def test_more_words_while_the_appeal_runs_start_no_second_clock(town: Town) -> None:
    appealed(town)
    before = town.clock(ClockKind.reply_due).id
    town.later(hours=1)
    town.arrives(f"{town.case().reference} and the neighbours say so too")
    assert town.clock(ClockKind.reply_due).id == before
    with town.database.read() as session:
        assert afterwards.on_appeal(session, town.case())
        live = session.exec(select(Clock.kind).where(col(Clock.state) == ClockState.running)).all()
    assert live == [ClockKind.appeal]


@pytest.mark.parametrize(
    ("below", "about", "integrity", "closed_offices", "above"),
    [
        ("WAT1", None, False, (), "WATER"),
        ("WAT1", None, False, ("WATER",), "GOV"),
        ("WATER", None, False, (), "GOV"),
        ("CIV1", "WAT1", False, (), "INTEG"),  # GOV is above the office complained about
        ("GOV", None, False, (), "INTEG"),  # nobody above the top
        ("INTEG", "WAT1", True, (), "INTEG"),  # for somebody else there
    ],
)
def test_who_decides(
    town: Town, below: str, about: str | None, integrity: bool, closed_offices: tuple[str, ...], above: str
) -> None:
    known: Government = town.known
    with town.database.write() as session:
        for code in closed_offices:
            session.get_one(Office, known.office[code]).active = False
        touch(session)
    forget()
    with town.database.read() as session:
        accused: UUID | None = known.office[about] if about else None
        found = appeal_to(catalogue(session), known.office[below], about=accused, integrity=integrity)
    assert found.code == above
