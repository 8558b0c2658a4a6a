"""Who is asked, when, and how often, on both databases: plans, notices, reminders, and a no that holds at once."""

import threading
from datetime import timedelta

import pytest
from sqlmodel import col, select

from channels.errors import Failure, SendFailed
from channels.values import Channel, DeliveryStatus, Outgoing, Sent
from core.crypto import blind_index
from core.ids import new_id
from domain.citizen import ContactPoint
from domain.office import Office
from domain.outbox import OutboundMessage
from domain.policy import Calendar
from domain.states import InvitationState, OutboxState, Purpose
from domain.survey import Invitation
from notifications.deliver import deliver_due
from surveys import counts
from surveys.conversation import take
from surveys.sweep import sweep
from tests.builders import NOW, Government, government, plain_case
from tests.conftest import Installation
from tests.surveys.asking import DUE, contact, one, plan, post, sent, transactions

DAYS = timedelta(days=3)


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        return government(session)


def test_a_share_is_drawn_and_a_repeat_draws_the_same(installation: Installation, known: Government) -> None:
    plan(installation, known, share=0.3)
    post(installation, *range(400))
    first = {row.external_id: (row.probability, row.not_asked) for row in transactions(installation)}
    drawn = {name for name, (_, why) in first.items() if why is None}
    assert 80 < len(drawn) < 160
    assert {row for name, row in first.items() if name not in drawn} == {(0.3, "not_drawn")}
    post(installation, *reversed(range(400)), now=NOW + timedelta(hours=1))
    assert {row.external_id: (row.probability, row.not_asked) for row in transactions(installation)} == first
    with installation.database.read() as session:
        invited = session.exec(select(Invitation)).all()
    assert (len(invited), {row.probability for row in invited}) == (len(drawn), {0.3})


def test_a_service_has_its_own_plan(installation: Installation, known: Government) -> None:
    plan(installation, known, share=0.0)
    plan(installation, known, "water", delay_minutes=240)
    post(installation, 1)
    post(installation, 2, service="water", office="WAT1")
    assert [row.not_asked for row in transactions(installation)] == ["not_drawn", None]
    with installation.database.read() as session:
        assert one(session).due_at == NOW + timedelta(hours=4)


def test_nobody_is_asked_for_what_has_no_number(installation: Installation, known: Government) -> None:
    plan(installation, known, share=0.5)
    post(installation, 1, phone=None)
    [row] = transactions(installation)
    assert (row.not_asked, row.probability) == ("no_number", None)


def test_a_target_asks_fewer_where_there_is_plenty(installation: Installation, known: Government) -> None:
    """200 answers a month wanted, 300 transactions on a first day: of about 9,100 a month some 800 are asked."""
    plan(installation, known, target=200)
    post(installation, *range(300))
    [share] = {row.probability for row in transactions(installation)}
    assert share == pytest.approx(200 / (300 * 30.4375 * 0.25), rel=0.1)  # a little more: it is the 2nd
    counts.count(NOW)
    post(installation, 1000, now=NOW + timedelta(days=1))
    share = next(row.probability for row in transactions(installation) if row.external_id == "T-1000")
    assert share == pytest.approx(200 / (300 * 30.4375 * 0.25), rel=0.15)  # of what was seen, not of this batch of one


def test_a_reminder_comes_once_and_by_day(installation: Installation, known: Government) -> None:
    plan(installation, known, reminder_days=3)
    post(installation, 1)
    sweep(DUE)
    assert sent(installation)[0].bulk  # everything else overtakes it
    assert sweep(DUE + DAYS - timedelta(minutes=1)) == 0
    assert sweep(DUE + DAYS) == 1
    assert [row.dedupe_key.split(":")[0] for row in sent(installation)] == ["survey", "survey_reminder"]
    assert "We will not ask again" in sent(installation)[1].body
    assert [sweep(DUE + DAYS * n) for n in (2, 3, 4)] == [0, 0, 0]
    assert len(sent(installation)) == 2


def test_one_that_cannot_leave_holds_up_nobody(installation: Installation, known: Government) -> None:
    """As where somebody restored the outbox but not the invitations: its message is there already."""
    plan(installation, known)
    post(installation, 1, 2, 3)
    with installation.database.write() as session:
        [_, stuck, _] = session.exec(select(Invitation).order_by(col(Invitation.id))).all()
        there = OutboundMessage(
            id=new_id(),
            dedupe_key=f"survey:{stuck.id}:rating",
            purpose=Purpose.survey,
            channel=Channel.sms,
            contact_point_id=stuck.contact_point_id,
            language="en",
            body="There",
            due_at=NOW,
            created_at=NOW,
        )
        session.add(there)
    assert sweep(DUE) == 3
    assert len(sent(installation)) == 3
    assert sweep(DUE) == 0
    assert [sweep(DUE + timedelta(seconds=after)) for after in (4, 5, 5)] == [0, 1, 0]  # later each time
    with installation.database.write() as session:
        held = session.get_one(Invitation, stuck.id)
        assert (held.state, held.last_error, held.asked) == (InvitationState.scheduled, "IntegrityError", [])
        states = session.exec(select(Invitation.state).where(col(Invitation.id) != stuck.id)).all()
        assert set(states) == {InvitationState.sent}
        session.delete(session.get_one(OutboundMessage, there.id))
    assert sweep(DUE + timedelta(minutes=1)) == 1
    with installation.database.read() as session:
        assert session.get_one(Invitation, stuck.id).state == InvitationState.sent


@pytest.mark.parametrize("what", ["answer", "stop", "no_surveys", "failed", "unknown", "case", "unreachable"])
def test_no_reminder_after(installation: Installation, known: Government, what: str) -> None:
    plan(installation, known, reminder_days=3)
    post(installation, 1)
    sweep(DUE)
    with installation.database.write() as session:
        person = contact(session)
        session.add(person)
        match what:
            case "answer":
                take(session, person, "4", DUE + timedelta(hours=1))
            case "stop":
                person.opted_out_at = DUE
            case "no_surveys":
                person.no_surveys_at = DUE
            case "unreachable":
                person.unreachable_at = DUE
            case "case":
                session.add(plain_case(known, "CIV1", contact_point_id=person.id, service_id=known.service["passport"]))
            case state:
                row = session.get_one(OutboundMessage, sent(installation)[0].id)
                row.state = OutboxState(state)
    before = len(sent(installation))
    sweep(DUE + DAYS)
    sweep(DUE + DAYS * 2)
    assert [row.dedupe_key.split(":")[0] for row in sent(installation)].count("survey_reminder") == 0
    assert len(sent(installation)) == before


def test_a_no_between_writing_and_sending_holds(installation: Installation, known: Government) -> None:
    plan(installation, known, reminder_days=3)
    post(installation, 1)
    sweep(DUE)
    sweep(DUE + DAYS)
    with installation.database.write() as session:
        contact(session).opted_out_at = DUE + DAYS
    asked: list[str] = []

    def send(outgoing: Outgoing, channel: Channel) -> Sent:
        asked.append(outgoing.text)
        raise SendFailed(Failure.provider_down, "never asked")

    deliver_due(DUE + DAYS + timedelta(seconds=1), send=send)
    assert asked == []
    assert {row.state for row in sent(installation)} == {OutboxState.cancelled}


def test_a_notice_comes_first_and_a_no_to_it_ends_it(installation: Installation, known: Government) -> None:
    plan(installation, known, delay_minutes=300, notice_hours=2)
    post(installation, 1, 2)
    assert sweep(NOW + timedelta(hours=3)) == 2
    assert {row.dedupe_key.split(":")[0] for row in sent(installation)} == {"survey_notice"}
    with installation.database.write() as session:
        contact(session).opted_out_at = NOW + timedelta(hours=4)
    assert sweep(NOW + timedelta(hours=4)) == 0
    assert sweep(NOW + timedelta(hours=5)) == 2
    assert [row.dedupe_key.split(":")[0] for row in sent(installation)].count("survey") == 1


@pytest.mark.parametrize(
    ("phone", "served", "asked"),
    [
        ("+355691000001", 16, "02 17:00"),  # 18:00 in Tirana
        ("+8801712345678", 16, "03 03:00"),  # 23:00 in Dhaka, so at nine there
        ("+447911123456", 16, "02 17:00"),
        ("+12125551234", 9, "02 14:00"),  # five in the morning in New York
        ("+355691000001", 19, "03 08:00"),  # 21:00 in Tirana
    ],
)
def test_quiet_hours_are_the_citizens(
    installation: Installation, known: Government, phone: str, served: int, asked: str
) -> None:
    moment = NOW.replace(hour=served)
    post(installation, 1, phone=phone, now=moment)
    for hour in range(1, 30):
        sweep(moment + timedelta(hours=hour))
    assert [f"{row.created_at:%d %H:%M}" for row in sent(installation)] == [asked]


def test_an_office_abroad_asks_by_its_own_clock(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        calendar = Calendar(id=new_id(), name="Dhaka", time_zone="Asia/Dhaka", week={})
        session.add(calendar)
        session.flush()
        session.get_one(Office, known.office["CIV1"]).calendar_id = calendar.id
    post(installation, 1, email="a@example.org", phone="", now=NOW + timedelta(hours=5))  # 20:00 in Dhaka
    with installation.database.read() as session:
        assert one(session).due_at == NOW.replace(day=3, hour=3)


def test_one_citizen_is_asked_once_on_all_addresses_under_concurrency(
    installation: Installation, known: Government
) -> None:
    """Two services, two addresses of one person, two sweeps at once: one question."""
    post(installation, 1)
    post(installation, 2, service="water", office="WAT1", email="a@example.org", phone="")
    with installation.database.write() as session:
        people = session.exec(select(ContactPoint).order_by(col(ContactPoint.id))).all()
        people[1].citizen_id = people[0].citizen_id
        session.add(people[1])
    threads = [threading.Thread(target=sweep, args=(DUE, 1)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep(DUE)
    assert len(sent(installation)) == 1
    with installation.database.read() as session:
        assert {row.why for row in session.exec(select(Invitation))} == {None, "asked_lately"}


@pytest.mark.parametrize(("refused", "channel"), [(False, Channel.telegram), (True, Channel.sms)])
def test_the_first_channel_that_takes_messages_is_used(
    installation: Installation, known: Government, refused: bool, channel: Channel
) -> None:
    plan(installation, known, channels=["telegram", "sms"])
    post(installation, 1)
    with installation.database.write() as session:
        person = contact(session)
        session.add(
            ContactPoint(
                citizen_id=person.citizen_id, channel=Channel.telegram, address="77", hint="…", created_at=NOW,
                address_index=blind_index("telegram", "77"), opted_out_at=NOW if refused else None,
            )
        )  # fmt: skip
    sweep(DUE)
    assert [row.channel for row in sent(installation)] == [channel]
    with installation.database.read() as session:
        assert one(session).state == InvitationState.sent
        assert session.get_one(ContactPoint, one(session).contact_point_id).channel == channel


def test_a_no_is_not_got_round_on_another_channel(installation: Installation, known: Government) -> None:
    plan(installation, known, channels=["telegram", "sms"])
    post(installation, 1)
    with installation.database.write() as session:
        person = contact(session)
        person.opted_out_at = NOW
        session.add(
            ContactPoint(
                citizen_id=person.citizen_id, channel=Channel.telegram, address="77", hint="…", created_at=NOW,
                address_index=blind_index("telegram", "77"),
            )
        )  # fmt: skip
    sweep(DUE)
    assert sent(installation) == []


def test_sending_counts_as_sent(installation: Installation, known: Government) -> None:
    """What the sweep wrote leaves like any message."""
    post(installation, 1)
    sweep(DUE)
    taken = deliver_due(
        DUE + timedelta(seconds=1), send=lambda *_: Sent(provider_id="SM1", account="AC1", status=DeliveryStatus.sent)
    )
    assert taken == 1
    assert [row.state for row in sent(installation)] == [OutboxState.sent]
