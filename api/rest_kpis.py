"""`GET /api/v1/kpis/…`: how long citizens wait for a human answer, and how content those are who were served."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.problems import documented
from api.rest_shared import Now, Reader, offices_of, read_moment
from core.database import database
from core.errors import BadInput
from domain.catalogue import catalogue
from reports import kpis, satisfaction
from reports.standing import said
from reports.weighting import Estimate, scales

router = APIRouter()
USUAL = timedelta(days=30)

OfficeCode = Annotated[str | None, Query(max_length=32, description="Code of an office; left out: all.")]
Below = Annotated[bool, Query(description="Offices below that one too.")]
From = Annotated[str | None, Query(alias="from", max_length=40, description="First day (2026-03-01) or moment.")]
To = Annotated[str | None, Query(alias="to", max_length=40, description="Last day, included, or the moment after.")]


class Quantile(BaseModel):
    """Seconds, with a 95% interval. Null where it was not reached: longer than `observed_seconds`."""

    seconds: float | None
    low: float | None
    high: float | None


class SilenceFigures(BaseModel):
    """Silence of the cases received in a period. Whoever still waits counts, as waiting (Kaplan-Meier)."""

    office: str | None
    since: str
    until: str
    n: int = Field(description="Cases received in the period.")
    answered: int = Field(description="Of these, those with a human answer that was delivered.")
    templated: int = Field(description="Of these, those whose first answer was a saved reply sent unedited.")
    silent_now: int = Field(description="Citizens waiting now, however long ago they wrote.")
    past_target: int = Field(description="Of those waiting now, those past their target.")
    longest_seconds: int | None
    longest_reference: str | None
    observed_seconds: float
    median: Quantile
    p90: Quantile
    small: bool = Field(description="Too few cases for a quantile to mean much.")


class Estimated(BaseModel):
    """A weighted figure with its 95% interval."""

    value: float
    low: float
    high: float


class SatisfactionFigures(BaseModel):
    """What those said who were sent a survey in a period, weighted for who answers (docs/methods.md)."""

    office: str | None
    since: str
    until: str
    asked: int = Field(description="Surveys sent in the period.")
    answered: int = Field(description="Of these, those that were answered in any way.")
    undeliverable: int = Field(description="Of these, those that reached nobody.")
    n: int = Field(description="Ratings the figures stand on.")
    effective: float = Field(description="Ratings of equal weight that would be worth as much.")
    content: Estimated | None = Field(description="Share who rate 4 or 5 of 5; null where too few answered.")
    rating: Estimated | None = Field(description="Mean of 1 to 5; null where too few answered.")


@router.get(
    "/kpis/silence",
    response_model=SilenceFigures,
    summary="How long citizens wait",
    responses=documented(401, 403, 422, 503),
)
def get_silence(
    holder: Reader,
    now: Now,
    office: OfficeCode = None,
    below: Below = False,
    since: From = None,
    until: To = None,
) -> SilenceFigures:
    """Elapsed time, what the citizen lived. Without `from` and `to`: the last 30 days."""
    start, end = _period(since, until, now)
    with database().read() as session:
        known = catalogue(session)
        offices = offices_of(known, office, below=below)
        found = kpis.silence(session, holder.viewer, offices, since=start, until=end, now=now)
    return SilenceFigures(
        office=office.strip().upper() if office else None,
        since=written(start),
        until=written(end),
        n=found.n,
        answered=found.answered,
        templated=found.templated,
        silent_now=found.silent_now,
        past_target=found.past_target,
        longest_seconds=found.longest_seconds,
        longest_reference=found.longest_reference,
        observed_seconds=found.observed_seconds,
        median=Quantile(seconds=found.median_seconds, low=found.median_low, high=found.median_high),
        p90=Quantile(seconds=found.p90_seconds, low=found.p90_low, high=found.p90_high),
        small=found.small,
    )


@router.get(
    "/kpis/satisfaction",
    response_model=SatisfactionFigures,
    summary="How content those are who were served",
    responses=documented(401, 403, 422, 503),
)
def get_satisfaction(
    holder: Reader,
    now: Now,
    office: OfficeCode = None,
    below: Below = False,
    since: From = None,
    until: To = None,
) -> SatisfactionFigures:
    """Of those who were sent a survey. Without `from` and `to`: the last 30 days."""
    start, end = _period(since, until, now)
    with database().read() as session:
        offices = offices_of(catalogue(session), office, below=below)
        reach = holder.viewer.offices
        if reach is not None:
            offices = reach if offices is None else offices & reach
        every = satisfaction.tallies(session, "rating", start, end)
        asked = satisfaction.responses(session, start, end, None)
    weights = scales(every)
    total = said((one for one in every if offices is None or one.office in offices), weights)
    ours = [one for at, one in asked.items() if offices is None or at in offices]
    response = satisfaction.together(ours)
    return SatisfactionFigures(
        office=office.strip().upper() if office else None,
        since=written(start),
        until=written(end),
        asked=response.asked,
        answered=response.answered,
        undeliverable=response.undeliverable,
        n=total.rating.n if total else 0,
        effective=round(total.rating.effective, 1) if total else 0.0,
        content=_estimated(total.content) if total else None,
        rating=_estimated(total.rating) if total else None,
    )


def _estimated(one: Estimate) -> Estimated | None:
    return None if one.few else Estimated(value=one.value, low=one.low, high=one.high)


def _period(since: str | None, until: str | None, now: datetime) -> tuple[datetime, datetime]:
    """First moment and the moment after a period. Raises BadInput."""
    end = read_moment("to", until, end=True) if until is not None else now
    start = read_moment("from", since, end=False) if since is not None else end - USUAL
    if start >= end:
        raise BadInput("`from` is not before `to`.", mend="Swap them, or leave one out.", fields={"from": "too late"})
    return start, end


def written(moment: datetime) -> str:
    """A moment as JSON has it: RFC 3339 in UTC."""
    return moment.isoformat().replace("+00:00", "Z")
