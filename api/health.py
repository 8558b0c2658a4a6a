"""`/healthz`: the process lives. `/readyz`: it can do its job. `/metrics`: for Prometheus."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, func, select

from core.database import database
from core.metrics import INBOX_WAITING, OUTBOX_WAITING
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.states import InboxState, OutboxState

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz")
def ready(request: Request) -> Response:
    """Database reachable and migrated. The broker is left out on purpose: intake works without it."""
    try:
        with database().read() as session:
            version = session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError as error:
        return JSONResponse({"status": "not ready", "database": type(error).__name__}, status_code=503)
    return JSONResponse({"status": "ready", "schema": version})


@router.get("/metrics")
def metrics() -> Response:
    """Counters of this process and the length of the queues, in Prometheus' text format."""
    with database().read() as session:
        INBOX_WAITING.set(
            session.exec(
                select(func.count()).select_from(InboundMessage).where(col(InboundMessage.state) == InboxState.received)
            ).one()
        )
        OUTBOX_WAITING.set(
            session.exec(
                select(func.count())
                .select_from(OutboundMessage)
                .where(col(OutboundMessage.state).in_([OutboxState.queued, OutboxState.sending]))
            ).one()
        )
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
