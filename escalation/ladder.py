"""The steps of a ladder: what a policy says of them, and the rungs a clock makes of them. Pure.

A step stands at a share of the target or at an age of the clock. Shares and working ages are counted by the calendar of
whoever has the case; elapsed ages by the clock on the wall, so that no calendar moves them. A clock has therefore two
ladders side by side, and each is climbed in its own order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.errors import BadInput

TELLS = ("officer", "supervisor", "head", "parent_office", "leadership")
"""Whom a rung can name, from the desk upwards."""
HEIGHT = {tell: height for height, tell in enumerate(TELLS)}
URGENT = 100
"""Rungs of an urgent case's ladder have numbers above it, those of the usual one below."""
NUMBERS = 1000
"""Numbers that each policy has for itself."""
KEPT = ("by", "citizen")
"""What a step may say besides, and hands on to its rungs as it is: by which channels staff are told besides the program
(nothing said: by e-mail; an empty list: in the program alone), and whether the citizen hears of it."""
BY = ("email", "sms", "telegram")
SHARE, WORKING, ELAPSED = "share", "working", "elapsed"
LONGEST_AGE = 24 * 366
"""Hours."""


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """A step of a clock's ladder: `seconds` of working time, or elapsed ones, after its start."""

    elapsed: bool
    seconds: int
    height: int
    said: Mapping[str, object] = field(default_factory=dict, compare=False)

    @property
    def tell(self) -> str:
        """Whom it names."""
        return TELLS[self.height]


def steps_of(policy: str, ladder: Iterable[Mapping[str, object]], target: int, part: float = 1.0) -> list[Step]:
    """The steps of a policy's ladder for a target in seconds; ages are cut to a `part`, as the target was already.

    Raises BadInput, naming the policy.
    """
    return sorted(_step(policy, step, target, part) for step in ladder)


def _step(policy: str, step: Mapping[str, object], target: int, part: float) -> Step:
    tell, share, hours, of = step.get("tell"), step.get("share"), step.get("hours"), step.get("of", WORKING)
    if tell not in TELLS:
        raise BadInput(
            f"The ladder of {policy!r} tells {tell!r}, whom nobody knows.", mend=f"Use one of {', '.join(TELLS)}."
        )
    said = {name: step[name] for name in KEPT if name in step}
    by = said.get("by", [])
    if not isinstance(by, list) or any(one not in BY for one in by):
        raise BadInput(f"The ladder of {policy!r} tells by {by!r}.", mend=f"Use a list of {', '.join(BY)}.")
    if not isinstance(said.get("citizen", False), bool):
        raise BadInput(f"The ladder of {policy!r} tells the citizen {said['citizen']!r}.", mend="Use true or false.")
    if hours is not None:
        if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= LONGEST_AGE:
            raise BadInput(f"The ladder of {policy!r} has the age {hours!r}.", mend="Use hours, such as 24.")
        if of not in (WORKING, ELAPSED):
            raise BadInput(f"The ladder of {policy!r} counts hours of {of!r}.", mend="Use working or elapsed.")
        return Step(of == ELAPSED, max(1, round(hours * 3600 * part)), HEIGHT[str(tell)], said)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 100:
        raise BadInput(
            f"The ladder of {policy!r} has the share {share!r}.", mend="Use a share of the target, such as 0.5."
        )
    return Step(False, max(1, round(share * target)), HEIGHT[str(tell)], said)


def rung_of(number: int, step: Step, at: datetime) -> dict[str, object]:
    """A step as kept in `Clock.rungs`."""
    measure = "age" if step.elapsed else "after"
    rung: dict[str, object] = {
        "number": number,
        "tell": TELLS[step.height],
        measure: step.seconds,
        "at": at.isoformat(),
    }
    if step.said:
        rung.update(step.said)
    return rung


def is_elapsed(rung: Mapping[str, object]) -> bool:
    """Whether a rung stands at an elapsed age."""
    return "age" in rung


def next_rungs(
    rungs: Iterable[Mapping[str, object]], climbed: Mapping[int, tuple[str, datetime]]
) -> list[Mapping[str, object]]:
    """The rungs that are to be climbed next: the first of each measure that is not done.

    `climbed`: number → whom it named and when it was. A rung of a ladder that took another one's place is done too if
    by its moment somebody as high had been told under the other.
    """
    found: dict[bool, Mapping[str, object]] = {}
    foreign: list[tuple[int, datetime]] | None = None
    for rung in rungs:
        elapsed, number = "age" in rung, int(str(rung["number"]))
        if elapsed in found or number in climbed:
            continue
        if climbed:
            if foreign is None:
                own = number // NUMBERS
                foreign = [(HEIGHT.get(tell, -1), at) for one, (tell, at) in climbed.items() if one // NUMBERS != own]
            moment, height = datetime.fromisoformat(str(rung["at"])), HEIGHT[str(rung["tell"])]
            if any(above >= height and moment <= at for above, at in foreign):
                continue
        found[elapsed] = rung
    return list(found.values())


def following(rungs: Iterable[Mapping[str, object]], number: int) -> Mapping[str, object] | None:
    """The rung after one, of the same measure."""
    here: bool | None = None
    for rung in rungs:
        if here is not None and is_elapsed(rung) == here:
            return rung
        if rung["number"] == number:
            here = is_elapsed(rung)
    return None


def at_age(started: datetime, idle: int, age: int) -> datetime:
    """The moment a clock is so old, without the time it did not run."""
    return started + timedelta(seconds=idle + age)
