"""`/api/v1/exports`: files of what a key may see, made when asked for, or each day, week or month."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from api.exports import file_of, key_asker
from api.keys import Holder
from api.problems import documented
from api.rest_shared import Now, Reader
from core.database import database
from core.errors import NotFound
from domain.export import Every, Export, ExportFormat, ExportKind, ExportPlan, ExportState
from reports.exports import asking
from reports.exports.asking import Asker
from reports.exports.choice import Choice, Last

router = APIRouter()

ExportId = Annotated[str, Path(max_length=40, description="Its id.")]


class ExportIn(BaseModel):
    """What is wanted. What the file holds is what the key may see when it is made; below scope admin the citizens'
    words are redacted."""

    model_config = ConfigDict(extra="forbid")

    kind: ExportKind = Field(description="cases, timelines (their public entries), ratings, transactions or actions.")
    format: ExportFormat = ExportFormat.csv
    q: str = Field("", max_length=300, description="A search as at the desk: `office:WAT1 state:closed`. Empty: all.")
    last: Last | None = Field(None, description="Only what is from the last whole day, week or month.")


class PlanIn(ExportIn):
    """The same, made again and again."""

    every: Every = Field(description="day, week (on Mondays) or month (on the first), at five in the morning.")


class ExportOut(BaseModel):
    """An export. `rows` counts up while it is made; `problem` says why it failed."""

    id: UUID
    kind: ExportKind
    format: ExportFormat
    q: str
    last: Last | None
    state: ExportState
    plan: UUID | None = Field(description="The planned export it came from.")
    asked_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="Until when its file can be fetched.")
    rows: int
    size: int = Field(description="Bytes of the file.")
    sha256: str
    problem: str


class PlanOut(BaseModel):
    """A planned export; its files are among the exports, with its id as their plan."""

    id: UUID
    kind: ExportKind
    format: ExportFormat
    q: str
    last: Last | None
    every: Every
    next_at: datetime | None


class ExportList(BaseModel):
    """The key's last 50, newest first."""

    items: list[ExportOut]


class PlanList(BaseModel):
    """What comes again, newest first."""

    items: list[PlanOut]


@router.post(
    "/exports", status_code=202, summary="Ask for an export", responses=documented(400, 401, 403, 422, 429, 503)
)
def post_export(body: ExportIn, holder: Reader, now: Now) -> ExportOut:
    """It is made within seconds, or minutes for millions of rows: look at it until its state is done."""
    with database().write() as session:
        made = asking.ask(session, _asker(holder), body.kind, body.format, Choice(body.q.strip(), body.last), now)
        return _out(made)


@router.get("/exports", summary="List exports", responses=documented(401, 403, 503))
def list_exports(holder: Reader) -> ExportList:
    """Those of this key."""
    with database().read() as session:
        return ExportList(items=[_out(one) for one in asking.exports(session, _asker(holder))])


@router.get("/exports/{export_id}", summary="One export", responses=documented(401, 403, 404, 422, 503))
def get_export(export_id: ExportId, holder: Reader) -> ExportOut:
    """How far it is, or what came of it."""
    with database().read() as session:
        return _out(asking.one(session, _asker(holder), _id(export_id)))


@router.get(
    "/exports/{export_id}/file",
    summary="Fetch an export's file",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The file", "content": {"application/octet-stream": {}}},
        **documented(401, 403, 404, 409, 422, 503),
    },
)
def get_file(export_id: ExportId, holder: Reader, now: Now) -> Response:
    """The file itself; that it was fetched is written down. 409 while it is being made, 404 once it is gone."""
    with database().write() as session:
        found = asking.fetch(session, _asker(holder), _id(export_id), now)
    return file_of(found)


@router.post(
    "/export-plans", status_code=201, summary="Plan an export", responses=documented(400, 401, 403, 409, 422, 503)
)
def post_plan(body: PlanIn, holder: Reader, now: Now) -> PlanOut:
    """It is made for the first time at the next such morning."""
    with database().write() as session:
        choice = Choice(body.q.strip(), body.last)
        return _planned(asking.plan(session, _asker(holder), body.kind, body.format, choice, body.every, now))


@router.get("/export-plans", summary="List planned exports", responses=documented(401, 403, 503))
def list_plans(holder: Reader) -> PlanList:
    """Those of this key that still come."""
    with database().read() as session:
        return PlanList(items=[_planned(one) for one in asking.plans(session, _asker(holder))])


@router.delete(
    "/export-plans/{plan_id}",
    status_code=204,
    summary="Stop a planned export",
    responses=documented(401, 403, 404, 422, 503),
)
def delete_plan(plan_id: Annotated[str, Path(max_length=40, description="Its id.")], holder: Reader, now: Now) -> None:
    """It comes no more; what was made before stays."""
    with database().write() as session:
        asking.stop(session, _asker(holder), _id(plan_id), now)


def _asker(holder: Holder) -> Asker:
    return key_asker(holder.key_id, holder.name)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such export of yours.", mend="Use the id that you were given.") from error


def _out(one: Export) -> ExportOut:
    choice = Choice.of(one.chosen)
    return ExportOut(
        id=one.id,
        kind=ExportKind(one.kind),
        format=ExportFormat(one.format),
        q=choice.q,
        last=choice.last,
        state=ExportState(one.state),
        plan=one.plan_id,
        asked_at=one.at,
        finished_at=one.finished_at,
        expires_at=one.expires_at,
        rows=one.rows,
        size=one.size,
        sha256=one.sha256,
        problem=one.problem,
    )


def _planned(one: ExportPlan) -> PlanOut:
    choice = Choice.of(one.chosen)
    return PlanOut(
        id=one.id,
        kind=ExportKind(one.kind),
        format=ExportFormat(one.format),
        q=choice.q,
        last=choice.last,
        every=Every(one.every),
        next_at=one.due_at,
    )
