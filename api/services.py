"""Staff's pages of the service catalogue: what each service is called and how citizens write about it."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, func, select

from api.administration import change_lines, flash_said, languages_offered, names_of, read_id
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from api.words import GROUPS
from cases import administration, service_catalogue
from cases.service_catalogue import ENOUGH_EXAMPLES, Given
from core.database import database
from core.errors import BadInput, Conflict, NotFound, OmbudError
from core.ids import new_id
from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue, catalogue, name_of
from domain.service import Service
from domain.training import RunState, TrainingRun
from domain.visibility import countable
from nlp.classifier import CARD, promoted
from reports import amiss
from routing.keywords import shared_words, telling_words
from routing.rules import Method
from routing.table import valid

router = APIRouter(include_in_schema=False)

COUNTED_DAYS = 90
UNDERSTOOD = (Method.classifier, Method.words)
SHOW = ("", "norule", "bare", "shared", "retired")


@router.get("/staff/services")
def show_services(request: Request, staff: Staffed, q: str = "", show: str = "", said: str = "") -> Response:
    """All services by group."""
    administration.check_reader(staff.viewer)
    flash_said(request, said)
    now = datetime.now(UTC)
    show = show if show in SHOW else ""
    with database().read() as session:
        known = catalogue(session)
        found = _chosen(known, q, show, now.astimezone(settings().zone).date())
        counts = _understood(session, now)
        may_add = administration.wide(known, staff.viewer)
    groups: dict[str, list[dict[str, object]]] = {}
    for service in sorted(found, key=lambda one: name_of(one, "en").casefold()):
        line = {
            "code": service.code,
            "name": name_of(service, "en"),
            "in_use": service.active,
            "keywords": len(service.keywords),
            "examples": len(service.examples),
            "understood": counts.get(service.id, 0),
        }
        groups.setdefault(service.group, []).append(line)
    context = {
        "groups": [{"name": GROUPS.get(name, name), "services": lines} for name, lines in sorted(groups.items())],
        "q": q[:200],
        "show": show,
        "total": len(known.services),
        "days": COUNTED_DAYS,
        "may_add": may_add,
    }
    return render(request, "staff/services.html", context)


@router.get("/staff/services/new")
def show_new(request: Request, staff: Staffed) -> Response:
    """An empty form."""
    return _page(request, staff, None)


@router.post("/staff/services/new")
def add(request: Request, staff: Staffed, form: Filled) -> Response:
    """A new service. One without keywords is first shown which words of its sentences would tell it."""
    given = _given(form)
    try:
        service_id = read_id(form)
        with database().write() as session:
            known = catalogue(session)
            if not given.keywords.strip() and form.get("go") == "save" and service_id not in known.services:
                made = service_catalogue.draft(known, service_id, given)
                offered = telling_words(made, known, service_catalogue.ordinary_words())
                if offered:
                    return _page(request, staff, None, given=given, form=form, offered=offered)
            service = service_catalogue.add(session, staff.viewer, service_id, given, datetime.now(UTC))
            code = service.code
    except BadInput as error:
        return _page(request, staff, None, given=given, problem=error, form=form)
    return RedirectResponse(f"/staff/services/{code}?said=service-added", 303)


@router.get("/staff/services/{service_code}")
def show_service(request: Request, staff: Staffed, service_code: str, said: str = "") -> Response:
    """One service: its words, and how well they are understood."""
    flash_said(request, said)
    return _page(request, staff, service_code)


@router.post("/staff/services/{service_code}")
def change(request: Request, staff: Staffed, form: Filled, service_code: str) -> Response:
    """Save what was typed, retire the service, or take it up again."""
    given, go, seen, now = _given(form), form.get("go", ""), form.get("seen", ""), datetime.now(UTC)
    try:
        with database().write() as session:
            if go in ("retire", "back"):
                service_catalogue.switch(session, staff.viewer, service_code, go == "back", seen, now)
            else:
                service_catalogue.change(session, staff.viewer, service_code, given, seen, now)
    except (BadInput, Conflict) as error:
        typed = None if go in ("retire", "back") else given
        return _page(request, staff, service_code, given=typed, problem=error, form=form)
    said = {"retire": "service-retired", "back": "service-back"}.get(go, "service-saved")
    return RedirectResponse(f"/staff/services/{service_code}?said={said}", 303)


def _given(form: Mapping[str, str]) -> Given:
    """What was typed, with the words that were ticked among those offered."""
    ticked = [words for name, words in form.items() if name.startswith("word-")]
    keywords = "\n".join([form.get("keywords", ""), *ticked])
    return Given(
        form.get("code", ""),
        names_of(form),
        form.get("group", ""),
        keywords,
        form.get("examples", ""),
        form.get("shared", ""),
        form.get("reminders", "")[:100],
        {language: form.get(f"next-{language}", "") for language in settings().languages},
    )


def _page(
    request: Request,
    staff: SignedIn,
    code: str | None,
    *,
    given: Given | None = None,
    problem: OmbudError | None = None,
    form: Mapping[str, str] | None = None,
    offered: list[str] | None = None,
) -> Response:
    administration.check_reader(staff.viewer)
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        service = next((one for one in known.services.values() if one.code == code), None)
        if code is None:
            administration.check_wide(known, staff.viewer, "Services")
        elif service is None:
            raise NotFound("There is no such service.", mend="Choose one from the list.")
        changes = administration.changes(session, row_id=service.id, limit=5)[0] if service else []
        context = {
            "code": service.code if service else "",
            "title": name_of(service, "en") if service else "",
            "in_use": service.active if service else True,
            "given": given or _typed(service),
            "seen": administration.stamp(service_catalogue.values_of(service)) if service else "",
            "id": (form or {}).get("id", "") or str(new_id()),
            "editable": administration.wide(known, staff.viewer),
            "names": languages_offered(),
            "groups": sorted({one.group for one in known.services.values() if one.group}),
            "enough": ENOUGH_EXAMPLES,
            "offered": offered if offered is not None else _offered(service, known),
            "deciding": offered is not None,
            "facts": _facts(session, known, service, now) if service else None,
            "changes": change_lines(changes),
            "errors": dict(problem.fields) if isinstance(problem, BadInput) else {},
        }
    if problem is not None and not context["errors"]:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    return render(request, "staff/service.html", context, status=problem.status if problem else 200)


def _typed(service: Service | None) -> Given:
    if service is None:
        return Given()
    shared = next(typed for typed, meant in service_catalogue.SHARED.items() if meant == service.shared)
    words, examples = "\n".join(service.keywords), "\n".join(service.examples)
    days = ", ".join(str(one) for one in sorted(service.reminders, reverse=True))
    return Given(service.code, service.names, service.group, words, examples, shared, days, service.next_steps)


def _offered(service: Service | None, known: Catalogue) -> list[str]:
    return telling_words(service, known, service_catalogue.ordinary_words()) if service else []


def _facts(session: Session, known: Catalogue, service: Service, now: datetime) -> dict[str, object]:
    today = now.astimezone(settings().zone).date()
    rules = [
        rule
        for rule in known.jurisdictions
        if valid(rule, today)
        and (rule.service_id == service.id or (rule.service_id is None and rule.group in ("", service.group)))
    ]
    return {
        "understood": _understood(session, now).get(service.id, 0),
        "days": COUNTED_DAYS,
        "rules": len(rules),
        "offices": sorted({known.name(rule.office_id) for rule in rules})[:5],
        "shared": [
            {"words": words, "of": ", ".join(name_of(known.services[one], "en") for one in others)}
            for words, others in shared_words(service, known).items()
        ],
        "model": _model(session, service),
    }


def _understood(session: Session, now: datetime) -> dict[UUID, int]:
    """Messages of late that were taken to be about each service without a person, by service."""
    rows = session.exec(
        select(Case.service_id, func.count())
        .where(
            countable(),
            col(Case.service_id).is_not(None),
            col(Case.routing_method).in_(UNDERSTOOD),
            col(Case.received_at) >= now - timedelta(days=COUNTED_DAYS),
        )
        .group_by(col(Case.service_id))
    ).all()
    return {service_id: number for service_id, number in rows if service_id is not None}


def _model(session: Session, service: Service) -> dict[str, object]:
    """Whether the model in use has learnt the service as it is now, and how well it knows it."""
    folder, names = settings().models_dir, promoted(settings().models_dir)
    try:
        card = json.loads((folder / names[0] / CARD).read_text("utf-8")) if names else {}
    except (OSError, ValueError):  # an unreadable model is told of by `ombud doctor`; the page goes on without
        card = {}
    changed = [
        change.at
        for change in administration.changes(session, row_id=service.id, limit=20)[0]
        if {"names", "keywords", "examples", "in_use"}
        & {name.replace(" ", "_") for name, _, _ in administration.differences(change.before, change.after)}
    ]
    trained = datetime.fromisoformat(card["trained_at"]) if "trained_at" in card else None
    learnt = trained is not None and service.code in card.get("labels", ()) and all(at <= trained for at in changed)
    waiting = session.exec(select(TrainingRun.id).where(col(TrainingRun.state) == RunState.waiting).limit(1)).first()
    figures = card.get("metrics", {}).get("per_label", {}).get(service.code)
    return {
        "there": bool(card),
        "learnt_at": trained if learnt else None,
        "waiting": waiting is not None,
        "figures": figures if learnt and figures and figures.get("n") else None,
    }


def _chosen(known: Catalogue, q: str, show: str, day: date) -> list[Service]:
    wanted = q.strip().casefold()
    services = [service for service in known.services.values() if service.active != (show == "retired")]
    if show == "norule":
        services = amiss.without_rule(known, day)
    elif show == "bare":
        services = [service for service in services if not service.keywords and not service.examples]
    elif show == "shared":
        services = [service for service in services if shared_words(service, known)]
    if not wanted:
        return services
    return [
        service
        for service in services
        if any(
            wanted in text.casefold()
            for text in (service.code, service.group, *service.names.values(), *service.keywords)
        )
    ]
