"""How is this counted? Every figure of a case's clocks, line by line: for staff, and for the citizen of the case."""

from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session, col, select

from api import throttle
from api.auth import Staffed
from api.pages import choose_language, render
from api.story import TOLD
from cases import administration, history, step_form
from core.database import database
from core.errors import NotFound
from core.i18n import format_hours
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.clock import Clock, Rung
from domain.states import CaseState, ClockState, RungState
from domain.visibility import Viewer
from escalation import service
from escalation.clocks import replay
from escalation.explanation import Account, accounts_of
from escalation.terms import rules_of
from escalation.values import LIVE, SILENCES, Replay

router = APIRouter(include_in_schema=False)

STATES = {
    ClockState.running: "running",
    ClockState.paused: "waiting for the citizen",
    ClockState.met: "in time",
    ClockState.missed: "too late",
    ClockState.void: "void",
}
AT_ONCE = 60
"""Seconds."""
SHOWN_DAYS = 40
"""Days a citizen is shown one by one."""


@router.get("/staff/cases/{reference}/clocks")
def show_clocks(request: Request, staff: Staffed, reference: str) -> Response:
    """Each clock of a case: its steps, its days, its ladder."""
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        case = history.load(session, staff.viewer, reference)
        told = _replayed(session, case, known, now)
        stored = {(clock.kind, clock.entry): clock for clock in history.clocks(session, case)}
        climbing = _rungs(session, list(stored.values()))
        context = {
            "reference": case.reference,
            "clocks": [
                _clock(one, stored.get((one.clock.kind, one.clock.entry)), climbing, known, staff.viewer, now)
                for one in sorted(accounts_of(told, rules_of(known, case.kind), now), key=_loudest)
            ],
            "holdings": [
                {
                    "office": _office(known, holding.office),
                    "since": holding.since,
                    "until": holding.until,
                    "elapsed": holding.elapsed_seconds,
                    "worked": holding.working_seconds,
                }
                for holding in told.holdings
            ],
        }
    return render(request, "staff/case_clocks.html", context)


@router.get("/track/{reference}/counted")
def show_counted(request: Request, reference: str) -> Response:
    """How long the citizen has waited, by which days; nothing of what was written, nor who has what is confidential."""
    now = datetime.now(UTC)
    lang, _ = choose_language(request)
    address = throttle.address_of(request)
    throttle.check("track", address)
    with database().read() as session:
        try:
            case = history.tracked(session, reference)
        except NotFound:
            throttle.spend("track", address)
            raise
        known = catalogue(session)
        told = _replayed(session, case, known, now)
        silences = [one for one in accounts_of(told, rules_of(known, case.kind), now) if one.clock.kind in SILENCES]
        if not silences:
            raise NotFound("Nothing is counted for this message.", mend="Go back to your message.")
        last = silences[-1]
        secret = case.integrity or case.confidential
        context = {
            "reference": case.reference,
            "office": "" if secret else known.name(case.office_id, lang),
            "since": last.clock.started_at,
            "until": last.clock.ended_at,
            "due_at": last.clock.deadline_at,
            "target": last.clock.target_seconds,
            "passed": last.elapsed,
            "worked": last.worked,
            "days": [
                {"day": day.day, "hours": day.hours, "name": day.name, "seconds": day.seconds}
                for day in last.days[-SHOWN_DAYS:]
            ],
            "before": max(0, len(last.days) - SHOWN_DAYS),
            "holdings": [] if secret or case.state == CaseState.triage else _held(known, told, lang),
        }
    return render(request, "citizen/counted.html", context)


def _loudest(one: Account) -> tuple[bool, bool, int]:
    """What runs first, and of that what the citizen hears."""
    return one.clock.state not in LIVE, one.clock.kind not in SILENCES, -one.clock.entry


def _replayed(session: Session, case: Case, known: Catalogue, now: datetime) -> Replay:
    return replay(service.events(session, case, known), rules_of(known, case.kind), now)


def _held(known: Catalogue, told: Replay, lang: str) -> list[dict[str, object]]:
    return [
        {
            "office": known.name(known.office_by_any_code[one.office].id, lang),
            "seconds": one.elapsed_seconds,
            "now": one.until is None,
        }
        for one in told.holdings
        if one.office in known.office_by_any_code and (one.elapsed_seconds >= 60 or one.until is None)
    ]


def _clock(
    one: Account,
    stored: Clock | None,
    climbing: dict[object, dict[int, Rung]],
    known: Catalogue,
    who: Viewer,
    now: datetime,
) -> dict[str, object]:
    clock = one.clock
    late = clock.state is ClockState.missed or (clock.state is ClockState.running and clock.deadline_at <= now)
    policy = next((row for row in known.policies if row.id == clock.policy_id), None)
    rows = climbing.get(stored.id, {}) if stored is not None else {}
    return {
        "kind": str(clock.kind),
        "state": "late" if late and clock.state in LIVE else STATES[clock.state],
        "late": late,
        "policy": policy.name if policy else "Built-in targets",
        "policy_url": policy_url(policy.id) if policy and who.has(*administration.READERS) else "",
        "target": clock.target_seconds,
        "due_at": clock.deadline_at,
        "passed": one.elapsed,
        "worked": one.worked,
        "lines": [{"at": at, "text": words[:1].upper() + words[1:]} for at, words in one.lines],
        "days": [
            {"day": day.day, "office": day.office, "hours": day.hours, "name": day.name, "seconds": day.seconds}
            for day in one.days
        ],
        "rungs": rungs_shown(clock.rungs, clock.target_seconds, rows, live=clock.state in LIVE),
    }


def policy_url(policy_id: object) -> str:
    """Where a policy is read."""
    return f"/staff/policies/{policy_id}"


def rungs_shown(
    rungs: Sequence[dict[str, object]], target: int, rows: dict[int, Rung], *, live: bool = True
) -> list[dict[str, object]]:
    """The rungs of a ladder in order of time, as staff/timing_parts.html takes them. `target` in working seconds."""
    found: list[dict[str, object]] = []
    for rung in sorted(rungs, key=lambda rung: str(rung["at"])):
        row = rows.get(int(str(rung["number"])))
        state = "coming" if live else "off"
        if row is not None and row.state == RungState.climbed:
            state = "climbed"
        elif row is not None and row.state == RungState.waiting:
            state = "next"
        if "age" in rung:
            what = f"after {format_hours(int(str(rung['age'])), 'en')}, day and night"
        else:
            after = int(str(rung["after"]))
            what = f"after {format_hours(after, 'en')} of working time, {round(100 * after / target)}%"
            what = "at once" if after <= AT_ONCE else what
        tell, what = str(rung["tell"]), what + step_form.words(rung)
        at = datetime.fromisoformat(str(rung["at"]))
        found.append({"who": TOLD.get(tell, tell).capitalize(), "what": what, "at": at, "state": state})
    return found


def _rungs(session: Session, clocks: Sequence[Clock]) -> dict[object, dict[int, Rung]]:
    found: dict[object, dict[int, Rung]] = {}
    for rung in session.exec(select(Rung).where(col(Rung.clock_id).in_([clock.id for clock in clocks]))):
        found.setdefault(rung.clock_id, {})[rung.number] = rung
    return found


def _office(known: Catalogue, code: str) -> str:
    office = known.office_by_any_code.get(code)
    return known.name(office.id) if office else code
