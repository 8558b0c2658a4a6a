"""Policies: which one applies, and what it plans for a clock. Pure: values in, values out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from core.errors import BadInput
from domain.catalogue import Catalogue
from domain.policy import Policy
from domain.states import CaseKind, ClockKind
from escalation.calendar import WorkingCalendar

TELLS = ("officer", "supervisor", "head", "parent_office", "leadership")
"""Whom a rung can name, from the desk upwards."""

URGENT = 100
"""Rungs of an urgent case's ladder have numbers above it."""

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
class PlannedRung:
    """One step of a ladder: `after` so many working seconds, which is the moment `at`."""

    number: int
    tell: str
    after: int
    at: datetime

    def as_json(self) -> dict[str, object]:
        """As kept in `Clock.rungs`."""
        return {"number": self.number, "tell": self.tell, "after": self.after, "at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a policy asks of a clock. `target_seconds` is working time; moments are UTC."""

    target_seconds: int
    deadline_at: datetime
    rungs: tuple[PlannedRung, ...]


def choose(
    policies: Iterable[Policy],
    known: Catalogue,
    office_id: UUID,
    service_id: UUID | None,
    kind: CaseKind,
    day: date,
    clock: ClockKind | None = None,
) -> Policy:
    """The most specific policy valid on `day`: nearest office of the chain, then service, then kind, then the newest.

    With `clock` only policies that set its target count. Falls back to `BUILT_IN`.
    """
    distance = {office.id: steps for steps, office in enumerate(known.chain(office_id))}
    nowhere = len(distance)
    best: Policy | None = None
    best_rank: tuple[int, bool, bool, int, str] | None = None
    for policy in policies:
        if (
            policy.valid_from > day
            or (policy.valid_to is not None and day >= policy.valid_to)
            or (policy.office_id is not None and policy.office_id not in distance)
            or policy.service_id not in (None, service_id)
            or policy.kind not in (None, kind)
            or (clock is not None and policy.targets.get(clock) is None)
        ):
            continue
        rank = (
            nowhere if policy.office_id is None else distance[policy.office_id],
            policy.service_id is None,
            policy.kind is None,
            -policy.valid_from.toordinal(),
            str(policy.id),
        )
        if best_rank is None or rank < best_rank:
            best, best_rank = policy, rank
    return best or BUILT_IN


def plan(
    policy: Policy, clock_kind: ClockKind, started_at: datetime, calendar: WorkingCalendar, *, urgent: bool = False
) -> Plan:
    """Target, deadline and ladder of a clock that starts then.

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
    target = max(1, round(hours * 3600 * (policy.urgent_share if urgent else 1)))
    steps = sorted(_step(policy, step, target) for step in policy.ladder)
    if urgent:
        steps.insert(0, (1, TELLS.index("head")))
    return Plan(
        target,
        calendar.add(started_at, target),
        tuple(
            PlannedRung(number, TELLS[height], after, calendar.add(started_at, after))
            for number, (after, height) in enumerate(steps, start=URGENT + 1 if urgent else 1)
        ),
    )


def local_day(moment: datetime, calendar: WorkingCalendar) -> date:
    """The date an office writes at a moment; policies are versioned by it."""
    return moment.astimezone(UTC).astimezone(calendar.zone).date()


def _step(policy: Policy, step: dict[str, object], target: int) -> tuple[int, int]:
    share, tell = step.get("share"), step.get("tell")
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 100:
        raise BadInput(
            f"The ladder of {policy.name!r} has the share {share!r}.", mend="Use a share of the target, such as 0.5."
        )
    if tell not in TELLS:
        raise BadInput(
            f"The ladder of {policy.name!r} tells {tell!r}, whom nobody knows.", mend=f"Use one of {', '.join(TELLS)}."
        )
    return max(1, round(share * target)), TELLS.index(str(tell))
