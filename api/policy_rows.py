"""Policies as lists and ladders show them, and which one holds."""

from datetime import date, datetime
from uuid import UUID

from api.counting import rungs_shown
from api.words import CLOCKS
from cases import policies
from domain.catalogue import Catalogue
from domain.policy import Policy
from domain.states import CaseKind, ClockKind, OfficeFunction
from escalation import policy as rules
from escalation.terms import calendar_of


def state_of(row: Policy, today: date) -> str:
    """Whether a version counts now, is coming or past."""
    if row.valid_to is not None and row.valid_to <= today:
        return "past"
    return "coming" if row.valid_from > today else "now"


def row_of(known: Catalogue, row: Policy, today: date) -> dict[str, object]:
    """A version of a policy as lists show it."""
    return {
        "id": str(row.id),
        "name": row.name,
        "scope": policies.scope_words(known, row),
        "depth": len(list(known.chain(row.office_id))) if row.office_id else 0,
        "targets": [{"clock": CLOCKS[ClockKind(name)], "hours": hours} for name, hours in row.targets.items()],
        "ladder": [policies.step_words(step) for step in row.ladder],
        "begins": row.valid_from if row.valid_from.year > 1970 else None,
        "ends": row.valid_to,
        "state": state_of(row, today),
        "note": row.note,
    }


def which(
    known: Catalogue, office_id: UUID, service_id: UUID | None, kind: CaseKind, day: date, now: datetime
) -> list[dict[str, object]]:
    """For each clock the policy that holds, those it goes before, and the ladder of a message received now."""
    answers: list[dict[str, object]] = []
    for clock in ClockKind:
        best_first = rules.ranked(known.policies, known, office_id, service_id, kind, clock)
        holds = rules.first_valid(best_first, day)
        plan = rules.plan(holds, clock, now, calendar_of(known, office_id))
        steps = []
        for one in best_first:
            if one.valid_to == one.valid_from:
                continue
            why = "holds" if one is holds else "is wider" if rules.valid(one, day) else "is not for that day"
            steps.append({"id": str(one.id), "name": one.name, "scope": policies.scope_words(known, one), "why": why})
        answers.append(
            {
                "clock": str(clock),
                "name": holds.name,
                "id": str(holds.id) if holds is not rules.BUILT_IN else "",
                "scope": policies.scope_words(known, holds) if holds is not rules.BUILT_IN else "what Ombud ships with",
                "target": plan.target_seconds,
                "due_at": plan.deadline_at,
                "rungs": rungs_shown(plan.rungs, plan.target_seconds, {}),
                "steps": steps,
            }
        )
    return answers


def ladders_of(known: Catalogue, row: Policy | None, now: datetime) -> list[dict[str, object]]:
    """The ladders of a message received now: of a first answer, and of one that cannot wait."""
    office = known.offices.get(row.office_id) if row is not None and row.office_id else None
    office = office or known.with_function(OfficeFunction.leadership) or next(iter(known.offices.values()), None)
    if row is None or office is None or known.calendar(office.id) is None:
        return []
    clock = next((one for one in ClockKind if row.targets.get(one)), None)
    if clock is None:
        return []
    found: list[dict[str, object]] = []
    for urgent in (False, True):
        plan = rules.plan(row, clock, now, calendar_of(known, office.id), urgent=urgent)
        found.append(
            {
                "urgent": urgent,
                "clock": str(clock),
                "target": plan.target_seconds,
                "due_at": plan.deadline_at,
                "rungs": rungs_shown(plan.rungs, plan.target_seconds, {}),
                "office": known.name(office.id),
            }
        )
    return found
