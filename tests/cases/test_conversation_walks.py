"""Any walk through a conversation: at most two questions, nothing lost, the menu always there, an end to all."""

from collections.abc import Callable
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from channels.values import Channel
from domain.citizen import ContactPoint
from domain.conversation import Conversation
from domain.inbox import InboundMessage
from domain.timeline import TimelineEntry
from tests.cases.chat import PHOTO, Citizen
from tests.cases.conftest import Town

MATTERS = (
    "It has been like this for a week and nobody comes",
    "There is no water in Lumas since Monday and the tap is dry",
    "My passport is late and nobody answers the phone",
    "The lamp in front of the school in Drenova is broken again",
)
ANSWERS = ("1", "2", "9", "Lumas", "passports", "yes", "thanks", "new", "?")
ORDERS = ("0", "menu", "STATUS", "/start", "/report", "/language")
STEPS = st.one_of(
    st.tuples(st.just("matter"), st.sampled_from(MATTERS)),
    st.tuples(st.just("answer"), st.sampled_from(ANSWERS)),
    st.tuples(st.just("order"), st.sampled_from(ORDERS)),
    st.tuples(st.just("press"), st.integers(0, 4)),
    st.tuples(st.just("photo"), st.just("")),
    st.tuples(st.just("wait"), st.sampled_from((1, 20, 40, 60 * 30, 60 * 24 * 9))),
)
numbers = count(1)


def spoke(citizen: Citizen, what: str, value: object) -> str:
    """Take one step; gives the matter that was told, made unlike any before."""
    match what:
        case "matter":
            told = f"{value}, house {next(numbers)}x"
            citizen.says(told)
            return told
        case "photo":
            citizen.says("", PHOTO)
        case "press":
            asked = [sent for sent in citizen.heard() if sent.buttons]
            offered = [b for row in asked[-1].buttons for b in row if b.data] if asked else []
            # what is thrown away by the citizen's own word is another test
            offered = [button for button in offered if not button.data.endswith(":again")]
            if offered:
                button = offered[int(str(value)) % len(offered)]
                place = citizen.town.sent.index(asked[-1]) + 1
                citizen.says(button.text, button=button.data, reply_to=f"OUT{place}", message_key="")
        case "wait":
            citizen.town.later(minutes=int(str(value)))
            citizen.settle()
        case _:
            citizen.says(str(value))
    return ""


def of_mine(town: Town, citizen: Citizen) -> tuple[list[Conversation], list[InboundMessage], list[TimelineEntry]]:
    with town.database.read() as session:
        contact = next((c for c in session.exec(select(ContactPoint)) if c.address == citizen.address), None)
        mine = [] if contact is None else [contact.id]
        talks = session.exec(select(Conversation).where(col(Conversation.contact_point_id).in_(mine))).all()
        rows = [row for row in session.exec(select(InboundMessage)) if row.sender == citizen.address]
        cases = {row.case_id for row in rows if row.case_id}
        entries = session.exec(select(TimelineEntry).where(col(TimelineEntry.case_id).in_(cases))).all()
    return list(talks), rows, list(entries)


def walked(town: Town, channel: Channel, steps: list[tuple[str, object]], asked: Callable[[Conversation], int]) -> None:
    citizen = Citizen(town, channel, f"+3556920{next(numbers):05d}" if channel is Channel.sms else f"7{next(numbers)}")
    told = []
    for what, value in steps:
        before = len(citizen.heard())
        matter = spoke(citizen, what, value)
        told += [matter] if matter else []
        if value in ("0", "menu"):
            citizen.settle()  # a chat that just got many messages waits its turn
            assert len(citizen.heard()) == before + 1
            assert "STATUS" in citizen.last.text
        talks, _, _ = of_mine(town, citizen)
        assert len(talks) <= 1
        assert all(asked(talk) <= 2 for talk in talks)
    for _ in range(3):  # all that was asked is let go, and what was asked then is too
        town.later(days=8)
        citizen.settle()
    talks, rows, entries = of_mine(town, citizen)
    assert talks == []
    kept = [str(entry.body.get("text")) for entry in entries if entry.kind in ("received", "citizen_wrote")]
    for matter in told:
        assert sum(matter in text for text in kept) == 1, (matter, kept)
    assert all(row.case_id for row in rows if row.outcome in ("held", "case", "continued"))
    assert all(row.state == "processed" for row in rows)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(channel=st.sampled_from((Channel.sms, Channel.telegram)), steps=st.lists(STEPS, min_size=3, max_size=10))
def test_any_walk(town: Town, channel: Channel, steps: list[tuple[str, object]]) -> None:
    walked(town, channel, steps, lambda talk: talk.asked)
