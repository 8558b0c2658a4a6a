"""What expires is told before, once a step, by day, to whoever may be written to, and never when it was renewed."""

import threading
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from channels.values import Channel
from domain import catalogue
from domain.citizen import ContactPoint
from domain.ledger import Reminder
from domain.outbox import OutboundMessage
from domain.service import Service
from domain.states import OutboxState, Purpose
from notifications import outbox
from surveys import lookups, reminders
from surveys.checking import TransactionIn
from surveys.transactions import accept
from tests.builders import NOW, Government, government
from tests.conftest import Installation

TODAY = NOW.date()


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        found = government(session)
        steps(session, found, [60, 14])
        return found


def steps(session: Session, known: Government, days: list[int]) -> None:
    service = session.get_one(Service, known.service["passport"])
    service.reminders, service.next_steps = days, {"en": "Bring the old one and a photo.", "sq": "Sillni të vjetrin."}
    catalogue.touch(session)


def issue(
    installation: Installation, number: int, ends: date | None, phone: str = "", now: datetime = NOW, **more: object
) -> None:
    item = TransactionIn(
        f"P-{number}", "CIV1", "passport", now - timedelta(hours=1), phone or f"+35569{number:07}", "en"
    )
    for name, value in ({"expires_on": ends} | more).items():
        setattr(item, name, value)
    with installation.database.write() as session:
        accept(session, "registry", [item], now)
    while lookups.work_off(now):
        pass


def run(now: datetime) -> None:
    while reminders.plan(now):
        pass
    while reminders.sweep(now):
        pass


def told(installation: Installation) -> list[OutboundMessage]:
    with installation.database.read() as session:
        return list(
            session.exec(
                select(OutboundMessage)
                .where(OutboundMessage.purpose == Purpose.reminder)
                .order_by(col(OutboundMessage.created_at), col(OutboundMessage.id))
            )
        )


def states(installation: Installation) -> list[tuple[int, str, str | None]]:
    with installation.database.read() as session:
        rows = session.exec(select(Reminder).order_by(col(Reminder.days_before).desc(), col(Reminder.id))).all()
        return [(row.days_before, str(row.state), row.why) for row in rows]


def test_each_step_once_and_in_words(installation: Installation, known: Government) -> None:
    issue(installation, 1, TODAY + timedelta(days=70))
    for day in range(75):
        run(NOW + timedelta(days=day))
        run(NOW + timedelta(days=day, hours=1))
    first, second = told(installation)
    assert (first.created_at - NOW).days == 10
    assert (second.created_at - NOW).days == 56
    assert "Monday 11 May" in first.body
    assert "Bring the old one and a photo." in first.body
    assert "/report?office=CIV1&service=passport" in first.body
    assert states(installation) == [(60, "sent", None), (14, "sent", None)]


@pytest.mark.parametrize(("left", "step"), [(61, None), (60, 60), (15, 60), (14, 14), (1, 14), (0, None), (-3, None)])
def test_what_is_reported_late_gets_the_step_that_fits(
    installation: Installation, known: Government, left: int, step: int | None
) -> None:
    issue(installation, 1, TODAY + timedelta(days=left), completed_at=NOW - timedelta(days=400))
    run(NOW)
    assert [days for days, _, _ in states(installation)] == ([step] if step else [])
    assert len(told(installation)) == (1 if step else 0)


def test_what_was_renewed_is_told_no_more(installation: Installation, known: Government) -> None:
    issue(installation, 1, TODAY + timedelta(days=40), "+355691000009")
    while reminders.plan(NOW):
        pass
    issue(installation, 2, TODAY + timedelta(days=3650), "+355691000009", now=NOW + timedelta(hours=2))
    run(NOW + timedelta(hours=3))
    assert (told(installation), states(installation)) == ([], [(60, "void", "renewed")])
    with installation.database.read() as session:
        assert sum(count for _, count in reminders.due_by_week(session, None, NOW)) == 0


@pytest.mark.parametrize(
    ("column", "why"),
    [("opted_out_at", "opted_out"), ("no_surveys_at", "opted_out"), ("unreachable_at", "unreachable")],
)
def test_whoever_wants_none_gets_none(installation: Installation, known: Government, column: str, why: str) -> None:
    issue(installation, 1, TODAY + timedelta(days=10))
    issue(installation, 2, TODAY + timedelta(days=10), now=NOW)
    while reminders.plan(NOW):
        pass
    with installation.database.write() as session:
        contact = session.exec(select(ContactPoint).order_by(col(ContactPoint.id)).limit(1)).one()
        setattr(contact, column, NOW)
    run(NOW)
    assert len(told(installation)) == 1
    assert sorted(str(reason) for _, _, reason in states(installation)) == sorted([why, "None"])


def test_stop_ends_those_that_wait_to_leave(installation: Installation, known: Government) -> None:
    issue(installation, 1, TODAY + timedelta(days=10))
    run(NOW)
    with installation.database.write() as session:
        contact = session.exec(select(ContactPoint)).one()
        contact.opted_out_at = NOW
        outbox.cancel_queued(session, contact, NOW)
    assert [row.state for row in told(installation)] == [OutboxState.cancelled]
    run(NOW + timedelta(days=1))
    assert len(told(installation)) == 1


def test_at_night_it_waits_for_the_morning(installation: Installation, known: Government) -> None:
    issue(installation, 1, TODAY + timedelta(days=10))
    night = NOW.replace(hour=22)
    reminders.plan(night)
    assert reminders.sweep(night) == 1
    assert told(installation) == []
    with installation.database.read() as session:
        due = session.exec(select(Reminder.due_at)).one()
    assert due == (NOW + timedelta(days=1)).replace(hour=8), "nine in Tirana"


def test_steps_that_change_send_nothing_twice_in_a_week(installation: Installation, known: Government) -> None:
    issue(installation, 1, TODAY + timedelta(days=14))
    run(NOW)
    with installation.database.write() as session:
        steps(session, known, [60, 13])
    run(NOW + timedelta(days=1))
    assert states(installation) == [(14, "sent", None), (13, "suppressed", "told_lately")]
    issue(installation, 2, TODAY + timedelta(days=30))
    while reminders.plan(NOW + timedelta(days=1)):
        pass
    with installation.database.write() as session:
        steps(session, known, [])
    run(NOW + timedelta(days=2))
    assert ("not_wanted" in {why for _, _, why in states(installation)}, len(told(installation))) == (True, 1)


def test_two_workers_tell_each_once(installation: Installation, known: Government) -> None:
    for number in range(12):
        issue(installation, number, TODAY + timedelta(days=10 + number))
    errors: list[BaseException] = []

    def work() -> None:
        try:
            run(NOW)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    rows = told(installation)
    assert len({row.contact_point_id for row in rows}) == len(rows) == 12
    assert {row.channel for row in rows} == {Channel.sms}


def test_who_will_be_told_is_counted_by_week_and_office(installation: Installation, known: Government) -> None:
    issue(installation, 1, TODAY + timedelta(days=14))
    issue(installation, 2, TODAY + timedelta(days=22))
    issue(installation, 3, None)
    with installation.database.read() as session:
        weeks = reminders.due_by_week(session, None, NOW)
        assert reminders.due_by_week(session, {known.office["WAT1"]}, NOW)[0][1] == 0
    assert [count for _, count in weeks[:3]] == [1, 1, 0]
    assert weeks[0][0] == date(2026, 3, 2)
