"""Replies in any order, repeated and late: what was said plainly is answered the same, once per question."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.values import Channel
from core.ids import new_id
from domain.outbox import OutboundMessage
from surveys.landing import land
from surveys.replies import Heard, Standing
from surveys.schedule import REPLY_TIME
from tests.builders import NOW, Government, government
from tests.conftest import Installation
from tests.surveys.talks import SHIPPED, Asked
from tests.surveys.test_reply_table import LANGUAGES

PLAIN: dict[str, tuple[str, object]] = {
    "rating": ("rating 2", 2),
    "reason": ("the queue", "wait"),
    "money": ("nobody asked for money", 0),
    "minutes": ("I waited 40 minutes", 40),
}
"""For each question a reply that can answer no other, and what it must come to."""
ASKED = tuple((one.code, NOW + timedelta(minutes=at)) for at, one in enumerate(SHIPPED[:4]))


@settings(deadline=None)  # the recogniser reads its weights at its first text
@given(
    st.lists(st.sampled_from(sorted(PLAIN)), max_size=8).flatmap(lambda more: st.permutations([*PLAIN, *more])),
    st.lists(st.integers(0, 60 * 24 * 13), min_size=12, max_size=12),
)
def test_plain_replies_come_to_the_same_in_any_order(order: list[str], minutes: list[int]) -> None:
    """All four questions were put; replies come at any time, in any order, any number of times."""
    answered: dict[str, int | str | None] = {}
    for code, late in zip(order, minutes, strict=False):
        heard = Heard(PLAIN[code][0], NOW + timedelta(minutes=10 + late))
        landed = land(Standing(SHIPPED, dict(answered), ASKED), heard, LANGUAGES)
        assert landed.taken, (code, answered)
        answered |= landed.values
    assert answered == {code: value for code, (_, value) in PLAIN.items()}


@settings(deadline=None)
@given(st.permutations([("rating", 4, 1), ("rating", 2, 2), ("money", 1, 3), ("money", 0, 4), ("rating", 5, 5)]))
def test_of_pressed_answers_the_last_of_each_question_counts(order: list[tuple[str, int, int]]) -> None:
    answered: dict[str, int | str | None] = {}
    for code, value, at in order:
        text = str(value) if code == "rating" else ("yes" if value else "no")
        landed = land(
            Standing(SHIPPED, dict(answered), ASKED), Heard(text, NOW + timedelta(hours=at), to=code), LANGUAGES
        )
        answered |= landed.values
    last = {code: value for code, value, _ in order}
    assert answered == last


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        found = government(session)
    return found


STEPS = st.one_of(
    st.tuples(st.just("press"), st.sampled_from(["rating:2", "rating:5", "reason:1", "money:1", "money:2", "words:0"])),
    st.tuples(st.just("quote"), st.sampled_from(["rating:4", "rating:1", "money:no", "money:yes, 500", "words:kind"])),
    st.tuples(st.just("say"), st.sampled_from(["5", "2", "no", "yes", "40 min", "1 or 2", "it was 3", "thanks", "B"])),
    st.tuples(st.just("wait"), st.sampled_from(["1", "2000", "30000"])),
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=st.lists(STEPS, min_size=4, max_size=10), channel=st.sampled_from([Channel.sms, Channel.telegram]))
def test_whatever_is_replied_each_question_is_put_once_and_answered_once(
    installation: Installation, known: Government, steps: list[tuple[str, str]], channel: Channel
) -> None:
    asked = Asked(installation.database, known, channel)
    for what, value in steps:
        code, _, said = value.partition(":")
        match what:
            case "press":
                before = asked.answers()
                asked.presses(code, int(said))
                assert {key: kept for key, kept in before.items() if key not in (code, "words")} == {
                    key: kept for key, kept in asked.answers().items() if key in before and key not in (code, "words")
                }, "a press changes its own question alone"
            case "quote":
                put = {str(one["question"]): str(one["message"]) for one in asked.invitation().asked}
                if code in put:
                    key = new_id().hex
                    with asked.database.write() as session:
                        message = session.get_one(OutboundMessage, UUID(put[code]))
                        message.provider_id = key
                    last = max(datetime.fromisoformat(str(one["at"])) for one in asked.invitation().asked)
                    late = asked.now + timedelta(minutes=1) - last > REPLY_TIME
                    assert (asked.says(said, reply_to=key) is not None) or late, "late, more than an answer is none"
                    assert code in asked.answers() or late
            case "say":
                asked.says(value)
            case _:
                asked.now += timedelta(minutes=int(value))
    asked.rows()  # one row a question, or it raises
    put_codes = [str(one["question"]) for one in asked.invitation().asked]
    assert len(put_codes) == len(set(put_codes))
    bodies = [row.body for row in asked.sent()]
    assert len(bodies) == len(set(bodies)), "no message is sent twice"
    assert len([row for row in asked.sent() if row.purpose == "survey_thanks"]) <= 1
