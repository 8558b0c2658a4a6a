"""Settings of the weekly review; part of `core.settings`."""

from itertools import pairwise
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

ACTION_STEPS = ("owner", "head", "parent_office", "leadership")
"""Who an unfinished action is told on to, from the nearest upwards; a ladder may leave some out."""
_LONGEST = 250


class ReviewSettings(BaseSettings):
    """What comes of an action that is not done by its day."""

    action_ladder: Annotated[dict[str, int], NoDecode] = Field(
        {"owner": 1, "head": 3, "parent_office": 5, "leadership": 10},
        description="Working days after its day on which an unfinished action of a review is told on, as "
        "owner=1,head=3,parent_office=5,leadership=10.",
    )

    @field_validator("action_ladder", mode="before")
    @classmethod
    def _steps(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        steps = dict(part.strip().partition("=")[::2] for part in value.split(",") if part.strip())
        order = [name for name in ACTION_STEPS if name in steps]
        if not steps or list(steps) != order or not all(days.isascii() and days.isdecimal() for days in steps.values()):
            raise ValueError(f"names some of {', '.join(ACTION_STEPS)} in this order, as owner=1,head=3")
        days = [int(one) for one in steps.values()]
        if days[0] < 1 or days[-1] > _LONGEST or any(later <= sooner for sooner, later in pairwise(days)):
            raise ValueError(f"needs days from 1 to {_LONGEST}, each step later than the one before")
        return dict(zip(steps, days, strict=True))
