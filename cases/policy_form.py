"""A policy's form: what is typed into it, read and checked, and a policy as its form shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from cases import administration
from cases.step_form import USUAL, WAYS, said, way_of
from core.errors import BadInput
from core.texts import clean
from domain.catalogue import Catalogue, name_of
from domain.policy import Policy
from domain.states import CaseKind, ClockKind
from escalation.ladder import ELAPSED, KEPT, LONGEST_AGE, NUMBERS, SHARE, TELLS, WORKING, steps_of

MOST_STEPS = 12
LONGEST_NAME, LONGEST_NOTE = 80, 300
LONGEST_TARGET = 24 * 366
LONGEST_PAUSE = 365
LATEST_DAYS = 366
"""Days back that a version may begin."""
MEASURES = (SHARE, WORKING, ELAPSED)


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder as typed: `amount` in percent of the target, or in hours. `by` as in `cases.step_form.WAYS`;
    None where the form does not ask, and then it stays what it was."""

    amount: str = ""
    measure: str = SHARE
    tell: str = ""
    by: str | None = USUAL
    citizen: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """A policy as typed. `targets` in working hours by clock, `urgent` in percent; days are as in 2026-03-31."""

    name: str = ""
    office: str = ""
    service: str = ""
    kind: str = ""
    targets: Mapping[str, str] = field(default_factory=dict)
    urgent: str = "25"
    pause_days: str = "14"
    counts_templated: bool = False
    ladder: tuple[Rung, ...] = ()
    begins: str = ""
    note: str = ""


def typed(known: Catalogue, row: Policy) -> Given:
    """A policy as its form shows it."""
    office = known.offices.get(row.office_id) if row.office_id else None
    service = known.services.get(row.service_id) if row.service_id else None
    return Given(
        name=row.name,
        office=f"{name_of(office, 'en')} ({office.code})" if office else "",
        service=service.code if service else "",
        kind=str(row.kind or ""),
        targets={name: f"{hours:g}" for name, hours in row.targets.items()},
        urgent=f"{row.urgent_share * 100:g}",
        pause_days=str(row.pause_days),
        counts_templated=row.counts_templated,
        ladder=tuple(_typed_step(step) for step in row.ladder),
        note="",
    )


def _typed_step(step: Mapping[str, object]) -> Rung:
    besides = way_of(step), step.get("citizen") is True
    if "hours" in step:
        return Rung(f"{step['hours']:g}", str(step.get("of", WORKING)), str(step["tell"]), *besides)
    share = step.get("share")
    return Rung(f"{share * 100:g}" if isinstance(share, int | float) else "", SHARE, str(step["tell"]), *besides)


def draft(known: Catalogue, given: Given, row_id: UUID, now: datetime, old: Policy | None = None) -> Policy:
    """The version a form describes, checked and not saved; `old` is the one whose place it takes, for the same scope.

    Raises BadInput, with what is wrong by field.
    """
    faults: dict[str, str] = {}
    today = administration.today(now)
    row = Policy(id=row_id, name=clean(given.name, LONGEST_NAME), targets={}, ladder=[], entered_at=now)
    if not row.name:
        faults["name"] = "Give it a name."
    if old is not None:
        row.office_id, row.service_id, row.kind = old.office_id, old.service_id, old.kind
    else:
        _fill_scope(known, row, given, faults)
    row.targets = _targets(given, faults)
    row.ladder = _ladder(given, old, faults)
    share = _number(given.urgent, "urgent", 1, 100, faults)
    pause = _number(given.pause_days, "pause_days", 0, LONGEST_PAUSE, faults)
    row.urgent_share, row.pause_days = (share or 25) / 100, int(pause or 0)
    row.counts_templated, row.note = given.counts_templated, clean(given.note, LONGEST_NOTE)
    begins = day_of(given.begins, faults) or today
    if begins < today - timedelta(days=LATEST_DAYS):
        faults["begins"] = f"It may begin at most {LATEST_DAYS} days ago."
    row.valid_from, row.valid_to = begins, old.valid_to if old is not None else None
    row.rungs_from = max((one.rungs_from or 0 for one in known.policies), default=0) + NUMBERS
    if not faults and (twin := _twin(known, row, old)) is not None:
        faults["begins" if old is not None else "office"] = (
            f"“{twin.name}” is for just this from {twin.valid_from.isoformat()} on. Change that one."
        )
    administration.check(faults)
    return row


def scope_key(row: Policy) -> tuple[object, ...]:
    """What two versions of a policy have in common."""
    return row.office_id, row.service_id, row.kind or None


def _twin(known: Catalogue, row: Policy, old: Policy | None) -> Policy | None:
    """Another version for the same that counts on a day this one would."""
    until = (old.valid_to if old is not None else None) or date.max
    for other in known.policies:
        if (old is not None and other.id == old.id) or scope_key(other) != scope_key(row):
            continue
        ends = other.valid_to or date.max
        if other.valid_from < until and row.valid_from < ends and other.valid_from < ends:
            return other
    return None


def _fill_scope(known: Catalogue, row: Policy, given: Given, faults: dict[str, str]) -> None:
    if given.office.strip():
        office = known.office_by_code.get(given.office.strip().upper())
        row.office_id = office.id if office else None
        if office is None:
            faults["office"] = "No open office is so called."
    if given.service.strip():
        service = known.service_by_code.get(given.service.strip())
        row.service_id = service.id if service else None
        if service is None:
            faults["service"] = "This service is not in use any more."
    if given.kind:
        if given.kind in [*map(str, CaseKind)]:
            row.kind = CaseKind(given.kind)
        else:
            faults["kind"] = "Choose a kind, or all of them."


def _targets(given: Given, faults: dict[str, str]) -> dict[str, float]:
    found = {}
    for clock in ClockKind:
        text = given.targets.get(clock, "").strip()
        if text and (hours := _number(text, f"target-{clock}", 0.01, LONGEST_TARGET, faults)) is not None:
            found[str(clock)] = hours
    if not found and not any(name.startswith("target-") for name in faults):
        faults[f"target-{ClockKind.first_response}"] = "Give at least one clock its working hours."
    return found


def _ladder(given: Given, old: Policy | None, faults: dict[str, str]) -> list[dict[str, object]]:
    steps: list[dict[str, object]] = []
    for place, rung in enumerate(given.ladder):
        name = f"amount-{place}"
        if not rung.amount.strip():
            continue
        shares = rung.measure == SHARE
        amount = _number(rung.amount, name, 1 if shares else 0.01, 10_000 if shares else LONGEST_AGE, faults)
        if rung.tell not in TELLS:
            faults[name] = "Choose whom it tells."
        elif rung.measure not in MEASURES:
            faults[name] = "Choose what is counted."
        elif rung.by is not None and rung.by not in WAYS:
            faults[name] = "Choose by what it tells."
        elif rung.citizen and rung.tell == TELLS[0]:
            faults[name] = "The citizen hears of it when it goes further up, not of the officer."
        elif amount is not None:
            was = old.ladder[place] if old is not None and place < len(old.ladder) else {}
            kept = {key: was[key] for key in KEPT if key in was and was.get("tell") == rung.tell}
            if rung.by is not None:
                kept = said(rung.by, citizen=rung.citizen)
            step = {"share": amount / 100} if shares else {"hours": amount, "of": rung.measure}
            steps.append({**step, "tell": rung.tell, **kept})
    if not steps and not faults:
        faults["amount-0"] = "Give the ladder at least one step, so that somebody is told."
    if len(steps) > MOST_STEPS:
        faults["amount-0"] = f"A ladder has at most {MOST_STEPS} steps."
    if not faults:
        try:
            steps_of(given.name, steps, 3600)
        except BadInput as error:
            faults["amount-0"] = str(error)
    return steps


def _number(text: str, field_: str, least: float, most: float, faults: dict[str, str]) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        faults[field_] = "Write a number."
        return None
    if not least <= value <= most:  # also what is no number at all
        faults[field_] = f"Write a number from {least:g} to {most:g}."
        return None
    return value


def day_of(text: str, faults: dict[str, str], field_: str = "begins") -> date | None:
    """A day as typed, or None."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        faults[field_] = "Write the day as year-month-day, such as 2026-03-31."
        return None
