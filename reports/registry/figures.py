"""Figures of the registry: what was measured, held back where it must be, in order, and with the way to its cases."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlmodel import Session

from cases import asking
from core.errors import BadInput, NotAllowed
from domain.visibility import Viewer
from reports import shrinkage
from reports.registry.kpis import BY_NAME
from reports.registry.reading import Reading
from reports.registry.scope import WHOLE, Part, Scope
from reports.registry.values import Better, Dimension, Figure, Hidden, Kpi, Measured, Unit
from reports.shrinkage import Shrunk

MEAN, STANDING = "silence_mean", frozenset({"silent", "past_target"})
RANKED = frozenset({Dimension.office, Dimension.branch})
"""What is put in an order of merit; people never are."""


def readable(kpi: Kpi, who: Viewer) -> bool:
    """Whether somebody may see it at all; of which offices is the scope's to say."""
    if who.staff_id is None:
        return kpi.by_keys
    return kpi.readers is None or who.has(*kpi.readers)


def tellable(kpi: Kpi, scope: Scope, by: Dimension | None = None) -> bool:
    """Whether a KPI can be told of this scope, and split so."""
    narrowed = {
        Dimension.tier: scope.tier,
        Dimension.service: scope.service_id,
        Dimension.channel: scope.channel,
        Dimension.language: scope.language,
        Dimension.kind: scope.kind,
        Dimension.officer: scope.staff_id,
    }
    asked = {dimension for dimension, value in narrowed.items() if value is not None} | ({by} if by else set())
    return asked <= kpi.splits


def measure(
    session: Session, scope: Scope, kpis: Collection[Kpi], by: Dimension | None = None
) -> dict[str, list[Figure]]:
    """Figures of each KPI by its name: one of the whole scope, or with `by` one of each part that has any.

    In order of rank, those without one after them by their keys. What several KPIs stand on is read once. Raises
    BadInput where one cannot be told of this, NotAllowed where the viewer may not see it.
    """
    for kpi in kpis:
        check(kpi, scope, by)
    ranking = [BY_NAME[kpi.rank_by] for kpi in kpis if kpi.rank_by]
    names = {name for kpi in (*kpis, *ranking) for name in (kpi.counts, kpi.of_these) if name}
    means = any(one.name == MEAN for one in (*kpis, *(ranking if by in RANKED else ())))
    standing = any(one.counts in STANDING for one in kpis)
    reading = Reading(session, scope, by, names, means=means, standing=standing)
    return {kpi.name: _figures(reading, kpi) for kpi in kpis}


def check(kpi: Kpi, scope: Scope, by: Dimension | None = None) -> None:
    """Raise where a KPI may not be seen, or cannot be told of this."""
    if not readable(kpi, scope.who):
        raise NotAllowed(f"“{kpi.title}” is not for you to see.", mend="GET /api/v1/kpis lists what is.")
    if not tellable(kpi, scope, by):
        known = ", ".join(sorted(kpi.splits - {Dimension.officer})) or "nothing"
        raise BadInput(
            f"{kpi.name} cannot be split by or narrowed to that.", mend=f"It can be told by {known}.",
        )  # fmt: skip


def whole(session: Session, scope: Scope, kpis: Collection[Kpi]) -> dict[str, Figure]:
    """One figure of each KPI, of the whole scope."""
    return {name: found[0] for name, found in measure(session, scope, kpis).items()}


def given(session: Session, scope: Scope, measured: Mapping[str, Measured], part: Part = WHOLE) -> dict[str, Figure]:
    """Figures by the names of their KPIs of values that were read elsewhere, as from the tables that are kept of them.

    What the viewer may not see, or cannot be told of this scope, is left out.
    """
    read = Reading(session, scope, None)
    kpis = {name: BY_NAME[name] for name in measured}
    may = {name: kpi for name, kpi in kpis.items() if readable(kpi, scope.who) and tellable(kpi, scope)}
    return {name: _figure(read, kpi, part, measured[name]) for name, kpi in may.items()}


def _figures(reading: Reading, kpi: Kpi) -> list[Figure]:
    measured = kpi.measure(reading)
    if reading.by is None:
        return [_figure(reading, kpi, WHOLE, measured.get("", Measured(None, 0)))]
    parts = reading.split.parts
    found = {key: _figure(reading, kpi, parts[key], one) for key, one in measured.items()}
    if reading.by in RANKED and kpi.better is not Better.neither:
        found = _ranked(reading, kpi, measured, found)
    return sorted(found.values(), key=lambda one: (one.rank is None, one.rank or 0, one.key))


def _figure(reading: Reading, kpi: Kpi, part: Part, one: Measured) -> Figure:
    scope, hidden = reading.scope, one.hidden
    counted = kpi.unit is Unit.number
    by = Dimension.officer if scope.staff_id is not None else reading.by
    if hidden is None and one.n < kpi.least_for(by) and not counted:
        hidden = Hidden.few if one.n else Hidden.nothing
    value = 0.0 if counted and one.value is None and hidden is None else one.value
    shown = hidden is None
    return Figure(
        kpi,
        part.key,
        value if shown else None,
        one.low if shown else None,
        one.high if shown else None,
        one.beyond if shown else None,
        one.n,
        one.since or part.since or scope.since,
        one.until or part.until or scope.until,
        one.as_of or scope.now,
        one.error,
        hidden,
        one.reference if shown else None,
        _search(scope, kpi.counts, part),
        _search(scope, kpi.of_these, part),
    )


def _search(scope: Scope, name: str, part: Part) -> str:
    """The search that lists what is counted; empty where it is no cases."""
    if not name:
        return ""
    office, below = (scope.office_id, scope.below) if part.office_id is None else (part.office_id, part.below)
    where = f"{'office' if below else 'at'}:{scope.known.offices[office].code}" if office is not None else ""
    return " ".join(filter(None, (asking.written(scope.filter_of(name, part), scope.known), where)))


def _ranked(
    reading: Reading, kpi: Kpi, measured: Mapping[str, Measured], found: Mapping[str, Figure]
) -> dict[str, Figure]:
    """The same with their ranks, what must be looked at first as number 1; what stands on too little has none."""
    judge = BY_NAME[kpi.rank_by] if kpi.rank_by else kpi
    values = measured if judge is kpi else judge.measure(reading)
    keys = sorted(
        key
        for key, one in values.items()
        if key in found and one.value is not None and (kpi.unit is Unit.number or one.n >= judge.sure)
    )
    if len(keys) < 2:  # the first of one is nobody's place
        return dict(found)
    drawn = draw(judge, [values[key] for key in keys])
    compared = [one.value if one else values[key].value or 0.0 for key, one in zip(keys, drawn, strict=True)]
    worst_first = -1 if judge.better is Better.low else 1
    order = sorted(zip(keys, compared, strict=True), key=lambda pair: (worst_first * pair[1], pair[0]))
    places = {key: place for place, (key, _) in enumerate(order, 1)}
    shrunken = dict(zip(keys, drawn, strict=True)) if judge is kpi else {}
    return {key: replace(one, rank=places.get(key), drawn=shrunken.get(key)) for key, one in found.items()}


def draw(kpi: Kpi, several: Sequence[Measured]) -> Sequence[Shrunk | None]:
    """Values drawn towards all of them, the more the less each stands on; None where that cannot be said."""
    spreads = [one.spread for one in several if one.spread is not None]
    values = [one.value for one in several if one.value is not None]
    drawn = None
    if len(spreads) == len(values) == len(several):
        if kpi.unit is Unit.share:
            drawn = shrinkage.shares([v * n for v, n in zip(values, spreads, strict=True)], spreads)
        else:
            drawn = shrinkage.means(values, spreads)
    return drawn or [None] * len(several)
