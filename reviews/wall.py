"""The order of a meeting on the wall: one thing at a time, each case once, however many headings it stands under."""

from dataclasses import dataclass
from uuid import UUID

from reviews.layout import TITLES
from reviews.snapshot import Body, Facts

HERE, PROMISES, WEEK, END = "here", "promises", "week", "end"


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing to look at. `key` names it in an address and stays the same whatever comes in between: here, promises,
    week, end, or case-… and check-… with a reference. `under` are the headings a case stands under."""

    key: str
    title: str
    case: Facts | None = None
    under: tuple[str, ...] = ()
    group: str = ""


def stops(body: Body) -> list[Stop]:
    """What a meeting goes through: who is here, last week's promises, the week, each case, the checks, the end."""
    cases = body.by_id
    under: dict[UUID, list[str]] = {}
    for key in TITLES:
        for one in body.section(key).cases:
            if one in cases:
                under.setdefault(one, []).append(key)
    found = [Stop(HERE, "Who is here")]
    if body.actions:
        found.append(Stop(PROMISES, "What we said we would do"))
    if body.rushes or body.causes or body.praise or body.worst or body.best:
        found.append(Stop(WEEK, "What the week told us"))
    found += [
        Stop(f"case-{cases[one].reference}", TITLES[keys[0]], cases[one], tuple(TITLES[key] for key in keys), keys[0])
        for one, keys in under.items()
    ]
    found += [
        Stop(f"check-{cases[one].reference}", "Was it closed rightly?", cases[one], group="checks")
        for one in body.draw.cases
        if one in cases
    ]
    return [*found, Stop(END, "The end")]


def place_of(found: list[Stop], key: str) -> int:
    """Where a stop stands; the first where there is none of that name."""
    return next((number for number, one in enumerate(found) if one.key == key), 0)
