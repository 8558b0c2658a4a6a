"""`GET /api/v1/kpis` and `/api/v1/kpis/{name}`: the registry of KPIs, and any figure of it."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from api.kpi_scope import Asked, name_of_key, scope_of
from api.problems import documented
from api.rest_kpis import Estimated, From, OfficeCode, To, written
from api.rest_shared import Now, Reader
from channels.values import Channel
from core.database import database
from domain.catalogue import Catalogue, catalogue
from domain.states import CaseKind, Tier
from reports.registry.figures import check, measure, readable
from reports.registry.kpis import KPIS, find
from reports.registry.scope import Scope
from reports.registry.values import Dimension, Figure, Kpi

router = APIRouter()


class By(StrEnum):
    """What a figure can be split by. `branch`: the offices next below, each with all below it."""

    office = "office"
    branch = "branch"
    tier = "tier"
    service = "service"
    channel = "channel"
    language = "language"
    kind = "kind"
    week = "week"
    month = "month"


class KpiDefinition(BaseModel):
    """One KPI of the registry: docs/kpis.md."""

    name: str = Field(examples=["silence_median"])
    title: str = Field(examples=["Median silence"])
    group: str
    definition: str
    formula: str
    source: str
    unit: str = Field(description="seconds, share (0 to 1), count, rating (1 to 5), minutes, visits or money.")
    better: str = Field(description="lower, higher or neither.")
    n_is: str = Field(description="What its n counts.")
    shown_from: int = Field(description="Under this n no value is shown.")
    compared_from: int = Field(description="Under this n an office has no rank.")
    splits: list[str]


class KpiDefinitions(BaseModel):
    """All that a key may read."""

    items: list[KpiDefinition]


class KpiValue(BaseModel):
    """A figure. Without a value `hidden` says why, or `beyond` what it is longer than (no quantile was reached)."""

    value: float | None
    low: float | None = Field(description="95% interval; null where chance has no part in it, or the side is open.")
    high: float | None
    beyond: float | None
    n: int
    small: bool = Field(description="Shown, and too little to compare.")
    hidden: str | None
    error: float = Field(description="How far it may be off beside chance, as a share of the value; 0 is exact.")
    since: str
    until: str
    reference: str | None = Field(description="The one case it is about, as the longest silence.")
    cases: str = Field(description="Search at the desk (q=…) that lists what is counted; empty for what is no case.")
    of_these: str = Field(description="Search that lists those for which it holds.")


class KpiPart(KpiValue):
    """A figure of one part of a split."""

    key: str = Field(examples=["WAT1"])
    name: str
    rank: int | None = Field(description="1 is what must be looked at first; null with too little to compare.")
    drawn: Estimated | None = Field(description="The value drawn towards all others, with its interval.")


class KpiFigures(KpiValue):
    """One KPI of a scope and period, and its parts."""

    kpi: str
    unit: str
    better: str
    office: str | None
    below: bool
    by: By | None
    as_of: str
    items: list[KpiPart]


@router.get(
    "/kpis", response_model=KpiDefinitions, summary="What figures there are", responses=documented(401, 403, 503)
)
def list_kpis(holder: Reader) -> KpiDefinitions:
    """The registry: definition, formula, unit and minimum n of every figure that the key may read."""
    return KpiDefinitions(items=[_definition(one) for one in KPIS if readable(one, holder.viewer)])


@router.get(
    "/kpis/{name}",
    response_model=KpiFigures,
    summary="Any figure of the registry",
    responses=documented(401, 403, 404, 422, 503),
)
def get_kpi(
    holder: Reader,
    now: Now,
    name: Annotated[str, Path(max_length=60, examples=["silence_median"])],
    office: OfficeCode = None,
    below: Annotated[bool, Query(description="Offices below that one too; false asks of it alone.")] = True,
    tier: Annotated[Tier | None, Query(description="Only offices of that tier.")] = None,
    service: Annotated[str | None, Query(max_length=64, description="Code of a service.")] = None,
    channel: Annotated[Channel | None, Query()] = None,
    language: Annotated[str | None, Query(max_length=12)] = None,
    kind: Annotated[CaseKind | None, Query()] = None,
    by: Annotated[By | None, Query(description="Split it.", examples=["branch"])] = None,
    since: From = None,
    until: To = None,
) -> KpiFigures:
    """As things stand now. Without `from` and `to`: from the beginning of the day four weeks ago."""
    kpi = find(name)
    split = Dimension(by.value) if by is not None else None
    asked = Asked(
        office or "",
        below,
        tier or "",
        service or "",
        channel or "",
        language or "",
        kind or "",
        since or "",
        until or "",
    )
    with database().read() as session:
        known = catalogue(session)
        scope = scope_of(asked, known, holder.viewer, now)
        check(kpi, scope, split)
        (whole,) = measure(session, scope, [kpi])[kpi.name]
        parts = measure(session, scope, [kpi], split)[kpi.name] if split is not None else []
    return KpiFigures(
        **_value(whole),
        kpi=kpi.name,
        unit=kpi.unit.value,
        better=kpi.better.value,
        office=_code(scope, known),
        below=below,
        by=by,
        as_of=written(whole.as_of),
        items=[_part(one, split, known) for one in parts],
    )


def _code(scope: Scope, known: Catalogue) -> str | None:
    return known.offices[scope.office_id].code if scope.office_id is not None else None


def _definition(kpi: Kpi) -> KpiDefinition:
    return KpiDefinition(
        name=kpi.name,
        title=kpi.title,
        group=kpi.group.value,
        definition=kpi.definition,
        formula=kpi.formula,
        source=kpi.source,
        unit=kpi.unit.value,
        better=kpi.better.value,
        n_is=kpi.n_is,
        shown_from=kpi.least,
        compared_from=kpi.sure,
        splits=[one.value for one in By if Dimension(one.value) in kpi.splits],
    )


def _value(one: Figure) -> dict[str, Any]:
    return {
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "beyond": one.beyond,
        "n": one.n,
        "small": one.small,
        "hidden": one.hidden.value if one.hidden else None,
        "error": one.error,
        "since": written(one.since),
        "until": written(one.until),
        "reference": one.reference,
        "cases": one.cases,
        "of_these": one.of_these,
    }


def _part(one: Figure, by: Dimension | None, known: Catalogue) -> KpiPart:
    drawn = one.drawn
    return KpiPart(
        **_value(one),
        key=one.key,
        name=name_of_key(one.key, by, known, "en", {}),
        rank=one.rank,
        drawn=Estimated(value=drawn.value, low=drawn.low, high=drawn.high) if drawn else None,
    )
