"""One person on several channels: joined by proof alone, split without loss, spoken to where they want."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from cases import history, lifecycle, people
from cases.people import ASKED_A_DAY, SENT_A_DAY, TRIES, Asked, Tried
from channels.errors import Failure
from channels.values import Channel, DeliveryStatus
from core.errors import BadInput, NotAllowed, NotFound
from core.settings import settings
from domain.case import Case
from domain.citizen import Citizen, ContactJoin, ContactPoint, ContactProof
from domain.inbox import InboundMessage
from domain.states import Purpose
from domain.timeline import TimelineEntry, faults
from tests.cases.conftest import CITIZEN, Town

CHAT = "7100000101"
NUMBER = "+355694445566"
MAIL = "arta@velmora.example"


def chat(town: Town, text: str, **details: Any) -> None:
    """A message in Telegram, some time after the one before: a chat takes one message of ours a second."""
    town.later(seconds=30)
    town.arrives(text, sender=CHAT, channel=Channel.telegram, **details)


def code_to(town: Town, to: str = CITIZEN) -> str:
    """The newest code that was sent somewhere."""
    return next(m[1] for text in reversed(town.texts(to)) if (m := re.search(r"code is (\d{6})", text)))


def points(town: Town) -> dict[str, ContactPoint]:
    with town.database.read() as session:
        return {str(one.channel): one for one in session.exec(select(ContactPoint))}


def joined(town: Town) -> Case:
    """A case by SMS, and the same citizen in Telegram, proven by a code."""
    town.arrives("No water in Lumas since Monday", language="en", office="WAT1")
    chat(town, f"LINK {CITIZEN}", language="en")
    chat(town, code_to(town))
    assert "one person" in town.texts(CHAT)[-1]
    return town.case()


def wrong(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 1_000_000:06d}"


def test_a_code_joins_two_channels_and_the_cases_follow(town: Town) -> None:
    case = joined(town)
    found = points(town)
    assert found["sms"].citizen_id == found["telegram"].citizen_id == town.case().citizen_id
    assert found["sms"].verified_at is not None
    with town.database.read() as session:
        (proof,) = session.exec(select(ContactProof)).all()
        (join,) = session.exec(select(ContactJoin)).all()
        assert len(session.exec(select(Citizen)).all()) == 2, "nobody is deleted: it can be taken back"
    assert (proof.attempts, proof.used_at) == (1, town.now)
    assert re.fullmatch(r"[0-9a-f]{64}", proof.code_hash)
    assert (join.contact_point_id, join.proof) == (found["sms"].id, "code to sms")
    codes = [row for row in town.outbox() if row.purpose == Purpose.proof]
    assert [(row.state, row.body) for row in codes] == [("accepted", "")], "a code that left stands nowhere readable"
    chat(town, "STATUS")
    assert case.reference in town.texts(CHAT)[-1]
    chat(town, f"STATUS {case.reference}")
    assert case.reference in town.texts(CHAT)[-1]
    chat(town, f"{case.reference} and the pump is broken too")
    assert len(town.cases()) == 1, "more of the same case, from the other channel"


ORDERS = {
    "LINK 069 111 2233": True, "link +355691112233": True, "Lidh 0691112233": True, "СВЯЗАТЬ +355 69 111 2233": True,
    "যুক্ত ০৬৯১১১২২৩৩": True, "/link 0691112233": True, "LINK: 069-111-2233": True,
    "LINK 04 223 4567": False, "LINK": False, "LINK 12": False,
}  # fmt: skip


def test_how_linking_is_asked_for(town: Town) -> None:
    for place, (text, sent) in enumerate(ORDERS.items()):
        with town.database.write() as session:
            for proof in session.exec(select(ContactProof)):
                proof.created_at -= timedelta(days=2)
        before = len(town.texts())
        town.arrives(text, sender=f"71000002{place:02d}", channel=Channel.telegram, language="en")
        assert (len(town.texts()) > before) is sent, text
        said = town.texts(f"71000002{place:02d}")[-1]
        assert ("…233" in said) is sent, text
    assert town.cases() == []
    for story in ("Link road in Lumas is flooded", "link " + "the road is flooded 4 times " * 9, "482913"):
        count = len(town.cases())
        town.arrives(story, sender=f"+3556911199{count:02d}")
        assert len(town.cases()) == count + 1, f"a report, and no order: {story}"


def test_codes_are_for_one_use_few_tries_and_a_short_while(town: Town) -> None:
    town.arrives("No water in Lumas")
    chat(town, f"LINK {CITIZEN}", language="en")
    code = code_to(town)
    for place in range(1, TRIES):
        chat(town, wrong(code, place))
        assert "not the code" in town.texts(CHAT)[-1]
    chat(town, wrong(code, TRIES))
    assert "not good any more" in town.texts(CHAT)[-1]
    chat(town, code)
    assert points(town)["sms"].citizen_id != points(town)["telegram"].citizen_id, "too late even for the right one"

    chat(town, f"LINK {CITIZEN}")
    late = code_to(town)
    town.later(minutes=settings().proof_minutes, seconds=1)
    chat(town, late)
    assert points(town)["sms"].citizen_id != points(town)["telegram"].citizen_id
    chat(town, f"LINK {CITIZEN}")
    once = code_to(town)
    town.arrives(once, sender=NUMBER, channel=Channel.whatsapp)  # somebody else types it
    assert points(town)["sms"].citizen_id != points(town)["telegram"].citizen_id
    chat(town, once)
    assert points(town)["sms"].citizen_id == points(town)["telegram"].citizen_id
    chat(town, "UNLINK")
    chat(town, once)
    assert points(town)["sms"].citizen_id != points(town)["telegram"].citizen_id, "used once"


def test_a_newer_code_voids_the_older(town: Town) -> None:
    town.arrives("No water in Lumas")
    chat(town, f"LINK {CITIZEN}", language="en")
    older = code_to(town)
    chat(town, f"LINK {CITIZEN}")
    if older != code_to(town):
        chat(town, older)
        assert points(town)["sms"].citizen_id != points(town)["telegram"].citizen_id
    chat(town, code_to(town))
    assert points(town)["sms"].citizen_id == points(town)["telegram"].citizen_id


def test_nobody_is_pestered_with_codes(town: Town) -> None:
    town.arrives("No water in Lumas")
    for place in range(SENT_A_DAY + 2):
        town.arrives(f"LINK {CITIZEN}", sender=f"71000003{place:02d}", channel=Channel.telegram, language="en")
    assert sum("code is" in text for text in town.texts()) == SENT_A_DAY
    assert "too often" in town.texts(f"71000003{SENT_A_DAY + 1:02d}")[-1]
    for place in range(ASKED_A_DAY + 1):
        chat(town, f"LINK +3556944455{place:02d}", language="en")
        town.later(minutes=1)
    assert "too often" in town.texts(CHAT)[-1]
    town.later(days=1)
    chat(town, f"LINK {CITIZEN}")
    assert "on its way" in town.texts(CHAT)[-1]


def test_who_stopped_our_messages_gets_no_code_and_nobody_learns_it(town: Town) -> None:
    town.arrives("No water in Lumas")
    town.arrives("STOP")
    before = town.texts()
    chat(town, f"LINK {CITIZEN}", language="en")
    chat(town, f"LINK {NUMBER}", language="en")
    assert town.texts() == before
    stopped, unknown = town.texts(CHAT)[-2:]
    assert stopped.replace("…233", "") == unknown.replace("…566", "")


def test_telegram_vouches_for_a_number_nobody_wrote_from(town: Town) -> None:
    chat(town, "", contact=NUMBER, language="en")
    assert "one person" in town.texts(CHAT)[-1]
    assert points(town)["sms"].citizen_id == points(town)["telegram"].citizen_id
    with town.database.read() as session:
        assert session.exec(select(ContactJoin.proof)).one() == "shared by Telegram"
    assert town.cases() == []


def test_a_shared_number_with_a_history_is_sent_a_code(town: Town) -> None:
    """It may be somebody else's by now: Telegram asks for the SIM only once."""
    town.arrives("No water in Lumas")
    chat(town, "", contact=CITIZEN, language="en")
    assert points(town)["sms"].citizen_id != points(town)["telegram"].citizen_id
    chat(town, code_to(town))
    assert points(town)["sms"].citizen_id == points(town)["telegram"].citizen_id


def test_somebody_else_s_card_proves_nothing(town: Town) -> None:
    chat(town, "", shared_contact=NUMBER, language="en")
    assert set(points(town)) == {"telegram"}
    with town.database.read() as session:
        assert NUMBER not in str(session.exec(select(InboundMessage)).one().details)


@pytest.mark.parametrize("where", ["sms", "telegram"])
def test_a_citizen_takes_it_back_from_either_side(town: Town, where: str) -> None:
    case = joined(town)
    before = case.citizen_id
    if where == "sms":
        town.arrives("UNLINK")
    else:
        chat(town, "UNLINK")
    found = points(town)
    assert found["sms"].citizen_id != found["telegram"].citizen_id
    assert town.case().citizen_id == found["sms"].citizen_id != before
    with town.database.read() as session:
        join = session.exec(select(ContactJoin)).one()
    assert (join.undone_at, join.undone_by, join.undone_why) == (town.now, None, "the citizen asked")
    chat(town, f"STATUS {case.reference}")
    assert "We found no message" in town.texts(CHAT)[-1]
    chat(town, "UNLINK")
    assert "Nothing is joined" in town.texts(CHAT)[-1]


def reply(town: Town, text: str) -> None:
    with town.database.write() as session:
        lifecycle.reply(session, town.case().id, town.viewer("officer1"), text, town.now, town.form())
    town.work()


def test_answers_go_where_the_citizen_prefers(town: Town) -> None:
    joined(town)
    reply(town, "First.")
    assert "First." in town.texts()[-1]
    town.receipt(DeliveryStatus.delivered)
    chat(town, "PREFER")
    town.later(hours=1)
    reply(town, "Second.")
    assert "Second." in town.texts(CHAT)[-1]
    assert not any("Second." in text for text in town.texts())
    chat(town, "STOP")
    reply(town, "Third.")
    assert "Third." in town.texts()[-1], "an opt-out holds for its own contact point"
    assert points(town)["sms"].opted_out_at is None


def test_a_message_that_does_not_arrive_goes_the_other_way_only_with_consent(town: Town) -> None:
    joined(town)
    town.failing[CITIZEN] = Failure.unreachable
    reply(town, "Alone.")
    assert not any("Alone." in text for text in town.texts(CHAT))
    chat(town, "BOTH")
    with town.database.write() as session:
        session.exec(select(ContactPoint).where(col(ContactPoint.channel) == "sms")).one().unreachable_at = None
    reply(town, "Either way.")
    town.later(seconds=30)
    town.work()
    assert any("Either way." in text for text in town.texts(CHAT))
    chat(town, "ONLY")
    with town.database.read() as session:
        assert [one for one in session.exec(select(Citizen)) if one.fallback] == []


def test_what_was_told_in_confidence_stays_where_it_was_told(town: Town) -> None:
    case = joined(town)
    chat(town, "PREFER")
    chat(town, "BOTH")
    with town.database.write() as session:
        session.get_one(Case, case.id).confidential = True
    for asked in ("STATUS", f"STATUS {case.reference}"):
        chat(town, asked)
        assert "Office WAT1" not in town.texts(CHAT)[-1]
    town.arrives(f"STATUS {case.reference}")
    assert "Office WAT1" in town.texts()[-1]
    reply(town, "In confidence.")
    assert "In confidence." in town.texts()[-1]
    town.receipt(DeliveryStatus.failed, Failure.unreachable)
    assert not any("In confidence." in text for text in town.texts(CHAT))
    with town.database.read() as session:
        assert history.earlier(session, town.viewer("officer1"), session.get_one(Case, case.id)) == []
    other, head = points(town)["telegram"].id, town.viewer("head1")
    with town.database.write() as session:
        held = session.get_one(Case, case.id)
        with pytest.raises(NotAllowed):
            people.split_by_staff(session, held, other, head, "They say so", town.now, "t")


def test_staff_take_a_wrong_join_apart_with_a_reason(town: Town) -> None:
    case = joined(town)
    other = points(town)["telegram"].id

    def attempt(who: str, why: str = "Another person has this phone now") -> None:
        with town.database.write() as session:
            held = session.get_one(Case, case.id, with_for_update=True)
            people.split_by_staff(session, held, other, town.viewer(who), why, town.now, "t1")

    for who in ("officer1", "officer2", "auditor"):
        with pytest.raises(NotAllowed):
            attempt(who)
    with pytest.raises(BadInput):
        attempt("head1", " ")
    attempt("head1")
    found = points(town)
    assert found["sms"].citizen_id != found["telegram"].citizen_id
    with town.database.read() as session:
        entries = session.exec(select(TimelineEntry).where(col(TimelineEntry.case_id) == case.id)).all()
        join = session.exec(select(ContactJoin)).one()
        assert faults(session.get_one(Case, case.id), sorted(entries, key=lambda entry: entry.number)) == []
    assert "Another person has this phone now" in str(entries[-1].body)
    assert CHAT not in str([entry.body for entry in entries])
    assert (join.undone_by, join.undone_why) == (town.known.staff["head1"], "Another person has this phone now")
    with pytest.raises(NotFound):
        attempt("head1")


# -- in any order --------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(st.sampled_from(["link", "right", "wrong", "split"]), st.integers(0, 3), st.integers(0, 3)), max_size=14
)


def people_of(session: Session, town: Town) -> list[ContactPoint]:
    """Four contact points of four citizens, each with a case, made anew."""
    made = []
    for place in range(4):
        citizen = Citizen(created_at=town.now)
        session.add(citizen)
        session.flush()
        key = f"{citizen.id.hex}{place}"
        contact = ContactPoint(
            citizen_id=citizen.id,
            channel=Channel.telegram,
            address=key,
            address_index=key,
            hint="…",
            language="en",
            created_at=town.now,
        )
        session.add(contact)
        session.flush()
        made.append(contact)
    return made


@given(steps=STEPS)
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
def test_whatever_is_joined_and_split_in_any_order(town: Town, steps: list[tuple[str, int, int]]) -> None:
    """Each contact point has exactly one citizen, no join without a proof, no code twice, and all of it undone is as
    it was."""
    codes: dict[tuple[UUID, UUID], str] = {}
    with town.database.write() as session:
        contacts = people_of(session, town)
        began = {one.id: one.citizen_id for one in contacts}
        proven: list[tuple[UUID, UUID]] = []
        for step, left, right in steps:
            a, b = contacts[left], contacts[right]
            if step == "link" and a.id != b.id:
                if people.ask_proof(session, a, b, town.now) is Asked.sent:
                    codes[(a.id, b.id)] = newest_code(session, b)
            elif step == "right" and (a.id, b.id) in codes:
                tried, target = people.prove(session, a, codes.pop((a.id, b.id)), town.now)
                if tried is Tried.right and target is not None:
                    assert target.id == b.id
                    proven.append((a.id, b.id))
                    people.join(session, a, target, "code", town.now)
                    assert people.prove(session, a, newest_code(session, b), town.now)[0] is not Tried.right
            elif step == "wrong" and (a.id, b.id) in codes:
                assert people.prove(session, a, wrong(codes[(a.id, b.id)]), town.now)[1] is None or len(codes) > 1
            elif step == "split":
                people.split(session, a, "test", town.now)
            joins = session.exec(select(ContactJoin).where(col(ContactJoin.contact_point_id).in_(began))).all()
            assert len(joins) <= len(proven)
            for one in contacts:
                alive = sorted((j for j in joins if j.contact_point_id == one.id and j.undone_at is None), key=at)
                assert one.citizen_id == (alive[-1].to_citizen_id if alive else began[one.id])
        for _ in steps:
            for one in contacts:
                people.split(session, one, "test", town.now)
        assert {one.id: one.citizen_id for one in contacts} == began
        session.rollback()


def at(join: ContactJoin) -> Any:
    return (join.at, join.id)


def newest_code(session: Session, contact: ContactPoint) -> str:
    """The code last written to a contact point."""
    from domain.outbox import OutboundMessage

    bodies = session.exec(
        select(OutboundMessage.body)
        .where(col(OutboundMessage.contact_point_id) == contact.id, col(OutboundMessage.purpose) == Purpose.proof)
        .order_by(col(OutboundMessage.id).desc())
    ).first()
    found = re.search(r"\d{6}", bodies or "")
    return found[0] if found else "000000"
