"""The figures of silence. Read only, and only of cases the viewer may see.

Silence is elapsed time, what the citizen lived: from the durable receipt of the message to the first human answer that
reached them (docs: "Silence, precisely"). Whoever has no answer is counted as still waiting, whatever the state of the
case; an unanswered case counts for the office that is accountable for it now. `now` may lie in the past: then the
figures are those that held at that moment, which is what makes one week comparable with the week before.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from domain.visibility import Viewer
from reports.samples import ALL, Sample, gather
from reports.survival import estimate

SMALL = 30
"""Below this many cases a quantile is shown with a warning and never makes a headline."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Silence of the `n` cases received in a period, in seconds; `answered` of them have an answer.

    `silent_now`, `past_target` and `longest_*` are about everybody who waits now, however long ago they wrote: a case
    does not leave the count by getting old. A quantile None was not reached: it is longer than `observed_seconds`.
    """

    n: int
    answered: int
    templated: int
    silent_now: int
    past_target: int
    longest_seconds: int | None
    longest_reference: str | None
    observed_seconds: float
    median_seconds: float | None
    median_low: float | None
    median_high: float | None
    p90_seconds: float | None
    p90_low: float | None
    p90_high: float | None

    @property
    def small(self) -> bool:
        """Too few cases for a quantile to mean much."""
        return self.n < SMALL


NOBODY = Silence(0, 0, 0, 0, 0, None, None, 0.0, None, None, None, None, None, None)
"""Where nobody wrote and nobody waits."""


def silence(
    session: Session,
    who: Viewer,
    office_ids: Collection[UUID] | None,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
) -> Silence:
    """Silence of cases received from `since` to before `until` as it stood at `now`; `office_ids` None means all."""
    found = gather(session, who, office_ids, ALL, since=since, until=until, now=now)
    return figures(next(iter(found.values()), Sample()))


def usual_band(values: Collection[float | None]) -> tuple[float, float] | None:
    """Limits that weekly values usually stay in: mean ± 2.66 mean moving ranges (Shewhart's individuals chart).

    The last value is judged by those before it and takes no part. None with fewer than eight of these.
    """
    before = [value for value in list(values)[:-1] if value is not None]
    if len(before) < 8:
        return None
    mean = sum(before) / len(before)
    moving = sum(abs(one - other) for one, other in zip(before[1:], before, strict=False)) / (len(before) - 1)
    return max(0.0, mean - 2.66 * moving), mean + 2.66 * moving


def figures(sample: Sample) -> Silence:
    """The figures of one sample."""
    found = estimate(sample.answered, sample.silent)
    return Silence(
        n=found.n,
        answered=found.answered,
        templated=sample.templated,
        silent_now=sample.silent_now,
        past_target=sample.past_target,
        longest_seconds=sample.longest_seconds,
        longest_reference=sample.longest_reference,
        observed_seconds=found.observed_seconds,
        median_seconds=found.median.seconds,
        median_low=found.median.low,
        median_high=found.median.high,
        p90_seconds=found.p90.seconds,
        p90_low=found.p90.low,
        p90_high=found.p90.high,
    )
