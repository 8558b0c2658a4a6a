"""What else people answered after the rating: why, whether money was asked for, how long they waited, how often.

The dice are its own, so that the rest of the history is what it was.
"""

import random
from collections.abc import Mapping

from cli.sample.world import World
from core.ids import new_id
from domain.survey import Answer

_WHY = {"wait": 38, "staff": 18, "papers": 20, "unclear": 16, "closed": 8}
_MONEY = {"CIV3": 0.16, "LND1": 0.22, "MUN3": 0.12}
_MONEY_ELSEWHERE = 0.03
_UNHAPPY = 3
_TELLS = 0.8
"""Share of those who answered one question who answer the next."""


def write(world: World) -> None:
    """Gather more answers to the surveys that were answered."""
    dice = random.Random(len(world.rows.of(Answer)))
    codes = {office.id: office.code for office in world.known.offices.values()}
    ratings = [row for row in world.rows.of(Answer) if row.question == "rating" and row.invitation_id]
    for rating in ratings:
        given: dict[str, int | str] = {}
        if rating.value <= _UNHAPPY and dice.random() < _TELLS:
            given["reason"] = dice.choices(list(_WHY), list(_WHY.values()))[0]
        if dice.random() < _TELLS:
            given["money"] = int(dice.random() < _MONEY.get(codes[rating.office_id], _MONEY_ELSEWHERE))
        if given.get("reason") == "wait" and dice.random() < _TELLS:
            given["minutes"] = 5 * round(dice.lognormvariate(2.2, 0.6))
        if given.get("reason") == "papers" and dice.random() < _TELLS:
            given["visits"] = 2 + int(dice.expovariate(1.1))
        _put(world, rating, given)


def _put(world: World, rating: Answer, given: Mapping[str, int | str]) -> None:
    for question, value in given.items():
        world.rows.add(
            Answer,
            id=new_id(),
            source_id=rating.source_id,
            question=question,
            invitation_id=rating.invitation_id,
            office_id=rating.office_id,
            service_id=rating.service_id,
            channel=rating.channel,
            value=value if isinstance(value, int) else None,
            text=value if isinstance(value, str) else None,
            answered_at=rating.answered_at,
        )
