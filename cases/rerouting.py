"""A case routed anew by what became known of it after it opened: its words at last, or more of the citizen's.

Only while no person has looked at it: whom somebody placed it with, keeps it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

import routing.service
from cases.handover import take_over
from cases.proposals import compare_again
from domain.case import Case
from domain.catalogue import catalogue
from domain.states import CaseState, EntryKind
from domain.timeline import TimelineEntry, append
from routing.rules import Decision, Method


def place_by_words(session: Session, case: Case, decision: Decision, now: datetime) -> None:
    """The words of a case became known only now: it goes where it would have gone with them. No label for training."""
    known = catalogue(session)
    if case.state == CaseState.closed:
        append(session, case, EntryKind.reopened, now, body={"why": "its words are known now"})
        case.closed_at, case.outcome = None, None
    case.service_id = decision.service_id or case.service_id
    case.place = decision.place or case.place
    case.routing_suggestions = routing.service.suggestions_json(known, decision)
    decided_anew(session, case, decision, decision.reason, now)
    take_over(session, case, decision.office_id, now, state=CaseState.open)


def decided_anew(session: Session, case: Case, decision: Decision, reason: str, now: datetime) -> None:
    """What was decided anew, on the case and its timeline; the office itself takes over afterwards."""
    known = catalogue(session)
    case.integrity = decision.integrity
    case.about_office_id, case.about_staff_id = decision.about_office_id, decision.about_staff_id
    case.routing_method, case.routing_reason = str(decision.method), decision.reason
    case.routing_confidence, case.routing_model = decision.confidence, decision.model
    append(
        session,
        case,
        EntryKind.routed,
        now,
        public=not decision.integrity,
        office_id=decision.office_id,
        body={
            "office": known.offices[decision.office_id].code,
            "service": known.services[case.service_id].code if case.service_id else None,
            "reason": reason,
            "method": str(decision.method),
            "confidence": decision.confidence,
            "model": decision.model,
            **routing.service.told(known, decision),
        },
    )


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the citizen told after their case was opened. `text` is all they wrote; `why` is for the timeline."""

    text: str
    why: str
    service: str | None = None
    place: str | None = None
    office_code: str | None = None


def reroute(session: Session, case: Case, learnt: Learnt, now: datetime) -> bool:
    """Route a case again (locked) with what the citizen told since; whether another office has it now.

    Only while no person has looked at it: whom somebody placed it with, keeps it. The timeline says why. The caller
    tells the citizen.
    """
    if case.integrity or case.state not in (CaseState.triage, CaseState.open) or _handled(session, case):
        return False
    if case.routing_method == Method.office_code:  # a poster or the citizen named the office itself
        return False
    known = catalogue(session)
    service = known.services.get(case.service_id) if case.service_id else None
    decision = routing.service.route(
        session,
        text=learnt.text,
        language=case.language,
        service=learnt.service or (service.code if service else None),
        place=learnt.place or case.place,
        office_code=learnt.office_code,
        location=case.location,
        now=now,
    )
    case.place = decision.place or case.place
    if decision.triage and not (learnt.service or learnt.place):
        return False
    case.service_id = decision.service_id or case.service_id
    compare_again(session, case, now)
    if decision.triage:
        append(session, case, EntryKind.noted, now, actor="citizen", body={"text": learnt.why, "by": "the citizen"})
        return False
    moved = decision.office_id != case.office_id
    decided_anew(session, case, decision, f"{learnt.why} {decision.reason}", now)
    if moved:
        take_over(session, case, decision.office_id, now, state=CaseState.open, silent=True)
    return moved


def _handled(session: Session, case: Case) -> bool:
    """Whether a member of staff has done anything with the case, or it is offered to another office."""
    if case.pending_office_id is not None or case.routing_method == "person":
        return True
    by_staff = select(TimelineEntry.id).where(
        col(TimelineEntry.case_id) == case.id, col(TimelineEntry.actor).not_in(["citizen", "system"])
    )
    return session.exec(by_staff.limit(1)).first() is not None
