"""Staff's page of the classifier: the model in use with its figures in words, the candidate on trial, what was done."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from cases import teaching, training, trials
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.settings import settings
from domain.catalogue import Catalogue, catalogue, name_of
from domain.staff import Staff
from domain.states import Role
from domain.training import RunResult, RunState, TrainingRun
from nlp.classifier import promoted
from nlp.training import promote

router = APIRouter(include_in_schema=False)

READERS = frozenset({Role.admin, Role.triage, Role.leadership, Role.auditor})
SAID = {
    "asked": "A training is asked for. It begins within moments and takes about a minute; messages go first.",
    "used": "In use from the next message on.",
    "back": "The model before is in use again, from the next message on.",
    "stopped": "The trial is over. The candidate is not used.",
}
SHOWN_RUNS = 20
WORST = 5
FEW_TESTED = 100
"""Fewer messages to test on than this are pointed out."""
FEW_OF_LABEL = 5
"""With fewer messages a share says nothing of a service."""
STANDINGS = {
    "not_worse": ("not worse", "well"),
    "unclear": ("may be worse", "soon"),
    "few": ("too few to tell", ""),
    "worse": ("worse", "late"),
}


@router.get("/staff/models")
def show_models(request: Request, staff: Staffed, said: str = "") -> Response:
    """How well messages are understood, and what is done about it."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _page(request, staff)


@router.post("/staff/models/train")
def train(request: Request, staff: Staffed, form: Filled) -> Response:
    """Ask for a training now."""
    return _act(
        request,
        staff,
        lambda session, now: teaching.ask(session, "Asked for by hand", now, by=UUID(staff.id)),
        "asked",
    )


@router.post("/staff/models/promote")
def use(request: Request, staff: Staffed, form: Filled) -> Response:
    """Put a stored model into use; a worse one only when that is ticked."""
    name, anyway = form.get("model", ""), form.get("anyway") == "yes"
    return _act(
        request, staff, lambda session, now: trials.use(session, name, staff.viewer, now, anyway=anyway), "used"
    )


@router.post("/staff/models/rollback")
def roll_back(request: Request, staff: Staffed, form: Filled) -> Response:
    """Put the model before into use again."""
    return _act(request, staff, lambda session, now: trials.roll_back(session, staff.viewer, now), "back")


@router.post("/staff/models/stop")
def stop(request: Request, staff: Staffed, form: Filled) -> Response:
    """End the trial without using its candidate."""
    return _act(request, staff, lambda session, now: trials.stop(session, staff.viewer, now), "stopped")


def _act(request: Request, staff: SignedIn, do: Callable[[Session, datetime], object], said: str) -> Response:
    if not staff.viewer.has(Role.admin):
        raise NotAllowed("Only administrators change which model is used.", mend="Tell yours what you have seen.")
    try:
        with database().write() as session:
            do(session, datetime.now(UTC))
    except (BadInput, Conflict, NotFound) as error:
        return _page(request, staff, problem=error)
    return RedirectResponse(f"/staff/models?said={said}", status_code=303)


def _page(request: Request, staff: SignedIn, *, problem: OmbudError | None = None) -> Response:
    if not staff.viewer.has(*READERS):
        raise NotAllowed("The models are for triage, leadership and administrators.", mend="Ask your administrator.")
    if problem is not None:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    names = promoted(settings().models_dir)
    with database().read() as session:
        known = catalogue(session)
        runs = session.exec(select(TrainingRun).order_by(col(TrainingRun.asked_at).desc()).limit(SHOWN_RUNS)).all()
        tried = training.on_trial(session)
        people = dict(
            session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_({run.staff_id for run in runs}))).all()
        )
    context = {
        "model": _model(names[0], known) if names else None,
        "trial": _trial(tried) if tried is not None else None,
        "waiting": [run.why for run in runs if run.state == RunState.waiting],
        "runs": [_run(run, people) for run in runs],
        "stored": _stored(names),
        "before": next((name for name in names[1:] if _card(name)), ""),
        "may_act": staff.viewer.has(Role.admin),
    }
    return render(request, "staff/models.html", context, status=problem.status if problem else 200)


def _card(name: str) -> dict[str, Any] | None:
    try:
        return promote.card(settings().models_dir, name)
    except (OmbudError, ValueError):
        return None


def _model(name: str, known: Catalogue) -> dict[str, object]:
    """The model in use, its figures as sentences can be made of them."""
    card = _card(name)
    if card is None:
        return {"name": name, "readable": False}
    metrics = card.get("metrics") or {"n": 0}
    alone = float(card["threshold"]) <= 1
    return {
        "name": name,
        "readable": True,
        "trained_at": datetime.fromisoformat(card["trained_at"]),
        "n": metrics["n"],
        "services": len(card["labels"]),
        "right": metrics.get("accuracy"),
        "interval": metrics.get("accuracy_interval"),
        "top3": metrics.get("top3"),
        "alone": alone,
        "routed": metrics.get("coverage_at_threshold"),
        "routed_right": metrics.get("precision_at_threshold"),
        "few": metrics["n"] < FEW_TESTED,
        "languages": [{"code": code, **row} for code, row in sorted((metrics.get("per_language") or {}).items())],
        "worst": _worst(metrics.get("per_label") or {}, known),
        "unknown": sorted(
            name_of(service, "en") for code, service in known.service_by_code.items() if code not in card["labels"]
        ),
    }


def _worst(per_label: Mapping[str, Mapping[str, Any]], known: Catalogue) -> list[dict[str, object]]:
    """Services whose messages are found least often, the worst first."""
    rows = [(code, row) for code, row in per_label.items() if row["n"] >= FEW_OF_LABEL and row["recall"] < 1]
    rows.sort(key=lambda item: (item[1]["recall"], item[0]))
    return [{"service": _service(code, known), "n": row["n"], "found": row["recall"]} for code, row in rows[:WORST]]


def _service(code: str, known: Catalogue) -> str:
    service = known.service_by_code.get(code)
    return name_of(service, "en") if service is not None else code


def _trial(run: TrainingRun) -> dict[str, object]:
    """The candidate in the shadow, compared line by line."""
    figures: Mapping[str, Any] = run.figures.get("together") or run.figures.get("held") or {}  # type: ignore[assignment]
    lines = []
    if figures:
        lines = [_line("All messages", figures["overall"])]
        lines += [_line(code, row) for code, row in figures["languages"].items()]
    started = run.trained_at or run.asked_at
    return {
        "model": run.model,
        "started": started,
        "earliest": started + trials.SHORTEST,
        "last": training.last_day(run),
        "wanted": trials.WANTED,
        "words": run.outcome,
        "lines": lines,
    }


def _line(where: str, row: Mapping[str, Any]) -> dict[str, object]:
    words, tone = STANDINGS[str(row["standing"])]
    return {
        "where": where,
        "n": row["n"],
        "before": row["before"],
        "after": row["after"],
        "low": row["low"] * 100,
        "high": row["high"] * 100,
        "standing": words,
        "tone": tone,
    }


RESULTS = {
    RunResult.promoted: ("in use", "well"),
    RunResult.refused: ("not used", "late"),
    RunResult.superseded: ("replaced", ""),
    RunResult.nothing_new: ("nothing new", ""),
    RunResult.rolled_back: ("taken back", "soon"),
}


def _run(run: TrainingRun, people: Mapping[UUID, str]) -> dict[str, object]:
    begun = run.leased_until is not None and run.attempts > 0
    words, tone = {
        RunState.waiting: ("being trained" if begun else "waits", "soon"),
        RunState.trial: ("on trial", "soon"),
        RunState.failed: ("failed", "late"),
        RunState.done: RESULTS[RunResult(run.result)] if run.result else ("done", ""),
    }[RunState(run.state)]
    return {
        "at": run.asked_at,
        "why": run.why,
        "by": people.get(run.staff_id, "") if run.staff_id else "",
        "state": words,
        "tone": tone,
        "model": run.model or "",
        "words": run.outcome,
    }


def _stored(names: list[str]) -> list[dict[str, object]]:
    """Other models that could be used, newest first."""
    rows: list[dict[str, object]] = []
    for name in reversed(promote.stored(settings().models_dir)):
        card = _card(name)
        if card is None or name == (names[0] if names else ""):
            continue
        metrics = card.get("metrics") or {}
        rows.append(
            {
                "name": name,
                "trained_at": datetime.fromisoformat(card["trained_at"]),
                "right": metrics.get("accuracy"),
                "n": metrics.get("n", 0),
                "was_used": name in names,
            }
        )
    return rows
