"""The web application: routers, headers, and what starts and stops with the process."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.routing import BaseRoute

import domain.tables  # noqa: F401  (so that a process that writes one table knows those it refers to)
from api import (
    absences,
    account,
    actions,
    administration,
    answer_figures,
    answers,
    areas,
    asking,
    auth,
    book,
    bulk,
    calendars,
    calls,
    case_life,
    cause,
    causes,
    checks,
    citizen,
    citizen_after,
    citizen_contacts,
    counter,
    counting,
    crowds,
    embedding,
    exports,
    feedback,
    files,
    findings,
    forecast,
    handovers,
    health,
    importing,
    key_pages,
    kiosk,
    kpi_pages,
    leadership,
    ledger,
    link_pages,
    live,
    live_hub,
    messages,
    models,
    numbers,
    officer_pages,
    offices,
    open_data,
    open_pages,
    parts,
    past,
    people,
    policies,
    posters,
    problems,
    proof_pages,
    provider,
    publishing,
    reach,
    report,
    rest,
    review,
    review_minutes,
    review_pack,
    review_wall,
    routing,
    rules,
    satisfaction,
    saved_replies,
    services,
    setting_up,
    sign_in,
    staff,
    styleguide,
    surges,
    survey_list,
    survey_pages,
    survey_question,
    survey_try,
    tablets,
    triage,
    trials,
    unsubscribe,
    views,
    webhooks,
    weekly,
    wordings,
)
from api.headers import SecurityHeaders
from api.limits import BodyLimit
from api.pages import STATIC, accent_css
from cases.inbox import Gatherer
from core.database import database
from core.logs import configure, logger
from core.settings import settings

log = logger("api.app")

API = "/api/v1"


def create_app(*, embedded: bool | None = None) -> FastAPI:
    """The application for this process's settings.

    `embedded` says whether the worker runs inside; by default it does where the broker is memory://.
    Raises Misconfigured for an unsafe production.
    """
    current = settings()
    current.check_production()
    configure(current.log_level)
    inside = current.embedded if embedded is None else embedded

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.gatherer = Gatherer()
        stops = _start(inside)
        log.info("ready", url=current.site_url, environment=current.environment, embedded=inside)
        yield
        app.state.gatherer.close()
        live_hub.hub().close()
        for stop in stops:
            stop()
        database().close()

    app = FastAPI(
        title="Ombud",
        version="1",
        description="Citizen feedback and grievance redress.",
        lifespan=lifespan,
        routes=[*_rooms()],
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = current
    app.add_middleware(webhooks.Webhooks, current=current)
    app.add_middleware(SecurityHeaders, https=current.site_url.startswith("https://"))
    uploads = current.attachment_limit_bytes * max(current.attachment_count, 1)
    app.add_middleware(BodyLimit, limit=current.body_limit_bytes, files=uploads)
    problems.install(app)
    app.add_exception_handler(auth.SignInNeeded, _to_sign_in)
    app.add_api_route("/static/accent.css", _accent, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    if current.environment == "demo":
        import simulators.app  # production neither mounts nor loads them

        app.include_router(styleguide.router)
        simulators.app.mount(app, current)
    return app


@lru_cache(maxsize=1)
def _rooms() -> tuple[BaseRoute, ...]:
    """The routes of all rooms, for every application of this process: what each of four hundred takes is worked out
    at the first request, which costs more than most requests' whole work."""
    together = APIRouter()
    for room in (
        health,
        rest,
        auth,
        sign_in,
        setting_up,
        provider,
        citizen,
        citizen_contacts,
        open_pages,
        open_data,
        proof_pages,
        citizen_after,
        report,
        kiosk,
        feedback,
        tablets,
        staff,
        answers,
        views,
        bulk,
        past,
        answer_figures,
        live,
        crowds,
        parts,
        case_life,
        surges,
        absences,
        handovers,
        counter,
        counting,
        book,
        posters,
        trials,
        publishing,
        triage,
        routing,
        calls,
        checks,
        account,
        reach,
        leadership,
        weekly,
        link_pages,
        embedding,
        officer_pages,  # before what takes any name there
        kpi_pages,
        satisfaction,
        numbers,
        forecast,
        review,
        review_pack,
        review_wall,
        review_minutes,
        actions,
        causes,
        cause,
        findings,
        unsubscribe,
        files,
        messages,
        models,
        wordings,
        survey_list,
        survey_pages,
        survey_question,
        survey_try,
        saved_replies,
        administration,
        people,
        importing,
        ledger,
        exports,
        key_pages,
        offices,
        services,
        rules,
        areas,
        calendars,
        policies,
        asking,
    ):
        together.include_router(room.router)
    return tuple(together.routes)


def _start(inside: bool) -> list[Callable[[], None]]:
    """Start what runs beside the requests; returns how each is stopped, in order."""
    from worker import listen, mailroom  # celery is loaded only where a process really rings or works
    from worker.app import celery
    from worker.bell import Bell

    stops: list[Callable[[], None]] = []
    if inside:
        from worker.embedded import EmbeddedWorker

        worker = EmbeddedWorker()
        worker.start()
        stops.append(worker.stop)
        if listen.wanted():
            listener = listen.Listener()
            listener.start()
            stops.insert(0, listener.stop)
        if mailroom.wanted():
            reader = mailroom.Mailroom()
            reader.start()
            stops.insert(0, reader.stop)
    else:
        stops.append(Bell(celery()).close)
    current = settings()
    if current.telegram_mode != "off" and current.telegram_token:
        threading.Thread(target=listen.introduce, name="telegram-menu", daemon=True).start()
    return stops


def _to_sign_in(request: Request, error: Exception) -> Response:
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        target = "/staff"
    # a path alone: behind a proxy the request's own host and scheme are not ours, and anybody may invent them
    return RedirectResponse(f"/staff/sign-in?{urlencode({'next': target})}", 303)


def _accent() -> Response:
    return Response(accent_css(settings().accent), media_type="text/css", headers={"Cache-Control": "max-age=300"})
