"""The ladder reaches people: by the channels of a step, together, at their hours, once, and never in the conflict."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from channels.errors import Failure, SendFailed
from channels.values import Channel, DeliveryStatus, Outgoing, Receipt, Sent
from domain.case import Case
from domain.clock import Clock, Notice
from domain.reach import Pace, ReachState, StaffContact, StaffMessage
from domain.staff import Staff
from domain.states import ClockKind, ClockState, Urgency
from escalation import service, terms
from escalation.sweep import sweep
from notifications import pacing, staff_deliver, staff_receipts, staff_reconcile
from notifications.staff_channels import CHANNELS
from tests.conftest import Installation
from tests.escalation.world import World, build, new_case
from tests.notifications.world import Killed, Provider

MONDAY = datetime(2026, 3, 2, 7, tzinfo=UTC)  # 08:00 in Tirana
HALF = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)  # 16:30: the office closes
MORNING = datetime(2026, 3, 3, 7, tzinfo=UTC)
ALL_WAYS: list[dict[str, object]] = [{"share": 0.5, "tell": "officer", "by": ["email", "sms", "telegram"]}]


class Post(Provider):
    """A provider that remembers the channel too."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.ways: list[tuple[Channel, Outgoing]] = []
        self.refuses: dict[Channel, SendFailed] = {}

    def send(self, outgoing: Outgoing, channel: Channel) -> Sent:
        if channel in self.refuses:
            raise self.refuses[channel]
        sent = super().send(outgoing, channel)
        self.ways.append((channel, outgoing))
        return sent

    def to(self, address: str) -> list[str]:
        return [one.text for _, one in self.ways if one.to == address]


Making = Callable[..., World]


@pytest.fixture
def make(installation: Installation) -> Making:
    def made(**policy: Any) -> World:
        with installation.database.write() as session:
            return build(session, **policy)

    return made


def everything_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("escalation.sweep", "notifications.staff_look"):
        monkeypatch.setattr(f"{room}.set_up", lambda: frozenset(CHANNELS))


def silent(installation: Installation, world: World, office: str = "DST", **changes: Any) -> UUID:
    with installation.database.write() as session:
        case = new_case(session, world.offices[office], MONDAY, **changes)
        service.start(session, case, ClockKind.first_response, MONDAY)
        return case.id


def choose(installation: Installation, world: World, name: str, **values: Any) -> None:
    with installation.database.write() as session:
        session.add(StaffContact(staff_id=world.staff[name], **values))


def deliver(post: Post, now: datetime, limit: int = 50) -> int:
    return staff_deliver.deliver_due(now, send=post.send, calendars=terms.calendar_of, limit=limit)


def rows(installation: Installation) -> list[StaffMessage]:
    with installation.database.read() as session:
        return list(session.exec(select(StaffMessage).order_by(col(StaffMessage.id))))


def test_written_with_the_rung_and_sent_when_the_office_opens(installation: Installation, make: Making) -> None:
    world, post = make(), Post()
    case_id = silent(installation, world, assignee_id=None)
    assert sweep(HALF) == 1
    with installation.database.read() as session:
        reference = session.get_one(Case, case_id).reference
        notice = session.exec(select(Notice).where(Notice.staff_id == world.staff["olga"])).one()
    assert deliver(post, HALF) == 2
    assert post.taken == [], "it is half past four, and the hour is not over"
    assert {row.due_at for row in rows(installation)} == {MORNING}
    assert deliver(post, MORNING - timedelta(seconds=1)) == 0
    deliver(post, MORNING)
    (text,) = post.to("olga@example.org")
    assert text.startswith(notice.text)
    assert text.endswith(f"/staff/cases/{reference}")
    assert "bridge" not in text, "not a word of the citizen's leaves"
    assert {row.state for row in rows(installation)} == {ReachState.sent}
    assert deliver(post, MORNING + timedelta(days=9)) == 0


def test_urgent_goes_at_once_and_also_at_night(installation: Installation, make: Making) -> None:
    world, post = make(), Post()
    night = datetime(2026, 3, 2, 1, tzinfo=UTC)
    with installation.database.write() as session:
        case = new_case(session, world.offices["DST"], night, urgency=Urgency.life)
        service.start(session, case, ClockKind.first_response, night)
    assert sweep(night + timedelta(hours=9)) > 0
    with installation.database.read() as session:
        (first,) = session.exec(select(StaffMessage).where(StaffMessage.staff_id == world.staff["hana"])).all()
    assert first.urgent
    deliver(post, night + timedelta(hours=9))
    (text,) = post.to("hana@example.org")
    assert text.startswith("Urgent. ")


def test_many_are_one_message(installation: Installation, make: Making) -> None:
    world, post = make(), Post()
    for _ in range(7):
        silent(installation, world)
    assert sweep(HALF) == 7
    deliver(post, HALF)
    while deliver(post, MORNING, limit=3):  # whoever comes first of those due in the same moment
        pass
    (text,) = post.to("olga@example.org")
    assert text.startswith("7 matters wait for you, the oldest since 2 Mar, 08:00.")
    assert text.count("–") == 7
    assert len({row.bundle_id for row in rows(installation) if row.staff_id == world.staff["olga"]}) == 1


def test_the_channels_of_a_step(installation: Installation, make: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    everything_is_set_up(monkeypatch)
    world, post = make(ladder=ALL_WAYS), Post()
    proven = {"phone": "+355691112233", "phone_proven_at": MONDAY, "telegram": "42"}
    choose(installation, world, "olga", pace=Pace.at_once, quiet_from=0, quiet_until=0, **proven)
    choose(installation, world, "omar", pace=Pace.at_once, quiet_from=0, quiet_until=0, phone="+355691112244")
    silent(installation, world)
    sweep(HALF)
    deliver(post, HALF)
    assert {way for way, one in post.ways if one.to in ("olga@example.org", "+355691112233", "42")} == {
        Channel.email,
        Channel.sms,
        Channel.telegram,
    }
    assert [one.to for _, one in post.ways if "omar" in one.to] == ["omar@example.org"]
    assert "+355691112244" not in {one.to for _, one in post.ways}, "a number nobody proved gets nothing"
    dropped = [row for row in rows(installation) if row.state == ReachState.dropped]
    assert {row.staff_id for row in dropped} == {world.staff["omar"]}
    assert {row.why for row in dropped} == {staff_deliver.NOWHERE}


def test_staff_take_the_moments_of_a_sender_like_citizens_do(installation: Installation, make: Making) -> None:
    world, post = make(), Post()
    way = (Channel.email, pacing.default_address(Channel.email))
    with installation.database.write() as session:
        taken = pacing.take_moments(session, [way], MORNING)[way].take()
        pacing.pause(session, {way: MORNING + timedelta(minutes=5)})
    assert taken == MORNING
    silent(installation, world)
    sweep(HALF)
    deliver(post, HALF)
    deliver(post, MORNING)
    assert post.taken == [], "the sender pauses for citizens, hence for staff too"
    assert {(row.state, row.due_at) for row in rows(installation)} == {
        (ReachState.queued, MORNING + timedelta(minutes=5))
    }
    deliver(post, MORNING + timedelta(minutes=5))
    assert len(post.taken) == len(rows(installation))
    with installation.database.write() as session:
        assert pacing.take_moments(session, [way], MORNING)[way].next > MORNING + timedelta(minutes=5)


def test_an_sms_that_reaches_nobody_becomes_an_email(
    installation: Installation, make: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything_is_set_up(monkeypatch)
    world, post = make(ladder=[{"share": 0.5, "tell": "officer", "by": ["sms"]}]), Post()
    mine = {"pace": Pace.at_once, "quiet_from": 0, "quiet_until": 0, "phone": "+355691112233"}
    choose(installation, world, "olga", phone_proven_at=MONDAY, **mine)
    silent(installation, world)
    sweep(HALF)
    post.refuses[Channel.sms] = SendFailed(Failure.invalid_address, "no such number")
    deliver(post, HALF)
    deliver(post, HALF + timedelta(seconds=1))
    assert [way for way, one in post.ways if one.to == "olga@example.org"] == [Channel.email]
    deliver(post, MORNING)
    assert [way for way, one in post.ways if one.to == "omar@example.org"] == [Channel.email]


@pytest.mark.parametrize("status", [DeliveryStatus.delivered, DeliveryStatus.failed])
def test_the_receipt_of_an_sms(
    installation: Installation, make: Making, monkeypatch: pytest.MonkeyPatch, status: DeliveryStatus
) -> None:
    everything_is_set_up(monkeypatch)
    world, post = make(ladder=[{"share": 0.5, "tell": "officer", "by": ["sms"]}]), Post()
    phone = {"phone": "+355691112233", "phone_proven_at": MONDAY}
    choose(installation, world, "olga", pace=Pace.at_once, quiet_from=0, quiet_until=0, **phone)
    silent(installation, world)
    sweep(HALF)
    deliver(post, HALF)
    (outgoing,) = [one for way, one in post.ways if way is Channel.sms]
    sent = next(row for row in rows(installation) if row.staff_id == world.staff["olga"])
    assert sent.provider_id
    receipt = Receipt(Channel.sms, "AC1", sent.provider_id, status, Failure.unreachable, "30003", sent.bundle_id)
    for _ in range(2):  # providers repeat themselves
        with installation.database.write() as session:
            assert staff_receipts.take(session, receipt, HALF) is (status is DeliveryStatus.delivered or _ == 0)
    deliver(post, HALF + timedelta(minutes=1))
    assert len(post.to("olga@example.org")) == (status is DeliveryStatus.failed)
    with installation.database.write() as session:
        stranger = Receipt(Channel.sms, "AC1", "SM0", status, None, "", sent.bundle_id)
        assert not staff_receipts.take(session, stranger, HALF)
    assert outgoing.to == "+355691112233"


@pytest.mark.parametrize("by", [[], ["email"], None])
def test_a_step_may_tell_in_the_program_alone(installation: Installation, make: Making, by: list[str] | None) -> None:
    step: dict[str, object] = {"share": 0.5, "tell": "officer"}
    world = make(ladder=[step if by is None else {**step, "by": by}])
    silent(installation, world)
    sweep(HALF)
    assert len(rows(installation)) == (0 if by == [] else 2)
    with installation.database.read() as session:
        assert len(session.exec(select(Notice)).all()) == 2


def accused(case: Case, world: World) -> None:
    case.about_staff_id = world.staff["olga"]


def moved(case: Case, world: World) -> None:
    case.office_id = world.offices["FAR"]


def restricted(case: Case, world: World) -> None:
    case.integrity, case.office_id = True, world.offices["INT"]


@pytest.mark.parametrize(
    ("turn", "left"), [(accused, {"omar"}), (moved, set()), (restricted, set())], ids=["accused", "moved", "integrity"]
)
def test_looked_at_again_before_it_leaves(
    installation: Installation, make: Making, turn: Callable[[Case, World], None], left: set[str]
) -> None:
    world, post = make(), Post()
    case_id = silent(installation, world)
    sweep(HALF)
    with installation.database.write() as session:
        turn(session.get_one(Case, case_id), world)
    deliver(post, MORNING)
    assert {one.to for one in post.taken} == {f"{name}@example.org" for name in left}
    dropped = [row for row in rows(installation) if row.state == ReachState.dropped]
    assert {row.why for row in dropped} == {"The person may not see the case any more."}


def test_nothing_of_what_waits_no_longer_nor_to_who_left(installation: Installation, make: Making) -> None:
    world, post = make(), Post()
    first, second = silent(installation, world), silent(installation, world)
    sweep(HALF)
    with installation.database.write() as session:
        clock = session.exec(select(Clock).where(Clock.case_id == first)).one()
        clock.state = ClockState.met
        session.get_one(Staff, world.staff["omar"]).active = False
    deliver(post, MORNING)
    assert [one.to for one in post.taken] == ["olga@example.org"]
    assert "7 matters" not in post.taken[0].text
    with installation.database.read() as session:
        assert session.get_one(Case, second).reference in post.taken[0].text
    assert sorted(str(row.state) for row in rows(installation)) == ["dropped", "dropped", "dropped", "sent"]


@pytest.mark.parametrize("reached", [False, True])
@pytest.mark.parametrize("can_look_up", [False, True])
def test_cut_off_in_between_is_never_blindly_sent_again(
    installation: Installation, make: Making, *, reached: bool, can_look_up: bool
) -> None:
    world = make(ladder=[{"share": 0.5, "tell": "supervisor"}])
    post = Post(can_look_up=can_look_up)
    silent(installation, world)
    sweep(HALF)
    deliver(post, HALF)
    if reached:
        post.cut_after = Killed()
    else:
        post.cut_before = Killed()
    with pytest.raises(Killed):
        deliver(post, MORNING)
    post.cut_after = post.cut_before = None
    later = MORNING + timedelta(minutes=30)
    assert deliver(post, later) == 0
    staff_reconcile.reconcile_due(later, find_sent=post.find_sent)
    deliver(post, later + timedelta(seconds=1))
    (row,) = rows(installation)
    if can_look_up:
        assert (row.state, len(post.taken)) == (ReachState.sent, 1)
    else:
        assert (row.state, len(post.taken)) == (ReachState.unknown, 1 if reached else 0)


def test_what_may_pass_is_tried_again_and_given_up_in_the_end(installation: Installation, make: Making) -> None:
    world, post = make(ladder=[{"share": 0.5, "tell": "supervisor"}]), Post()
    silent(installation, world)
    sweep(MORNING + timedelta(minutes=1))
    start = MORNING + timedelta(hours=1)
    post.refuse = SendFailed(Failure.provider_down, "away")
    deliver(post, start)
    (row,) = rows(installation)
    assert (row.state, row.due_at is not None and row.due_at > start) == (ReachState.queued, True)
    post.refuse = None
    deliver(post, start + timedelta(minutes=5))
    assert [row.state for row in rows(installation)] == [ReachState.sent]
    silent(installation, world)
    sweep(MORNING + timedelta(minutes=2))
    post.refuse = SendFailed(Failure.provider_down, "away")
    deliver(post, start + timedelta(hours=7))
    assert sorted(str(row.state) for row in rows(installation)) == ["failed", "sent"]


@pytest.mark.parametrize("workers", [1, 2, 4, 8])
def test_each_rung_and_each_digest_once(installation: Installation, make: Making, workers: int) -> None:
    world, post, amount = make(), Post(), 12
    for _ in range(amount):
        silent(installation, world)
    failed: list[BaseException] = []
    together = threading.Barrier(workers)

    def work() -> None:
        try:
            together.wait()
            for moment in (HALF, HALF, HALF - timedelta(days=1), MORNING, MORNING, MORNING):  # a clock set back as well
                sweep(moment, 5)
                deliver(post, moment, limit=5)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    late = MORNING + timedelta(hours=1)
    while sweep(late, 500):
        pass
    for moment in (late, late + timedelta(hours=1)):
        deliver(post, moment, limit=500)
    assert failed == []
    told = rows(installation)
    assert {row.state for row in told} == {ReachState.sent}
    assert len(told) == 2 * amount
    assert len({(row.clock_id, row.rung, row.staff_id) for row in told}) == 2 * amount
    assert set(post.times.values()) == {1}, "no message leaves twice"
    assert set(post.times) == {row.bundle_id for row in told}
    with installation.database.read() as session:
        references = set(session.exec(select(Case.reference)))
    for name in ("olga", "omar"):
        words = " ".join(post.to(f"{name}@example.org"))
        assert {reference for reference in references if words.count(reference)} == references
