"""Another way to the same citizen when one fails: once, by consent, and the silence tells the truth."""

from uuid import UUID

import pytest
from sqlmodel import col, select

from cases import lifecycle
from channels.errors import Failure
from channels.values import Channel, DeliveryStatus
from core.crypto import blind_index
from core.ids import new_id
from domain.citizen import Citizen, ContactPoint
from domain.clock import Notice
from domain.states import CaseState, ClockKind, ClockState, EntryKind
from domain.timeline import TimelineEntry
from tests.cases.conftest import CITIZEN, Town

WATER = "WAT1 no water in Lumas since Monday"
CHAT = "7100000101"


def another_way(town: Town, *, consent: bool = True, address: str = CHAT, channel: Channel = Channel.telegram) -> UUID:
    """The citizen has a second contact point, and agreed, or not, to be reached there when the first fails."""
    with town.database.write() as session:
        contact = session.exec(select(ContactPoint).order_by(col(ContactPoint.created_at))).first()
        assert contact is not None
        session.get_one(Citizen, contact.citizen_id).fallback = consent
        other = ContactPoint(
            id=new_id(), citizen_id=contact.citizen_id, channel=channel, address=address, hint="…1",
            address_index=blind_index(str(channel), address), created_at=town.now,
        )  # fmt: skip
        session.add(other)
    return other.id


def answer(town: Town, text: str = "The pump is mended.") -> None:
    with town.database.write() as session:
        lifecycle.reply(session, town.case().id, town.viewer("officer1"), text, town.now, town.form())
    town.work()
    town.later(seconds=5)
    town.work()


def story(town: Town) -> list[str]:
    with town.database.read() as session:
        return [str(row.kind) for row in session.exec(select(TimelineEntry).order_by(col(TimelineEntry.number)))]


@pytest.mark.parametrize("how", ["refused", "receipt"])
def test_a_failed_answer_goes_another_way_and_ends_the_silence_there(town: Town, how: str) -> None:
    town.arrives(WATER)
    another_way(town)
    if how == "refused":
        town.failing[CITIZEN] = Failure.invalid_address
    answer(town)
    if how == "receipt":
        assert town.texts(CHAT) == []
        town.receipt(DeliveryStatus.failed, Failure.unreachable, which=1)
        town.later(seconds=5)
        town.work()
    (sent,) = town.texts(CHAT)
    assert "The pump is mended." in sent
    told = [kind for kind in story(town) if kind in (EntryKind.answer_failed, EntryKind.fell_back, "answer_delivered")]
    assert told == [EntryKind.answer_failed, EntryKind.fell_back, EntryKind.answer_delivered]
    assert town.clock(ClockKind.first_response).state == ClockState.met
    assert town.case().state == CaseState.answered
    assert town.case().first_response_at is not None
    if how == "receipt":
        town.receipt(DeliveryStatus.failed, Failure.unreachable, which=1)  # again, and late
    assert len(town.texts(CHAT)) == 1


@pytest.mark.parametrize(
    ("consent", "failure", "falls"),
    [
        (True, Failure.unreachable, True),
        (True, Failure.content_refused, True),
        (True, Failure.not_configured, True),
        (True, Failure.too_long, True),
        (False, Failure.unreachable, False),
        (True, Failure.opted_out, False),  # a no is an answer
        (True, Failure.blocked, False),
    ],
)
def test_only_by_consent_and_never_past_a_no(town: Town, consent: bool, failure: Failure, falls: bool) -> None:
    town.arrives(WATER)
    another_way(town, consent=consent)
    town.failing[CITIZEN] = failure
    answer(town)
    assert bool(town.texts(CHAT)) is falls
    assert (town.case().first_response_at is not None) is falls
    with town.database.read() as session:
        assert len(session.exec(select(Notice).where(col(Notice.dedupe_key).startswith("undelivered"))).all()) == 1


def test_a_no_that_comes_while_the_answer_is_on_its_way_is_not_followed_to_the_next_channel(town: Town) -> None:
    town.arrives(WATER)
    another_way(town)
    answer(town)
    town.arrives("STOP")
    town.receipt(DeliveryStatus.failed, Failure.unreachable, which=1)
    town.later(seconds=5)
    town.work()
    assert town.texts(CHAT) == []
    assert town.case().first_response_at is None


def test_it_is_tried_once_and_then_the_silence_goes_on(town: Town) -> None:
    town.arrives(WATER)
    another_way(town)
    another_way(town, channel=Channel.whatsapp, address="+355691112299")
    town.failing |= {CITIZEN: Failure.unreachable, CHAT: Failure.invalid_address, "+355691112299": Failure.unreachable}
    answer(town)
    assert [row.fallback_of is not None for row in town.outbox()] == [False, False, True]
    assert town.case().first_response_at is None
    assert town.case().state == CaseState.open


def test_the_preferred_way_goes_first(town: Town) -> None:
    town.arrives(WATER)
    another_way(town)
    wished = another_way(town, channel=Channel.whatsapp, address="+355691112299")
    with town.database.write() as session:
        session.exec(select(Citizen)).one().preferred_contact_id = wished
    town.failing[CITIZEN] = Failure.unreachable
    answer(town)
    assert town.texts("+355691112299")
    assert not town.texts(CHAT)


def test_a_citizen_who_wrote_meanwhile_is_not_taken_for_answered(town: Town) -> None:
    town.arrives(WATER)
    another_way(town, channel=Channel.whatsapp, address="+355691112299")
    town.failing[CITIZEN] = Failure.unreachable
    answer(town)
    town.later(minutes=5)
    town.arrives("Still nothing, and now the street is flooded")
    town.receipt(DeliveryStatus.delivered, which=0)
    assert town.case().state == CaseState.open
