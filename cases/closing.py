"""An office closes: what it still has goes up, for every case needs somebody who answers for it."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

import escalation.service
from cases.handover import take_over
from core.errors import Conflict
from domain.case import Case
from domain.catalogue import catalogue
from domain.office import Office
from domain.states import OPEN_STATES, CaseState, EntryKind, OfficeFunction
from domain.timeline import append
from routing.rules import next_above

METHOD = "office_closed"


def office_closed(session: Session, office_id: UUID, now: datetime) -> int:
    """Give what an office has to the nearest open one above it, outside the conflict of each case; how many moved.

    What it was offered stays with whoever has it, and what it had offered is offered no longer. The clocks run on, each
    timeline says why, and the citizens are told. The office may be marked as closed already, or be about to. A closed
    case stays where it is; `go_up` is for when it opens again.

    Raises, and then the caller commits nothing:
        Conflict: it has cases kept for integrity, and there is no other integrity office.
        Misconfigured: no office is left that may take one.
    """
    moved = 0
    query = _theirs(office_id).order_by(col(Case.id)).with_for_update()
    for case in session.exec(query, execution_options={"populate_existing": True}).all():
        if case.office_id == office_id:
            if case.integrity and _above(session, case).function != OfficeFunction.integrity:
                raise Conflict(
                    "It has cases that are kept for integrity.",
                    mend="Set up another integrity office first, then close it.",
                )
            go_up(session, case, now)
            moved += 1
            continue
        case.pending_office_id = None
        body: dict[str, object] = {"office": catalogue(session).offices[office_id].code, "stays": True}
        append(session, case, EntryKind.lapsed, now, body=body | {"reason": "That office is closed."})
        escalation.service.restate(session, case, now)
    return moved


def go_up(session: Session, case: Case, now: datetime) -> None:
    """Give a case (locked) whose office is closed to the nearest open one above it, outside its conflict."""
    known, above = catalogue(session), _above(session, case)
    case.integrity = case.integrity and above.function == OfficeFunction.integrity  # as in routing, where none is left
    case.routing_reason = f"{known.name(case.office_id)} is closed, so {known.name(above.id)} answers for what it had."
    case.routing_method = METHOD
    append(
        session,
        case,
        EntryKind.routed,
        now,
        public=not case.integrity,
        office_id=above.id,
        body={
            "office": above.code,
            "service": known.services[case.service_id].code if case.service_id else None,
            "reason": case.routing_reason,
            "method": METHOD,
            "confidence": None,
            "model": None,
        },
    )
    take_over(session, case, above.id, now, state=CaseState(case.state))


def _above(session: Session, case: Case) -> Office:
    return next_above(catalogue(session), case.office_id, about=case.about_office_id, integrity=case.integrity)


def _theirs(office_id: UUID) -> SelectOfScalar[Case]:
    return select(Case).where(
        col(Case.state).in_(OPEN_STATES),
        or_(col(Case.office_id) == office_id, col(Case.pending_office_id) == office_id),
    )
