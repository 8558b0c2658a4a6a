"""`GET /api/v1/kpis/silence`: how long citizens wait for a human answer."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.problems import documented
from api.rest_shared import Now, Reader, offices_of, read_moment
from core.database import database
from core.errors import BadInput
from domain.catalogue import catalogue
from reports import kpis

router = APIRouter()
USUAL = timedelta(days=30)


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


@router.get(
    "/kpis/silence",
    response_model=SilenceFigures,
    summary="How long citizens wait",
    responses=documented(401, 403, 422, 503),
)
def get_silence(
    holder: Reader,
    now: Now,
    office: Annotated[str | None, Query(max_length=32, description="Code of an office; left out: all.")] = None,
    below: Annotated[bool, Query(description="Offices below that one too.")] = False,
    since: Annotated[
        str | None, Query(alias="from", max_length=40, description="First day (2026-03-01) or moment.")
    ] = None,
    until: Annotated[
        str | None, Query(alias="to", max_length=40, description="Last day, included, or the moment after.")
    ] = None,
) -> SilenceFigures:
    """Elapsed time, what the citizen lived. Without `from` and `to`: the last 30 days."""
    end = read_moment("to", until, end=True) if until is not None else now
    start = read_moment("from", since, end=False) if since is not None else end - USUAL
    if start >= end:
        raise BadInput("`from` is not before `to`.", mend="Swap them, or leave one out.", fields={"from": "too late"})
    with database().read() as session:
        known = catalogue(session)
        offices = offices_of(known, office, below=below)
        found = kpis.silence(session, holder.viewer, offices, since=start, until=end, now=now)
    return SilenceFigures(
        office=office.strip().upper() if office else None,
        since=start.isoformat().replace("+00:00", "Z"),
        until=end.isoformat().replace("+00:00", "Z"),
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
