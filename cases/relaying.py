"""Carrying out relays: what happened to a lead happens to each member, in a transaction of its own, once.

The words are those of the lead's timeline, the frame around them is in each citizen's language, and each message is an
outbox row of its own, so each silence ends by its own delivery. A worker that dies leaves the rest for the next one.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases import crowds, handover, lifecycle, merges, relays
from cases.acting import Form
from core.claims import claim, retry_at
from core.database import database
from core.logs import logger
from domain.case import Case
from domain.catalogue import catalogue
from domain.crowd import Relay
from domain.states import CaseState, EntryKind, OfficeFunction, Outcome, RelayState, RelayWhat
from domain.timeline import TimelineEntry, append
from domain.visibility import SYSTEM_KEY, Viewer

BATCH = 50

log = logger("cases.relaying")


def relay_due(now: datetime, limit: int = BATCH) -> int:
    """Carry out up to `limit` relays that are due; returns how many were claimed."""
    with database().write() as session:
        ids = claim(session, Relay, now, state=RelayState.waiting, limit=limit)
    for relay_id in ids:
        try:
            with database().write() as session:
                carry_out(session, relay_id, now)
        except Exception as error:  # noqa: BLE001  (one member that cannot be told must not keep the others waiting)
            log.error("not_relayed", relay=str(relay_id), error=type(error).__name__, detail=str(error)[:300])  # noqa: TRY400
            _put_off(relay_id, f"{type(error).__name__}: {error}", now)
    return len(ids)


def _put_off(relay_id: UUID, why: str, now: datetime) -> None:
    with database().write() as session:
        row = session.get_one(Relay, relay_id, with_for_update=True)
        row.last_error, row.due_at, row.leased_until = why[:500], retry_at(now, row.attempts), None


def carry_out(session: Session, relay_id: UUID, now: datetime) -> None:
    """Do one relay in the caller's transaction: do it, or drop it where it no longer fits."""
    seen = session.get_one(Relay, relay_id)
    # the case before its relay, as whoever parts a member locks them
    case = session.exec(
        select(Case)
        .where(col(Case.id) == seen.case_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()  # fmt: skip
    row = session.get_one(Relay, relay_id, with_for_update=True, populate_existing=True)
    if row.state != RelayState.waiting:
        return
    row.due_at = row.leased_until = row.last_error = None
    lead = session.get_one(Case, row.lead_id)
    row.state = RelayState.done if _do(session, row, lead, case, now) else RelayState.dropped


def _do(session: Session, row: Relay, lead: Case, case: Case, now: datetime) -> bool:
    """Whether the member still is one to whom this may happen, and it happened."""
    if case.lead_id == lead.id and relays.is_merged(case):
        if row.what == RelayWhat.move:
            return follow(session, case, lead, now, silent=True)
        return merges.mirror(session, case, lead, now)
    if case.lead_id != lead.id or not crowds.is_member(case):
        return False
    if not crowds.fits(case) or not crowds.fits(lead):
        crowds.leave(session, case, now, "It is no longer answered together with others.")
        return False
    if row.what == RelayWhat.move:
        return follow(session, case, lead, now)
    if case.office_id != lead.office_id or case.state == CaseState.closed:
        return False
    entry = session.exec(
        select(TimelineEntry).where(col(TimelineEntry.case_id) == lead.id, col(TimelineEntry.number) == row.entry)
    ).one()
    words, form = str(entry.body["text"]), Form(case.timeline_length, f"relay:{row.id}")
    said = entry.body.get("judged")
    judged = said if isinstance(said, dict) else {}
    if row.what == RelayWhat.close:
        if case.state == CaseState.triage or case.pending_office_id is not None:
            return False
        by, outcome, reason = _decided_by(row), Outcome(str(entry.body["outcome"])), entry.body.get("reason")
        beside = ({"judged": judged} if judged else {}) | ({"reason": reason} if reason else {})
        lifecycle.settle(session, case, by, outcome, words, now, form, beside)
    else:
        lifecycle.send_answer(session, case, _decided_by(row), words, now, form, verdict=judged)
    return True


def follow(session: Session, case: Case, lead: Case, now: datetime, *, silent: bool = False) -> bool:
    """A member of a crowd (locked) goes where its lead went, by as many hops; whether there was anything to do.

    `silent`: its citizen hears of the lead, and is told once.
    """
    if case.office_id == lead.office_id:
        return False
    known = catalogue(session)
    office = known.offices[lead.office_id]
    case.service_id = lead.service_id or case.service_id
    case.hops = max(case.hops, lead.hops)
    service = known.services.get(case.service_id) if case.service_id else None
    body: dict[str, object] = {
        "office": office.code,
        "service": service.code if service else None,
        "reason": f"It is answered together with {lead.reference}, which went there",
        "method": "lead",
        "confidence": None,
        "model": None,
    }
    append(session, case, EntryKind.routed, now, public=True, office_id=office.id, body=body)
    state = CaseState.open if case.state == CaseState.triage else CaseState(case.state)
    state = CaseState.triage if office.function == OfficeFunction.triage else state
    handover.take_over(session, case, office.id, now, state=state, silent=silent)
    case.assignee_id = lead.assignee_id
    return True


def _decided_by(row: Relay) -> Viewer:
    """Whoever wrote the answer, or said that it holds for this one too; their right to was seen to then."""
    return replace(SYSTEM_KEY, staff_id=row.staff_id, name=row.by)
