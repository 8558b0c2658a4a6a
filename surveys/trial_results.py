"""What came of a trial: everybody counts in the arm they were assigned to, whatever became of the messages.

A result is worked out when the planned number is in, or at the looks that were registered, and written down then; no
page works one out. Until then only how many are in can be asked for.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from core.database import database
from domain.trial import Outcome, Stop, Trial, TrialAssignment
from surveys.trial_maths import HARM, NORMAL, bounds, compare, holm, pooled_z
from surveys.trial_tally import Tally, tally
from surveys.trials import under_way

HARMED = 5
"""With fewer opt-outs than this in an arm nothing is said of harm."""


def tend_due(now: datetime) -> int:
    """`tend`, in a transaction of its own where any trial runs."""
    with database().read() as session:
        if session.exec(_open(now)).first() is None:
            return 0
    with database().write() as session:
        return tend(session, now)


def tend(session: Session, now: datetime) -> int:
    """End the trials that are over, and look where a look is due; how many trials changed. The caller commits."""
    trials = session.exec(
        _open(now).order_by(col(Trial.id)).with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).all()
    return sum(_look_if_due(session, trial, now) for trial in trials)


def _open(now: datetime) -> SelectOfScalar[Trial]:
    return select(Trial).where(*under_way(now), col(Trial.entered) > 0)


def _look_if_due(session: Session, trial: Trial, now: datetime) -> bool:
    if harmed(tally(session, trial, trial.entered)):
        finish(session, trial, Stop.harm, now)
        return True
    number = len(trial.results) + 1
    upto = needed(trial, number)
    if trial.entered < upto or _waited_until(session, trial, upto) > now:
        return False
    found = judge(trial, tally(session, trial, upto), number, now)
    trial.results = [*trial.results, found]
    if number == trial.looks or any(one["differs"] for one in found["found"]):
        trial.ended_at = now
        trial.stopped = Stop.planned if number == trial.looks else Stop.bound
    session.add(trial)
    return True


def finish(session: Session, trial: Trial, why: Stop, now: datetime) -> None:
    """End a trial (held locked) before its time, with what is in so far; it is never taken for a planned result."""
    if trial.entered:
        early = judge(trial, tally(session, trial, trial.entered), len(trial.results) + 1, now) | {"early": True}
        trial.results = [*trial.results, early]
    trial.ended_at, trial.stopped = now, why
    session.add(trial)


def needed(trial: Trial, look: int) -> int:
    """How many citizens must have been assigned, and waited for, at a look (from 1)."""
    return -(-trial.planned * look // trial.looks)


def awaited(session: Session, trial: Trial, now: datetime) -> int:
    """How many of those assigned are still waited for."""
    query = select(func.count()).where(col(TrialAssignment.trial_id) == trial.id, col(TrialAssignment.until) > now)
    return session.exec(query).one()


def harmed(arms: Sequence[Tally]) -> bool:
    """Whether an arm drives so many more to opt out than the control that nobody should wait for the end."""
    control = arms[0]
    return any(
        arm.opted_out >= HARMED
        and control.assigned > 0
        and arm.opted_out + control.opted_out < arm.assigned + control.assigned
        and pooled_z(arm.opted_out, arm.assigned, control.opted_out, control.assigned) >= HARM
        for arm in arms[1:]
    )


def judge(trial: Trial, arms: Sequence[Tally], look: int, now: datetime) -> dict[str, Any]:
    """A look as the trial keeps it: the arms in numbers, and each arm beside the control.

    One look: intervals at the trial's level, p adjusted for several arms. Several: intervals that hold at all looks
    together, and the bound that a difference must reach at this one.
    """
    others = len(arms) - 1
    last = min(look, trial.looks)
    bound = bounds(trial.looks, trial.alpha / others)[last - 1] if trial.looks > 1 else None
    error = trial.alpha if bound is None else 2 * (1 - NORMAL.cdf(bound))
    return {
        "look": look,
        "at": now.isoformat(),
        "bound": bound,
        "error": error,
        "arms": [asdict(arm) for arm in arms],
        "found": _compared(arms, trial.outcome, trial.alpha, error, bound),
        "besides": {
            name: _compared(arms, Outcome(name), trial.alpha, trial.alpha, None)
            for name in trial.secondary
            if name != trial.outcome
        },
        "early": False,
    }


def _compared(
    arms: Sequence[Tally], outcome: Outcome, alpha: float, error: float, bound: float | None
) -> list[dict[str, object]]:
    control = arms[0].sample(outcome)
    found = [compare(arm.sample(outcome), control, error) for arm in arms[1:]]
    adjusted = holm([1.0 if one is None else one.p for one in found])
    return [
        {
            "arm": number,
            "n": arms[number].sample(outcome).n,
            "control": control.n,
            "value": arms[number].sample(outcome).value,
            "base": control.value,
            "effect": one.effect if one else None,
            "low": one.low if one else None,
            "high": one.high if one else None,
            "p": p,
            "z": one.z if one else None,
            "differs": one is not None and (abs(one.z) >= bound if bound is not None else p <= alpha),
        }
        for number, (one, p) in enumerate(zip(found, adjusted, strict=True), 1)
    ]


def _waited_until(session: Session, trial: Trial, upto: int) -> datetime:
    query = select(TrialAssignment.until).where(
        col(TrialAssignment.trial_id) == trial.id, col(TrialAssignment.number) <= upto
    )
    return session.exec(query.order_by(col(TrialAssignment.until).desc()).limit(1)).one()
