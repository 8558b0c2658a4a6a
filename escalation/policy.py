"""Policies: which one applies, and what it plans for a clock. Pure: values in, values out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from core.errors import BadInput
from domain.catalogue import Catalogue
from domain.policy import Policy
from domain.states import CaseKind, ClockKind
from escalation.calendar import WorkingCalendar
from escalation.ladder import TELLS, URGENT, Step, at_age, rung_of, steps_of

BUILT_IN = Policy(
    name="Built-in targets",
    targets={
        ClockKind.first_response: 16.0,
        ClockKind.reply_due: 16.0,
        ClockKind.resolution: 80.0,
        ClockKind.acceptance: 8.0,
        ClockKind.appeal: 80.0,
    },
    ladder=[
        {"share": 0.5, "tell": "officer"},
        {"share": 0.8, "tell": "supervisor"},
        {"share": 1.0, "tell": "parent_office"},
        {"share": 2.0, "tell": "leadership"},
    ],
)
"""Applies where no policy in the database has a target: a missing row must not leave a citizen without a clock."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a policy asks of one kind of clock, wherever and whenever it starts. `target` in working seconds."""

    target: int
    steps: tuple[tuple[int, Step], ...]
    working: tuple[int, ...]
    """Working seconds ahead: the target, then each step by working time."""

    def plan(self, started_at: datetime, calendar: WorkingCalendar) -> "Plan":
        """The deadline and the rungs of a clock that starts then."""
        deadline, *moments = calendar.moments(started_at, self.working)
        coming = iter(moments)
        rungs = [
            rung_of(number, step, at_age(started_at, 0, step.seconds) if step.elapsed else next(coming))
            for number, step in self.steps
        ]
        return Plan(self.target, deadline, rungs)


class Plan(NamedTuple):
    """What a policy asks of a clock. `target_seconds` is working time; `rungs` are as kept in `Clock.rungs`."""

    target_seconds: int
    deadline_at: datetime
    rungs: list[dict[str, object]]


def ranked(
    policies: Iterable[Policy],
    known: Catalogue,
    office_id: UUID,
    service_id: UUID | None,
    kind: CaseKind,
    clock: ClockKind | None = None,
) -> list[Policy]:
    """Policies that could apply, whatever the day, best first: nearest office of the chain, then service, then kind,
    then the newest. With `clock` only those that set its target."""
    distance = {office.id: steps for steps, office in enumerate(known.chain(office_id))}
    nowhere = len(distance)

    def rank(policy: Policy) -> tuple[int, bool, bool, int, str]:
        return (
            nowhere if policy.office_id is None else distance[policy.office_id],
            policy.service_id is None,
            policy.kind is None,
            -policy.valid_from.toordinal(),
            str(policy.id),
        )

    return sorted(
        (
            policy
            for policy in policies
            if (policy.office_id is None or policy.office_id in distance)
            and policy.service_id in (None, service_id)
            and policy.kind in (None, kind)
            and (clock is None or policy.targets.get(clock) is not None)
        ),
        key=rank,
    )


def valid(policy: Policy, day: date, known_by: datetime | None = None) -> bool:
    """Whether a policy counts on a day, for what had happened by `known_by` (None: for what goes on)."""
    if policy.valid_from > day or (known_by and policy.entered_at and policy.entered_at > known_by):
        return False
    ends = policy.valid_to
    if known_by and policy.end_entered_at and policy.end_entered_at > known_by:
        ends = None
    return ends is None or day < ends


def choose(
    policies: Iterable[Policy],
    known: Catalogue,
    office_id: UUID,
    service_id: UUID | None,
    kind: CaseKind,
    day: date,
    clock: ClockKind | None = None,
) -> Policy:
    """The most specific policy valid on `day`; see `ranked`. Falls back to `BUILT_IN`."""
    return first_valid(ranked(policies, known, office_id, service_id, kind, clock), day)


def first_valid(best_first: Sequence[Policy], day: date, known_by: datetime | None = None) -> Policy:
    """The best of ranked policies that counts on a day. Falls back to `BUILT_IN`."""
    return next((policy for policy in best_first if valid(policy, day, known_by)), BUILT_IN)


def shape(policy: Policy, clock_kind: ClockKind, *, urgent: bool = False) -> Shape:
    """Target and ladder of a kind of clock.

    An urgent one has the policy's `urgent_share` of the target, and before the ladder, shortened alike, a rung that
    tells the head at once. Its rungs count from `URGENT`, so that those of the usual ladder stay what they were.

    Raises:
        BadInput: when the policy has no usable target for this clock, or its ladder cannot be read.
    """
    hours = policy.targets.get(clock_kind)
    if hours is None or not hours > 0:
        raise BadInput(
            f"The policy {policy.name!r} has no target for {clock_kind}.",
            mend="Give it a number of working hours above zero.",
        )
    part = policy.urgent_share if urgent else 1.0
    target = max(1, round(hours * 3600 * part))
    steps = steps_of(policy.name, policy.ladder, target, part)
    if urgent:
        steps.insert(0, Step(False, 1, TELLS.index("head")))
    first = (policy.rungs_from or 0) + (URGENT if urgent else 0) + 1
    working = (target, *(step.seconds for step in steps if not step.elapsed))
    return Shape(target, tuple(enumerate(steps, start=first)), working)


def plan(
    policy: Policy, clock_kind: ClockKind, started_at: datetime, calendar: WorkingCalendar, *, urgent: bool = False
) -> Plan:
    """Target, deadline and ladder of a clock that starts then. Raises BadInput, see `shape`."""
    return shape(policy, clock_kind, urgent=urgent).plan(started_at, calendar)


def local_day(moment: datetime, calendar: WorkingCalendar) -> date:
    """The date an office writes at a moment; policies are versioned by it."""
    return moment.astimezone(calendar.zone).date()
