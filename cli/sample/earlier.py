"""Two matters that go back most of a year, and what was done about them: after one the complaints fell, after the other
they did not. Without so many weeks nobody could tell."""

import contextlib
import random
import tomllib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any, Protocol

from channels.values import Channel
from cli.sample import aftercare, answers, plots
from cli.sample.story import Present
from cli.sample.world import World
from core.ids import new_id
from core.settings import settings
from domain.case import Case
from domain.review import Action, ActionAct, ActionEntry, Finding, Review
from domain.states import OfficeFunction, Role

DECIDED, DONE = 18, 15
"""Weeks ago that it was decided on, and done."""
BEFORE, LEAD = 24, 4
"""Weeks told of before the decision, and those of them that led to it."""
WEEK = timedelta(weeks=1)
MOST = 20
"""Complaints that may come in a week."""
_CHANNELS = (Channel.sms, Channel.telegram, Channel.sms, Channel.whatsapp)
"""Those whose messages are complaints; on the web a citizen says what it is."""


class Text(Protocol):
    """A text of the starter set."""

    @property
    def text(self) -> str: ...
    @property
    def service(self) -> str: ...
    @property
    def language(self) -> str: ...


@lru_cache(maxsize=1)
def book() -> dict[str, Any]:
    """Causes, and what was done about them."""
    return tomllib.loads((resources.files("cli.sample") / "data" / "causes.toml").read_text("utf-8"))


def write(world: World, texts: Sequence[Text]) -> int:
    """Gather the cases, and the meetings that decided; how many cases."""
    return sum(
        _matter(world, one, [text for text in texts if text.service == one["service"]]) for one in book()["earlier"]
    )


def _matter(world: World, matter: dict[str, Any], texts: Sequence[Text]) -> int:
    dice = random.Random(matter["office"])
    today = world.now.astimezone(settings().zone).date()
    monday = today - timedelta(days=today.weekday())
    cases: list[Case] = []
    for ago in range(DECIDED + BEFORE + LEAD, 0, -1):
        usual = (
            matter["after"] if ago < DONE else matter["lead"] if DECIDED < ago <= DECIDED + LEAD else matter["before"]
        )
        for _ in range(sum(dice.random() < usual / MOST for _ in range(MOST))):
            at = _moment(dice, monday - ago * WEEK)
            cases.append(_case(world, matter, dice.choice(texts), dice.choice(_CHANNELS), at, dice))
    decided_at = datetime.combine(monday - DECIDED * WEEK, time(9, 25), settings().zone).astimezone(world.now.tzinfo)
    _meeting(world, matter, [case for case in cases if case.received_at < decided_at][-1], decided_at)
    return len(cases)


def _moment(dice: random.Random, monday: date) -> datetime:
    day = monday + timedelta(days=dice.choices(range(7), (13, 12, 11, 11, 10, 6, 5))[0])
    local = datetime.combine(day, time(dice.randint(7, 20), dice.randint(0, 59), dice.randint(0, 59)), settings().zone)
    return local.astimezone(settings().zone)


def _case(
    world: World, matter: dict[str, Any], text: Text, channel: Channel, at: datetime, dice: random.Random
) -> Case:
    """It came, was answered and closed: nothing of it is open any more."""
    moment = at.astimezone(world.now.tzinfo)
    words = f"{text.text} {matter['place']}"
    story = plots.open_case(world, plots.Message(moment, channel, text.language, words, matter["service"], picked=True))
    with contextlib.suppress(Present):
        answers.answer(story, dice.uniform(2, 14))
        aftercare.close(story, dice.uniform(4, 24))
    story.finish()
    case: Case = story.case
    return case


def _meeting(world: World, matter: dict[str, Any], case: Case, at: datetime) -> None:
    office = world.known.office_by_code[matter["review"]]
    top = world.known.with_function(OfficeFunction.leadership)
    chair = (world.people[office.id, Role.head] or (world.people[top.id, Role.leadership] if top else []))[0]
    review = world.rows.add(
        Review,
        id=new_id(),
        office_id=office.id,
        week=at.astimezone(settings().zone).date() - WEEK,
        opened_at=at - timedelta(minutes=25),
        closed_at=at + timedelta(minutes=25),
        chair_id=chair.id,
    )
    world.rows.add(
        Finding,
        id=new_id(),
        review_id=review.id,
        case_id=case.id,
        why=matter["why"],
        decision=matter["decision"],
        at=at,
        author_id=chair.id,
    )
    owner = (world.people[case.office_id, Role.head] or [chair])[0]
    done = at + (DECIDED - DONE) * WEEK + timedelta(days=1, hours=4)
    action = world.rows.add(
        Action,
        id=new_id(),
        review_id=review.id,
        office_id=office.id,
        case_id=case.id,
        what=matter["action"],
        owner_id=owner.id,
        due_on=done.date() + timedelta(days=3),
        done_at=done,
        done_note=matter["note"],
        created_at=at,
    )
    world.rows.add(
        ActionEntry,
        id=new_id(),
        action_id=action.id,
        act=ActionAct.done,
        staff_id=owner.id,
        at=done,
        note=matter["note"],
    )
