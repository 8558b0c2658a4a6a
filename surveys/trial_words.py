"""What a trial found, in sentences that somebody reads who never learnt what an interval is."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.trial import Outcome, Stop, Trial
from surveys.trial_arms import arms_of
from surveys.trial_results import needed


class Standing(StrEnum):
    """How far a trial is: not read by a second person, not begun, taking people in, waiting for the last answers, or
    over."""

    unread = "unread"
    registered = "registered"
    running = "running"
    waiting = "waiting"
    over = "over"


MORE: dict[Outcome, tuple[str, str]] = {
    Outcome.response: ("more answers per 100 asked", "fewer answers per 100 asked"),
    Outcome.satisfied: ("more satisfied of 100 who rated", "fewer satisfied of 100 who rated"),
    Outcome.money: ("more reports of money per 100 asked", "fewer reports of money per 100 asked"),
    Outcome.solved: ("more solved per 100 asked", "fewer solved per 100 asked"),
    Outcome.renewed: ("more who came again per 100 told", "fewer who came again per 100 told"),
    Outcome.rating: ("higher ratings", "lower ratings"),
}


def standing(trial: Trial, now: datetime) -> Standing:
    """How far it is."""
    if trial.ended_at is not None:
        return Standing.over
    if trial.confirmed_at is None:
        return Standing.unread
    if now < trial.starts_at:
        return Standing.registered
    return Standing.waiting if trial.entered >= trial.planned else Standing.running


def sentences(trial: Trial, result: Mapping[str, Any]) -> list[str]:
    """What one look found, an arm a sentence, and what it is worth."""
    return [*(_compared(trial, Outcome(trial.outcome), one) for one in result["found"]), _worth(trial, result)]


def beside(trial: Trial, outcome: str, found: list[Mapping[str, Any]]) -> list[str]:
    """What was measured beside the outcome; no verdict."""
    names = [arm.name for arm in arms_of(trial)]
    told = []
    for one in found:
        if one["effect"] is None:
            told.append(f"“{names[one['arm']]}”: too few to say.")
        else:
            fits = f"{_signed(outcome, one['low'])} to {_signed(outcome, one['high'])}"
            told.append(f"“{names[one['arm']]}”: {_signed(outcome, one['effect'])} ({fits}).")
    return told


def level(trial: Trial, outcome: Outcome, value: float) -> str:
    """An outcome of one arm: "34.0 of 100", or a rating of 5."""
    return f"{value:.2f} of 5" if outcome is Outcome.rating else f"{value * 100:.1f} of 100"


def _compared(trial: Trial, outcome: Outcome, one: Mapping[str, Any]) -> str:
    name = arms_of(trial)[one["arm"]].name
    if one["effect"] is None:
        return f"Of “{name}” nothing can be said: too few answered."
    if one["differs"]:
        effect, low, high = one["effect"], one["low"], one["high"]
        if effect < 0:
            effect, low, high = -effect, -high, -low
        more, fits = MORE[outcome][one["effect"] < 0], f"({_size(outcome, low)} to {_size(outcome, high)})"
        if outcome is Outcome.rating:
            return f"“{name}” brought {more}: by {_size(outcome, effect)} of 5 {fits}."
        return f"“{name}” brought {_size(outcome, effect)} {more} {fits}."
    return (
        f"“{name}” made no difference that can be told from chance: {_either(outcome, one['effect'])},"
        f" and anything from {_either(outcome, one['low'])} to {_either(outcome, one['high'])} fits what was seen."
    )


def _worth(trial: Trial, result: Mapping[str, Any]) -> str:
    counted = sum(arm["assigned"] for arm in result["arms"])
    if result["early"]:
        why = "It did harm and was ended" if trial.stopped == Stop.harm else "It was ended"
        return f"{why} with {counted:,} of {trial.planned:,} planned, so this is nothing to act on."
    if result["look"] < trial.looks:
        if any(one["differs"] for one in result["found"]):
            look = f"look {result['look']} of {trial.looks}"
            return f"The bound of {look} is passed with {counted:,} citizens, so it is over."
        left = needed(trial, result["look"] + 1)
        return f"This was look {result['look']} of {trial.looks}; the next comes with {left:,} citizens."
    return f"The planned number of {trial.planned:,} is reached."


def _either(outcome: Outcome, value: float) -> str:
    """A difference with its direction in words."""
    more, fewer = MORE[outcome]
    if outcome is Outcome.rating:
        return f"{_size(outcome, abs(value))} of 5 {'higher' if value >= 0 else 'lower'}"
    return f"{_size(outcome, abs(value))} {more if value >= 0 else fewer}"


def _size(outcome: Outcome, value: float) -> str:
    return f"{value:.2f}" if outcome is Outcome.rating else f"{value * 100:.1f}"


def _signed(outcome: str, value: float) -> str:
    return f"{value:+.2f}" if outcome == Outcome.rating else f"{value * 100:+.1f} of 100"
