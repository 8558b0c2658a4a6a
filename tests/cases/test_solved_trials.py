"""Trials of the question whether a case is solved: its words by lot, what came back, and nothing of shut cases."""

from datetime import timedelta

import pytest
from sqlmodel import select

from core.database import database
from domain.case import Case
from domain.catalogue import catalogue
from domain.closing import SolvedQuestion
from domain.trial import Moment, Outcome, Trial, TrialAssignment
from surveys.trial_arms import Arm
from surveys.trial_lately import lately
from surveys.trial_tally import Tally, tally
from tests.cases.conftest import Town
from tests.cases.test_solved import ask, asked, closed
from tests.surveys.trial_world import trial

WORDS = "{{ reference }}: are you content? 1 yes, 2 no."


def tried(town: Town) -> None:
    """A trial whose arms both have these words, so that either is told from the usual ones."""
    with town.database.write() as session:
        arms = (Arm("One", {"en": WORDS}), Arm("Other", {"en": WORDS + " Thank you."}))
        begins = town.now - timedelta(days=1)
        trial(session, moment=Moment.solved, outcome=Outcome.solved, arms=arms, starts_at=begins, registered_at=begins)


def test_an_arm_asks_in_its_words_and_a_yes_counts(town: Town) -> None:
    tried(town)
    closed(town)
    ask(town)
    [body] = asked(town)
    assert "are you content?" in body
    town.arrives("1")
    with town.database.read() as session:
        row = session.exec(select(TrialAssignment)).one()
        question = session.exec(select(SolvedQuestion)).one()
        assert (row.solved_id, row.invitation_id) == (question.id, None)
        counted = tally(session, session.exec(select(Trial)).one(), 1)
        seen = lately(session, catalogue(session), {}, town.now, Moment.solved)
    assert counted[row.arm] == Tally(assigned=1, sent=1, delivered=counted[row.arm].delivered, answered=1, solved=1)
    assert counted[1 - row.arm] == Tally()
    assert (seen.asked, seen.answered, seen.solved) == (1, 1, 1)


@pytest.mark.parametrize("shut", ["integrity", "office"])
def test_a_case_that_is_shut_to_somebody_is_in_no_trial(town: Town, shut: str) -> None:
    tried(town)
    closed(town)
    with town.database.write() as session:
        case = session.exec(select(Case)).one()
        if shut == "integrity":
            case.integrity = True
        else:
            case.about_office_id = case.office_id
    ask(town)
    assert not any("are you content?" in body for body in asked(town))
    with database().read() as session:
        assert session.exec(select(TrialAssignment)).all() == []
        assert lately(session, catalogue(session), {}, town.now, Moment.solved).asked == 0
