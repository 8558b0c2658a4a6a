"""What the pages of the trials show of a trial, of its results, and of a plan that is not registered yet."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from api.wordings import price
from channels.values import Channel
from core.i18n import language_name
from core.settings import settings
from domain.catalogue import Catalogue
from domain.staff import Staff
from domain.trial import Moment, Outcome, Trial
from domain.visibility import Viewer, sees_money
from notifications import checking, compose, wordings
from notifications.segments import for_sms, weigh
from surveys import trials
from surveys.trial_arms import Arm, arms_of, pledge
from surveys.trial_lately import Lately, lately
from surveys.trial_plan import Draft, ends
from surveys.trial_protocol import MEASURES, MOMENTS, people
from surveys.trial_results import awaited
from surveys.trial_words import Standing, beside, level, sentences, standing


def may_see(known: Catalogue, who: Viewer, trial: Trial, outcome: Outcome) -> bool:
    """Whether somebody may read an outcome: of money only who may see it of all these offices, and of enough answers
    in each arm."""
    if outcome is not Outcome.money:
        return True
    least = settings().survey_money_least
    enough = all(arm["answered"] >= least for one in trial.results for arm in one["arms"])
    offices = trials.population_of(known, trial).offices or frozenset(known.offices)
    return enough and sees_money(known, who, offices)


def line_of(known: Catalogue, who: Viewer, trial: Trial, now: datetime) -> dict[str, object]:
    """A trial in the list: how far it is, and its first sentence where it is over."""
    open_to = bool(trial.results) and may_see(known, who, trial, Outcome(trial.outcome))
    found = sentences(trial, trial.results[-1]) if open_to else []
    return {
        "id": str(trial.id),
        "title": trial.title,
        "standing": str(standing(trial, now)),
        "stopped": trial.stopped,
        "people": people(known, trial),
        "entered": trial.entered,
        "planned": trial.planned,
        "starts": trial.starts_at,
        "ended": trial.ended_at,
        "found": found[0] if found else "",
        "promoted": _promoted(trial),
    }


def shown(session: Session, known: Catalogue, who: Viewer, trial: Trial, now: datetime) -> dict[str, object]:
    """A trial on its own page; by arm only what was written down, and may be seen."""
    at = standing(trial, now)
    hidden = bool(trial.results) and not may_see(known, who, trial, Outcome(trial.outcome))
    result = trial.results[-1] if trial.results and not hidden else None
    money = may_see(known, who, trial, Outcome.money)
    seen = (
        lately(session, known, trial.population, now, Moment(trial.moment))
        if at in (Standing.running, Standing.registered)
        else Lately()
    )
    by = session.get(Staff, trial.registered_by) if trial.registered_by else None
    second = session.get(Staff, trial.confirmed_by) if trial.confirmed_by else None
    ended_by = session.get(Staff, trial.ended_by) if trial.ended_by else None
    return {
        "id": str(trial.id),
        "title": trial.title,
        "hypothesis": trial.hypothesis,
        "standing": str(at),
        "stopped": trial.stopped,
        "end_reason": trial.end_reason or "",
        "ended": trial.ended_at,
        "ended_by": ended_by.name if ended_by else "",
        "people": people(known, trial),
        "moment": MOMENTS[trial.moment],
        "measured": MEASURES[trial.outcome],
        "effect": f"{trial.effect:.2f} of 5" if trial.outcome == Outcome.rating else f"{trial.effect * 100:g} of 100",
        "power": trial.power,
        "alpha": trial.alpha,
        "looks": trial.looks,
        "days": trial.days,
        "planned": trial.planned,
        "entered": trial.entered,
        "awaited": awaited(session, trial, now) if at in (Standing.running, Standing.waiting) else 0,
        "expected": ends(trial, seen.per_day),
        "starts": trial.starts_at,
        "registered": trial.registered_at,
        "registered_by": by.name if by else "",
        "confirmed": trial.confirmed_at,
        "confirmed_by": second.name if second else "",
        "pledge": pledge(trial.seed),
        "arms": [{**_arm(arm), "bubbles": _bubbles(str(trial.moment), arm)} for arm in arms_of(trial)],
        "renewing": trial.moment == Moment.expiring,
        "hidden": hidden,
        "result": _result(trial, result, money) if result else None,
        "earlier": [
            {"at": datetime.fromisoformat(one["at"]), "sentences": sentences(trial, one)}
            for one in ([] if hidden else trial.results[:-1])
        ],
        "promoted": trial.promoted_arm,
        "promoted_name": _promoted(trial),
        "promoted_at": trial.promoted_at,
        "may_promote": trial.stopped in ("planned", "bound"),
    }


def preview_of(known: Catalogue, plan: Draft) -> dict[str, object]:
    """What registering would come to."""
    trial = plan.trial
    return {
        "planned": trial.planned,
        "per_arm": plan.per_arm,
        "arms": [{**_arm(arm), "bubbles": _bubbles(str(trial.moment), arm)} for arm in arms_of(trial)],
        "ends": plan.ends,
        "lately": lately_shown(plan.lately),
        "people": people(known, trial),
        "base": level(trial, Outcome(trial.outcome), trial.base),
        "looks": trial.looks,
        "days": trial.days,
    }


def lately_shown(seen: Lately) -> dict[str, object]:
    """What was seen among the people of late, as numbers; None where there is too little."""
    return {
        "asked": seen.asked,
        "response": seen.response,
        "rating": seen.of(Outcome.rating),
        "rated": seen.rated,
        "spread": seen.spread,
        "per_day": seen.per_day,
    }


def begun(moment: str) -> dict[str, str]:
    """The words in use now, by language, for who writes others."""
    return {
        language: wordings.own(moment, language) or compose.shipped(moment, language)
        for language in settings().languages
    }


def _arm(arm: Arm) -> dict[str, object]:
    return {
        "name": arm.name,
        "hour": arm.hour,
        "delay": arm.delay,
        "channel": str(arm.channel) if arm.channel else "",
        "sender": arm.sender or "",
        "worded": bool(arm.words),
    }


def _bubbles(moment: str, arm: Arm) -> list[dict[str, object]]:
    """The arm's words as they look on a phone, and what they cost by SMS."""
    found = []
    by_sms = arm.channel in (None, Channel.sms)
    for language, body in arm.words.items():
        samples = checking.sample_values(language, "Service Centre", "Passport renewal", datetime.now(UTC).date())
        text = compose.fill(body, language, **checking.variants(moment, samples)[0])
        sent = for_sms(text) if by_sms else text
        weight = weigh(sent)
        found.append(
            {
                "language": language,
                "name": language_name(language),
                "text": sent,
                "segments": weight.segments if by_sms else 0,
                "price": price(weight.segments) if by_sms else "",
            }
        )
    return found


def _promoted(trial: Trial) -> str:
    return arms_of(trial)[trial.promoted_arm].name if trial.promoted_arm is not None else ""


def _result(trial: Trial, result: Mapping[str, Any], money: bool) -> dict[str, object]:
    outcome, names = Outcome(trial.outcome), [arm.name for arm in arms_of(trial)]
    values = [result["found"][0]["base"], *(one["value"] for one in result["found"])]
    flow = [
        {
            "name": name,
            "control": number == 0,
            "value": level(trial, outcome, values[number]),
            "opted_out": arm["opted_out"],
            "assigned": arm["assigned"],
            "steps": [
                {"what": what, "count": arm[what], "share": arm[what] / arm["assigned"] if arm["assigned"] else 0.0}
                for what in ("assigned", "sent", "delivered", "answered")
            ],
        }
        for number, (name, arm) in enumerate(zip(names, result["arms"], strict=True))
    ]
    return {
        "at": datetime.fromisoformat(result["at"]),
        "sentences": sentences(trial, result),
        "early": result["early"],
        "flow": flow,
        "effects": [_effect(outcome, names, one) for one in result["found"] if one["effect"] is not None],
        "level": 1 - result["error"],
        "besides": [
            {"what": MEASURES[Outcome(name)], "lines": beside(trial, name, found)}
            for name, found in result["besides"].items()
            if money or name != Outcome.money
        ],
    }


def _effect(outcome: Outcome, names: list[str], one: Mapping[str, Any]) -> dict[str, object]:
    """A difference and its interval on a scale with nothing in the middle."""
    unit = 1 if outcome is Outcome.rating else 100
    span = 1.1 * max(abs(one["low"]), abs(one["high"]), 0.01)
    return {
        "name": names[one["arm"]],
        "tone": "" if not one["differs"] else "well" if one["effect"] > 0 else "late",
        "effect": one["effect"] * unit,
        "low": one["low"] * unit,
        "high": one["high"] * unit,
        "span": span * unit,
        "digits": 2 if outcome is Outcome.rating else 1,
        "at": [one["effect"] + span, one["low"] + span, one["high"] + span, 2 * span, span],
        "p": one["p"],
        "n": one["n"] + one["control"],
    }
