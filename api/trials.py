"""Staff's pages of the trials: which there are, registering one, what it found, and making an arm the default.

A trial's figures by arm are shown once they were worked out and written down; before that no page asks for them.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from sqlmodel import Session, col, select

from api import choices
from api.administration import change_lines, flash_said
from api.auth import SignedIn, Staffed
from api.finding import suggestions
from api.forms import Filled
from api.pages import render
from api.trial_view import begun, line_of, preview_of, shown
from cases import administration, wording_editing
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.settings import settings
from domain.catalogue import Catalogue, catalogue
from domain.sender import Sender
from domain.states import Role
from domain.trial import Moment, Stop, Trial
from domain.visibility import Viewer
from notifications import compose
from surveys import trial_plan
from surveys.plans import WAYS
from surveys.trial_arms import arms_of
from surveys.trial_plan import Typed
from surveys.trial_protocol import MEASURES, MOMENTS
from surveys.trial_results import finish
from surveys.trial_typed import MOST_ARMS, TypedArm

router = APIRouter(include_in_schema=False)


@router.get("/staff/trials")
def show_trials(request: Request, staff: Staffed, said: str = "") -> Response:
    """Every trial, newest first."""
    flash_said(request, said)
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        _check_reader(known, staff.viewer)
        rows = session.exec(select(Trial).order_by(col(Trial.registered_at).desc())).all()
        context = {
            "rows": [line_of(known, staff.viewer, row, now) for row in rows],
            "may_add": _may_run(known, staff.viewer),
        }
    return render(request, "staff/trials.html", context)


@router.get("/staff/trials/new")
def show_new(request: Request, staff: Staffed) -> Response:
    """The form of another trial."""
    return _form(request, staff, Typed())


@router.post("/staff/trials/new")
def add(request: Request, staff: Staffed, form: Filled) -> Response:
    """Register a trial, or look at how many citizens it would take."""
    typed, now = _typed(form), datetime.now(UTC)
    if form.get("go") != "register":
        return _form(request, staff, typed, look=True)
    try:
        with database().write() as session:
            known = _begin(session, staff.viewer)
            plan = trial_plan.draft(session, known, typed, now)
            trial = trial_plan.register(session, known, plan, staff.viewer.staff_id, staff.name, now)
            after: dict[str, object] = {"planned": trial.planned, "starts": trial.starts_at.isoformat()}
            administration.record(session, staff.viewer, "trial", trial.id, trial.title, None, after, now)
            target = trial.id
    except (BadInput, Conflict) as error:
        return _form(request, staff, typed, problem=error)
    return RedirectResponse(f"/staff/trials/{target}?said=trial-registered", 303)


@router.get("/staff/trials/{trial_id}")
def show_trial(request: Request, staff: Staffed, trial_id: str, said: str = "") -> Response:
    """One trial: how far it is, and what it found where that is known."""
    flash_said(request, said)
    return _page(request, staff, trial_id)


@router.get("/staff/trials/{trial_id}/protocol.txt")
def show_protocol(staff: Staffed, trial_id: str) -> Response:
    """What was registered, as plain text, for anybody of staff. After its end with the seed."""
    with database().read() as session:
        trial = _find(session, trial_id)
        seed = f"\nSeed: {trial.seed}\n" if trial.ended_at is not None else ""
        return PlainTextResponse(trial.protocol + seed, headers={"Cache-Control": "no-store"})


@router.post("/staff/trials/{trial_id}/begin")
def begin(request: Request, staff: Staffed, form: Filled, trial_id: str) -> Response:
    """Let a trial begin that somebody else registered."""
    now = datetime.now(UTC)
    with database().write() as session:
        known = administration.lock(session)
        if not wording_editing.may_edit(known, staff.viewer):
            raise NotAllowed("Only administrators let a trial begin.", mend="Tell yours that you have read it.")
        session.refresh(trial := _find(session, trial_id), with_for_update=True)
        before = trial.confirmed_at
        trial_plan.confirm(session, trial, staff.viewer.staff_id, now)
        if trial.confirmed_at != before:
            _record(
                session, staff.viewer, trial, {"begins": None}, {"begins": max(now, trial.starts_at).isoformat()}, now
            )
    return RedirectResponse(f"/staff/trials/{trial_id}?said=trial-begins", 303)


@router.post("/staff/trials/{trial_id}/end")
def end(request: Request, staff: Staffed, form: Filled, trial_id: str) -> Response:
    """End a trial before its time, for a reason that is written down."""
    reason, now = form.get("reason", "").strip()[:500], datetime.now(UTC)
    if len(reason) < 5:
        errors = {"reason": "Write why it ends: whoever reads the trial later needs to know."}
        return _page(request, staff, trial_id, errors=errors, typed=reason)
    with database().write() as session:
        trial = _held(session, staff.viewer, trial_id)
        if trial.ended_at is None:
            finish(session, trial, Stop.by_hand, now)
            trial.end_reason, trial.ended_by = reason, staff.viewer.staff_id
            _record(session, staff.viewer, trial, {"ended": None}, {"ended": reason}, now)
    return RedirectResponse(f"/staff/trials/{trial_id}?said=trial-ended", 303)


@router.post("/staff/trials/{trial_id}/promote")
def promote(request: Request, staff: Staffed, form: Filled, trial_id: str) -> Response:
    """Make an arm the default for the trial's people, or (arm "none") take that back."""
    wanted, now = form.get("arm", ""), datetime.now(UTC)
    try:
        with database().write() as session:
            trial = _held(session, staff.viewer, trial_id)
            names = [arm.name for arm in arms_of(trial)]
            arm = int(wanted) if wanted.isascii() and wanted.isdigit() and int(wanted) < len(names) else None
            if wanted != "none" and arm is None:
                raise BadInput("There is no such arm.", mend="Choose one from the page.")
            if arm is not None and trial.stopped not in (Stop.planned, Stop.bound):
                raise Conflict("This trial has no planned result to act on.", mend="Let it come to its end.")
            before = names[trial.promoted_arm] if trial.promoted_arm is not None else None
            if trial.promoted_arm != arm:
                trial.promoted_arm, trial.promoted_at = arm, now if arm is not None else None
                session.add(trial)
                after = names[arm] if arm is not None else None
                _record(session, staff.viewer, trial, {"default": before}, {"default": after}, now)
    except (BadInput, Conflict) as error:
        return _page(request, staff, trial_id, problem=error)
    said = "trial-promoted" if arm is not None else "trial-back"
    return RedirectResponse(f"/staff/trials/{trial_id}?said={said}", 303)


def _form(
    request: Request, staff: SignedIn, typed: Typed, *, look: bool = False, problem: OmbudError | None = None
) -> Response:
    now = datetime.now(UTC)
    errors = dict(problem.fields) if isinstance(problem, BadInput) else {}
    with database().read() as session:
        known = catalogue(session)
        if not _may_run(known, staff.viewer):
            raise NotAllowed("Trials are registered by administrators of the whole.", mend="Tell yours what to try.")
        preview = None
        if look:
            try:
                plan = trial_plan.draft(session, known, typed, now)
                beside = trial_plan.running_beside(session, known, plan.trial)
                preview = preview_of(known, plan) | {"beside": beside.title if beside else ""}
            except BadInput as error:
                problem, errors = error, dict(error.fields)
        context = {
            "given": asdict(typed),
            "arms": [asdict(typed.arms[n] if n < len(typed.arms) else TypedArm()) for n in range(MOST_ARMS)],
            "services": choices.services(known, "en"),
            "offices": suggestions(known),
            "channels": [str(one) for one in WAYS],
            "senders": session.exec(select(Sender.address).where(col(Sender.active).is_(True))).all(),
            "moments": {str(one): words for one, words in MOMENTS.items() if str(one) in compose.names()},
            "outcomes": {str(one): words for one, words in MEASURES.items()},
            "now_used": {str(one): begun(str(one)) for one in Moment if str(one) in compose.names()},
            "day": [settings().survey_day_start, settings().survey_day_end - 1],
            "preview": preview,
            "today": administration.today(now).isoformat(),
            "errors": errors,
        }
    if problem is not None and not errors:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    return render(request, "staff/trial_new.html", context, status=problem.status if problem else 200)


def _page(
    request: Request,
    staff: SignedIn,
    trial_id: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: str = "",
    problem: OmbudError | None = None,
) -> Response:
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        _check_reader(known, staff.viewer)
        trial = _find(session, trial_id)
        context = {
            **shown(session, known, staff.viewer, trial, now),
            "may_run": _may_run(known, staff.viewer),
            "may_begin": wording_editing.may_edit(known, staff.viewer) and trial.registered_by != staff.viewer.staff_id,
            "changes": change_lines(administration.changes(session, row_id=trial.id, limit=20)[0]),
            "reason": typed,
            "errors": dict(errors or {}),
        }
    if problem is not None:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    status = problem.status if problem else 422 if errors else 200
    return render(request, "staff/trial.html", context, status=status)


def _typed(form: Mapping[str, str]) -> Typed:
    def ticked(start: str) -> tuple[str, ...]:
        return tuple(name.removeprefix(start) for name, value in form.items() if name.startswith(start) and value)

    def text(name: str) -> str:
        return form.get(name, "")[:2_000]

    arms = tuple(
        TypedArm(
            text(f"arm-{n}-name"),
            {one: text(f"arm-{n}-words-{one}") for one in settings().languages},
            text(f"arm-{n}-hour"),
            text(f"arm-{n}-delay"),
            text(f"arm-{n}-channel"),
            text(f"arm-{n}-sender"),
        )
        for n in range(MOST_ARMS)
    )
    named = ("title", "hypothesis", "moment", "outcome", "offices", "base", "spread", "response", "effect", "starts")
    kept = {name: text(name) for name in (*named, "alpha", "power", "looks", "days")}
    return Typed(
        **kept,
        secondary=ticked("besides-"),
        services=ticked("service-"),
        languages=ticked("language-"),
        channels=ticked("channel-"),
        arms=arms,
    )


def _check_reader(known: Catalogue, who: Viewer) -> None:
    """Results may be of one office and of money, so they are for those who look at the whole."""
    if not who.has(Role.leadership, Role.auditor, Role.admin) and not _may_run(known, who):
        raise NotAllowed("Trials are for those who lead or administer.", mend="Ask your administrator for a result.")


def _may_run(known: Catalogue, who: Viewer) -> bool:
    """Those who administer the whole government, or head it."""
    heads = any(role is Role.head and administration.at_the_top(known.offices.get(at)) for role, at in who.roles)
    return heads or administration.wide(known, who)


def _begin(session: Session, who: Viewer) -> Catalogue:
    """The catalogue, nobody else's to change; so nobody registers at the same time."""
    known = administration.lock(session)
    if not _may_run(known, who):
        raise NotAllowed("Trials are for those who administer the whole government.", mend="Ask one of them.")
    return known


def _find(session: Session, trial_id: str) -> Trial:
    try:
        found = session.get(Trial, UUID(trial_id))
    except ValueError:
        found = None
    if found is None:
        raise NotFound("There is no such trial.", mend="Choose one from the list.")
    return found


def _held(session: Session, who: Viewer, trial_id: str) -> Trial:
    """The trial, nobody else's to change or enter until this transaction ends."""
    _begin(session, who)
    session.refresh(trial := _find(session, trial_id), with_for_update=True)
    return trial


def _record(
    session: Session,
    who: Viewer,
    trial: Trial,
    before: dict[str, object],
    after: dict[str, object],
    now: datetime,
) -> None:
    administration.record(session, who, "trial", trial.id, trial.title, before, after, now)
