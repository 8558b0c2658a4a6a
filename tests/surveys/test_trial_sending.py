"""Trials where surveys are sent: each arm's words, hour, way and sender, and the usual ones for everybody else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from channels.values import Channel
from core.crypto import blind_index
from domain.citizen import ContactPoint
from domain.sender import Sender
from domain.states import InvitationState
from domain.survey import Invitation
from domain.trial import Moment, Stop, Trial, TrialAssignment
from surveys.sweep import sweep
from surveys.trial_arms import Arm
from surveys.trial_results import finish
from surveys.trial_tally import tally
from tests.builders import NOW, Government, government
from tests.conftest import Installation
from tests.surveys.asking import DUE, plan, post, sent
from tests.surveys.trial_world import trial

EVENING = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
"""Six in the evening in Tirana, on the day of NOW."""


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        return government(session)


def running(installation: Installation, *arms: Arm, **values: Any) -> Trial:
    with installation.database.write() as session:
        return trial(session, **({"arms": arms} if arms else {}), **values)


def arms_of(session: Session) -> dict[object, int]:
    """Arm by invitation."""
    return {row.invitation_id: row.arm for row in session.exec(select(TrialAssignment))}


def test_each_arm_has_its_words_and_keeps_them_to_the_end(installation: Installation, known: Government) -> None:
    running(installation, planned=8)
    post(installation, *range(10))
    sweep(DUE)
    with installation.database.read() as session:
        arms = arms_of(session)
    bodies = {row.invitation_id: row.body for row in sent(installation)}
    assert len(bodies) == 10
    assert sorted(arms.values()) == [0] * 4 + [1] * 4
    for invitation, body in bodies.items():
        match arms.get(invitation):
            case 0:
                assert body == "Passports, Office CIV1: how was it?"
            case 1:
                assert body == "Office CIV1: 1 to 5?"
            case None:
                assert "Reply with one number" in body, "beyond the planned number all is as usual"


def test_an_arm_asks_at_its_hour_and_the_others_at_once(installation: Installation, known: Government) -> None:
    running(installation, Arm("Now"), Arm("Evening", hour=18))
    post(installation, *range(12))
    sweep(DUE)
    assert len(sent(installation)) == 6
    with installation.database.read() as session:
        later = session.exec(select(Invitation).where(col(Invitation.state) == InvitationState.scheduled)).all()
    assert {row.due_at for row in later} == {EVENING}
    assert sweep(EVENING - timedelta(minutes=1)) == 0
    assert sweep(EVENING) == 6
    assert len(sent(installation)) == 12


def test_who_opts_out_before_the_hour_of_their_arm_is_not_asked_and_counts_in_it(
    installation: Installation, known: Government
) -> None:
    made = running(installation, Arm("Now"), Arm("Evening", hour=18))
    post(installation, *range(4))
    sweep(DUE)
    with installation.database.write() as session:
        waiting = select(Invitation.contact_point_id).where(col(Invitation.state) == InvitationState.scheduled)
        for person in session.exec(select(ContactPoint).where(col(ContactPoint.id).in_(waiting))):
            person.opted_out_at = DUE + timedelta(hours=1)
    sweep(EVENING)
    assert len(sent(installation)) == 2
    with installation.database.read() as session:
        now, evening = tally(session, made, 4)
    assert (now.assigned, now.sent) == (2, 2)
    assert (evening.assigned, evening.sent, evening.opted_out) == (2, 0, 2)


def test_an_arm_goes_another_way_and_leaves_from_another_address(installation: Installation, known: Government) -> None:
    arms = (
        Arm("SMS", sender="+15005550009", channel=Channel.sms),
        Arm("Telegram", channel=Channel.telegram, words={"en": "{{ office }}: 1 to 5?"}),
    )
    running(installation, *arms)
    post(installation, *range(8))
    with installation.database.write() as session:
        session.add(Sender(channel=Channel.sms, address="+15005550009", active=True))
        for number, one in enumerate(session.exec(select(ContactPoint)).all()):
            session.add(
                ContactPoint(
                    citizen_id=one.citizen_id,
                    channel=Channel.telegram,
                    address=str(number),
                    address_index=blind_index("telegram", str(number)),
                    hint="…",
                    created_at=NOW,
                )
            )
    sweep(DUE)
    with installation.database.read() as session:
        arms_by_invitation = arms_of(session)
        asked = {
            row.id: session.get_one(ContactPoint, row.contact_point_id).channel
            for row in session.exec(select(Invitation))
        }
    for row in sent(installation):
        arm = arms_by_invitation[row.invitation_id]
        assert row.channel == asked[row.invitation_id] == ("telegram" if arm else "sms")  # type: ignore[index]
        assert row.sender == "+15005550009" or arm == 1
        assert bool(row.buttons) is bool(arm)
    assert sorted(arms_by_invitation.values()) == [0] * 4 + [1] * 4


def test_a_reminder_has_trials_of_its_own(installation: Installation, known: Government) -> None:
    arms = (Arm("Plain", {"en": "{{ office }}, {{ service }}: please."}), Arm("Kind", {"en": "{{ office }}: 1 to 5?"}))
    running(installation, *arms, moment=Moment.survey_reminder)
    plan(installation, known, reminder_days=3)
    post(installation, *range(4))
    sweep(DUE)
    with installation.database.read() as session:
        assert arms_of(session) == {}
    sweep(DUE + timedelta(days=3))
    assert sorted(row.body for row in sent(installation)[4:]) == [
        *["Office CIV1, Passports: please."] * 2,
        *["Office CIV1: 1 to 5?"] * 2,
    ]


def test_what_was_promoted_is_sent_and_not_any_more_when_taken_back(
    installation: Installation, known: Government
) -> None:
    made = running(installation, promoted_arm=1, promoted_at=NOW, ended_at=NOW, stopped=Stop.planned)
    post(installation, 1)
    sweep(DUE)
    with installation.database.write() as session:
        session.get_one(Trial, made.id).promoted_arm = None
    post(installation, 2)
    sweep(DUE + timedelta(minutes=5))
    first, second = sent(installation)
    assert first.body == "Office CIV1: 1 to 5?"
    assert "Reply with one number" in second.body
    with installation.database.read() as session:
        assert arms_of(session) == {}


def test_an_ended_trial_changes_nothing_of_what_still_waits(installation: Installation, known: Government) -> None:
    made = running(installation, Arm("Now"), Arm("Evening", {"en": "{{ office }}: 1 to 5?"}, hour=18))
    post(installation, *range(4))
    sweep(DUE)
    with installation.database.write() as session:
        finish(session, session.get_one(Trial, made.id), Stop.by_hand, DUE)
    sweep(EVENING)
    assert [row.body for row in sent(installation) if row.body == "Office CIV1: 1 to 5?"] == []
    assert len(sent(installation)) == 4
