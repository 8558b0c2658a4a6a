"""By what a step of a ladder tells, as its form has it: one choice for the channels, one tick for the citizen."""

from collections.abc import Mapping
from itertools import combinations

from escalation.ladder import BY

ALONE, USUAL = "none", "email"
WORDS = {"email": "e-mail", "sms": "SMS", "telegram": "Telegram"}
"""Channels as staff read them."""
WAYS = {
    ALONE: "in the program alone",
    **{
        "+".join(some): "by " + " and ".join(WORDS[one] for one in some)
        for size in range(1, len(BY) + 1)
        for some in combinations(BY, size)
    },
}
"""Every choice there is, with what it is called."""


def way_of(step: Mapping[str, object]) -> str:
    """The choice that a step stands for."""
    by = step.get("by")
    if not isinstance(by, list):
        return USUAL
    return "+".join(one for one in BY if one in by) or ALONE


def said(way: str, *, citizen: bool) -> dict[str, object]:
    """What a step says besides, for one of `WAYS`."""
    step: dict[str, object] = {"by": [] if way == ALONE else way.split("+")}
    return {**step, "citizen": True} if citizen else step


def words(step: Mapping[str, object]) -> str:
    """What a step does besides telling in the program by e-mail, in words that follow others; empty for no more."""
    way = way_of(step)
    told = [f", {WAYS[way]}"] if way != USUAL else []
    return "".join([*told, ", and the citizen hears of it"] if step.get("citizen") is True else told)
