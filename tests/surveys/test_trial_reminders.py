"""Trials of the reminder before something expires: its words by lot, and who comes again in time."""

from datetime import timedelta

import pytest
from sqlmodel import select

from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.ledger import Reminder
from domain.trial import Moment, Outcome, Trial, TrialAssignment
from surveys.trial_arms import Arm
from surveys.trial_lately import lately
from surveys.trial_tally import tally
from tests.builders import NOW, Government, government
from tests.conftest import Installation
from tests.surveys.test_reminders import TODAY, issue, run, steps, told
from tests.surveys.trial_world import trial

ENDS = "{{ service }}, {{ office }}: good until {{ due|day }}."
DAY = timedelta(days=1)


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        found = government(session)
        steps(session, found, [60, 14])
        return found


def test_each_arm_has_its_words_and_coming_again_in_time_counts(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        arms = (Arm("As now", {"en": ENDS}), Arm("Urging", {"en": f"Renew now. {ENDS}"}))
        trial(session, moment=Moment.expiring, outcome=Outcome.renewed, arms=arms, days=30)
    for number in range(6):
        issue(installation, number, TODAY + 60 * DAY)
    run(NOW)
    bodies = sorted(row.body for row in told(installation))
    assert [body.startswith("Renew now.") for body in bodies] == [False] * 3 + [True] * 3
    with installation.database.read() as session:
        rows = session.exec(select(TrialAssignment)).all()
        assert sorted(row.arm for row in rows) == [0, 0, 0, 1, 1, 1]
        assert {row.reminder_id for row in rows} == set(session.exec(select(Reminder.id)))
        urged = {row.citizen_id for row in rows if row.arm == 1}
        phones = [one.address for one in session.exec(select(ContactPoint)) if one.citizen_id in urged]
    issue(installation, 10, TODAY + 900 * DAY, phones[0], NOW + 9 * DAY)
    issue(installation, 11, TODAY + 900 * DAY, phones[1], NOW + 45 * DAY)  # too late to count
    with installation.database.read() as session:
        as_now, urging = tally(session, session.exec(select(Trial)).one(), 6)
        seen = lately(session, catalogue(session), {"languages": ["en"]}, NOW + 50 * DAY, Moment.expiring)
    assert (as_now.assigned, as_now.sent, as_now.answered) == (3, 3, 0)
    assert (urging.assigned, urging.sent, urging.answered) == (3, 3, 1)
    assert (seen.asked, seen.answered, seen.of(Outcome.renewed)) == (6, 2, None)
