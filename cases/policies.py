"""Policies in the browser: targets, pauses and ladders by office, service and kind, each version from a day on.

Nothing is rewritten: a change is another version that begins on a day, and the one before ends there. A day in the past
makes it count for the clocks that run now and began since; what has ended is judged by what was promised then.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from cases import administration, step_form
from cases.administration import Values
from cases.policy_form import Given, day_of, draft, scope_key
from core.errors import Conflict, NotAllowed, NotFound
from domain.catalogue import Catalogue, name_of
from domain.policy import Policy
from domain.visibility import Viewer
from escalation import recount
from escalation.ladder import WORKING
from escalation.recount import Scope


def values_of(known: Catalogue, row: Policy) -> Values:
    """A policy as people read it."""
    office = known.offices.get(row.office_id) if row.office_id else None
    service = known.services.get(row.service_id) if row.service_id else None
    return {
        "name": row.name,
        "for": scope_words(known, row),
        "office": office.code if office else "",
        "service": service.code if service else "",
        "kind": str(row.kind or ""),
        "targets": {name: f"{hours:g} h" for name, hours in row.targets.items()},
        "ladder": [step_words(step) for step in row.ladder],
        "urgent share": f"{row.urgent_share:.0%}",
        "pause days": row.pause_days,
        "counts saved replies": row.counts_templated,
        "from": row.valid_from.isoformat(),
        "until": row.valid_to.isoformat() if row.valid_to else "",
        "note": row.note,
    }


def scope_words(known: Catalogue, row: Policy) -> str:
    """Whom a policy is for, in words."""
    office = known.offices.get(row.office_id) if row.office_id else None
    service = known.services.get(row.service_id) if row.service_id else None
    what = f"{row.kind}s" if row.kind else "everything"
    about = f" about {name_of(service, 'en')}" if service else ""
    where = f"{name_of(office, 'en')} and below" if office else "every office"
    return f"{what}{about} at {where}"


def step_words(step: Mapping[str, object]) -> str:
    """A step of a ladder in words."""
    tell = str(step.get("tell", "")).replace("_", " ")
    if "hours" in step:
        hours, of = step["hours"], step.get("of", WORKING)
        measure = "working hours" if of == WORKING else "hours, day and night"
        return f"{tell} after {hours:g} {measure}{step_form.words(step)}"
    share = step.get("share")
    return f"{tell} at {share:.0%}{step_form.words(step)}" if isinstance(share, int | float) else tell


def after(known: Catalogue, row: Policy, old: Policy | None, now: datetime) -> Catalogue:
    """The catalogue as it would be with a version, and with the one whose place it takes ended."""
    rows = [one for one in known.policies if old is None or one.id != old.id]
    if old is not None:
        rows.append(ended(administration.copied(old), row.valid_from, now))
    return replace(known, policies=(*rows, row))


def scope_of(known: Catalogue, row: Policy) -> Scope:
    """The cases a policy concerns: those with a clock that runs, at its office and below."""
    return Scope(known.subtree(row.office_id) if row.office_id else frozenset(known.offices))


def may_change(known: Catalogue, who: Viewer, row: Policy) -> bool:
    """Whether somebody administers every office a policy is for."""
    return administration.wide(known, who) or row.office_id in administration.offices_of(known, who)


def add(session: Session, who: Viewer, row_id: UUID, given: Given, now: datetime) -> Policy:
    """A policy for what had none of its own, under the id its form was given. Raises BadInput, NotAllowed."""
    known = administration.begin(session, who)
    if (there := session.get(Policy, row_id)) is not None:
        return there
    row = draft(known, given, row_id, now)
    _check_rights(known, who, row)
    _keep(session, known, who, row, now, f"{row.name} counts from {row.valid_from.isoformat()} on.")
    return row


def change(
    session: Session, who: Viewer, row_id: UUID, fresh_id: UUID, given: Given, seen: str, now: datetime
) -> Policy:
    """Another version from a day on. Raises BadInput, Conflict, NotAllowed, NotFound."""
    known = administration.begin(session, who)
    if (there := session.get(Policy, fresh_id)) is not None:
        return there
    old = _load(session, known, row_id)
    _check_rights(known, who, old)
    before = values_of(known, old)
    if seen != administration.stamp(before):
        administration.agreed(session, old.id, seen, before, {})
    row = draft(known, given, fresh_id, now, known_row(known, row_id))
    if old.valid_to is not None and old.valid_to <= row.valid_from:
        raise Conflict(f"This version ends on {old.valid_to.isoformat()}.", mend="Change the one that follows it.")
    if says_the_same(old, row):
        return old
    told = told_change(known, old, row)
    ended(old, row.valid_from, now)
    administration.record(session, who, "policy", old.id, old.name, before, values_of(known, old), now)
    _keep(session, known, who, row, now, told)
    return row


def end(session: Session, who: Viewer, row_id: UUID, day: str, seen: str, now: datetime) -> Policy:
    """Have a policy count no more from a day on, today or later. Raises BadInput, Conflict, NotAllowed, NotFound."""
    known = administration.begin(session, who)
    row, faults = _load(session, known, row_id), dict[str, str]()
    _check_rights(known, who, row)
    last = day_of(day, faults, "end_day") or administration.today(now)
    if last < administration.today(now):
        faults["end_day"] = "It ends today or later: what it promised before stays promised."
    administration.check(faults)
    before = values_of(known, row)
    until = max(last, row.valid_from)
    if administration.agreed(session, row.id, seen, before, before | {"until": until.isoformat()}):
        row.valid_to, row.end_entered_at = until, now
        administration.record(session, who, "policy", row.id, row.name, before, values_of(known, row), now)
        told = [f"{row.name} ends on {until.isoformat()}."]
        recount.ask(session, who, "policy", row.id, row.name, told, scope_of(known, row), now)
    return row


def known_row(known: Catalogue, row_id: UUID) -> Policy:
    """A policy of the catalogue. Raises NotFound."""
    found = next((one for one in known.policies if one.id == row_id), None)
    if found is None:
        raise NotFound("There is no such policy.", mend="Choose one from the list.")
    return found


def versions(known: Catalogue, row: Policy) -> list[Policy]:
    """All versions for the same office, service and kind, newest first; those that never counted are left out."""
    return sorted(
        (one for one in known.policies if scope_key(one) == scope_key(row) and one.valid_to != one.valid_from),
        key=lambda one: one.valid_from,
        reverse=True,
    )


def _keep(session: Session, known: Catalogue, who: Viewer, row: Policy, now: datetime, why: str) -> None:
    session.add(row)
    session.flush()
    administration.record(session, who, "policy", row.id, row.name, None, values_of(known, row), now)
    recount.ask(session, who, "policy", row.id, row.name, [why], scope_of(known, row), now)


def told_change(known: Catalogue, old: Policy, new: Policy) -> str:
    """What another version says otherwise, in a sentence for a case's history."""
    sides = ({**values_of(known, row), "from": "", "until": "", "note": ""} for row in (old, new))
    differing = administration.differences(*sides)
    told = "; ".join(f"{what}: {later or 'none'} instead of {earlier or 'none'}" for what, earlier, later in differing)
    return f"{new.name} from {new.valid_from.isoformat()} on: {told}."


def ended(row: Policy, day: date, now: datetime) -> Policy:
    """The version with an end, which nobody knew of before now."""
    row.valid_to, row.end_entered_at = max(day, row.valid_from), now
    return row


def says_the_same(old: Policy, new: Policy) -> bool:
    """Whether two versions differ in nothing that counts."""
    names = ("name", "targets", "ladder", "urgent_share", "pause_days", "counts_templated")
    return all(getattr(old, name) == getattr(new, name) for name in names)


def _load(session: Session, known: Catalogue, row_id: UUID) -> Policy:
    known_row(known, row_id)
    return session.get_one(Policy, row_id, with_for_update=True)


def _check_rights(known: Catalogue, who: Viewer, row: Policy) -> None:
    if not may_change(known, who, row):
        raise NotAllowed(
            "This policy reaches beyond the offices you administer.",
            mend="You may make policies for your own offices; for others ask an administrator of the whole government.",
        )
