"""Where each office stands in what people said of its services: raw, drawn towards all, and in the funnel. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from reports import shrinkage
from reports.funnel import Funnel, Where, funnel
from reports.shrinkage import Shrunk
from reports.weighting import LEAST, Estimate, Scales, Tally, Weighed, mean, share, variance

CONTENT = 4
"""A rating from this on is one of somebody content."""


@dataclass(frozen=True, slots=True)
class Said:
    """The mean rating of 1 to 5, and the share of those content, of the same answers. `plain` is the mean without
    weights."""

    rating: Estimate
    content: Estimate
    plain: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What was said of one office. The drawn figures, and where it lies, are None with too few answers or offices.

    `under`: its share of those content is lower than that of all.
    """

    office_id: UUID
    said: Said
    drawn_rating: Shrunk | None = None
    drawn_content: Shrunk | None = None
    where: Where | None = None
    under: bool = False


def said(tallies: Iterable[Tally], scales: Scales) -> Said | None:
    """What some of those asked said; None where nobody answered."""
    answers = scales.weigh(tallies)
    rating, content = mean(answers, scales.groups), share(_content(answers), scales.groups)
    if rating is None or content is None:
        return None
    return Said(rating, content, sum(one.value * one.count for one in answers) / rating.n)


def _content(answers: Iterable[Weighed]) -> list[Weighed]:
    return [replace(one, value=float(one.value >= CONTENT)) for one in answers]


def standings(tallies: Sequence[Tally], scales: Scales) -> tuple[list[Standing], Funnel | None]:
    """Every office that somebody said something of, and the funnel of those with enough answers.

    In order of the drawn share of those content, lowest first; then, without an order of merit, those with too few.
    """
    by_office: dict[UUID, list[Tally]] = defaultdict(list)
    for tally in tallies:
        by_office[tally.office].append(tally)
    found = [Standing(office, one) for office, some in by_office.items() if (one := said(some, scales)) is not None]
    judged = sorted((one for one in found if one.said.rating.n >= LEAST), key=lambda one: str(one.office_id))
    few = [one for one in found if one.said.rating.n < LEAST]
    if not judged:
        return few, None
    content = [one.said.content for one in judged]
    drawn = shrinkage.shares([one.value * one.effective for one in content], [one.effective for one in content])
    within = _within(judged, by_office, scales)
    ratings = shrinkage.means(
        [one.said.rating.value for one in judged], [within / one.said.rating.effective for one in judged]
    )
    plot = funnel([one.value for one in content], [one.effective for one in content])
    lines = [
        replace(
            one,
            drawn_content=drawn[place] if drawn else None,
            drawn_rating=ratings[place] if ratings else None,
            where=plot.places[place] if plot else None,
            under=plot is not None and one.said.content.value < plot.centre,
        )
        for place, one in enumerate(judged)
    ]
    return sorted(lines, key=_order) + few, plot


def _order(one: Standing) -> tuple[float, str]:
    value = one.drawn_content.value if one.drawn_content else one.said.content.value
    return value, str(one.office_id)


def _within(judged: Sequence[Standing], by_office: dict[UUID, list[Tally]], scales: Scales) -> float:
    """Variance of ratings within an office, from all of them together: ten answers tell little of their own spread."""
    spreads = [(one.said.rating.n, variance(scales.weigh(by_office[one.office_id]))) for one in judged]
    freedom = sum(n - 1 for n, _ in spreads)
    return max(0.05, sum((n - 1) * spread for n, spread in spreads) / freedom)
