"""From counted cases and answers to the lines of a publication. Pure. Exact numbers go in; what comes out holds only
what may be told."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from uuid import UUID

from domain.catalogue import Catalogue
from domain.publication import FigureScope
from domain.states import Tier
from reports.public.classes import Closed, silence_of
from reports.public.counting import Heap, Matter
from reports.public.telling import Parents, Told, tell
from reports.standing import said
from reports.survival import estimate
from reports.weighting import LEAST, Scales, Tally
from surveys.shares import wilson

Values = dict[str, object]
"""Columns of `domain.publication.PublishedFigure`."""
ROUND = 10
"""Counts of services and ways to write are told in multiples of this: the offices' exact ones cannot be taken off."""
HOUR = 3_600


@dataclass(slots=True)
class Counted:
    """A month as it was counted: cases by office, by service and by channel, those closed, and answers."""

    offices: dict[UUID, Heap] = field(default_factory=lambda: defaultdict(Heap))
    services: dict[str, Heap] = field(default_factory=lambda: defaultdict(Heap))
    channels: dict[str, Heap] = field(default_factory=lambda: defaultdict(Heap))
    closed: list[Closed] = field(default_factory=list)
    tallies: Sequence[Tally] = ()


def count(found: Iterable[Matter], tallies: Sequence[Tally], known: Catalogue) -> Counted:
    """Put cases together. One whose service is not known counts for its office and its channel alone."""
    counted = Counted(tallies=tallies)
    places: dict[UUID, tuple[str, ...]] = {}
    for matter in found:
        counted.offices[matter.office].put(matter)
        counted.channels[matter.channel].put(matter)
        service = known.services[matter.service].code if matter.service in known.services else ""
        if service:
            counted.services[service].put(matter)
        if matter.closed:
            if matter.office not in places:
                places[matter.office] = _places(known, matter.office)
            silence = silence_of(matter.seconds, matter.answered)
            counted.closed.append(Closed(places[matter.office], service or "unknown", matter.channel, silence))
    return counted


def _places(known: Catalogue, office: UUID) -> tuple[str, ...]:
    """Codes of what is above an office, from its district on; of the whole nation last."""
    chain = [one for one in known.chain(office) if one.tier != Tier.service_centre] or list(known.chain(office))[-1:]
    return tuple(one.code for one in chain)


# -- what may be told -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Telling:
    """What may be told of each count: how many cases, how many of them late, how many answers to surveys."""

    cases: Told
    late: Told
    answers: Told


@dataclass(frozen=True, slots=True)
class Numbers:
    """Exact numbers by office: cases in time and late; citizens asked who answered and who did not."""

    cases: Mapping[UUID, tuple[int, int]]
    answers: Mapping[UUID, tuple[int, int]]


def numbers_of(counted: Counted) -> Numbers:
    """The exact numbers of a month."""
    answers: dict[UUID, list[int]] = defaultdict(lambda: [0, 0])
    for tally in counted.tallies:
        answers[tally.office][tally.value is None] += tally.count
    return Numbers(
        {office: heap.split for office, heap in counted.offices.items()},
        {office: (told, silent) for office, (told, silent) in answers.items()},
    )


def telling(numbers: Numbers, parents: Parents, least: int) -> Telling:
    """What may be told of a month that is told for the first time."""
    cases = tell({office: (sum(split),) for office, split in numbers.cases.items()}, parents, least)
    late = tell(numbers.cases, parents, least, among=cases)
    return Telling(cases, late, tell(numbers.answers, parents, max(least, LEAST)))


def parents_of(known: Catalogue) -> dict[UUID, UUID | None]:
    """The tree of offices."""
    return {office.id: office.parent_id for office in known.offices.values()}


# -- lines ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """What a line is about."""

    scope: FigureScope
    office: UUID | None


def lines(
    counted: Counted, numbers: Numbers, may: Telling, known: Catalogue, weights: Scales, least: int
) -> dict[Place, Values]:
    """The line of each office, each part of the tree, and the whole, of which anything may be told.

    `numbers` are those that are told; `counted` gives durations and ratings, which are told in coarse steps.
    """
    found: dict[Place, Values] = {}
    every = frozenset({*numbers.cases, *numbers.answers})
    tallies: dict[UUID, list[Tally]] = defaultdict(list)
    for one in counted.tallies:
        tallies[one.office].append(one)
    for place in _places_of(may, known):
        inside = members(place, known, every)
        values = _head(place, known)
        if _in(may.cases, place):
            split = [numbers.cases.get(office, (0, 0)) for office in inside]
            n, late = sum(map(sum, split)), sum(number for _, number in split)
            heap = _together(counted.offices[office] for office in inside if office in counted.offices)
            values |= {"n": n} | _times(heap, least)
            if _in(may.late, place):
                values |= _share(late, n)
        if _in(may.answers, place):
            answered, silent = (sum(numbers.answers.get(office, (0, 0))[kind] for office in inside) for kind in (0, 1))
            values |= {"answers": answered, "asked_share": round(answered / (answered + silent), 2)}
            values |= _rated([one for office in inside for one in tallies[office]], weights)
        if values.get("n") is not None or values.get("answers") is not None:
            found[place] = values
    return found


def _places_of(may: Telling, known: Catalogue) -> list[Place]:
    whole = [Place(FigureScope.whole, None)]
    below = may.cases.below | may.answers.below
    own = may.cases.own | may.answers.own
    return (
        whole
        + [Place(FigureScope.below, one) for one in sorted(below, key=str) if one in known.offices]
        + [Place(FigureScope.office, one) for one in sorted(own, key=str) if one in known.offices]
    )


def _in(told: Told, place: Place) -> bool:
    if place.office is None:
        return told.whole
    return place.office in (told.below if place.scope == FigureScope.below else told.own)


def members(place: Place, known: Catalogue, offices: frozenset[UUID]) -> list[UUID]:
    """Those of the offices that a line is about."""
    if place.office is None:
        return sorted(offices, key=str)
    if place.scope == FigureScope.office:
        return [place.office] if place.office in offices else []
    return sorted(offices & known.subtree(place.office), key=str)


def _head(place: Place, known: Catalogue) -> Values:
    office = known.offices.get(place.office) if place.office else None
    over = known.offices.get(office.parent_id) if office and office.parent_id else None
    return {
        "scope": place.scope,
        "code": office.code if office else "",
        "names": dict(office.names) if office else {},
        "tier": str(office.tier) if office else "",
        "above": over.code if over else "",
    }


def _together(heaps: Iterable[Heap]) -> Heap:
    whole = Heap()
    for one in heaps:
        whole.answered += one.answered
        whole.silent += one.silent
        whole.late += one.late
    return whole


def _times(heap: Heap, least: int) -> Values:
    """Median and 90th percentile in hours, begun ones counted. What fewer than `least` waited as long as is not told: a
    figure stands on that many, and says nothing of the last few."""
    if heap.n < least:
        return {}
    seen = sorted((*heap.answered, *heap.silent), reverse=True)
    beyond = seen[least - 1]
    found = estimate(heap.answered, heap.silent)
    values: Values = {"beyond_hours": hours(beyond)}
    for name, one in (("median", found.median), ("p90", found.p90)):
        value, low, high = (
            None if each is None or each > beyond else hours(each) for each in (one.seconds, one.low, one.high)
        )
        values |= {f"{name}_hours": value, f"{name}_low": low, f"{name}_high": high}
    return values


def hours(seconds: float) -> int:
    """Whole hours, begun ones counted."""
    return max(1, ceil(seconds / HOUR))


def _share(late: int, n: int) -> Values:
    low, high = wilson(late / n, n) if n else (0.0, 1.0)
    return {
        "late": late,
        "late_share": round(late / n, 4) if n else 0.0,
        "late_low": round(low, 4),
        "late_high": round(high, 4),
    }


def _rated(tallies: Sequence[Tally], weights: Scales) -> Values:
    found = said(tallies, weights)
    if found is None or found.rating.few:
        return {}
    rating = found.rating
    return {"rating": round(rating.value, 1), "rating_low": round(rating.low, 1), "rating_high": round(rating.high, 1)}


def kinds(
    heaps: Mapping[str, Heap], names: Mapping[str, dict[str, str]], scope: FigureScope, least: int
) -> list[Values]:
    """Lines of services, or of ways to write, of the whole government: counts in tens, and what is small not told."""
    least = max(least, ROUND)
    ids = {code: UUID(int=number) for number, code in enumerate(sorted(heaps))}
    cases = tell({ids[code]: (heap.n,) for code, heap in heaps.items()}, {}, least)
    late = tell({ids[code]: heap.split for code, heap in heaps.items()}, {}, least, among=cases)
    found: list[Values] = []
    for code, heap in sorted(heaps.items()):
        if ids[code] not in cases.own:
            continue
        told: Values = {"scope": scope, "code": code, "names": names.get(code, {}), "n": round(heap.n / ROUND) * ROUND}
        if ids[code] in late.own:
            shares = _share(heap.late, heap.n)
            told |= {name: round(_real(shares[name]), 2) for name in ("late_share", "late_low", "late_high")}
        found.append(told | _times(heap, least))
    return found


def _real(value: object) -> float:
    return float(str(value))
