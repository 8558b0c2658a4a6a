"""What came of a trial: everybody counts where they were assigned, nothing is known too early, harm ends it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from domain.citizen import ContactPoint
from domain.states import InvitationState
from domain.survey import Invitation
from domain.trial import Moment, Outcome, Stop, Trial, TrialAssignment
from surveys import trials
from surveys.trial_arms import Subject
from surveys.trial_maths import Mean, Share, bounds
from surveys.trial_results import awaited, finish, harmed, judge, needed, tend_due
from surveys.trial_tally import Tally, tally
from tests.builders import NOW, Government, government
from tests.conftest import Installation
from tests.surveys.trial_world import answered, asked, served, survey, trial

DAY = timedelta(days=1)


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        return government(session)


def entered(session: Session, known: Government, number: int, **values: Any) -> tuple[Trial, list[list[Subject]]]:
    """A trial with so many citizens in it, by arm in the order they entered."""
    made, questions = trial(session, **values), survey(session)
    people = [served(session, known, questions, n) for n in range(number)]
    found = trials.enter(session, made.moment, people, NOW)
    names = [str(arm["name"]) for arm in made.arms]
    return made, [[one for one in people if found[one.id].arm.name == name] for name in names]


def change(session: Session, subject: Subject, **values: object) -> Invitation:
    invitation = session.get_one(Invitation, subject.id)
    for name, value in values.items():
        setattr(invitation, name, value)
    return invitation


def test_everybody_counts_in_their_arm_whatever_became_of_the_message(
    installation: Installation, known: Government
) -> None:
    with installation.database.write() as session:
        made, (control, short) = entered(session, known, 12)
        assert (len(control), len(short)) == (6, 6)
        for one in short[:4]:
            asked(session, one, NOW + DAY, delivered=one is not short[3])
        answered(session, short[0], 5, NOW + 2 * DAY, money=False)
        answered(session, short[1], 2, NOW + 3 * DAY, money=True)
        answered(session, short[2], 4, NOW + 8 * DAY, money=True)  # a day too late to count
        change(session, short[4], state=InvitationState.suppressed, why="open_case")
        contact = session.get_one(ContactPoint, change(session, short[5]).contact_point_id)
        contact.opted_out_at = NOW + DAY
        gone = session.get_one(ContactPoint, change(session, control[0]).contact_point_id)
        gone.opted_out_at = NOW - DAY  # before they entered: nothing the arm could do
        session.flush()
        counted = tally(session, made, 12)
    assert counted[0] == Tally(assigned=6)
    assert counted[1] == Tally(
        assigned=6, sent=4, delivered=3, answered=2, opted_out=1, rated=2, total=7, squares=29, satisfied=1, money=1
    )


@pytest.mark.parametrize(
    ("outcome", "sample"),
    [
        (Outcome.response, Share(40, 10)),
        (Outcome.money, Share(40, 3)),
        (Outcome.satisfied, Share(8, 6)),
        (Outcome.rating, Mean(8, 4.0, 12 / 7)),
    ],
)
def test_what_an_outcome_is_judged_by(outcome: Outcome, sample: Share | Mean) -> None:
    arm = Tally(assigned=40, answered=10, rated=8, total=32, squares=140, satisfied=6, money=3)
    assert arm.sample(outcome) == sample


@pytest.mark.parametrize("looks", [1, 2, 3, 5])
def test_looks_come_at_equal_steps_and_the_last_with_all(looks: int) -> None:
    row = Trial(planned=101, looks=looks)  # type: ignore[call-arg]
    steps = [needed(row, look) for look in range(1, looks + 1)]
    assert steps[-1] == 101
    assert steps == sorted(set(steps))


def looked(installation: Installation, now: datetime) -> Trial:
    tend_due(now)
    with installation.database.read() as session:
        return session.exec(select(Trial)).one()


def test_nothing_is_worked_out_before_the_planned_number_is_in_and_waited_for(
    installation: Installation, known: Government
) -> None:
    with installation.database.write() as session:
        made, (_, short) = entered(session, known, 39, planned=40)
        for one in short:
            answered(session, one, 5, NOW + DAY)
    assert looked(installation, NOW + 60 * DAY).results == []
    with installation.database.write() as session:
        questions = session.exec(select(Invitation.survey_id).limit(1)).one()
        last = served(session, known, questions, 40)
        trials.enter(session, Moment.survey, [last], NOW + 2 * DAY)
        answered(session, last, 5, NOW + 3 * DAY)
        assert awaited(session, session.get_one(Trial, made.id), NOW + 8 * DAY) == 1
    assert looked(installation, NOW + 8 * DAY).results == []
    found = looked(installation, NOW + 9 * DAY)
    assert (found.stopped, found.ended_at) == (Stop.planned, NOW + 9 * DAY)
    [result] = found.results
    assert result["early"] is False
    [compared] = result["found"]
    assert compared["differs"] is True
    assert compared["low"] > 0.5
    assert looked(installation, NOW + 20 * DAY).results == [result], "what was found stays as it was found"


@pytest.mark.parametrize(("hits", "stopped"), [(20, Stop.bound), (5, None)])
def test_a_look_ends_a_trial_only_beyond_its_bound(
    installation: Installation, known: Government, hits: int, stopped: Stop | None
) -> None:
    with installation.database.write() as session:
        _, (_, short) = entered(session, known, 40, planned=80, looks=2)
        for one in short[:hits]:
            answered(session, one, 5, NOW + DAY)
    found = looked(installation, NOW + 7 * DAY)
    assert found.stopped == stopped
    [result] = found.results
    assert result["bound"] == pytest.approx(bounds(2, 0.05)[0])
    [compared] = result["found"]
    assert compared["differs"] is (stopped is not None)
    assert (compared["z"] > 1.96) is True, "beyond the usual bound: peeking would have called both a find"
    assert looked(installation, NOW + 8 * DAY).results == [result], "no look between the looks"


def test_two_arms_are_judged_together(installation: Installation) -> None:
    row = Trial(planned=300, looks=1, alpha=0.05, outcome=Outcome.response, secondary=["rating"])  # type: ignore[call-arg]
    arms = [Tally(assigned=100, answered=hits, rated=20, total=80, squares=340) for hits in (30, 44, 31)]
    result = judge(row, arms, 1, NOW)
    better, same = result["found"]
    assert better["p"] == pytest.approx(2 * 0.0408, abs=0.001), "Holm doubles the smaller of two"
    assert (better["differs"], same["differs"]) == (False, False)
    assert [one["effect"] for one in result["besides"]["rating"]] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("control", "arm", "harm"),
    [((1_000, 4), (1_000, 19), True), ((1_000, 4), (1_000, 14), False), ((20, 0), (20, 4), False)],
)
def test_harm_is_three_standard_errors_more_opt_outs(
    control: tuple[int, int], arm: tuple[int, int], harm: bool
) -> None:
    one, other = (Tally(assigned=n, opted_out=out) for n, out in (control, arm))
    assert harmed([one, other]) is harm
    assert harmed([other, one]) is False


def test_harm_ends_a_trial_at_once_and_treats_nobody_so_any_more(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        made, (_, short) = entered(session, known, 40)
        for one in short[:12]:
            session.get_one(ContactPoint, change(session, one).contact_point_id).opted_out_at = NOW + DAY
    found = looked(installation, NOW + DAY)
    assert found.stopped == Stop.harm
    assert found.results[0]["early"] is True
    with installation.database.write() as session:
        assert trials.enter(session, Moment.survey, short, NOW + 2 * DAY) == {}
        assert len(session.exec(select(TrialAssignment)).all()) == session.get_one(Trial, made.id).entered == 40


def test_a_trial_that_is_ended_says_so_with_what_it_had(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        made, (_, short) = entered(session, known, 8)
        answered(session, short[0], 5, NOW)
        finish(session, made, Stop.by_hand, NOW + DAY)
        assert (made.stopped, made.ended_at, made.results[0]["early"]) == (Stop.by_hand, NOW + DAY, True)
        empty = trial(session)
        finish(session, empty, Stop.by_hand, NOW)
        assert empty.results == []
