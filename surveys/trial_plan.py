"""Registering a trial: what was typed becomes a plan with its planned number, or a sentence for each fault.

Nothing is kept before it is registered, and nothing of what was registered can be changed.
"""

import math
import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from core.errors import BadInput, Conflict, NotAllowed
from core.ids import new_id
from core.settings import settings
from core.texts import clean, latin_digits
from domain.catalogue import Catalogue, name_of
from domain.trial import Moment, Outcome, Trial
from surveys import trials
from surveys.plans import WAYS
from surveys.schedule import REPLY_TIME
from surveys.trial_arms import store
from surveys.trial_lately import Lately, lately
from surveys.trial_maths import inflation, mean_size, share_size
from surveys.trial_protocol import protocol
from surveys.trial_typed import TypedArm, number, percent, read_arms, whole

FEWEST, LARGEST = 25, 5_000_000
"""Citizens of an arm at the least, so that no figure is about a handful; and of a trial at the most."""
FAMILY = {one: Moment.survey if one is Moment.survey_reminder else one for one in Moment}
"""Messages about the same matter: a trial of each family may run among the same people."""
LONGEST = {one: 90 if one is Moment.expiring else REPLY_TIME.days for one in Moment}
"""Days that an answer, or a renewal, may be waited for."""
REFUSED = "Something needs another look; nothing was registered."


@dataclass(frozen=True, slots=True)
class Typed:
    """A trial as it was typed: shares in percent, `offices` by code with commas between; empty means all."""

    title: str = ""
    hypothesis: str = ""
    moment: str = "survey"
    outcome: str = "response"
    secondary: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    offices: str = ""
    languages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    base: str = ""
    spread: str = ""
    response: str = ""
    effect: str = ""
    alpha: str = "5"
    power: str = "80"
    looks: str = "1"
    days: str = "7"
    starts: str = ""
    arms: tuple[TypedArm, ...] = (TypedArm("As now"), TypedArm())


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan that could be registered: the row, each arm's number, what was seen lately and when it may be over."""

    trial: Trial
    per_arm: int
    lately: Lately
    ends: date | None


def measured(moment: Moment) -> tuple[Outcome, ...]:
    """What can be measured of a message."""
    if moment is Moment.solved:
        return (Outcome.response, Outcome.solved)
    if moment is Moment.expiring:
        return (Outcome.renewed,)
    return (Outcome.response, Outcome.rating, Outcome.satisfied, Outcome.money)


def draft(session: Session, known: Catalogue, typed: Typed, now: datetime) -> Draft:
    """The plan that was typed. Raises BadInput that names every fault with its field."""
    faults: dict[str, str] = {}
    title, hypothesis = clean(typed.title, 120), clean(typed.hypothesis, 1_000)
    if not title:
        faults["title"] = "Give it a short name."
    if not hypothesis:
        faults["hypothesis"] = "Write what you expect and why, in a sentence or two."
    moment = _moment(typed, faults)
    outcome = _outcome(typed, moment, faults)
    whom = _population(known, typed, faults)
    arms = read_arms(session, typed.arms, moment, whom["languages"], faults, now.date())
    days = whole(typed.days, "days", 1, LONGEST[moment], faults)
    slowest = max((arm.delay for arm in arms), default=0)
    if "days" not in faults and days * 24 < slowest + 48:
        faults["days"] = (
            f"An arm asks up to {slowest} hours later: wait for answers for at least {slowest // 24 + 2} days."
        )
    looks = whole(typed.looks, "looks", 1, 5, faults)
    alpha = percent(typed.alpha, "alpha", 0.1, 20, faults)
    power = percent(typed.power, "power", 50, 99, faults)
    starts = _starts(typed.starts, now, faults)
    seen = lately(session, known, whom, now, moment)
    response = _response(typed, seen, faults)
    base, spread = _base(typed, outcome, seen, faults), _spread(typed, outcome, seen, faults)
    effect = _effect(typed, outcome, base, faults)
    if faults:
        raise BadInput(REFUSED, fields=faults)
    per_arm = size(outcome, base, spread, response, effect, alpha, power, len(arms), looks)
    if per_arm * len(arms) > LARGEST:
        few = f"It would take {per_arm * len(arms):,} citizens. Look for a larger difference."
        raise BadInput(REFUSED, fields={"effect": few})
    trial = Trial(
        id=new_id(),
        title=title,
        hypothesis=hypothesis,
        moment=moment,
        outcome=outcome,
        secondary=[str(one) for one in measured(moment) if str(one) in typed.secondary and one != outcome],
        population=whom,
        arms=store(arms),
        base=base,
        spread=spread,
        response=response,
        effect=effect,
        alpha=alpha,
        power=power,
        planned=per_arm * len(arms),
        looks=looks,
        days=days,
        seed="",
        protocol="",
        registered_at=now,
        starts_at=starts,
    )
    return Draft(trial, per_arm, seen, ends(trial, seen.per_day))


def register(session: Session, known: Catalogue, plan: Draft, staff_id: UUID | None, by: str, now: datetime) -> Trial:
    """Keep a plan for good. The caller lets nobody else register at the same time.

    Raises Conflict where another trial is about some of the same people and not over. Of messages about
    different matters (`FAMILY`) a trial of each may run.
    """
    trial = plan.trial
    if (other := running_beside(session, known, trial)) is not None:
        raise Conflict(
            f"“{other.title}” is about some of the same people and is not over.",
            mend="One trial at a time for the same people: choose others, or wait for its end.",
        )
    trial.seed, trial.registered_at, trial.registered_by = secrets.token_hex(16), now, staff_id
    trial.starts_at = max(trial.starts_at, now)
    trial.protocol = protocol(known, trial, by)
    session.add(trial)
    session.flush()
    return trial


def running_beside(session: Session, known: Catalogue, trial: Trial) -> Trial | None:
    """Another trial that is not over and about some of the same people."""
    whom = trials.population_of(known, trial)
    for other in session.exec(select(Trial).where(col(Trial.ended_at).is_(None)).order_by(col(Trial.id))):
        if FAMILY[Moment(other.moment)] == FAMILY[Moment(trial.moment)] and whom.meets(
            trials.population_of(known, other)
        ):
            return other
    return None


def confirm(session: Session, trial: Trial, staff_id: UUID | None, now: datetime) -> None:
    """Let a trial (held locked) begin, at its day or now; what it changes speaks to citizens, so two people read it.

    Raises NotAllowed for who registered it.
    """
    if trial.registered_by == staff_id:
        raise NotAllowed(
            "You registered this trial, so somebody else lets it begin.", mend="Ask a colleague to read it."
        )
    if trial.confirmed_at is None and trial.ended_at is None:
        trial.confirmed_by, trial.confirmed_at = staff_id, now
        session.add(trial)


def size(
    outcome: Outcome,
    base: float,
    spread: float | None,
    response: float,
    effect: float,
    alpha: float,
    power: float,
    arms: int,
    looks: int,
) -> int:
    """How many citizens each arm needs; where only those count who rated, with those who will not answer."""
    each = alpha / (arms - 1)
    if outcome is Outcome.rating:
        count = mean_size(spread or 1.0, effect, each, power)
    else:
        count = share_size(base, effect if base + effect <= 1 else -effect, each, power)
    larger = count * inflation(looks, each, power)
    return max(FEWEST, math.ceil(larger / response if outcome in (Outcome.rating, Outcome.satisfied) else larger))


def ends(trial: Trial, per_day: float) -> date | None:
    """The day on which the result may be there, at so many new citizens a day; None where nobody came lately."""
    if per_day <= 0:
        return None
    left = max(0, trial.planned - trial.entered) / per_day
    began = max(trial.starts_at, trial.registered_at)
    return (began + timedelta(days=min(left, 36_500) + trial.days)).astimezone(settings().zone).date()


# -- reading what was typed ----------------------------------------------------------------------------------------


def _moment(typed: Typed, faults: dict[str, str]) -> Moment:
    if typed.moment in map(str, Moment):
        return Moment(typed.moment)
    faults["moment"] = "Choose which message the arms vary."
    return Moment.survey


def _outcome(typed: Typed, moment: Moment, faults: dict[str, str]) -> Outcome:
    if typed.outcome not in map(str, Outcome):
        faults["outcome"] = "Choose what is measured."
        return Outcome.response
    outcome = Outcome(typed.outcome)
    if outcome not in measured(moment):
        faults["outcome"] = "That is not what this message asks: choose another outcome, or another message."
    return outcome


def _population(known: Catalogue, typed: Typed, faults: dict[str, str]) -> dict[str, list[str]]:
    services, offices = [], []
    for code in typed.services:
        if (service := known.service_by_code.get(code)) is None:
            faults["services"] = f"There is no service {clean(code, 40)!r}."
        else:
            services.append(str(service.id))
    for code in filter(None, (clean(one, 200) for one in typed.offices.split(","))):
        office = known.office_by_code.get(code.upper()) or next(
            (one for one in known.office_by_code.values() if name_of(one, "en").casefold() == code.casefold()), None
        )
        if office is None:
            faults["offices"] = f"No open office is called {code!r}. Write codes, with commas between."
        else:
            offices.append(str(office.id))
    return {
        "services": services,
        "offices": offices,
        "languages": [one for one in settings().languages if one in typed.languages],
        "channels": [str(one) for one in WAYS if one in typed.channels],
    }


def _starts(text: str, now: datetime, faults: dict[str, str]) -> datetime:
    if not clean(text):
        return now
    zone = settings().zone
    try:
        day = date.fromisoformat(latin_digits(clean(text)))
    except ValueError:
        faults["starts"] = "Write the day as year-month-day."
        return now
    if day < now.astimezone(zone).date():
        faults["starts"] = "A trial is registered before it starts: choose today or a later day."
    return max(now, datetime.combine(day, time.min, zone).astimezone(now.tzinfo))


def _response(typed: Typed, seen: Lately, faults: dict[str, str]) -> float:
    if clean(typed.response):
        return percent(typed.response, "response", 0.1, 100, faults)
    if seen.response is None:
        faults["response"] = "Nobody like this was asked lately: write how many of 100 you expect to answer."
        return 0.5
    return max(seen.response, 0.001)


def _base(typed: Typed, outcome: Outcome, seen: Lately, faults: dict[str, str]) -> float:
    if clean(typed.base):
        if outcome is Outcome.rating:
            return number(typed.base, "base", 1, 5, faults)
        return percent(typed.base, "base", 0, 100, faults)
    if outcome is Outcome.response and clean(typed.response):
        return percent(typed.response, "response", 0.1, 100, faults)
    found = seen.of(outcome)
    if found is None:
        faults["base"] = "There is too little from lately to go by: write what you expect without a change."
        return 0.5
    return found


def _spread(typed: Typed, outcome: Outcome, seen: Lately, faults: dict[str, str]) -> float | None:
    if outcome is not Outcome.rating:
        return None
    if clean(typed.spread):
        return number(typed.spread, "spread", 0.05, 2, faults)
    if seen.spread is None:
        faults["spread"] = "There are too few ratings from lately: write their standard deviation, often about 1.2."
        return 1.0
    return seen.spread


def _effect(typed: Typed, outcome: Outcome, base: float, faults: dict[str, str]) -> float:
    if outcome is Outcome.rating:
        return number(typed.effect, "effect", 0.01, 4, faults)
    effect = percent(typed.effect, "effect", 0.1, 99, faults)
    if "effect" not in faults and base + effect > 1 and base - effect < 0:
        faults["effect"] = f"From {base:.1%} there is no room for so large a difference."
    return effect
